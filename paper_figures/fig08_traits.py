"""Figure 8: traits by stratum and resolution."""

from pm_dalec.paper import arguments, fig08_traits, open_experiments, save

options = arguments(__doc__)
experiments = open_experiments(options.fits)
figure = fig08_traits(experiments)
save(figure, options.out, "fig08_traits")

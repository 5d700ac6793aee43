"""Figure 7: ensembles of the domain at the finest resolution."""

from pm_dalec.paper import arguments, fig07_ensembles, open_experiments, save

options = arguments(__doc__)
experiments = open_experiments(options.fits)
figure = fig07_ensembles(experiments)
save(figure, options.out, "fig07_ensembles")

"""Figure 5: stratified over baseline harvest by resolution."""

from pm_dalec.paper import arguments, fig05_harvest_ratio, open_experiments, save

options = arguments(__doc__)
experiments = open_experiments(options.fits)
figure = fig05_harvest_ratio(experiments)
save(figure, options.out, "fig05_harvest_ratio")

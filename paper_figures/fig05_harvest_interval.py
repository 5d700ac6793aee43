"""Beside Figure 5: the harvest ratio with its interval."""

from pm_dalec.paper import arguments, fig05_harvest_interval, open_experiments, save

options = arguments(__doc__)
experiments = open_experiments(options.fits)
figure = fig05_harvest_interval(experiments)
save(figure, options.out, "fig05_harvest_interval")

"""Figure 4: median series by resolution."""

from pm_dalec.paper import arguments, fig04_series, open_experiments, save

options = arguments(__doc__)
experiments = open_experiments(options.fits)
figure = fig04_series(experiments)
save(figure, options.out, "fig04_series")

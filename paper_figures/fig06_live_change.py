"""Figure 6: change of living carbon, and what harvest explains of it."""

from pm_dalec.paper import arguments, fig06_live_change, open_experiments, save

options = arguments(__doc__)
experiments = open_experiments(options.fits)
figure = fig06_live_change(experiments)
save(figure, options.out, "fig06_live_change")

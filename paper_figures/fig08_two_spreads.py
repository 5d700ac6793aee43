"""Beside Figure 8: spread between pixels next to the posterior of one."""

from pm_dalec.paper import arguments, fig08_two_spreads, open_experiments, save

options = arguments(__doc__)
experiments = open_experiments(options.fits)
figure = fig08_two_spreads(experiments)
save(figure, options.out, "fig08_two_spreads")

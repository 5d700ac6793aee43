"""Beside Figure 7: the stratified ensemble with correlated strata too."""

from pm_dalec.paper import arguments, fig07_correlated_strata, open_experiments, save

options = arguments(__doc__)
experiments = open_experiments(options.fits)
figure = fig07_correlated_strata(experiments)
save(figure, options.out, "fig07_correlated_strata")

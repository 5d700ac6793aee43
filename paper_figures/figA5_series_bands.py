"""Figure A5: the series of Figure 4 with their bands."""

from pm_dalec.paper import arguments, figa5_series_bands, open_experiments, save

options = arguments(__doc__)
experiments = open_experiments(options.fits)
figure = figa5_series_bands(experiments)
save(figure, options.out, "figA5_series_bands")

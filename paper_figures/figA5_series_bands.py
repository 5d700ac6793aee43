"""Figure A5: the series of Figure 4 with their bands."""

from pm_dalec.paper.experiments import open_experiments
from pm_dalec.paper.figures import figa5_series_bands
from pm_dalec.paper.items import arguments, save

options = arguments(__doc__)
experiments = open_experiments(options.fits)
figure = figa5_series_bands(experiments)
save(figure, options.out, "figA5_series_bands")

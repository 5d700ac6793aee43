"""Figure 4: median series by resolution."""

from pm_dalec.paper.experiments import open_experiments
from pm_dalec.paper.figures import fig04_series
from pm_dalec.paper.items import arguments, save

options = arguments(__doc__)
experiments = open_experiments(options.fits)
figure = fig04_series(experiments)
save(figure, options.out, "fig04_series")

"""Figure 4: median series by resolution."""

from pm_dalec.experiments import open_experiments
from pm_dalec.figures import fig04_series
from pm_dalec.paper import arguments, save

options = arguments(__doc__)
experiments = open_experiments(options.fits)
figure = fig04_series(experiments)
save(figure, options.out, "fig04_series")

"""Figure 6: change of living carbon, and what harvest explains of it."""

from pm_dalec.paper.experiments import open_experiments
from pm_dalec.paper.figures import fig06_live_change
from pm_dalec.paper.items import arguments, save

options = arguments(__doc__)
experiments = open_experiments(options.fits)
figure = fig06_live_change(experiments)
save(figure, options.out, "fig06_live_change")

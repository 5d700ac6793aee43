"""Figure 5: stratified over baseline harvest by resolution."""

from pm_dalec.paper.experiments import open_experiments
from pm_dalec.paper.figures import fig05_harvest_ratio
from pm_dalec.paper.items import arguments, save

options = arguments(__doc__)
experiments = open_experiments(options.fits)
figure = fig05_harvest_ratio(experiments)
save(figure, options.out, "fig05_harvest_ratio")

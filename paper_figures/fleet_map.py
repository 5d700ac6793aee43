"""Maps of convergence: R-hat, effective sample size and acceptance of every unit."""

from pm_dalec.paper.experiments import open_experiments
from pm_dalec.paper.figures import fleet_map
from pm_dalec.paper.items import arguments, save

options = arguments(__doc__)
experiments = open_experiments(options.fits)
figure = fleet_map(experiments)
save(figure, options.out, "fleet_map")

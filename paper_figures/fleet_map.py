"""Maps of convergence: R-hat, effective sample size and acceptance of every unit."""

from pm_dalec.experiments import open_experiments
from pm_dalec.figures import fleet_map
from pm_dalec.paper import arguments, save

options = arguments(__doc__)
experiments = open_experiments(options.fits)
figure = fleet_map(experiments)
save(figure, options.out, "fleet_map")

"""Maps of convergence: R-hat, effective sample size and acceptance of every unit."""

from pm_dalec.paper import arguments, fleet_map, open_experiments, save

options = arguments(__doc__)
experiments = open_experiments(options.fits)
figure = fleet_map(experiments)
save(figure, options.out, "fleet_map")

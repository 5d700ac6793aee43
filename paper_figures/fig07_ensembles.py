"""Figure 7: ensembles of the domain at the finest resolution."""

from pm_dalec.paper.experiments import open_experiments
from pm_dalec.paper.figures import fig07_ensembles
from pm_dalec.paper.items import arguments, save

options = arguments(__doc__)
experiments = open_experiments(options.fits)
figure = fig07_ensembles(experiments)
save(figure, options.out, "fig07_ensembles")

"""Figure 8: traits by stratum and resolution."""

from pm_dalec.paper.experiments import open_experiments
from pm_dalec.paper.figures import fig08_traits
from pm_dalec.paper.items import arguments, save

options = arguments(__doc__)
experiments = open_experiments(options.fits)
figure = fig08_traits(experiments)
save(figure, options.out, "fig08_traits")

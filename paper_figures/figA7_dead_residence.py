"""Figure A7: residence times of litter and soil carbon."""

from pm_dalec.paper.experiments import open_experiments
from pm_dalec.paper.figures import figa7_dead_residence
from pm_dalec.paper.items import arguments, save

options = arguments(__doc__)
experiments = open_experiments(options.fits)
figure = figa7_dead_residence(experiments)
save(figure, options.out, "figA7_dead_residence")

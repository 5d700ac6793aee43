"""Figure A6: residence times of living carbon."""

from pm_dalec.paper.experiments import open_experiments
from pm_dalec.paper.figures import figa6_live_residence
from pm_dalec.paper.items import arguments, save

options = arguments(__doc__)
experiments = open_experiments(options.fits)
figure = figa6_live_residence(experiments)
save(figure, options.out, "figA6_live_residence")

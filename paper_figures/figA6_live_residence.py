"""Figure A6: residence times of living carbon."""

from pm_dalec.experiments import open_experiments
from pm_dalec.figures import figa6_live_residence
from pm_dalec.paper import arguments, save

options = arguments(__doc__)
experiments = open_experiments(options.fits)
figure = figa6_live_residence(experiments)
save(figure, options.out, "figA6_live_residence")

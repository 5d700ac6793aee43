"""Figure A2: leaf area against observations."""

from pm_dalec.experiments import open_experiments
from pm_dalec.figures import figa2_leaf_area
from pm_dalec.paper import arguments, save

options = arguments(__doc__)
experiments = open_experiments(options.fits)
figure = figa2_leaf_area(experiments)
save(figure, options.out, "figA2_leaf_area")

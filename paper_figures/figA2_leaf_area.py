"""Figure A2: leaf area against observations."""

from pm_dalec.paper.experiments import open_experiments
from pm_dalec.paper.figures import figa2_leaf_area
from pm_dalec.paper.items import arguments, save

options = arguments(__doc__)
experiments = open_experiments(options.fits)
figure = figa2_leaf_area(experiments)
save(figure, options.out, "figA2_leaf_area")

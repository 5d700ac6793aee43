"""Figure A2: leaf area against observations."""

from pm_dalec.paper import arguments, figa2_leaf_area, open_experiments, save

options = arguments(__doc__)
experiments = open_experiments(options.fits)
figure = figa2_leaf_area(experiments)
save(figure, options.out, "figA2_leaf_area")

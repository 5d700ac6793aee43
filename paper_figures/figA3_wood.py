"""Figure A3: wood carbon against observations."""

from pm_dalec.paper.experiments import open_experiments
from pm_dalec.paper.figures import figa3_wood
from pm_dalec.paper.items import arguments, save

options = arguments(__doc__)
experiments = open_experiments(options.fits)
figure = figa3_wood(experiments)
save(figure, options.out, "figA3_wood")

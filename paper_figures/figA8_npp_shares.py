"""Figure A8: shares of net primary production."""

from pm_dalec.paper.experiments import open_experiments
from pm_dalec.paper.figures import figa8_npp_shares
from pm_dalec.paper.items import arguments, save

options = arguments(__doc__)
experiments = open_experiments(options.fits)
figure = figa8_npp_shares(experiments)
save(figure, options.out, "figA8_npp_shares")

"""Figure A8: shares of net primary production."""

from pm_dalec.paper import arguments, figa8_npp_shares, open_experiments, save

options = arguments(__doc__)
experiments = open_experiments(options.fits)
figure = figa8_npp_shares(experiments)
save(figure, options.out, "figA8_npp_shares")

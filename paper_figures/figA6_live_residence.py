"""Figure A6: residence times of living carbon."""

from pm_dalec.paper import arguments, figa6_live_residence, open_experiments, save

options = arguments(__doc__)
experiments = open_experiments(options.fits)
figure = figa6_live_residence(experiments)
save(figure, options.out, "figA6_live_residence")

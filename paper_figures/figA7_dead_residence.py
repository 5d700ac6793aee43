"""Figure A7: residence times of litter and soil carbon."""

from pm_dalec.paper import arguments, figa7_dead_residence, open_experiments, save

options = arguments(__doc__)
experiments = open_experiments(options.fits)
figure = figa7_dead_residence(experiments)
save(figure, options.out, "figA7_dead_residence")

"""Figure A3: wood carbon against observations."""

from pm_dalec.paper import arguments, figa3_wood, open_experiments, save

options = arguments(__doc__)
experiments = open_experiments(options.fits)
figure = figa3_wood(experiments)
save(figure, options.out, "figA3_wood")

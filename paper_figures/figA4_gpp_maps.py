"""Figure A4: maps of mean GPP."""

from pm_dalec.paper import arguments, figa4_gpp_maps, open_experiments, save

options = arguments(__doc__)
experiments = open_experiments(options.fits)
figure = figa4_gpp_maps(experiments)
save(figure, options.out, "figA4_gpp_maps")

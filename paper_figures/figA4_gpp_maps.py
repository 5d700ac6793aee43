"""Figure A4: maps of mean GPP."""

from pm_dalec.paper.experiments import open_experiments
from pm_dalec.paper.figures import figa4_gpp_maps
from pm_dalec.paper.items import arguments, save

options = arguments(__doc__)
experiments = open_experiments(options.fits)
figure = figa4_gpp_maps(experiments)
save(figure, options.out, "figA4_gpp_maps")

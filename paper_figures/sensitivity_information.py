"""Where information comes from: constraints, then stream by stream."""

from pm_dalec.paper import arguments
from pm_dalec.plots import save_figure
from pm_dalec.sensitivity import open_result, waterfall_figure

options = arguments(__doc__)
found = open_result(options.fits, "information")
save_figure(waterfall_figure(found), options.out / "sensitivity_information")

"""How much narrower rules make the base prior, and data the constrained one."""

from pm_dalec.paper import arguments
from pm_dalec.plots import save_figure
from pm_dalec.sensitivity import contraction_figure, open_result

options = arguments(__doc__)
found = open_result(options.fits, "information")
save_figure(contraction_figure(found), options.out / "sensitivity_contraction")

"""Which parameters decide outputs under the constrained prior."""

from pm_dalec.paper import arguments
from pm_dalec.plots import save_figure
from pm_dalec.sensitivity import indices_figure, open_result

options = arguments(__doc__)
found = open_result(options.fits, "indices")
save_figure(indices_figure(found), options.out / "sensitivity_indices")

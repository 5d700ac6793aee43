"""Which factors of prior and likelihood move which mean."""

from pm_dalec.paper import arguments
from pm_dalec.plots import save_figure
from pm_dalec.sensitivity import open_result, power_scaling_figure

options = arguments(__doc__)
found = open_result(options.fits, "power_scaling")
save_figure(power_scaling_figure(found), options.out / "sensitivity_power_scaling")

"""Ablation of the constraints: what each rule moves, widens and tells."""

from pm_dalec.paper import arguments
from pm_dalec.plots import save_figure
from pm_dalec.sensitivity import ablation_figure, open_result

options = arguments(__doc__)
found = open_result(options.fits, "ablation")
save_figure(ablation_figure(found), options.out / "sensitivity_ablation")

"""Beside Figure 9: the gain by 2100 under control, climate and felling."""

from pm_dalec.paper import arguments, fig09_gain_by_cause, save
from pm_dalec.paper.forecasts import open_forecasts

options = arguments(__doc__)
figure = fig09_gain_by_cause(open_forecasts(options.fits))
save(figure, options.out, "fig09_gain_by_cause")

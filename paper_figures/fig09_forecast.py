"""Figure 9: living carbon to 2100."""

from pm_dalec.paper import arguments, save
from pm_dalec.paper.forecasts import fig09_forecast, open_forecasts

options = arguments(__doc__)
figure = fig09_forecast(open_forecasts(options.fits))
save(figure, options.out, "fig09_forecast")

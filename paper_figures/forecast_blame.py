"""Causes of the spread of the forecasts."""

from pm_dalec.paper import arguments, save
from pm_dalec.paper.forecasts import forecast_blame, open_forecasts

options = arguments(__doc__)
figure = forecast_blame(open_forecasts(options.fits))
save(figure, options.out, "forecast_blame")

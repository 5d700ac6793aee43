"""Living carbon and harvest to 2100 under every management."""

from pm_dalec.paper import arguments, save
from pm_dalec.paper.forecasts import forecast_management, open_forecasts

options = arguments(__doc__)
figure = forecast_management(open_forecasts(options.fits))
save(figure, options.out, "forecast_management")

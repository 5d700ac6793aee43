"""Map of the gain of living carbon by 2100."""

from pm_dalec.paper import arguments, save
from pm_dalec.paper.forecasts import forecast_map, open_forecasts

options = arguments(__doc__)
figure = forecast_map(open_forecasts(options.fits))
save(figure, options.out, "forecast_map")

"""The forecasts of the paper's experiment: Figure 9, causes of the spread, order of the strata."""

from typing import TYPE_CHECKING

from pm_dalec._faces import face

if TYPE_CHECKING:
    from pm_dalec.paper.forecasts.figures import (
        fig09_forecast as fig09_forecast,
        forecast_blame as forecast_blame,
        forecast_management as forecast_management,
        forecast_map as forecast_map,
    )
    from pm_dalec.paper.forecasts.runs import open_forecasts as open_forecasts
else:
    __getattr__, __dir__, __all__ = face(__name__)

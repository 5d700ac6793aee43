"""Forecasts of a fit: scenarios, management, and what becomes of carbon until 2100."""

from typing import TYPE_CHECKING

from pm_dalec._faces import face

if TYPE_CHECKING:
    from pm_dalec.forecasting.management import (
        AnnualRate as AnnualRate,
        Felling as Felling,
        Management as Management,
        MeanRate as MeanRate,
        Planting as Planting,
        rotation as rotation,
    )
    from pm_dalec.forecasting.management_text import management_from as management_from
    from pm_dalec.forecasting.parts import load_forecast as load_forecast
    from pm_dalec.forecasting.projection import forecast as forecast
    from pm_dalec.forecasting.scenarios import (
        named_scenario as named_scenario,
        recycled as recycled,
        with_co2_of as with_co2_of,
    )
else:
    __getattr__, __dir__, __all__ = face(__name__)

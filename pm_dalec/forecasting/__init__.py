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
    from pm_dalec.forecasting.parts import (
        load_forecast as load_forecast,
        save_forecast as save_forecast,
    )
    from pm_dalec.forecasting.projection import forecast as forecast
    from pm_dalec.forecasting.scenarios import (
        named_scenario as named_scenario,
        recycled as recycled,
        with_co2_of as with_co2_of,
    )
    from pm_dalec.forecasting.variance import (
        difference_of_domains as difference_of_domains,
        order_probability as order_probability,
        partition as partition,
    )
    from pm_dalec.landscape.anomalies import future_drivers as future_drivers
else:
    __getattr__, __dir__, __all__ = face(__name__)

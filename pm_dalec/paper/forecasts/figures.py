"""Figures of the forecasts: Figure 9, a map, the causes of the spread, and what management does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pm_dalec.paper.forecasts.runs import RESOLUTION, last_year
from pm_dalec.paper.forecasts.series import changes_by_pixel, series_of
from pm_dalec.paper.forecasts.spread import blame
from pm_dalec.plots.futures import blame_figure, change_maps, forecast_figure, management_figure
from pm_dalec.tables import dims

if TYPE_CHECKING:
    from collections.abc import Mapping

    import xarray as xr
    from matplotlib.figure import Figure


def fig09_forecast(forecasts: Mapping[object, xr.DataTree]) -> Figure:
    """Figure 9: living carbon of domain and strata to 2100, undisturbed under SSP2-4.5.

    Parameters
    ----------
    forecasts : mapping
        From `open_forecasts`. The control and the mean felling are drawn beside them.
    """
    domains, strata = series_of(forecasts, "ssp245", "none")
    beside = {
        "median, weather and CO$_2$ of 2019": ("control", "none"),
        "median, felled as in 2014-2019": ("ssp245", "mean"),
    }
    others = {}
    for words, (scenario, management) in beside.items():
        both, each = series_of(forecasts, scenario, management)
        others[words] = (both["stratified"], each)
    last = last_year(forecasts)
    return forecast_figure(domains, strata, calibrated=last, others=others)


def forecast_map(forecasts: Mapping[object, xr.DataTree]) -> Figure:
    """Map of the gain of living carbon by 2100, undisturbed under SSP2-4.5."""
    maps = changes_by_pixel(forecasts, "ssp245", "none")
    words = f"gain of living carbon from {last_year(forecasts)} to 2100, median"
    return change_maps(maps, resolution=RESOLUTION, words=words)


def forecast_blame(forecasts: Mapping[object, xr.DataTree]) -> Figure:
    """Who is to blame for the spread of the gain of living carbon of the domain."""
    found = blame(forecasts)
    return blame_figure(found["fraction"], found["variance"])


def forecast_management(forecasts: Mapping[object, xr.DataTree]) -> Figure:
    """Gain of living carbon of the strata, and harvest, under every management."""
    tree = forecasts.get("stratified")
    if tree is None:
        raise ValueError(
            "wanted a forecast of the strata, got none; run `pm-dalec paper`, or put it into the "
            "folder 'forecasts' beside the fits"
        )
    one = {"scenario": "ssp245"}
    live = tree["strata/change_live"].sel(one).sel({dims.QUANTILE: 0.5}, method="nearest")
    harvest = tree["domain/harvest"].sel(one)
    return management_figure(live, harvest, calibrated=last_year(forecasts))

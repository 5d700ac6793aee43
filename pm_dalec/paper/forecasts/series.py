"""What the forecasts say of domain, strata and pixels: series, changes, and the order of the strata."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import xarray as xr

from pm_dalec.forecasting.variance import SHOWN, difference_of_domains, order_probability
from pm_dalec.paper.forecasts.runs import check_both
from pm_dalec.tables import dims

if TYPE_CHECKING:
    from collections.abc import Mapping


def table_order(forecasts: Mapping[object, xr.DataTree]) -> pd.DataFrame:
    """Order of the strata in 2100 by their gain of living carbon, for every scenario and management.

    Parameters
    ----------
    forecasts : mapping
        From `open_forecasts`.

    Returns
    -------
    DataFrame
        The likeliest order and its probability; medians of the strata and of both domains; their
        difference over the range between strata.
    """
    check_both(forecasts)
    order = order_probability(forecasts["stratified"], "change_live", SHOWN[-1])
    apart = difference_of_domains(
        forecasts["baseline"], forecasts["stratified"], "change_live", SHOWN[-1]
    )
    rows = []
    for scenario in order["scenario"].values:
        for management in order["management"].values:
            one = {"scenario": scenario, "management": management}
            here, domains = order.sel(one), apart.sel(one)
            medians = {
                f"{name} [g m-2]": float(here["median"].sel({dims.STRATUM: name}))
                for name in map(str, here[dims.STRATUM].values)
            }
            rows.append(
                {
                    **one,
                    "order": here["order"].item(),
                    "probability": float(here["order_probability"]),
                    **medians,
                    "stratified [g m-2]": float(domains["stratified"]),
                    "baseline [g m-2]": float(domains["baseline"]),
                    "difference / range of strata": float(domains["share"]),
                }
            )
    return pd.DataFrame(rows)


def series_of(
    forecasts: Mapping[object, xr.DataTree], scenario: str, management: str, name: str = "live"
) -> tuple[dict[str, xr.DataArray], xr.DataArray]:
    """Quantiles of the domain by approach, and of the strata.

    Parameters
    ----------
    forecasts : mapping
        From `open_forecasts`.
    scenario, management, name : str

    Returns
    -------
    tuple
        (quantile, year) by approach, and (quantile, year, stratum).
    """
    check_both(forecasts)
    one = {"scenario": scenario, "management": management}
    domains = {a: forecasts[a]["domain"][name].sel(one) for a in ("baseline", "stratified")}
    return domains, forecasts["stratified"]["strata"][name].sel(one)


def changes_by_pixel(
    forecasts: Mapping[object, xr.DataTree], scenario: str, management: str
) -> dict[str, xr.DataArray]:
    """Median gain of living carbon by 2100 in every pixel, by approach, and their difference.

    Parameters
    ----------
    forecasts : mapping
        From `open_forecasts`.
    scenario, management : str

    Returns
    -------
    dict of str to DataArray
        (pixel) [g m-2].
    """
    check_both(forecasts)
    one = {"scenario": scenario, "management": management, "year": SHOWN[-1]}
    found = {}
    for approach in ("baseline", "stratified"):
        gain = forecasts[approach]["pixels/change_live"].sel(one)
        found[approach] = gain.sel({dims.QUANTILE: 0.5}, method="nearest")
    difference = found["stratified"] - found["baseline"]
    return {**found, "stratified - baseline": difference}

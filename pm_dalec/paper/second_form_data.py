"""Labelled data behind the second forms of figures: intervals of ratios, spreads, gains by cause."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from pm_dalec.paper import figure_data
from pm_dalec.paper.claims.futures import END
from pm_dalec.paper.experiments import domain_ensemble, pairs
from pm_dalec.paper.forecasts.runs import check_both
from pm_dalec.posterior.metrics import stratum_areas, weighted_quantile
from pm_dalec.tables import dims

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pm_dalec.paper.reduction import Experiment

LEVELS = (0.05, 0.5, 0.95)
FUTURES = {
    "weather and CO$_2$ of 2019 (control)": ("control", "none"),
    "SSP2-4.5": ("ssp245", "none"),
    "SSP2-4.5, felled as before": ("ssp245", "mean"),
}


def harvest_intervals(experiments: Mapping[tuple[str, float], Experiment]) -> xr.Dataset:
    """Stratified over baseline harvest by resolution, with its interval.

    Parameters
    ----------
    experiments : mapping of tuple to Experiment

    Returns
    -------
    Dataset
        Dims (resolution), coarse first: ``low``, ``median``, ``high``, ``theory`` [1]. The fits are
        independent of each other, so every draw of one is divided by every draw of the other.
    """
    rows, theory = {}, []
    for resolution, both in pairs(experiments).items():
        theory.append(figure_data.harvest_theory(*both)[0])
        below, above = (domain_ensemble(e, "harvest").values for e in both)
        rows[resolution] = np.quantile(np.divide.outer(above, below), LEVELS)
    values = np.array(list(rows.values())).reshape(-1, len(LEVELS))
    found = xr.Dataset(
        {name: ("resolution", values[:, at]) for at, name in enumerate(("low", "median", "high"))},
        coords={"resolution": list(rows)},
        attrs={"probability": LEVELS[-1] - LEVELS[0]},
    )
    return found.assign(theory=("resolution", theory))


def two_spreads(pair: tuple[Experiment, Experiment], name: str) -> xr.Dataset:
    """Spread of the medians of units, and of the posterior of a typical unit, by stratum.

    Parameters
    ----------
    pair : tuple of Experiment
        Baseline and stratified.
    name : str
        Quantity.

    Returns
    -------
    Dataset
        Dims (group), the baseline first: ``median``, ``between_low`` and ``between_high`` (5 and 95 % of
        the medians, weighted by area), ``within_low`` and ``within_high`` (their medians over units).
    """
    rows = {}
    for experiment in pair:
        levels = experiment.budget[name].quantile(LEVELS, dims.POOLED, skipna=False)
        if experiment.approach == "baseline":
            rows["baseline"] = _spreads(levels, experiment.units["area"])
            continue
        areas = stratum_areas(experiment.units)
        for stratum in map(str, levels[dims.STRATUM].values):
            one = {dims.STRATUM: stratum}
            rows[stratum] = _spreads(levels.sel(one), areas.sel(one))
    columns = ("median", "between_low", "between_high", "within_low", "within_high")
    return xr.Dataset(
        {
            column: ("group", [row[at] for row in rows.values()])
            for at, column in enumerate(columns)
        },
        coords={"group": list(rows)},
    )


def _spreads(levels, area):
    """Median, interval of the medians, and the median of the ends of the posteriors."""
    low, middle, high = levels.transpose("quantile", ...).values
    kept = np.isfinite(middle) & (area.values > 0)
    if not kept.any():
        return (np.nan,) * 5
    weight = area.values[kept]
    between = [weighted_quantile(middle[kept], weight, level) for level in LEVELS]
    within = [weighted_quantile(end[kept], weight, 0.5) for end in (low, high)]
    return (between[1], between[0], between[2], *within)


def gains(forecasts: Mapping[object, xr.DataTree]) -> dict[str, xr.DataArray]:
    """Gain of living carbon by 2100 of the stratified domain and its strata, by future.

    Parameters
    ----------
    forecasts : mapping
        From `open_forecasts`.

    Returns
    -------
    dict of str to DataArray
        Quantiles, dims (quantile, group) [g m-2].
    """
    check_both(forecasts)
    tree, found = forecasts["stratified"], {}
    for words, (scenario, management) in FUTURES.items():
        one = {"scenario": scenario, "management": management, "year": END}
        parts = [tree[place]["change_live"].sel(one) for place in ("domain", "strata")]
        domain, strata = (part.sel(quantile=list(LEVELS), method="nearest") for part in parts)
        groups = strata.rename({dims.STRATUM: "group"})
        whole = domain.assign_coords(group="domain").expand_dims("group")
        found[words] = xr.concat([whole, groups], "group").assign_attrs(strata.attrs)
    return found

"""Medians and intervals of a fit whose units are polygons, beside the outlines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd

from pm_dalec.data.formats.polygons import WHAT, open_polygons
from pm_dalec.data.messages import sentence
from pm_dalec.posterior.aggregation import combine_strata
from pm_dalec.posterior.budgets import budget
from pm_dalec.posterior.convergence import unit_diagnostics
from pm_dalec.posterior.ensembles import checked_quantiles, pooled, summarise
from pm_dalec.posterior.runs import units_to_run
from pm_dalec.posterior.trajectory import trajectories
from pm_dalec.tables import dims
from pm_dalec.tables.numbers import names_of
from pm_dalec.tables.summaries import BUDGET_UNITS
from pm_dalec.tables.variables import VARIABLES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import xarray as xr

LEVELS = (0.05, 0.5, 0.95)


def results_as_polygons(
    fit: xr.DataTree,
    polygons: gpd.GeoDataFrame | str | Path,
    *,
    ids: str | None = None,
    names: Sequence[str] = ("gpp", "nee", "wood"),
    probabilities: Sequence[float] = LEVELS,
    seed: int = 0,
) -> gpd.GeoDataFrame:
    """Table of polygons with quantiles of what a fit says about them.

    Parameters
    ----------
    fit : DataTree
        Of a region from `pm_dalec.region_from_polygons`, baseline or stratified.
    polygons : GeoDataFrame or path
        Those of the region; their order does not matter.
    ids : str, optional
        Column with the ids, as for the region.
    names : sequence of str
        Of `pm_dalec.budget`, such as "gpp", "nee", "harvest" and "change_live", or of
        `pm_dalec.VARIABLES`, such as "wood": means over the period of the fit.
    probabilities : sequence of float
        Of the quantiles [1].
    seed : int
        Of the pairing of strata, which are added up draw by draw before a quantile is taken.

    Returns
    -------
    GeoDataFrame
        The columns of the table, and ``nee_q05``, ``nee_q50``, ``nee_q95`` for each name, in the units
        that ``attrs["units"]`` has by column; ``area`` [m2], where the fit has it; ``worst_rhat`` [1]
        over parameters and strata. Polygons that the fit does not have are NaN.

    Raises
    ------
    ValueError, KeyError
        If the fit has none of the polygons, or a name is unknown, or its strata have no shares.
    """
    table, probabilities = open_polygons(polygons, ids), checked_quantiles(probabilities)
    if not probabilities:
        raise ValueError("wanted at least one quantile, got none; write probabilities=(0.5,)")
    units = _units(fit, table)
    attrs, columns = {}, {}
    if "area" in units:
        columns["area"], attrs["area"] = units["area"].to_series(), "m2"
    for name, draws in _draws(fit, names_of_results(names)).items():
        total = combine_strata(pooled(draws), units.get("area_fraction"), seed=seed)
        for level, values in zip(probabilities, summarise(total, probabilities), strict=True):
            column = f"{name}_q{_percent(level)}"
            columns[column], attrs[column] = values.to_series(), draws.attrs["units"]
    rhat = unit_diagnostics(fit)["worst_rhat"]
    rhat = rhat.max([d for d in rhat.dims if d != dims.PIXEL])
    columns["worst_rhat"], attrs["worst_rhat"] = rhat.to_series(), "1"
    table = table.drop(columns=[name for name in columns if name in table.columns])
    found = table.join(pd.DataFrame(columns).reindex(table.index))
    found.attrs["units"] = attrs
    return found


def _percent(level):
    """Two digits of a percentage, and what follows them: 05, 50, 02_5."""
    return f"{100 * level:04.1f}".removesuffix(".0").replace(".", "_")


def names_of_results(names):
    """Names of a budget or of fluxes, pools and diagnostics, each known."""
    names = names_of("names", names)
    if not names:
        raise ValueError("wanted results of a fit, got no name; write names=('gpp',)")
    for name in names:
        if name not in BUDGET_UNITS and VARIABLES[name].role == "driver":
            raise ValueError(
                f"wanted results of a fit, got the driver {name!r} in names; read it from the region"
            )
    return names


def _units(fit, table):
    """What the units of a fit hold, once the table is seen to have them."""
    units = units_to_run(fit, None)
    held = units[dims.PIXEL].to_numpy() if dims.PIXEL in units.dims else np.array(["one site"])
    if not np.isin(held, table.index).all():
        missing = [str(one) for one in held[~np.isin(held, table.index)]]
        raise ValueError(
            sentence(
                WHAT,
                wanted="all units of the fit among the ids",
                came=f"{len(missing)} of {held.size} that are not: {', '.join(missing[:5])}",
                where=f"ids {', '.join(map(str, table.index[:5]))}, ...",
                do="give the table that the region was made from, and the same column as ids",
            )
        )
    if dims.STRATUM in units.dims and "area_fraction" not in units:
        raise ValueError(
            sentence(
                WHAT,
                wanted="the shares of the strata, 'area_fraction'",
                came="a stratified fit without them",
                where="group 'constant_data'",
                do="calibrate with calibrate_region, which keeps them",
            )
        )
    return units


def _draws(fit, names):
    """Draws of the means over the period, (chain, draw[, stratum], pixel), by name."""
    run = [name for name in names if name not in BUDGET_UNITS]
    known = budget(fit) if len(run) < len(names) else {}
    if run:
        series = trajectories(fit, names=run)
        days = units_to_run(fit, None)["step_days"]
        weights = days if days.dims == (dims.TIME,) else days.isel({d: 0 for d in days.dims[1:]})
    found = {}
    for name in names:
        if name in run:
            mean = series[name].weighted(weights.drop_vars(dims.SPACE, errors="ignore"))
            found[name] = mean.mean(dims.TIME, skipna=False).assign_attrs(series[name].attrs)
        else:
            found[name] = known[name]
    return found

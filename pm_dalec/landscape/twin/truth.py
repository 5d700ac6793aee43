"""A truth for the synthetic region that DALEC itself has made (TWIN, section 5.6, tier C)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from pm_dalec.constraints import forms, sets
from pm_dalec.constraints.case import case_of
from pm_dalec.data.land import PIXELS, STRATA, units_of, with_averages
from pm_dalec.landscape.twin.leaf_area import LOWEST, seasonal_leaf_area
from pm_dalec.physics.numpy_run import run_numpy
from pm_dalec.physics.records import drivers_of
from pm_dalec.physics.summaries import quantities_of
from pm_dalec.tables import dims
from pm_dalec.tables.constants import TRUTH
from pm_dalec.tables.parameters import PARAMETERS, Theta
from pm_dalec.tables.summaries import QUANTITIES

if TYPE_CHECKING:
    from collections.abc import Mapping


def add_truth(region: xr.DataTree, chosen: Mapping[str, Theta]) -> xr.DataTree:
    """Region whose observations DALEC has made, with the truth in it.

    Parameters
    ----------
    region : DataTree
    chosen : dict of str to Theta
        Parameters by stratum, the wanted first.

    Returns
    -------
    DataTree
        With new ``lai`` and ``cwood`` and the true summaries as ``truth_{quantity}`` in both averages;
        that over strata also has ``truth_{parameter}``.

    Raises
    ------
    ValueError
        If a unit has no candidate that meets the constraints; names the unit.
    """
    stratified = units_of(region, dims.SPACE)
    strata = [str(name) for name in stratified[dims.STRATUM].values]
    shape = (len(strata), stratified.sizes[dims.PIXEL])
    month = stratified[dims.TIME].dt.month.values
    space = (dims.STRATUM, dims.PIXEL)
    leaves = np.full((month.size, *shape), np.nan)
    numbers = {name: np.full(shape, np.nan) for name in (*QUANTITIES, *Theta._fields)}
    share = stratified["area_fraction"].transpose(*space)
    for place in np.argwhere(share.values > 0):
        stratum, pixel = (int(at) for at in place)
        unit = stratified.isel(stratum=stratum, pixel=pixel)
        theta, run, held = _first_that_holds(unit, chosen[strata[stratum]])
        noise = unit["lai"].values - seasonal_leaf_area(month, strata[stratum])
        leaves[:, stratum, pixel] = np.maximum(run.fluxes.lai[:, held] + noise, LOWEST)
        found = quantities_of(run, unit["step_days"].values) | theta._asdict()
        for name, value in found.items():
            numbers[name][stratum, pixel] = value[held]
    made = {"lai": stratified["lai"].copy(data=_ordered(stratified["lai"], leaves))}
    records = {**QUANTITIES, **{name: PARAMETERS[name] for name in Theta._fields}}
    for name, values in numbers.items():
        made[TRUTH + name] = (space, values, {"units": records[name].units})
    whole = stratified.assign(made)
    seen = _averaged(whole, units_of(region, (dims.PIXEL,)), share)
    region = with_averages(region, {STRATA: made, PIXELS: seen})
    region.attrs["truth"] = "DALEC, parameters by stratum; pixels see area means of their strata"
    return region


def _ordered(like, values):
    """Values (time, stratum, pixel) in the order of the dims of an array."""
    labelled = xr.DataArray(values, dims=(dims.TIME, dims.STRATUM, dims.PIXEL))
    return labelled.transpose(*like.dims).values


def _averaged(stratified, baseline, share):
    """What pixels see: area means of what their strata are."""

    def mean(values):
        return values.fillna(0.0).weighted(share).mean(dims.STRATUM)

    seen = mean(stratified["lai"]).transpose(*baseline["lai"].dims)
    wood = mean(stratified["cwood"]).transpose(*baseline["cwood"].dims)
    made = {
        "lai": baseline["lai"].copy(data=seen.values),
        "cwood": baseline["cwood"].copy(data=np.where(baseline["cwood"].isnull(), np.nan, wood)),
    }
    additive = [name for name in QUANTITIES if not name.startswith(("residence_", "npp_"))]
    for name in (*additive, "npp_wood"):
        true = stratified[TRUTH + name]
        made[TRUTH + name] = mean(true).assign_attrs(true.attrs)
    return made


def _first_that_holds(unit, theta):
    """Candidates with a unit's stocks, their run, and the first that meets all constraints in it."""
    drivers, latitude = drivers_of(unit)
    seen = unit["cwood"].values
    when = np.isfinite(seen)
    wood, soil = np.full(len(theta[0]), seen[when].mean()), float(unit["csom_prior"])
    # wood is linear in its initial value, so that this ends where it is observed
    for _ in range(3):
        theta = theta._replace(initial_wood=wood, initial_som=np.full(len(wood), soil))
        run = run_numpy(drivers, latitude, theta)
        wood = wood + seen[when].mean() - run.pools.wood[:-1][when].mean(axis=0)
        wood = np.clip(wood, *PARAMETERS["initial_wood"].bounds)
    case = case_of(run, drivers, theta)
    with np.errstate(all="ignore"):
        margins = forms.margins(sets.EDCS["edinburgh2021"], case, np)
    holds = np.logical_and.reduce(
        [np.broadcast_to(forms.holds(margin), wood.shape) for margin in margins.values()]
    )
    if not holds.any():
        place = {name: str(unit[name].values) for name in (dims.STRATUM, dims.PIXEL)}
        raise ValueError(
            f"wanted parameters of the stratum that meet the constraints in unit {place}, got none "
            f"among {len(wood)} (truth of the twin); take another seed or more candidates"
        )
    return theta, run, int(np.argmax(holds))

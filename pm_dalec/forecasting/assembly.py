"""A forecast put together: quantiles of units and pixels become those of strata and of the domain.

Pixels are fully correlated (A3, A5): the quantile of an area mean is the area mean of the quantiles.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import xarray as xr

from pm_dalec.forecasting.outputs import record_of
from pm_dalec.posterior.ensembles import RANKS
from pm_dalec.tables import dims


class Axes(NamedTuple):
    """Labels of a forecast.

    Parameters
    ----------
    scenarios, managements : list of str
    names : tuple of str
    quantiles : list of float
    time : tuple
        Name of the time dimension, and its labels.
    levels : array
        Of all quantiles that parts hold.
    """

    scenarios: list
    managements: list
    names: tuple
    quantiles: list
    time: tuple
    levels: np.ndarray

    def places(self, wanted: object) -> np.ndarray:
        """Places of some quantiles among all levels.

        Parameters
        ----------
        wanted : sequence of float
        """
        return np.searchsorted(self.levels, np.asarray(wanted) - 1e-12)


def assembled(parts: dict, axes: Axes, observed: xr.Dataset, present: np.ndarray) -> dict:
    """Groups of a forecast from its parts.

    Parameters
    ----------
    parts : dict of tuple to Kept
        By number of scenario, management and pixel.
    axes : Axes
    observed : Dataset
        Units, with ``area`` where they are pixels.
    present : array (stratum, pixel) of bool
        Units that were run.

    Returns
    -------
    dict of str to Dataset
    """
    space = dims.space_of(observed)
    area = observed["area"].to_numpy() if "area" in observed else np.ones(present.shape[1])
    whole = _gathered(parts, axes, present)
    inside = area[:, None] * whole["shares"]  # (scenario, management, stratum, pixel, span)
    lead = ("scenario", "management")
    time = axes.time[0]
    groups = {}
    pixels = _mean_of_pixels(whole["pixel"], area[:, None, None])
    strata = _mean_of_pixels(whole["units"], inside[:, :, None, :, :, None])
    sets = {"domain": (pixels, ()), "pixels": (whole["pixel"], (dims.PIXEL,))}
    if dims.STRATUM in space:
        sets |= {"strata": (strata, (dims.STRATUM,)), "units": (whole["units"], dims.SPACE)}
    if dims.PIXEL not in space:
        sets.pop("pixels")
    for name, (values, where) in sets.items():
        kinds = {"": ("quantile", axes.quantiles)}
        if name in ("domain", "strata"):
            kinds["_ranks"] = ("rank", RANKS)
        for end, (level, wanted) in kinds.items():
            chosen = values[..., axes.places(wanted), :]
            order = (*lead, "name", *where, level, time)
            groups[name + end] = _labelled(chosen, order, axes, observed, level, wanted)
    groups["carbon"] = _carbon(whole, axes, observed, space)
    return groups


def _gathered(parts, axes, present):
    """Parts as whole arrays; NaN where there is no unit."""
    lead = (len(axes.scenarios), len(axes.managements))
    strata, pixels = present.shape
    names, levels, spans = len(axes.names), len(axes.levels), len(axes.time[1])
    whole = {
        "units": np.full((*lead, names, strata, pixels, levels, spans), np.nan),
        "pixel": np.full((*lead, names, pixels, levels, spans), np.nan),
        "shares": np.zeros((*lead, strata, pixels, spans)),
        **{
            name: np.full((*lead, pixels, spans), np.nan)
            for name in ("cleared", "planted", "unplanted")
        },
        "closure": np.full((*lead, pixels), np.nan),
    }
    for (scenario, management, pixel), kept in parts.items():
        there = np.flatnonzero(present[:, pixel])
        at = scenario, management
        for place, stratum in enumerate(there):
            whole["units"][(*at, slice(None), stratum, pixel)] = kept.units[:, place]
            whole["shares"][(*at, stratum, pixel)] = kept.shares[place]
        whole["pixel"][(*at, slice(None), pixel)] = kept.pixel
        for name in ("cleared", "planted", "unplanted"):
            whole[name][(*at, pixel)] = getattr(kept, name)
        whole["closure"][(*at, pixel)] = kept.closure
    return whole


def _mean_of_pixels(values, weight):
    """Mean over the pixels that have a value (..., pixel, level, span), weighted by their area."""
    there = np.isfinite(values)
    total = np.where(there, weight, 0.0).sum(-3)
    with np.errstate(invalid="ignore"):
        return np.where(there, values * weight, 0.0).sum(-3) / np.where(total > 0, total, np.nan)


def _labelled(values, order, axes, observed, level, wanted):
    """Dataset of one group, a variable an output."""
    time, labels = axes.time
    coords = {
        "scenario": axes.scenarios,
        "management": axes.managements,
        level: np.asarray(wanted),
        time: labels,
    }
    coords |= _places(observed, order)
    found = {}
    for place, name in enumerate(axes.names):
        record = record_of(name)
        attrs = {"units": record.units, "long_name": record.long_name, "symbol": record.symbol}
        dims_of = tuple(d for d in order if d != "name")
        array = xr.DataArray(values[:, :, place], dims=dims_of, attrs=attrs)
        space = [d for d in dims.SPACE if d in dims_of]
        found[name] = array.transpose("scenario", "management", level, time, *space)
    return xr.Dataset(found, coords=coords)


def _places(observed, order):
    names = [name for name in dims.SPACE if name in order and name in observed.coords]
    names += [name for name in ("lat", "lon") if dims.PIXEL in order and name in observed.coords]
    return {name: observed[name].drop_vars("time_bnds", errors="ignore") for name in names}


def _carbon(whole, axes, observed, space):
    """Area and carbon that planting moves, and the balance of carbon."""
    time, labels = axes.time
    pixel = tuple(name for name in space if name == dims.PIXEL)
    lead = ("scenario", "management")
    coords = {"scenario": axes.scenarios, "management": axes.managements, time: labels}
    found = {}
    for name, units, words in (
        ("cleared", "g m-2", "living carbon cleared for planting, of the pixel's area"),
        ("planted", "g m-2", "carbon of seedlings, of the pixel's area"),
        ("unplanted", "1", "share of the pixel that has no calibrated unit to be planted"),
    ):
        attrs = {"units": units, "long_name": words}
        values = whole[name] if pixel else whole[name][:, :, 0]
        found[name] = ((*lead, *pixel, time), values, attrs)
    attrs = {"units": "1", "long_name": "largest part of carbon lost by the balance of a draw"}
    closure = whole["closure"] if pixel else whole["closure"][:, :, 0]
    found["closure"] = ((*lead, *pixel), closure, attrs)
    if dims.STRATUM in space:
        attrs = {"units": "1", "long_name": "share of the pixel's area"}
        found["area_fraction"] = ((*lead, *dims.SPACE, time), whole["shares"], attrs)
    if pixel and "area" in observed:
        found["area"] = (dims.PIXEL, observed["area"].to_numpy(), observed["area"].attrs)
    return xr.Dataset(found, coords=coords | _places(observed, space))

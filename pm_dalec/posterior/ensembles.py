"""Ensembles: draws with one sample dimension, the units that have them, their quantiles."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from pm_dalec.tables import dims
from pm_dalec.tables.numbers import number, real_numbers

if TYPE_CHECKING:
    from collections.abc import Sequence

QUANTILES = (0.025, 0.05, 0.25, 0.5, 0.75, 0.95, 0.975)
RANKS = (np.arange(100) + 0.5) / 100
"""Quantiles that stand for the whole of an ensemble: the middles of a hundred equal parts."""


def pooled(values):
    """Draws with one sample dimension in front and the units last.

    Parameters
    ----------
    values : DataArray
        Dims (chain, draw, ...), or (sample, ...).

    Returns
    -------
    DataArray
        Dims (sample, ...[, stratum][, pixel]).
    """
    if not isinstance(values, xr.DataArray):
        raise TypeError(
            f"wanted draws as a DataArray, got {type(values).__name__}; pass the draws of a fit, such as "
            "pm_dalec.budget(fit)['gpp'] gives"
        )
    if dims.QUANTILE in values.dims:
        raise ValueError(
            f"wanted draws, got quantiles of '{values.name}' (dims {values.dims}); quantiles do not "
            "add up: aggregate the draws and summarise last"
        )
    space = [name for name in (dims.STRATUM, dims.PIXEL) if name in values.dims]
    _check_labels(values, space)
    advice = "give draws of a fit, NaN for units that have none"
    values = values.copy(
        data=real_numbers(f"{values.name!r}", values.data, advice=advice, gaps=True)
    )
    if dims.POOLED in values.dims:
        return values.transpose(dims.POOLED, ..., *space)
    if dims.CHAIN not in values.dims or dims.DRAW not in values.dims:
        raise ValueError(
            f"wanted draws with dims 'chain' and 'draw', or 'sample', got {values.dims} in "
            f"'{values.name}'; pass the draws of a fit, such as pm_dalec.budget gives"
        )
    values = values.transpose(dims.CHAIN, dims.DRAW, ..., *space)
    rest = values.dims[2:]
    coords = {
        name: coordinate
        for name, coordinate in values.coords.items()
        if not {dims.CHAIN, dims.DRAW} & set(coordinate.dims)
    }
    flat = values.to_numpy().reshape(-1, *values.shape[2:])
    return xr.DataArray(flat, coords, (dims.POOLED, *rest), values.name, values.attrs)


def summarise(sample: xr.DataArray, quantiles: Sequence[float] = QUANTILES) -> xr.DataArray:
    """Quantiles of an ensemble, the last step of every aggregation.

    Parameters
    ----------
    sample : DataArray
        Draws, dims (sample, ...) or (chain, draw, ...).
    quantiles : sequence of float

    Returns
    -------
    DataArray
        Dims (quantile, ...), attributes kept.
    """
    sample, quantiles = pooled(sample), checked_quantiles(quantiles)
    found = np.quantile(sample.to_numpy(), quantiles, axis=0)
    coords = {name: c for name, c in sample.coords.items() if dims.POOLED not in c.dims}
    return xr.DataArray(
        found,
        coords | {dims.QUANTILE: list(quantiles)},
        (dims.QUANTILE, *sample.dims[1:]),
        sample.name,
        sample.attrs,
    )


def checked_quantiles(quantiles):
    """Quantiles as a list of shares."""
    no_array = isinstance(quantiles, np.ndarray) and not quantiles.ndim
    if isinstance(quantiles, str) or not isinstance(quantiles, Iterable) or no_array:
        raise TypeError(
            f"wanted quantiles as a sequence, got quantiles={quantiles!r}; write "
            "quantiles=[0.05, 0.5, 0.95]"
        )
    advice = "quantiles are shares: 0.05, not 5 per cent"
    found = [number("quantile", value, least=0.0, most=1.0, advice=advice) for value in quantiles]
    if len(set(found)) < len(found):
        raise ValueError(f"wanted each quantile once, got quantiles={found}; leave out the second")
    return found


def _check_labels(values, space):
    """Refuse units that are there twice."""
    for name in space:
        if name in values.coords and not values.indexes[name].is_unique:
            twice = values.indexes[name][values.indexes[name].duplicated()][0]
            raise ValueError(
                f"wanted each {name} once in '{values.name}', got {twice} twice; drop the second with "
                f"drop_duplicates({name!r})"
            )


def present_shares(values, fraction):
    """Shares of the strata that have finite draws, renormalised, and the number that is missing.

    Parameters
    ----------
    values : DataArray
        (sample, ..., stratum, pixel).
    fraction : DataArray
        (stratum, pixel) [1].

    Returns
    -------
    tuple of ndarray and int
        (stratum, pixel), 0 where nothing is left of a pixel; units of non-zero share without draws.
    """
    if fraction is None:
        raise ValueError(
            f"wanted the shares of the strata of '{values.name}', got None; pass "
            "units['area_fraction']"
        )
    found = aligned(fraction, values)
    _expect_dims(found, dims.SPACE, values)
    wanted = real_numbers(
        "area_fraction",
        found.transpose(*dims.SPACE).data,
        advice="give the share of each stratum in its pixel, 0 where it is not",
        least=0.0,
        most=1.0 + _ROUNDED,
    )
    present = finite_units(values) & (wanted > 0)
    share = np.where(present, wanted, 0.0)
    total = share.sum(axis=0)
    share = share / np.where(total > 0, total, 1.0)
    return share, int(((wanted > 0) & ~present).sum())


def finite_units(values):
    """Units all of whose draws are finite, (..., stratum, pixel) -> ([stratum,] pixel)."""
    over = [name for name in values.dims if name not in (dims.STRATUM, dims.PIXEL)]
    return np.isfinite(values).all(over).to_numpy()


def pixel_ids(values):
    """Ids of the pixels as integers; their positions where the dataset names none."""
    if dims.PIXEL in values.coords and values[dims.PIXEL].dtype.kind in "iu":
        return values[dims.PIXEL].to_numpy()
    return np.arange(values.sizes[dims.PIXEL])


def areas_for(units, values):
    """Areas of the pixels that values are of (pixel), in the units that the dataset has.

    Parameters
    ----------
    units : Dataset
        With ``area``.
    values : DataArray
        (..., pixel).
    """
    area = aligned(units["area"], values)
    _expect_dims(area, (dims.PIXEL,), values)
    advice = "give each pixel its area, 0 for one that does not count"
    found = real_numbers("area", area.data, advice=advice, least=0.0, most=_LARGEST_AREA)
    if not found.sum() > 0:
        raise ValueError(
            f"wanted pixels that have an area, got 0 of all {found.size} in area; {advice}"
        )
    return area.copy(data=found)


def degrees_for(name, units, values):
    """Latitudes or longitudes of the pixels that values are of [degrees]."""
    if name not in units:
        raise ValueError(
            f"wanted {name!r} (pixel) in units for a correlation length, got none; give the coordinates of "
            "the pixels"
        )
    advice = "give the coordinates of the pixels in degrees"
    return real_numbers(
        name, aligned(units[name], values).data, advice=advice, least=-180.0, most=360.0
    )


_LARGEST_AREA = 5.2e14  # m2, of the Earth
_ROUNDED = 1e-6  # shares that were kept in float32


def _expect_dims(quantity, wanted, values):
    if set(quantity.dims) != set(wanted):
        raise ValueError(
            f"wanted '{quantity.name}' with dims {wanted} beside '{values.name}', got {quantity.dims}; select "
            "one of the others with isel"
        )


def aligned(quantity, values):
    """Part of a variable of the units dataset that belongs to the units of ``values``."""
    for name in (dims.STRATUM, dims.PIXEL):
        if name not in values.dims or name not in quantity.dims:
            continue
        if name in quantity.coords and name in values.coords:
            quantity = _selected(quantity, values, name)
        elif quantity.sizes[name] != values.sizes[name]:
            raise ValueError(
                f"'{values.name}' has {values.sizes[name]} units along '{name}' and '{quantity.name}' "
                f"{quantity.sizes[name]}, wanted the same; give both the coordinate '{name}'"
            )
    if dims.PIXEL not in values.dims or dims.PIXEL not in quantity.dims:
        raise ValueError(
            f"wanted 'pixel' in '{values.name}' and '{quantity.name}', got dims {values.dims} and "
            f"{quantity.dims}; rename the dimension of the units"
        )
    return quantity


def _selected(quantity, values, name):
    """Part of a variable with the labels of values."""
    place = quantity.indexes[name]
    if not place.is_unique or not values.indexes[name].isin(place).all():
        lost = values.indexes[name][~values.indexes[name].isin(place)]
        came = f"none for {lost[0]}" if len(lost) else f"{place[place.duplicated()][0]} twice"
        raise ValueError(
            f"wanted '{quantity.name}' of every {name} of '{values.name}', got {came}; take both of one fit"
        )
    return quantity.sel({name: values[name]})


def without(values, name, total, attributes):
    """Array of the dims of ``values`` without one of them."""
    left = tuple(d for d in values.dims if d != name)
    coords = {key: c for key, c in values.coords.items() if name not in c.dims}
    return xr.DataArray(total, coords, left, values.name, attributes)

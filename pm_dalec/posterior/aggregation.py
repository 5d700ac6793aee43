"""From draws of units to ensembles of pixels and of the domain (PAPER, section 1.7).

Draws first, summary last: a quantile is taken once, of the ensemble that is wanted, and quantiles
are never added up. Rules A1 to A6 are named arguments:

``across_strata``
    ``"independent"`` pairs the draws of the strata of a pixel at random, from a recorded seed (A2);
    ``"correlated"`` adds them up rank by rank.
``across_pixels``
    ``"correlated"`` adds up the draws of the pixels rank by rank (A3), ``"independent"`` at random;
    a number is the length [km] over which the correlation of their ranks falls to 1/e (A6).
``order``
    ``"pixel_first"`` adds up strata within pixels, then pixels; ``"stratum_first"`` the other way.

A unit with NaN in any draw is missing (absent, or its calibration failed). The shares of the others
are renormalised, and the attribute ``missing_units`` counts those that should have been there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from pm_dalec.posterior.ensembles import (
    QUANTILES,
    aligned,
    areas_for,
    degrees_for,
    finite_units,
    pixel_ids,
    pooled,
    present_shares,
    summarise,
    without,
)
from pm_dalec.posterior.pairing import copula_ranks, paired_pixels, paired_strata
from pm_dalec.tables import dims
from pm_dalec.tables.numbers import LARGEST_SEED, number, whole_number

if TYPE_CHECKING:
    from collections.abc import Sequence

INDEPENDENT, CORRELATED = "independent", "correlated"
PIXEL_RULES = (CORRELATED, INDEPENDENT)
PIXEL_FIRST, STRATUM_FIRST = "pixel_first", "stratum_first"


def comonotone_sum(draws, weight):
    """Ensemble of a weighted sum over pixels whose errors are fully correlated (A3).

    Parameters
    ----------
    draws : array_like
        (draw, ..., pixel), in any order within a pixel.
    weight : array_like
        (pixel) share of the area [1], or the area.

    Returns
    -------
    ndarray
        (draw, ...), ascending: rank by rank, each pixel's draws added up.
    """
    return np.sort(draws, axis=0) @ np.asarray(weight)


def combine_strata(
    values: xr.DataArray,
    fraction: xr.DataArray | None,
    *,
    across_strata: str = INDEPENDENT,
    seed: int = 0,
) -> xr.DataArray:
    """Ensemble of each pixel from those of its strata (A2).

    Parameters
    ----------
    values : DataArray
        Draws, dims (chain, draw, ..., stratum, pixel) or with ``sample``. Without ``stratum`` they
        are those of the pixel already.
    fraction : DataArray or None
        (stratum, pixel) share of the pixel's unmasked area [1].
    across_strata : {"independent", "correlated"}
    seed : int
        Of the pairing; a unit's permutation depends on the seed, its pixel id and its stratum alone.

    Returns
    -------
    DataArray
        Dims (sample, ..., pixel); NaN where no stratum is left.
    """
    _check_one_of(across_strata, (INDEPENDENT, CORRELATED), "across_strata")
    _check_seed(seed)
    values = pooled(values)
    if dims.STRATUM not in values.dims:
        return values
    share, missing = present_shares(values, fraction)
    draws = values.to_numpy()
    if across_strata == CORRELATED:
        draws = np.sort(draws, axis=0)
    else:
        draws = paired_strata(draws, pixel_ids(values), seed)
    total = np.zeros((*draws.shape[:-2], draws.shape[-1]))
    for stratum in range(draws.shape[-2]):
        weight = share[stratum]
        total += np.where(weight > 0, draws[..., stratum, :], 0.0) * weight
    total[..., share.sum(axis=0) == 0] = np.nan
    attributes = values.attrs | {
        "across_strata": across_strata,
        "pairing_seed": seed,
        "missing_units": missing,
    }
    return without(values, dims.STRATUM, total, attributes)


def combine_pixels(
    values: xr.DataArray,
    units: xr.Dataset,
    *,
    across_pixels: float | str = CORRELATED,
    seed: int = 0,
) -> xr.DataArray:
    """Ensemble of the area mean over pixels (A3, A6).

    Parameters
    ----------
    values : DataArray
        Draws of pixels, dims (sample, ..., pixel) or (chain, draw, ..., pixel).
    units : Dataset
        With ``area`` (pixel) and, for a correlation length, ``lat`` and ``lon``.
    across_pixels : {"correlated", "independent"} or float
        A number is the correlation length [km] of a Gaussian copula.
    seed : int
        Of the pairing.

    Returns
    -------
    DataArray
        Dims (sample, ...).
    """
    _check_pixel_rule(across_pixels)
    _check_seed(seed)
    values = pooled(values)
    draws, area = values.to_numpy(), areas_for(units, values).to_numpy()
    finite = finite_units(values)
    present = finite & (area > 0)
    if not present.any():
        raise ValueError(
            f"wanted at least one pixel with finite draws of '{values.name}', got none of "
            f"{present.size}; look at the units that failed in the calibration"
        )
    weight = area[present] / area[present].sum()
    if across_pixels == CORRELATED:
        total = comonotone_sum(draws[..., present], weight)
    elif across_pixels == INDEPENDENT:
        total = paired_pixels(draws[..., present], pixel_ids(values)[present], seed) @ weight
    else:
        places = [degrees_for(name, units, values)[present] for name in ("lat", "lon")]
        ranks = copula_ranks(*places, len(draws), length=across_pixels, seed=seed)
        total = _ranked_sum(draws[..., present], ranks, weight)
    # A pixel whose strata were combined has counted its missing units already
    counted = int(values.attrs.get("missing_units", (~finite & (area > 0)).sum()))
    attributes = values.attrs | {
        "across_pixels": across_pixels,
        "pairing_seed": seed,
        "missing_units": counted,
        "missing_area_share": float(1 - area[present].sum() / area.sum()),
    }
    return without(values, dims.PIXEL, total, attributes)


def _ranked_sum(draws, ranks, weight):
    """Weighted sum over pixels of the draws that have these ranks."""
    ranks = ranks.reshape(ranks.shape[0], *([1] * (draws.ndim - 2)), ranks.shape[1])
    return np.take_along_axis(np.sort(draws, axis=0), ranks, axis=0) @ weight


def domain_sample(
    values: xr.DataArray,
    units: xr.Dataset,
    *,
    across_strata: str = INDEPENDENT,
    across_pixels: float | str = CORRELATED,
    order: str = PIXEL_FIRST,
    seed: int = 0,
) -> xr.DataArray:
    """Ensemble of the domain; the paper's rules (A2, A3) by default.

    Parameters
    ----------
    values : DataArray
        Draws, dims (chain, draw[, time][, stratum], pixel) or with ``sample``.
    units : Dataset
        With ``area`` (pixel) and, for strata, ``area_fraction`` (stratum, pixel).
    across_strata : {"independent", "correlated"}
    across_pixels : {"correlated", "independent"} or float [km]
    order : {"pixel_first", "stratum_first"}
    seed : int
        Of the pairing; recorded in the attributes.

    Returns
    -------
    DataArray
        Dims (sample[, time]); the rules in the attributes.
    """
    values = pooled(values)
    _check_land(units)
    _check_one_of(order, (PIXEL_FIRST, STRATUM_FIRST), "order")
    if dims.STRATUM not in values.dims or order == PIXEL_FIRST:
        fraction = units["area_fraction"] if dims.STRATUM in values.dims else None
        pixels = combine_strata(values, fraction, across_strata=across_strata, seed=seed)
        found = combine_pixels(pixels, units, across_pixels=across_pixels, seed=seed)
    else:
        strata = stratum_samples(values, units, across_pixels=across_pixels, seed=seed)
        found = _domain_of_strata(strata, units, across_strata=across_strata, seed=seed)
    return found.assign_attrs(order=order, across_strata=across_strata)


def _domain_of_strata(strata, units, *, across_strata, seed):
    """Ensemble of the domain from those of its strata."""
    fraction, area = (units[name].astype(float) for name in ("area_fraction", "area"))
    share = (fraction * area).sum(dims.PIXEL) / area.sum()
    one_pixel = strata.expand_dims({dims.PIXEL: [0]}, axis=-1)
    shares = share.expand_dims({dims.PIXEL: [0]}, axis=-1)
    found = combine_strata(one_pixel, shares, across_strata=across_strata, seed=seed)
    found = found.isel({dims.PIXEL: 0}, drop=True)
    return found.assign_attrs(missing_units=strata.attrs["missing_units"])


def stratum_samples(values, units, *, across_pixels=CORRELATED, seed=0):
    """Ensemble of each stratum over the domain, pixels weighted by the stratum's area (A5).

    Parameters
    ----------
    values : DataArray
        Draws, dims (chain, draw[, time], stratum, pixel) or with ``sample``.
    units : Dataset
        With ``area`` and ``area_fraction``.
    across_pixels : {"correlated", "independent"} or float [km]
    seed : int

    Returns
    -------
    DataArray
        Dims (sample[, time], stratum); NaN for a stratum without any unit.
    """
    values = pooled(values)
    present_shares(values, units["area_fraction"])  # refused where they are none
    shares = aligned(units["area_fraction"], values).astype(float)
    area = areas_for(units, values)
    found, missing = [], 0
    for place in range(values.sizes[dims.STRATUM]):
        one = values.isel({dims.STRATUM: place}, drop=True)
        inside = area * shares.isel({dims.STRATUM: place}, drop=True)
        finite = finite_units(one) & (inside > 0).to_numpy()
        missing += int((inside > 0).sum()) - int(finite.sum())
        if finite.any():
            part = units.assign(area=inside)
            total = combine_pixels(one, part, across_pixels=across_pixels, seed=seed)
            found.append(total.to_numpy())
        else:
            found.append(np.full(one.shape[:-1], np.nan))
    attributes = values.attrs | {
        "across_pixels": across_pixels,
        "pairing_seed": seed,
        "missing_units": missing,
    }
    return without(values, dims.PIXEL, np.stack(found, axis=-1), attributes)


def aggregate(
    values: xr.DataArray,
    units: xr.Dataset,
    *,
    across_strata: str = INDEPENDENT,
    across_pixels: float | str = CORRELATED,
    order: str = PIXEL_FIRST,
    seed: int = 0,
    quantiles: Sequence[float] = QUANTILES,
) -> xr.DataArray:
    """Quantiles of the domain's ensemble; arguments as for `domain_sample`.

    Parameters
    ----------
    values : DataArray
        Draws of one quantity.
    units : Dataset
    across_strata, across_pixels, order, seed
        The rules.
    quantiles : sequence of float

    Returns
    -------
    DataArray
        Dims (quantile[, time]).

    Examples
    --------
    Three draws of two pixels, the first three times as large as the second; draws are added up first and
    summarised last:

    >>> import xarray as xr
    >>> nee = xr.DataArray([[0.0, 8.0], [2.0, 14.0], [4.0, 20.0]], dims=("sample", "pixel"), name="nee")
    >>> nee = nee.assign_coords(pixel=[0, 1])
    >>> land = xr.Dataset({"area": ("pixel", [3.0, 1.0])}, {"pixel": [0, 1]})
    >>> aggregate(nee, land, quantiles=[0.0, 0.5, 1.0]).values.tolist()
    [2.0, 5.0, 8.0]
    """
    sample = domain_sample(
        values,
        units,
        across_strata=across_strata,
        across_pixels=across_pixels,
        order=order,
        seed=seed,
    )
    return summarise(sample, quantiles)


def _check_land(units):
    if not isinstance(units, xr.Dataset) or "area" not in units:
        raise TypeError(
            f"wanted units as a Dataset with 'area' (pixel), got {type(units).__name__}; a region has "
            "it, and the constant_data of its fit"
        )


def _check_pixel_rule(across_pixels):
    if isinstance(across_pixels, str) and across_pixels in PIXEL_RULES:
        return
    if not isinstance(across_pixels, str):
        advice = "give a correlation length in km, 'correlated' or 'independent'"
        number("across_pixels", across_pixels, above=0.0, advice=advice)
    else:
        raise ValueError(  # noqa: TRY004 - a text may be a rule
            f"across_pixels is {across_pixels!r}, wanted 'correlated', 'independent' or a "
            "correlation length in km above 0; choose one of them"
        )


def _check_seed(seed):
    whole_number("seed", seed, least=0, most=LARGEST_SEED, advice="it pairs the draws of units")


def _check_one_of(value, known, name):
    if not isinstance(value, str) or value not in known:
        raise ValueError(
            f"{name} is {value!r}, wanted {' or '.join(map(repr, known))}; choose one of them"
        )

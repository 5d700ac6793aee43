"""A random sample of the pixels of a region, and the area that each of them stands for.

Where only some pixels of a fine grid are calibrated, their plain mean differs from the region's by
chance: 60 of 1,200 pixels miss the felled conifer by some 20 %. The areas are therefore adjusted, as
little as possible, until totals that are known for all pixels are met: the area of each stratum, and
the products of felling and observed stock that either approach sees (calibration estimator of
Deville and Sarndal 1992, raking distance, so that all areas stay positive).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from pm_dalec.data.land import units_of
from pm_dalec.tables import dims
from pm_dalec.tables.constants import REPRESENTED
from pm_dalec.tables.numbers import real_numbers

if TYPE_CHECKING:
    import numpy.typing as npt

SMALLEST_SHARE = 1 / 3
"""Effective number of pixels over that of the sample below which areas are refused [1]."""

STEPS = 50


def sample_region(region, count, *, seed=0):
    """Random pixels of a region, with the area that each of them stands for.

    Parameters
    ----------
    region : DataTree
    count : int
        All pixels if there are no more than that.
    seed : int

    Returns
    -------
    DataTree
        With ``represented_area`` (pixel) [m2] at its root; reductions use it as the weight of the pixel.
    """
    strata = units_of(region, dims.SPACE)
    kept = sample_pixels(strata, count, seed=seed)
    return region.sel({dims.PIXEL: kept}).assign({REPRESENTED: represented_areas(strata, kept)})


def sample_pixels(region: xr.Dataset, count: int, *, seed: int = 0) -> npt.NDArray[np.int64]:
    """Ids of random pixels of a region, ascending.

    Parameters
    ----------
    region : Dataset
        Units dataset.
    count : int
        All pixels if there are no more than that.
    seed : int

    Returns
    -------
    ndarray of int
    """
    _expect_pixels(region)
    pixels = region[dims.PIXEL].to_numpy()
    if count >= pixels.size:
        return pixels
    return np.sort(np.random.default_rng(seed).choice(pixels, count, replace=False))


def known_totals(region):
    """Quantities a pixel whose total over the region is known, (quantity, pixel).

    Parameters
    ----------
    region : Dataset
        Stratified units dataset: ``area_fraction``, ``forest_loss_fraction`` and ``cwood``.

    Returns
    -------
    DataArray
        The shares of the strata, and felling times stock as the stratified and the baseline
        approach see them, each over its largest value.
    """
    share = region["area_fraction"].transpose(dims.STRATUM, dims.PIXEL)
    loss = region["forest_loss_fraction"].sum(dims.TIME).transpose(dims.STRATUM, dims.PIXEL)
    stock = region["cwood"].mean(dims.TIME).fillna(0.0).transpose(dims.STRATUM, dims.PIXEL)
    stratified = (share * loss * stock).sum(dims.STRATUM)
    baseline = (share * loss).sum(dims.STRATUM) * (share * stock).sum(dims.STRATUM)
    rows = [*share.to_numpy(), stratified.to_numpy(), baseline.to_numpy()]
    rows = [row / row.max() for row in rows if row.max() > 0]
    return xr.DataArray(np.stack(rows), {dims.PIXEL: region[dims.PIXEL]}, ("quantity", dims.PIXEL))


def represented_areas(region: xr.Dataset, pixels: npt.ArrayLike) -> xr.DataArray:
    """Area that each pixel of a sample stands for.

    Parameters
    ----------
    region : Dataset
        Stratified units dataset of all pixels.
    pixels : array_like of int
        Ids of the sample.

    Returns
    -------
    DataArray
        (pixel) [m2], positive, of the same total as the region's. Assign it to the units of both
        approaches as ``represented_area``; reductions then use it as the weight of the pixel.

    Raises
    ------
    ValueError
        If the sample is too small to meet the totals.
    """
    region, pixels = _checked(region, pixels)
    area = region["area"]
    known = known_totals(region)
    wanted = (known * area).sum(dims.PIXEL).to_numpy() / float(area.sum())
    some = {dims.PIXEL: np.asarray(pixels)}
    start = area.sel(some).to_numpy() / float(area.sel(some).sum())
    factors = _raked(start, known.sel(some).to_numpy(), wanted)
    if factors is None or effective_number(factors * start) < SMALLEST_SHARE * start.size:
        raise ValueError(
            f"wanted areas for {start.size} of {area.size} pixels that meet {wanted.size} totals of "
            "the region, got none that do not rest on a few pixels; draw more pixels, or another "
            "sample"
        )
    return xr.DataArray(
        factors * start * float(area.sum()),
        {dims.PIXEL: region[dims.PIXEL].sel(some)},
        dims.PIXEL,
        REPRESENTED,
        {"units": "m2", "long_name": "area that the pixel of a sample stands for"},
    )


def _checked(region, pixels):
    """Region with areas and shares as numbers, and ids of a sample that are pixels of it."""
    _expect_pixels(region)
    absent = [name for name in ("area", "area_fraction") if name not in region]
    if absent or dims.STRATUM not in region.dims:
        raise ValueError(
            f"wanted a region of strata with 'area' and 'area_fraction', got {absent or dict(region.sizes)} "
            "(argument region); take the strata of one with pm_dalec.graph.units_of"
        )
    for name, most in (("area", np.inf), ("area_fraction", 1 + 1e-6)):
        dimensions = (dims.PIXEL,) if name == "area" else dims.SPACE
        if set(region[name].dims) != set(dimensions):
            raise ValueError(
                f"wanted {name!r} with dims {dimensions}, got {region[name].dims} (argument region); select "
                "with isel"
            )
        advice = "give every pixel its area, and every stratum its share of it"
        numbers = real_numbers(f"{name!r}", region[name].data, advice=advice, least=0.0, most=most)
        if not numbers.sum() > 0:
            raise ValueError(
                f"wanted {name!r} above 0 somewhere, got 0 everywhere (argument region); {advice}"
            )
        region = region.assign({name: region[name].copy(data=numbers)})
    ids = np.asarray(pixels)
    there = region.indexes[dims.PIXEL]
    if ids.ndim != 1 or not np.isin(ids, there.to_numpy()).all():
        raise ValueError(
            f"wanted ids of pixels of the region, got {ids[~np.isin(ids, there.to_numpy())][:3]} in pixels; "
            "draw them with sample_pixels"
        )
    return region, ids.astype(there.dtype)


def _expect_pixels(region):
    """Refuse a dataset without pixels that have an id each."""
    if not isinstance(region, xr.Dataset) or dims.PIXEL not in region.indexes:
        came = dict(region.sizes) if isinstance(region, xr.Dataset) else type(region).__name__
        raise ValueError(
            f"wanted the units of a region with ids along 'pixel', got {came} (argument region); open one with "
            "open_region, and take its pixels or strata with pm_dalec.graph.units_of"
        )
    if not region.indexes[dims.PIXEL].is_unique:
        raise ValueError(
            "wanted each pixel once, got one twice (argument region); drop it with drop_duplicates('pixel')"
        )


def effective_number(area):
    """Number of pixels of equal area that would average as well, 1 / sum of squared shares."""
    share = np.asarray(area) / np.sum(area)
    return float(1 / np.sum(share**2))


def _raked(start, known, wanted):
    """Factors exp(multipliers . known) on the shares that meet the wanted means, by Newton."""
    # The shares of the strata add up to one in every pixel: their total is the area itself
    scale = known.mean(axis=1)
    rows, wanted = known / scale[:, None], wanted / scale
    multipliers = np.zeros(len(rows))
    for _ in range(STEPS):
        factors = np.exp(np.clip(multipliers @ rows, -20, 20))
        gap = wanted - rows @ (factors * start)
        if np.abs(gap).max() < 1e-10:
            return factors
        curvature = (rows * (factors * start)) @ rows.T
        step = np.linalg.lstsq(curvature, gap, rcond=1e-12)[0]
        multipliers += step * min(1.0, 2.0 / np.abs(step @ rows).max())
    return None

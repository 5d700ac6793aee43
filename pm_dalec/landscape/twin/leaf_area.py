"""Leaf area index of the synthetic landscape as a satellite would report it, month by month."""

import numpy as np
import xarray as xr

from pm_dalec.landscape.twin.random_fields import (
    block_mean_correlation,
    covariance_spectrum,
    field_from_spectrum,
    named_generator,
)
from pm_dalec.landscape.twin.table import (
    CELLS_PER_DEGREE,
    CLASSES,
    LEAF_AREA_SIGMA,
    MONTHLY_NOISE,
    NOISE_LENGTH,
    PIXEL_NOISE,
    URBAN,
    YEARS,
)
from pm_dalec.tables import dims
from pm_dalec.tables.numbers import real_numbers
from pm_dalec.tables.strata import STRATA

PIXEL_CELLS = CELLS_PER_DEGREE // 20
"""Cells across a pixel of 0.05 degree."""

LOWEST, HIGHEST = 0.05, 7.0
"""Range of the product [m2 m-2]."""


def seasonal_leaf_area(month, stratum):
    """Leaf area index of a stratum in a calendar month, without noise.

    Parameters
    ----------
    month : array_like of int
        1 to 12.
    stratum : str
        Name of the stratum.

    Returns
    -------
    ndarray
        [m2 m-2].
    """
    held = CLASSES[stratum]
    season = 0.5 * (1 + np.cos(2 * np.pi * (np.asarray(month) - held.leaf_peak) / 12))
    return held.leaf_low + (held.leaf_high - held.leaf_low) * season**held.leaf_power


def leaf_area(stratum, *, land, seed, spacing):
    """Monthly leaf area index of every cell and its sigma.

    The noise has a part common to the domain and a part correlated over a few kilometres, scaled
    so that the mean of a pixel of 0.05 degree has the wanted standard deviation.

    Parameters
    ----------
    stratum : xarray.DataArray
        (lat, lon) stratum of each cell.
    land : ndarray of bool
        False at sea, where nothing is reported.
    seed : int
        Seed of the landscape.
    spacing : tuple of float
        Distance between rows and between columns [km].

    Returns
    -------
    xarray.Dataset
        lai and lai_sigma (time, lat, lon) [m2 m-2], time at the start of the month.
    """
    time = np.arange(f"{YEARS[0]}-01", f"{YEARS[-1] + 1}-01", dtype="datetime64[M]")
    months = time.astype(int) % 12 + 1
    spectrum, padded = covariance_spectrum(stratum.shape, spacing=spacing, length=NOISE_LENGTH)
    averaged = block_mean_correlation(
        (PIXEL_CELLS, PIXEL_CELLS), spacing=spacing, correlation=lambda h: np.exp(-h / NOISE_LENGTH)
    )
    rng = named_generator(seed, "leaf area")
    advice = f"give places in {', '.join(s.name for s in STRATA)}, or 255"
    codes = real_numbers("stratum", stratum.to_numpy(), least=0, most=255, advice=advice).astype(
        int
    )
    values = np.empty((time.size, *stratum.shape), dtype=np.float32)
    for step, month in enumerate(months):
        table = np.full(256, URBAN["lai"], dtype=np.float32)
        table[: len(STRATA)] = [seasonal_leaf_area(month, s.name) for s in STRATA]
        table += MONTHLY_NOISE * rng.standard_normal(dtype=np.float32)
        local = field_from_spectrum(rng, stratum.shape, amplitude=spectrum, padded=padded)
        values[step] = table[codes] + np.float32(PIXEL_NOISE / np.sqrt(averaged)) * local
    np.clip(values, LOWEST, HIGHEST, out=values)
    values[:, ~land] = np.nan
    sigma = np.where(land, np.float32(LEAF_AREA_SIGMA), np.float32(np.nan))
    steps = (dims.TIME, "lat", "lon")
    units = {"units": "m2 m-2", "long_name": "leaf area index"}
    return xr.Dataset(
        {
            "lai": (steps, values, units),
            "lai_sigma": (steps, np.broadcast_to(sigma, values.shape), units),
        },
        coords={dims.TIME: time.astype("datetime64[ns]"), **stratum.coords},
    )

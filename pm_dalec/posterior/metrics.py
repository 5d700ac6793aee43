"""Metrics of fit, of scale variance and of ensemble widths (PAPER, section 1.8, K1 to K6).

Errors are model minus observation, as in the paper's tables (its equation 5 prints the opposite).
Percentages and errors in units of sigma are taken in each unit first and averaged over area then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from pm_dalec.posterior.ensembles import aligned, areas_for, present_shares
from pm_dalec.tables import dims
from pm_dalec.tables.numbers import real_numbers

if TYPE_CHECKING:
    import numpy.typing as npt

METRICS = ("rmse", "rmse_percent", "rmse_sigma", "bias", "bias_percent", "bias_sigma")


def unit_metrics(modelled, observed, sigma):
    """Fit of every unit over time: K1 to K4.

    Parameters
    ----------
    modelled : DataArray
        Posterior medians at the times of the observations, dims (time[, stratum], pixel).
    observed, sigma : DataArray
        Observations and their one-sigma uncertainty in the same unit; NaN where nothing was seen.

    Returns
    -------
    Dataset
        ``rmse``, ``bias`` in the unit of the observations, ``*_percent`` [%] of the unit's mean
        observation, ``*_sigma`` [1] of its mean sigma; dims ([stratum,] pixel).
    """
    error = modelled - observed
    seen = np.isfinite(error)
    mean = observed.where(seen).mean(dims.TIME)
    spread = sigma.where(seen).mean(dims.TIME)
    rmse = np.sqrt((error**2).mean(dims.TIME))
    bias = error.mean(dims.TIME)
    return xr.Dataset(
        {
            "rmse": rmse,
            "rmse_percent": 100 * rmse / mean,
            "rmse_sigma": rmse / spread,
            "bias": bias,
            "bias_percent": 100 * bias / mean,
            "bias_sigma": bias / spread,
        }
    )


def recombined(modelled, observed, sigma, fraction):
    """Strata of each pixel combined by their shares, as the paper's Table 1 does (K5).

    Parameters
    ----------
    modelled, observed, sigma : DataArray
        Dims (time, stratum, pixel).
    fraction : DataArray
        (stratum, pixel) share of the pixel [1].

    Returns
    -------
    tuple of DataArray
        The three with dims (time, pixel). Where a stratum has no observation or no model, the
        shares of the others are renormalised, for model and observation alike.
    """
    seen = np.isfinite(modelled) & np.isfinite(observed)
    weight = xr.where(seen, fraction, 0.0)
    weight = weight / weight.sum(dims.STRATUM).where(lambda total: total > 0)
    return tuple(
        (weight * part.fillna(0.0)).sum(dims.STRATUM, skipna=False)
        for part in (modelled, observed, sigma)
    )


def area_mean(values, weight):
    """Area-weighted mean over the pixels that have a value.

    Parameters
    ----------
    values : DataArray or Dataset
        Dims ([stratum,] pixel).
    weight : DataArray
        Same dims, area or share; need not add up to one.

    Returns
    -------
    DataArray or Dataset
        Dims ([stratum]).
    """
    return values.weighted(weight.fillna(0.0)).mean(dims.PIXEL)


def mean_relative_error(error, observed, weight):
    """Relative error as the paper's tables print it: of each pixel first, then averaged (K3).

    Parameters
    ----------
    error, observed : array_like
        (pixel) error and mean observation, same unit.
    weight : array_like
        (pixel) share of the area [1].

    Returns
    -------
    float
        [1]; not the ratio of the means.
    """
    return float(np.average(np.asarray(error) / observed, weights=weight))


def fit_metrics(
    modelled: xr.DataArray, observed: xr.DataArray, sigma: xr.DataArray, units: xr.Dataset
) -> xr.Dataset:
    """Metrics of a domain as in the paper's Table 1: strata are combined in the pixel first.

    Parameters
    ----------
    modelled, observed, sigma : DataArray
        Dims (time[, stratum], pixel).
    units : Dataset
        With ``area`` and, for strata, ``area_fraction``.

    Returns
    -------
    Dataset
        Scalars, names of `METRICS`.
    """
    modelled, observed, sigma = _alike(modelled, observed, sigma)
    if dims.STRATUM in modelled.dims:
        present_shares(modelled, units["area_fraction"])  # refused where they are none
        share = aligned(units["area_fraction"], modelled).astype(float).compute()
        modelled, observed, sigma = recombined(modelled, observed, sigma, share)
    return area_mean(unit_metrics(modelled, observed, sigma), areas_for(units, modelled))


def _alike(modelled, observed, sigma):
    """The three as numbers, of the same units; NaN where nothing was seen."""
    found = []
    for name, values in {"modelled": modelled, "observed": observed, "sigma": sigma}.items():
        if not isinstance(values, xr.DataArray) or not {dims.TIME, dims.PIXEL} <= set(values.dims):
            came = values.dims if isinstance(values, xr.DataArray) else type(values).__name__
            raise ValueError(
                f"wanted {name} as a DataArray with dims (time[, stratum], pixel), got {came}; select it from "
                "a fit or its region"
            )
        if set(values.dims) != set(modelled.dims):
            raise ValueError(
                f"wanted {name} with the dims of modelled, {modelled.dims}, got {values.dims}; take all of one fit"
            )
        if dims.TIME in values.indexes and not values.indexes[dims.TIME].is_unique:
            raise ValueError(
                f"wanted each step once in {name}, got one twice; drop it with drop_duplicates('time')"
            )
        least = 0.0 if name == "sigma" else -np.inf
        numbers = real_numbers(
            name, values.data, advice="NaN is for what was not seen", gaps=True, least=least
        )
        values = values.copy(data=numbers).transpose(dims.TIME, ..., *dims.space_of(values))
        found.append(aligned(values, found[0]).transpose(*found[0].dims) if found else values)
    return found


def stratum_metrics(modelled, observed, sigma, units):
    """Metrics of each stratum as in the paper's Table A2: weights are area times share.

    Parameters
    ----------
    modelled, observed, sigma : DataArray
        Dims (time, stratum, pixel).
    units : Dataset
        With ``area`` and ``area_fraction``.

    Returns
    -------
    Dataset
        Dims (stratum), names of `METRICS`.
    """
    weight = units["area"] * units["area_fraction"]
    return area_mean(unit_metrics(modelled, observed, sigma), weight)


def scale_variance(values: xr.DataArray) -> float:
    """Range over resolutions relative to their mean (K6) [1].

    Parameters
    ----------
    values : array_like
        One value a resolution.
    """
    values = real_numbers("values", values, advice="give one number a resolution")
    return float(np.ptp(values) / values.mean())


def convergence_gap(stratified, baseline):
    """Stratified minus baseline of each resolution (K6).

    Parameters
    ----------
    stratified, baseline : array_like
        One value a resolution, in the same order.
    """
    return np.asarray(stratified, dtype=float) - np.asarray(baseline, dtype=float)


def determination(first, second):
    """Share of variance of one map that a line through the other explains, R squared (K6) [1].

    Parameters
    ----------
    first, second : array_like
        (pixel); pixels in which either is not finite are left out.

    Returns
    -------
    float
        NaN with fewer than three pixels, or where one does not vary.
    """
    first, second = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    both = np.isfinite(first) & np.isfinite(second)
    if both.sum() < 3 or np.ptp(first[both]) == 0 or np.ptp(second[both]) == 0:
        return float("nan")
    return float(np.corrcoef(first[both], second[both])[0, 1] ** 2)


def efficiency(modelled, observed):
    """Share of the variance of observations that a model explains as it stands, 1 at best [1].

    Nash and Sutcliffe (1970, doi:10.1016/0022-1694(70)90255-6); below 0 their mean would be closer.

    Parameters
    ----------
    modelled, observed : array_like
        (time); steps in which either is not finite are left out.

    Returns
    -------
    float
        NaN with fewer than three steps, or where the observations do not vary.
    """
    modelled, observed = np.asarray(modelled, float), np.asarray(observed, float)
    both = np.isfinite(modelled) & np.isfinite(observed)
    seen = observed[both]
    if both.sum() < 3 or np.ptp(seen) == 0:
        return float("nan")
    error = ((modelled[both] - seen) ** 2).sum()
    return float(1 - error / ((seen - seen.mean()) ** 2).sum())


def width_ratio(fraction, weight):
    """Width of a stratified ensemble over that of the baseline (TWIN, eq. 11).

    Strata of a pixel are independent and equally uncertain, pixels fully correlated.

    Parameters
    ----------
    fraction : array_like
        (stratum, pixel) share of each stratum [1].
    weight : array_like
        (pixel) share of the area [1].

    Returns
    -------
    float
        Mean over pixels of the root of the sum of squared fractions.
    """
    return float(np.average(np.sqrt(np.square(fraction).sum(axis=0)), weights=weight))


def interval_width(sample, probability=0.9):
    """Width of the equal-tailed interval of an ensemble, in its unit.

    Parameters
    ----------
    sample : array_like
        (sample).
    probability : float
    """
    tails = (0.5 * (1 - probability), 0.5 * (1 + probability))
    return float(np.ptp(np.quantile(np.asarray(sample), tails)))


def weighted_quantile(
    values: npt.ArrayLike, weight: npt.ArrayLike, quantiles: npt.ArrayLike
) -> npt.NDArray[np.float64]:
    """Quantiles of values that stand for areas.

    Parameters
    ----------
    values, weight : array_like
        Any shape, the same; values that are not finite are left out.
    quantiles : array_like
        In [0, 1].

    Returns
    -------
    ndarray
        Interpolated between the middles of the weights.

    Examples
    --------
    >>> float(weighted_quantile([1.0, 2.0, 3.0], [1.0, 1.0, 1.0], 0.5))
    2.0
    >>> round(float(weighted_quantile([1.0, 2.0, 3.0], [1.0, 1.0, 8.0], 0.5)), 2)
    2.78
    """
    values, weight = np.ravel(values).astype(float), np.ravel(weight).astype(float)
    kept = np.isfinite(values) & (weight > 0)
    if not kept.any():
        return np.full(np.shape(quantiles), np.nan)
    order = np.argsort(values[kept])
    values, weight = values[kept][order], weight[kept][order]
    middle = (np.cumsum(weight) - 0.5 * weight) / weight.sum()
    return np.interp(quantiles, middle, values)


def stratum_areas(units):
    """Area of each stratum in each pixel [m2], (stratum, pixel)."""
    return (units["area_fraction"] * units["area"]).transpose(dims.STRATUM, dims.PIXEL)

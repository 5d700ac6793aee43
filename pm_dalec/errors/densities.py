"""Log-densities of observations under an error model, for NumPy, PyTensor and JAX alike."""

from __future__ import annotations

from math import lgamma, log, pi
from typing import TYPE_CHECKING

import numpy as np

from pm_dalec.errors import shared
from pm_dalec.errors.likelihood import LOGNORMAL, STUDENT

if TYPE_CHECKING:
    from pm_dalec.errors.likelihood import Likelihood
    from pm_dalec.tables.kinds import Array, ArrayModule

HALF_LOG_TWO_PI = 0.5 * np.log(2 * np.pi)

SMALLEST_MEDIAN = 1e-9
"""What a modelled value of zero or below counts as in a log-normal without a minimum: far off, and finite."""


def gaussian_log_density(value: Array, modelled: Array, sigma: Array, xp: ArrayModule) -> Array:
    """Logarithm of the density of an observation, whose error is Gaussian."""
    distance = (value - modelled) / sigma
    return -0.5 * distance**2 - xp.log(sigma) - HALF_LOG_TWO_PI


def student_log_density(
    value: Array, modelled: Array, sigma: Array, degrees: float, xp: ArrayModule
) -> Array:
    """Logarithm of the density of an observation, whose error is a Student-t of scale sigma."""
    distance = (value - modelled) / sigma
    constant = lgamma(0.5 * (degrees + 1)) - lgamma(0.5 * degrees) - 0.5 * log(degrees * pi)
    return constant - xp.log(sigma) - 0.5 * (degrees + 1) * xp.log1p(distance**2 / degrees)


def log_density(
    likelihood: Likelihood,
    value: Array,
    modelled: Array,
    scale: Array,
    seen: Array,
    xp: ArrayModule,
) -> Array:
    """Terms of the log-density of the observations of a stream, whose sum is that of all of them.

    Parameters
    ----------
    likelihood : Likelihood
    value, modelled, scale : array
        Observations, what the model says, and the uncertainty as `scale_for` gives it, time in front.
    seen : array
        Above 0 where something was seen; elsewhere the term is zero.
    xp : module

    Returns
    -------
    array
        The log-density of each observation where errors are independent; else its share in that of all.
    """
    if likelihood.kind == STUDENT:
        found = student_log_density(value, modelled, scale, likelihood.degrees_of_freedom, xp)
    elif likelihood.kind != LOGNORMAL and not likelihood.correlation:
        found = gaussian_log_density(value, modelled, scale, xp)
    else:
        distance, width = standardised(likelihood, value, modelled, scale, xp)
        square, determinant = distance**2, 0.0
        if likelihood.correlation:
            distance = xp.where(seen > 0, distance, 0.0)
            square, determinant = shared.shares(distance, seen, likelihood.correlation, xp)
        found = -0.5 * square - width - HALF_LOG_TWO_PI - 0.5 * determinant
    return xp.where(seen > 0, found, 0.0)


def standardised(
    likelihood: Likelihood, value: Array, modelled: Array, scale: Array, xp: ArrayModule
) -> tuple[Array, Array]:
    """Distance of observation and model in standard deviations, and the logarithm of one of these.

    Parameters
    ----------
    likelihood : Likelihood
        Gaussian or log-normal.
    value, modelled, scale : array
    xp : module

    Returns
    -------
    tuple of array
    """
    if likelihood.kind != LOGNORMAL:
        return (value - modelled) / scale, xp.log(scale)
    value = xp.maximum(value, likelihood.minimum or 0.0)
    spread = xp.log(scale)
    distance = (xp.log(value) - xp.log(median(likelihood, modelled, xp))) / spread
    return distance, xp.log(spread) + xp.log(value)


def median(likelihood: Likelihood, modelled: Array, xp: ArrayModule) -> Array:
    """Median of the observations that a model predicts: what it says, above the minimum of a log-normal."""
    if likelihood.kind != LOGNORMAL:
        return modelled
    return xp.maximum(modelled, likelihood.minimum or SMALLEST_MEDIAN)


def pointwise(likelihood: Likelihood, value: Array, modelled: Array, scale: Array) -> np.ndarray:
    """Log-density of each observation given all others of its unit: what leaving one out needs.

    Parameters
    ----------
    likelihood : Likelihood
    value, modelled, scale : array
        As in `log_density`, time in front; they are broadcast together.

    Returns
    -------
    ndarray
        NaN where nothing was seen.

    Notes
    -----
    With independent errors these are the terms of `log_density`. With correlated ones each is conditional
    (Bürkner, Gabry and Vehtari 2021, doi:10.1007/s00180-020-01045-4), and they do not add up to the whole.
    """
    seen = np.isfinite(np.asarray(value, float))
    value, scale = np.where(seen, value, 1.0), np.where(seen, scale, 2.0)
    if not likelihood.correlation:
        found = log_density(likelihood, value, modelled, scale, seen, np)
    else:
        distance, width = standardised(likelihood, value, modelled, scale, np)
        distance = np.where(seen, distance, 0.0)
        error, variance = shared.left_out(distance, seen, likelihood.correlation)
        found = -0.5 * error**2 / variance - 0.5 * np.log(variance) - width - HALF_LOG_TWO_PI
    return np.where(seen, found, np.nan)

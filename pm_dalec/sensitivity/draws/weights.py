"""Importance weights of draws: Pareto-smoothed, with the diagnostics that say whether they may be used."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import xarray as xr
from arviz_stats.base import array_stats

from pm_dalec.sampling.bank.weights import pareto_smoothed
from pm_dalec.tables import dims

if TYPE_CHECKING:
    from pm_dalec.tables.kinds import Array

LARGEST_KHAT = 0.7
"""Pareto shape above which importance weights are not to be trusted (Vehtari et al. 2024) [1]."""


class Weights(NamedTuple):
    """Weights of the draws of one unit.

    Parameters
    ----------
    weight : array (chain, draw)
        They add up to 1.
    khat : float
        Pareto shape of their tail [1]; NaN where all are the same.
    ess : float
        Effective number of independent draws behind them: the chains' own, times what the weights leave.
    """

    weight: Array
    khat: float
    ess: float


def smoothed(log_ratio: Array, effective: float) -> Weights:
    """Pareto-smoothed weights from the logarithm of a ratio of densities.

    Parameters
    ----------
    log_ratio : array (chain, draw)
        Without the constant; -inf for draws that have no place in the target.
    effective : float
        Effective share of the draws [1], of which the length of the tail is made.

    Returns
    -------
    Weights
        Draws at -inf weigh nothing and are left out of the tail: dropping them is exact.
    """
    weight = np.zeros(log_ratio.shape)
    kept = np.isfinite(log_ratio)
    held = log_ratio[kept]
    if not held.size:
        return Weights(weight, float("nan"), 0.0)
    if np.ptp(held) < 1e-9:
        weight[kept] = 1.0 / held.size
        return Weights(weight, float("nan"), held.size * effective)
    weight, khat = pareto_smoothed(log_ratio, effective)
    return Weights(weight, khat, effective / float((weight**2).sum()))


def effective_share(values: Array) -> float:
    """Effective over actual number of draws of a quantity, at most 1 [1].

    Parameters
    ----------
    values : array (chain, draw)
    """
    if values.shape[1] < 4 or not np.isfinite(values).all() or np.ptp(values) == 0:
        return 1.0
    ess = float(array_stats.ess(np.ascontiguousarray(values), chain_axis=0, draw_axis=1))
    return min(1.0, ess / values.size)


def weighted_mean(values: xr.DataArray, weight: Array) -> tuple[float, float, float]:
    """Mean and standard deviation of a quantity under weights, and the error of the mean.

    Parameters
    ----------
    values : DataArray (chain, draw)
    weight : array (chain, draw)
        They add up to 1.

    Returns
    -------
    tuple of float
        Mean, standard deviation, Monte Carlo error of the mean, in the units of the quantity. The error is
        that of a ratio of two averages, each chain's draws as dependent as they are.
    """
    drawn = values.transpose(*dims.SAMPLE).values
    mean = float((weight * drawn).sum())
    deviation = drawn - mean
    spread = float(np.sqrt((weight * deviation**2).sum()))
    influence = weight * weight.size * deviation
    error = np.sqrt(influence.var() / (influence.size * effective_share(influence)))
    return mean, spread, float(error)

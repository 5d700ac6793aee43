"""Theory of what averaging over a mosaic does to harvest, and to widths of ensembles.

Equations (1)-(13) of TWIN, section 5.5. Losses are rates per year, stocks in g m-2, harvests in
g m-2 d-1. A bar is an area mean over a pixel, f the share of a stratum, beta the stock outside
conifer relative to that inside.
"""

from typing import NamedTuple

import numpy as np

from pm_dalec.tables.constants import DAYS_PER_YEAR

PAPER_DAYS = 2191.5
"""Length of the paper's six years [d]."""


class Decomposition(NamedTuple):
    """Terms of eq. (4) [g m-2 d-1]; they add up to the true harvest.

    Attributes
    ----------
    baseline : float
        What a pixel of mean loss and mean stock gives.
    between_strata : float
        What stratification recovers.
    within_strata : float
        What even stratification misses.
    """

    baseline: float
    between_strata: float
    within_strata: float


def true_harvest(weight, loss, stock):
    """Harvest of the cells themselves, eq. (1).

    Parameters
    ----------
    weight, loss, stock : array_like
        Share of the area [1], loss [yr-1] and harvestable stock [g m-2] of the cells.

    Returns
    -------
    float
        [g m-2 d-1].
    """
    return float(np.sum(np.asarray(weight) * loss * stock)) / DAYS_PER_YEAR


def baseline_harvest(means):
    """Harvest from mean loss and mean stock of each pixel, eq. (2).

    Parameters
    ----------
    means : PixelMeans
        Means over the pixels of a grid.

    Returns
    -------
    float
        [g m-2 d-1].
    """
    return true_harvest(means.weight, means.loss, means.stock)


def stratified_harvest(means):
    """Harvest from mean loss and mean stock of each stratum of each pixel, eq. (3).

    Parameters
    ----------
    means : PixelMeans
        Means over the pixels of a grid.

    Returns
    -------
    float
        [g m-2 d-1].
    """
    weight = means.weight * means.fraction
    return true_harvest(weight, means.stratum_loss, means.stratum_stock)


def decomposition(means):
    """Split the true harvest into what each approach sees, eq. (4).

    Parameters
    ----------
    means : PixelMeans
        Means over the pixels of a grid.

    Returns
    -------
    Decomposition
    """
    weight = means.weight * means.fraction
    between = (means.stratum_loss - means.loss) * (means.stratum_stock - means.stock)
    within = means.stratum_removal - means.stratum_loss * means.stratum_stock
    return Decomposition(
        baseline=baseline_harvest(means),
        between_strata=float((weight * between).sum()) / DAYS_PER_YEAR,
        within_strata=float((weight * within).sum()) / DAYS_PER_YEAR,
    )


def harvest_ratio(conifer_fraction, *, fragmentation, stock_ratio):
    """Harvest of the baseline over that of the stratified approach, eq. (5).

    Parameters
    ----------
    conifer_fraction : float
        Share of conifer in the domain [1].
    fragmentation : float
        F(r), from `variance_ratio` [1].
    stock_ratio : float
        beta [1].

    Returns
    -------
    float
    """
    seen = conifer_fraction + (1 - conifer_fraction) * fragmentation
    return stock_ratio + (1 - stock_ratio) * seen


def pixel_harvest_ratio(conifer_fraction, *, stock_ratio):
    """Stratified over baseline harvest of one pixel, eq. (6).

    Parameters
    ----------
    conifer_fraction : array_like
        Share of conifer in the pixel [1].
    stock_ratio : array_like
        beta of the pixel [1].

    Returns
    -------
    ndarray
    """
    return 1 / (stock_ratio + (1 - stock_ratio) * np.asarray(conifer_fraction))


def leaked_harvest(conifer_fraction, loss, *, conifer_stock, other_stock, leak):
    """Stratified harvest when maps put a share of the loss outside conifer, eq. (8).

    Parameters
    ----------
    conifer_fraction, loss : float
        Share of conifer [1] and its loss [yr-1].
    conifer_stock, other_stock : float
        Mean harvestable stock inside and outside conifer [g m-2].
    leak : float
        Share of the loss outside conifer [1].

    Returns
    -------
    float
        [g m-2 d-1].
    """
    stock = (1 - leak) * conifer_stock + leak * other_stock
    return conifer_fraction * loss * stock / DAYS_PER_YEAR


def mean_depletion(loss, turnover, *, years):
    """Mean of a wood pool under felling over its undisturbed steady state, eq. (9).

    Parameters
    ----------
    loss, turnover : float
        Rates of felling and of natural turnover [yr-1].
    years : float
        Length of the period [yr].

    Returns
    -------
    float
    """
    rate = loss + turnover
    final = turnover / rate
    return final + (1 - final) * -np.expm1(-rate * years) / (rate * years)


def monthly_compounding(loss):
    """Share of a year's loss that twelve monthly removals of a twelfth take, note to eq. (9).

    Parameters
    ----------
    loss : float
        [yr-1].

    Returns
    -------
    float
    """
    return (1 - (1 - loss / 12) ** 12) / loss


def shrunk_ratio(ratio, *, stratified_bias=-0.206, baseline_bias=-0.149):
    """Harvest ratio with stocks drawn to their priors by calibration, eq. (12).

    Parameters
    ----------
    ratio : float
        Stratified over baseline harvest with observed stocks.
    stratified_bias, baseline_bias : float
        Relative bias of calibrated wood: conifer, and baseline [1] (the paper's Table 1, A2).

    Returns
    -------
    float
    """
    return ratio * (1 + stratified_bias) / (1 + baseline_bias)


def stock_difference(stratified, baseline, *, days=PAPER_DAYS):
    """Biomass that the stratified approach takes away more than the baseline, eq. (13).

    Parameters
    ----------
    stratified, baseline : float
        Harvest [g m-2 d-1].
    days : float
        Length of the period [d].

    Returns
    -------
    float
        [g m-2], to first order in loss times time.
    """
    return (stratified - baseline) * days


class PixelMeans(NamedTuple):
    """Means of loss and stock over the pixels of a grid, unmasked land only.

    Attributes
    ----------
    weight : ndarray
        (pixel) a_i, share of the unmasked area [1].
    fraction : ndarray
        (stratum, pixel) f_ik [1].
    loss, stock : ndarray
        (pixel) [yr-1], [g m-2].
    stratum_loss, stratum_stock, stratum_removal : ndarray
        (stratum, pixel) means of loss, stock and their product; 0 where the stratum is absent.
    """

    weight: np.ndarray
    fraction: np.ndarray
    loss: np.ndarray
    stock: np.ndarray
    stratum_loss: np.ndarray
    stratum_stock: np.ndarray
    stratum_removal: np.ndarray


def light_use_bias(leaf_area, fraction, *, extinction=0.5):
    """Relative error of intercepted light from the mean leaf area of a mosaic, eq. (10).

    Parameters
    ----------
    leaf_area, fraction : array_like
        Leaf area index [m2 m-2] and share [1] of the strata.
    extinction : float
        Extinction coefficient of the canopy [1].

    Returns
    -------
    float
        Truth over estimate, minus one; negative where the mean intercepts too much.
    """
    each = -np.expm1(-extinction * np.asarray(leaf_area))
    mean = -np.expm1(-extinction * np.average(leaf_area, weights=fraction))
    return float(np.average(each, weights=fraction) / mean - 1)

"""Theory of what averaging over a mosaic does to harvest, and to widths of ensembles.

Equations (1)-(13) of TWIN, section 5.5. Losses are rates per year, stocks in g m-2, harvests in
g m-2 d-1. A bar is an area mean over a pixel, f the share of a stratum, beta the stock outside
conifer relative to that inside.
"""

from typing import NamedTuple

import numpy as np
import xarray as xr

from pm_dalec.landscape.grid import TICKS
from pm_dalec.landscape.twin.table import PAPER_HARVEST
from pm_dalec.landscape.twin.twin import make_twin, truth
from pm_dalec.mosaic import (
    PixelMeans,
    fragmentation_from_geometry,
    indicator_covariance,
    light_use_bias,
    pixel_means,
    twin_fragmentation,
    variance_ratio,
)
from pm_dalec.posterior.aggregation import comonotone_sum
from pm_dalec.posterior.metrics import mean_relative_error, width_ratio

__all__ = [
    "PAPER_HARVEST",
    "Decomposition",
    "PixelMeans",
    "baseline_harvest",
    "comonotone_sum",
    "decomposition",
    "fragmentation_from_geometry",
    "harvest_ratio",
    "harvest_table",
    "indicator_covariance",
    "leaked_harvest",
    "light_use_bias",
    "mean_depletion",
    "mean_relative_error",
    "monthly_compounding",
    "pixel_harvest_ratio",
    "pixel_means",
    "shrunk_ratio",
    "stock_difference",
    "stratified_harvest",
    "true_harvest",
    "twin_fragmentation",
    "variance_ratio",
    "width_ratio",
]

DAYS_PER_YEAR = 365.25
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


def harvest_table(seeds, *, mask=False, cv=0.0, gamma=0.0, leak=0.0):
    """Harvest of the twin by seed and resolution, beside formula, truth and paper.

    Parameters
    ----------
    seeds : sequence of int
        Seeds of the landscapes.
    mask, cv, gamma, leak : bool, float, float, float
        Switches of `pm_dalec.landscape.twin.twin.make_twin`; stocks are the paper's model medians.

    Returns
    -------
    xarray.Dataset
        baseline, stratified, formula (eq. 5 times stratified) (seed, resolution), truth (seed),
        paper_baseline, paper_stratified (resolution) [g m-2 d-1]; fragmentation
        (seed, resolution) and geometry (resolution) [1].
    """
    resolutions = list(TICKS)
    rows = {"baseline": [], "stratified": [], "formula": [], "fragmentation": []}
    true = []
    for seed in seeds:
        twin = make_twin(seed, mask=mask, cv=cv, gamma=gamma, leak=leak, biomass="model")
        cells = truth(twin)
        true.append(float(cells["harvest"]))
        for row in rows.values():
            row.append([])
        for resolution in resolutions:
            for name, value in _harvests(pixel_means(cells, resolution)).items():
                rows[name][-1].append(value)
    table = xr.Dataset(
        {name: (("seed", "resolution"), values) for name, values in rows.items()},
        coords={"seed": list(seeds), "resolution": resolutions},
    )
    table["truth"] = ("seed", true)
    for approach, printed in PAPER_HARVEST.items():
        table[f"paper_{approach}"] = ("resolution", [printed[r] for r in resolutions])
    table["geometry"] = ("resolution", [twin_fragmentation(r) for r in resolutions])
    return table


def _harvests(means):
    conifer, others = means.fraction[0], means.weight * means.fraction[1:]
    share = np.average(conifer, weights=means.weight)
    conifer_stock = np.average(means.stratum_stock[0], weights=means.weight * conifer)
    other_stock = np.average(means.stratum_stock[1:], weights=others)
    fragmentation = variance_ratio(conifer, means.weight)
    ratio = harvest_ratio(
        share, fragmentation=fragmentation, stock_ratio=other_stock / conifer_stock
    )
    stratified = stratified_harvest(means)
    return {
        "baseline": baseline_harvest(means),
        "stratified": stratified,
        "formula": ratio * stratified,
        "fragmentation": fragmentation,
    }

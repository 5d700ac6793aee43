"""Means and fragmentation of a mosaic of strata on a grid of pixels."""

from typing import NamedTuple

import numpy as np
from scipy.stats import norm

from pm_dalec.landscape.grid import edges_of, target_grid
from pm_dalec.landscape.overlap import aggregate, overlap_with, stratum_areas
from pm_dalec.landscape.twin.land_cover import stratum_correlation
from pm_dalec.landscape.twin.random_fields import block_mean_correlation
from pm_dalec.landscape.twin.table import CELLS_PER_DEGREE, CLASSES, DOMAIN
from pm_dalec.landscape.twin.twin import grid_spacing
from pm_dalec.tables.strata import STRATA


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


def pixel_means(cells, resolution):
    """Means of loss and stock over pixels and strata, from the cells of the twin.

    Parameters
    ----------
    cells : xarray.Dataset
        From `pm_dalec.landscape.twin.twin.truth`.
    resolution : float
        Width of a pixel [degree].

    Returns
    -------
    PixelMeans
        Pixels without unmasked land are left out.
    """
    grid = target_grid(resolution, **DOMAIN)
    weights = overlap_with(
        grid, latitude_edges=edges_of(cells["lat"]), longitude_edges=edges_of(cells["lon"])
    )
    strata = cells["stratum"].to_numpy()
    area = stratum_areas(strata, weights, stratum_count=len(STRATA)).reshape(len(STRATA), -1)
    kept = area.sum(axis=0) > 0
    fraction = area[:, kept] / area[:, kept].sum(axis=0)

    def means(values):
        mean = aggregate(values, strata, weights, stratum_count=len(STRATA)).mean
        return np.nan_to_num(mean.reshape(len(STRATA), -1)[:, kept])

    loss, stock = cells["loss_rate"].to_numpy(), cells["harvestable"].to_numpy()
    stratum_loss, stratum_stock = means(loss), means(stock)
    return PixelMeans(
        weight=area[:, kept].sum(axis=0) / area.sum(),
        fraction=fraction,
        loss=(fraction * stratum_loss).sum(axis=0),
        stock=(fraction * stratum_stock).sum(axis=0),
        stratum_loss=stratum_loss,
        stratum_stock=stratum_stock,
        stratum_removal=means(loss * stock),
    )


def variance_ratio(fraction, weight):
    """Fragmentation F(r): variance of a stratum's share between pixels over f (1 - f).

    Parameters
    ----------
    fraction, weight : array_like
        (pixel) share of the stratum, and share of the area [1].

    Returns
    -------
    float
        0 where all pixels are alike, 1 where each is pure.
    """
    mean = np.average(fraction, weights=weight)
    return float(np.average((fraction - mean) ** 2, weights=weight) / (mean * (1 - mean)))


def indicator_covariance(correlation, fraction):
    """Covariance of two indicators of a Gaussian field above a threshold.

    Parameters
    ----------
    correlation : array_like
        Correlation of the field between the two places [1].
    fraction : float
        Share of places above the threshold [1].

    Returns
    -------
    ndarray
        ``1 / (2 pi) * integral of exp(-t^2 / (1 + sin(theta)))`` from 0 to arcsin(correlation);
        ``fraction * (1 - fraction)`` where the correlation is 1.
    """
    threshold = norm.isf(fraction)
    nodes, node_weights = np.polynomial.legendre.leggauss(24)
    # The integrand is smooth in theta, and tabulating it serves the millions of lags of a domain
    upper = np.linspace(0, np.pi / 2, 2001)
    theta = 0.5 * upper[:, None] * (nodes + 1)
    integrand = np.exp(-(threshold**2) / (1 + np.sin(theta)))
    table = 0.5 * upper * (integrand @ node_weights) / (2 * np.pi)
    return np.interp(np.arcsin(np.clip(correlation, 0, 1)), upper, table)


def fragmentation_from_geometry(block, domain, *, spacing, correlation, fraction):
    """F(r) to be expected of a thresholded Gaussian field from geometry alone, eq. (7).

    Parameters
    ----------
    block, domain : tuple of int
        Rows and columns of cells in a pixel, and in the domain.
    spacing : tuple of float
        Distance between rows and between columns [km].
    correlation : callable
        Correlation of the field as a function of distance [km].
    fraction : float
        Share of the stratum [1].

    Returns
    -------
    float
    """

    def covariance(distance):
        return indicator_covariance(correlation(distance), fraction)

    within = block_mean_correlation(block, spacing=spacing, correlation=covariance)
    overall = block_mean_correlation(domain, spacing=spacing, correlation=covariance)
    return (within - overall) / (fraction * (1 - fraction) - overall)


def twin_fragmentation(resolution):
    """F(r) to be expected of conifer in the twin without mask, eq. (7).

    Parameters
    ----------
    resolution : float
        Width of a pixel [degree].

    Returns
    -------
    float
    """
    cells = round(resolution * CELLS_PER_DEGREE)
    rows = round((DOMAIN["north"] - DOMAIN["south"]) * CELLS_PER_DEGREE)
    columns = round((DOMAIN["east"] - DOMAIN["west"]) * CELLS_PER_DEGREE)
    return fragmentation_from_geometry(
        (cells, cells),
        (rows, columns),
        spacing=grid_spacing(),
        correlation=stratum_correlation,
        fraction=CLASSES["conifer"].fraction,
    )


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

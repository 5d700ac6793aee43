"""Fragmentation of a landscape: what share of the variance of classes a pixel keeps."""

import numpy as np
from scipy.stats import norm

from pm_dalec.landscape.twin.random_fields import block_mean_correlation


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

"""Gaussian random fields with exponential covariance on a regular grid, by spectral synthesis."""

from functools import lru_cache
from zlib import crc32

import numpy as np
from scipy import fft


def named_generator(seed, name):
    """Random generator of one named field: it does not depend on which others are drawn.

    Parameters
    ----------
    seed : int
        Seed of the landscape.
    name : str
        Name of the field.

    Returns
    -------
    numpy.random.Generator
    """
    return np.random.default_rng(np.random.SeedSequence([seed, crc32(name.encode())]))


@lru_cache(maxsize=16)
def covariance_spectrum(shape, *, spacing, length):
    """Spectrum of an exponential covariance of unit variance on a padded, periodic grid.

    Parameters
    ----------
    shape : tuple of int
        Rows and columns of the field.
    spacing : tuple of float
        Distance between rows and between columns [km].
    length : float
        Correlation length L in exp(-h/L) [km].

    Returns
    -------
    amplitude : ndarray
        Square root of the spectrum, in the layout of ``rfft2``.
    padded : tuple of int
        Shape of the periodic grid.
    """
    padded = tuple(_padded(n, d, length) for n, d in zip(shape, spacing, strict=True))
    lags = [np.minimum(np.arange(n), n - np.arange(n)) * d for n, d in zip(padded, spacing)]
    covariance = np.exp(-np.hypot(lags[0][:, None], lags[1]) / length)
    # The periodic covariance is not quite positive definite; what is clipped is made up in scale
    power = np.maximum(fft.rfft2(covariance, workers=2).real, 0.0)
    kept = fft.irfft2(power, s=padded, workers=2)[0, 0]
    return np.sqrt(power / kept).astype(np.float32), padded


def _padded(count, spacing, length):
    extent = count * spacing
    return fft.next_fast_len(count + int(np.ceil(min(6 * length, extent) / spacing)), real=True)


def gaussian_field(rng, shape, *, spacing, length):
    """Field of mean 0 and variance 1 with exponential covariance.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of random numbers.
    shape : tuple of int
        Rows and columns.
    spacing : tuple of float
        Distance between rows and between columns [km].
    length : float
        Correlation length [km].

    Returns
    -------
    ndarray of float32
    """
    amplitude, padded = covariance_spectrum(shape, spacing=spacing, length=length)
    return field_from_spectrum(rng, shape, amplitude=amplitude, padded=padded)


def field_from_spectrum(rng, shape, *, amplitude, padded):
    """Field with a given spectrum, for drawing many fields of one kind.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of random numbers.
    shape : tuple of int
        Rows and columns of the field.
    amplitude, padded : ndarray, tuple of int
        From `covariance_spectrum`.

    Returns
    -------
    ndarray of float32
    """
    noise = fft.rfft2(rng.standard_normal(padded, dtype=np.float32), workers=2)
    field = fft.irfft2(noise * amplitude, s=padded, workers=2, overwrite_x=True)
    return field[: shape[0], : shape[1]]


def nested_field(rng, shape, *, spacing, lengths, variances):
    """Sum of fields of several correlation lengths, with the given shares of variance.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of random numbers.
    shape : tuple of int
        Rows and columns.
    spacing : tuple of float
        Distance between rows and between columns [km].
    lengths : sequence of float
        Correlation lengths [km].
    variances : sequence of float
        Shares of the variance [1].

    Returns
    -------
    ndarray of float32
    """
    field = np.zeros(shape, dtype=np.float32)
    for length, variance in zip(lengths, variances, strict=True):
        field += np.sqrt(np.float32(variance)) * gaussian_field(
            rng, shape, spacing=spacing, length=length
        )
    return field


def top_share(score, candidates, area, *, wanted):
    """Candidate cells with the highest score whose areas add up to a wanted area.

    Parameters
    ----------
    score : ndarray
        Ranking, highest first.
    candidates : ndarray of bool
        Cells that may be taken.
    area : ndarray
        Areas of the cells, any unit.
    wanted : float
        Area to be taken, same unit.

    Returns
    -------
    ndarray of bool
    """
    cells = np.flatnonzero(candidates)
    order = cells[np.argsort(-score.flat[cells], kind="stable")]
    reached = np.cumsum(area.flat[order])
    # The last cell is taken if that comes nearer to the wanted area than leaving it
    count = int(np.searchsorted(reached - 0.5 * area.flat[order], wanted))
    taken = np.zeros(candidates.shape, dtype=bool)
    taken.flat[order[:count]] = True
    return taken


def block_mean_correlation(shape, *, spacing, correlation):
    """Mean of a correlation over all pairs of cells of a block: variance of the block's mean.

    Parameters
    ----------
    shape : tuple of int
        Rows and columns of cells in the block.
    spacing : tuple of float
        Distance between rows and between columns [km].
    correlation : callable
        Correlation or covariance as a function of distance [km].

    Returns
    -------
    float
    """
    rows, columns = (np.arange(count) for count in shape)
    # Each lag occurs (n - lag) times in either direction, lag zero once
    weights = [np.where(n == 0, 1.0, 2.0) * (n.size - n) / n.size**2 for n in (rows, columns)]
    distance = np.hypot(rows[:, None] * spacing[0], columns * spacing[1])
    return float(weights[0] @ correlation(distance) @ weights[1])

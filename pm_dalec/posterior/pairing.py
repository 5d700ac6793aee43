"""How draws of independent calibrations are paired: seeded permutations and a Gaussian copula.

Chains that drift would make draws of the same number accidentally correlated; pairing at random
from a recorded seed does not.
"""

import numpy as np

from pm_dalec.tables.constants import EARTH_RADIUS

STRATA_STREAM, PIXEL_STREAM, COPULA_STREAM = range(3)


def generator(seed, *key):
    """Random stream of one unit: it depends on the seed and on the key alone."""
    return np.random.default_rng(np.random.SeedSequence([seed, *key]))


def paired_strata(draws, pixels, seed):
    """Draws of every stratum of every pixel in an order of their own.

    Parameters
    ----------
    draws : ndarray
        (sample, ..., stratum, pixel).
    pixels : array of int
        Ids of the pixels.
    seed : int

    Returns
    -------
    ndarray
        Whole trajectories are moved: what lies between sample and stratum stays together.
    """
    out = np.empty_like(draws)
    for place, pixel in enumerate(pixels):
        for stratum in range(draws.shape[-2]):
            order = generator(seed, STRATA_STREAM, pixel, stratum).permutation(len(draws))
            out[..., stratum, place] = draws[order, ..., stratum, place]
    return out


def paired_pixels(draws, pixels, seed):
    """Draws (sample, ..., pixel) of every pixel in an order of their own."""
    out = np.empty_like(draws)
    for place, pixel in enumerate(pixels):
        order = generator(seed, PIXEL_STREAM, pixel).permutation(len(draws))
        out[..., place] = draws[order, ..., place]
    return out


def copula_ranks(latitude, longitude, samples, *, length, seed):
    """Ranks of draws whose normal scores are correlated over a distance.

    Parameters
    ----------
    latitude, longitude : array (pixel) [degree]
    samples : int
        Number of draws.
    length : float
        Distance over which the correlation falls to 1/e [km].
    seed : int

    Returns
    -------
    ndarray of int
        (sample, pixel), a permutation of 0 to samples - 1 for each pixel.
    """
    correlation = np.exp(-distances(latitude, longitude) / length)
    root = np.linalg.cholesky(correlation + 1e-9 * np.eye(len(correlation)))
    scores = generator(seed, COPULA_STREAM).standard_normal((samples, len(correlation))) @ root.T
    return scores.argsort(axis=0).argsort(axis=0)


def distances(latitude, longitude):
    """Great-circle distances between places [km], (place, place)."""
    latitude, longitude = np.deg2rad(latitude), np.deg2rad(longitude)
    across = np.sin(0.5 * (latitude[:, None] - latitude)) ** 2
    along = np.sin(0.5 * (longitude[:, None] - longitude)) ** 2
    chord = across + np.cos(latitude)[:, None] * np.cos(latitude) * along
    return 2 * EARTH_RADIUS / 1000 * np.arcsin(np.sqrt(np.clip(chord, 0, 1)))

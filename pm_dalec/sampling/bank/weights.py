"""Importance weights of a unit at the draws of a bank, and what they are worth.

The draws of several pilots are one sample of the mixture of the pilots' densities. The constants that
make these densities comparable are those of MBAR (Shirts and Chodera 2008, doi:10.1063/1.2978177), which
is the maximum-likelihood estimate; the weight of a draw is the unit's density over that of the mixture.
"""

from typing import NamedTuple

import numpy as np
from arviz_stats.base import array_stats
from scipy.special import logsumexp

ROUNDS = 30  # of plain iteration, before Newton's method
STEPS = 100  # of Newton's method at most
CLOSE = 1e-10  # largest difference of a share from what it must be


class Pooled(NamedTuple):
    """Draws of several pilots as one sample of the mixture of their densities.

    Parameters
    ----------
    constants : array (pilot,)
        Logarithms of what each density is divided by; that of the first pilot is zero.
    log_mixture : array (draw,)
        Logarithm of the density of the mixture.
    shares : array (draw, pilot)
        Part that each pilot has in the density of the mixture.
    """

    constants: np.ndarray
    log_mixture: np.ndarray
    shares: np.ndarray


class Weights(NamedTuple):
    """Weights of a unit at draws of a bank.

    Parameters
    ----------
    weights : array (draw,)
        Smoothed (Vehtari et al. 2024); their sum is one.
    khat : float
        Shape of the tail of the weights: below .5 their variance is finite.
    sizes : array (parameter,)
        Effective number of draws behind the mean of each parameter.
    apart : float
        Largest difference, in standard errors, between the weight that the draws of a pilot have and
        the weight that its density says they should have.
    """

    weights: np.ndarray
    khat: float
    sizes: np.ndarray
    apart: float


def pooled(log_densities, origins):
    """Constants of the pilots, and the mixture of their densities.

    Parameters
    ----------
    log_densities : array (draw, pilot)
        Of every pilot at every draw, each up to a constant of its own.
    origins : array (draw,) of int
        Pilot that a draw is of.

    Returns
    -------
    Pooled

    Notes
    -----
    The constants are where the mean part of each pilot in the mixture is its share of the draws. They
    minimise a convex function, by Newton's method with halved steps.
    """
    pilots = log_densities.shape[1]
    parts = np.bincount(origins, minlength=pilots) / len(origins)
    constants = _first_constants(log_densities, origins, parts)
    for _ in range(STEPS):
        log_mixture, shares = _mixture(log_densities, constants, parts)
        slope = parts - shares.mean(axis=0)
        if np.abs(slope).max() < CLOSE:
            break
        curvature = np.diag(shares.mean(axis=0)) - shares.T @ shares / len(shares)
        step = np.linalg.lstsq(curvature[1:, 1:], slope[1:], rcond=1e-12)[0]
        level = _level(log_mixture, constants, parts)
        for _ in range(60):
            moved = constants - np.concatenate([[0.0], step])
            if _level(_mixture(log_densities, moved, parts)[0], moved, parts) <= level:
                break
            step = step / 2
        if np.array_equal(moved, constants):
            break
        constants = moved
    return Pooled(constants, *_mixture(log_densities, constants, parts))


def _first_constants(log_densities, origins, parts):
    """Constants of as good as equal densities, moved towards what they must be a number of times."""
    constants = np.array(
        [np.median(log_densities[origins == pilot, pilot]) for pilot in range(parts.size)]
    )
    for _ in range(ROUNDS):
        log_mixture = _mixture(log_densities, constants, parts)[0]
        constants = logsumexp(log_densities - log_mixture[:, np.newaxis], axis=0)
        constants = constants - constants[0]
    return constants


def _mixture(log_densities, constants, parts):
    each = log_densities - constants + np.log(parts)
    total = logsumexp(each, axis=1)
    return total, np.exp(each - total[:, np.newaxis])


def _level(log_mixture, constants, parts):
    """What the constants minimise."""
    return log_mixture.mean() + parts @ constants


def weighed(logp, positions, log_mixture, shares, origins, worth):
    """Weights of a unit from its log-probabilities at draws of a bank.

    Parameters
    ----------
    logp, log_mixture : array (draw,)
        Of the unit, up to a constant; minus infinity where a constraint fails.
    positions : array (draw, parameter)
    shares : array (draw, pilot)
        As in `Pooled`.
    origins : array (draw,) of int
    worth : array (pilot, parameter)
        Effective draws for one draw of a pilot: draws of a chain are not independent.

    Returns
    -------
    Weights
    """
    log_weights = np.where(np.isfinite(logp), logp - log_mixture, -np.inf)
    alive = np.flatnonzero(np.isfinite(log_weights))
    if alive.size < FEWEST:
        return Weights(np.zeros(len(logp)), np.inf, np.zeros(positions.shape[1]), np.inf)
    weights, khat = pareto_smoothed(log_weights)
    each = worth[origins]
    return Weights(
        weights,
        khat,
        _sizes(weights, positions, each),
        _apart(weights, shares, origins, each),
    )


def pareto_smoothed(log_weights, effective=1.0):
    """Weights with a smoothed tail (Vehtari et al. 2024), which add up to one, and its shape.

    Parameters
    ----------
    log_weights : array
        Up to a constant; those at minus infinity weigh nothing and are left out of the tail, for to drop
        them is exact.
    effective : float
        Effective share of the draws [1], of which the length of the tail is made: below one where draws
        of a chain depend on each other.

    Returns
    -------
    weights : array
    khat : float
    """
    weights, alive = np.zeros(log_weights.shape), np.isfinite(log_weights)
    smooth, khat = array_stats.psislw(-log_weights[alive], r_eff=effective)
    weights[alive] = np.exp(smooth - logsumexp(smooth))
    return weights, float(khat)


FEWEST = 50  # draws that are possible at all, below which no tail can be judged


def _sizes(weights, positions, worth):
    """Effective draws behind the means of the parameters, from the variance of a ratio of sums."""
    distances = (positions - weights @ positions) ** 2
    spread = weights @ distances
    return spread / np.maximum(weights**2 @ (distances / worth), 1e-300)


def _apart(weights, shares, origins, worth):
    """Largest standardised difference between weights by origin and by density.

    Given where a draw is, its pilot is a matter of chance with the probabilities of ``shares``: what the
    draws of a pilot weigh and what its density says they weigh differ by that chance alone. A pilot that
    has missed a part of its density, or whose constant is wrong, shows here and not in k-hat.
    """
    came = np.eye(shares.shape[1])[origins]
    difference = weights @ (came - shares)
    chance = np.sqrt((weights**2 / worth.min(axis=1)) @ (shares * (1.0 - shares)))
    return float(np.abs(difference / np.maximum(chance, 1e-12)).max())


def dealt(origins, count, chains, random):
    """Draws of a bank dealt to chains, no draw to two of them; each pilot with its share in every chain.

    Parameters
    ----------
    origins : array (draw,) of int
    count : int
        Draws that are wanted; all where there are fewer.
    chains : int
    random : Generator

    Returns
    -------
    array (chain, place) of int
        The same number for every chain, in random order.
    """
    random_order, part = random.permutation(len(origins)), min(1.0, count / len(origins))
    hands = []
    for pilot in range(origins.max() + 1):
        mine = random_order[origins[random_order] == pilot]
        each = int(part * len(mine)) // chains
        hands.append(mine[: each * chains].reshape(chains, each))
    return random.permuted(np.concatenate(hands, axis=1), axis=1)


def worth_of_part(worth, part):
    """Effective draws for one draw where only a part of all draws is taken, at random.

    Parameters
    ----------
    worth : array
        Of a draw where all are taken.
    part : float
        In (0, 1]: of neighbours in a chain, fewer are taken together.
    """
    return 1.0 / (1.0 + (1.0 / worth - 1.0) * part)


def resampled(weights, count, random):
    """Places of draws, each as often as its weight says, by systematic resampling.

    Parameters
    ----------
    weights : array (draw,)
        Need not sum to one.
    count : int
    random : Generator

    Returns
    -------
    array (count,) of int
        In the order of the draws.
    """
    steps = np.cumsum(weights)
    wanted = (np.arange(count) + random.random()) / count * steps[-1]
    return np.minimum(np.searchsorted(steps, wanted, side="right"), len(weights) - 1)


def drift(starts, ends):
    """Largest mean step, in standard errors, that states take when they are moved a little.

    Moves leave the density alone: states that are draws of it go as often one way as the other, and
    spread no further. Where a bank has missed a part of a unit, its draws drift there.

    Parameters
    ----------
    starts, ends : array (state, parameter)
        The same states before and after.

    Returns
    -------
    float
        Of all parameters and their squared distances from the mean.
    """
    centre = starts.mean(axis=0)
    steps = np.hstack([ends - starts, (ends - centre) ** 2 - (starts - centre) ** 2])
    errors = np.maximum(steps.std(axis=0), 1e-300) / np.sqrt(len(steps))
    return float(np.abs(steps.mean(axis=0) / errors).max())

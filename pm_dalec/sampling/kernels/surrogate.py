"""A smooth likeness of a unit's posterior, fitted to its past states, from which proposals are made.

Each parameter is carried to a normal score by its own piecewise linear map, and the scores follow a
mixture of Gaussians: a copula that bends. Given a component and all other parameters, a block of scores
has a Gaussian distribution that is known in closed form, so that proposals may go right across it.

The likeness decides how well a sampler moves and never what it converges to.
"""

from typing import NamedTuple

import numpy as np
from scipy.special import logsumexp, ndtr

EDGE = 5.0  # largest normal score
KNOTS = 41
SPACING = 2 * EDGE / (KNOTS - 1)
UNIFORM_SHARE = 0.02  # of each margin, so that no part of the unit interval is out of reach
ITERATIONS = 12  # of expectation and maximisation
PRIOR_STATES = 50.0  # weight of the covariance of all states in that of a component
RIDGE = 1e-6
STATES_A_COMPONENT = 500  # at least
PLACES = 4  # most components; the loops over them have this fixed length, so that they are vectors
COMPONENTS = PLACES


class Surrogate(NamedTuple):
    """Mixture of Gaussians in normal scores.

    Parameters
    ----------
    knots : array (parameter, knot)
        Positions in the unit interval at equally spaced normal scores from -5 to 5.
    means : array (component, parameter)
    precisions : array (component, parameter, parameter)
        Inverse covariances.
    stacked : array (parameter, parameter, place)
        The precisions with the components last, zero in the places that no component fills.
    log_weights : array (place,)
        Logarithm of weight times the square root of the precision's determinant; of an empty place
        minus infinity.
    kinship : array (parameter, parameter)
        Squared partial correlations of all states: who goes with whom, others held.
    """

    knots: np.ndarray
    means: np.ndarray
    precisions: np.ndarray
    stacked: np.ndarray
    log_weights: np.ndarray
    kinship: np.ndarray


def _knots(states):
    """Positions at equally spaced normal scores: quantiles of the states, with a uniform share."""
    size = states.shape[1]
    ranks = (np.arange(len(states)) + 0.5) / len(states)
    chance = np.concatenate([[0.0], ranks, [1.0]])
    wanted = ndtr(np.linspace(-EDGE, EDGE, KNOTS))
    out = np.empty((size, KNOTS))
    for row in range(size):
        values = np.concatenate([[0.0], np.sort(states[:, row]), [1.0]])
        mixed = (1 - UNIFORM_SHARE) * chance + UNIFORM_SHARE * values
        out[row] = np.interp(wanted, mixed, values)
    out[:, 0], out[:, -1] = 0.0, 1.0
    apart = 1e-9 * np.arange(KNOTS)  # neighbours differ even where states coincide
    return (np.maximum.accumulate(out, axis=1) + apart) / (1.0 + apart[-1])


def _scores(states, knots):
    """Normal scores (state, parameter)."""
    grid = np.linspace(-EDGE, EDGE, KNOTS)
    return np.stack([np.interp(states[:, row], knots[row], grid) for row in range(len(knots))], 1)


def _partial(precision):
    return precision**2 / np.outer(np.diag(precision), np.diag(precision))


def _first_shares(scores, components):
    """Memberships (state, component) by nearest of some centres, moved to their means a few times."""
    centres = scores[np.linspace(0, len(scores) - 1, components).astype(int)]
    for _ in range(10):
        square = (scores**2).sum(1)[:, None] - 2 * scores @ centres.T + (centres**2).sum(1)
        nearest = square.argmin(axis=1)
        members = np.eye(components)[nearest]
        counts = members.sum(axis=0)
        moved = (members.T @ scores) / np.maximum(counts, 1)[:, None]
        centres = np.where(counts[:, None] > 0, moved, centres)
    return members


def _maximised(scores, shares, overall):
    """Means, precisions and logarithmic weights of components from the memberships of the states."""
    (count, size), components = scores.shape, shares.shape[1]
    totals = shares.sum(axis=0)
    means = (shares.T @ scores) / (totals[:, None] + 1e-9)
    covariances = np.empty((components, size, size))
    for component in range(components):
        apart = scores - means[component]
        spread = (shares[:, component, None] * apart).T @ apart
        covariances[component] = (spread + PRIOR_STATES * overall) / (
            totals[component] + PRIOR_STATES
        )
    precisions = np.linalg.inv(covariances)
    precisions = (precisions + precisions.swapaxes(1, 2)) / 2
    halves = np.linalg.slogdet(precisions)[1] / 2
    return means, precisions, np.log((totals + 1.0) / (count + components)) + halves


def _log_parts(scores, means, precisions, log_weights):
    """Logarithm of each component's part of the density of scores (component, state)."""
    squares = []
    for mean, precision in zip(means, precisions, strict=True):
        apart = scores - mean
        squares.append(np.einsum("ij,ij->i", apart @ precision, apart))
    return log_weights[: len(squares), None] - 0.5 * np.array(squares)


def fit_surrogate(states, components=1):
    """Fit a surrogate to states by expectation maximisation.

    Parameters
    ----------
    states : array (state, parameter)
        In the unit interval; at least three.
    components : int
        Of the mixture, four at most.

    Returns
    -------
    Surrogate
    """
    knots = _knots(states)
    scores = _scores(states, knots)
    size = scores.shape[1]
    overall = np.cov(scores, rowvar=False) + RIDGE * np.eye(size)
    mixture = _maximised(scores, _first_shares(scores, components), overall)
    for _ in range(ITERATIONS if components > 1 else 0):
        logs = _log_parts(scores, *mixture)
        mixture = _maximised(scores, np.exp(logs - logsumexp(logs, axis=0)).T, overall)
    means, precisions, log_weights = mixture
    stacked = np.zeros((size, size, PLACES))
    stacked[..., :components] = np.moveaxis(precisions, 0, -1)
    filled = np.full(PLACES, -np.inf)
    filled[:components] = log_weights
    kinship = _partial(np.linalg.inv(overall))
    return Surrogate(knots, means, precisions, stacked, filled, kinship)


def likeness_of(states, components=COMPONENTS):
    """Surrogate of states (state, parameter), with fewer components where they are few.

    Parameters
    ----------
    states : array (state, parameter)
    components : int
        At most.
    """
    return fit_surrogate(states, max(1, min(components, len(states) // STATES_A_COMPONENT)))


def log_density(surrogate, positions):
    """Logarithm of the surrogate's density in the unit interval, up to a constant (state,).

    Parameters
    ----------
    surrogate : Surrogate
    positions : array (state, parameter)
    """
    scores = _scores(positions, surrogate.knots)
    parts = _log_parts(scores, surrogate.means, surrogate.precisions, surrogate.log_weights)
    place = np.minimum(((scores + EDGE) / SPACING).astype(int), KNOTS - 2)
    gaps = np.diff(surrogate.knots, axis=1)
    return logsumexp(parts, axis=0) - np.log(gaps[np.arange(len(gaps)), place]).sum(axis=1)

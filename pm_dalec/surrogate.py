"""A smooth likeness of a unit's posterior, fitted to its past states, from which proposals are made.

Each parameter is carried to a normal score by its own piecewise linear map, and the scores follow a
mixture of Gaussians: a copula that bends. Given a component and all other parameters, a block of scores
has a Gaussian distribution that is known in closed form, so that proposals may go right across it.

The likeness decides how well a sampler moves and never what it converges to.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from scipy.special import logsumexp, ndtr

EDGE = 5.0  # largest normal score
KNOTS = 41
SPACING = 2 * EDGE / (KNOTS - 1)
UNIFORM_SHARE = 0.02  # of each margin, so that no part of the unit interval is out of reach
ITERATIONS = 12  # of expectation and maximisation
PRIOR_STATES = 50.0  # weight of the covariance of all states in that of a component
RIDGE = 1e-6
PLACES = 4  # most components; the loops over them have this fixed length, so that they are vectors


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


class Walk(NamedTuple):
    """Where lanes are in the scores of a surrogate, and where they are asked to go.

    Parameters
    ----------
    scores : array (lane, parameter)
    pulls : array (lane, parameter, place)
        Precision times distance from the mean of each component.
    squares, asked_squares : array (lane, place)
        Squared distances from the means, now and of the proposal.
    levels : array (lane, 2)
        Logarithm of the density of the scores, now and of the proposal.
    moved : array (lane,) of int
        Number of parameters that a proposal changes.
    which : array (lane, parameter) of int
        These parameters, in front.
    steps : array (lane, parameter)
        Changes of their scores.
    """

    scores: np.ndarray
    pulls: np.ndarray
    squares: np.ndarray
    asked_squares: np.ndarray
    levels: np.ndarray
    moved: np.ndarray
    which: np.ndarray
    steps: np.ndarray


@njit(cache=True, nogil=True)
def log_mixture(squares, log_weights):
    """Logarithm of the density of the scores from the squared distances of the components."""
    best = -np.inf
    for place in range(PLACES):
        best = max(best, log_weights[place] - 0.5 * squares[place])
    total = 0.0
    for place in range(PLACES):
        total += np.exp(log_weights[place] - 0.5 * squares[place] - best)
    return best + np.log(total)


@njit(cache=True, nogil=True)
def score(value, knots):
    """Normal score of a position of one parameter."""
    place = min(max(np.searchsorted(knots, value) - 1, 0), KNOTS - 2)
    part = (value - knots[place]) / (knots[place + 1] - knots[place])
    return -EDGE + SPACING * (place + part)


@njit(cache=True, nogil=True)
def gap(scored, knots):
    """Width in the unit interval of the gap between two knots that a normal score lies in."""
    place = min(max(int((scored + EDGE) / SPACING), 0), KNOTS - 2)
    return knots[place + 1] - knots[place]


@njit(cache=True, nogil=True)
def enter(walk, lane, position, surrogate):
    """Compute all that a lane's walk needs from its position."""
    size = position.shape[0]
    for row in range(size):
        walk.scores[lane, row] = score(position[row, lane], surrogate.knots[row])
    walk.pulls[lane] = 0.0
    walk.squares[lane] = 0.0
    for component in range(surrogate.means.shape[0]):
        for row in range(size):
            pull = 0.0
            for column in range(size):
                apart = walk.scores[lane, column] - surrogate.means[component, column]
                pull += surrogate.precisions[component, row, column] * apart
            walk.pulls[lane, row, component] = pull
            apart = walk.scores[lane, row] - surrogate.means[component, row]
            walk.squares[lane, component] += pull * apart
    walk.levels[lane, 0] = log_mixture(walk.squares[lane], surrogate.log_weights)


@njit(cache=True, nogil=True, fastmath={"contract"})
def ask(walk, lane, surrogate):
    """Squared distances of a proposal, from those of the state and the steps."""
    squares, pulls, stacked = walk.asked_squares[lane], walk.pulls[lane], surrogate.stacked
    for place in range(PLACES):
        squares[place] = walk.squares[lane, place]
    for first in range(walk.moved[lane]):
        row, step = walk.which[lane, first], walk.steps[lane, first]
        zero, one, two, three = 0.0, 0.0, 0.0, 0.0
        for second in range(first):
            column, other = walk.which[lane, second], walk.steps[lane, second]
            zero += stacked[row, column, 0] * other
            one += stacked[row, column, 1] * other
            two += stacked[row, column, 2] * other
            three += stacked[row, column, 3] * other
        squares[0] += step * (2.0 * (pulls[row, 0] + zero) + stacked[row, row, 0] * step)
        squares[1] += step * (2.0 * (pulls[row, 1] + one) + stacked[row, row, 1] * step)
        squares[2] += step * (2.0 * (pulls[row, 2] + two) + stacked[row, row, 2] * step)
        squares[3] += step * (2.0 * (pulls[row, 3] + three) + stacked[row, row, 3] * step)
    walk.levels[lane, 1] = log_mixture(walk.asked_squares[lane], surrogate.log_weights)


@njit(cache=True, nogil=True, fastmath={"contract"})
def move(walk, lane, surrogate):
    """Take a lane to its proposal."""
    size = walk.scores.shape[1]
    walk.levels[lane, 0] = walk.levels[lane, 1]
    for place in range(walk.moved[lane]):
        walk.scores[lane, walk.which[lane, place]] += walk.steps[lane, place]
    for place in range(PLACES):
        walk.squares[lane, place] = walk.asked_squares[lane, place]
    for first in range(walk.moved[lane]):
        row, step = walk.which[lane, first], walk.steps[lane, first]
        for column in range(size):
            for place in range(PLACES):
                walk.pulls[lane, column, place] += surrogate.stacked[row, column, place] * step


def empty_walk(lanes, surrogate):
    """Working memory for some lanes."""
    size = surrogate.means.shape[1]
    return Walk(
        np.empty((lanes, size)),
        np.empty((lanes, size, PLACES)),
        np.empty((lanes, PLACES)),
        np.empty((lanes, PLACES)),
        np.empty((lanes, 2)),
        np.zeros(lanes, np.int64),
        np.empty((lanes, size), np.int64),
        np.empty((lanes, size)),
    )

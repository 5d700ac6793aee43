"""A chain's place in the surrogate: normal scores, one parameter moved at a time."""

from typing import NamedTuple

import numpy as np

from pm_dalec.lanes.kept_code import kernel
from pm_dalec.sampling.kernels.surrogate import EDGE, KNOTS, PLACES, SPACING


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


@kernel()
def log_mixture(squares, log_weights):
    """Logarithm of the density of the scores from the squared distances of the components."""
    best = -np.inf
    for place in range(PLACES):
        best = max(best, log_weights[place] - 0.5 * squares[place])
    total = 0.0
    for place in range(PLACES):
        total += np.exp(log_weights[place] - 0.5 * squares[place] - best)
    return best + np.log(total)


@kernel()
def score(value, knots):
    """Normal score of a position of one parameter."""
    place = min(max(np.searchsorted(knots, value) - 1, 0), KNOTS - 2)
    part = (value - knots[place]) / (knots[place + 1] - knots[place])
    return -EDGE + SPACING * (place + part)


@kernel()
def gap(scored, knots):
    """Width in the unit interval of the gap between two knots that a normal score lies in."""
    place = min(max(int((scored + EDGE) / SPACING), 0), KNOTS - 2)
    return knots[place + 1] - knots[place]


@kernel()
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


@kernel({"contract"})
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


@kernel({"contract"})
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

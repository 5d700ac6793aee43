"""Blocks of parameters that a proposal moves together, and their distribution under the likeness."""

from typing import NamedTuple

import numpy as np

from pm_dalec.lanes.kept_code import kernel
from pm_dalec.sampling.kernels.streams import uniform
from pm_dalec.sampling.kernels.surrogate import EDGE, KNOTS, SPACING

# chosen by effective sample size per second on FI-Hyy
JOINING = 0.3  # chance of another process to be moved as well
SMALLEST_REACH = 0.1  # of a block by kinship: the smaller, the more parameters join
LARGEST_ANGLE = (
    2.1  # between a block and noise; its cosine is the coefficient of an autoregressive step
)
SUMS = {"reassoc", "contract"}  # of products, in any order; NaN and infinities keep their meaning


class Memory(NamedTuple):
    """Working memory of one thread.

    Parameters
    ----------
    factor : array (parameter, parameter)
    noise, whole : array (parameter,)
    """

    factor: np.ndarray
    noise: np.ndarray
    whole: np.ndarray


@kernel(SUMS)
def pivot(stream, pivots):
    """Parameter around which a block is chosen, by its chance."""
    return min(np.searchsorted(pivots, uniform(stream)), pivots.size - 1)


@kernel(SUMS)
def by_process(stream, lane, walk, pivots, processes):
    """Choose the parameters of one process, and now and then those of others with them."""
    first = processes[pivot(stream, pivots)]
    count = 0
    for process in range(processes.max() + 1):
        if process == first or uniform(stream) < JOINING:
            for row in range(processes.size):
                if processes[row] == process:
                    walk.which[lane, count] = row
                    count += 1
    walk.moved[lane] = count


@kernel(SUMS)
def by_kinship(stream, lane, walk, pivots, kinship):
    """Choose a parameter and those that go with it.

    Who goes with whom is told by partial correlations, others held: marginal ones miss half of the ties.
    """
    centre = pivot(stream, pivots)
    reach = np.exp(np.log(SMALLEST_REACH) * uniform(stream))
    count = 0
    for row in range(pivots.size):
        if row == centre or reach * reach * uniform(stream) < kinship[centre, row]:
            walk.which[lane, count] = row
            count += 1
    walk.moved[lane] = count


@kernel(SUMS)
def component_at(stream, lane, walk, surrogate):
    """Component of the mixture by its share in the density at the present state."""
    left, level, components = uniform(stream), walk.levels[lane, 0], surrogate.means.shape[0]
    for component in range(components - 1):
        log_part = surrogate.log_weights[component] - 0.5 * walk.squares[lane, component]
        left -= np.exp(log_part - level)
        if left < 0.0:
            return component
    return components - 1


@kernel(SUMS)
def block_factor(walk, lane, precision, factor):
    """Lower Cholesky factor of the precision of a lane's block, its diagonal inverted."""
    for row in range(walk.moved[lane]):
        for column in range(row):
            total = precision[walk.which[lane, row], walk.which[lane, column]]
            for inner in range(column):
                total -= factor[row, inner] * factor[column, inner]
            factor[row, column] = total * factor[column, column]
        total = precision[walk.which[lane, row], walk.which[lane, row]]
        for inner in range(row):
            total -= factor[row, inner] * factor[row, inner]
        factor[row, row] = 1.0 / np.sqrt(total)


@kernel(SUMS)
def write(proposal, lane, place, walk, surrogate):
    """Write the position of a changed score, and give the ratio of the gaps of its knots.

    Returns
    -------
    float
        Width of the new gap over that of the old one; NaN where the score leaves the knots.
    """
    row = walk.which[lane, place]
    before = (walk.scores[lane, row] + EDGE) / SPACING
    after = before + walk.steps[lane, place] / SPACING
    if not 0.0 < after < KNOTS - 1:
        return np.nan
    knots, old, new = surrogate.knots[row], int(before), int(after)
    wide = knots[new + 1] - knots[new]
    proposal[row, lane] = knots[new] + (after - new) * wide
    return wide / (knots[old + 1] - knots[old])

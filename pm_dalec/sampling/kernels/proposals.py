"""Proposals of the default sampler: how one lane is moved under the likeness of its posterior.

All moves leave the target alone. A conditional step redraws a block of parameters, the parameters of one
process and now and then of others with them, from its distribution under the surrogate given all other
parameters, in part or right across. A difference step goes part of the difference of two archived states;
the surrogate is asked first whether a run of the model is worth while (Christen and Fox 2005), and the
second stage of the decision corrects for it. A leap (`leaps`) goes to another part of the posterior; units
make them whose chains lie apart, or whose scouts have found one. A step round the year takes a day across 1 January, where
the box of a day is cut although it acts the same on both sides.

A proposal that is rejected before the model is run has the ratio NaN.
"""

from typing import NamedTuple

import numpy as np

from pm_dalec.lanes.kept_code import kernel
from pm_dalec.sampling.kernels.blocks import (
    LARGEST_ANGLE,
    SUMS,
    block_factor,
    by_kinship,
    by_process,
    component_at,
    write,
)
from pm_dalec.sampling.kernels.lanes import stay
from pm_dalec.sampling.kernels.leaps import leap
from pm_dalec.sampling.kernels.streams import integer, normals, uniform
from pm_dalec.sampling.kernels.surrogate import Surrogate
from pm_dalec.sampling.kernels.walk import ask, gap, score

# chosen by effective sample size per second on FI-Hyy
BY_PROCESS = 0.8  # share of the conditional steps whose block is a process, not one by kinship
SHORTEST_DIFFERENCE = 0.05  # relative to the usual 2.38 / sqrt(2 n)
ROUND_THE_YEAR = 0.03  # share of the steps round the year, where a model has days
SHORTEST_TURN, LONGEST_TURN = 1 / 365.25, 0.25  # of such a step [a]


class Guide(NamedTuple):
    """What the proposals of one half of a unit's lanes are made from.

    Parameters
    ----------
    surrogate : Surrogate
    pivots : array (parameter,)
        Cumulative chances of the parameters to have a block chosen around them.
    processes : array (parameter,) of int
        Number of the process that a parameter belongs to.
    years : array (parameter,)
        Length of a year over the lower bound of a day; zero of parameters that are none.
    spans : array (parameter,)
        Logarithms of upper over lower bound.
    archive : array (state, parameter)
        Past states of these lanes.
    filled : int
        Number of states in the archive, at least two.
    conditional : float
        Share of the conditional steps; the others are differences.
    trust : float
        Power of the surrogate when it decides whether a difference step is worth a run; zero runs all.
    leaps : float
        Share of the leaps from one component of the surrogate to another; zero makes none.
    by_process : float
        Share of the conditional steps whose block is a process, not one by kinship.
    """

    surrogate: Surrogate
    pivots: np.ndarray
    processes: np.ndarray
    years: np.ndarray
    spans: np.ndarray
    archive: np.ndarray
    filled: int
    conditional: float
    trust: float
    leaps: float
    by_process: float = BY_PROCESS


@kernel(SUMS)
def _autoregressive(stream, lane, walk, component, memory):
    """Fill the steps of a lane's block: part of the way to its conditional mean, and noise.

    Parameters
    ----------
    stream : array (4,) of uint64
    lane : int
    walk : Walk
    component : int
        Of the mixture, whose conditional distribution is meant.
    memory : Memory
        With the factor of the block.
    """
    count, pulls = walk.moved[lane], walk.pulls[lane]
    factor, noise = memory.factor, memory.noise
    angle = LARGEST_ANGLE * uniform(stream)
    kept, fresh = np.cos(angle) - 1.0, np.sin(angle)
    steps = walk.steps[lane]
    normals(stream, noise[:count])
    for row in range(count):  # factor^-1 pull is the whitened distance from the conditional mean
        total = pulls[walk.which[lane, row], component]
        for column in range(row):
            total -= factor[row, column] * steps[column]
        steps[row] = total * factor[row, row]
    for row in range(count):
        steps[row] = kept * steps[row] + fresh * noise[row]
    for row in range(count - 1, -1, -1):
        total = steps[row]
        for column in range(row + 1, count):
            total -= factor[column, row] * steps[column]
        steps[row] = total * factor[row, row]


@kernel(SUMS)
def _conditional_step(lane, lanes, walk, guide, memory):
    """Autoregressive step of a block of scores in its conditional distribution.

    With ``z - m`` the distance of the block from its conditional mean, the proposal is ``m + a (z - m) +
    sqrt(1 - a**2) e``, with ``e`` from the conditional covariance: it keeps the surrogate (Neal 1998,
    Cotter et al. 2013), so that only the ratio of target and surrogate decides. A component of the
    mixture is drawn first, by its share at the present state.

    Returns
    -------
    float
        Logarithm of the surrogate's density at the state over that at the proposal; NaN outside.
    """
    stream, surrogate = lanes.streams[lane], guide.surrogate
    component = component_at(stream, lane, walk, surrogate)
    if uniform(stream) < guide.by_process:
        by_process(stream, lane, walk, guide.pivots, guide.processes)
    else:
        by_kinship(stream, lane, walk, guide.pivots, surrogate.kinship)
    block_factor(walk, lane, surrogate.precisions[component], memory.factor)
    _autoregressive(stream, lane, walk, component, memory)
    gaps = 1.0
    for place in range(walk.moved[lane]):
        gaps *= write(lanes.proposal, lane, place, walk, surrogate)
        if np.isnan(gaps):
            return np.nan
    ask(walk, lane, surrogate)
    return np.log(gaps) + walk.levels[lane, 0] - walk.levels[lane, 1]


@kernel()
def _difference_step(lane, lanes, walk, guide):
    """Part of the difference of two archived states in a block (ter Braak and Vrugt 2008).

    The step is symmetric. It is proposed to the model with the probability that it would be accepted with
    under the surrogate; the ratio returned corrects for that (Christen and Fox 2005).

    Returns
    -------
    float
        Logarithm of the surrogate's density at the state over that at the proposal; NaN outside, and
        where the surrogate decided against a run.
    """
    stream, surrogate, archive = lanes.streams[lane], guide.surrogate, guide.archive
    first = integer(stream, guide.filled)
    second = integer(stream, guide.filled - 1)
    second += second >= first
    by_kinship(stream, lane, walk, guide.pivots, surrogate.kinship)
    count = walk.moved[lane]
    length = np.exp(np.log(SHORTEST_DIFFERENCE) * uniform(stream)) * 2.38 / np.sqrt(2.0 * count)
    gaps = 1.0
    for place in range(count):
        row = walk.which[lane, place]
        value = lanes.position[row, lane] + length * (archive[first, row] - archive[second, row])
        if not 0.0 < value < 1.0:
            return np.nan
        lanes.proposal[row, lane] = value
        knots, scored = surrogate.knots[row], walk.scores[lane, row]
        walk.steps[lane, place] = score(value, knots) - scored
        gaps *= gap(score(value, knots), knots) / gap(scored, knots)
    ask(walk, lane, surrogate)
    ratio = guide.trust * (np.log(gaps) + walk.levels[lane, 0] - walk.levels[lane, 1])
    return ratio if np.log(uniform(stream)) < -ratio else np.nan


@kernel()
def _day(stream, years):
    """Row of a day, each with the same chance."""
    left = integer(stream, np.sum(years > 0.0))
    for row in range(years.size):
        if years[row] > 0.0:
            if left == 0:
                return row
            left -= 1
    return 0


@kernel()
def _turning_step(lane, lanes, walk, guide):
    """Step of one day of the year, round its end where it gets there.

    It is symmetric on the circle of days ``p``; in the unit interval, where the base prior is flat, the
    ratio of the proposal densities is that of ``dp/dx``.

    Returns
    -------
    float
        Logarithm of the reverse over the forward proposal density; NaN outside the bounds.
    """
    stream, surrogate = lanes.streams[lane], guide.surrogate
    row = _day(stream, guide.years)
    year, span, before = guide.years[row], guide.spans[row], lanes.position[row, lane]
    length = SHORTEST_TURN * (LONGEST_TURN / SHORTEST_TURN) ** uniform(stream)
    step = year * (length if uniform(stream) < 0.5 else -length)
    day = np.exp(span * before) + step  # over the lower bound
    if day <= 1.0:
        day += year
    elif day >= np.exp(span):
        day -= year
    value = np.log(day) / span
    if not 0.0 < value < 1.0:
        return np.nan
    lanes.proposal[row, lane] = value
    walk.moved[lane], walk.which[lane, 0] = 1, row
    walk.steps[lane, 0] = score(value, surrogate.knots[row]) - walk.scores[lane, row]
    ask(walk, lane, surrogate)
    return span * (before - value)


@kernel()
def propose_lanes(lane, lanes, walk, guide, memory):
    """Proposal of the default sampler for one lane; see the module.

    Parameters
    ----------
    lane : int
    lanes : Lanes
    walk : Walk
        Of all lanes.
    guide : Guide
    memory : Memory

    Returns
    -------
    float
        Logarithm of the reverse over the forward proposal density; NaN for a proposal that is rejected
        already, which is left at the present state.
    """
    stay(lanes, lane)
    if guide.years.max() > 0.0 and uniform(lanes.streams[lane]) < ROUND_THE_YEAR:
        ratio = _turning_step(lane, lanes, walk, guide)
    elif (
        guide.leaps > 0.0
        and guide.surrogate.means.shape[0] > 1
        and uniform(lanes.streams[lane]) < guide.leaps
    ):
        ratio = leap(lane, lanes, walk, guide, memory)
    elif uniform(lanes.streams[lane]) < guide.conditional:
        ratio = _conditional_step(lane, lanes, walk, guide, memory)
    else:
        ratio = _difference_step(lane, lanes, walk, guide)
    if np.isnan(ratio):
        stay(lanes, lane)
    return ratio

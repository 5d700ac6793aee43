"""Leaps between the components of a likeness leave it alone, and weigh them."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from pm_dalec.sampling.kernels import blocks, leaps, proposals
from pm_dalec.sampling.kernels.lanes import Lanes, go, stay
from pm_dalec.sampling.kernels.streams import streams
from pm_dalec.sampling.kernels.surrogate import EDGE, KNOTS, fit_surrogate, log_density
from pm_dalec.sampling.kernels.walk import empty_walk, enter, move

SIZE, RARE = 3, 0.3


@pytest.fixture(scope="module")
def two_parts():
    """Likeness of two parts, in which parameters go together in other ways, a third of it in one."""
    random = np.random.default_rng(4)
    rare = random.uniform(size=4000) < RARE
    tied = random.normal(0.25, 0.04, (4000, 1)) * np.ones(SIZE)
    free = random.normal(0.75, 0.05, (4000, SIZE))
    return fit_surrogate(
        np.where(rare[:, None], tied + random.normal(0, 0.01, free.shape), free), 2
    )


def share_below_half(likeness):
    """Share of a likeness in which the mean of the parameters is below a half, by independent draws."""
    random, share, weights = np.random.default_rng(0), 0.0, []
    grid = np.linspace(-EDGE, EDGE, KNOTS)
    for mean, precision, level in zip(
        likeness.means, likeness.precisions, likeness.log_weights, strict=False
    ):
        weights.append(np.exp(level - np.linalg.slogdet(precision)[1] / 2))
        scores = random.multivariate_normal(mean, np.linalg.inv(precision), 20_000)
        values = [
            np.interp(one, grid, knots) for one, knots in zip(scores.T, likeness.knots, strict=True)
        ]
        share += weights[-1] * (np.mean(values, axis=0) < 0.5).mean()
    return share / sum(weights)


@pytest.mark.parametrize("processes", [(0, 0, 0), (0, 0, 1)])
def test_leaps_leave_the_likeness_alone_and_weigh_its_parts(two_parts, processes):
    """Chains that leap and make no other step come to the shares of both parts, wherever they begin."""
    position = np.full((SIZE, 1), 0.75)
    lanes = Lanes(position, position.copy(), np.zeros(1), streams(5, [0], 1))
    walk = empty_walk(1, two_parts)
    enter(walk, 0, position, two_parts)
    pivots, years = np.arange(1, SIZE + 1) / SIZE, np.zeros(SIZE)
    guide = proposals.Guide(
        two_parts, pivots, np.array(processes), years, years, position.T, 1, 1.0, 0.0, 1.0
    )
    memory = blocks.Memory(np.empty((SIZE, SIZE)), *np.empty((2, SIZE)))
    random, seen = np.random.default_rng(1), []
    present = log_density(two_parts, position.T)[0]
    for _ in range(8_000):
        stay(lanes, 0)
        ratio = leaps.leap(0, lanes, walk, guide, memory)
        if not np.isnan(ratio):
            proposed = log_density(two_parts, lanes.proposal.T)[0]
            if np.log(random.uniform()) < proposed - present + ratio:
                present = proposed
                move(walk, 0, two_parts)
                go(lanes, 0, 0.0)
        seen.append(position[:, 0].copy())
    seen = np.array(seen)
    low = seen.mean(axis=1) < 0.5
    assert_allclose(low.mean(), share_below_half(two_parts), atol=0.03)
    assert np.count_nonzero(np.diff(low.astype(int))) > 200

"""Every kind of proposal keeps the density that is sampled."""

import numba
import numpy as np
import pytest

from pm_dalec.sampling.kernels import acceptance, proposals
from pm_dalec.sampling.kernels.blocks import Memory
from pm_dalec.sampling.kernels.lanes import go
from pm_dalec.sampling.kernels.walk import empty_walk, enter, move

from .densities import check_moments, flat, gaussian
from .walkers import walkers


@pytest.mark.parametrize(
    ("conditional", "by_process", "trust", "leaps"),
    [
        (1.0, 1.0, 0.0, 0.0),
        (1.0, 0.0, 0.0, 0.0),
        (0.0, 0.0, 0.0, 0.0),
        (0.0, 0.0, 0.5, 0.0),
        (0.0, 0.0, 1.0, 0.0),
        (0.0, 0.0, 0.0, 1.0),
    ],
    ids=[
        "conditional by process",
        "conditional by kinship",
        "difference",
        "difference, surrogate asked",
        "difference, surrogate trusted",
        "leap",
    ],
)
@pytest.mark.parametrize("density", [gaussian, flat], ids=["gaussian", "flat"])
def test_each_move_keeps_the_target(conditional, by_process, trust, leaps, density):
    """The archive is uniform, so that the surrogate is a poor likeness of either density."""
    state = walkers(chains=1, spread=0.05, density=density)
    guide = state.guide._replace(
        conditional=conditional, trust=trust, leaps=leaps, by_process=by_process
    )
    draws = np.empty((150_000, 2))
    walk = empty_walk(1, guide.surrogate)
    _walk(proposals.propose_lanes, density is flat, state.lanes, 0, walk, guide, draws)
    check_moments(draws[500:], density, tolerance=0.15)


@numba.njit
def _density(is_flat, place):
    """One of both densities, so that a walk is compiled once for both."""
    return flat(place) if is_flat else gaussian(place)


@numba.njit
def _walk(propose, is_flat, lanes, lane, walk, guide, draws):
    """Metropolis walk of one lane, outside the window kernels.

    With a literal for the lane all moves would be compiled anew, with an assignment of a whole row
    the words of a wrong shape.
    """
    memory = Memory(np.empty((2, 2)), np.empty(2), np.empty(2))
    lanes.logp[lane] = _density(is_flat, lanes.position[:, lane])
    enter(walk, lane, lanes.position, guide.surrogate)
    for turn in range(len(draws)):
        ratio = propose(lane, lanes, walk, guide, memory)
        proposed = _density(is_flat, lanes.proposal[:, lane])
        if acceptance.accept(lanes.streams[lane], proposed, lanes.logp[lane], ratio):
            move(walk, lane, guide.surrogate)
            go(lanes, lane, proposed)
        for row in range(draws.shape[1]):
            draws[turn, row] = lanes.position[row, lane]

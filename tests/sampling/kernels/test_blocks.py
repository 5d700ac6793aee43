"""Blocks of parameters that are moved together: whole processes, and parameters tied to each other."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from pm_dalec.sampling.kernels import blocks
from pm_dalec.sampling.kernels.streams import streams
from pm_dalec.sampling.kernels.surrogate import fit_surrogate
from pm_dalec.sampling.kernels.walk import empty_walk
from pm_dalec.tables.parameters import PARAMETERS

TIMES = 5000
PROCESSES = np.unique([row.process for row in PARAMETERS.values()], return_inverse=True)[1]
SIZE = PROCESSES.size
EVEN = np.arange(1, SIZE + 1) / SIZE


@pytest.fixture(scope="module")
def walk():
    states = np.random.default_rng(1).uniform(0.2, 0.8, (100, SIZE))
    return empty_walk(1, fit_surrogate(states, 1))


def drawn(choose, walk, ties):
    """Which parameters are in the blocks that were chosen (times, parameter)."""
    stream, found = streams(5, [0], 1)[0], np.zeros((TIMES, SIZE), bool)
    for block in found:
        choose(stream, 0, walk, EVEN, ties)
        block[walk.which[0, : walk.moved[0]]] = True
        assert walk.moved[0] == block.sum()  # none twice
    return found


def test_a_block_by_process_holds_whole_processes_and_as_many_as_join(walk):
    found = drawn(blocks.by_process, walk, PROCESSES)
    by_process = [found[:, PROCESSES == process] for process in range(PROCESSES.max() + 1)]
    for one in by_process:
        assert_array_equal(one.all(axis=1), one.any(axis=1))
    shares = np.array([one.shape[1] for one in by_process]) / SIZE
    expected = shares + (1 - shares) * blocks.JOINING
    assert_allclose([one[:, 0].mean() for one in by_process], expected, atol=0.03)


def test_a_block_by_kinship_is_a_parameter_and_those_tied_to_it_by_their_chance(walk):
    """At a reach r, log-uniform from .1 to 1, a tie k joins with the chance min(1, k / r^2): the integral is by hand."""
    tie, group = 0.2, np.arange(SIZE) // 6
    ties = np.where(group[:, None] == group, tie, 0.0)
    found = drawn(blocks.by_kinship, walk, ties)
    assert all(len(set(group[block])) == 1 for block in found[:2000])
    joins = (np.log(tie / blocks.SMALLEST_REACH**2) + 1 - tie) / np.log(100)
    mates = (group[:, None] == group).sum(axis=0)
    assert_allclose(found.mean(axis=0), (1 + (mates - 1) * joins) / SIZE, atol=0.02)
    alone = drawn(blocks.by_kinship, walk, np.zeros((SIZE, SIZE)))
    assert (alone.sum(axis=1) == 1).all()

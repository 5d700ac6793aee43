"""The search of a start."""

import numba
import numpy as np
from numpy.testing import assert_array_equal

from pm_dalec.sampling.kernels import search

from .densities import call_of, lane_density, lanes_at


@numba.njit
def distance_to_corner(x):
    """Violation that ends where both numbers exceed 0.9."""
    return max(0.9 - x[0], 0.0) + max(0.9 - x[1], 0.0)


def test_the_search_arrives_and_never_turns_worse():
    lanes = lanes_at(np.full((2, 8), 0.1), np.full(8, 1.6), seed=6)
    density = lane_density(2, distance_to_corner, results=2)
    history = [lanes.logp.copy()]
    for _ in range(40):
        search.search_window(call_of(density, 8, 2), lanes, 50)
        history.append(lanes.logp.copy())
    assert (np.diff(history, axis=0) <= 0).all()
    assert_array_equal(lanes.logp, 0.0)
    assert (lanes.position > 0.9).all()

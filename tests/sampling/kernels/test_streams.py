"""Streams of random numbers."""

import numpy as np
from numpy.testing import assert_allclose, assert_array_equal

from pm_dalec.sampling.kernels.streams import normals, streams, uniform


def test_random_numbers_are_standard_normal_and_inside_the_unit_interval():
    (stream,) = streams(3, [0], 1)
    drawn = np.empty(100_001)
    normals(stream, drawn)
    assert_allclose([drawn.mean(), drawn.std(), (drawn**3).mean()], [0, 1, 0], atol=0.03)
    flat_numbers = np.array([uniform(stream) for _ in range(10_000)])
    assert 0 < flat_numbers.min() < flat_numbers.max() < 1
    assert_allclose(flat_numbers.mean(), 0.5, atol=0.01)


def test_streams_belong_to_units_and_not_to_their_place_in_a_tile():
    assert_array_equal(streams(1, [7, 3], 5)[5:], streams(1, [3], 5))
    assert len(np.unique(streams(1, range(20), 4), axis=0)) == 80

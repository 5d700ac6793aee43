"""Densities that can be checked by hand, as the kernels call a compiled model."""

from functools import cache

import numba
import numpy as np
from numba import carray, types
from numpy.testing import assert_allclose

from pm_dalec.lanes.call import Call
from pm_dalec.sampling.kernels.lanes import Lanes
from pm_dalec.sampling.kernels.streams import streams

WIDTH = 4
SIGNATURE = types.void(
    types.CPointer(types.double),
    types.int64,
    types.int64,
    types.int64,
    types.CPointer(types.int64),
    types.CPointer(types.double),
)
CONTEXT = np.zeros(3, np.int64)


@cache
def lane_density(size, density, results=1):
    """Function with the address and the signature of a compiled lane function."""

    @numba.cfunc(SIGNATURE)
    def evaluate(positions, stride, first, last, context, out):
        rows = carray(positions, (size, stride))
        for block in range(first, last):
            for place in range(WIDTH):
                value = density(rows[:, block * WIDTH + place])
                for result in range(results):
                    out[(block * results + result) * WIDTH + place] = value

    return evaluate


def call_of(function, lanes, results=1):
    """A function of `lane_density` as the kernels call it."""
    blocks = -(-lanes // WIDTH)
    return Call(function.address, CONTEXT, np.empty((blocks, results, WIDTH)))


@numba.njit
def gaussian(x):
    """Correlated Gaussian around (0.5, 0.4), sd 0.05 and 0.02, correlation 0.8."""
    first, second = (x[0] - 0.5) / 0.05, (x[1] - 0.4) / 0.02
    return -0.5 * (first**2 - 1.6 * first * second + second**2) / (1 - 0.64)


@numba.njit
def banana(x):
    """Gaussian along the first axis, a parabola's spine along the second."""
    first = (x[0] - 0.5) / 0.1
    second = (x[1] - 0.4 - 0.05 * (first**2 - 1.0)) / 0.02
    return -0.5 * first**2 - 0.5 * second**2


@numba.njit
def flat(x):
    """Uniform in the unit square."""
    return 0.0


def lanes_at(position, logp, seed, unit=0):
    """Lanes of a unit at some places, with streams of their own."""
    return Lanes(position, np.empty_like(position), logp, streams(seed, [unit], logp.size))


def check_moments(draws, density, tolerance):
    """Means and standard deviations within a part of the true standard deviation."""
    means = {gaussian: (0.5, 0.4), banana: (0.5, 0.4), flat: (0.5, 0.5)}[density]
    deviations = {
        gaussian: (0.05, 0.02),
        banana: (0.1, np.sqrt(0.02**2 + 2 * 0.05**2)),
        flat: (np.sqrt(1 / 12), np.sqrt(1 / 12)),
    }[density]
    assert_allclose((draws.mean(axis=0) - means) / deviations, 0.0, atol=tolerance)
    assert_allclose(draws.std(axis=0) / deviations, 1.0, atol=tolerance)

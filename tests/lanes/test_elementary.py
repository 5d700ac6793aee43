"""The branch-free elementary functions against extended precision."""

import numba
import numpy as np
import pytest
from numpy.testing import assert_array_equal

from pm_dalec.lanes.llvm import elementary

TOLERANCE = 1e-15
SPECIAL = np.array(
    [0.0, -0.0, np.inf, -np.inf, np.nan, 5e-324, -5e-324, 1e-310, 2.0**-1022, 1.0, -1.0, -2.0]
)
EDGES = np.append(
    SPECIAL, [709.78, 709.79, 710.5, -708.5, -720.3, -745.1, -746.0, 1e308, -1e308, 1e-17, -1e-17]
)


def over_array(function):
    """Loop over a contiguous array, compiled."""

    @numba.njit
    def loop(values, out):
        for index in range(values.size):
            out[index] = function(values[index])

    def applied(values):
        out = np.empty_like(values)
        loop(values, out)
        return out

    applied.loop = loop
    return applied


FUNCTIONS = {
    name: over_array(getattr(elementary, name))
    for name in ("exp", "expm1", "log", "log1p", "sin", "cos")
}


def dense(name):
    """Arguments over the range of a function, dense where its branches would meet."""
    random = np.random.default_rng(1)
    wide = 10.0 ** random.uniform(-307, 308, 20_000)
    near_zero = random.uniform(-2.0, 2.0, 50_000)
    small = 10.0 ** random.uniform(-300, 0, 5_000) * random.choice([-1.0, 1.0], 5_000)
    angles = np.concatenate([random.uniform(-1e5, 1e5, 20_000), 10 * near_zero])
    return {
        "exp": np.concatenate([random.uniform(-708.0, 709.7, 50_000), near_zero, small]),
        "expm1": np.concatenate([random.uniform(-45.0, 709.7, 50_000), near_zero, small]),
        "log": np.concatenate([wide, random.uniform(0.5, 2.0, 50_000), 1.0 + small * 1e-3]),
        "log1p": np.concatenate([wide, np.maximum(near_zero, -0.999999), 0.9 * small]),
        "sin": angles,
        "cos": angles,
    }[name]


def exactly(name, values):
    """Function in extended precision."""
    return getattr(np, name)(values.astype(np.longdouble))


needs_extended_precision = pytest.mark.skipif(
    np.finfo(np.longdouble).nmant < 60, reason="long double is no wider than double here"
)


@needs_extended_precision
@pytest.mark.parametrize("name", FUNCTIONS)
def test_values_agree_with_extended_precision_to_1e15(name):
    values = dense(name)
    exact = exactly(name, values)
    error = np.abs((FUNCTIONS[name](values) - exact)[exact != 0] / exact[exact != 0])
    assert error.max() < TOLERANCE


@pytest.mark.parametrize("name", FUNCTIONS)
def test_edges_are_those_of_numpy(name):
    edges = EDGES if name not in ("sin", "cos") else EDGES[np.abs(EDGES) != 1e308]
    with np.errstate(all="ignore"):
        wanted = getattr(np, name)(edges)
    got = FUNCTIONS[name](edges)
    assert_array_equal(np.isnan(got), np.isnan(wanted))
    numbers = ~np.isnan(wanted)
    np.testing.assert_allclose(got[numbers], wanted[numbers], rtol=TOLERANCE, atol=5e-324)
    assert_array_equal(np.signbit(got[numbers]), np.signbit(wanted[numbers]))


@needs_extended_precision
def test_subnormal_exponentials_round_to_the_last_bit():
    values = np.random.default_rng(2).uniform(-745.0, -708.4, 20_000)
    exact = exactly("exp", values)
    assert np.abs(FUNCTIONS["exp"](values) - exact).max() <= 5e-324


@pytest.mark.parametrize("name", ["sin", "cos"])
def test_angles_too_large_to_reduce_give_nan(name):
    assert np.isnan(FUNCTIONS[name](np.array([1.1e7, -1e308]))).all()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_loop_over_an_array_is_compiled_to_vector_instructions(name):
    function = FUNCTIONS[name]
    function(np.ones(4))
    (code,) = function.loop.inspect_llvm().values()
    assert " x double>" in code
    assert f"@{name}" not in code

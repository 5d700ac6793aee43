"""The lane compiler against PyTensor's own evaluation."""

import numpy as np
import pymc as pm
import pytensor
import pytensor.tensor as pt
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from pytensor.compile.mode import Mode

from pm_dalec.lanes.backends import lane_function, lane_logp
from pm_dalec.lanes.from_data import FromData
from pm_dalec.lanes.llvm import machine_code
from pm_dalec.lanes.llvm.facts import UnsupportedGraph

STEPS = 6
PLAIN = Mode(linker="py", optimizer=None)


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory, monkeypatch):
    folder = tmp_path_factory.getbasetemp() / "machine_code"
    monkeypatch.setattr(machine_code, "cache_folder", lambda: folder)


def decay(rates, forcing, observed, start):
    """A pool that is fed by a driver and loses a fraction a step."""

    def step(fed, pool, rate):
        grown = pool * pt.exp(-rate) + pt.sqrt(fed)
        return grown, pt.log1p(grown) * rate

    pools, losses = pytensor.scan(
        step,
        sequences=[forcing],
        outputs_info=[start, None],
        non_sequences=[rates],
        strict=True,
        return_updates=False,
    )
    return pools, losses


def stacked_model(pixels=5, space=("pixel",), sizes=None, seed=0):
    """Independent pools, one a unit, with data that differ between units."""
    random = np.random.default_rng(seed)
    sizes = (pixels,) if sizes is None else sizes
    coords = {"time": np.arange(STEPS)} | {
        name: np.arange(size) for name, size in zip(space, sizes, strict=True)
    }
    dims = ("time", *space)
    with pm.Model(coords=coords) as model:
        forcing = pm.Data("forcing", random.uniform(1, 2, (STEPS, *sizes)), dims=dims)
        observed = pm.Data("observed", random.uniform(1, 3, (STEPS, *sizes)), dims=dims)
        rate = pm.Uniform("rate", 0.0, 1.0, dims=space)
        start = pm.LogNormal("start", 0.0, 1.0, dims=space)
        pools, losses = decay(rate, forcing, observed, start)
        pm.Deterministic("losses", losses, dims=dims)
        pm.Normal("seen", pools, 0.5, observed=observed, dims=dims)
        pm.Potential("bounded", pt.where(losses.max(axis=0) > 40.0, -np.inf, 0.0), dims=space)
        ends = pools[-1] / pools[2:].mean(axis=0)
        pm.Potential("steady", -((pt.stack([ends, rate]).sum(axis=0) - 1) ** 2), dims=space)
    return model


def term_values(model, positions):
    """Sum of the terms of each unit, as PyTensor's interpreter computes them."""
    terms = model.logp(sum=False)
    function = pytensor.function(model.value_vars, terms, mode=PLAIN)
    values = function(*positions)
    units = positions[0].ndim
    return sum(value.sum(axis=tuple(range(value.ndim - units))) for value in values)


def test_lane_densities_equal_the_terms_of_each_pixel():
    model = stacked_model()
    positions = np.random.default_rng(1).normal(size=(2, 5))
    density = lane_logp(model)
    assert density.names == ("rate", "start")
    assert_allclose(density(positions.T), term_values(model, positions), rtol=1e-12)


def test_a_site_without_pixels_serves_any_number_of_lanes():
    model = stacked_model(space=(), sizes=())
    positions = np.random.default_rng(2).normal(size=(11, 2))
    wanted = [term_values(model, list(position)) for position in positions]
    assert_allclose(lane_logp(model)(positions), np.ravel(wanted), rtol=1e-12)


def test_strata_of_pixels_are_lanes_counted_together():
    model = stacked_model(space=("stratum", "pixel"), sizes=(2, 3))
    positions = np.random.default_rng(3).normal(size=(2, 2, 3))
    got = lane_logp(model)(positions.reshape(2, 6).T)
    assert_allclose(got, term_values(model, positions).ravel(), rtol=1e-12)


def test_a_lane_does_not_depend_on_its_neighbours_or_its_place():
    density = lane_logp(stacked_model())
    positions = np.random.default_rng(4).normal(size=(21, 2))
    units = np.arange(21) % 5
    together = density.bind(units)(positions)
    alone = [density.bind(units[[lane]])(positions[[lane]])[0] for lane in range(21)]
    assert_array_equal(together, alone)


def test_new_data_need_no_new_code():
    model = stacked_model()
    density = lane_logp(model)
    positions = np.random.default_rng(5).normal(size=(2, 7))
    other = np.random.default_rng(6).uniform(1, 3, (STEPS, 7))
    with model:
        pm.set_data({"forcing": other, "observed": other + 0.1}, coords={"pixel": np.arange(7)})
    assert_allclose(
        density.bind(np.arange(7))(positions.T), term_values(model, positions), rtol=1e-12
    )


def test_code_is_compiled_once_for_equal_models():
    assert not lane_logp(stacked_model(pixels=4, seed=1), width=4).from_cache
    assert lane_logp(stacked_model(pixels=9, seed=2), width=4).from_cache


@pytest.mark.parametrize("width", [1, 2, 16])
def test_any_width_gives_the_same_densities(width):
    model = stacked_model()
    positions = np.random.default_rng(7).normal(size=(5, 2))
    assert_allclose(
        lane_logp(model, width=width)(positions), lane_logp(model)(positions), rtol=1e-12
    )


def test_deterministics_come_with_lanes_last():
    model = stacked_model()
    positions = np.random.default_rng(8).normal(size=(2, 5))
    losses = lane_function(model, [model["losses"]])
    graph = model.replace_rvs_by_values([model["losses"]])
    wanted = pytensor.function(model.value_vars, graph, mode=PLAIN, on_unused_input="ignore")
    assert_allclose(losses(positions.T), wanted(*positions)[0], rtol=1e-12)


def test_broken_constraints_stay_minus_infinity_and_nan_stays_nan():
    model = stacked_model()
    density = lane_logp(model)
    positions = np.zeros((5, 2))
    positions[1, 1] = 300.0
    positions[2] = np.nan
    got = density(positions)
    assert got[1] == -np.inf
    assert np.isnan(got[2])
    assert np.isfinite(got[[0, 3, 4]]).all()


def test_a_term_without_pixels_is_refused():
    with pm.Model(coords={"pixel": np.arange(3)}) as model:
        slope = pm.Normal("slope", dims="pixel")
        pm.Normal("pooled")
        pm.Potential("gain", slope, dims="pixel")
    with pytest.raises(ValueError, match=r"'pooled' has dims \(\), wanted \('pixel',\) at the end"):
        lane_logp(model)


def test_pixels_that_are_mixed_are_refused():
    with pm.Model(coords={"pixel": np.arange(3)}) as model:
        slope = pm.Normal("slope", dims="pixel")
        pm.Potential("share", slope / slope.sum(), dims="pixel")
    with pytest.raises(UnsupportedGraph, match="reduces over the lane dimension"):
        lane_logp(model)


def test_numbers_of_pixels_that_are_no_data_are_refused():
    with pm.Model(coords={"pixel": np.arange(3)}) as model:
        slope = pm.Normal("slope", dims="pixel")
        pm.Potential("gain", slope * np.array([1.0, 2.0, 3.0]), dims="pixel")
    with pytest.raises(UnsupportedGraph, match=r"pm\.Data"):
        lane_logp(model)


def test_positions_of_the_wrong_shape_are_refused():
    with pytest.raises(ValueError, match=r"wanted \(5, 2\)"):
        lane_logp(stacked_model())(np.zeros((2, 5)))


ELEMENTWISE = {
    "arithmetic": lambda x, y: (x + y) * (x - y) / (1 + y * y),
    "powers": lambda x, y: (
        x**2 + x**3 + abs(y) ** 0.5 + abs(y) ** 1.75 + abs(x) ** -2 + abs(x) ** y
    ),
    "rounding": lambda x, y: pt.floor(x) + pt.ceil(y) + pt.round(x) + pt.sign(y) + pt.trunc(x),
    "division": lambda x, y: x // y + x % y,
    "exponentials": lambda x, y: pt.exp(x) + pt.expm1(y) + pt.log(abs(x)) + pt.log1p(abs(y)),
    "angles": lambda x, y: pt.sin(x) + pt.cos(y) + pt.arctan2(x, y) + pt.tanh(x),
    "extremes": lambda x, y: pt.maximum(x, y) - pt.minimum(x, 0.5) + pt.clip(y, -1, 1),
    "choices": lambda x, y: pt.where((x > y) & ~(x <= 0) | pt.eq(x, y), x, -y),
    "sigmoids": lambda x, y: pt.sigmoid(x) + pt.softplus(y) + pt.erf(x) + pt.log1mexp(-abs(y)),
    "casts": lambda x, y: (
        pt.cast(x > 0, "float64") + pt.cast(y, "int64") + pt.isnan(x) + pt.isinf(y)
    ),
}


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_scalar_operations_equal_those_of_pytensor(name):
    with pm.Model(coords={"pixel": np.arange(64)}) as model:
        x, y = pm.Flat("x", dims="pixel"), pm.Flat("y", dims="pixel")
        result = pm.Deterministic("result", ELEMENTWISE[name](x, y), dims="pixel")
    positions = np.random.default_rng(9).normal(scale=2.0, size=(2, 64))
    positions[:, 0] = 1.5
    graph = model.replace_rvs_by_values([result])[0]
    wanted = pytensor.function(model.value_vars, graph, mode=PLAIN)(*positions)
    assert_allclose(lane_function(model, [result])(positions.T), wanted, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("pair", [(np.nan, 1.0), (1.0, np.nan), (2.0, 1.0), (np.inf, 0.0)])
def test_extremes_are_nan_when_either_side_is(pair):
    with pm.Model(coords={"pixel": np.arange(1)}) as model:
        x, y = pm.Flat("x", dims="pixel"), pm.Flat("y", dims="pixel")
        larger = pm.Deterministic("larger", pt.maximum(x, y), dims="pixel")
        smaller = pm.Deterministic("smaller", pt.minimum(x, y), dims="pixel")
    got = lane_function(model, [larger, smaller])(np.array([pair]))
    assert_array_equal(np.ravel(got), [np.maximum(*pair), np.minimum(*pair)])


def test_views_and_copies_of_leading_axes():
    with pm.Model(coords={"pixel": np.arange(3)}) as model:
        x, y = pm.Flat("x", dims="pixel"), pm.Flat("y", dims="pixel")
        table = pt.stack([x, y, x * y, x - y])
        changed = pt.set_subtensor(table[1:3], table[::-2])
        picked = changed[np.array([3, 0, 0])]
        joined = pt.concatenate([picked, 2.0 * table[:1]]).reshape((2, 2, 3))
        result = pm.Deterministic("result", joined.max(axis=0) + pt.inc_subtensor(table[0], y)[:2])
    positions = np.random.default_rng(10).normal(size=(2, 3))
    graph = model.replace_rvs_by_values([result])[0]
    wanted = pytensor.function(model.value_vars, graph, mode=PLAIN)(*positions)
    assert_allclose(lane_function(model, [result])(positions.T), wanted, rtol=1e-14)


def test_data_are_computed_again_only_after_they_were_set(monkeypatch):
    model = stacked_model()
    density = lane_logp(model)
    computed = []
    compute = FromData._compute
    monkeypatch.setattr(
        FromData, "_compute", lambda self, arrays: computed.append(1) or compute(self, arrays)
    )
    density.bind([0])
    density.bind([1, 1])
    assert len(computed) == 1
    with model:
        pm.set_data({"forcing": np.ones((STEPS, 5))})
    density.bind([0])
    assert len(computed) == 2

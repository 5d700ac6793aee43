"""The bench measures what it says: same target through JAX, stable keys."""

import os
import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose

from pm_dalec.cli.bench import command, throughput
from pm_dalec.cli.bench.case import region
from pm_dalec.cli.bench.jax import feasible_positions, float32_error, gradient_cost_ratio
from pm_dalec.cli.bench.samplers import compare_samplers
from pm_dalec.cli.bench.throughput import measure
from pm_dalec.data.synthetic_sites import synthetic_site
from pm_dalec.lanes.backends import lane_logp
from pm_dalec.lanes.llvm import machine_code
from pm_dalec.models import baseline
from pm_dalec.sampling import state, unit

KEYS = {
    "runs_per_second",
    "proposals_per_second",
    "compile_seconds",
    "lanes",
    "backend",
    "dtype",
    "threads",
    "steps",
    "numpy_exp_seconds_1e7",
}


@pytest.fixture(scope="module")
def model():
    return baseline.build(region(2, 24))


@pytest.fixture(scope="module")
def positions(model):
    return np.append(feasible_positions(model, 12), np.full((1, 23), 0.5), axis=0)


@pytest.mark.slow  # tests of graphs compare both back ends as well
def test_lanes_through_jax_give_what_the_default_back_end_gives(model, positions):
    pytest.importorskip("jax")
    units = np.array([*[0] * 12, 1])
    theirs = lane_logp(model).bind(units)(positions)
    ours = lane_logp(model, backend="jax").bind(units)(positions)
    assert np.isfinite(theirs[:12]).all()
    assert_allclose(ours[:12], theirs[:12], rtol=1e-9)
    assert np.isneginf(ours[12]) == np.isneginf(theirs[12])


@pytest.mark.slow
def test_the_fastest_back_end_is_taken_and_what_was_measured_is_kept(model):
    pytest.importorskip("jax")
    chosen = lane_logp(model, backend="auto", lanes=32)
    assert set(chosen.speeds) >= {"llvm", "jax"}
    assert chosen.backend == max(chosen.speeds, key=chosen.speeds.get)


@pytest.mark.slow
def test_float32_has_an_error_that_is_stated_and_gradients_cost_something(model, positions):
    jax = pytest.importorskip("jax")
    error = float32_error(model, positions[:8])
    assert 0 < error < 5
    single = lane_logp(model, backend="jax", dtype="float32").bind(np.zeros(8, int))
    assert single(positions[:8]).dtype == np.float32
    with single.precision(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Explicitly requested dtype", UserWarning)
        steps = str(jax.make_jaxpr(single.total)(list(np.float32(positions[:8]).T)))
    assert "f64[" not in steps
    bound = lane_logp(model, backend="jax").bind(np.zeros(8, int))
    assert gradient_cost_ratio(bound, positions[:8], seconds=0.1) > 1


def test_back_ends_that_do_not_exist_are_answered(model):
    with pytest.raises(ValueError, match="wanted a back end out of"):
        lane_logp(model, backend="fortran")
    with pytest.raises(ValueError, match="wanted float64 for the back end 'llvm'"):
        lane_logp(model, dtype="float32")


@pytest.mark.slow
def test_samplers_are_compared_on_the_same_site():
    table = compare_samplers(baseline.build, {"synthetic": synthetic_site(0, years=3)}, seconds=2)
    assert {"lanes", "edinburgh2021", "haario2001"} <= set(table["sampler"])
    assert (table["ess_per_core_second"] > 0).all()


def test_sites_are_told_apart_by_the_names_of_their_files(tmp_path):
    paths = [tmp_path / name for name in ("one.nc", "two.nc")]
    for path in paths:
        synthetic_site(0, years=1).to_netcdf(path)
    assert list(command._opened(map(str, paths), no_disturbance=False)) == ["one", "two"]
    with pytest.raises(ValueError, match="wanted sites of different names, got one twice"):
        command._opened([str(paths[0])] * 2, no_disturbance=False)


def test_the_report_has_the_keys_that_others_read(monkeypatch):
    for module in (unit, state):  # short rounds of the unit that is sampled
        monkeypatch.setattr(module, "FIRST_ROUND", 4)
    report = measure(lanes=(8,), steps=24, seconds=0.05)
    assert set(report) >= KEYS
    assert report["runs_per_second"] > 0
    assert report["proposals_per_second"] > 0


def test_float32_is_refused_where_it_does_not_exist():
    with pytest.raises(ValueError, match=r"wanted float64 .* use --backend jax"):
        measure(dtype="float32", lanes=(8,))


@pytest.mark.parametrize("before", [None, "elsewhere"])
def test_compiling_anew_leaves_the_folder_of_compiled_functions_as_it_was(
    before, monkeypatch, tmp_path
):
    monkeypatch.delenv("PM_DALEC_CACHE", raising=False)
    if before:
        monkeypatch.setenv("PM_DALEC_CACHE", before)
    with throughput._cache_in(str(tmp_path)):
        assert machine_code.cache_folder() == tmp_path
    assert os.environ.get("PM_DALEC_CACHE") == before

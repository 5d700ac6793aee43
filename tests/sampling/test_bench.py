"""The bench measures what it says: same target through JAX, stable keys."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from pm_dalec.bench import measure, region
from pm_dalec.bench_jax import lane_arguments, target
from pm_dalec.calibrate import calibrate
from pm_dalec.models import baseline
from pm_dalec.parameters import Theta
from pm_dalec.target import compile_target

KEYS = {
    "runs_per_second", "proposals_per_second", "compile_seconds", "lanes", "backend", "dtype",
    "threads", "steps", "numpy_exp_seconds_1e7",
}  # fmt: skip


def test_the_target_of_jax_is_that_of_the_lanes_up_to_a_constant():
    jax = pytest.importorskip("jax")
    units = region(1, 24)
    model = baseline.build(units)
    fit = calibrate(model, chains=8, draws=20, proposals=1000, progress=False)
    compiled = compile_target(model)
    transforms = dict(zip(compiled.rows, compiled.transforms, strict=True))
    last = fit["posterior"].isel(draw=-1, pixel=0)
    rows = [
        np.log(last[name].values / transforms[name].lower) / transforms[name].span
        for name in Theta._fields
    ]
    positions = np.append(np.array(rows), np.full((23, 1), 0.5), axis=1)
    _, drivers, latitude, observed = lane_arguments(units, positions.shape[1], "float64")
    with jax.enable_x64(True):
        ours = jax.jit(target(units, "float64"))(positions, drivers, latitude, observed)
    order = [Theta._fields.index(name) for name in compiled.rows]
    bound = compiled.function.bind(np.zeros(positions.shape[1], int))
    theirs = np.asarray(bound(positions[order].T)[0])
    assert np.isfinite(theirs[:-1]).all()
    difference = np.asarray(ours)[:-1] - theirs[:-1]
    assert_allclose(difference, difference[0], atol=1e-7)
    assert np.isneginf(ours[-1]) == np.isneginf(theirs[-1])


def test_the_report_has_the_keys_that_others_read():
    report = measure(lanes=(8,), steps=24, seconds=0.05)
    assert set(report) >= KEYS
    assert report["runs_per_second"] > 0
    assert report["proposals_per_second"] > 0


def test_float32_is_refused_where_it_does_not_exist():
    with pytest.raises(ValueError, match=r"wanted float64 .* use --backend jax"):
        measure(dtype="float32", lanes=(8,))

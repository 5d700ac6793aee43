"""NumPy, PyTensor, JAX and the compiled lanes repeat one step and give the same numbers."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from pm_dalec.physics import numpy_run, pytensor_run, records
from pm_dalec.physics.records import drivers_of
from pm_dalec.tables.parameters import Theta
from pm_dalec.testing.parameters import near_feasible, random_theta
from pm_dalec.testing.runners import RUNNERS
from pm_dalec.testing.tiny import tiny_site

OTHERS = ("pytensor", "jax", "lanes")
STEPS = 18  # with harvest; enough for pools to feed back on photosynthesis


@pytest.fixture(scope="module")
def case():
    """Drivers with harvest and fire, latitude and vectors near a feasible one."""
    drivers, latitude = drivers_of(tiny_site(), ())
    drivers = records.Drivers(*(value[:STEPS] for value in drivers))
    burned = np.zeros(STEPS)
    burned[[4, 12]] = 0.3, 0.05
    removed = np.zeros(STEPS)
    removed[[3, 12]] = 0.1, 0.2
    drivers = drivers._replace(burned_fraction=burned, forest_loss_fraction=removed)
    theta = near_feasible(16, np.random.default_rng(5), spread=0.3)
    return drivers, float(latitude), theta


def largest_difference(ours, theirs):
    """Worst difference of any series, relative to the largest value of the series."""
    worst = {}
    for part in ("pools", "fluxes"):
        mine, others = getattr(ours, part), getattr(theirs, part)
        for name in mine._fields:
            one, two = np.asarray(getattr(mine, name)), np.asarray(getattr(others, name))
            assert one.shape == two.shape, name
            assert np.isfinite(one).all(), name
            size = np.abs(two).max(axis=0)
            worst[name] = float((np.abs(one - two) / np.where(size > 0, size, 1.0)).max())
    return max(worst.items(), key=lambda item: item[1])


@pytest.mark.parametrize("runner", OTHERS)
def test_every_runner_agrees_with_numpy(case, runner):
    expected = numpy_run.run_numpy(*case)
    name, worst = largest_difference(RUNNERS[runner](*case, "converged"), expected)
    assert worst < 1e-10, name


@pytest.mark.slow
@pytest.mark.parametrize("runner", OTHERS)
def test_the_truncated_search_agrees_as_far_as_its_noise_lets_it(case, runner):
    # the difference of two nearby values of photosynthesis decides where the search stops
    expected = numpy_run.run_numpy(*case, solver="truncated")
    name, worst = largest_difference(RUNNERS[runner](*case, "truncated"), expected)
    assert worst < 1e-6, name


@pytest.mark.parametrize("runner", ["numpy", "jax"])
def test_pools_have_the_initial_state_in_front(case, runner):
    theta = case[2]
    pools = RUNNERS[runner](*case, "converged").pools
    assert pools.wood.shape == (STEPS + 1, 16)
    assert np.array_equal(pools.wood[0], theta.initial_wood)


def test_a_batch_is_the_same_as_one_vector_after_the_other(case):
    drivers, latitude, theta = case
    together = numpy_run.run_numpy(drivers, latitude, theta)
    third = numpy_run.run_numpy(drivers, latitude, Theta(*(value[3] for value in theta)))
    name, worst = largest_difference(
        records.Trajectory(
            records.Pools(*(pool[:, 3] for pool in together.pools)),
            records.Fluxes(*(flux[:, 3] for flux in together.fluxes)),
        ),
        third,
    )
    assert worst < 1e-12, name


def test_a_run_in_two_parts_is_the_same_as_one(case):
    drivers, latitude, theta = case
    whole = numpy_run.run_numpy(drivers, latitude, theta)
    first = numpy_run.run_numpy(records.Drivers(*(v[:7] for v in drivers)), latitude, theta)
    state = {f"initial_{pool}": value[-1] for pool, value in first.pools._asdict().items()}
    rest = records.Drivers(*(v[7:] for v in drivers))
    second = numpy_run.run_numpy(rest, latitude, theta._replace(**state))
    assert_allclose(second.pools.som[-1], whole.pools.som[-1], rtol=1e-14)


def test_only_wanted_fluxes_are_returned_by_pytensor(case):
    drivers, latitude, theta = case
    found = pytensor_run.run_pytensor(drivers, latitude, theta, wanted=("gpp", "lai"))
    returned = [name for name, flux in found.fluxes._asdict().items() if flux is not None]
    assert returned == ["gpp", "lai"]


def test_runs_stay_finite_over_the_whole_box():
    drivers, latitude = drivers_of(tiny_site(), ())
    found = numpy_run.run_numpy(drivers, latitude, random_theta(500, np.random.default_rng(3)))
    for series in (*found.pools, *found.fluxes):
        assert np.isfinite(series).all()

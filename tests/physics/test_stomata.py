"""The stomatal optimum: an exact root in three steps, and what happens at its two ends."""

from typing import NamedTuple

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import brentq, elementwise

from pm_dalec.physics import canopy, records, step, stomata, stomatal_search
from pm_dalec.physics.numpy_run import run_numpy
from pm_dalec.physics.records import aligned
from pm_dalec.physics.step import canopy_leaves, gas_exchange, initial_pools
from pm_dalec.testing.parameters import FEASIBLE, near_feasible, random_theta
from pm_dalec.testing.tiny import random_drivers

LARGEST_LAI = 60.0  # m2 m-2
SMALLEST_LAI = 1e-6  # m2 m-2, below it photosynthesis is rounding noise
EXACT = {"xatol": 0.0, "xrtol": 1e-14, "fatol": 0.0, "frtol": 0.0}


@pytest.fixture(autouse=True, scope="module")
def quiet():
    """What the runners do: NaN and infinities are part of the truncated search."""
    with np.errstate(all="ignore"):
        yield


class States(NamedTuple):
    """Canopies whose optimum lies between its two ends, and the optimum."""

    leaves: stomata.Leaves
    root: np.ndarray
    gpp: np.ndarray


def shortfall(conductance, *fields):
    return stomata.price_less_gain(conductance, stomata.Leaves(*fields), np)


def canopies_of_a_run(drivers, latitude, theta):
    """Leaves of every step of every vector of a run."""
    run = run_numpy(drivers, latitude, theta)
    weather = canopy.weather(aligned(drivers, 1, np), latitude, np)
    pools = records.Pools(*(pool[:-1] for pool in run.pools))
    leaves, boundary, supply = canopy_leaves(pools, weather, theta, np)
    alive = (leaves.lai > SMALLEST_LAI) & (leaves.lai < LARGEST_LAI) & (boundary * supply > 0)
    return stomata.Leaves(*(np.broadcast_to(value, alive.shape)[alive] for value in leaves))


@pytest.fixture(scope="module")
def states():
    """Random states of runs in weather from arctic to tropic, CO2 from 350 to 900 ppm."""
    rng = np.random.default_rng(11)
    parts = []
    for latitude in (5.0, 35.0, 52.0, 64.0):
        for theta in (random_theta(150, rng), near_feasible(150, rng, spread=0.6)):
            drivers = random_drivers(48, rng, days=30.0, disturbed=False)
            parts.append(canopies_of_a_run(drivers, latitude, theta))
    leaves = stomata.Leaves(*(np.concatenate(column) for column in zip(*parts, strict=True)))
    searched = (
        (shortfall(stomata.BRACKET_CONDUCTANCE, *leaves) < 0)
        & (shortfall(leaves.lai, *leaves) < 0)
        & (shortfall(leaves.potential, *leaves) > 0)
    )
    leaves = stomata.Leaves(*(value[searched] for value in leaves))
    assert leaves.lai.size > 10_000
    ends = leaves.lai, leaves.potential
    found = elementwise.find_root(shortfall, ends, args=tuple(leaves), tolerances=EXACT)
    return States(leaves, found.x, stomata.assimilation(found.x, leaves, np))


def worst_error(states):
    """Largest relative error of photosynthesis at the converged optimum."""
    opened = stomata.converged(states.leaves, np)
    return np.abs(stomata.assimilation(opened, states.leaves, np) / states.gpp - 1).max()


def test_photosynthesis_is_that_at_the_exact_root(states):
    assert worst_error(states) < 1e-9


def test_one_newton_step_less_would_not_do(states, monkeypatch):
    monkeypatch.setattr(stomata, "NEWTON_STEPS", stomata.NEWTON_STEPS - 1)
    assert worst_error(states) > 1e-9


def test_one_newton_step_more_would_change_nothing(states, monkeypatch):
    ours = stomata.assimilation(stomata.converged(states.leaves, np), states.leaves, np)
    monkeypatch.setattr(stomata, "NEWTON_STEPS", stomata.NEWTON_STEPS + 1)
    more = stomata.assimilation(stomata.converged(states.leaves, np), states.leaves, np)
    assert_allclose(ours, more, rtol=1e-10)


def test_the_roots_of_the_test_are_those_of_brent(states):
    for place in range(0, states.root.size, states.root.size // 50):
        fields = [float(value[place]) for value in states.leaves]
        lai, potential = fields[0], fields[-1]
        root = brentq(shortfall, lai, potential, args=tuple(fields), xtol=1e-13, rtol=1e-13)
        assert_allclose(states.root[place], root, rtol=1e-8)


def leaf(**changed):
    """Canopy of two square metres of leaves on a mild day; its optimum lies near 120."""
    day = random_drivers(1, np.random.default_rng(1), days=30.0)._replace(
        tmin=np.array([10.0]),
        tmax=np.array([20.0]),
        sw_rad=np.array([12.0]),
        doy=np.array([150.0]),
        co2=np.array([400.0]),
        vpd=np.array([600.0]),
        wind=np.array([3.0]),
    )
    now = canopy.weather(day, 50.0, np)
    pools = initial_pools(FEASIBLE)._replace(
        foliage=np.array([2.0 * FEASIBLE.leaf_carbon_per_area]), roots=np.array([200.0])
    )
    seen = canopy_leaves(pools, now, FEASIBLE, np)[0]
    return seen._replace(**{name: np.array([value]) for name, value in changed.items()})


SOLVERS = list(step.SOLVERS.values())


@pytest.mark.parametrize("solver", SOLVERS)
def test_between_its_ends_the_optimum_is_where_opening_stops_to_pay(solver):
    seen = leaf()
    opened = solver(seen, np)
    step = 10 * seen.lai  # tolerance of the truncated search
    assert shortfall(opened - step, *seen) < 0 < shortfall(opened + step, *seen)


@pytest.mark.parametrize("solver", SOLVERS)
def test_where_opening_always_pays_the_water_supply_decides(solver):
    root = stomata.converged(leaf(), np)
    seen = leaf(potential=0.5 * root[0])
    assert solver(seen, np) == seen.potential


@pytest.mark.parametrize("solver", SOLVERS)
def test_where_opening_never_pays_the_least_conductance_is_taken(solver):
    seen = leaf(light_limit=1e-6)
    assert solver(seen, np) == stomata.LEAST_CONDUCTANCE * seen.lai


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_dark_day_closes_the_stomata_to_the_least(solver):
    seen = leaf(light_limit=0.0)
    assert solver(seen, np) == stomata.LEAST_CONDUCTANCE * seen.lai
    assert stomata.assimilation(solver(seen, np), seen, np) == 0.0


@pytest.mark.parametrize("solver", SOLVERS)
def test_in_polar_night_the_stomata_are_open_and_nothing_is_assimilated(solver):
    seen = leaf(daylight_fraction=-2e-8, light_limit=0.0)
    assert solver(seen, np) == seen.potential
    assert stomata.assimilation(solver(seen, np), seen, np) == 0.0


def test_a_root_below_the_least_conductance_is_clipped_and_reported_as_unbracketed():
    # the light at which the optimum is half way between 1 and LAI, where the search has no bracket
    def distance(light):
        return stomata.optimal_root(leaf(light_limit=light), np)[0][0] - 1.5

    seen = leaf(light_limit=brentq(distance, 1e-4, 10.0))
    assert stomata.BRACKET_CONDUCTANCE < 1.5 < stomata.LEAST_CONDUCTANCE * seen.lai
    assert stomata.converged(seen, np) == stomata.LEAST_CONDUCTANCE * seen.lai
    assert stomata.unbracketed(seen, np)
    assert not stomata.unbracketed(leaf(), np)


@pytest.mark.parametrize("solver", step.SOLVERS)
@pytest.mark.parametrize(
    ("pools", "drivers"),
    [({"foliage": 0.0}, {}), ({}, {"wind": 0.0}), ({"roots": 1.0}, {"tmin": -5.0, "tmax": -4.0})],
    ids=["no leaves", "no wind", "frozen roots"],
)
def test_without_leaves_wind_or_water_the_gas_exchange_is_off(solver, pools, drivers):
    day = random_drivers(1, np.random.default_rng(1), days=30.0)
    day = day._replace(**{name: np.array([value]) for name, value in drivers.items()})
    state = records.Pools(*(np.array([100.0]) for _ in records.Pools._fields))
    state = state._replace(**{name: np.array([value]) for name, value in pools.items()})
    now = canopy.weather(day, 50.0, np)
    gas = gas_exchange(state, now, FEASIBLE, np, solver=solver)
    assert gas.gpp == 0.0
    assert gas.stomatal_conductance == canopy.SMALLEST_FLOW
    assert gas.ci_ratio == 0.0


def test_the_potential_conductance_is_never_more_than_2000_per_leaf_area(states):
    assert (states.leaves.potential <= 2000 * states.leaves.lai).all()


def test_more_water_allows_a_larger_conductance():
    seen, light, boundary = leaf(), canopy.Light(3.0, 6.0, -20.0), np.array([0.02])
    drivers = random_drivers(1, np.random.default_rng(1), days=30.0)
    now = canopy.weather(drivers, 20.0, np)
    allowed = [
        stomata.potential_conductance(seen.lai, light, boundary, np.array([supply]), now, np)[0]
        for supply in (0.05, 0.1, 0.2)
    ]
    assert allowed == sorted(allowed)
    assert len(set(allowed)) == 3


def test_co2_inside_the_leaf_lies_between_the_compensation_point_and_the_air(states):
    inside = stomata.internal_co2(states.root, states.leaves, np)[0]
    assert (inside > states.leaves.compensation).all()
    assert (inside < states.leaves.co2).all()


def test_truncated_and_converged_photosynthesis_differ_by_per_cents_only(states):
    coarse = stomata.assimilation(stomatal_search.truncated(states.leaves, np), states.leaves, np)
    differ = np.abs(coarse / states.gpp - 1)
    assert 1e-4 < np.median(differ) < 0.05
    assert np.quantile(differ, 0.99) < 0.5

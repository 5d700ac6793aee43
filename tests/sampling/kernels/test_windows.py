"""Windows of the default sampler on densities that can be checked by hand."""

import copy

import numba
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from .densities import banana, check_moments, flat, gaussian, lane_density
from .walkers import walkers


@numba.njit
def outside_is_better(x):
    """Density that grows towards the border and beyond it."""
    return 1000.0 * x[0]


@numba.njit
def undefined(x):
    """Density that is nowhere defined."""
    return np.nan


@pytest.mark.parametrize("density", [gaussian, banana, flat], ids=["gaussian", "banana", "flat"])
def test_the_default_sampler_recovers_analytic_targets(density):
    state = walkers(chains=8, density=density)
    draws = state.run(lane_density(2, density), 100_000, record=10)[500:, :, :2].reshape(-1, 2)
    check_moments(draws, density, tolerance=0.1)


@numba.njit
def left_half(x):
    """Rule that holds left of the middle of the first axis."""
    return 0.0 if x[0] < 0.5 else -np.inf


@numba.njit
def left_half_of_gaussian(x):
    """The Gaussian where the rule holds."""
    return gaussian(x) if x[0] < 0.5 else -np.inf


def test_rules_that_need_no_run_save_runs_and_change_nothing():
    """What is rejected without a run would have been rejected after one: the target is the same."""
    found = {}
    for name, early in (("early", lane_density(2, left_half)), ("late", None)):
        state = walkers(chains=8, density=left_half_of_gaussian)
        state.lanes.position[0] = 0.45
        state.lanes.logp[:] = [left_half_of_gaussian(place) for place in state.lanes.position.T]
        density = lane_density(2, left_half_of_gaussian)
        draws = state.run(density, 50_000, record=5, early=early)[500:, :, :2].reshape(-1, 2)
        assert (draws[:, 0] < 0.5).all()
        found[name] = draws, state.evaluated.sum()
    for draws, _ in found.values():  # half of a Gaussian: mean sqrt(2/pi), sd sqrt(1 - 2/pi)
        assert_allclose(draws[:, 0].mean(), 0.5 - 0.05 * np.sqrt(2 / np.pi), atol=0.001)
        assert_allclose(draws[:, 0].std(), 0.05 * np.sqrt(1 - 2 / np.pi), atol=0.001)
    assert found["early"][1] < 0.85 * found["late"][1]
    assert found["late"][1] < 8 * 50_000


def test_every_lane_makes_the_same_number_of_proposals_however_many_are_run():
    state = walkers(chains=8)
    recorded = state.run(lane_density(2, gaussian), 400, record=4)
    assert np.isfinite(recorded).all()
    assert recorded.shape[0] == 100
    assert len(set(state.evaluated)) > 1
    assert (state.accepted <= state.evaluated).all()


@pytest.mark.parametrize("density", [outside_is_better, undefined])
def test_proposals_outside_the_cube_and_undefined_ones_are_rejected(density):
    state = walkers(density=outside_is_better)
    start = state.lanes.position.copy()
    drawn = state.run(lane_density(2, density), 500)[..., :2]
    assert ((drawn > 0) & (drawn < 1)).all()
    if density is undefined:
        assert_array_equal(state.lanes.position, start)


def test_recorded_log_probabilities_are_those_of_the_recorded_states():
    recorded = walkers().run(lane_density(2, gaussian), 100).reshape(-1, 3)
    assert_allclose([gaussian(state[:2]) for state in recorded], recorded[:, 2], rtol=1e-13)


def test_a_run_stopped_between_windows_continues_bit_for_bit():
    density = lane_density(2, gaussian)
    state = walkers()
    state.run(density, 120)
    saved = copy.deepcopy(state)
    assert_array_equal(saved.run(density, 180), state.run(density, 180))


def test_lanes_do_not_see_each_other():
    density = lane_density(2, gaussian)
    together = walkers(chains=12).run(density, 200)
    alone = walkers(chains=12).run(density, 200, blocks=(1, 2))
    assert_array_equal(together[:, 4:8], alone[:, 4:8])


@numba.njit
def around_new_year(x):
    """A day of the year near 1 January, where the box of the first axis is cut; the second is Gaussian."""
    day = 2.0 * np.pi * (2.0 ** x[0] - 1.0)
    return 40.0 * np.cos(day - 0.2) - 0.5 * ((x[1] - 0.5) / 0.05) ** 2


def test_steps_round_the_year_cross_its_end_in_the_right_proportion():
    """Mass on either side of 1 January, beside its integral; without such steps few cross."""
    grid = (np.arange(200_000) + 0.5) / 200_000
    mass = np.exp(40.0 * np.cos(2 * np.pi * (2.0**grid - 1.0) - 0.2) - 40.0)
    early, mean = mass[grid < 0.5].sum() / mass.sum(), (mass * grid).sum() / mass.sum()
    found = {}
    for name, years in (("with", (1.0, 0.0)), ("without", (0.0, 0.0))):
        state = walkers(chains=8, density=around_new_year, years=years)
        state.lanes.position[0] = 0.01 + 0.04 * state.lanes.position[0]
        state.guide.archive[:, 0] = 0.01 + 0.04 * state.guide.archive[:, 0]
        state.lanes.logp[:] = [around_new_year(place) for place in state.lanes.position.T]
        found[name] = state.run(lane_density(2, around_new_year), 200_000, record=10)[500:, :, 0]
    drawn = found["with"]
    crossings = (np.diff((drawn < 0.5).astype(int), axis=0) != 0).sum(axis=0)
    assert crossings.min() > 100
    assert_allclose((drawn < 0.5).mean(), early, atol=0.01)
    assert_allclose(drawn.mean(), mean, atol=0.01)
    assert_allclose(
        drawn[drawn < 0.5].mean(), np.average(grid[grid < 0.5], weights=mass[grid < 0.5]), rtol=0.02
    )
    assert (
        np.diff((found["without"] < 0.5).astype(int), axis=0) != 0
    ).sum() < 0.3 * crossings.sum()

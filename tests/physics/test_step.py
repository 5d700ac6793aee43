"""One step of the pools: rates over a step, allocation, and the order of things within a step."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from pm_dalec.physics import disturbance, records, step
from pm_dalec.physics.numpy_run import run_numpy
from pm_dalec.tables.variables import POOLS
from pm_dalec.testing.parameters import FEASIBLE
from pm_dalec.testing.tiny import random_drivers

POOLS_OF_TEN = records.Pools(*(10.0 for _ in POOLS))
LIVING = ("labile", "foliage", "roots", "wood")


def one_step(theta=FEASIBLE, **changed):
    """Run of one step of 30 warm days."""
    drivers = random_drivers(1, np.random.default_rng(4), days=30.0, disturbed=False)
    drivers = drivers._replace(**{name: np.array([value]) for name, value in changed.items()})
    run = run_numpy(drivers, 50.0, theta)
    return type(run)(*(type(part)(*(v[-1] for v in part)) for part in run))


@pytest.mark.parametrize("rate", [1e-9, 1e-3, 0.2, 0.999])
@pytest.mark.parametrize("days", [1.0, 28.0, 30.4375, 365.0])
def test_a_rate_over_a_step_compounds_daily(rate, days):
    expected = (1 - (1 - rate) ** days) / days
    assert_allclose(step.over_step(np.array(rate), days, np), expected, rtol=1e-7)


def test_a_small_rate_over_a_step_keeps_its_digits():
    # the series of (1 - (1 - r)**30) / 30, which the direct form loses to rounding
    rate = 1e-12
    assert_allclose(step.over_step(np.array(rate), 30.0, np), rate * (1 - 14.5 * rate), rtol=1e-14)


@pytest.mark.parametrize("rate", [1.2, 2.0, 2.5])
@pytest.mark.parametrize("days", [1.0, 2.0, 5.0, 30.0, 31.0])
def test_a_rate_above_one_takes_the_power_of_a_negative_base(rate, days):
    expected = (1 - (1 - rate) ** int(days)) / days
    assert_allclose(step.over_step(np.array(rate), days, np), expected, rtol=1e-12)


def test_a_rate_of_one_takes_everything():
    with np.errstate(divide="ignore"):
        assert step.over_step(np.array(1.0), 30.0, np) * 30.0 == 1.0


def test_a_rate_above_one_over_part_of_a_day_is_not_a_number():
    with np.errstate(invalid="ignore"):
        assert np.isnan(step.over_step(np.array(1.5), 30.4375, np))


def test_shares_of_photosynthesis_are_handed_out_one_after_the_other():
    theta = FEASIBLE._replace(
        autotrophic_fraction=0.5, foliage_fraction=0.2, labile_fraction=0.25, root_fraction=0.6
    )
    share = step.allocation(theta)
    # 1 - 0.5 = 0.5; 0.2 of it 0.1, 0.25 of the remaining 0.4 = 0.1, 0.6 of 0.3 = 0.18
    assert_allclose(share, (0.5, 0.1, 0.1, 0.18, 0.12))


def test_a_forest_without_leaves_only_decays():
    run = one_step(FEASIBLE._replace(initial_foliage=0.0, initial_labile=0.0))
    assert run.fluxes.gpp == 0.0
    kept = (1 - FEASIBLE.wood_turnover_rate) ** 30
    assert_allclose(run.pools.wood, FEASIBLE.initial_wood * kept, rtol=1e-12)
    assert_allclose(run.fluxes.wood_to_som * 30, FEASIBLE.initial_wood * (1 - kept), rtol=1e-9)


def test_decomposition_grows_exponentially_with_mean_temperature():
    cold, warm = (one_step(tmin=t - 4.0, tmax=t + 4.0).fluxes for t in (0.0, 10.0))
    factor = np.exp(10.0 * FEASIBLE.temperature_exponent)
    assert_allclose(warm.temperature_rate / cold.temperature_rate, factor)
    assert_allclose(warm.som_respiration / cold.som_respiration, factor, rtol=1e-3)


def test_leaf_area_is_that_of_the_start_of_the_step():
    run = one_step()
    assert run.fluxes.lai == FEASIBLE.initial_foliage / FEASIBLE.leaf_carbon_per_area
    assert run.pools.foliage != FEASIBLE.initial_foliage


def test_the_fluxes_of_a_step_do_not_see_harvest_and_fire_in_it():
    quiet, hit = one_step(), one_step(forest_loss_fraction=0.4, burned_fraction=0.3)
    for name in ("gpp", "foliage_to_litter", "litter_respiration", "nee"):
        assert getattr(quiet.fluxes, name) == getattr(hit.fluxes, name)


def test_harvest_takes_from_the_pools_after_growth():
    quiet, cut = one_step(), one_step(forest_loss_fraction=0.4)
    for pool in ("labile", "foliage", "wood"):
        assert_allclose(getattr(cut.pools, pool), 0.6 * getattr(quiet.pools, pool))
        taken = getattr(cut.fluxes, f"{pool}_harvest") * 30.0
        assert_allclose(taken, 0.4 * getattr(quiet.pools, pool))


def test_harvest_leaves_roots_and_dead_carbon_alone():
    quiet, cut = one_step(), one_step(forest_loss_fraction=0.4)
    for pool in ("roots", "litter", "som"):
        assert getattr(cut.pools, pool) == getattr(quiet.pools, pool)


def test_fire_burns_what_harvest_left():
    felled, hit = (
        one_step(forest_loss_fraction=1.0, burned_fraction=burned) for burned in (0.0, 0.5)
    )
    assert felled.pools.wood == 0.0
    assert hit.fluxes.wood_combustion == 0.0
    assert hit.fluxes.wood_fire_litter == 0.0
    assert_allclose(hit.fluxes.roots_combustion * 30.0, 0.5 * 0.1 * felled.pools.roots)


def test_fire_splits_each_pool_into_smoke_litter_and_survivors():
    after, flux = disturbance.fire(POOLS_OF_TEN, 0.5, 2.0)
    # of foliage 5 burn: 0.9 smoke, then half of the rest dies; litter gains from three pools
    assert_allclose(flux.foliage_combustion * 2, 4.5)
    assert_allclose(flux.foliage_fire_litter * 2, 5 * 0.1 * 0.5)
    assert_allclose(flux.wood_combustion * 2, 0.5)
    assert_allclose(flux.wood_fire_litter * 2, 5 * 0.9 * 0.5)
    assert_allclose(flux.litter_combustion * 2, 3.5)
    assert_allclose(flux.litter_fire_litter * 2, 5 * 0.3 * 0.9)
    assert_allclose(flux.som_combustion * 2, 0.05)
    killed = 2 * (flux.labile_fire_litter + flux.foliage_fire_litter + flux.roots_fire_litter)
    assert_allclose(after.litter, 10 - 3.5 - 1.35 + killed)
    assert_allclose(after.som, 10 - 0.05 + 2.25 + 1.35)


def test_without_harvest_and_fire_their_fluxes_are_zero():
    flux = one_step().fluxes
    for pool in POOLS:
        assert getattr(flux, f"{pool}_combustion") == 0.0
    assert (flux.harvest, flux.fire) == (0.0, 0.0)


def test_wood_litter_goes_to_the_soil_and_leaf_litter_to_the_litter():
    more = FEASIBLE._replace(initial_wood=2 * FEASIBLE.initial_wood)
    base, other = one_step(), one_step(more)
    assert other.pools.litter == base.pools.litter
    gained = other.pools.som - base.pools.som
    assert_allclose(gained, base.fluxes.wood_to_som * 30.0, rtol=1e-9)


def test_drivers_of_pixels_serve_parameters_of_draws_and_pixels():
    drivers = random_drivers(5, np.random.default_rng(1), days=30.0)
    two = records.Drivers(*(np.stack([value, value * 1.01], axis=1) for value in drivers))
    theta = type(FEASIBLE)(*(np.full((3, 2), value) for value in FEASIBLE))
    together = run_numpy(two, np.array([50.0, 51.0]), theta)
    second = records.Drivers(*(value * 1.01 for value in drivers))
    apart = run_numpy(second, 51.0, FEASIBLE)
    assert together.fluxes.gpp.shape == (5, 3, 2)
    assert_allclose(together.fluxes.gpp[:, 2, 1], apart.fluxes.gpp, rtol=1e-13)

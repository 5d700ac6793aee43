"""Carbon is neither made nor lost, whatever the weather, the parameters, harvest and fire."""

import numpy as np
from hypothesis import given, settings
from numpy.testing import assert_allclose

from pm_dalec.physics import records
from pm_dalec.physics.numpy_run import run_numpy
from pm_dalec.testing.parameters import random_theta
from pm_dalec.testing.strategies import drivers_and_parameters
from pm_dalec.testing.tiny import random_drivers

CASES = settings(max_examples=60, deadline=None)
LIVING = ("labile", "foliage", "roots", "wood")


def total(pools):
    """Carbon in all pools [g m-2]."""
    return sum(pools)


@CASES
@given(drivers_and_parameters())
def test_carbon_lost_by_pools_is_carbon_given_to_the_air_and_to_the_saw(case):
    drivers, latitude, theta = case
    pools, fluxes = run_numpy(drivers, latitude, theta)
    given_away = fluxes.reco + fluxes.fire + fluxes.harvest - fluxes.gpp
    moved = np.cumsum(given_away * drivers.step_days)
    size = np.abs(total(pools)).max() + np.abs(fluxes.gpp * drivers.step_days).sum()
    assert_allclose(total(pools)[1:] - total(pools)[0], -moved, rtol=0, atol=1e-10 * size)


@CASES
@given(drivers_and_parameters())
def test_photosynthesis_is_handed_out_completely(case):
    drivers, latitude, theta = case
    fluxes = run_numpy(drivers, latitude, theta).fluxes
    parts = ("foliage", "labile", "roots", "wood")
    handed_out = fluxes.autotrophic_respiration + sum(
        getattr(fluxes, f"npp_to_{part}") for part in parts
    )
    assert_allclose(handed_out, fluxes.gpp, rtol=1e-12)


@CASES
@given(drivers_and_parameters())
def test_living_pools_never_fall_below_zero(case):
    drivers, latitude, theta = case
    pools = run_numpy(drivers, latitude, theta).pools
    for name in LIVING:
        assert getattr(pools, name).min() >= -1e-9, name


@CASES
@given(drivers_and_parameters())
def test_exchange_is_the_sum_of_its_parts(case):
    drivers, latitude, theta = case
    flux = run_numpy(drivers, latitude, theta).fluxes
    assert_allclose(flux.nee, flux.reco - flux.gpp)
    assert_allclose(flux.nbe, flux.nee + flux.fire)
    assert_allclose(flux.harvest, flux.labile_harvest + flux.foliage_harvest + flux.wood_harvest)
    burned = sum(getattr(flux, f"{pool}_combustion") for pool in records.Pools._fields)
    assert_allclose(flux.fire, burned)


def test_litter_that_loses_more_than_it_has_becomes_negative():
    # CARDAMOM: respiration and decomposition take from the same start pool; a rule rejects the result
    drivers = random_drivers(12, np.random.default_rng(0), days=30.0)._replace(
        tmin=np.full(12, 30.0), tmax=np.full(12, 30.0)
    )
    theta = random_theta((), np.random.default_rng(0))._replace(
        litter_mineralisation_rate=0.02, litter_to_som_rate=0.01, temperature_exponent=0.08
    )
    assert run_numpy(drivers, 50.0, theta).pools.litter.min() < 0

"""Light, wind and water around the leaves."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from pm_dalec.physics import canopy
from pm_dalec.testing.tiny import random_drivers

EVERY_DAY = np.arange(1.0, 366.0)


def weather(steps=200, latitude=50.0, **changed):
    drivers = random_drivers(steps, np.random.default_rng(2), days=30.0)
    drivers = drivers._replace(**{name: np.full(steps, v) for name, v in changed.items()})
    return drivers, canopy.weather(drivers, latitude, np)


def astronomical_day_length(day, latitude):
    """Hours between sunrise and sunset of a point sun, with Cooper's declination."""
    declination = np.deg2rad(23.45) * np.sin(2 * np.pi * (284 + day) / 365)
    sunset = -np.tan(np.deg2rad(latitude)) * np.tan(declination)
    return 24 / np.pi * np.arccos(np.clip(sunset, -1, 1))


@pytest.mark.parametrize("latitude", [-60.0, -35.0, 0.0, 20.0, 45.0, 60.0])
def test_day_length_is_that_of_astronomy(latitude):
    ours = canopy.day_length(EVERY_DAY, np.zeros(365), latitude, np)
    assert_allclose(ours, astronomical_day_length(EVERY_DAY, latitude), atol=0.1)


def test_day_length_is_that_of_the_middle_of_the_step():
    month = canopy.day_length(np.array(31.0), np.array(30.0), 55.0, np)
    assert month == canopy.day_length(np.array(16.0), np.array(0.0), 55.0, np)


def test_polar_day_lasts_24_hours_and_polar_night_slightly_less_than_none():
    summer, winter = canopy.day_length(np.array([172.0, 355.0]), np.zeros(2), 80.0, np)
    assert_allclose(summer, 24.0, atol=1e-5)
    assert -1e-6 < winter < 0.0


def test_photosynthesis_is_fastest_at_its_optimum_and_stops_in_great_heat():
    at = canopy.photosynthesis_temperature(np.array([10.0, 31.5596, 45.0, 68.43, 80.0]), np)
    assert_allclose(at[1], 1.0, rtol=1e-9)
    assert at[0] < 1.0
    assert at[2] < 1.0
    assert list(at[3:]) == [0.0, 0.0]


def test_a_canopy_absorbs_no_more_light_than_falls_on_it():
    drivers, now = weather()
    for lai in (0.0, 0.5, 3.0, 20.0):
        seen = canopy.light(np.full(200, lai), now, np)
        assert (seen.apar >= 0).all()
        assert (seen.apar <= drivers.sw_rad / 2).all()
        assert (seen.shortwave <= drivers.sw_rad).all()


def test_more_leaves_absorb_more_light():
    now = weather(steps=1)[1]
    absorbed = [canopy.light(np.array([lai]), now, np).apar[0] for lai in (0.0, 0.1, 1.0, 5.0)]
    assert absorbed == sorted(absorbed)
    assert absorbed[0] == 0.0


def test_without_wind_or_leaves_the_boundary_layer_does_not_conduct():
    still, windy = weather(wind=0.0)[1], weather(wind=3.0)[1]
    assert (canopy.boundary_conductance(np.full(200, 2.0), still, np) == 0).all()
    assert (canopy.boundary_conductance(np.zeros(200), windy, np) == 0).all()
    assert (canopy.boundary_conductance(np.full(200, 2.0), windy, np) > 0).all()


def test_the_boundary_layer_conducts_with_the_root_of_the_wind():
    slow, fast = (
        canopy.boundary_conductance(np.full(200, 2.0), weather(wind=wind)[1], np)
        for wind in (1.0, 4.0)
    )
    assert_allclose(fast, 2 * slow)


@pytest.mark.parametrize("roots", [1.0, 2.0, 20.0, 60.0, 300.0, 2000.0])
def test_roots_of_all_layers_add_up_to_the_roots(roots):
    biomass = max(5.0, 2 * roots)
    reach = 2 * biomass / (100 + biomass)
    layers = canopy._layer_roots(np.array(biomass), np.array(reach), np.array(reach / 4), np)
    if reach > 0.15:
        assert_allclose(sum(layers), biomass)
        assert min(layers) >= 0
    else:
        # CARDAMOM: shallow roots have more than all in the first layer and less than none below
        assert layers[0] > biomass
        assert layers[1] < 0


def test_frozen_ground_takes_away_the_supply_of_the_top_layer():
    frozen, thawed = (weather(steps=1, tmin=t, tmax=t)[1] for t in (0.9, 1.1))
    lai = np.array([2.0])
    deep, shallow = np.array([300.0]), np.array([1.0])
    cold = canopy.water_supply(deep, lai, frozen, np)
    assert 0 < cold < canopy.water_supply(deep, lai, thawed, np)
    assert canopy.water_supply(shallow, lai, frozen, np) == 0.0
    assert canopy.water_supply(shallow, lai, thawed, np) > 0.0

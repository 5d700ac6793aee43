"""Rules from products to observations: biomass to wood carbon, years to steps."""

import numpy as np
from hypothesis import given, strategies as st
from numpy.testing import assert_allclose

from pm_dalec.data.time_axis import monthly_axis
from pm_dalec.landscape.allometry import above_ground_biomass, wood_carbon, wood_carbon_sigma
from pm_dalec.landscape.losses import spread_over_year


def test_wood_carbon_is_the_allometry_in_megagrams_per_hectare():
    assert_allclose(wood_carbon(220.0), 48 * (220 + 0.489 * 220**0.89))


@given(st.floats(0, 600))
def test_above_ground_biomass_inverts_the_allometry(mass):
    assert_allclose(above_ground_biomass(wood_carbon(mass)), mass, rtol=1e-9, atol=1e-9)


@given(st.floats(1, 600), st.floats(0.01, 0.5))
def test_sigma_of_wood_carbon_is_the_derivative_of_the_allometry(mass, relative):
    step = 1e-4 * mass
    slope = (wood_carbon(mass + step) - wood_carbon(mass - step)) / (2 * step)
    assert_allclose(wood_carbon_sigma(mass, relative * mass), slope * relative * mass, rtol=1e-6)


def test_sigma_of_wood_carbon_is_at_most_the_value_itself():
    assert_allclose(wood_carbon_sigma([10.0, 0.0], [50.0, 1.0]), [wood_carbon(10.0), 0.0])


def test_averaging_before_the_allometry_gives_too_much_wood():
    masses = np.array([0.0, 300.0])
    assert wood_carbon(masses.mean()) > wood_carbon(masses).mean()


def test_the_loss_of_a_year_falls_evenly_on_its_days_and_adds_up_in_leap_years_too():
    axis = monthly_axis(2015, 2016)
    bounds = axis["time_bnds"].to_numpy()
    spread = spread_over_year([0.0365, 0.0366], (2015, 2016), time_bounds=bounds)
    assert_allclose(spread, axis["step_days"] * 1e-4, rtol=1e-12)


def test_a_step_across_two_years_takes_days_of_both():
    bounds = np.array([["2015-12-27", "2016-01-06"]], dtype="datetime64[ns]")
    spread = spread_over_year([0.365, 0.0], (2015, 2016), time_bounds=bounds)
    assert_allclose(spread, [0.365 * 5 / 365])

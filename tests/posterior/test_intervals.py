"""Intervals of parameters: quantiles of all draws, days in one piece."""

import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_allclose

from pm_dalec.posterior.intervals import at_bounds, intervals
from pm_dalec.tables.constants import DAYS_PER_YEAR
from pm_dalec.tables.parameters import PARAMETERS


@pytest.fixture
def posterior():
    """Draws of one rate, and of one day that lies on both sides of the turn of the year."""
    drawn = np.linspace(-10, 10, 400).reshape(4, 100)
    return xr.Dataset(
        {
            "leaf_lifespan": (("chain", "draw"), 3 + drawn / 10),
            "leaf_fall_day": (("chain", "draw"), DAYS_PER_YEAR + drawn % DAYS_PER_YEAR),
        }
    )


def test_an_interval_has_nine_tenths_of_the_draws(posterior):
    row = intervals(posterior).loc["leaf_lifespan"]
    assert_allclose(row, [2.1, 3.0, 3.9], atol=1e-12)


def test_days_around_new_year_have_an_interval_of_days_not_of_a_year(posterior):
    row = intervals(posterior).loc["leaf_fall_day"]
    assert_allclose(row["high"] - row["low"], 18.0, atol=1e-9)


@pytest.mark.parametrize(("lifespan", "day", "inside"), [(3.0, 5.0, True), (4.2, 20.0, False)])
def test_a_truth_is_inside_or_outside_on_whichever_side_of_new_year(
    posterior, lifespan, day, inside
):
    found = intervals(
        posterior, truth={"leaf_lifespan": lifespan, "leaf_fall_day": DAYS_PER_YEAR + day}
    )
    assert list(found["inside"]) == [inside, inside]


def test_without_a_truth_nothing_is_said_about_it(posterior):
    assert list(intervals(posterior).columns) == ["low", "median", "high"]


def test_the_median_of_a_day_is_a_day_of_the_year(posterior):
    row = intervals(posterior).loc["leaf_fall_day"]
    assert 0 < row["median"] <= DAYS_PER_YEAR
    assert row["low"] <= row["median"] <= row["high"]


@pytest.mark.parametrize("years", [-1, 0, 1, 2])
def test_the_year_of_a_day_makes_no_difference(posterior, years):
    before = intervals(posterior, truth={"leaf_lifespan": 3.0, "leaf_fall_day": 5.0})
    posterior["leaf_fall_day"] += years * DAYS_PER_YEAR
    after = intervals(posterior, truth={"leaf_lifespan": 3.0, "leaf_fall_day": 5.0 + DAYS_PER_YEAR})
    assert_allclose(
        after.loc["leaf_fall_day"].astype(float), before.loc["leaf_fall_day"].astype(float)
    )


def test_a_day_is_shown_above_0_and_up_to_the_length_of_a_year():
    shown = PARAMETERS["leaf_fall_day"].shown(np.array([-35.7, 0.0, 180.0, 540.25, 730.5]))
    assert_allclose(shown, [329.55, 365.25, 180.0, 175.0, 365.25])
    assert PARAMETERS["leaf_lifespan"].shown(3.0) == 3.0


def test_a_posterior_piled_at_a_bound_is_named_with_its_side_and_a_flat_one_is_not():
    rng = np.random.default_rng(0)
    names = ("leaf_lifespan", "wood_turnover_rate", "som_mineralisation_rate", "leaf_fall_day")
    places = (0.02 * rng.random(400), rng.random(400), 1 - 0.02 * rng.random(400), np.zeros(400))
    posterior = xr.Dataset()
    for name, place in zip(names, places, strict=True):
        lower, upper = PARAMETERS[name].bounds
        values = lower * (upper / lower) ** place
        posterior[name] = (("chain", "draw"), values.reshape(4, 100))
    found = at_bounds(posterior)
    assert found == ["leaf_lifespan (lower)", "som_mineralisation_rate (upper)"]

"""Leaf onset and leaf fall as pulses that come back every year."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from pm_dalec.physics import phenology
from pm_dalec.testing.parameters import FEASIBLE

DAYS = np.arange(1.0, 366.0)
RATES = {
    "leaf_fall_day": phenology.leaf_fall_rate,
    "labile_release_day": phenology.labile_release_rate,
}


@pytest.mark.parametrize("name", RATES)
def test_days_act_modulo_the_year(name):
    day = getattr(FEASIBLE, name)
    now = RATES[name](DAYS, FEASIBLE, np)
    next_year = RATES[name](DAYS, FEASIBLE._replace(**{name: day + 365.25}), np)
    # the year of the pulses is pi rounded to seven digits long
    assert_allclose(next_year, now, rtol=0, atol=1e-6 * now.max())


@pytest.mark.parametrize("name", RATES)
def test_days_half_a_year_apart_are_not_the_same(name):
    now = RATES[name](DAYS, FEASIBLE, np)
    half = RATES[name](DAYS, FEASIBLE._replace(**{name: getattr(FEASIBLE, name) + 182.625}), np)
    assert np.abs(half - now).max() > 0.5 * now.max()


@pytest.mark.parametrize("lifespan", [1.05, 1.5, 3.0, 8.0])
def test_a_year_of_leaf_fall_takes_one_leaf_in_every_lifespan(lifespan):
    fine = np.arange(0.0, 365.25, 0.05)
    theta = FEASIBLE._replace(leaf_lifespan=lifespan, leaf_fall_period=20.0)
    survivors = np.exp(-phenology.leaf_fall_rate(fine, theta, np).sum() * 0.05)
    # the sine makes the pulse a little wider than a Gaussian
    assert_allclose(1 - survivors, 1 / lifespan, rtol=0.01)


def test_a_year_of_release_leaves_a_thousandth_of_the_labile_carbon():
    fine = np.arange(0.0, 365.25, 0.05)
    theta = FEASIBLE._replace(labile_release_period=10.0)
    survivors = np.exp(-phenology.labile_release_rate(fine, theta, np).sum() * 0.05)
    assert_allclose(survivors, 0.001 / 1.001, rtol=0.02)


@pytest.mark.parametrize("name", RATES)
def test_most_is_lost_on_the_day_of_the_parameter(name):
    # the day of the largest loss of a pool that gains nothing, not of the largest rate
    fine = np.arange(365.25, 2 * 365.25, 0.05)
    theta = FEASIBLE._replace(
        **{name: 548.0}, leaf_lifespan=1.2, leaf_fall_period=20.0, labile_release_period=20.0
    )
    rate = RATES[name](fine, theta, np)
    left = np.exp(-np.cumsum(rate) * 0.05)
    assert abs(fine[np.argmax(rate * left)] - 548.0) < 2.0


def test_a_longer_period_spreads_the_same_pulse():
    narrow = phenology.leaf_fall_rate(DAYS, FEASIBLE._replace(leaf_fall_period=30.0), np)
    wide = phenology.leaf_fall_rate(DAYS, FEASIBLE._replace(leaf_fall_period=60.0), np)
    assert_allclose(narrow.max(), 2 * wide.max(), rtol=1e-3)
    assert_allclose(narrow.sum(), wide.sum(), rtol=0.05)


def test_onset_does_not_know_the_lifespan_of_leaves():
    there = phenology.labile_release_rate(DAYS, FEASIBLE, np)
    other = phenology.labile_release_rate(DAYS, FEASIBLE._replace(leaf_lifespan=5.0), np)
    assert np.array_equal(there, other)

"""A plan is what its pilot says, stratum by stratum."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from pm_dalec.sampling.cluster import plan
from pm_dalec.sampling.cluster.planning import (
    by_stratum,
    chosen_for_pilot,
    units_that_exist,
    workers_for,
)

from .conftest import build


def units_of(observations, stratum="forest"):
    return pd.DataFrame({"stratum": stratum, "observations": observations})


def test_seconds_grow_with_observations_where_the_pilot_says_so():
    exist = units_of([10, 20, 30, 40])
    table, total, _ = by_stratum(exist, {0: 1.0, 1: 2.0, 2: 3.0})
    assert_allclose(total, 1 + 2 + 3 + 4)
    assert_allclose(table["slope"], 0.1)


def test_strata_are_added_up_with_their_errors():
    exist = pd.concat([units_of([5] * 4), units_of([5] * 6, "crops")], ignore_index=True)
    table, total, error = by_stratum(exist, {0: 1.0, 1: 3.0, 4: 5.0, 5: 5.0})
    assert_allclose(table["seconds"], [2.0, 5.0])
    assert_allclose(total, 4 * 2 + 6 * 5)
    assert_allclose(error, 4 * np.std([1, 3], ddof=1) / np.sqrt(2))


def test_a_pilot_is_spread_over_the_numbers_of_observations():
    chosen = chosen_for_pilot(units_of([4, 3, 2, 1, 0, 9, 8, 7]), 4)
    assert chosen == [1, 3, 5, 7]  # the upper one of every two, from 0 1, 2 3, 4 7, 8 9


def test_workers_end_in_time_and_none_is_without_a_block():
    workers, hours = workers_for(total=100 * 3600.0, start=60.0, blocks=1000, hours=5.0)
    assert hours <= 5.0
    assert workers == pytest.approx(100 / 4.9, abs=1.0)
    assert workers_for(total=3600.0, start=1.0, blocks=4, hours=0.001)[0] == 4


def test_the_plan_of_a_region_is_that_of_its_units(region):
    how = {"chains": 8, "draws": 40, "proposals": 1500, "progress": False}
    made = plan(build, region, pilot=2, **how)
    exist = units_that_exist(build(region))
    assert made.units == len(exist) == 2
    assert_allclose(exist["observations"], 24 + 2)
    assert_allclose(made.core_hours * 3600, made.seconds["seconds"] * 2)
    assert made.draws_bytes == 2 * 40 * 8 * 24 * 8
    assert made.state_bytes > made.draws_bytes
    with pytest.raises(ValueError, match=r"got pilot=1"):
        plan(build, region, pilot=1, **how)

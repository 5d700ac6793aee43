"""Ecological constraints: one case on either side of the threshold of each rule."""

import numpy as np
import pytest

from pm_dalec.constraints.case import Case
from pm_dalec.tables.variables import GAINS, LOSSES, POOLS
from pm_dalec.testing.parameters import FEASIBLE

from .cases import LATER, PAPER, Made, holds


def parameter_case(mean_temperature=9.0, **changed):
    return Case(FEASIBLE._replace(**changed), mean_temperature)


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        (
            "som_slower_than_litter",
            {"litter_mineralisation_rate": 2e-3, "som_mineralisation_rate": 2e-3},
            {"litter_mineralisation_rate": 2e-3, "som_mineralisation_rate": 2.1e-3},
        ),
        (
            "litter_to_som_faster_than_som",
            {"litter_to_som_rate": 5e-5, "som_mineralisation_rate": 5e-5},
            {"litter_to_som_rate": 5e-5, "som_mineralisation_rate": 5.1e-5},
        ),
        (
            "wood_outlives_leaves",
            {"leaf_lifespan": 4.0, "wood_turnover_rate": 0.99 / (365.25 * 4)},
            {"leaf_lifespan": 4.0, "wood_turnover_rate": 1.01 / (365.25 * 4)},
        ),
        (
            "roots_faster_than_som",
            {
                "temperature_exponent": 0.05,
                "som_mineralisation_rate": 1e-3,
                "root_turnover_rate": 1.01e-3 * np.exp(0.45),
            },
            {
                "temperature_exponent": 0.05,
                "som_mineralisation_rate": 1e-3,
                "root_turnover_rate": 0.99e-3 * np.exp(0.45),
            },
        ),
        (
            "leaves_balance_roots",
            {"foliage_fraction": 0.4, "labile_fraction": 0.01, "root_fraction": 0.15},
            {"foliage_fraction": 0.5, "labile_fraction": 0.5, "root_fraction": 0.15},
        ),
        (
            "leaves_balance_roots",
            {"foliage_fraction": 0.1, "labile_fraction": 0.1, "root_fraction": 0.8},
            {"foliage_fraction": 0.05, "labile_fraction": 0.05, "root_fraction": 0.8},
        ),
        ("initial_below_bound", {"initial_wood": 30000.0}, {"initial_wood": 30001.0}),
    ],
)
def test_a_parameter_rule_passes_and_fails_where_it_should(name, good, bad):
    rule = PAPER[name]
    assert holds(rule, parameter_case(**good))
    assert not holds(rule, parameter_case(**bad))


def test_warmth_lets_roots_fall_behind_the_soil():
    rule = PAPER["roots_faster_than_som"]
    case = parameter_case(
        root_turnover_rate=0.0014, som_mineralisation_rate=9e-5, temperature_exponent=0.08
    )
    assert holds(rule, case._replace(mean_temperature=34.0))
    assert not holds(rule, case._replace(mean_temperature=35.0))


def wood_balance(first, second, later, **others):
    """Case in which wood gains these multiples of its loss in year one, two and after."""
    quiet = {name: np.zeros(36) for name in ("wood_combustion", "wood_fire_litter", "wood_harvest")}
    gained = np.repeat([first, second, later], 12)
    return Made().case(fluxes=quiet | {"npp_to_wood": gained, "wood_to_som": np.ones(36)} | others)


@pytest.mark.parametrize("factor", [4.99, 1 / 4.99])
def test_wood_may_gain_up_to_five_times_what_it_loses(factor):
    rule = PAPER["steady_wood"]
    assert holds(rule, wood_balance(1.0, 1.0, factor))
    further = factor * 1.01 if factor > 1 else factor / 1.01
    assert not holds(rule, wood_balance(1.0, 1.0, further))


def test_the_first_two_years_are_not_part_of_the_balance():
    assert holds(PAPER["steady_wood"], wood_balance(50.0, 0.01, 1.0))


def test_in_the_later_era_wood_may_gain_up_to_twice_what_it_loses():
    assert holds(LATER["steady_wood"], wood_balance(1.0, 1.0, 1.99))
    assert not holds(LATER["steady_wood"], wood_balance(1.0, 1.0, 2.01))


@pytest.mark.parametrize("pool", [pool for pool in POOLS if pool != "wood"])
def test_other_pools_may_gain_up_to_twice_what_they_lose(pool):
    gains, losses = GAINS[pool], LOSSES[pool]
    moved = {name: np.ones(36) / len(losses) for name in losses}
    assert pool != "litter" or not set(gains) & set(losses)
    for factor, expected in ((1.99, True), (2.01, False), (1 / 1.99, True), (1 / 2.01, False)):
        share = {name: np.full(36, factor / len(gains)) for name in gains}
        assert holds(PAPER[f"steady_{pool}"], Made().case(fluxes=moved | share)) is expected


def test_harvest_counts_as_a_loss_in_the_later_era_only():
    felling = {"wood_harvest": np.full(36, 10.0)}
    case = wood_balance(1.0, 1.0, 1.0, **felling)
    assert holds(PAPER["steady_wood"], case)
    assert not holds(LATER["steady_wood"], case)


def test_fire_counts_as_a_loss_in_both_eras():
    case = wood_balance(1.0, 1.0, 1.0, wood_combustion=np.full(36, 10.0))
    assert not holds(PAPER["steady_wood"], case)
    assert not holds(LATER["steady_wood"], case)


def test_in_the_paper_only_a_first_year_out_of_balance_fails():
    rule = PAPER["slow_change_wood"]
    assert holds(rule, wood_balance(np.exp(0.29), 1.0, 1.0))
    assert not holds(rule, wood_balance(np.exp(0.31), 1.0, 1.0))
    assert holds(rule, wood_balance(1.0, np.exp(2.0), 1.0))


def test_in_the_later_era_a_second_year_out_of_balance_fails_as_well():
    rule = LATER["slow_change_wood"]
    assert holds(rule, wood_balance(np.exp(0.04), 1.0, 1.0))
    assert not holds(rule, wood_balance(np.exp(0.06), 1.0, 1.0))
    assert not holds(rule, wood_balance(1.0, np.exp(0.06), 1.0))


def test_foliage_and_roots_may_differ_by_five_on_average():
    rule = PAPER["foliage_matches_roots"]
    for mean, expected in ((4.99, True), (5.01, False), (1 / 4.99, True), (1 / 5.01, False)):
        assert holds(rule, Made().case(pools={"foliage": np.full(37, mean)})) is expected


def test_the_mean_of_foliage_has_the_state_before_the_first_step_in_it():
    foliage = np.r_[400.0, np.ones(36)]
    assert not holds(PAPER["foliage_matches_roots"], Made().case(pools={"foliage": foliage}))


def test_a_forest_without_photosynthesis_fails():
    rule = PAPER["photosynthesis_happens"]
    assert not holds(rule, Made().case(fluxes={"gpp": np.zeros(36)}))
    assert holds(rule, Made().case(fluxes={"gpp": np.r_[np.zeros(35), 1e-300]}))


@pytest.mark.parametrize("pool", POOLS)
@pytest.mark.parametrize("place", [0, 20, 36])
@pytest.mark.parametrize("value", [-1e-12, np.nan])
def test_a_pool_that_is_once_negative_or_not_a_number_fails(pool, place, value):
    series = np.ones(37)
    series[place:] = value if np.isnan(value) else series[place:]
    series[place] = value
    assert not holds(PAPER[f"{pool}_never_negative"], Made().case(pools={pool: series}))


@pytest.mark.parametrize("pool", POOLS)
def test_an_empty_pool_passes(pool):
    series = np.r_[np.ones(36), 0.0]
    assert holds(PAPER[f"{pool}_never_negative"], Made().case(pools={pool: series}))

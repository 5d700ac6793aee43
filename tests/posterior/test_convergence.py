"""Convergence statistics, with days that act modulo the year."""

import sys
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_allclose
from scipy.signal import lfilter

from pm_dalec.posterior.chain_statistics import (
    chain_statistics,
    circular_mean,
    halves_rhat,
    quarters,
    rank_rhat,
    turned,
)
from pm_dalec.posterior.convergence import diagnose, has_converged, verdict
from pm_dalec.tables.constants import DAYS_PER_YEAR
from pm_dalec.tables.parameters import PARAMETERS
from pm_dalec.testing.tiny import tiny_fit, tiny_region


def fit_of(chains=4, draws=200, **columns):
    """Fit of independent normal draws in which some parameters are given."""
    fit = tiny_fit(chains=chains, draws=draws)
    rng = np.random.default_rng(0)
    values = {name: rng.normal(size=(chains, draws)) for name in PARAMETERS} | columns
    sampled = {
        name: (("chain", "draw"), np.asarray(value, float)) for name, value in values.items()
    }
    fit["posterior"].dataset = xr.Dataset(sampled)
    return fit


def statistic(fit, name, which="rhat"):
    return float(diagnose(fit)[which].sel(parameter=name))


def test_independent_chains_have_converged():
    report = diagnose(fit_of(draws=500))
    assert float(report["rhat"].max()) < 1.02
    assert (report["ess_bulk"] > 1000).all()
    assert (report["ess_tail"] > 1000).all()


def test_statistics_in_threads_leave_warnings_as_they_are():
    """ArviZ sets filters and sets them back, which two threads at a time would do in any order."""
    draws, before = np.random.default_rng(0).random((4, 20, 1)), [*warnings.filters]
    interval = sys.getswitchinterval()
    try:
        sys.setswitchinterval(1e-6)
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(chain_statistics, [draws] * 200))
    finally:
        sys.setswitchinterval(interval)
    assert warnings.filters == before


def test_every_sampled_parameter_is_in_the_report():
    report = diagnose(fit_of())
    assert list(report["parameter"].values) == list(PARAMETERS)


def test_a_fixed_parameter_is_left_out():
    report = diagnose(fit_of(leaf_lifespan=np.full((4, 200), 2.0)))
    assert list(report["parameter"].values) == [n for n in PARAMETERS if n != "leaf_lifespan"]


def test_chains_in_different_places_have_a_large_rhat():
    rng = np.random.default_rng(1)
    apart = rng.normal(size=(4, 200)) + 5 * np.arange(4)[:, None]
    assert statistic(fit_of(initial_som=apart), "initial_som") > 2.0
    assert statistic(fit_of(initial_som=apart), "initial_wood") < 1.05


def test_chains_of_different_widths_have_a_large_rhat():
    # only the folded half of the rank statistic sees it
    widths = np.random.default_rng(1).normal(size=(4, 200)) * np.array([1, 1, 1, 10])[:, None]
    assert statistic(fit_of(initial_som=widths), "initial_som") > 1.1


def test_a_slow_chain_has_few_effective_draws():
    walk = np.cumsum(np.random.default_rng(2).normal(size=(4, 200)), axis=1)
    assert statistic(fit_of(initial_som=walk), "initial_som", "ess_bulk") < 40


def test_the_same_day_in_another_year_is_the_same_day():
    rng = np.random.default_rng(3)
    days = 500.0 + rng.normal(0, 10, (4, 200)) + DAYS_PER_YEAR * np.arange(4)[:, None]
    assert statistic(fit_of(leaf_fall_day=days), "leaf_fall_day") < 1.05
    # the same numbers in a parameter that is no day
    assert statistic(fit_of(initial_som=days), "initial_som") > 2.0


def test_a_day_around_new_year_is_one_mode():
    rng = np.random.default_rng(4)
    days = DAYS_PER_YEAR + np.mod(rng.normal(0, 10, (4, 200)), DAYS_PER_YEAR)
    assert np.ptp(days) > 300
    assert statistic(fit_of(leaf_fall_day=days), "leaf_fall_day") < 1.05


def test_different_days_have_a_large_rhat():
    days = 450.0 + np.random.default_rng(5).normal(0, 5, (4, 200)) + 40 * np.arange(4)[:, None]
    assert statistic(fit_of(leaf_fall_day=days), "leaf_fall_day") > 2.0


def test_turned_days_are_distances_from_their_circular_mean():
    days = np.array([[360.0, 5.0 + DAYS_PER_YEAR], [365.25, 10.0]])
    mean = circular_mean(days, axes=(0, 1))
    assert_allclose(mean, 2.4375, atol=0.01)
    assert_allclose(turned(days, axes=(0, 1)), [[-7.69, 2.56], [-2.44, 7.56]], atol=0.01)
    assert_allclose(turned(days, axes=(0, 1)).mean(), 0.0, atol=0.05)


def test_the_report_of_a_region_has_its_pixels():
    region = tiny_region(pixels=3)
    report = diagnose(tiny_fit(region, chains=2, draws=20))
    assert report["rhat"].dims == ("parameter", "pixel")
    assert list(report["pixel"]) == list(region["pixel"])


def test_statistics_keep_the_shape_behind_chains_and_draws():
    values = np.random.default_rng(6).normal(size=(4, 50, 2, 3))
    for statistic_ in chain_statistics(values):
        assert statistic_.shape == (2, 3)
    alone = chain_statistics(values[:, :, 1, 2])
    assert_allclose([s[1, 2] for s in chain_statistics(values)], alone)


def test_strata_that_do_not_exist_have_no_statistics():
    fit = tiny_fit(tiny_region(pixels=2, strata=("conifer", "heath")), chains=2, draws=20)
    sampled = fit["posterior"].to_dataset()
    fit["posterior"].dataset = sampled.where(
        (sampled["stratum"] == "conifer") | (sampled["pixel"] == 1000)
    )
    report = diagnose(fit)
    assert report["rhat"].sel(stratum="heath", pixel=1001).isnull().all()
    assert report["rhat"].sel(stratum="conifer").notnull().all()
    assert "R-hat" in verdict(report)


@pytest.mark.parametrize(("chains", "draws"), [(1, 100), (2, 3)])
def test_one_chain_or_three_draws_are_refused(chains, draws):
    with pytest.raises(ValueError, match=f"at least 2 chains of 4 draws, got {chains} of {draws}"):
        diagnose(tiny_fit(chains=chains, draws=draws))


def report_of(rhat, ess, tail=(300.0, 250.0)):
    columns = {"rhat": rhat, "ess_bulk": ess, "ess_tail": list(tail)}
    names = {"parameter": ["leaf_lifespan", "initial_som"]}
    return xr.Dataset({name: ("parameter", values) for name, values in columns.items()}, names)


def test_a_converged_fit_is_called_so():
    sentence = verdict(report_of([1.001, 1.004], [900.0, 500.0]))
    assert sentence == "converged: worst R-hat 1.004 (initial_som), smallest bulk ESS 500, tail 250"


@pytest.mark.parametrize(("rhat", "ess"), [([1.2, 1.0], [900.0, 900.0]), ([1.0, 1.0], [9.0, 9e3])])
def test_a_fit_that_has_not_converged_is_told_what_to_do(rhat, ess):
    sentence = verdict(report_of(rhat, ess))
    assert sentence.startswith("not converged: worst R-hat")
    assert "wanted below 1.01, above 400 and above 200, so run longer" in sentence


def test_a_fit_whose_tails_are_poorly_known_has_not_converged():
    assert not has_converged(report_of([1.0, 1.0], [900.0, 900.0], (150.0, 900.0)))
    assert has_converged(report_of([1.0, 1.0], [900.0, 900.0], (250.0, 900.0)))


def test_the_verdict_of_a_region_names_the_worst_parameter():
    region = diagnose(tiny_fit(tiny_region(pixels=2), chains=2, draws=30))
    worst = region["rhat"].max("pixel")
    name = str(worst["parameter"].values[np.argmax(worst.values)])
    assert f"({name})" in verdict(region)


def excess(statistic, chains):
    """How far R-hat of slow chains that agree lies above one, of 16,000 draws of all, on average."""
    rng = np.random.default_rng(4)
    noise = rng.normal(size=(chains, 2000 + 16_000 // chains, 40))
    values = lfilter([1.0], [1.0, -0.9], noise, axis=1)[:, 2000:]  # one effective draw in 19
    return (statistic(values) - 1).mean()


def test_a_limit_of_rhat_asks_for_the_same_accuracy_of_any_number_of_chains():
    nested = [
        excess(lambda values: rank_rhat(quarters(values)), chains) for chains in (4, 8, 16, 32)
    ]
    assert max(nested) < 1.3 * min(nested)
    assert excess(rank_rhat, 32) > 4 * nested[0]


def test_four_chains_are_judged_as_arviz_judges_them():
    report = diagnose(fit_of(chains=4))
    assert_allclose(report["rhat"], report["rhat_each"], rtol=0)
    report = diagnose(fit_of(chains=16))
    assert float(report["rhat"].max()) < float(report["rhat_each"].max())


@pytest.mark.parametrize(
    ("chains", "groups"), [(2, 2), (4, 4), (5, 5), (6, 6), (8, 4), (10, 5), (16, 4)]
)
def test_groups_hold_all_draws_of_their_chains_in_the_order_of_time(chains, groups):
    values = np.arange(chains)[:, None] + np.arange(30) / 100
    found = quarters(values)
    assert found.shape == (groups, chains * 30 // groups)
    assert_allclose(np.sort(found, axis=None), np.sort(values, axis=None))
    assert (np.diff(found % 1.0, axis=1) > -1e-9).all()


def test_one_chain_of_sixteen_that_is_elsewhere_is_seen():
    apart = np.random.default_rng(1).normal(size=(16, 200))
    apart[3] += 4.0
    assert statistic(fit_of(chains=16, initial_som=apart), "initial_som") > 1.02


def test_a_drift_that_all_chains_share_is_seen():
    drifting = np.random.default_rng(1).normal(size=(16, 200)) + np.linspace(0, 2, 200)
    assert statistic(fit_of(chains=16, initial_som=drifting), "initial_som") > 1.1


def test_halves_that_disagree_are_told_apart():
    agreed = np.random.default_rng(1).normal(size=(16, 200))
    assert halves_rhat(agreed) < 1.01
    apart = agreed.copy()
    apart[8:] += 1.0
    assert halves_rhat(apart) > 1.1


def test_chains_that_never_moved_have_no_finite_rhat():
    stuck = np.repeat(np.arange(16.0)[:, None], 20, axis=1)
    assert np.isinf(chain_statistics(stuck)[0]) or chain_statistics(stuck)[0] > 1.5

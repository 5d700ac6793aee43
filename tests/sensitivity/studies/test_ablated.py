"""Tightening drops the draws that fail; a rule's bits are those of its pass rate."""

import numpy as np
import pytest

from pm_dalec.constraints import judge
from pm_dalec.posterior import budget
from pm_dalec.sensitivity import ablation, ablation_figure, tightened
from pm_dalec.sensitivity.studies.ablated import _prior_rates
from pm_dalec.tables.parameters import Theta
from pm_dalec.testing.tiny import tiny_fit, tiny_region

from .conftest import CHOICES, DOUBT, RULES, TINY

pytestmark = pytest.mark.filterwarnings(DOUBT, r"ignore:wanted \d+ draws of every chain")


@pytest.fixture(scope="module")
def found(build, site, folder, result):
    """Of a single rule; fits of all and of no rules are those of the study."""
    return ablation(
        build, site, folder, choices=CHOICES, rules=["steady_wood"], prior_draws=400, **TINY
    )


def test_an_ablation_tells_rates_bits_shifts_and_widths(found):
    assert list(found["rule"].values) == ["no rules", "steady_wood"]
    assert 0 < float(found["prior_pass"].sel(rule="steady_wood")) < 1
    assert found.attrs["pass_rate"] <= float(found["prior_pass"].sel(rule="steady_wood"))
    np.testing.assert_allclose(2.0 ** -found["prior_bits"], found["prior_pass"])
    np.testing.assert_allclose(2.0 ** -found["bits"], found["posterior_pass"])
    assert {"shift", "width_ratio", "median", "width"} <= set(found.data_vars)


def test_the_matrix_of_rules_has_a_row_a_rule(found):
    figure = ablation_figure(found)
    assert [t.get_text() for t in figure.axes[0].get_yticklabels()] == ["no rules", "steady_wood"]


def test_tightening_keeps_the_draws_that_meet_the_rules_and_no_other(study, result):
    fit = study.fit("no rules")
    rule = RULES.only("wood_outlives_leaves")
    draws = fit["posterior"].to_dataset()
    theta = Theta(*(draws[name].values.ravel() for name in Theta._fields))
    meets = judge(fit["constant_data"].to_dataset(), theta, constraints=rule)
    kept = meets["wood_outlives_leaves"] >= 0
    assert 0 < kept.sum()
    left = tightened(fit, rule)
    np.testing.assert_array_equal(
        left["posterior"]["wood_turnover_rate"].values[0], theta.wood_turnover_rate[kept]
    )
    assert left.attrs["kept"] == kept.mean()
    assert budget(left)["gpp"].sizes == {"chain": 1, "draw": kept.sum()}


def test_many_units_are_not_tightened_together():
    with pytest.raises(ValueError, match="wanted the fit of one unit"):
        tightened(tiny_fit(tiny_region(pixels=2)), RULES)


def test_a_rate_among_draws_that_meet_the_others_times_theirs_is_that_of_all(study, result):
    rates = _prior_rates(study.fit("base"), RULES, CHOICES, 2000, 1)
    alone, every = rates["prior_pass"], rates["prior_pass"]["no rules"]
    assert 0 <= every <= min(alone[name] for name in RULES) < 1
    given = rates["pass_given_others"]
    assert all(np.isnan(given[name]) or given[name] >= every for name in RULES)
    assert np.isfinite([given[name] for name in RULES]).any()

"""The report on the constraints: how often each rule fails under the prior."""

import numpy as np
import pytest

from pm_dalec.constraints.report import edc_report
from pm_dalec.testing.tiny import tiny_site

from .cases import PAPER, plain


@pytest.fixture(scope="module")
def report():
    with np.errstate(all="ignore"):
        return edc_report(tiny_site(), draws=4000, parameters=plain(), seed=3)


def test_the_report_has_a_row_for_every_rule(report):
    assert list(report["constraint"].values) == list(PAPER)
    assert report.attrs["draws"] == 4000


def test_rules_that_cannot_fail_inside_the_box_never_fail(report):
    never = report["failure_rate"].sel(constraint=["som_slower_than_litter", "initial_below_bound"])
    assert (never == 0).all()


def test_failure_rates_and_pass_rates_fit_together(report):
    first = [name for name in PAPER if PAPER[name].level == "parameter"]
    rates = report["failure_rate"].sel(constraint=first)
    assert 1 - float(rates.sum()) <= report.attrs["parameter_pass_rate"] <= 1 - float(rates.max())
    assert (report["binds_alone"] <= report["failure_rate"]).all()
    assert report.attrs["pass_rate"] <= report.attrs["parameter_pass_rate"]


def test_the_steady_soil_is_the_rule_that_fails_most(report):
    # PAPER 1.5: 0.82 of the draws that pass the parameter rules, at another site
    rates = report["failure_rate_after_parameters"]
    assert str(report["constraint"].values[np.argmax(rates.values)]) == "steady_som"
    assert 0.7 < float(rates.max()) < 0.95

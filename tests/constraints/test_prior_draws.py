"""Draws of the prior, judged by the constraints, and draws that meet them all."""

import numpy as np
import pytest

from pm_dalec.constraints import forms
from pm_dalec.constraints.case import Case
from pm_dalec.constraints.prior_draws import draw_constrained_prior, draw_log_uniform, judge
from pm_dalec.tables.parameters import PARAMETERS, Theta
from pm_dalec.tables.priors import Fixed, LogUniform
from pm_dalec.testing.parameters import FEASIBLE
from pm_dalec.testing.reference_file import from_reference
from pm_dalec.testing.tiny import tiny_site

from .cases import PAPER, plain


def test_the_feasible_vector_meets_every_rule_of_the_paper():
    found = judge(tiny_site(), Theta(*(np.array([value]) for value in FEASIBLE)))
    assert [name for name, margin in found.items() if not forms.holds(margin)[0]] == []


def test_parameter_rules_pass_as_often_as_was_measured_for_the_paper(shared_data):
    drivers = from_reference(shared_data / "reference" / "posterior_FI-Hyy.nc", "inputs")
    temperature = float(((drivers["tmin"] + drivers["tmax"]) / 2)[:72].mean())
    rng, table = np.random.default_rng(0), plain()
    theta = Theta(
        *(
            draw_log_uniform(*table[name].bounds, 1.0, np.inf, rng=rng, size=20_000)
            for name in Theta._fields
        )
    )
    found = forms.margins(PAPER.select(level="parameter"), Case(theta, temperature), np)
    passed = np.all([forms.holds(margin) & np.ones(20_000, bool) for margin in found.values()], 0)
    assert passed.mean() == pytest.approx(0.694, abs=0.01)


def near_feasible_table():
    """Priors in which about every draw is feasible."""
    table = PARAMETERS
    for name, value in FEASIBLE._asdict().items():
        table = table.replace(name, prior=LogUniform(), bounds=(value * 0.99, value * 1.01))
    return table


def test_draws_of_the_constrained_prior_meet_every_rule(monkeypatch):
    monkeypatch.setattr("pm_dalec.constraints.prior_draws.BATCH", 20)
    theta = draw_constrained_prior(
        tiny_site(), 30, parameters=near_feasible_table(), rng=np.random.default_rng(0)
    )
    assert theta.initial_som.shape == (30,)
    for margin in judge(tiny_site(), theta).values():
        assert forms.holds(margin).all()


def test_an_impossible_constrained_prior_names_the_rule_that_blocks(monkeypatch):
    monkeypatch.setattr("pm_dalec.constraints.prior_draws.BATCH", 20)
    table = near_feasible_table()
    for name, value in {"wood_turnover_rate": 1e-3, "leaf_lifespan": 8.0}.items():
        table = table.replace(name, bounds=PARAMETERS[name].bounds, prior=Fixed(value))
    with pytest.raises(ValueError, match="'wood_outlives_leaves' failed 40 times"):
        draw_constrained_prior(
            tiny_site(), 1, parameters=table, rng=np.random.default_rng(0), most=40
        )

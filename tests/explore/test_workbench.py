"""What the workbench says is what the model, the runner and the rules say."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from pm_dalec.constraints import forms
from pm_dalec.constraints.prior_draws import draw_prior, judge
from pm_dalec.explore.workbench import Workbench
from pm_dalec.graph.choices import Choices
from pm_dalec.models import baseline
from pm_dalec.physics.numpy_run import run_numpy
from pm_dalec.physics.records import drivers_of
from pm_dalec.sampling.target import bound_to, compile_target
from pm_dalec.tables.parameters import PARAMETERS, Theta
from pm_dalec.tables.variables import POOLS
from pm_dalec.testing.parameters import FEASIBLE, near_feasible
from pm_dalec.testing.tiny import tiny_region, tiny_site


@pytest.fixture(scope="module")
def rows(bench):
    """Parameter sets near the truth, and some from anywhere in the prior, many of which break rules."""
    near = near_feasible((4,), np.random.default_rng(1))
    wild = draw_prior(bench.units, 4, rng=np.random.default_rng(2))
    return np.concatenate([bench.rows(theta._asdict()) for theta in (near, wild)])


def test_the_log_posterior_is_the_one_that_a_calibration_samples(model, bench, rows):
    target = compile_target(model)
    places = [
        np.log(rows[:, Theta._fields.index(name)] / PARAMETERS[name].bounds[0])
        / np.log(np.divide(*PARAMETERS[name].bounds[::-1]))
        for name in target.rows
    ]
    total, lack, *_ = bound_to(target, len(rows), 0)(np.stack(places, axis=1))
    found = bench.look(rows)
    assert np.isfinite(total).any()
    assert (~np.isfinite(total)).any(), "some break rules"
    assert_allclose(found.log_posterior, total, rtol=1e-9)
    assert_allclose(forms.shortfall(found.margins.values(), np), lack, rtol=1e-8, atol=1e-10)


def test_series_are_those_of_a_run(bench, rows):
    run = run_numpy(*drivers_of(bench.units), Theta(*rows.T))
    for name, series in bench.look(rows).series.items():
        known = getattr(run.pools, name)[1:] if name in POOLS else getattr(run.fluxes, name)
        assert_allclose(series, known, rtol=1e-9, atol=1e-9, err_msg=name)


def test_margins_are_those_of_the_rules(bench, rows):
    found, known = bench.look(rows).margins, judge(bench.units, Theta(*rows.T))
    assert list(found) == list(known)
    for name, margin in known.items():
        assert_allclose(found[name], margin, rtol=1e-8, atol=1e-10, err_msg=name)


def test_draws_in_batches_say_what_they_say_alone(bench, rows, monkeypatch):
    whole = bench.look(rows)
    monkeypatch.setattr(Workbench, "batch", 3)
    parts = bench.look(rows)
    assert_allclose(parts.series["nee"], whole.series["nee"], rtol=1e-12)
    assert_allclose(parts.log_likelihood["lai"], whole.log_likelihood["lai"], rtol=1e-12)


def test_a_start_is_a_draw_of_the_prior_under_which_all_rules_hold(bench):
    theta = bench.allowed_point(np.random.default_rng(3))
    assert np.isfinite(bench.look(bench.rows(theta)).log_posterior).all()
    inside = [
        PARAMETERS[name].bounds[0] <= value <= PARAMETERS[name].bounds[1]
        for name, value in theta.items()
    ]
    assert len(inside) == 23
    assert all(inside)


def test_soft_rules_cost_and_a_fixed_parameter_stays():
    parameters = PARAMETERS.replace(leaf_lifespan=2.0)
    choices = Choices(parameters, constraints=forms.Soft("edinburgh2021", 0.05), streams=("lai",))
    bench = Workbench(baseline.build(tiny_site(), choices))
    rows = bench.rows(FEASIBLE._asdict() | {"leaf_lifespan": 7.0, "root_turnover_rate": 1e-6})
    found = bench.look(rows)
    assert rows[0, Theta._fields.index("leaf_lifespan")] == 2.0
    assert found.margins["roots_faster_than_som"] < 0
    known = forms.soft(found.margins.values(), np, scale=0.05)
    assert_allclose(found.log_constraints, known)
    assert -1e4 < known < -1


def test_a_model_of_many_units_is_refused_with_a_way_out():
    region = baseline.build(tiny_region(pixels=1, years=1), Choices(constraints=None))
    with pytest.raises(ValueError, match=r"one site, got one with pixel in explore; select one"):
        Workbench(region)

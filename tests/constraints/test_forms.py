"""Forms of the constraints: hard, soft, shortfall, and the score of a start."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from pm_dalec.constraints import forms
from pm_dalec.constraints.case import Case, windows
from pm_dalec.data.synthetic_sites import synthetic_drivers
from pm_dalec.physics import records
from pm_dalec.tables.parameters import Theta
from pm_dalec.testing.parameters import FEASIBLE

from .cases import PAPER

ONCE = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}
"""Options of XLA for what is compiled to be run once."""


def test_the_hard_form_is_zero_or_minus_infinity():
    margins = [np.array([0.1, 0.0, -0.1, np.nan]), np.array([1.0, 1.0, 1.0, 1.0])]
    assert list(forms.hard(margins, np)) == [0.0, 0.0, -np.inf, 0.0]


def test_the_soft_form_follows_the_hard_one_far_from_the_threshold():
    inside, at, outside = (forms.soft([np.array(m)], np) for m in (1.0, 0.0, -1.0))
    assert -1e-8 < inside < 0
    assert_allclose(at, -np.log(2))
    assert_allclose(outside, -1.0 / 0.05, rtol=1e-8)


def test_the_start_score_takes_five_for_every_failure():
    margins = [np.array([0.1, -1.0]), np.array([-0.1, -2.0]), np.array([np.nan, 3.0])]
    assert list(forms.start_score(margins, np)) == [-5.0, -10.0]


def test_the_shortfall_adds_what_failing_rules_lack():
    margins = [np.array([0.5, -0.25, np.nan]), np.array([2.0, -np.inf, -1.0])]
    assert list(forms.shortfall(margins, np)) == [0.0, 100.25, 1.0]


@pytest.fixture(scope="module")
def gradients():
    """Gradient of the soft form of every rule at a feasible vector, in the order of the parameters."""
    import jax
    import jax.numpy as jnp

    from pm_dalec.physics.jax_run import run_jax

    units = synthetic_drivers(0, years=2)
    drivers = records.Drivers(*(units[name].values for name in records.Drivers._fields))
    days, latitude = units["step_days"].values, float(units["lat"])
    window = windows(days)

    def every_rule(vector):
        theta = Theta(*vector)
        case = Case(theta, 9.0, *run_jax(drivers, latitude, theta), days, window)
        found = forms.margins(PAPER, case, jnp)
        return jnp.stack([forms.soft([margin], jnp) for margin in found.values()])

    with jax.enable_x64(True):
        theta = jnp.asarray(FEASIBLE)
        gradient = jax.jit(jax.jacrev(every_rule)).lower(theta).compile(ONCE)
        found = gradient(theta)
    return dict(zip(PAPER, np.asarray(found), strict=True))


@pytest.mark.parametrize("name", PAPER)
def test_the_soft_form_of_every_rule_has_a_finite_gradient(gradients, name):
    assert np.isfinite(gradients[name]).all()


def test_a_rule_near_its_threshold_has_a_gradient_in_what_it_looks_at(gradients):
    assert gradients["slow_change_som"][Theta._fields.index("initial_som")] != 0
    assert gradients["leaves_balance_roots"][Theta._fields.index("initial_som")] == 0

"""NUTS on the model of a site: its gradients are right, its refusals plain, its draws those of the lanes."""

from typing import NamedTuple

import numpy as np
import pytensor.tensor as pt
import pytest
from numpy.testing import assert_allclose
from scipy.special import expit, log_expit, logit

from pm_dalec.constraints.forms import Soft
from pm_dalec.graph import PAPER
from pm_dalec.lanes.backends import lane_logp
from pm_dalec.lanes.jax_backend import in_jax
from pm_dalec.models import baseline
from pm_dalec.sampling.calibration import calibrate
from pm_dalec.sampling.families import gradients, nuts
from pm_dalec.sampling.families.gradients import potential_of
from pm_dalec.sampling.families.nuts import calibrate_nuts
from pm_dalec.sensitivity.reweighting import reweight
from pm_dalec.testing.samplers.families import apart, centres_of, summarised
from pm_dalec.testing.tiny import tiny_region, tiny_site

SOFT = PAPER.replace(constraints=Soft("edinburgh2021", 0.05))


@pytest.mark.parametrize(
    ("choices", "sentence"),
    [
        (PAPER, "got 'edinburgh2021' in the hard form in calibrate_nuts"),
        (SOFT.replace(solver="truncated"), "wanted the smooth solver 'converged'"),
    ],
)
def test_walls_and_steps_are_refused(choices, sentence):
    with pytest.raises(ValueError, match=sentence):
        calibrate_nuts(baseline.build(tiny_site(), choices))


def test_units_are_refused():
    with pytest.raises(ValueError, match="wanted the model of one site"):
        calibrate_nuts(baseline.build(tiny_region(pixels=2), SOFT))


def test_what_must_be_installed_is_said(monkeypatch):
    monkeypatch.setattr(nuts, "find_spec", lambda name: None if name == "numpyro" else name)
    with pytest.raises(
        ImportError, match=r"got no numpyro; install them with pip install 'pm_dalec\[nuts\]'"
    ):
        calibrate_nuts(baseline.build(tiny_site(), SOFT))


def test_a_branch_that_is_left_out_has_no_gradient_however_steep_it_is():
    """As a month without leaves: zero times an infinite slope is no number, and would spoil them all."""
    jax = pytest.importorskip("jax")
    place = pt.vector("place")
    roots = pt.switch(pt.gt(place, 0.0), pt.sqrt(place), 0.0).sum()
    at = np.array([0.0, 1.0, 4.0])
    with gradients.no_change_no_force():
        function = in_jax([roots], {place: at})
    with jax.enable_x64(True):
        slope = jax.grad(lambda values: function(values)[0])(jax.numpy.asarray(at))
    assert_allclose(slope, [0.0, 0.5, 0.25])


class _Tuned(NamedTuple):
    step_size: np.ndarray
    rng_key: int


class _State(NamedTuple):
    adapt_state: _Tuned


def test_chains_take_one_step_size_shorter_than_that_of_most():
    """A chain in a corner has tuned to a step a tenth of the others'."""
    steps = nuts.one_step(_State(_Tuned(np.array([0.01, 0.1, 0.11, 0.09, 0.1]), 7))).adapt_state
    assert_allclose(steps.step_size, np.full(5, 0.07))
    assert steps.rng_key == 7


@pytest.mark.slow
def test_the_gradient_is_that_of_differences():
    import jax

    model = baseline.build(tiny_site(), SOFT)
    density, potential = lane_logp(model), potential_of(model)
    size, step = len(density.names), 1e-5
    logits = logit(np.random.default_rng(0).uniform(0.3, 0.7, (8, size)))
    with jax.enable_x64(True):
        value, gradient = map(np.asarray, jax.vmap(jax.value_and_grad(potential))(logits))

    def minus(at):
        return -density(expit(at)) - (log_expit(at) + log_expit(-at)).sum(axis=1)

    assert np.allclose(value, minus(logits), rtol=1e-10)
    assert np.isfinite(gradient).all()
    for row, along in enumerate(np.eye(size) * step):
        slope = (minus(logits + along) - minus(logits - along)) / (2 * step)
        known = gradient[:, row] != 0  # where it is not finite, it is taken as zero
        assert known.any()
        assert np.allclose(slope[known], gradient[known, row], rtol=1e-3, atol=1e-2)


@pytest.mark.slow
def test_draws_are_those_of_the_lanes_and_weights_carry_them_to_hard_constraints():
    site = tiny_site(years=3)
    lanes = calibrate(baseline.build(site, SOFT), draws=2000, ess=4000, groups=(), progress=False)
    found = calibrate_nuts(baseline.build(site, SOFT), progress=False)
    stats = found["sample_stats"]
    assert stats["diverging"].dims == ("chain", "draw")
    assert np.unique(stats["step_size"]).size == 1
    centres = centres_of(lanes["posterior"].to_dataset())
    one, reference = (summarised(fit["posterior"].to_dataset(), centres) for fit in (found, lanes))
    assert apart(one, reference, list(centres))["median"] < 0.25
    weights = reweight(found, PAPER)
    assert 0 < float(weights["kept"]) < 1

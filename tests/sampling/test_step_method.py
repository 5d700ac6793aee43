"""The step method of `pm.sample`: one lane a unit, many proposals a draw."""

import numpy as np
import pymc as pm
import pytest
from numpy.testing import assert_array_equal

from pm_dalec.data.synthetic_sites import synthetic_site
from pm_dalec.models import baseline
from pm_dalec.sampling.starts import feasible_start
from pm_dalec.sampling.step_method import AdaptiveMetropolis


@pytest.fixture(scope="module")
def model():
    return baseline.build(synthetic_site(0, years=3))


def sampled(model, starts):
    with model:
        return pm.sample(
            draws=15,
            tune=15,
            chains=2,
            cores=1,
            initvals=starts,
            random_seed=4,
            step=AdaptiveMetropolis(n_inner=20),
            progressbar=False,
            compute_convergence_checks=False,
        )


def test_pymc_samples_from_feasible_starts_and_repeats_itself(model):
    starts = feasible_start(model, chains=2, random_seed=1)
    fit = sampled(model, starts)
    drawn = fit["posterior"]["initial_wood"]
    assert drawn.shape == (2, 15)
    assert len(np.unique(drawn)) > 4
    assert np.isfinite(fit["sample_stats"]["lp"]).all()
    assert_array_equal(sampled(model, starts)["posterior"]["initial_wood"], drawn)


def test_other_choices_of_variables_and_variants_are_answered(model):
    with pytest.raises(ValueError, match="wanted a variant of AdaptiveMetropolis"):
        AdaptiveMetropolis(variant="nuts", model=model)
    with pytest.raises(ValueError, match="wanted a whole number from 1, got n_inner=0"):
        AdaptiveMetropolis(n_inner=0, model=model)
    with pytest.raises(ValueError, match="proposes all of them at once"):
        AdaptiveMetropolis(model.value_vars[:2], model=model)


STEPS = {
    "no model": ({}, TypeError, "inside `with model:`"),
    "None": ({"model": None}, TypeError, "got none; pass model=model"),
    "a number": ({"model": 3}, TypeError, "got int as the first argument"),
    "no variables": ({"vars": []}, ValueError, "got 0 "),
    "one": ({"vars": 3}, ValueError, "got 1 "),
    "others": ({"vars": [3] * 23}, ValueError, "call it without vars"),
    "in parts": ({"blocked": False}, ValueError, "wanted all variables in one block"),
    "rng": ({"rng": "x"}, TypeError, "got rng='x'"),
}


@pytest.mark.parametrize("fault", STEPS)
def test_a_step_without_its_model_or_variables_is_refused_before_pymc_looks(fault, model):
    given, kind, sentence = STEPS[fault]
    given = given if fault in ("no model", "None", "a number") else {"model": model, **given}
    with pytest.raises(kind, match=sentence):
        AdaptiveMetropolis(**given)

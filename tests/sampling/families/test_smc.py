"""Tempered SMC: evidence that is known in closed form, draws that are those of the lanes, and its refusals."""

import numpy as np
import pymc as pm
import pytensor.tensor as pt
import pytest
from scipy import stats

from pm_dalec.constraints.forms import holds
from pm_dalec.constraints.prior_draws import BATCH, draw_prior, judge
from pm_dalec.data.synthetic_sites import synthetic_drivers, synthetic_site
from pm_dalec.models import baseline, constrained_prior
from pm_dalec.sampling.calibration import calibrate
from pm_dalec.sampling.families.smc import calibrate_smc
from pm_dalec.testing.samplers.families import apart, centres_of, summarised
from pm_dalec.testing.samplers.known import half_gaussian
from pm_dalec.testing.tiny import tiny_region

SEEN, ERROR, SIZE = 1.3, 0.5, 3
BATCHES = 40  # of draws of the prior
SMALL = {"runs": 4, "particles": 400, "proposals": 64, "progress": False}


def normal_model(cut=False):
    """Standard normals, each seen once with an error; cut by a half-space through zero."""
    with pm.Model() as model:
        x = pm.Normal("x", shape=SIZE)
        pm.Normal("seen", x, ERROR, observed=np.full(SIZE, SEEN))
        if cut:
            pm.Potential("cut", pt.switch(x.sum() > 0, 0.0, -np.inf))
    return model


@pytest.fixture(scope="module")
def fit():
    return calibrate_smc(normal_model(), **SMALL)


def log_evidence():
    return SIZE * stats.norm(0, np.hypot(1, ERROR)).logpdf(SEEN)


def posterior():
    """Posterior of one of the normals."""
    precision = 1 + ERROR**-2
    return stats.norm(SEEN / ERROR**2 / precision, precision**-0.5)


def test_the_evidence_of_normals_is_that_of_the_formula(fit):
    found = fit["sample_stats"]
    error = float(found["log_evidence_error"])
    assert 0 < error < 0.15
    assert abs(float(found["log_evidence"]) - log_evidence()) < 0.2
    assert found["log_evidence_of_run"].shape == (4,)


def test_particles_are_draws_of_the_posterior(fit):
    draws = fit["posterior"]["x"].values.reshape(-1, SIZE)
    assert np.abs(draws.mean(axis=0) - posterior().mean()).max() < 0.1 * posterior().std()
    assert np.abs(draws.std(axis=0) / posterior().std() - 1).max() < 0.08


def test_the_evidence_of_a_half_space_is_its_share():
    found = calibrate_smc(normal_model(cut=True), **SMALL)
    total = stats.norm(SIZE * posterior().mean(), SIZE**0.5 * posterior().std())
    exact = log_evidence() + total.logsf(0)
    assert abs(float(found["sample_stats"]["log_evidence"]) - exact) < 0.25
    assert (found["posterior"]["x"].sum("x_dim_0") > 0).all()


def test_the_same_seed_gives_the_same_particles_in_any_number_of_threads(fit):
    again = calibrate_smc(normal_model(), threads=1, **SMALL)
    assert np.array_equal(again["posterior"]["x"], fit["posterior"]["x"])
    other = calibrate_smc(normal_model(), random_seed=1, **SMALL)
    assert not np.array_equal(other["posterior"]["x"], fit["posterior"]["x"])


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"runs": 1}, "whole number from 2, got runs=1"),
        ({"particles": 8}, "whole number from 100, got particles=8"),
        ({"proposals": 0}, "whole number from 1, got proposals=0"),
    ],
)
def test_too_few_runs_particles_and_proposals_are_refused(given, sentence):
    with pytest.raises(ValueError, match=sentence):
        calibrate_smc(normal_model(), **given)


def test_a_density_that_is_nowhere_ends_without_draws():
    with pm.Model() as model:
        x = pm.Normal("x", shape=SIZE)
        pm.Potential("nowhere", pt.switch(x.sum() > 1e9, 0.0, -np.inf))
    with pytest.warns(UserWarning, match="no state found"):
        found = calibrate_smc(model, runs=2, particles=100, progress=False)
    assert found["posterior"].sizes["draw"] == 0
    assert str(found["sample_stats"]["status"].values) == "no start"
    assert np.isnan(found["sample_stats"]["log_evidence"])


def test_units_have_evidence_of_their_own_and_particles_that_meet_the_constraints():
    model = baseline.build(tiny_region(pixels=2, years=1))
    found = calibrate_smc(model, runs=2, particles=100, proposals=4, progress=False)
    numbers = found["sample_stats"].to_dataset()
    assert numbers["log_evidence"].dims == ("pixel",)
    assert numbers["log_evidence_of_run"].dims == ("chain", "pixel")
    assert np.ptp(numbers["log_evidence"].values) > 0
    assert (numbers["log_constrained_share"] < -3).all()
    assert np.isfinite(numbers["lp"]).all()


@pytest.mark.slow
def test_the_share_of_the_prior_that_meets_the_rules_is_that_of_exact_draws():
    site = synthetic_drivers(0, years=3)
    found = calibrate_smc(constrained_prior.build(site), particles=500, progress=False)
    rng, held = np.random.default_rng(0), 0
    for _ in range(BATCHES):
        margins = judge(site, draw_prior(site, BATCH, rng=rng))
        held += np.all([holds(margin) for margin in margins.values()], axis=0).sum()
    share, error = held / (BATCHES * BATCH), np.hypot(held**-0.5, 0.1)
    assert abs(float(found["sample_stats"]["log_constrained_share"]) - np.log(share)) < 3 * error


@pytest.mark.slow
def test_a_few_particles_of_many_parameters_do_not_inflate_the_evidence():
    found = calibrate_smc(half_gaussian().build(), runs=8, particles=400, progress=False)
    exact = 11.5 * np.log(2 * np.pi) + 11 * np.log(1 - 0.75**2) - 23 * np.log(20) - np.log(2)
    assert abs(float(found["sample_stats"]["log_evidence"]) - exact) < 0.3


@pytest.mark.slow
def test_particles_of_a_site_are_draws_of_the_posterior_of_the_lanes():
    site = synthetic_site(0)
    found = calibrate_smc(baseline.build(site), progress=False)
    lanes = calibrate(baseline.build(site), ess=6000, draws=2000, progress=False, groups=())
    centres = centres_of(lanes["posterior"].to_dataset())
    one, reference = (summarised(fit["posterior"].to_dataset(), centres) for fit in (found, lanes))
    assert apart(one, reference, list(centres))["median"] < 0.15
    assert (np.abs(one.median - reference.median) / reference.sd < 0.1).mean() > 0.9

"""Reweighting against closed forms and a refit, and what it refuses."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from pm_dalec.constraints.forms import Soft
from pm_dalec.constraints.sets import EDCS
from pm_dalec.graph.choices import Choices
from pm_dalec.models import baseline
from pm_dalec.posterior.chain_statistics import chain_statistics
from pm_dalec.sampling.calibration import calibrate
from pm_dalec.sampling.identity import ATTRIBUTE, identity_of
from pm_dalec.sensitivity.confirmation import confirm_power_scaling
from pm_dalec.sensitivity.draws.terms import margins_of
from pm_dalec.sensitivity.draws.units import choices_of
from pm_dalec.sensitivity.refitting import DECIDED, fit_under
from pm_dalec.sensitivity.reweighting import REFIT, REWEIGHTED, reweight
from pm_dalec.tables.parameters import PARAMETERS
from pm_dalec.tables.priors import Gaussian, LogUniform
from pm_dalec.testing.tiny import tiny_fit, tiny_region, tiny_site

from .conftest import NAME, PRIOR, SEEN, SHORT, SIGMA

# Runs are short on purpose.
pytestmark = pytest.mark.filterwarnings(r"ignore:wanted \d+ draws of every chain")

OTHER = Gaussian(24.0, 5.0)
SAMPLE = ("chain", "draw")


def with_prior(choices, prior):
    return choices.replace(parameters=choices.parameters.replace(NAME, prior=LogUniform(prior)))


def test_another_gaussian_prior_gives_the_posterior_in_closed_form(gaussian_fit):
    found = reweight(gaussian_fit, with_prior(choices_of(gaussian_fit), OTHER))
    precision = 1 / OTHER.sigma**2 + 1 / SIGMA**2
    mean = (OTHER.mean / OTHER.sigma**2 + SEEN / SIGMA**2) / precision
    weighted = gaussian_fit["posterior"][NAME].weighted(found["weight"])
    assert str(found["decision"].values) == REWEIGHTED
    assert float(found["khat"]) < 0.7
    error = precision**-0.5 / np.sqrt(float(found["ess"]))
    assert_allclose(weighted.mean(SAMPLE), mean, atol=4 * error)
    assert_allclose(weighted.std(SAMPLE), precision**-0.5, rtol=0.03)


def test_a_prior_that_the_draws_do_not_reach_needs_a_refit(gaussian_fit):
    far = with_prior(choices_of(gaussian_fit), Gaussian(39.0, 0.5))
    found = reweight(gaussian_fit, far)
    assert str(found["decision"].values) == REFIT
    assert found["weight"].isnull().all()


def test_narrower_bounds_drop_draws_and_weigh_the_others_alike(gaussian_fit):
    choices = choices_of(gaussian_fit)
    inside = (1.64, PRIOR.mean)
    narrow = choices.replace(parameters=choices.parameters.replace(NAME, bounds=inside))
    found = reweight(gaussian_fit, narrow)
    kept = gaussian_fit["posterior"][NAME] <= PRIOR.mean
    assert_allclose(found["kept"], kept.mean())
    assert np.isnan(found["khat"])
    assert_allclose(found["weight"], kept / kept.sum())


def test_more_rules_drop_exactly_the_draws_that_break_them():
    fit = tiny_fit(tiny_site(), chains=4, draws=200)
    fit.attrs["constraints"] = "None"
    found = reweight(fit, choices_of(fit).replace(constraints="edinburgh2021"))
    margins = margins_of(fit, EDCS["edinburgh2021"]).to_array()
    held = ~(margins < 0).any("variable")
    assert 0 < float(held.mean())
    assert_allclose(found["kept"], held.mean())


def test_the_other_era_counts_harvest_and_so_does_not_lie_inside():
    site = tiny_site()
    fit = tiny_fit(site.assign(forest_loss_fraction=site["forest_loss_fraction"] * 20), draws=50)
    fit.attrs["constraints"] = "edinburgh2021"
    found = reweight(fit, choices_of(fit).replace(constraints="edinburgh2024"))
    assert str(found["decision"].values) == REFIT
    assert "looser constraints" in str(found["reason"].values)


REFUSED = {
    "no rule": {"constraints": None},
    "soft ones reach beyond": {"constraints": Soft("edinburgh2021")},
    "wider bounds of leaf_lifespan": {
        "parameters": PARAMETERS.replace("leaf_lifespan", bounds=(1.001, 9.0))
    },
    "leaf_lifespan is fixed": {"parameters": PARAMETERS.replace(leaf_lifespan=2.0)},
    "another stomatal solver": {"solver": "truncated"},
}


@pytest.mark.parametrize("reason", REFUSED)
def test_where_the_fit_has_no_draws_the_reason_is_said(reason):
    fit = tiny_fit(tiny_site(), chains=2, draws=4)
    fit.attrs["constraints"] = "edinburgh2021"
    found = reweight(fit, Choices(**REFUSED[reason]))
    assert str(found["decision"].values) == REFIT
    assert reason in str(found["reason"].values)


def test_other_weather_needs_a_refit():
    fit = tiny_fit(tiny_site(), chains=2, draws=4)
    land = tiny_site(seed=1)
    assert "other weather" in str(reweight(fit, choices_of(fit), land=land)["reason"].values)


def test_every_unit_of_a_region_is_decided_by_itself():
    units = tiny_region(pixels=2)
    fit = tiny_fit(units, chains=4, draws=100)
    wider = units["lai_unc"].copy()
    wider[{"pixel": 1}] = wider[{"pixel": 1}] * 1.1
    land = units.assign(lai_unc=wider)
    found = reweight(fit, choices_of(fit), land=land)
    assert found["weight"].dims == ("pixel", *SAMPLE)
    assert np.isnan(found["khat"][0])
    assert np.isfinite(found["khat"][1])


def test_a_sigma_that_widens_gives_what_a_refit_gives(small_fit, small_choices):
    land = tiny_site()
    land["lai_unc"] = land["lai_unc"] * 1.3
    ours = fit_under(baseline.build, small_fit, small_choices, land=land)
    model = baseline.build(land, small_choices)
    again = calibrate(model, **SHORT, groups=())
    assert ours.attrs[DECIDED].startswith(REWEIGHTED)
    assert ours.attrs[ATTRIBUTE] == identity_of(model).as_json()
    for name in (NAME, "initial_wood", "initial_som"):
        one, other = (tree["posterior"][name] for tree in (ours, again))
        error = float(other.std()) / np.sqrt(400)
        assert_allclose(one.mean(), other.mean(), atol=4 * error)
        assert_allclose(one.std(), other.std(), rtol=0.12)
    before = float(small_fit["posterior"][NAME].std())
    assert float(again["posterior"][NAME].std()) > 1.1 * before  # there was something to tell


def test_what_cannot_be_reweighted_is_refitted_and_said(small_fit, small_choices):
    table = small_choices.parameters.replace("initial_wood", bounds=(1.0, 90_000.0))
    budget = {**SHORT, "proposals": 12_000, "draws": 8, "ess": 0, "groups": ()}
    ours = fit_under(baseline.build, small_fit, small_choices.replace(parameters=table), **budget)
    assert ours.attrs[DECIDED].startswith("refitted: wider bounds of initial_wood")


def test_predicted_shifts_are_those_of_refits(small_fit):
    found = confirm_power_scaling(
        baseline.build, small_fit, factors=("lai",), names=(NAME, "initial_wood"), **SHORT
    )
    assert float(found["khat"].max()) < 0.7
    assert float(abs(found["score"]).max()) < 4
    assert float(abs(found["shift_refitted"]).max()) < 1


def test_a_factor_without_power_is_not_refitted(gaussian_fit):
    with pytest.raises(ValueError, match="wanted factors that a refit can scale"):
        confirm_power_scaling(baseline.build, gaussian_fit, factors=("constraints",), names=(NAME,))


def test_chains_of_the_small_model_agree(small_fit):
    values = small_fit["posterior"][NAME].transpose(*SAMPLE).values
    assert chain_statistics(values[:, :, None])[0] < 1.02

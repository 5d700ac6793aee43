"""Error models in a PyMC model, in the lanes, in a fit, in its identity, and through the command line."""

import json
from types import SimpleNamespace

import numpy as np
import pymc as pm
import pytensor.tensor as pt
import pytest
import xarray as xr
from numpy.testing import assert_allclose

import pm_dalec as pmd
from pm_dalec.data.uncertainties import kind_of
from pm_dalec.errors import likelihood_of, log_density
from pm_dalec.errors.scales import scale_for
from pm_dalec.graph import Choices, add_observations
from pm_dalec.graph.verbs import Carbon, Weather
from pm_dalec.lanes import lane_logp
from pm_dalec.models import baseline, constrained_prior
from pm_dalec.physics.numpy_run import run_numpy
from pm_dalec.physics.observation_operators import seen_by
from pm_dalec.physics.records import drivers_of
from pm_dalec.sampling.identity import identity_of
from pm_dalec.tables.parameters import Theta
from pm_dalec.testing.interpreter import interpreted, interpreted_mode
from pm_dalec.testing.tiny import tiny_region, tiny_site

# Runs are short on purpose.
pytestmark = pytest.mark.filterwarnings(r"ignore:wanted \d+ draws of every chain")

ALL = {"lai": "lognormal", "cwood": "gaussian,correlation=0.7", "nee": "student,df=5"}


def with_nee(site):
    nee = xr.zeros_like(site["lai"]).assign_attrs(units="g m-2 d-1") + 0.3
    sigma = (nee * 0 + 0.7).assign_attrs(units="g m-2 d-1")
    nee.attrs = {"units": "g m-2 d-1"}
    return site.assign(nee=nee, nee_unc=sigma)


@pytest.fixture(scope="module")
def site():
    return with_nee(tiny_site())


@pytest.fixture(scope="module")
def choices():
    return Choices(streams=tuple(ALL), likelihoods=ALL, constraints=None)


@pytest.fixture(scope="module")
def model(site, choices):
    return baseline.build(site, choices)


def positions(model, count=3):
    return np.random.default_rng(1).uniform(0.2, 0.8, size=(count, len(model.free_RVs)))


def by_numpy(site, model, place):
    """Sum of the log-densities of the streams, by a run without a graph."""
    values = {}
    for row, variable in enumerate(model.free_RVs):
        transform = model.rvs_to_transforms[variable]
        values[variable.name] = transform.lower * np.exp(transform.span * place[row])
    theta = Theta(*(np.array(values[name]) for name in Theta._fields))
    run = run_numpy(*drivers_of(site), theta)
    total = 0.0
    for stream, given in ALL.items():
        likelihood = likelihood_of(given)
        value = site[stream].values
        seen = np.isfinite(value)
        scale = model[f"{stream}_sigma"].get_value()
        value = np.where(seen, value, 1.0)
        total += log_density(likelihood, value, seen_by(stream, run), scale, seen, np).sum()
    return total


def test_the_lanes_give_the_densities_of_numpy(site, model):
    logp = lane_logp(model)
    without = lane_logp(constrained_prior.build(site, Choices(constraints=None)))
    places = positions(model)
    found = logp(places) - without(places)
    expected = [by_numpy(site, model, place) for place in places]
    assert_allclose(np.ravel(found), expected, rtol=1e-10)


def test_the_lanes_of_a_region_keep_the_shared_errors_of_each_pixel():
    region = tiny_region()
    model = baseline.build(region, Choices(constraints=None, likelihoods={"cwood": ALL["cwood"]}))
    logp = lane_logp(model)
    place = positions(model, 1)[0]
    count = len(model.coords["pixel"])
    found = np.ravel(logp(np.tile(place, (count, 1))))
    point = {v.name: np.full(count, x) for v, x in zip(model.value_vars, place, strict=True)}
    with interpreted():
        terms = model.compile_fn(model.logp(sum=False), mode=interpreted_mode())(point)
    expected = sum(np.reshape(term, (-1, count)).sum(0) for term in terms)
    assert_allclose(found, expected, rtol=1e-10)


def test_jax_gives_the_densities_of_the_lanes(choices):
    pytest.importorskip("jax")
    model = baseline.build(with_nee(tiny_region()), choices)
    places, units = positions(model), np.zeros(3, int)
    found = lane_logp(model, backend="jax").bind(units)(places)
    assert_allclose(found, lane_logp(model).bind(units)(places), rtol=1e-10)


# ---- one stream, without DALEC


def one_stream(likelihood, modelled, factor=None):
    """Model of three observations of LAI around a known value."""
    observed = xr.DataArray([2.0, np.nan, 3.0], dims="time")
    units = xr.Dataset({"lai": observed, "lai_unc": observed * 0 + (factor or 0.5)})
    if factor:
        units["lai_unc"].attrs["uncertainty_kind"] = "factor"
    choices = Choices(streams=("lai",), likelihoods={"lai": likelihood} if likelihood else {})
    carbon = Carbon(None, SimpleNamespace(lai=pt.as_tensor(modelled)), Weather(None, None, units))
    with pm.Model(coords={"time": range(3)}) as model:
        add_observations(choices.streams_in(units), carbon)
    return model


def test_a_factor_asks_for_a_log_normal():
    with interpreted():
        model = one_stream(None, np.ones(3), factor=2.0)
        found = model.compile_fn(model.logp(sum=False), mode=interpreted_mode())({})[0]
    expected = log_density(
        likelihood_of("lognormal"), np.array([2.0, 1, 3]), np.ones(3), 2.0, np.ones(3), np
    )
    assert_allclose(found, expected * [1, 0, 1])
    assert list(model["lai_sigma"].get_value()) == [2.0, 2.0, 2.0]


@pytest.mark.parametrize("given", ["lognormal", "student", "gaussian,correlation=0.9"])
def test_pymc_draws_from_the_error_model(given):
    with interpreted(), one_stream(given, np.full(3, 2.0)) as model:
        drawn = pm.draw(model["lai"], draws=3000, random_seed=1)
    assert drawn.shape == (3000, 3)
    assert_allclose(np.median(drawn, axis=0), 2.0, rtol=0.05)
    correlation = np.corrcoef(drawn[:, 0], drawn[:, 2])[0, 1]
    assert_allclose(correlation, 0.9 if "correlation" in given else 0.0, atol=0.06)


# ---- choices


def test_zero_in_a_log_normal_stream_is_refused(site):
    lai = site["lai"].copy()
    lai[int(np.flatnonzero(lai.notnull())[0])] = 0.0
    with pytest.raises(ValueError, match=r"'lai' above 0 for a log-normal error.*set them to NaN"):
        baseline.build(site.assign(lai=lai), Choices(likelihoods={"lai": "lognormal"}))


def test_a_likelihood_of_a_stream_that_is_not_assimilated_is_refused(site):
    with pytest.raises(ValueError, match=r"that are assimilated \(lai, cwood\), got one of 'nee'"):
        baseline.build(site, Choices(likelihoods={"nee": "student"}))


def test_a_likelihood_of_what_is_no_stream_is_refused():
    with pytest.raises(KeyError, match="no observation stream 'leaves'"):
        Choices(likelihoods={"leaves": "student"})
    with pytest.raises(TypeError, match="wanted likelihoods as a mapping"):
        Choices(likelihoods="student")


def test_choices_with_likelihoods_are_compared_and_hashed():
    one, other = (Choices(likelihoods={"lai": text}) for text in ("student", "student,df=4"))
    assert one == other
    assert hash(one) == hash(other)
    assert one != Choices()


# ---- identity and fit


def test_the_error_model_of_a_stream_is_part_of_the_identity(site):
    plain = identity_of(baseline.build(site))
    student = identity_of(baseline.build(site, Choices(likelihoods={"lai": "student"})))
    assert student.differences(plain) == ["likelihood of lai: here student,df=4, there gaussian"]
    other = identity_of(baseline.build(site, Choices(likelihoods={"lai": "student,df=5"})))
    assert other.differences(student)
    same = identity_of(baseline.build(site, Choices(likelihoods={"lai": "gaussian"})))
    assert same == plain


def test_a_run_with_another_likelihood_is_not_resumed(site, tmp_path):
    budget = {"proposals": 600, "chains": 8, "draws": 10, "progress": False, "groups": ()}
    pmd.calibrate(baseline.build(site, Choices(constraints=None)), checkpoint=tmp_path, **budget)
    other = baseline.build(site, Choices(constraints=None, likelihoods={"lai": "student"}))
    with pytest.raises(ValueError, match=r"likelihood of lai: here student,df=4, there gaussian"):
        pmd.calibrate(other, checkpoint=tmp_path, resume=True, **budget)


def test_a_fit_keeps_its_error_models_and_its_likelihood_follows_them(site, model, tmp_path):
    budget = {"proposals": 600, "chains": 8, "draws": 10, "progress": False, "groups": ()}
    fit = pmd.calibrate(model, random_seed=1, **budget)
    pmd.save(fit, tmp_path / "fit.nc")
    fit = pmd.load(tmp_path / "fit.nc")
    observed = fit["observed_data"].to_dataset()
    assert {name: observed[name].attrs["likelihood"] for name in ALL} == ALL
    units, found = fit["constant_data"].to_dataset(), pmd.log_likelihood(fit)
    for stream in ("lai", "nee"):  # independent errors: the sum is the log-density of the model
        run = run_numpy(*drivers_of(site), _theta(fit))
        seen, likelihood = units[stream].notnull().values, likelihood_of(ALL[stream])
        given = units[f"{stream}_unc"].values
        scale = scale_for(likelihood, units[stream].values, given, kind_of(units, stream))
        expected = log_density(
            likelihood,
            np.where(seen, units[stream].values, 1.0)[:, None, None],
            seen_by(stream, run),
            np.where(seen, scale, 2.0)[:, None, None],
            seen[:, None, None],
            np,
        ).sum(0)
        assert_allclose(found[stream].sum(f"{stream}_time"), expected, rtol=1e-10)
    assert "likelihood of lai" in json.loads(fit.attrs["identity"])


def _theta(fit):
    posterior = fit["posterior"].to_dataset()
    return Theta(*(posterior[name].transpose("chain", "draw").values for name in Theta._fields))

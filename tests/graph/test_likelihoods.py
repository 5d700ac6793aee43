"""Observation operators and likelihoods with gaps."""

from types import SimpleNamespace

import numpy as np
import pymc as pm
import pytensor.tensor as pt
import pytest
import xarray as xr
from numpy.testing import assert_allclose
from scipy import stats

from pm_dalec.errors import Likelihood
from pm_dalec.errors.densities import HALF_LOG_TWO_PI
from pm_dalec.graph import add_observations
from pm_dalec.graph.verbs import Carbon, Weather
from pm_dalec.physics import observation_operators, records
from pm_dalec.tables.streams import STREAMS
from pm_dalec.testing.interpreter import interpreted

OBSERVED = np.array([1.0, np.nan, 3.0, np.nan])
SIGMA = np.array([0.5, np.nan, 2.0, 0.1])
MODELLED = np.array([1.2, 8.0, 2.0, np.nan])


@pytest.fixture(autouse=True, scope="module")
def without_compiler():
    with interpreted():
        yield


@pytest.fixture
def trajectory():
    """Pools 0, 1, 2, 3 and fluxes 10, 11, 12 along time."""
    return records.Trajectory(
        records.Pools(*(np.arange(4.0) for _ in records.Pools._fields)),
        records.Fluxes(*(np.arange(10.0, 13.0) for _ in records.Fluxes._fields)),
    )


@pytest.mark.parametrize("stream", ["cwood", "cfol", "croots", "csom"])
def test_stocks_are_seen_at_the_start_of_the_step(trajectory, stream):
    assert list(observation_operators.seen_by(stream, trajectory)) == [0.0, 1.0, 2.0]


@pytest.mark.parametrize("stream", ["lai", "gpp", "nee", "nbe", "reco"])
def test_leaf_area_and_fluxes_are_seen_in_their_step(trajectory, stream):
    assert list(observation_operators.seen_by(stream, trajectory)) == [10.0, 11.0, 12.0]


def test_only_streams_of_fluxes_ask_for_fluxes():
    assert observation_operators.fluxes_for(("lai", "cwood", "nbe")) == ("lai", "nbe")
    assert observation_operators.fluxes_for(tuple(STREAMS))[0] == "lai"


def test_an_unknown_stream_is_answered_with_those_that_exist(trajectory):
    with pytest.raises(KeyError, match="no observation stream 'wood'; the nearest are"):
        observation_operators.seen_by("wood", trajectory)


def test_the_misfit_of_what_was_not_seen_is_zero():
    found = observation_operators.misfit(MODELLED, OBSERVED, SIGMA)
    assert_allclose(found, [0.4**2, 0.0, 0.25, 0.0])


def made(modelled=MODELLED):
    """Model of one stream with a known model value."""
    units = xr.Dataset({"lai": ("time", OBSERVED), "lai_unc": ("time", SIGMA)})
    carbon = Carbon(None, SimpleNamespace(lai=pt.as_tensor(modelled)), Weather(None, None, units))
    with pm.Model(coords={"time": range(4)}) as model:
        add_observations({"lai": Likelihood()}, carbon)
    return model


def test_the_likelihood_is_gaussian_where_something_was_seen_and_zero_elsewhere():
    found = made().compile_logp(sum=False)({})[0]
    expected = stats.norm.logpdf(OBSERVED, MODELLED, SIGMA)
    assert_allclose(found[[0, 2]], expected[[0, 2]])
    assert list(found[[1, 3]]) == [0.0, 0.0]


def test_what_the_model_says_where_nothing_was_seen_does_not_matter():
    other = np.where(np.isfinite(OBSERVED), MODELLED, 1e6)
    assert made().compile_logp()({}) == made(other).compile_logp()({})


def test_the_likelihood_and_the_misfit_are_the_same_up_to_the_normalisation():
    seen = np.isfinite(OBSERVED)
    constants = -np.log(SIGMA[seen]).sum() - seen.sum() * HALF_LOG_TWO_PI
    expected = -0.5 * observation_operators.misfit(MODELLED, OBSERVED, SIGMA).sum() + constants
    assert_allclose(made().compile_logp()({}), expected)


def test_draws_of_the_predictive_distribution_scatter_with_sigma():
    modelled = np.where(np.isfinite(MODELLED), MODELLED, 0.0)
    with made(modelled):
        drawn = pm.draw(pm.modelcontext(None)["lai"], draws=4000, random_seed=1)
    assert_allclose(drawn.mean(axis=0)[[0, 2]], modelled[[0, 2]], atol=0.15)
    assert_allclose(drawn.std(axis=0)[[0, 2]], SIGMA[[0, 2]], rtol=0.05)


def test_observations_and_their_mask_are_data_of_the_model():
    model = made()
    assert list(model["lai_seen"].get_value()) == [1.0, 0.0, 1.0, 0.0]
    assert list(model["lai_data"].get_value()) == [1.0, 0.0, 3.0, 0.0]
    assert list(model["lai_sigma"].get_value()) == [0.5, 1.0, 2.0, 1.0]

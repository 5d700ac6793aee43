"""Bits against closed forms, and what steps of a chain of fits have gained."""

import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_allclose

from pm_dalec.models import baseline
from pm_dalec.sensitivity.information import (
    CONSTRAINED,
    FREE,
    Drawn,
    _gained,
    divergence,
    free_prior,
    information_gain,
    stream_by_stream,
)
from pm_dalec.testing.tiny import tiny_fit, tiny_site

from .conftest import NAME, SHORT

# Runs are short on purpose.
pytestmark = pytest.mark.filterwarnings(r"ignore:wanted \d+ draws of every chain")


def bits(mean, sd):
    """Divergence of a Gaussian from the standard one [bit]."""
    return (np.log(1 / sd) + (sd**2 + mean**2) / 2 - 0.5) / np.log(2)


@pytest.mark.parametrize(
    ("mean", "sd"), [(0, 0.9), (0, 0.5), (1, 0.5), (0, 0.1), (1, 0.05), (2, 0.3)]
)
def test_bits_of_gaussians_are_those_in_closed_form_within_their_error(mean, sd):
    rng = np.random.default_rng(7)
    one, other = rng.normal(mean, sd, (16, 250)), rng.normal(size=(16, 250))
    found, error, contraction, _ = _gained(Drawn(one, one), Drawn(other, other), rng)
    assert 0 < error < 0.3
    assert_allclose(found, bits(mean, sd), atol=3 * error)
    assert_allclose(contraction, 1 - sd**2, atol=0.05)


def test_bits_do_not_depend_on_the_coordinate():
    rng = np.random.default_rng(8)
    one, other = rng.normal(0.5, 0.5, 2000), rng.normal(size=2000)
    assert_allclose(divergence(np.exp(3 * one), np.exp(3 * other)), divergence(one, other))


def test_two_samples_of_one_distribution_have_gained_nothing():
    rng = np.random.default_rng(9)
    one, other = (Drawn(values, values) for values in rng.normal(size=(2, 16, 250)))
    found, error, _, beyond = _gained(one, other, rng)
    assert 0 <= found < 0.03
    assert found < 4 * error
    assert beyond < 0.01


def test_draws_outside_the_reference_are_counted():
    rng = np.random.default_rng(10)
    one, other = rng.normal(3, 3, (16, 250)), rng.normal(size=(16, 250))
    *_, beyond = _gained(Drawn(one, one), Drawn(other, other), rng)
    assert beyond > 0.3


def test_repeated_draws_do_no_harm():
    rng = np.random.default_rng(11)
    one, other = rng.normal(0, 0.5, (8, 125)), rng.normal(size=4000)
    assert_allclose(divergence(np.repeat(one.ravel(), 4), other), bits(0, 0.5), atol=0.15)


def test_a_step_against_the_constrained_prior_and_the_rules_against_the_base():
    fit = tiny_fit(tiny_site(), chains=8, draws=60)
    steps = {FREE: free_prior(fit, 500), CONSTRAINED: fit, "+ lai": fit.isel(draw=slice(0, 30))}
    found = information_gain(steps, names=(NAME, "labile_release_day", "gpp"))
    assert list(found["step"].values) == [FREE, CONSTRAINED, "+ lai"]
    assert (found["bits"].sel(step=CONSTRAINED) == 0).all()
    assert (found["bits"].sel(step=FREE) > 2).all()  # draws of a tiny fit lie close together
    assert (found["contraction"].sel(step=FREE) > 0.5).all()
    assert (found["bits"].sel(step="+ lai") < 0.5).all()


def test_the_base_prior_is_drawn_without_the_rules():
    fit = tiny_fit(tiny_site(), chains=2, draws=4)
    tree = free_prior(fit, 300, random_seed=1)
    values = tree["posterior"]["leaf_lifespan"].values
    assert values.shape == (1, 300)
    assert_allclose(np.log(values).mean(), np.log(1.001 * 8) / 2, atol=0.15)
    assert isinstance(tree["constant_data"].to_dataset(), xr.Dataset)


def test_streams_are_added_in_turn_and_say_what_they_see(small_choices):
    choices = small_choices.replace(streams=("cwood",))
    steps = stream_by_stream(baseline.build, tiny_site(), choices, free=400, **SHORT)
    assert list(steps) == [FREE, CONSTRAINED, "+ cwood"]
    found = information_gain(steps, names=(NAME, "initial_wood"))["bits"].sel(step="+ cwood")
    assert float(found.sel(quantity="initial_wood")) > 1
    assert float(found.sel(quantity=NAME)) < 0.2


def test_an_unknown_reference_is_answered_with_the_steps():
    with pytest.raises(KeyError, match="there are 'a'"):
        information_gain({"a": tiny_fit()}, reference="b")

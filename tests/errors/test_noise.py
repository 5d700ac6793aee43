"""Noise that is drawn has the distribution whose density the likelihood is, and gives the truth back."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import stats

from pm_dalec.errors import Likelihood, likelihood_of, log_density, noisy

KNOWN = {
    "gaussian": (0.5, stats.norm(2.0, 0.5)),
    "lognormal": (1.5, stats.lognorm(np.log(1.5), scale=2.0)),
    "student": (0.5, stats.t(4, 2.0, 0.5)),
}


@pytest.mark.parametrize("kind", KNOWN)
def test_noise_has_the_distribution_of_its_likelihood(kind):
    scale, expected = KNOWN[kind]
    drawn = noisy(Likelihood(kind), np.full(4000, 2.0), scale, np.random.default_rng(1))
    assert stats.kstest(drawn, expected.cdf).pvalue > 0.01


def test_a_factor_holds_two_thirds_of_the_observations():
    drawn = noisy(Likelihood("lognormal"), np.full(20_000, 3.0), 2.0, np.random.default_rng(2))
    assert_allclose(np.median(drawn), 3.0, rtol=0.02)
    assert_allclose(((drawn > 1.5) & (drawn < 6.0)).mean(), 0.6827, atol=0.01)


@pytest.mark.parametrize("kind", ["gaussian", "lognormal"])
def test_shared_noise_is_correlated_along_time_and_not_between_units(kind):
    likelihood = Likelihood(kind, correlation=0.6)
    drawn = noisy(
        likelihood, np.ones((3, 2)), 2.0, np.random.default_rng(3), time_axis=-2, size=(8000, 3, 2)
    )
    found = np.corrcoef((np.log(drawn) if kind == "lognormal" else drawn).reshape(8000, 6).T)
    expected = np.kron(0.4 * np.eye(3) + 0.6, np.eye(2))
    assert_allclose(found, expected, atol=0.04)


@pytest.mark.parametrize("kind", KNOWN)
def test_the_true_value_is_recovered_from_many_observations(kind):
    truth, scale = 2.0, KNOWN[kind][0]
    values = noisy(Likelihood(kind), np.full(400, truth), scale, np.random.default_rng(4))[:, None]
    grid = np.linspace(1.5, 2.5, 2001)
    logp = log_density(Likelihood(kind), values, grid[None], scale, np.ones((400, 1)), np).sum(0)
    weight = np.exp(logp - logp.max())
    weight /= weight.sum()
    mean = (weight * grid).sum()
    spread = np.sqrt((weight * (grid - mean) ** 2).sum())
    assert abs(mean - truth) < 3 * spread
    assert spread < 0.06


def test_intervals_of_a_conjugate_case_are_exact():
    """Log-normal data of one median under a flat prior of its logarithm: N(mean log, s / sqrt(n))."""
    likelihood = Likelihood("lognormal")
    values = noisy(likelihood, np.full(25, 3.0), 2.0, np.random.default_rng(5))[:, None]
    level = np.linspace(-1, 3, 4001)
    logp = log_density(likelihood, values, np.exp(level)[None], 2.0, np.ones((25, 1)), np).sum(0)
    weight = np.exp(logp - logp.max())
    weight /= weight.sum()
    mean = (weight * level).sum()
    assert_allclose(mean, np.log(values).mean(), rtol=1e-8)
    assert_allclose(np.sqrt((weight * (level - mean) ** 2).sum()), np.log(2) / 5, rtol=1e-6)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("gaussian", "gaussian"),
        ("student", "student,df=4"),
        (" student , df = 7.50", "student,df=7.5"),
        ("lognormal,minimum=0.1,correlation=.5", "lognormal,correlation=0.5,minimum=0.1"),
    ],
)
def test_a_likelihood_is_read_as_it_is_written(text, written):
    assert str(likelihood_of(text)) == written
    assert likelihood_of(written) == likelihood_of(text)
    assert likelihood_of(likelihood_of(text)) == likelihood_of(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("normal", "wanted the kind of a likelihood, got 'normal'; write 'gaussian'"),
        ("student,nu=4", "wanted an option of a likelihood, got 'nu=4'"),
        ("student,df=few", "wanted an option of a likelihood, got 'df=few'"),
        ("student,df=4,df=5", "wanted an option of a likelihood, got 'df=5'"),
        ("student,df=0", "got df=0.0; give degrees of freedom above 0"),
        ("gaussian,df=4.5", "wanted 'df' with student, got it with 'gaussian'"),
        ("student,correlation=0.5", "'correlation' with gaussian or lognormal"),
        ("gaussian,correlation=1", "wanted a correlation below 1"),
        ("gaussian,correlation=-0.1", "a finite number from 0"),
        ("lognormal,minimum=0", "above 0, or leave it out"),
    ],
)
def test_what_is_no_likelihood_is_refused(text, words):
    with pytest.raises(ValueError, match=words):
        likelihood_of(text)


def test_a_likelihood_is_a_text():
    with pytest.raises(TypeError, match="wanted a likelihood as text, got 4"):
        likelihood_of(4)

"""Densities of the error models against SciPy, and the algebra of shared errors."""

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from numpy.testing import assert_allclose
from scipy import integrate, stats

from pm_dalec.errors import (
    Likelihood,
    absolute_from_factor,
    factor_from_absolute,
    log_density,
    pointwise,
)
from pm_dalec.errors.scales import scale_for
from pm_dalec.testing.interpreter import interpreted

VALUE = np.array([1.0, 2.5, 0.3, 4.0])
MODELLED = np.array([1.4, 2.0, 0.6, 3.0])
SIGMA = np.array([0.5, 0.4, 0.2, 1.5])
FACTOR = np.array([2.0, 1.5, 3.0, 1.1])
SEEN = np.ones(4)
SPREAD = np.log(FACTOR)

AGAINST_SCIPY = {
    "gaussian": (SIGMA, stats.norm(MODELLED, SIGMA)),
    "lognormal": (FACTOR, stats.lognorm(SPREAD, scale=MODELLED)),
    "student": (SIGMA, stats.t(4, MODELLED, SIGMA)),
}


@pytest.mark.parametrize("kind", AGAINST_SCIPY)
def test_the_density_of_an_error_model_is_that_of_scipy(kind):
    scale, expected = AGAINST_SCIPY[kind]
    found = log_density(Likelihood(kind), VALUE, MODELLED, scale, SEEN, np)
    assert_allclose(found, expected.logpdf(VALUE), rtol=1e-13)
    assert_allclose(pointwise(Likelihood(kind), VALUE, MODELLED, scale), found)


@pytest.mark.parametrize("degrees", [1.0, 2.5, 30.0])
def test_a_student_t_has_the_degrees_of_freedom_that_it_is_given(degrees):
    found = log_density(Likelihood("student", degrees), VALUE, MODELLED, SIGMA, SEEN, np)
    assert_allclose(found, stats.t.logpdf(VALUE, degrees, MODELLED, SIGMA), rtol=1e-13)


@pytest.mark.parametrize("kind", AGAINST_SCIPY)
def test_the_density_of_an_observation_integrates_to_one(kind):
    def density(value):
        scale = AGAINST_SCIPY[kind][0][0]
        return np.exp(log_density(Likelihood(kind), value, 1.4, scale, 1.0, np))

    low = 0.0 if kind == "lognormal" else -np.inf
    assert_allclose(integrate.quad(density, low, np.inf)[0], 1.0, rtol=1e-7)


@pytest.mark.parametrize("given", ["gaussian", "lognormal", "student", "gaussian,correlation=0.7"])
def test_pytensor_and_numpy_give_one_number(given):
    from pm_dalec.errors import likelihood_of

    likelihood, seen = likelihood_of(given), np.array([1.0, 0.0, 1.0, 1.0])
    modelled = pt.vector("modelled")
    with interpreted():
        terms = log_density(likelihood, VALUE, modelled, FACTOR, seen, pt)
        found = pytensor.function([modelled], terms)(MODELLED)
    assert_allclose(found, log_density(likelihood, VALUE, MODELLED, FACTOR, seen, np), rtol=1e-13)
    assert found[1] == 0.0


def test_values_below_the_minimum_count_as_the_minimum():
    likelihood = Likelihood("lognormal", minimum=0.5)
    found = log_density(likelihood, VALUE, np.array([-2.0, 2.0, 0.1, 3.0]), FACTOR, SEEN, np)
    expected = stats.lognorm.logpdf(np.maximum(VALUE, 0.5), SPREAD, scale=[0.5, 2.0, 0.5, 3.0])
    assert_allclose(found, expected, rtol=1e-13)


def test_a_modelled_value_of_zero_is_far_off_and_finite():
    found = log_density(Likelihood("lognormal"), VALUE, np.zeros(4), FACTOR, SEEN, np)
    assert (found < -100).all()
    assert np.isfinite(found).all()


def test_an_outlier_costs_a_logarithm_in_a_student_t_and_a_square_in_a_gaussian():
    values = np.array([10.0, 100.0])
    gaussian, student = (
        log_density(Likelihood(kind), values, 0.0, 1.0, np.ones(2), np)
        for kind in ("gaussian", "student")
    )
    assert_allclose(np.diff(gaussian), -0.5 * (100**2 - 10**2))
    assert_allclose(np.diff(student), -2.5 * np.log((4 + 100**2) / (4 + 10**2)))


def test_factor_and_absolute_sigma_are_the_two_faces_of_one_log_normal():
    sigma = absolute_from_factor(VALUE, FACTOR)
    mean = np.exp(0.5 * SPREAD**2)
    assert_allclose(sigma / VALUE, stats.lognorm.std(SPREAD) / mean, rtol=1e-12)
    assert_allclose(factor_from_absolute(VALUE, sigma), FACTOR, rtol=1e-12)


def test_an_uncertainty_that_fits_its_error_model_is_not_touched():
    assert scale_for(Likelihood("lognormal"), VALUE, FACTOR, "factor") is FACTOR
    assert scale_for(Likelihood("student"), VALUE, SIGMA) is SIGMA
    assert_allclose(
        scale_for(Likelihood(), VALUE, FACTOR, "factor"), absolute_from_factor(VALUE, FACTOR)
    )


# ---- errors that are shared

SHARE = 0.7
GAPS = np.array([1.0, np.nan, 1.0, 1.0])


def correlation_of(count):
    return (1 - SHARE) * np.eye(count) + SHARE


@pytest.mark.parametrize("kind", ["gaussian", "lognormal"])
def test_the_terms_of_shared_errors_add_up_to_the_density_of_all(kind):
    likelihood, kept = Likelihood(kind, correlation=SHARE), [0, 2, 3]
    scale = SIGMA if kind == "gaussian" else FACTOR
    found = log_density(likelihood, VALUE, MODELLED, scale, np.isfinite(GAPS), np)
    value, modelled = VALUE[kept], MODELLED[kept]
    spread, jacobian = scale[kept], 0.0
    if kind == "lognormal":
        spread, jacobian = np.log(spread), -np.log(value).sum()
        value, modelled = np.log(value), np.log(modelled)
    covariance = correlation_of(3) * np.outer(spread, spread)
    expected = stats.multivariate_normal.logpdf(value, modelled, covariance) + jacobian
    assert_allclose(found.sum(), expected, rtol=1e-12)
    assert found[1] == 0.0


def test_each_unit_shares_its_own_error():
    likelihood = Likelihood(correlation=SHARE)
    value, modelled = np.stack([VALUE, 2 * VALUE], 1), np.stack([MODELLED, MODELLED], 1)
    seen = np.stack([np.isfinite(GAPS), np.ones(4)], 1)
    found = log_density(likelihood, value, modelled, SIGMA[:, None], seen, np)
    for unit in range(2):
        alone = log_density(likelihood, value[:, unit], modelled[:, unit], SIGMA, seen[:, unit], np)
        assert_allclose(found[:, unit], alone, rtol=1e-13)


def test_leaving_one_out_is_the_density_of_it_given_the_others():
    likelihood = Likelihood(correlation=SHARE)
    found = pointwise(likelihood, VALUE * GAPS, MODELLED, SIGMA)
    kept = [0, 2, 3]
    covariance = correlation_of(3) * np.outer(SIGMA[kept], SIGMA[kept])
    whole = stats.multivariate_normal.logpdf(VALUE[kept], MODELLED[kept], covariance)
    for place, step in enumerate(kept):
        rest = [i for i in range(3) if i != place]
        steps = [kept[i] for i in rest]
        marginal = stats.multivariate_normal.logpdf(
            VALUE[steps], MODELLED[steps], covariance[np.ix_(rest, rest)]
        )
        assert_allclose(found[step], whole - marginal, rtol=1e-10)
    assert np.isnan(found[1])


def test_two_maps_of_one_algorithm_say_hardly_more_than_one():
    """Sigma of a constant under flat prior: sigma sqrt((1 + c) / 2), not sigma / sqrt(2)."""
    likelihood, grid = Likelihood(correlation=0.9), np.linspace(-8, 8, 4001)
    values, sigma = np.array([[0.2], [-0.2]]), np.ones((2, 1))
    logp = log_density(likelihood, values, grid[None], sigma, np.ones((2, 1)), np).sum(0)
    weight = np.exp(logp - logp.max())
    spread = np.sqrt((weight * grid**2).sum() / weight.sum())
    assert_allclose(spread, np.sqrt(0.95), rtol=1e-6)

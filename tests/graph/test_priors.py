"""Priors: log-uniform on the box, flat where CARDAMOM samples, times a Gaussian factor where declared."""

import numpy as np
import pymc as pm
import pytensor
import pytensor.tensor as pt
import pytest
import xarray as xr
from numpy.testing import assert_allclose
from scipy import integrate, stats

from pm_dalec.constraints import prior_draws
from pm_dalec.graph import priors
from pm_dalec.tables.parameters import PARAMETERS
from pm_dalec.tables.priors import Fixed, FromData, Gaussian, LogUniform
from pm_dalec.testing.interpreter import interpreted
from pm_dalec.testing.tiny import tiny_region, tiny_site

SOME = ("leaf_lifespan", "wood_turnover_rate", "labile_release_day", "initial_som")
EMPTY = xr.Dataset()


@pytest.fixture(autouse=True, scope="module")
def without_compiler():
    with interpreted():
        yield


def plain(name):
    """Parameter without a Gaussian factor."""
    return PARAMETERS.replace(name, prior=LogUniform())[name]


def natural_density(parameter, values, units=EMPTY):
    """Log-density in natural units of one parameter at many values."""
    mean, sigma, _ = prior_draws.factor_of(parameter, units)
    bounds = map(np.float64, parameter.bounds)
    found = priors._log_density(pt.as_tensor(np.asarray(values)), *bounds, mean, sigma)
    return found.eval()


def sampled_density(parameter, positions):
    """Log-density of the value variable of a model at positions of the unit interval."""
    with pm.Model() as model:
        priors.add_prior(parameter, EMPTY, ())
    compiled = model.compile_logp()
    name = model.value_vars[0].name
    return np.array([compiled({name: np.array(position)}) for position in positions])


@pytest.mark.parametrize("name", SOME)
def test_the_transform_and_its_inverse_cancel(name):
    lower, upper = PARAMETERS[name].bounds
    turned = priors.UnitInterval(lower, upper)
    position = np.array([0.0, 0.2, 0.77, 1.0])
    value = turned.backward(pt.as_tensor(position)).eval()
    assert_allclose(value[[0, -1]], [lower, upper], rtol=1e-14)
    assert_allclose(turned.forward(pt.as_tensor(value)).eval(), position, atol=1e-14)


@pytest.mark.parametrize("name", SOME)
def test_the_transform_is_that_of_the_fortran(name):
    lower, upper = PARAMETERS[name].bounds
    value = 0.3 * lower + 0.7 * upper
    ours = priors.UnitInterval(lower, upper).forward(pt.as_tensor(value)).eval()
    assert_allclose(ours, np.log(value / lower) / np.log(upper / lower))


@pytest.mark.parametrize("name", SOME)
def test_the_jacobian_is_the_slope_of_the_inverse(name):
    turned, position = priors.UnitInterval(*PARAMETERS[name].bounds), pt.scalar("position")
    slope = pytensor.grad(turned.backward(position), position)
    assert_allclose(
        turned.log_jac_det(position).eval({position: 0.3}), np.log(slope.eval({position: 0.3}))
    )


@pytest.mark.parametrize("name", SOME)
def test_the_base_prior_is_flat_in_the_unit_interval(name):
    assert_allclose(sampled_density(plain(name), [0.001, 0.3, 0.5, 0.999]), 0.0, atol=1e-12)


@pytest.mark.parametrize("name", SOME)
def test_there_is_nothing_outside_the_bounds(name):
    assert list(sampled_density(plain(name), [-0.001, 1.001])) == [-np.inf, -np.inf]


def test_the_gaussian_factor_is_added_unnormalised():
    record = PARAMETERS["canopy_efficiency"]
    lower, upper = record.bounds
    value = lower * (upper / lower) ** 0.4
    expected = -0.5 * ((value - 21.1491) / 4.267117) ** 2
    assert_allclose(sampled_density(record, [0.4]), expected)


@pytest.mark.parametrize("name", SOME)
def test_the_density_without_a_factor_integrates_to_one(name):
    record = plain(name)
    lower, upper = record.bounds

    def density(logarithm):
        return np.exp(natural_density(record, np.exp(logarithm)) + logarithm)

    total = integrate.fixed_quad(density, np.log(lower), np.log(upper), n=5)[0]
    assert_allclose(total, 1.0, rtol=1e-12)


def test_draws_without_a_factor_are_log_uniform():
    rng = np.random.default_rng(0)
    drawn = prior_draws.draw_log_uniform(9e-6, 1e-3, 1.0, np.inf, rng=rng, size=5000)
    assert stats.kstest(drawn, stats.loguniform(9e-6, 1e-3).cdf).pvalue > 0.01


@pytest.mark.parametrize("name", ["autotrophic_fraction", "canopy_efficiency"])
def test_draws_with_a_factor_follow_the_density(name):
    record = PARAMETERS[name]
    factor = record.prior.factor
    grid = np.linspace(*record.bounds, 4001)
    density = np.exp(natural_density(record, grid))
    cumulative = integrate.cumulative_trapezoid(density, grid, initial=0.0)
    rng = np.random.default_rng(1)
    drawn = prior_draws.draw_log_uniform(
        *record.bounds, factor.mean, factor.sigma, rng=rng, size=5000
    )
    assert (
        stats.kstest(drawn, lambda v: np.interp(v, grid, cumulative / cumulative[-1])).pvalue > 0.01
    )


def test_draws_are_different_for_every_pixel():
    rng = np.random.default_rng(2)
    mean, sigma = np.array([1e3, 1e5]), np.array([10.0, 1e3])
    drawn = prior_draws.draw_log_uniform(200.0, 250000.0, mean, sigma, rng=rng)
    assert (np.abs(drawn - mean) < 6 * sigma).all()


def test_a_factor_far_outside_the_bounds_is_refused():
    with pytest.raises(ValueError, match=r"the Gaussian \(mean .*\) lies far outside the bounds"):
        prior_draws.draw_log_uniform(1.0, 2.0, 1e6, 1.0, rng=np.random.default_rng(0), size=2)


def test_a_factor_of_the_table_needs_no_data():
    assert prior_draws.factor_of(PARAMETERS["autotrophic_fraction"], EMPTY) == (0.46, 0.12, False)
    assert PARAMETERS["autotrophic_fraction"].prior.factor == Gaussian(0.46, 0.12)


def test_a_factor_from_data_is_read_from_the_dataset():
    site = tiny_site()
    mean, sigma, logarithmic = prior_draws.factor_of(PARAMETERS["initial_som"], site)
    assert PARAMETERS["initial_som"].prior.factor == FromData("csom_prior", "csom_prior_unc")
    assert (mean, sigma) == (site["csom_prior"].item(), site["csom_prior_unc"].item())
    assert not logarithmic


def test_where_the_data_are_missing_there_is_no_factor():
    record = PARAMETERS["initial_som"]
    assert prior_draws.factor_of(record, EMPTY) == (1.0, np.inf, False)
    region = tiny_region(pixels=2)
    region["csom_prior"][1] = np.nan
    sigma = prior_draws.factor_of(record, region)[1]
    assert np.isinf(sigma[1])
    assert np.isfinite(sigma[0])
    values = np.array([16800.0, 30000.0])
    with_nan = natural_density(record, values, region)
    assert_allclose(with_nan[1], natural_density(plain("initial_som"), values)[1])


def test_half_a_factor_from_data_is_refused():
    with pytest.raises(ValueError, match="wants 'csom_prior' and 'csom_prior_unc'"):
        prior_draws.factor_of(PARAMETERS["initial_som"], tiny_site().drop_vars("csom_prior_unc"))


def test_a_fixed_parameter_is_a_constant_and_no_variable():
    record = PARAMETERS.replace("leaf_lifespan", prior=Fixed(2.5))["leaf_lifespan"]
    with pm.Model() as model:
        value = priors.add_prior(record, EMPTY, ())
    assert value.eval() == 2.5
    assert model.free_RVs == []


def test_a_search_starts_in_the_geometric_middle():
    with pm.Model() as model:
        priors.add_prior(plain("leaf_lifespan"), EMPTY, ())
    assert_allclose(model.initial_point()["leaf_lifespan_unit__"], 0.5)


def test_pymc_draws_from_the_prior_that_it_evaluates():
    with pm.Model():
        priors.add_prior(PARAMETERS["autotrophic_fraction"], EMPTY, ())
        drawn = pm.sample_prior_predictive(2000, random_seed=3)
    values = drawn["prior"]["autotrophic_fraction"].values.ravel()
    again = prior_draws.draw_log_uniform(
        0.2, 0.8, 0.46, 0.12, rng=np.random.default_rng(4), size=2000
    )
    assert stats.ks_2samp(values, again).pvalue > 0.01


def test_a_factor_of_the_data_makes_the_prior_of_soil_carbon_log_normal():
    """Log-uniform times a Gaussian of the logarithm: a log-normal, cut at the bounds."""
    site = tiny_site()
    attrs = {"units": "1", "uncertainty_kind": "factor"}
    site = site.assign(csom_prior=site["csom_prior"], csom_prior_unc=((), 1.5, attrs))
    with interpreted(), pm.Model() as model:
        priors.add_prior(PARAMETERS["initial_som"], site, ())
        median = float(site["csom_prior"])
        values = median * np.array([0.6, 1.0, 2.0])
        logp = [float(pm.logp(model["initial_som"], value).eval()) for value in values]
        drawn = pm.draw(model["initial_som"], draws=2000, random_seed=1)
    expected = stats.lognorm.logpdf(values, np.log(1.5), scale=median)
    assert_allclose(np.diff(logp), np.diff(expected), rtol=1e-9)
    assert stats.kstest(drawn, stats.lognorm(np.log(1.5), scale=median).cdf).pvalue > 0.01

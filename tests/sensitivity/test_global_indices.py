"""Indices against Ishigami's function, and against a linear function of dependent Gaussians."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from pm_dalec.sensitivity.global_indices import indices, sensitivity_indices
from pm_dalec.testing.tiny import tiny_fit, tiny_region, tiny_site

# Runs are short on purpose.
pytestmark = pytest.mark.filterwarnings(r"ignore:wanted \d+ draws of every chain")


@pytest.fixture(scope="module")
def ishigami():
    rng = np.random.default_rng(1)
    x = rng.uniform(-np.pi, np.pi, (16, 250, 3))
    one, two, three = np.moveaxis(x, -1, 0)
    y = np.sin(one) + 7 * np.sin(two) ** 2 + 0.1 * three**4 * np.sin(one)
    return indices(x, y[..., None], 40, 12, rng).isel(output=0)


@pytest.mark.parametrize(
    ("name", "right"),
    [
        ("first", (0.3139, 0.4424, 0.0)),
        ("total", (0.5576, 0.4424, 0.2437)),
        ("shapley", (0.4357, 0.4424, 0.1218)),
    ],
)
def test_indices_of_ishigami_are_the_published_ones(ishigami, name, right):
    error = ishigami[f"{name}_error"]
    assert float(error.max()) < 0.03
    assert_allclose(ishigami[name], right, atol=4 * float(error.max()))


def test_the_polynomials_explain_ishigami(ishigami):
    assert float(ishigami["explained"]) > 0.999
    assert_allclose(ishigami["shapley"].sum(), ishigami["explained"], atol=1e-9)


def test_indices_of_dependent_gaussians_are_those_in_closed_form():
    rho, slopes = 0.6, np.array([1.0, 2.0, 0.5])
    covariance = np.array([[1, rho, 0], [rho, 1, 0], [0, 0, 1.0]])
    rng = np.random.default_rng(2)
    x = rng.normal(size=(16, 250, 3)) @ np.linalg.cholesky(covariance).T
    found = indices(x, (x @ slopes)[..., None], 40, 12, rng).isel(output=0)
    variance = slopes @ covariance @ slopes
    one, two, three = slopes
    both = rho * one * two  # Owen and Prieur (2017): what two parameters have in common is halved
    half = rho**2 / 2
    right = {
        "first": (covariance @ slopes) ** 2,
        "total": slopes**2 / np.diag(np.linalg.inv(covariance)),
        "shapley": (
            one**2 * (1 - half) + both + two**2 * half,
            two**2 * (1 - half) + both + one**2 * half,
            three**2,
        ),
    }
    for name, values in right.items():
        error = float(found[f"{name}_error"].max())
        assert 0 < error < 0.03
        assert_allclose(found[name], np.array(values) / variance, atol=4 * error)
    assert float(found["total"][0]) < float(found["first"][0])  # most of it is shared


def test_what_does_not_matter_has_indices_of_zero_and_noise_is_not_explained():
    rng = np.random.default_rng(3)
    x = rng.uniform(size=(16, 100, 5))
    found = indices(x, rng.normal(size=(16, 100, 1)), 10, 6, rng).isel(output=0)
    assert abs(float(found["explained"])) < 0.15
    assert float(abs(found["first"]).max()) < 0.05


def test_units_and_outputs_have_their_labels_and_what_does_not_vary_has_none():
    region = tiny_region(pixels=2)
    region["forest_loss_fraction"] = region["forest_loss_fraction"] * 0.0
    fit = tiny_fit(region, chains=4, draws=60)
    found = sensitivity_indices(fit, names=("gpp", "harvest"), orders=4, repeats=3)
    assert found["first"].sizes == {"pixel": 2, "parameter": 23, "output": 2}
    assert found["first"].sel(output="harvest").isnull().all()
    assert found["shapley"].sel(output="gpp").notnull().all()


def test_a_fixed_parameter_is_no_input():
    fit = tiny_fit(tiny_site(), chains=4, draws=30)
    fit["posterior"]["leaf_lifespan"].attrs = {"fixed": 2.0}
    found = sensitivity_indices(fit, names=("lai",), orders=2, repeats=2)
    assert "leaf_lifespan" not in found["parameter"]

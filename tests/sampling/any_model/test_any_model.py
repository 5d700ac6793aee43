"""Models that are no DALEC: sampled as they are, with their own bounds and Jacobians, or refused."""

import re

import numpy as np
import pymc as pm
import pytensor.tensor as pt
import pytest
from numpy.testing import assert_allclose
from pymc.distributions.transforms import ordered
from scipy import stats

from pm_dalec.graph.priors import UnitInterval
from pm_dalec.posterior.convergence import diagnose, has_converged
from pm_dalec.sampling.any_model.compiled import compile_any
from pm_dalec.sampling.calibration import calibrate

KNOWN = {
    "level": stats.norm(3, 1),
    "wide": stats.uniform(-100, 200),
    "width": stats.halfnorm(scale=2),
    "share": stats.beta(0.5, 3),
    "heavy": stats.t(3, loc=-1e3, scale=10),
    "late": stats.truncnorm(-1, np.inf, loc=1, scale=1),
}
X = np.arange(12.0).reshape(6, 2) / 10


@pytest.fixture(scope="module")
def model():
    """Kinds of variables side by side, each with a known answer."""
    with pm.Model(coords={"side": ["left", "right"]}) as built:
        pm.Normal("level", 3, 1)
        pm.Uniform("wide", -100, 100)
        pm.HalfNormal("width", 2)
        share = pm.Beta("share", 0.5, 3)
        pm.StudentT("heavy", 3.0, mu=-1000.0, sigma=10.0)
        pm.TruncatedNormal("late", 1, 1, lower=0)
        pair = pm.Normal("pair", 0, 1, dims="side", transform=ordered, initval=[-1, 1])
        slope = pm.Normal("slope", 0, 5, shape=2)
        pm.Uniform("inside", 0, share)
        pm.Deterministic("apart", pair[1] - pair[0])
        pm.Potential("rule", pt.switch(pair[0] > 0, -np.inf, 0.0))
        pm.Normal("seen", pt.dot(X, slope), 1, observed=np.ones(6))
    return built


@pytest.fixture(scope="module")
def fit(model):
    return calibrate(model, draws=500, ess=3000, threads=1, random_seed=1, progress=False)


def test_variables_of_every_kind_are_drawn_from_their_own_density(fit):
    for name, density in KNOWN.items():
        drawn = fit["posterior"][name].values.ravel()
        levels = density.cdf(np.quantile(drawn, [0.05, 0.25, 0.5, 0.75, 0.95]))
        assert_allclose(levels, [0.05, 0.25, 0.5, 0.75, 0.95], atol=0.03, err_msg=name)


def test_a_variable_within_another_is_drawn_within_it(fit):
    share = fit["posterior"]["inside"] / fit["posterior"]["share"]
    assert_allclose(share.quantile([0.05, 0.5, 0.95]), [0.05, 0.5, 0.95], atol=0.03)


def test_observations_and_potentials_count(fit):
    drawn = fit["posterior"]
    precision = X.T @ X + np.eye(2) / 25
    mean = np.linalg.solve(precision, X.T @ np.ones(6))
    sd = np.sqrt(np.diag(np.linalg.inv(precision)))
    found = drawn["slope"].mean(("chain", "draw")).values
    assert (np.abs(found - mean) < 0.08 * sd).all()
    assert float(drawn["pair"].sel(side="left").max()) < 0
    # the lower of two is below zero with chance 3/4, both with 1/4
    assert abs(float((drawn["pair"].sel(side="right") < 0).mean()) - 1 / 3) < 0.03


def test_a_fit_names_what_the_model_names_and_holds_what_follows_from_it(fit):
    drawn = fit["posterior"]
    assert list(drawn["side"].values) == ["left", "right"]
    expected = drawn["pair"].sel(side="right") - drawn["pair"].sel(side="left")
    assert_allclose(drawn["apart"], expected.drop_vars("side", errors="ignore"))
    assert fit["sample_stats"]["status"].item() == "converged"


def test_every_element_is_judged(fit):
    report = diagnose(fit)
    assert {"pair[0]", "pair[1]", "slope[1]", "wide"} <= set(report["parameter"].values)
    assert has_converged(report, ess=1000)


def test_lanes_compute_the_density_that_pymc_computes(model):
    cube, target = compile_any(model)
    rng = np.random.default_rng(0)
    shapes = cube.eval_rv_shapes()
    point = {v.name: rng.uniform(0.2, 0.45, shapes[v.name]) for v in cube.value_vars}
    row = np.concatenate([np.ravel(value) for value in point.values()])
    found = target.function.bind(lanes=1)(row[None])[0]
    terms = [np.sum(term) for term in cube.compile_logp(sum=False, mode="FAST_COMPILE")(point)]
    assert (
        np.isnan(terms).sum() == 1
    )  # PyMC computes the width of `wide` in 8 bits; its term is zero
    assert_allclose(found, np.nansum(terms), rtol=1e-6)


def test_a_parameter_in_the_unit_interval_of_pm_dalec_stays_there():
    with pm.Model() as model:
        pm.Uniform("level", 1.0, 3.0, default_transform=UnitInterval(1.0, 3.0))
    drawn = calibrate(model, draws=200, threads=1, progress=False)["posterior"]["level"]
    assert_allclose(drawn.quantile([0.05, 0.5, 0.95]), [1.1, 2.0, 2.9], atol=0.06)


@pytest.mark.parametrize(
    ("add", "coords", "sentence"),
    [
        (lambda: pm.Poisson("count", 3), {}, "got the discrete 'count' in calibrate; sum it"),
        (
            lambda: pm.Dirichlet("parts", np.ones(3)),
            {},
            "got 'parts' (shape (3,), that of its value (2,))",
        ),
        (lambda: pm.Normal("x", dims="pixel"), {"pixel": [0]}, "got the dimension 'pixel'"),
    ],
)
def test_a_model_that_has_no_density_of_its_own_in_the_cube_is_refused(add, coords, sentence):
    with pm.Model(coords=coords) as model:
        add()
    with pytest.raises(ValueError, match=re.escape(sentence)):
        calibrate(model, progress=False)


def test_what_only_dalec_has_a_use_for_is_refused():
    with pm.Model() as model:
        pm.Normal("x")
    with pytest.raises(ValueError, match="leave groups out"):
        calibrate(model, groups=["prior"], progress=False)


def test_what_is_no_model_is_refused():
    with pytest.raises(TypeError, match="got int as the first argument of calibrate"):
        calibrate(3)

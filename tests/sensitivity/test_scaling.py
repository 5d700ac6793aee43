"""Power scaling against closed forms, and what it says where a factor cannot be scaled."""

import json

import arviz as az
import arviz_plots
import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_allclose

from pm_dalec.constraints.sets import EDCS
from pm_dalec.posterior.groups.complete import with_groups
from pm_dalec.sampling.identity import ATTRIBUTE, constraints_part
from pm_dalec.sensitivity.confirmation import raised
from pm_dalec.sensitivity.scaling import CONSTANT, NEITHER, power_scaling, scalable
from pm_dalec.tables.table import Table
from pm_dalec.testing.tiny import tiny_fit, tiny_region, tiny_site

from .conftest import NAME, gaussian_posterior

# Runs are short on purpose.
pytestmark = pytest.mark.filterwarnings(r"ignore:wanted \d+ draws of every chain")

RULE = "wood_outlives_leaves"
SCALE = 0.3


@pytest.fixture(scope="module")
def scaled(gaussian_fit):
    return power_scaling(gaussian_fit, names=(NAME,)).sel(quantity=NAME)


@pytest.mark.parametrize("factor", [NAME, "lai"])
@pytest.mark.parametrize("power", [0.5, 2.0])
def test_predicted_means_of_a_gaussian_are_those_in_closed_form(scaled, factor, power):
    powers = (power, 1.0) if factor == NAME else (1.0, power)
    row = scaled.sel(factor=factor, power=power)
    mean, _ = gaussian_posterior(*powers)
    assert float(row["khat"]) < 0.7
    assert 0 < float(row["predicted_error"]) < 0.1
    assert_allclose(row["predicted"], mean, atol=4 * float(row["predicted_error"]))


@pytest.mark.parametrize("factor", [NAME, "lai"])
def test_the_gradient_of_a_gaussian_is_that_in_closed_form(scaled, factor):
    step = 1e-4
    powers = [(1 + s * step, 1.0) if factor == NAME else (1.0, 1 + s * step) for s in (1, -1)]
    higher, lower = (gaussian_posterior(*each)[0] for each in powers)
    per_doubling = np.log(2) * (higher - lower) / (2 * step) / gaussian_posterior()[1]
    assert_allclose(scaled["gradient"].sel(factor=factor), per_doubling, rtol=0.06)


def test_prior_and_data_that_disagree_are_called_so(scaled):
    assert str(scaled["verdict"].values) == "prior and data both matter"
    assert scaled["sensitivity"].sel(factor=["prior", "likelihood"]).values.min() > 0.05


def test_units_of_a_region_do_not_blend():
    fit = tiny_fit(tiny_region(pixels=2), chains=4, draws=20)
    whole = power_scaling(fit, names=(NAME, "gpp"))
    for place in range(2):
        alone = power_scaling(with_groups(fit.isel(pixel=place)), names=(NAME, "gpp"))
        both = whole.isel(pixel=place)
        assert_allclose(both["sensitivity"], alone["sensitivity"], rtol=1e-9)
    assert np.ptp(whole["mean"].sel(quantity="gpp").values) > 0


def decided_by_a_rule(constraints):
    """Fit in form whose leaf lifespan a rule alone decides: base prior times the soft form of the rule."""
    fit, rng = tiny_fit(tiny_site(), chains=4, draws=1000), np.random.default_rng(5)
    count = 400_000
    lifespan = 1.001 * (8 / 1.001) ** rng.uniform(size=count)
    turnover = 9e-6 * (1e-3 / 9e-6) ** rng.uniform(size=count)
    margin = -np.log(turnover * 365.25 * lifespan) - 2.0  # of the rule, two units tighter
    kept = np.flatnonzero(rng.uniform(size=count) < 1 / (1 + np.exp(-margin / SCALE)))[:4000]
    posterior = fit["posterior"].to_dataset()
    for name, values in (("leaf_lifespan", lifespan), ("wood_turnover_rate", turnover)):
        drawn = values[kept].reshape(4, 1000)
        posterior[name] = posterior[name].copy(data=drawn)
    fit["posterior"] = xr.DataTree(posterior)
    nothing = xr.DataArray(rng.normal(size=(1, 4, 1000)), dims=("lai_time", "chain", "draw"))
    data = {"lai": nothing, "cwood": nothing.rename(lai_time="cwood_time")}
    fit["log_likelihood"] = xr.DataTree(xr.Dataset(data))  # the data say nothing of it
    fit.attrs["constraints"] = constraints
    table = Table("constraint", [EDCS["edinburgh2021"][RULE]])
    part = constraints_part(constraints, table)
    fit.attrs[ATTRIBUTE] = json.dumps({"constraints": [part.digest, part.words]})
    return fit


def test_a_hard_constraint_that_decides_is_never_called_harmless():
    fit = decided_by_a_rule("edinburgh2021")
    found = power_scaling(fit, names=("leaf_lifespan",)).sel(quantity="leaf_lifespan")
    told = az.psense_summary(scalable(fit, ("leaf_lifespan",)))
    assert told.loc["leaf_lifespan", "diagnosis"] == "✓"  # the trap
    assert str(found["verdict"].values) == NEITHER
    row = found.sel(factor="constraints")
    assert np.isnan(row["sensitivity"])
    assert str(row["kind"].values) == "hard constraints"
    assert "no power scaling" in str(row["note"].values)


def test_a_soft_constraint_that_decides_is_a_factor_of_the_prior():
    fit = decided_by_a_rule(f"{RULE}, soft over {SCALE}")
    found = power_scaling(fit, names=("leaf_lifespan", "wood_turnover_rate"))
    row = found.sel(factor="constraints")
    assert str(row["kind"].values) == "soft constraints"
    assert np.isfinite(row["sensitivity"]).all()
    assert (row["gradient"] < 0).all()  # a stronger rule wants shorter lives and slower turnover


def test_what_does_not_vary_is_said_to_be_the_same():
    site = tiny_site()
    site["forest_loss_fraction"] = site["forest_loss_fraction"] * 0.0
    found = power_scaling(tiny_fit(site, chains=4, draws=20), names=("harvest",))
    assert str(found["verdict"].values[0]) == CONSTANT
    assert found["sensitivity"].isnull().all()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("plot", ["plot_psense_dist", "plot_psense_quantities"])
def test_figures_of_arviz_take_quantities_by_factor(plot):
    fit = tiny_fit(tiny_site(), chains=4, draws=100)
    tree = scalable(fit, (NAME, "gpp"))
    getattr(arviz_plots, plot)(tree, prior_var_names=[NAME], likelihood_var_names=["lai"])
    plt.close("all")


@pytest.mark.parametrize("factor", [NAME, "initial_som", "lai"])
def test_a_factor_is_raised_to_a_power_by_its_sigma(factor):
    fit = tiny_fit(tiny_site(), chains=4, draws=10)
    fit.attrs["constraints"] = "None"
    land, choices = raised(fit, factor, 4.0)
    units = fit["constant_data"].to_dataset()
    if factor == NAME:
        given = choices.parameters[NAME].prior.factor.sigma
        assert_allclose(given, fit["posterior"][NAME].attrs["prior_sigma"] / 2)
        return
    name = "csom_prior_unc" if factor == "initial_som" else "lai_unc"
    assert_allclose(land[name], units[name] / 2)


def test_a_region_is_to_be_selected_for_arviz():
    with pytest.raises(ValueError, match=r"wanted a fit of one unit, got one with pixel"):
        scalable(tiny_fit(tiny_region()))

"""Fits whose posterior is known in closed form, and a small model that converges in seconds."""

import numpy as np
import pytest
import xarray as xr

from pm_dalec.graph.choices import Choices
from pm_dalec.models import baseline
from pm_dalec.sampling.calibration import calibrate
from pm_dalec.tables.parameters import PARAMETERS
from pm_dalec.tables.priors import Fixed
from pm_dalec.testing.parameters import FEASIBLE
from pm_dalec.testing.tiny import tiny_fit, tiny_site

NAME = "canopy_efficiency"
PRIOR = PARAMETERS[NAME].prior.factor
SEEN, SIGMA = 14.0, 3.0  # what the stand-in for a likelihood says of the parameter
FREE = ("canopy_efficiency", "initial_wood", "initial_som")


def gaussian_posterior(prior_power=1.0, data_power=1.0):
    """Mean and standard deviation under powers of the Gaussian prior factor and of the likelihood."""
    precisions = np.array([prior_power / PRIOR.sigma**2, data_power / SIGMA**2])
    mean = precisions @ [PRIOR.mean, SEEN] / precisions.sum()
    return float(mean), float(precisions.sum() ** -0.5)


@pytest.fixture(scope="session")
def gaussian_fit():
    """Fit in form whose canopy efficiency is Gaussian: prior factor times a Gaussian likelihood."""
    fit = tiny_fit(tiny_site(streams=("lai",)), chains=4, draws=5000)
    rng = np.random.default_rng(3)
    mean, sd = gaussian_posterior()
    values = fit["posterior"][NAME].copy(data=rng.normal(mean, sd, (4, 5000)))
    density = -0.5 * ((values.drop_attrs() - SEEN) / SIGMA) ** 2
    fit["posterior"] = xr.DataTree(fit["posterior"].to_dataset().assign({NAME: values}))
    fit["log_likelihood"] = xr.DataTree(density.expand_dims("lai_time").to_dataset(name="lai"))
    fit.attrs["constraints"] = "None"
    return fit


@pytest.fixture(scope="session")
def small_choices():
    """Choices with three free parameters and no constraints: chains converge in seconds."""
    fixed = {name: Fixed(getattr(FEASIBLE, name)) for name in PARAMETERS if name not in FREE}
    table = PARAMETERS.replace(**fixed)
    return Choices(table, constraints=None, streams=("lai", "cwood"))


SHORT = {"chains": 8, "draws": 500, "proposals": 60_000, "random_seed": 1, "progress": False}


@pytest.fixture(scope="session")
def small_fit(small_choices):
    """Converged fit of a small model."""
    return calibrate(
        baseline.build(tiny_site(), small_choices), **SHORT, groups=("log_likelihood",)
    )

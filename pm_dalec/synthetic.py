"""A built-in site with known truth: UK-like weather, observations made by DALEC itself with noise.

For the demo, for teaching and for tests of recovery: the truth is a draw of the constrained prior whose
canopy, wood and soil look like a British woodland.
"""

import numpy as np
import xarray as xr

from pm_dalec.constraints.prior_draws import draw_constrained_prior
from pm_dalec.datasets import synthetic_drivers
from pm_dalec.physics.numpy_run import run_numpy
from pm_dalec.physics.records import drivers_of
from pm_dalec.tables.constants import TRUTH
from pm_dalec.tables.parameters import PARAMETERS, Theta

LAI_RANGE = (1.0, 5.0)  # m2 m-2, of the mean
WOOD_RANGE = (2000.0, 15000.0)  # g m-2, of the mean
# Ranges in which the truth is looked for, inside those of the prior: a British woodland
WOODLAND = {
    "initial_labile": (20.0, 300.0),
    "initial_foliage": (60.0, 500.0),
    "initial_roots": (30.0, 500.0),
    "initial_wood": (2000.0, 15000.0),
    "initial_litter": (20.0, 500.0),
    "initial_som": (4000.0, 60000.0),
    "wood_turnover_rate": (2e-5, 3e-4),
    "litter_mineralisation_rate": (1e-3, 0.01),
    "leaf_carbon_per_area": (35.0, 130.0),
    "labile_release_day": (365.25 + 80, 365.25 + 160),
    "leaf_fall_day": (365.25 + 230, 365.25 + 330),
}
LAI_NOISE = (0.25, 0.15)  # least sigma [m2 m-2], and sigma relative to LAI
WOOD_NOISE = 0.25  # sigma relative to wood carbon
SOIL_NOISE = 0.20  # sigma relative to initial soil carbon
WOOD_YEARS = (3, 4)  # years of the run at whose start wood is observed


def synthetic_site(seed=0, *, years=6):
    """Units dataset of an invented site with its truth.

    Parameters
    ----------
    seed : int
        Decides weather, truth and noise.
    years : int
        Length of the run; wood is observed at the start of years 4 and 5.

    Returns
    -------
    Dataset
        Drivers, LAI every month, wood twice, a prior of the initial soil carbon, and the true
        parameters as ``truth_{parameter}`` without dimensions.
    """
    units = synthetic_drivers(seed, years=years)
    random = np.random.default_rng(np.random.SeedSequence([seed, 2023]))
    theta, run = _woodland(units, random)
    units = _observed(units, theta, run, random)
    for name in Theta._fields:
        record = PARAMETERS[name]
        units[TRUTH + name] = xr.DataArray(
            float(getattr(theta, name)), attrs={"units": record.units, "long_name": record.meaning}
        )
    return units.assign_attrs(title="synthetic site with known truth, UK-like", seed=seed)


def truth_of(units):
    """True parameters of a synthetic site by name."""
    return {name: float(units[TRUTH + name]) for name in Theta._fields}


def _woodland(units, random):
    """First draw of the constrained prior that looks like a woodland, and its run."""
    drivers, latitude = drivers_of(units)
    table = PARAMETERS
    for name, bounds in WOODLAND.items():
        table = table.replace(name, bounds=bounds)
    for _ in range(50):
        theta = draw_constrained_prior(units, 1, parameters=table, rng=random)
        run = run_numpy(drivers, latitude, theta)
        lai, wood = run.fluxes.lai.mean(), run.pools.wood.mean()
        if LAI_RANGE[0] < lai < LAI_RANGE[1] and WOOD_RANGE[0] < wood < WOOD_RANGE[1]:
            return Theta(*(value[0] for value in theta)), run
    raise ValueError(
        f"wanted a woodland with mean LAI in {LAI_RANGE} and wood in {WOOD_RANGE} g m-2, got none in "
        "50 draws of the constrained prior (synthetic site); take another seed"
    )


def _observed(units, theta, run, random):
    """Dataset with observations made of the truth and noise."""
    lai = run.fluxes.lai[:, 0]
    sigma = np.maximum(LAI_NOISE[0], LAI_NOISE[1] * lai)
    seen = lai + sigma * random.normal(size=lai.size)
    seen = np.where(seen > 0, seen, np.nan)
    wood = np.full(lai.size, np.nan)
    places = [12 * year for year in WOOD_YEARS if 12 * year < lai.size]
    true_wood = run.pools.wood[places, 0]
    wood[places] = true_wood * (1 + WOOD_NOISE * np.clip(random.normal(size=len(places)), -3, 3))
    wood_sigma = np.full(lai.size, np.nan)
    wood_sigma[places] = WOOD_NOISE * true_wood
    soil_sigma = SOIL_NOISE * theta.initial_som
    soil = theta.initial_som + soil_sigma * np.clip(random.normal(), -3, 3)
    area, mass = {"units": "m2 m-2"}, {"units": "g m-2"}
    return units.assign(
        lai=("time", seen, area),
        lai_unc=("time", np.where(np.isnan(seen), np.nan, sigma), area),
        cwood=("time", wood, mass),
        cwood_unc=("time", wood_sigma, mass),
        csom_prior=((), float(soil), mass),
        csom_prior_unc=((), float(soil_sigma), mass),
    )

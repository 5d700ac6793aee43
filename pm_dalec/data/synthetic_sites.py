"""Synthetic sites: invented weather, and observations with a known truth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from pm_dalec.constraints.prior_draws import draw_constrained_prior
from pm_dalec.data.checks import check_drivers
from pm_dalec.data.standardised import site_from_arrays
from pm_dalec.errors.likelihood import LOGNORMAL, likelihood_of
from pm_dalec.errors.noise import noisy
from pm_dalec.errors.scales import FACTOR, KIND, scale_for
from pm_dalec.physics.numpy_run import run_numpy
from pm_dalec.physics.records import drivers_of
from pm_dalec.tables import dims
from pm_dalec.tables.constants import DAYS_PER_YEAR, TRUTH
from pm_dalec.tables.numbers import LARGEST_SEED, whole_number
from pm_dalec.tables.parameters import PARAMETERS, Theta

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pm_dalec.errors.likelihood import Likelihood


def synthetic_drivers(
    seed: int = 0,
    *,
    years: int = 6,
    start_year: int = 2014,
    latitude: float = 55.0,
    harvests: int = 3,
) -> xr.Dataset:
    """Monthly drivers of an invented site with a climate like that of northern England.

    Parameters
    ----------
    seed : int, default 0
        Of the monthly temperature anomalies and of the harvests.
    years : int, default 6
        Number of years from ``start_year``.
    start_year : int, default 2014
        First calendar year.
    latitude : float, default 55.0
        In degrees north.
    harvests : int, default 3
        Number of months in which 2 to 15 % of the living carbon is removed.

    Returns
    -------
    xarray.Dataset
        Units dataset with drivers only; no fire, no observations.

    Notes
    -----
    The seasonal curves are cosines of the month, wind and radiation those of the middle of the
    domain between west and east, CO2 rises linearly. All numbers are invented, none is measured.
    """
    whole_number("seed", seed, least=0, most=LARGEST_SEED, advice="it decides weather and harvests")
    whole_number("years", years, least=1, most=500, advice="three or more are usual")
    if not 0 <= harvests <= 12 * years:
        raise ValueError(
            f"wanted 0 to {12 * years} harvests, got {years} years and "
            f"{harvests} harvests (synthetic drivers); ask for one harvest per month at most"
        )
    random = np.random.default_rng(np.random.SeedSequence(seed))
    edges = np.arange(
        np.datetime64(f"{start_year}-01"), np.datetime64(f"{start_year + years}-02")
    ).astype("datetime64[ns]")[: 12 * years + 1]
    month = np.tile(np.arange(1, 13), years)
    values = _uk_weather(month, start_year + np.arange(12 * years) // 12, random)
    values["forest_loss_fraction"] = np.zeros(month.size)
    felled = random.choice(month.size, size=harvests, replace=False)
    values["forest_loss_fraction"][felled] = random.uniform(0.02, 0.15, size=harvests)
    values["burned_fraction"] = np.zeros(month.size)
    units = site_from_arrays(values, edges, latitude, site="synthetic UK")
    units = units.assign_coords(lon=((), -3.0, {"units": "degrees_east"}))
    return check_drivers(units.assign_attrs(title="synthetic drivers, UK-like", seed=seed))


def _uk_weather(month, year, random):
    """Monthly weather of the middle of an invented British landscape (units of the tables)."""

    def season(peak):
        return np.cos(2 * np.pi * (month - peak) / 12)

    mean = 9.3 + 5.6 * season(7.1) + random.normal(0.0, 1.0, month.size)
    half_range = 3.4 + 1.2 * season(6.5)
    return {
        "tmin": mean - half_range,
        "tmax": mean + half_range,
        "sw_rad": 9.3 + 8.0 * season(6.0),
        "co2": 397.0 + 2.4 * (year - 2014) + 3.0 * season(4.5),
        "vpd": (260.0 + 190.0 * season(6.8)) * 1.025,
        "wind": 5.0 + 0.5 * (1.0 + season(1.0)),
    }


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
    "labile_release_day": (DAYS_PER_YEAR + 80, DAYS_PER_YEAR + 160),
    "leaf_fall_day": (DAYS_PER_YEAR + 230, DAYS_PER_YEAR + 330),
}
LAI_NOISE = (0.25, 0.15)  # least sigma [m2 m-2], and sigma relative to LAI
WOOD_NOISE = 0.25  # sigma relative to wood carbon
SOIL_NOISE = 0.20  # sigma relative to initial soil carbon
WOOD_YEARS = (3, 4)  # years of the run at whose start wood is observed


def synthetic_site(
    seed: int = 0, *, years: int = 6, likelihoods: Mapping[str, str | Likelihood] | None = None
) -> xr.Dataset:
    """Units dataset of an invented site with its truth.

    Parameters
    ----------
    seed : int
        Decides weather, truth and noise.
    years : int
        Length of the run; wood is observed at the start of years 4 and 5.
    likelihoods : mapping of str to str or Likelihood, optional
        Error models by which the noise of ``lai`` and ``cwood`` is drawn, as `pm_dalec.Choices` takes them;
        Gaussian by default. With "lognormal" the uncertainty is a factor.

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
    units = _with_noise(units, run, likelihoods or {}, seed)
    for name in Theta._fields:
        record = PARAMETERS[name]
        units[TRUTH + name] = xr.DataArray(
            float(getattr(theta, name)), attrs={"units": record.units, "long_name": record.meaning}
        )
    return units.assign_attrs(title="synthetic site with known truth, UK-like", seed=seed)


def _with_noise(units, run, likelihoods, seed):
    """Site whose observations have noise of other error models, at the same steps."""
    true = {"lai": run.fluxes.lai[:, 0], "cwood": run.pools.wood[:-1, 0]}
    for name, given in likelihoods.items():
        if name not in true or name not in units:
            there = [stream for stream in true if stream in units]
            raise KeyError(f"no observations {name!r} in a synthetic site; there are {there}")
        likelihood, values = likelihood_of(given), true[name]
        random = np.random.default_rng(np.random.SeedSequence([seed, 2024, list(true).index(name)]))
        scale = scale_for(likelihood, values, units[f"{name}_unc"].to_numpy())
        drawn = noisy(likelihood, values, scale, random)
        attrs = units[f"{name}_unc"].attrs
        if likelihood.kind == LOGNORMAL:
            attrs = {"units": "1", KIND: FACTOR}
        seen = units[name].notnull().to_numpy() & (drawn > 0)
        units = units.assign(
            {
                name: units[name].copy(data=np.where(seen, drawn, np.nan)),
                f"{name}_unc": (dims.TIME, np.where(seen, scale, np.nan), attrs),
            }
        )
    return units


def truth_of(units: xr.Dataset) -> dict[str, float]:
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
    stocks = {"cwood": ("time", wood, mass), "cwood_unc": ("time", wood_sigma, mass)}
    return units.assign(
        lai=("time", seen, area),
        lai_unc=("time", np.where(np.isnan(seen), np.nan, sigma), area),
        **(stocks if places else {}),
        csom_prior=((), float(soil), mass),
        csom_prior_unc=((), float(soil_sigma), mass),
    )

"""Emulated fits: parameter draws with the spread of a calibration, without calibrating.

Tier B of the synthetic landscape: every unit gets a near-steady DALEC that agrees with its
observations, and lognormal draws around it with the spread that the paper's harvest and GPP
intervals imply. For layouts, tests and rehearsals of tables and figures; nothing is inferred.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from pm_dalec.data.land import units_of
from pm_dalec.landscape.pixel_sample import sample_region
from pm_dalec.landscape.twin.region import build_region
from pm_dalec.posterior.groups.observed import observed_data
from pm_dalec.tables import dims
from pm_dalec.tables.constants import DAYS_PER_YEAR
from pm_dalec.tables.parameters import PARAMETERS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pm_dalec.landscape.twin.twin import Twin

WOOD_LOG_SD = {"baseline": 0.42, "stratified": 0.53}
"""From the printed 5-95 % intervals of harvest (TWIN, section 5.6)."""

LOG_SD = {
    "autotrophic_fraction": 0.12,
    "canopy_efficiency": 0.15,
    "wood_turnover_rate": 0.30,
    "som_mineralisation_rate": 0.25,
    "initial_som": 0.15,
    "root_fraction": 0.10,
    "leaf_lifespan": 0.10,
}
LEAF_PRODUCTION = 1.9  # leaf carbon made in a year over its annual mean
SPREAD = 0.05  # of parameters that are not in LOG_SD
SHRINKAGE = 0.9  # modelled over observed wood carbon
GPP_PER_LEAF_AREA = 2.3  # g m-2 d-1, of UK-like weather with the prior's canopy efficiency
DECOMPOSITION_AT_9_DEGREES = 1.57  # temperature factor at 9 degC with exponent 0.05
OBSERVED = ("lai", "cwood")


def steady_parameters(lai, wood, som):
    """Parameters of a DALEC that stays near its leaf area and stocks.

    Parameters
    ----------
    lai : ndarray [m2 m-2]
        Mean leaf area index of every unit.
    wood, som : ndarray [g m-2]
        Wood and soil carbon.

    Returns
    -------
    dict of str to ndarray
        By parameter, in the units of the table; inside its bounds.
    """
    foliage = 60.0 * lai
    npp = 0.54 * GPP_PER_LEAF_AREA * lai
    leaves = LEAF_PRODUCTION * foliage / DAYS_PER_YEAR
    rest = npp - leaves
    wood_gain = np.minimum(wood / (DAYS_PER_YEAR * (8 + wood / 400)), 0.85 * rest)
    root_gain = np.maximum(rest - wood_gain, 0.12 * rest)
    wood_gain = rest - root_gain
    litter = (leaves + root_gain) / (0.004 * DECOMPOSITION_AT_9_DEGREES)
    som_gain = 0.25 * (leaves + root_gain) + wood_gain
    centre = {
        "litter_to_som_rate": 0.001,
        "autotrophic_fraction": 0.46,
        "foliage_fraction": 0.5 * leaves / npp,
        "root_fraction": root_gain / rest,
        "leaf_lifespan": 1.2,
        "wood_turnover_rate": wood_gain / wood,
        "root_turnover_rate": 0.003,
        "litter_mineralisation_rate": 0.003,
        "som_mineralisation_rate": som_gain / (som * DECOMPOSITION_AT_9_DEGREES),
        "temperature_exponent": 0.05,
        "canopy_efficiency": 21.1,
        "labile_release_day": DAYS_PER_YEAR + 120.0,
        "labile_fraction": 0.5 * leaves / (npp - 0.5 * leaves),
        "labile_release_period": 35.0,
        "leaf_fall_day": DAYS_PER_YEAR + 285.0,
        "leaf_fall_period": 70.0,
        "leaf_carbon_per_area": 60.0,
        "initial_labile": 0.7 * foliage,
        "initial_foliage": 0.4 * foliage,
        "initial_roots": root_gain / 0.003,
        "initial_wood": wood,
        "initial_litter": litter,
        "initial_som": som,
    }
    return {
        name: np.clip(np.broadcast_to(value, lai.shape), *PARAMETERS[name].bounds)
        for name, value in centre.items()
    }


def emulated_fit(units, *, draws=100, chains=2, seed=0):
    """Fit of a region with emulated draws, in the shape of a calibrated one.

    Parameters
    ----------
    units : Dataset
        Units dataset of a region, baseline or stratified, with LAI, wood and soil carbon.
    draws, chains : int
    seed : int

    Returns
    -------
    DataTree
        ``posterior``, ``constant_data``, ``observed_data`` and ``diagnostics``, NaN where a
        stratum is absent; ``sampler="emulated"`` in the attributes.
    """
    approach = "stratified" if dims.STRATUM in units.dims else "baseline"
    space = (dims.STRATUM, dims.PIXEL) if approach == "stratified" else (dims.PIXEL,)
    mean = {
        name: units[name].mean(dims.TIME).transpose(*space).to_numpy() for name in ("lai", "cwood")
    }
    som = units["csom_prior"].transpose(*space).to_numpy()
    centre = steady_parameters(mean["lai"], SHRINKAGE * mean["cwood"], som)
    random = np.random.default_rng(np.random.SeedSequence([seed, len(space)]))
    shape = (chains, draws, *mean["lai"].shape)
    coords = {name: units[name] for name in (*space, "lat", "lon")}
    coords |= {dims.CHAIN: np.arange(chains), dims.DRAW: np.arange(draws)}
    posterior = xr.Dataset(coords=coords)
    spread = LOG_SD | {"initial_wood": WOOD_LOG_SD[approach]}
    for name, middle in centre.items():
        log_sd = spread.get(name, SPREAD)
        if PARAMETERS[name].circular:
            values = middle + 8 * random.standard_normal(shape)
        else:
            values = middle * np.exp(log_sd * random.standard_normal(shape))
        lower, upper = PARAMETERS[name].bounds
        values = np.where(np.isfinite(middle), np.clip(values, lower, upper), np.nan)
        posterior[name] = ((dims.CHAIN, dims.DRAW, *space), values)
    return _tree(units, posterior, approach, seed)


def _tree(units, posterior, approach, seed):
    """Groups and attributes of a calibrated fit."""
    count = posterior.sizes[dims.CHAIN] * posterior.sizes[dims.DRAW]
    lived = posterior["initial_som"].isel(chain=0, draw=0, drop=True).notnull()
    each = xr.where(lived, 1.0, np.nan).expand_dims({dims.PARAMETER: list(PARAMETERS)})
    diagnostics = xr.Dataset(
        {
            "rhat": each,
            "ess_bulk": count * each,
            "acceptance": xr.where(lived, 0.25, np.nan),
        }
    )
    fit = xr.DataTree.from_dict(
        {
            "posterior": posterior,
            "constant_data": units,
            "observed_data": observed_data(posterior, units, OBSERVED),
            "diagnostics": diagnostics,
        }
    )
    fit.attrs = {
        "approach": approach,
        "resolution": float(units.attrs["resolution_degree"]),
        "solver": "converged",
        "sampler": "emulated",
        "seed": seed,
    }
    return fit


def emulated_fits(
    twin: Twin,
    resolutions: Sequence[float],
    *,
    draws: int = 100,
    chains: int = 2,
    seed: int = 0,
    pixels: int | None = None,
) -> dict[tuple[str, float], xr.DataTree]:
    """Emulated fits of both approaches on a synthetic landscape.

    Parameters
    ----------
    twin : Twin
    resolutions : sequence of float
        [degree].
    draws, chains, seed
        As for `emulated_fit`.
    pixels : int, optional
        At most this many random pixels of a resolution, the same for both approaches.

    Returns
    -------
    dict of tuple to DataTree
        Keys are (approach, resolution).
    """
    fits = {}
    for resolution in resolutions:
        region = build_region(twin, resolution=resolution)
        if pixels is not None and region.sizes[dims.PIXEL] > pixels:
            region = sample_region(region, pixels, seed=seed)
        for approach, each in (("baseline", (dims.PIXEL,)), ("stratified", dims.SPACE)):
            units = units_of(region, each)
            fits[approach, resolution] = emulated_fit(units, draws=draws, chains=chains, seed=seed)
    return fits

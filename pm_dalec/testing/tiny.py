"""Small inputs for tests: drivers, parameter vectors, a site, a region and a fit of three years.

Everything is made here, nothing is read. The hypothesis strategies need the package `hypothesis`; the
rest needs what the library needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from pm_dalec.data.synthetic_sites import synthetic_drivers
from pm_dalec.physics import records
from pm_dalec.physics.numpy_run import run_numpy
from pm_dalec.physics.records import drivers_of
from pm_dalec.posterior.groups.observed import observed_data
from pm_dalec.posterior.groups.priors import attributes_of
from pm_dalec.tables import dims
from pm_dalec.tables.parameters import PARAMETERS, Theta
from pm_dalec.tables.streams import STREAMS
from pm_dalec.tables.variables import POOLS, VARIABLES
from pm_dalec.testing.parameters import FEASIBLE, SIGMA, near_feasible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pm_dalec.physics.records import Drivers
    from pm_dalec.tables.kinds import Array

YEARS = 3  # the shortest run in which the rules of years one and two differ from those of the rest


def random_drivers(
    steps: int, rng: np.random.Generator, *, days: Array | None = None, disturbed: bool = True
) -> Drivers:
    """Weather of random steps, without seasons: wider than any site, all of it possible.

    Parameters
    ----------
    steps : int
    rng : numpy.random.Generator
    days : float, optional
        Length of every step [d]; whole numbers between 1 and 31 by default.
    disturbed : bool
        Whether about half of the steps have harvest and half have fire.

    Returns
    -------
    Drivers
        Arrays of length ``steps``.
    """
    length = rng.integers(1, 32, steps).astype(float) if days is None else np.full(steps, days)
    mean, half_range = rng.uniform(-15, 30, steps), rng.uniform(0, 8, steps)

    def fraction():
        return rng.uniform(0, 1, steps) * (rng.uniform(size=steps) < 0.5) * disturbed

    return records.Drivers(
        tmin=mean - half_range,
        tmax=mean + half_range,
        sw_rad=rng.uniform(0.1, 30, steps),
        co2=rng.uniform(350, 900, steps),
        doy=1 + np.mod(np.cumsum(length) - 1, 365),
        vpd=rng.uniform(0, 3000, steps),
        wind=rng.uniform(0.2, 12, steps),
        forest_loss_fraction=fraction(),
        burned_fraction=fraction(),
        step_days=length,
    )


def tiny_site(
    *, years: Sequence[int] = YEARS, seed: int = 0, streams: Sequence[str] = ("lai", "cwood")
) -> xr.Dataset:
    """Site with synthetic drivers and observations without noise of the `FEASIBLE` woodland.

    Parameters
    ----------
    years : int
    seed : int
        Of the drivers.
    streams : sequence of str
        Observed in every second step, so that half of the values are missing.

    Returns
    -------
    Dataset
        Units dataset, dims (time).
    """
    units = synthetic_drivers(seed, years=years)
    return _with_soil_prior(_with_streams(units, streams))


def tiny_region(
    *,
    pixels: int = 3,
    years: Sequence[int] = YEARS,
    seed: int = 0,
    streams: Sequence[str] = ("lai", "cwood"),
    strata: Sequence[str] | None = None,
) -> xr.Dataset:
    """Region whose pixels differ in latitude, weather, harvest and observations.

    Parameters
    ----------
    pixels : int
    years, seed, streams
        As for `tiny_site`.
    strata : sequence of str, optional
        Labels; without them it is a baseline region.

    Returns
    -------
    Dataset
        Units dataset, dims (time, pixel) or (time, stratum, pixel).
    """
    sites = [synthetic_drivers(seed + n, years=years, latitude=50.0 + n) for n in range(pixels)]
    units = xr.concat(
        [site.drop_vars(["site", "lon"]).reset_coords("lat") for site in sites],
        dims.PIXEL,
        data_vars="all",
        coords="minimal",
        compat="override",
        combine_attrs="override",
    )
    units["step_days"] = sites[0]["step_days"].drop_vars(["site", "lon", "lat"])
    units = units.set_coords("lat").assign_coords(
        {dims.PIXEL: np.arange(pixels) + 1000, "lon": (dims.PIXEL, np.full(pixels, -3.0))}
    )
    units["lon"].attrs["units"] = "degrees_east"
    if strata is not None:
        units = _with_strata(units, strata)
    units = units.transpose(dims.TIME, dims.STRATUM, dims.PIXEL, ..., missing_dims="ignore")
    return _with_soil_prior(_with_streams(units, streams))


def _with_strata(units, strata):
    """Region in which harvest grows from one stratum to the next."""
    order = xr.DataArray(np.arange(len(strata)), dims=dims.STRATUM)
    loss = units["forest_loss_fraction"]
    units["forest_loss_fraction"] = (loss * (1 + order) / len(strata)).assign_attrs(loss.attrs)
    units["burned_fraction"] = units["burned_fraction"].expand_dims({dims.STRATUM: list(strata)})
    share = np.full((len(strata), units.sizes[dims.PIXEL]), 1 / len(strata))
    units["area_fraction"] = ((dims.STRATUM, dims.PIXEL), share, {"units": "1"})
    return units.assign_coords({dims.STRATUM: list(strata)})


def _with_streams(units, streams):
    """Dataset with what the truth says in every second step, seen with a sigma."""
    space = dims.space_of(units)
    drivers, latitude = drivers_of(units, space)
    shape = tuple(units.sizes[name] for name in space)
    run = run_numpy(drivers, latitude, Theta(*(np.full(shape, value) for value in FEASIBLE)))
    where = (dims.TIME, *space)
    for stream in streams:
        name = STREAMS[stream].observes
        series = getattr(run.pools, name)[:-1] if name in POOLS else getattr(run.fluxes, name)
        series = np.array(series)
        sigma = SIGMA * np.abs(series) + 0.05 * np.abs(series).max()
        series[1::2] = sigma[1::2] = np.nan
        attrs = {"units": VARIABLES[name].units}
        units = units.assign(
            {stream: (where, series, attrs), f"{stream}_unc": (where, sigma, attrs)}
        )
    return units


def _with_soil_prior(units):
    """Dataset with a prior of the initial soil carbon, 20 % wide."""
    shape = tuple(units.sizes[name] for name in dims.space_of(units))
    mean, attrs = np.full(shape, FEASIBLE.initial_som), {"units": "g m-2"}
    return units.assign(
        csom_prior=(dims.space_of(units), mean, attrs),
        csom_prior_unc=(dims.space_of(units), SIGMA * mean, attrs),
    )


def tiny_fit(
    units: xr.Dataset | None = None,
    *,
    chains: int = 2,
    draws: int = 4,
    seed: int = 0,
    solver: str = "converged",
) -> xr.DataTree:
    """Fit in form only: draws scattered around the `FEASIBLE` vector, nothing is sampled.

    Parameters
    ----------
    units : Dataset, optional
        Site or region; `tiny_site` by default.
    chains, draws : int
    seed : int
    solver : {"converged", "truncated"}
        Recorded in the attributes.

    Returns
    -------
    DataTree
        Groups ``posterior``, ``constant_data`` and ``observed_data``.
    """
    units = tiny_site() if units is None else units
    space = dims.space_of(units)
    shape = (chains, draws, *(units.sizes[name] for name in space))
    theta = near_feasible(shape, np.random.default_rng(seed))
    coords = {dims.CHAIN: np.arange(chains), dims.DRAW: np.arange(draws)}
    coords |= {name: units[name] for name in space}
    posterior = xr.Dataset(
        {
            name: ((dims.CHAIN, dims.DRAW, *space), value, attributes_of(PARAMETERS[name]))
            for name, value in theta._asdict().items()
        },
        coords=coords,
    )
    tree = xr.DataTree.from_dict(
        {
            "posterior": posterior,
            "constant_data": units,
            "observed_data": observed_data(posterior, units, [n for n in STREAMS if n in units]),
        }
    )
    tree.attrs["solver"] = solver
    return tree

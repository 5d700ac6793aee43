"""Records of a run: drivers, pools, fluxes and the trajectory that they make."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from pm_dalec.physics import canopy
from pm_dalec.tables import dims
from pm_dalec.tables.kinds import Array, ArrayModule
from pm_dalec.tables.parameters import Theta
from pm_dalec.tables.variables import DRIVERS

if TYPE_CHECKING:
    import xarray as xr


class Drivers(NamedTuple):
    """Drivers of one or many steps, one array a driver, in the units of the table."""

    tmin: Array
    tmax: Array
    sw_rad: Array
    co2: Array
    doy: Array
    vpd: Array
    wind: Array
    forest_loss_fraction: Array
    burned_fraction: Array
    step_days: Array


class Pools(NamedTuple):
    """Carbon pools [g m-2]."""

    labile: Array
    foliage: Array
    roots: Array
    wood: Array
    litter: Array
    som: Array


class Rates(NamedTuple):
    """What drivers and parameters decide about a step without the pools."""

    temperature_rate: Array  # 1
    leaf_fall_rate: Array  # d-1
    labile_release_rate: Array  # d-1
    labile_release: Array  # d-1, effective over the step
    leaf_fall: Array  # d-1, effective over the step
    wood_turnover: Array  # d-1, effective over the step
    root_turnover: Array  # d-1, effective over the step
    litter_respiration: Array  # d-1, effective over the step
    som_respiration: Array  # d-1, effective over the step
    litter_to_som: Array  # d-1, effective over the step


class Allocation(NamedTuple):
    """Shares of GPP; they add up to one."""

    respiration: Array  # 1
    foliage: Array  # 1
    labile: Array  # 1
    roots: Array  # 1
    wood: Array  # 1


class Forcing(NamedTuple):
    """Everything that a step needs besides pools and parameters."""

    weather: canopy.Weather
    rates: Rates
    forest_loss_fraction: Array  # 1
    burned_fraction: Array  # 1
    step_days: Array  # d


class Flows(NamedTuple):
    """Carbon that a step moves before harvest and fire [g m-2 d-1]."""

    autotrophic_respiration: Array
    npp_to_foliage: Array
    npp_to_labile: Array
    npp_to_roots: Array
    npp_to_wood: Array
    labile_to_foliage: Array
    foliage_to_litter: Array
    wood_to_som: Array
    roots_to_litter: Array
    litter_respiration: Array
    som_respiration: Array
    litter_to_som: Array


class Fluxes(NamedTuple):
    """Fluxes and diagnostics of one step; units in `pm_dalec.VARIABLES`."""

    gpp: Array
    autotrophic_respiration: Array
    npp_to_foliage: Array
    npp_to_labile: Array
    npp_to_roots: Array
    npp_to_wood: Array
    labile_to_foliage: Array
    foliage_to_litter: Array
    wood_to_som: Array
    roots_to_litter: Array
    litter_respiration: Array
    som_respiration: Array
    litter_to_som: Array
    labile_harvest: Array
    foliage_harvest: Array
    wood_harvest: Array
    harvest: Array
    labile_combustion: Array
    foliage_combustion: Array
    roots_combustion: Array
    wood_combustion: Array
    litter_combustion: Array
    som_combustion: Array
    labile_fire_litter: Array
    foliage_fire_litter: Array
    roots_fire_litter: Array
    wood_fire_litter: Array
    litter_fire_litter: Array
    fire: Array
    reco: Array
    nee: Array
    nbe: Array
    temperature_rate: Array
    leaf_fall_rate: Array
    labile_release_rate: Array
    lai: Array
    stomatal_conductance: Array
    boundary_conductance: Array
    ci_ratio: Array
    apar: Array


class Gas(NamedTuple):
    """Gas exchange of a step."""

    gpp: Array  # g m-2 d-1
    lai: Array  # m2 m-2
    stomatal_conductance: Array  # mmol m-2 s-1
    boundary_conductance: Array  # mmol m-2 s-1
    ci_ratio: Array  # 1
    apar: Array  # MJ m-2 d-1


class Trajectory(NamedTuple):
    """A run of DALEC.

    ``pools`` holds N + 1 values along time, the state before the first step in front; ``fluxes`` N.
    """

    pools: Pools
    fluxes: Fluxes


def aligned(drivers: Drivers, batch_ndim: int, xp: ArrayModule) -> Drivers:
    """Drivers with axes of length one put behind time until they broadcast with the parameters.

    Parameters
    ----------
    drivers : Drivers
    batch_ndim : int
        Number of axes of the parameters.
    xp : module
    """

    def widen(array: Array) -> Array:
        missing = batch_ndim - (array.ndim - 1)
        return xp.expand_dims(array, tuple(range(1, 1 + missing))) if missing > 0 else array

    return Drivers(*(widen(array) for array in drivers))


def batch_ndim(theta: Theta) -> int:
    """Largest number of axes among the parameters."""
    return max(getattr(value, "ndim", 0) for value in theta)


def dalec_theta(theta: Theta, convert: Callable[[Array], Array]) -> Theta:
    """Parameters with every field converted by ``convert``."""
    return type(theta)(*(convert(value) for value in theta))


def expect_drivers(units: object) -> None:
    """Refuse what is no units dataset with drivers.

    Parameters
    ----------
    units : Dataset
    """
    there = set(getattr(units, "variables", ())) if hasattr(units, "data_vars") else set()
    if not {*DRIVERS, "lat"} <= there:
        raise TypeError(
            f"wanted a units dataset (xarray.Dataset) with drivers, got {type(units).__name__}; open a "
            "site with pm_dalec.open_site"
        )


def drivers_of(
    units: xr.Dataset, space: tuple[str, ...] = ()
) -> tuple[Drivers, npt.NDArray[np.float64]]:
    """Drivers as arrays that broadcast with parameters, and the latitude.

    Parameters
    ----------
    units : Dataset
    space : tuple of str
        Dimensions of the parameters behind chains and draws: () for a site, or those of its units.

    Returns
    -------
    tuple of Drivers and array
        Arrays (time[, stratum][, pixel]), and latitudes [degrees_north].
    """
    expect_drivers(units)
    where = dims.space_of(units["tmin"])
    if not set(where) <= set(space):
        raise ValueError(
            f"wanted drivers with dims ('time', ...) out of {space or 'a site'}, got "
            f"{units['tmin'].dims}; select one pixel with units.isel(pixel=...)"
        )

    def widened(array: xr.DataArray) -> npt.NDArray[np.float64]:
        if array.ndim > 1:
            missing = [name for name in space if name not in array.dims]
            array = array.expand_dims(missing) if missing else array
            array = array.transpose(*(d for d in (dims.TIME, *space) if d in array.dims))
        return np.asarray(array.values, float)

    return Drivers(*(widened(units[name]) for name in DRIVERS)), np.asarray(units["lat"], float)


def drivers_at(drivers: Drivers, place: tuple[int, ...]) -> Drivers:
    """Drivers of one unit, of those that some units may share.

    Parameters
    ----------
    drivers : Drivers
        Arrays (time) or (time[, stratum], pixel), of length one where all units have the same.
    place : tuple of int
        Of the unit.

    Returns
    -------
    Drivers
        Arrays (time).
    """

    def here(values: Array) -> Array:
        if values.ndim == 1:
            return values
        at = zip(place, values.shape[1:], strict=True)
        return values[(slice(None), *(min(index, size - 1) for index, size in at))]

    return Drivers(*map(here, drivers))

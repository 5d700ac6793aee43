"""Records of a run: drivers, pools, fluxes and the trajectory that they make."""

from collections import namedtuple
from typing import NamedTuple

import numpy as np

from pm_dalec.physics import canopy
from pm_dalec.tables import dims
from pm_dalec.tables.variables import DRIVERS, POOLS

Drivers = namedtuple("Drivers", DRIVERS.names)
Drivers.__doc__ = "Drivers of one or many steps, one array a driver, in the units of the table."

Pools = namedtuple("Pools", POOLS.names)
Pools.__doc__ = "Carbon pools [g m-2]."


class Rates(NamedTuple):
    """What drivers and parameters decide about a step without the pools."""

    temperature_rate: object  # 1
    leaf_fall_rate: object  # d-1
    labile_release_rate: object  # d-1
    labile_release: object  # d-1, effective over the step
    leaf_fall: object  # d-1, effective over the step
    wood_turnover: object  # d-1, effective over the step
    root_turnover: object  # d-1, effective over the step
    litter_respiration: object  # d-1, effective over the step
    som_respiration: object  # d-1, effective over the step
    litter_to_som: object  # d-1, effective over the step


class Allocation(NamedTuple):
    """Shares of GPP; they add up to one."""

    respiration: object  # 1
    foliage: object  # 1
    labile: object  # 1
    roots: object  # 1
    wood: object  # 1


class Forcing(NamedTuple):
    """Everything that a step needs besides pools and parameters."""

    weather: canopy.Weather
    rates: Rates
    forest_loss_fraction: object  # 1
    burned_fraction: object  # 1
    step_days: object  # d


class Fluxes(NamedTuple):
    """Fluxes and diagnostics of one step; units in `pm_dalec.tables.variables`."""

    gpp: object
    autotrophic_respiration: object
    npp_to_foliage: object
    npp_to_labile: object
    npp_to_roots: object
    npp_to_wood: object
    labile_to_foliage: object
    foliage_to_litter: object
    wood_to_som: object
    roots_to_litter: object
    litter_respiration: object
    som_respiration: object
    litter_to_som: object
    labile_harvest: object
    foliage_harvest: object
    wood_harvest: object
    harvest: object
    labile_combustion: object
    foliage_combustion: object
    roots_combustion: object
    wood_combustion: object
    litter_combustion: object
    som_combustion: object
    labile_fire_litter: object
    foliage_fire_litter: object
    roots_fire_litter: object
    wood_fire_litter: object
    litter_fire_litter: object
    fire: object
    reco: object
    nee: object
    nbe: object
    temperature_rate: object
    leaf_fall_rate: object
    labile_release_rate: object
    lai: object
    stomatal_conductance: object
    boundary_conductance: object
    ci_ratio: object
    apar: object


class Gas(NamedTuple):
    """Gas exchange of a step."""

    gpp: object  # g m-2 d-1
    lai: object  # m2 m-2
    stomatal_conductance: object  # mmol m-2 s-1
    boundary_conductance: object  # mmol m-2 s-1
    ci_ratio: object  # 1
    apar: object  # MJ m-2 d-1


class Trajectory(NamedTuple):
    """A run of DALEC.

    ``pools`` holds N + 1 values along time, the state before the first step in front; ``fluxes`` N.
    """

    pools: Pools
    fluxes: Fluxes


def aligned(drivers, batch_ndim, xp):
    """Drivers with axes of length one put behind time until they broadcast with the parameters.

    Parameters
    ----------
    drivers : Drivers
    batch_ndim : int
        Number of axes of the parameters.
    xp : module
    """

    def widen(array):
        missing = batch_ndim - (array.ndim - 1)
        return xp.expand_dims(array, tuple(range(1, 1 + missing))) if missing > 0 else array

    return Drivers(*(widen(array) for array in drivers))


def batch_ndim(theta):
    """Largest number of axes among the parameters."""
    return max(getattr(value, "ndim", 0) for value in theta)


def dalec_theta(theta, convert):
    """Parameters with every field converted by ``convert``."""
    return type(theta)(*(convert(value) for value in theta))


def drivers_of(units):
    """Drivers of a site as arrays along time, and its latitude [degrees_north]."""
    if set(units["tmin"].dims) != {"time"}:
        raise ValueError(
            f"wanted one site with dims ('time',), got {units['tmin'].dims}; select one pixel with "
            "units.isel(pixel=...)"
        )
    drivers = Drivers(*(np.asarray(units[name].values, float) for name in DRIVERS))
    return drivers, float(units["lat"])


def driver_arrays(units, space):
    """Drivers as arrays (time[, stratum][, pixel]) that broadcast with parameters, and latitude."""

    def widened(array):
        missing = [name for name in space if name not in array.dims]
        array = array.expand_dims(missing) if missing else array
        return array.transpose(*(d for d in (dims.TIME, *space) if d in array.dims)).values

    drivers = Drivers(
        *(
            np.asarray(widened(units[name]) if units[name].ndim > 1 else units[name].values, float)
            for name in DRIVERS
        )
    )
    return drivers, np.asarray(units["lat"].values, float)

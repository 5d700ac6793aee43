"""Harvest, then fire, on the pools of the end of a step (MODEL, section 8).

Pure functions without an array module: products and sums only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pm_dalec.tables.kinds import Array
from pm_dalec.tables.variables import HARVESTED

if TYPE_CHECKING:
    from pm_dalec.physics.records import Pools

COMBUSTION = {
    "labile": 0.1,
    "foliage": 0.9,
    "roots": 0.1,
    "wood": 0.1,
    "litter": 0.7,
    "som": 0.01,
}  # burned share of a pool in the burned area
RESILIENCE = {
    "labile": 0.5,
    "foliage": 0.5,
    "roots": 0.5,
    "wood": 0.5,
    "litter": 0.1,
}  # share of the unburned rest that survives


class FireFluxes(NamedTuple):
    """Carbon emitted and killed by fire, means over the step."""

    labile_combustion: Array  # g m-2 d-1
    foliage_combustion: Array  # g m-2 d-1
    roots_combustion: Array  # g m-2 d-1
    wood_combustion: Array  # g m-2 d-1
    litter_combustion: Array  # g m-2 d-1
    som_combustion: Array  # g m-2 d-1
    labile_fire_litter: Array  # g m-2 d-1
    foliage_fire_litter: Array  # g m-2 d-1
    roots_fire_litter: Array  # g m-2 d-1
    wood_fire_litter: Array  # g m-2 d-1
    litter_fire_litter: Array  # g m-2 d-1


class HarvestFluxes(NamedTuple):
    """Carbon taken away by harvest, means over the step."""

    labile_harvest: Array  # g m-2 d-1
    foliage_harvest: Array  # g m-2 d-1
    wood_harvest: Array  # g m-2 d-1


def harvest(pools: Pools, removed_fraction: Array, step_days: Array) -> tuple[Pools, HarvestFluxes]:
    """Pools after harvest, and the carbon taken away.

    Parameters
    ----------
    pools : Pools [g m-2]
    removed_fraction : array [1]
        Of labile, foliage and wood; roots stay and nothing is left behind.
    step_days : array [d]

    Returns
    -------
    tuple
        Pools [g m-2] and HarvestFluxes [g m-2 d-1].
    """
    kept, pace = 1 - removed_fraction, removed_fraction / step_days
    taken = HarvestFluxes(*(getattr(pools, pool) * pace for pool in HARVESTED))
    cut = {pool: getattr(pools, pool) * kept for pool in HARVESTED}
    return pools._replace(**cut), taken


def fire(pools: Pools, burned_fraction: Array, step_days: Array) -> tuple[Pools, FireFluxes]:
    """Pools after fire, and its fluxes.

    Parameters
    ----------
    pools : Pools [g m-2]
    burned_fraction : array [1]
    step_days : array [d]

    Returns
    -------
    tuple
        Pools [g m-2] and FireFluxes [g m-2 d-1].
    """
    burned = burned_fraction / step_days
    emitted = {name: getattr(pools, name) * burned * share for name, share in COMBUSTION.items()}
    killed = {
        name: getattr(pools, name) * burned * (1 - COMBUSTION[name]) * (1 - survival)
        for name, survival in RESILIENCE.items()
    }
    fluxes = FireFluxes(
        **{f"{name}_combustion": flux for name, flux in emitted.items()},
        **{f"{name}_fire_litter": flux for name, flux in killed.items()},
    )
    to_litter = killed["labile"] + killed["foliage"] + killed["roots"]
    to_som = killed["wood"] + killed["litter"]
    gained = {"litter": to_litter, "som": to_som}
    burnt = {}
    for name in COMBUSTION:
        loss = emitted[name] + killed.get(name, 0.0)
        net = gained[name] - loss if name in gained else -loss
        burnt[name] = getattr(pools, name) + net * step_days
    return pools._replace(**burnt), fluxes

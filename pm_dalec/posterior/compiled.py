"""DALEC as machine code for the draws of one unit: all of them in one call.

A file of its own, which is imported where many draws are run: fits are read and drawn without PyMC.
"""

from __future__ import annotations

from functools import lru_cache
from threading import Lock
from typing import NamedTuple

import numpy as np
import pymc as pm
import xarray as xr

from pm_dalec.lanes.backends import lane_function
from pm_dalec.physics.pytensor_run import run_pytensor
from pm_dalec.physics.records import Drivers, drivers_at, drivers_of
from pm_dalec.posterior.runs import theta_of
from pm_dalec.tables import dims
from pm_dalec.tables.parameters import Theta
from pm_dalec.tables.variables import DRIVERS, POOLS

AT_ONCE = 144  # steps that are run in one call: a dozen years of months
STATE = slice(-len(POOLS), None)
"""Columns of the parameters that are the pools before the first step."""


class Stretch(NamedTuple):
    """A run of some steps: pools at their ends and fluxes, arrays (step, draw) by name."""

    pools: dict
    fluxes: dict


class CompiledDalec:
    """Runs of a fixed number of steps, compiled once for all units and weathers.

    Parameters
    ----------
    steps : int
    wanted : tuple of str
        Fluxes that are kept; the others are not computed.
    solver : {"converged", "truncated"}
    """

    def __init__(self, steps, wanted, solver):
        self.steps, self.wanted = steps, tuple(wanted)
        with pm.Model() as self.model:
            held = Drivers(*(pm.Data(name, np.ones(steps)) for name in DRIVERS))
            latitude = pm.Data("lat", np.array(0.0))
            theta = Theta(*(pm.Flat(name) for name in Theta._fields))
            run = run_pytensor(held, latitude, theta, solver=solver, wanted=self.wanted)
        results = [pool[1:] for pool in run.pools]
        results += [getattr(run.fluxes, name) for name in self.wanted]
        self.function = lane_function(self.model, results)
        self.lock = Lock()  # the data of the model are those of one unit at a time

    def bind(self, drivers, latitude, lanes):
        """The function with the weather of one unit, for a number of lanes."""
        with self.lock:
            for name, values in zip(DRIVERS, drivers, strict=True):
                self.model[name].set_value(values)
            self.model["lat"].set_value(np.array(float(latitude)))
            return self.function.bind(lanes=lanes)

    def run(self, rows: np.ndarray, drivers: Drivers, latitude: float) -> Stretch:
        """Run the draws of a unit over at most ``steps`` steps.

        Parameters
        ----------
        rows : array (draw, parameter)
            In the order of `Theta`, the pools before the first step at the end.
        drivers : Drivers
            Arrays (step,).
        latitude : float [degrees_north]

        Returns
        -------
        Stretch
        """
        count = len(drivers.doy)
        # The rest repeats the last step and is thrown away
        padded = [np.pad(values, (0, self.steps - count), mode="edge") for values in drivers]
        found = self.bind(padded, latitude, len(rows))(rows)
        names = (*POOLS, *self.wanted)
        series = {name: part[:count] for name, part in zip(names, found, strict=True)}
        pools = {name: series.pop(name) for name in POOLS}
        return Stretch(pools, series)


@lru_cache(maxsize=16)
def compiled_dalec(steps: int, wanted: tuple[str, ...], solver: str) -> CompiledDalec:
    """DALEC compiled for a number of steps; the same object for the same arguments."""
    return CompiledDalec(steps, wanted, solver)


def after(stretch: Stretch) -> np.ndarray:
    """Pools after the last step of a stretch (draw, pool)."""
    return np.stack([stretch.pools[name][-1] for name in POOLS], axis=1)


def compiled_series(
    posterior: xr.Dataset, units: xr.Dataset, solver: str, names: tuple[str, ...]
) -> dict[str, np.ndarray]:
    """Pools at the end of the step and fluxes of the draws of every unit, as `series_of` gives them.

    Parameters
    ----------
    posterior : Dataset
        Parameters, dims (chain, draw[, stratum][, pixel]).
    units : Dataset
        With the drivers.
    solver : {"converged", "truncated"}
    names : tuple of str
        Pools, fluxes and diagnostics; no others are computed.

    Returns
    -------
    dict of str to array (time, chain, draw[, stratum][, pixel])
    """
    theta = theta_of(posterior)
    rows = np.stack(np.broadcast_arrays(*theta), axis=-1)
    known, space = ~np.isnan(theta.initial_som), rows.shape[2:-1]
    drivers, latitude = drivers_of(units, dims.space_of(posterior))
    latitude, count = np.broadcast_to(latitude, space), len(drivers.doy)
    fluxes = tuple(name for name in names if name not in POOLS)
    run = compiled_dalec(min(AT_ONCE, count), fluxes, solver)
    found = {name: np.full((count, *rows.shape[:-1]), np.nan) for name in names}
    for place in np.ndindex(*space):
        draws = (..., *place)
        chosen = known[draws]
        here, weather = rows[(*draws, slice(None))][chosen], drivers_at(drivers, place)
        for first in range(0, count if chosen.any() else 0, run.steps):
            steps = slice(first, first + run.steps)
            part = Drivers(*(values[steps] for values in weather))
            made = run.run(here, part, latitude[place])
            here = np.concatenate([here[:, : STATE.start], after(made)], axis=1)
            for name in names:
                series = made.pools[name] if name in POOLS else made.fluxes[name]
                found[name][draws][steps, chosen] = series
    return found

"""DALEC as machine code for the draws of one unit: all of them in one call."""

from __future__ import annotations

from functools import lru_cache
from threading import Lock
from typing import NamedTuple

import numpy as np
import pymc as pm

from pm_dalec.lanes.backends import lane_function
from pm_dalec.physics.pytensor_run import run_pytensor
from pm_dalec.physics.records import Drivers
from pm_dalec.tables.parameters import Theta
from pm_dalec.tables.variables import DRIVERS, POOLS

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

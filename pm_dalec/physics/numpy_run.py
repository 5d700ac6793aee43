"""DALEC repeated over time with NumPy, for any batch of parameters."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from pm_dalec.physics import records, step
from pm_dalec.physics.records import Drivers, Forcing, Trajectory, aligned, batch_ndim, dalec_theta
from pm_dalec.tables.kinds import Array, Solver
from pm_dalec.tables.parameters import Theta


def run_numpy(
    drivers: Drivers, latitude: Array, theta: Theta, *, solver: Solver = "converged"
) -> Trajectory:
    """Run DALEC with NumPy over any batch of parameters.

    Parameters
    ----------
    drivers : Drivers
        Arrays of shape (time, ...).
    latitude : float or array [degrees_north]
    theta : Theta
        Arrays of any common batch shape.
    solver : {"converged", "truncated"}

    Returns
    -------
    Trajectory
        Arrays of shape (time + 1, ...) and (time, ...).
    """
    step.check_solver(solver)
    theta = dalec_theta(theta, np.asarray)
    drivers = aligned(records.Drivers(*map(np.asarray, drivers)), batch_ndim(theta), np)
    with np.errstate(all="ignore"):  # NaN and infinities are part of the reference's behaviour
        forcing = step.prepare(drivers, np.asarray(latitude), theta, np)
        states, fluxes = [step.initial_pools(theta)], []
        for now in _each_step(forcing, len(drivers.doy)):
            after, flux = step.step(states[-1], now, theta, np, solver=solver)
            states.append(after)
            fluxes.append(flux)
    shape = np.broadcast_shapes(*(value.shape for value in states[-1]))
    return Trajectory(
        records.Pools(*(_stacked(series, shape) for series in zip(*states, strict=True))),
        records.Fluxes(*(_stacked(series, shape) for series in zip(*fluxes, strict=True))),
    )


def _each_step(forcing: Forcing, count: int) -> Iterator[Forcing]:
    """Forcing of one step after the other."""

    def part(value: Any, index: int) -> Any:
        if isinstance(value, tuple):
            return type(value)(*(part(field, index) for field in value))
        return value[index]

    return (part(forcing, index) for index in range(count))


def _stacked(series: Sequence[Array], shape: tuple[int, ...]) -> npt.NDArray[np.float64]:
    return np.stack([np.broadcast_to(value, shape) for value in series])

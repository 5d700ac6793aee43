"""What a constraint looks at: parameters, pools, fluxes and the windows of a run."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pm_dalec.physics.records import Drivers, Trajectory
from pm_dalec.tables.constants import DAYS_PER_YEAR
from pm_dalec.tables.kinds import Array, ArrayModule
from pm_dalec.tables.parameters import Theta

SHORTEST_YEAR = 360.0  # d, of calendars with twelve months of thirty days


class Windows(NamedTuple):
    """Steps over which inputs and outputs of pools are compared."""

    first_year: slice
    second_year: slice
    steady: slice


class Case(NamedTuple):
    """What a rule may look at."""

    theta: Theta
    mean_temperature: Array  # degC, over all steps
    pools: Any = None  # Pools, N + 1 values along the first axis
    fluxes: Any = None  # Fluxes, N values along the first axis
    step_days: Array = None  # d
    windows: Any = None  # Windows; like the other three, absent before the model is run


def windows(step_days: Sequence[float] | npt.NDArray[np.float64]) -> Windows:
    """First year, second year and all steps after them (all steps in runs below three years).

    Parameters
    ----------
    step_days : sequence of float [d]

    Raises
    ------
    ValueError
        If the run is shorter than a year.
    """
    count, total = len(step_days), float(sum(step_days))
    years = int(total / DAYS_PER_YEAR + 0.5)
    if total < SHORTEST_YEAR:
        raise ValueError(
            f"ecological constraints compare years and want a run of at least 12 months, got "
            f"{total:g} days in {count} steps; use a longer series or constraints=None"
        )
    year = count // years
    # CARDAMOM: a run of one year would read beyond its second year; here that window is empty
    second = slice(year, 2 * year) if years >= 2 else slice(year, year)
    steady = slice(2 * year, None) if years >= 3 else slice(0, None)
    return Windows(slice(0, year), second, steady)


def within(ratio_log: Array, limit: float, xp: ArrayModule) -> Array:
    """Slack of a logarithm that must not leave plus or minus ``limit`` [1]."""
    return limit - xp.abs(ratio_log)


def case_of(trajectory: Trajectory, drivers: Drivers, theta: Theta) -> Case:
    """What constraints look at, from a finished NumPy run with steps (time) and batches behind."""
    days = drivers.step_days
    return Case(
        theta,
        np.mean((drivers.tmin + drivers.tmax) / 2),
        trajectory.pools,
        trajectory.fluxes,
        days.reshape(-1, *([1] * (trajectory.pools.wood.ndim - 1))),
        windows(days),
    )

"""Observation operators: what a stream sees of the model, and its misfit. Plain arrays, any runner.

LAI and stocks are compared with the START of the step, fluxes with its mean (MODEL, section 10).
"""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from pm_dalec.physics.records import Trajectory
from pm_dalec.tables.kinds import Array
from pm_dalec.tables.streams import STREAMS
from pm_dalec.tables.variables import POOLS


def seen_by(stream: str, trajectory: Trajectory) -> Array:
    """Model quantity that a stream observes, one value a step, in the stream's units.

    Parameters
    ----------
    stream : str
        Name in `pm_dalec.STREAMS`.
    trajectory : Trajectory
        Pools with N + 1 and fluxes with N values along the first axis.
    """
    name = STREAMS[stream].observes
    if name in POOLS:
        return getattr(trajectory.pools, name)[:-1]
    return getattr(trajectory.fluxes, name)


def fluxes_for(streams: Iterable[str]) -> tuple[str, ...]:
    """Names of the fluxes that these streams observe."""
    names = (STREAMS[stream].observes for stream in streams)
    return tuple(name for name in names if name not in POOLS)


def misfit(
    modelled: npt.NDArray[np.float64],
    observed: npt.NDArray[np.float64],
    sigma: npt.NDArray[np.float64],
) -> npt.NDArray[np.float64]:
    """Squared distance of model and observation in units of sigma [1]; NaN observations give zero.

    Works for NumPy arrays; the likelihood of the model uses the same expression with a mask.
    """
    seen = np.isfinite(observed)
    distance = (modelled - np.where(seen, observed, 0.0)) / np.where(seen, sigma, 1.0)
    return np.where(seen, distance**2, 0.0)

"""Observation operators: what a stream sees of the model, and its misfit. Plain arrays, any runner.

LAI and stocks are compared with the START of the step, fluxes with its mean (MODEL, section 10). A stream
may be averaged over windows of several steps, such as years, or be the deviations from such means.
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pm_dalec.physics.records import Trajectory
from pm_dalec.tables.kinds import Array, ArrayModule
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


class Averages(NamedTuple):
    """Windows of steps over which a stream is averaged, as numbers that act on a series.

    Parameters
    ----------
    weights : array (window, time)
        Share of each step in the mean of a window [1]; a row sums to 1.
    places : array (window, time)
        How often this mean is in what a step is compared with: 1 of a mean, -1 of a deviation.
    own : array (time,)
        How often the step itself is: 0 of a mean, 1 of a deviation, and where there is no window.
    """

    weights: npt.NDArray[np.float64]
    places: npt.NDArray[np.float64]
    own: npt.NDArray[np.float64]


def means_over(labels: npt.ArrayLike, length: npt.ArrayLike) -> Averages:
    """Operator that puts the mean of its window at every step.

    Parameters
    ----------
    labels : array (time,)
        Steps of a window have the same number; NaN at steps outside all windows.
    length : array (time,) [d]
        Of the steps: longer ones count more.
    """
    members = _members(labels)
    weights = members * np.asarray(length, float)
    weights /= weights.sum(axis=1, keepdims=True)
    own = np.where(members.any(axis=0), 0.0, 1.0)
    return Averages(weights, members.astype(float), own)


def deviations_within(labels: npt.ArrayLike, length: npt.ArrayLike) -> Averages:
    """Operator that takes the mean of its window from every step; as `means_over` otherwise."""
    means = means_over(labels, length)
    return means._replace(places=-means.places, own=np.ones_like(means.own))


def _members(labels: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """Whether a step is in a window (window, time)."""
    given = np.asarray(labels, float)
    found: npt.NDArray[np.bool_] = given == np.unique(given[np.isfinite(given)])[:, None]
    return found


def averaged(series: Array, averages: Averages | None, xp: ArrayModule) -> Array:
    """Series as its observations see it: means over windows, or deviations from them.

    Parameters
    ----------
    series : array (time, ...)
        What a stream observes, one value a step.
    averages : Averages or None
        None gives the series itself.
    xp : module

    Returns
    -------
    array (time, ...)
    """
    if averages is None:
        return series
    weights, places, own = (
        each.reshape((*each.shape, *[1] * (series.ndim - 1))) for each in averages
    )
    if xp is np:  # no product of windows, steps and draws in memory
        means = np.tensordot(averages.weights, series, axes=1)
        return own * series + np.tensordot(averages.places, means, axes=(0, 0))
    means = (weights * series[None]).sum(axis=1, keepdims=True)
    return own * series + (places * means).sum(axis=0)


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

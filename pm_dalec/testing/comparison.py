"""How far our numbers are from those of the reference, and the line of a report that says so."""

from typing import NamedTuple

import numpy as np

ABSOLUTE_FLOOR = 1e-9  # of the largest value of a series, added to the relative tolerance


class Line(NamedTuple):
    """Comparison of one quantity of one group."""

    group: str
    quantity: str
    worst: float  # relative error, or the number of flags that differ
    where: str
    passed: bool
    remark: str = ""


def relative_error(ours, theirs, rtol):
    """Error in units in which the tolerance is ``rtol``: with the floor of each series.

    Parameters
    ----------
    ours, theirs : array (..., time)
    rtol : float

    Returns
    -------
    array
        ``|a - b| / (|b| + floor / rtol)``; zero where both are NaN, infinite where one is.
    """
    largest = np.nanmax(np.abs(theirs), axis=-1, keepdims=True, initial=0.0)
    with np.errstate(invalid="ignore", over="ignore"):
        error = np.abs(ours - theirs) / (
            np.abs(theirs) + ABSOLUTE_FLOOR / rtol * largest + np.finfo(float).tiny
        )
    same = (ours == theirs) | (np.isnan(ours) & np.isnan(theirs))
    return np.where(same, 0.0, np.where(np.isnan(error), np.inf, error))

"""Errors that observations of a unit share: a correlation matrix with one number beside the diagonal.

With ``R = (1 - c) I + c 1 1'`` for n observations, Sherman and Morrison (1950) give
``R^-1 = (I - c 1 1' / (1 - c + n c)) / (1 - c)``, and ``|R| = (1 - c)^(n-1) (1 - c + n c)``: sums over
time are all that is needed, and each unit is by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pm_dalec.tables.kinds import Array, ArrayModule


def shares(
    distance: Array, seen: Array, correlation: float, xp: ArrayModule
) -> tuple[Array, Array]:
    """Shares of the observations in the quadratic form and in the logarithm of the determinant.

    Parameters
    ----------
    distance : array
        In standard deviations, time in front; zero where nothing was seen.
    seen : array
        Above 0 where something was seen.
    correlation : float
    xp : module

    Returns
    -------
    tuple of array
        Their sums over what was seen are ``z' R^-1 z`` and ``log |R|``.
    """
    count, apart, together = _parts(seen, correlation, xp)
    pulled = (distance - correlation * distance.sum(axis=0, keepdims=True) / together) / apart
    determinant = (count - 1.0) * np.log(apart) + xp.log(together)
    return distance * pulled, determinant / count


def left_out(distance: Array, seen: Array, correlation: float) -> tuple[Array, Array]:
    """Error of each observation against what the others of its unit predict, and its variance.

    Parameters
    ----------
    distance, seen : array
        As in `shares`.
    correlation : float

    Returns
    -------
    tuple of array
        In standard deviations and their square.
    """
    _, apart, together = _parts(seen, correlation, np)
    precision = (1.0 - correlation / together) / apart
    total = distance.sum(axis=0, keepdims=True)
    return (distance - correlation * total / together) / apart / precision, 1.0 / precision


def _parts(seen, correlation, xp):
    """Number of observations (at least one), and the two eigenvalues of their correlation matrix."""
    count = xp.maximum(xp.where(seen > 0, 1.0, 0.0).sum(axis=0, keepdims=True), 1.0)
    apart = 1.0 - correlation
    return count, apart, apart + correlation * count

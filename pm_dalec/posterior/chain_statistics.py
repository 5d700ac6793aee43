"""Statistics of chains as plain arrays: circular means, split and rank R-hat, effective sizes."""

import threading

import numpy as np
from arviz_stats.base import array_stats

from pm_dalec.tables.constants import DAYS_PER_YEAR
from pm_dalec.tables.parameters import PARAMETERS

ARVIZ = threading.Lock()
"""Held while ArviZ is at work: it changes the filters of warnings, which all threads share."""


def turned(days, axes):
    """Days as distances from their circular mean over some axes, in (-182.6, 182.6] d.

    Parameters
    ----------
    days : array [d]
    axes : tuple of int
    """
    angle = 2 * np.pi * np.asarray(days) / DAYS_PER_YEAR
    centre = np.angle(np.exp(1j * angle).mean(axis=axes, keepdims=True))
    return np.angle(np.exp(1j * (angle - centre))) * DAYS_PER_YEAR / (2 * np.pi)


def circular_mean(days, axes):
    """Mean day of the year of days that act modulo 365.25 [d].

    Examples
    --------
    >>> round(float(circular_mean([364.25, 3.0], axes=0)), 6)  # the turn of the year lies between them
    1.0
    """
    angle = 2 * np.pi * np.asarray(days) / DAYS_PER_YEAR
    mean = np.angle(np.exp(1j * angle).mean(axis=axes))
    return np.mod(mean * DAYS_PER_YEAR / (2 * np.pi), DAYS_PER_YEAR)


def comparable(name, values):
    """Draws in a form that rank statistics may look at: days as distances from their mean.

    Parameters
    ----------
    name : str
        Of a parameter.
    values : array (chain, draw, ...)
        In its units; the folded R-hat is not the same in the unit interval.
    """
    if name in PARAMETERS and PARAMETERS[name].circular:
        return turned(values, axes=(0, 1))
    return values


def split_rhat(values):
    """Classical R-hat of split chains (Gelman et al. 2013): quick, and seldom above the rank one [1].

    Parameters
    ----------
    values : array (chain, draw, ...)

    Returns
    -------
    array (...)
    """
    half = values.shape[1] // 2
    parts = np.concatenate([values[:, :half], values[:, -half:]])
    within = parts.var(axis=1, ddof=1).mean(axis=0)
    between = half * parts.mean(axis=1).var(axis=0, ddof=1)
    with np.errstate(invalid="ignore"):
        return np.sqrt((half - 1) / half + between / (half * within))


def chain_statistics(values):
    """Rank R-hat, bulk and tail ESS of draws.

    Parameters
    ----------
    values : array (chain, draw, ...)

    Returns
    -------
    tuple of three arrays (...)
    """
    shape = values.shape[2:]
    flat = values.reshape(*values.shape[:2], -1)
    found = []
    for column in range(flat.shape[2]):
        one = np.ascontiguousarray(flat[:, :, column])
        axes = {"chain_axis": 0, "draw_axis": 1}
        with ARVIZ:
            found.append(
                [
                    array_stats.rhat(one, method="rank", **axes),
                    array_stats.ess(one, method="bulk", **axes),
                    array_stats.ess(one, method="tail", prob=(0.05, 0.95), **axes),
                ]
            )
    return tuple(np.array(found).T.reshape(-1, *shape))

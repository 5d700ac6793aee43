"""Statistics of chains as plain arrays: circular means, R-hat, effective sizes, whether draws lie apart."""

import threading

import numpy as np
from arviz_stats.base import array_stats
from scipy.cluster.hierarchy import linkage

from pm_dalec.posterior.runs import evenly
from pm_dalec.tables.constants import DAYS_PER_YEAR
from pm_dalec.tables.parameters import PARAMETERS

COMPARED = 1000  # draws whose places are compared
FEW = 0.01  # share of the draws below which they are no part
FARTHER = 1.5  # than any draw of a chain from those of the others: not the same part
RIDGE = 1e-9  # of the variances, where draws are collinear
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


QUARTERS = 4
"""Parts of the chains that R-hat compares: the usual number of chains [1]."""


def quarters(values):
    """Chains in four parts, each of them one long chain, its draws in the order of their time.

    Split R-hat of ``m`` slow chains that agree is about ``1 + m / S`` with ``S`` effective draws of all, so
    that one limit asks for four times as many of 16 chains as of four. Among parts (nested R-hat, Margossian
    et al. 2024) it asks for the same, whatever the number of chains. A number that four does not divide
    is divided into as few more parts as do.

    Parameters
    ----------
    values : array (chain, draw, ...)

    Returns
    -------
    array (part, time, ...)
    """
    chains = values.shape[0]
    count = next((k for k in range(QUARTERS, chains) if chains % k == 0), chains)
    return _joined(values, count)


def _joined(values, count):
    """Chains (chain, draw, ...) joined to so many long ones of neighbours (part, time, ...)."""
    chains, rest = values.shape[0], values.shape[2:]
    members = values.reshape(count, chains // count, -1, *rest)
    return members.swapaxes(1, 2).reshape(count, -1, *rest)


def halves_rhat(values):
    """Rank R-hat between the two halves of the chains [1].

    Parameters
    ----------
    values : array (chain, draw, ...)
        Of an odd number of chains the one in the middle is left out.

    Returns
    -------
    array (...)
    """
    half = values.shape[0] // 2
    return rank_rhat(_joined(np.concatenate([values[:half], values[-half:]]), 2))


def rank_rhat(values):
    """Rank-normalised split R-hat, the worse of bulk and folded [1].

    Parameters
    ----------
    values : array (chain, draw, ...)

    Returns
    -------
    array (...)
    """
    return _by_column(array_stats.rhat, values, method="rank")


def rhat_of_each(values, among_quarters):
    """Rank R-hat among the chains themselves [1], which is that among quarters where there are no more chains.

    Parameters
    ----------
    values : array (chain, draw, ...)
    among_quarters : array (...)
        From `chain_statistics` of these draws.

    Returns
    -------
    array (...)
    """
    return among_quarters if len(quarters(values)) == len(values) else rank_rhat(values)


def chain_statistics(values):
    """Rank R-hat among the quarters of the chains, bulk and tail ESS of draws.

    Parameters
    ----------
    values : array (chain, draw, ...)

    Returns
    -------
    tuple of three arrays (...)
    """
    return (
        rank_rhat(quarters(values)),
        bulk_sizes(values),
        _by_column(array_stats.ess, values, method="tail", prob=(0.05, 0.95)),
    )


def bulk_sizes(values):
    """Bulk effective sample sizes [1] (...) of draws (chain, draw, ...)."""
    return _by_column(array_stats.ess, values, method="bulk")


def _by_column(statistic, values, **options):
    """Statistic (...) of draws (chain, draw, ...)."""
    flat = values.reshape(*values.shape[:2], -1)
    columns = (np.ascontiguousarray(column) for column in np.moveaxis(flat, -1, 0))
    with ARVIZ, np.errstate(divide="ignore", invalid="ignore"):  # chains that never moved
        found = [statistic(column, chain_axis=0, draw_axis=1, **options) for column in columns]
    return np.array(found).reshape(values.shape[2:])


def lie_apart(drawn):
    """Whether draws of chains lie in parts, between which there is more room than about any draw.

    Draws are joined to their nearest, in distances that are whitened by the half of the chains that varies
    least, for one that has come from part to part varies more. In parts lie draws of which two groups are
    joined by a step that is longer, by half, than that from any draw to its nearest.

    Parameters
    ----------
    drawn : array (draw, chain, parameter + 1)
        In the unit interval, with the log-density, which is not looked at.
    """
    chains = drawn[:, evenly(drawn.shape[1], COMPARED // 2)]  # two draws of each at least
    rows = chains[evenly(len(chains), -(-COMPARED // chains.shape[1])), :, :-1]
    flat = rows.reshape(-1, rows.shape[-1])
    each = np.array([covariance_of(chain) for chain in rows.swapaxes(0, 1)])
    spread = np.trace(np.linalg.solve(_ridged(covariance_of(flat)), each), axis1=1, axis2=2)
    within = each[np.argsort(spread)[: -(-len(each) // 2)]].mean(axis=0)
    points = whitened(factor_of(within), flat)
    joined = linkage(points, "single")
    sizes = np.concatenate([np.ones(len(points)), joined[:, 3]])
    smaller, steps = sizes[joined[:, :2].astype(int)].min(axis=1), joined[:, 2]
    groups = steps[smaller >= FEW * len(points)]
    return bool(groups.max(initial=0.0) > FARTHER * steps[smaller == 1].max(initial=0.0))


def covariance_of(states):
    """Covariance of states (state, parameter), of one parameter as well."""
    return np.atleast_2d(np.cov(states, rowvar=False))


def _ridged(covariance):
    """Covariance that has an inverse, where draws may be collinear."""
    variance = np.diag(covariance)
    return covariance + RIDGE * np.diag(np.where(variance > 0, variance, 1.0))


def factor_of(covariance):
    """Lower Cholesky factor of a covariance, whose parameters may be collinear."""
    return np.linalg.cholesky(_ridged(covariance))


def whitened(factor, points):
    """Points (point, parameter) in the distances of a covariance, by its factor."""
    return np.linalg.solve(factor, points.T).T

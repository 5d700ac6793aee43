"""Intervals of the parameters of one unit, and whether a known truth lies inside."""

import numpy as np
import pandas as pd

from pm_dalec.posterior.chain_statistics import circular_mean
from pm_dalec.tables.constants import DAYS_PER_YEAR
from pm_dalec.tables.parameters import PARAMETERS
from pm_dalec.tables.priors import day_of_year

LEVELS = (0.05, 0.5, 0.95)


def intervals(posterior, *, truth=None):
    """Median and 5 to 95 % interval of every parameter of a posterior.

    Parameters
    ----------
    posterior : Dataset
        Draws of the parameters of a single unit.
    truth : dict of str to float, optional
        By name of parameter, in the parameter's units.

    Returns
    -------
    DataFrame
        Indexed by parameter: ``low``, ``median``, ``high`` in the parameter's units and, with a truth,
        ``truth`` and whether it is ``inside``. The median of a day is a day of the year, up to 365.25;
        its interval, and the truth beside it, are in one piece around it and may lie beyond the year.
    """
    rows = {}
    for name, drawn in posterior.data_vars.items():
        draws, at = drawn.values.ravel(), np.nan if truth is None else truth[name]
        if PARAMETERS[name].circular:
            centre = circular_mean(draws, axes=None)
            draws, at = turned(draws, centre), turned(at, centre)
            whole_years = day_of_year(np.median(draws)) - np.median(draws)
            draws, at = draws + whole_years, at + whole_years
        low, median, high = np.quantile(draws, LEVELS)
        rows[name] = (low, median, high, at, low <= at <= high)
    found = pd.DataFrame.from_dict(
        rows, orient="index", columns=["low", "median", "high", "truth", "inside"]
    ).rename_axis("parameter")
    return found if truth is not None else found.drop(columns=["truth", "inside"])


def turned(day, centre):
    """Day of the year within half a year of a centre [d]."""
    half = DAYS_PER_YEAR / 2
    return centre + np.mod(day - centre + half, DAYS_PER_YEAR) - half


EDGE = 0.05  # [1] of the range, logarithmic where it is wide
PILED = 0.25  # [1] least share of draws there
TIMES = 3.0  # [1] how often that of the log-uniform prior
WIDE = 20.0  # [1] ratio of bounds from which their range is logarithmic


def at_bounds(posterior, table=PARAMETERS):
    """Words for each parameter whose posterior is piled up at one of its bounds.

    Parameters
    ----------
    posterior : Dataset
        Parameters of a single unit, dims (chain, draw).
    table : Table of Parameter
        With the bounds of the fit.

    Returns
    -------
    list of str
        Such as "leaf_lifespan (lower)"; days, whose box is a circle, are left out.
    """
    found = []
    for name in posterior.data_vars:
        lower, upper = table[name].bounds
        if table[name].circular:
            continue
        draws, space = posterior[name].values, np.geomspace if upper / lower > WIDE else np.linspace
        _, near, far, _ = space(lower, upper, round(1 / EDGE) + 1)[[0, 1, -2, -1]]
        ends = {"lower": (draws < near, near / lower), "upper": (draws > far, upper / far)}
        for side, (there, ratio) in ends.items():
            prior = np.log(ratio) / np.log(upper / lower)
            if there.mean() > max(PILED, TIMES * prior):
                found.append(f"{name} ({side})")
    return found

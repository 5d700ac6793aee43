"""Intervals of the parameters of one unit, and whether a known truth lies inside."""

import numpy as np
import pandas as pd

from pm_dalec.posterior.chain_statistics import circular_mean
from pm_dalec.tables.constants import DAYS_PER_YEAR
from pm_dalec.tables.parameters import PARAMETERS

LEVELS = (0.05, 0.5, 0.95)


def intervals(fit, *, truth=None):
    """Median and 5 to 95 % interval of every parameter of a fit.

    Parameters
    ----------
    fit : DataTree
        Of a single unit.
    truth : dict of str to float, optional
        By name of parameter, in the parameter's units.

    Returns
    -------
    DataFrame
        Indexed by parameter: ``low``, ``median``, ``high`` in the parameter's units and, with a truth,
        ``truth`` and whether it is ``inside``. Days are turned so that the interval, and the truth
        beside it, are in one piece.
    """
    rows = {}
    for name, drawn in fit["posterior"].to_dataset().data_vars.items():
        draws, at = drawn.values.ravel(), np.nan if truth is None else truth[name]
        if PARAMETERS[name].circular:
            centre = circular_mean(draws, axes=None)
            draws, at = turned(draws, centre), turned(at, centre)
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

"""Table A1: parameters and their priors."""

from __future__ import annotations

import pandas as pd

from pm_dalec.paper import printed
from pm_dalec.paper.tables.layout import PAPER
from pm_dalec.tables.parameters import PARAMETERS
from pm_dalec.tables.priors import Fixed, FromData, Gaussian


def table_a1() -> pd.DataFrame:
    """The parameters of DALEC: symbol, unit, prior and bounds, beside the printed bounds.

    Returns
    -------
    DataFrame
        One row a parameter, in the order of the table of parameters.
    """
    rows = []
    for name, parameter in PARAMETERS.items():
        low, high = printed.PARAMETER_BOUNDS[name]
        rows.append(
            {
                "parameter": name,
                "symbol": parameter.symbol,
                "units": parameter.units,
                "meaning": parameter.meaning,
                "minimum": parameter.bounds[0],
                "maximum": parameter.bounds[1],
                f"minimum, {PAPER}": low,
                f"maximum, {PAPER}": high,
                "prior": _prior_in_words(parameter.prior),
            }
        )
    return pd.DataFrame(rows)


def _prior_in_words(prior):
    if isinstance(prior, Fixed):
        return f"fixed at {prior.value:g}"
    if isinstance(prior.factor, Gaussian):
        return f"log-uniform times Gaussian({prior.factor.mean:g}, {prior.factor.sigma:g})"
    if isinstance(prior.factor, FromData):
        return f"log-uniform times Gaussian({prior.factor.mean}, {prior.factor.sigma})"
    return "log-uniform"

"""The paper's hypotheses as code: a statistic, a threshold, the paper's value, ours, a verdict.

H1: biogenic fluxes do not change with resolution, disturbance does. H2: the stratified approach is
consistent, and the baseline converges on it. H3: traits differ between strata. The paper's values
are computed from its printed numbers by the functions that compute ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from pm_dalec.paper import printed
from pm_dalec.paper.claims.averaging import AVERAGING
from pm_dalec.paper.claims.statistics import NotTestable, our_numbers, printed_numbers
from pm_dalec.paper.claims.traits import TRAITS
from pm_dalec.paper.experiments import experiments_of, pairs
from pm_dalec.paper.forecasts.runs import open_forecasts
from pm_dalec.tables import constants

if TYPE_CHECKING:
    import xarray as xr

HYPOTHESES = (*AVERAGING, *TRAITS)

PAPER = f"paper ({printed.VERSION})"
COLUMNS = (
    "id",
    "statement",
    "statistic",
    "threshold",
    PAPER,
    "ours",
    "verdict",
    "threshold from",
    "resolutions",
)


def hypotheses(
    fits: Mapping | str | Path, forecasts: Mapping[str, xr.DataTree] | None = None
) -> pd.DataFrame:
    """Table of the paper's hypotheses for a set of experiments.

    Parameters
    ----------
    fits : str, Path, or mapping of tuple to DataTree or Experiment
        Folder of fits (see `pm_dalec.paper.open_experiments`), or the fits by (approach,
        resolution [degree]).
    forecasts : mapping of str to DataTree, optional
        By approach; those beside a folder of fits by default.

    Returns
    -------
    DataFrame
        Columns `COLUMNS`; verdicts are "holds", "does not hold" or "cannot be tested: ...".
    """
    if forecasts is None:
        forecasts = open_forecasts(fits) if isinstance(fits, str | Path) else {}
    experiments = experiments_of(fits)
    both = pairs(experiments)
    ours = our_numbers(experiments)
    where = ", ".join(f"{resolution:g}" for resolution in both)
    rows = []
    for hypothesis in HYPOTHESES:
        value, verdict = _judged(hypothesis, ours, both, forecasts)
        words = hypothesis.id, hypothesis.statement, hypothesis.statistic, hypothesis.threshold
        numbers = _printed_value(hypothesis, both), value
        rows.append((*words, *numbers, verdict, hypothesis.grounds, where))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _judged(hypothesis, ours, both, forecasts):
    try:
        if len(both) < 1:
            raise NotTestable("no resolution has a baseline and a stratified fit")
        given = (forecasts,) if hypothesis.of_forecasts else (ours, both)
        value = float(hypothesis.measure(*given))
    except NotTestable as reason:
        return float("nan"), f"cannot be tested: {reason}"
    if np.isnan(value):
        return value, "cannot be tested: too few pixels, or no variation between them"
    if hypothesis.needs is not None and hypothesis.needs not in both:
        return value, f"cannot be tested: the statement is about {hypothesis.needs:g} degree"
    holds = hypothesis.lower < value < hypothesis.upper
    return value, "holds" if holds else "does not hold"


def _printed_value(hypothesis, both):
    if not hypothesis.from_tables or not both:
        return hypothesis.paper
    numbers = printed_numbers(constants.RESOLUTIONS if hypothesis.needs is not None else both)
    try:
        return float(hypothesis.measure(numbers, None))
    except NotTestable:
        return hypothesis.paper

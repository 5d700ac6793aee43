"""The paper's hypotheses as code: a statistic, a threshold, the paper's value, ours, a verdict.

H1: biogenic fluxes do not change with resolution, disturbance does. H2: the stratified approach is
consistent, and the baseline converges on it. H3: traits differ between strata. The paper's values
are computed from its printed numbers by the functions that compute ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from pm_dalec.paper import hypothesis_statistics, printed
from pm_dalec.paper.experiments import experiments_of, pairs
from pm_dalec.paper.hypothesis_statistics import NotTestable, our_numbers, printed_numbers
from pm_dalec.tables import constants

PAPER = f"paper ({printed.VERSION})"
COLUMNS = ("id", "statement", "statistic", "threshold", PAPER, "ours", "verdict", "resolutions")


@dataclass(frozen=True)
class Hypothesis:
    """One testable statement.

    Parameters
    ----------
    id : str
        As in PAPER, section 1.11.
    statement, statistic : str
        What is said, and the number that decides it.
    lower, upper : float
        The statement holds between them.
    measure : callable
        (Numbers, dict of resolution to pair of Experiment or None) -> float.
    paper : float, optional
        Where the paper prints a number that cannot be computed from its tables.
    from_tables : bool
        Whether ``measure`` needs nothing but `Numbers`.
    needs : float, optional
        Resolution without which the paper's statement is another one [degree].
    """

    id: str
    statement: str
    statistic: str
    lower: float
    upper: float
    measure: object
    paper: float = float("nan")
    from_tables: bool = True
    needs: float | None = None

    @property
    def threshold(self):
        """Condition in words."""
        if np.isinf(self.lower):
            return f"< {self.upper:g}"
        if np.isinf(self.upper):
            return f"> {self.lower:g}"
        return f"{self.lower:g} to {self.upper:g}"


def hypotheses(fits: Mapping | str | Path) -> pd.DataFrame:
    """Table of the paper's hypotheses for a set of experiments.

    Parameters
    ----------
    fits : str, Path, or mapping of tuple to DataTree or Experiment
        Folder of fits (see `pm_dalec.paper.open_experiments`), or the fits by (approach,
        resolution [degree]).

    Returns
    -------
    DataFrame
        Columns `COLUMNS`; verdicts are "holds", "does not hold" or "cannot be tested: ...".
    """
    experiments = experiments_of(fits)
    both = pairs(experiments)
    ours = our_numbers(experiments)
    where = ", ".join(f"{resolution:g}" for resolution in both)
    rows = []
    for hypothesis in HYPOTHESES:
        value, verdict = _judged(hypothesis, ours, both)
        words = hypothesis.id, hypothesis.statement, hypothesis.statistic, hypothesis.threshold
        rows.append((*words, _printed_value(hypothesis, both), value, verdict, where))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _judged(hypothesis, ours, both):
    try:
        if len(both) < 1:
            raise NotTestable("no resolution has a baseline and a stratified fit")
        value = float(hypothesis.measure(ours, both))
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


INF = float("inf")
FINEST = min(constants.RESOLUTIONS)
_WOOD = {
    name: printed.TABLE_A2["cwood", name]["median"][1.0] for name in ("conifer", "arable", "heath")
}
HYPOTHESES = (
    Hypothesis(
        "H1a",
        "baseline GPP does not change with resolution",
        "scale variance of GPP [%]",
        -INF,
        2,
        hypothesis_statistics.variance("gpp", "baseline"),
    ),
    Hypothesis(
        "H1a",
        "baseline respiration does not change with resolution",
        "scale variance of Reco [%]",
        -INF,
        2,
        hypothesis_statistics.variance("reco", "baseline"),
    ),
    Hypothesis(
        "H1b",
        "baseline harvest rises with every finer resolution",
        "smallest rise [g m-2 d-1]",
        0,
        INF,
        hypothesis_statistics.smallest_rise,
    ),
    Hypothesis(
        "H1c",
        "baseline harvest varies with resolution far more than GPP",
        "ratio of scale variances [1]",
        10,
        INF,
        hypothesis_statistics.variance_ratio,
    ),
    Hypothesis(
        "H1d",
        "baseline gain of living carbon falls from coarse to fine",
        "finest minus coarsest [g m-2]",
        -INF,
        0,
        hypothesis_statistics.fall_of_live_change,
    ),
    Hypothesis(
        "H2a",
        "stratified harvest does not change with resolution",
        "scale variance of harvest [%]",
        -INF,
        5,
        hypothesis_statistics.variance("harvest", "stratified"),
    ),
    Hypothesis(
        "H2b",
        "stratified over baseline harvest falls with every finer resolution",
        "largest step of the ratio [1]",
        -INF,
        0,
        hypothesis_statistics.largest_step_of_ratio,
    ),
    Hypothesis(
        "H2b",
        "stratified harvest is larger even at the finest resolution",
        "ratio at the finest resolution [1]",
        1,
        INF,
        hypothesis_statistics.finest_ratio,
        needs=FINEST,
    ),
    Hypothesis(
        "H2c",
        "the gap in living carbon closes by more than half",
        "closed from coarsest to finest [%]",
        50,
        INF,
        hypothesis_statistics.closed_gap,
        needs=FINEST,
    ),
    Hypothesis(
        "H2d",
        "harvest explains differences in living carbon",
        "R2 between pixels, finest resolution [1]",
        0.5,
        INF,
        hypothesis_statistics.explained("harvest"),
        printed.HARVEST_EXPLAINS_LIVE_CHANGE,
        False,
        FINEST,
    ),
    Hypothesis(
        "H2d",
        "GPP explains little of them",
        "R2 between pixels, finest resolution [1]",
        -INF,
        0.1,
        hypothesis_statistics.explained("gpp"),
        printed.GPP_EXPLAINS_LIVE_CHANGE[0],
        False,
        FINEST,
    ),
    Hypothesis(
        "H2d",
        "respiration explains little of them",
        "R2 between pixels, finest resolution [1]",
        -INF,
        0.1,
        hypothesis_statistics.explained("reco"),
        printed.RECO_EXPLAINS_LIVE_CHANGE[0],
        False,
        FINEST,
    ),
    Hypothesis(
        "H2e",
        "the harvest ratio falls with the share of conifer",
        "rank correlation between pixels [1]",
        -INF,
        -0.5,
        hypothesis_statistics.ratio_falls,
        from_tables=False,
    ),
    Hypothesis(
        "H2e",
        "the harvest ratio is 1 where there is conifer only",
        f"mean ratio where conifer > {hypothesis_statistics.PURE_CONIFER:.0%} [1]",
        0.8,
        1.25,
        hypothesis_statistics.ratio_where_pure,
        from_tables=False,
    ),
    Hypothesis(
        "H2f",
        "independent strata narrow the interval of GPP",
        "largest ratio of 5-95 % widths [1]",
        -INF,
        1,
        hypothesis_statistics.largest_width_ratio,
    ),
    Hypothesis(
        "H2f",
        "the narrowing weakens with finer resolution",
        "finest minus coarsest ratio [1]",
        0,
        INF,
        hypothesis_statistics.rise_of_width,
    ),
    Hypothesis(
        "H2f",
        "fully correlated strata do not narrow it",
        "mean ratio of 5-95 % widths [1]",
        0.9,
        1.1,
        hypothesis_statistics.correlated_width,
        1.0,
    ),
    Hypothesis(
        "H3a",
        "conifer holds more than four times the wood of arable land",
        "ratio of medians, coarsest resolution [1]",
        4,
        INF,
        hypothesis_statistics.stratum_ratio(
            "mean_wood", "conifer", "arable", hypothesis_statistics.coarsest
        ),
        _WOOD["conifer"] / _WOOD["arable"],
        False,
    ),
    Hypothesis(
        "H3a",
        "conifer holds about six times the wood of heath",
        "ratio of medians, coarsest resolution [1]",
        5,
        7.5,
        hypothesis_statistics.stratum_ratio(
            "mean_wood", "conifer", "heath", hypothesis_statistics.coarsest
        ),
        _WOOD["conifer"] / _WOOD["heath"],
        False,
    ),
    Hypothesis(
        "H3b",
        "wood stays longer in conifer than in arable land",
        "ratio of medians of MRT [1]",
        1,
        INF,
        hypothesis_statistics.stratum_ratio(
            "residence_wood", "conifer", "arable", hypothesis_statistics.finest
        ),
        from_tables=False,
    ),
    Hypothesis(
        "H3b",
        "conifer makes more wood than heath",
        "ratio of medians of wood production [1]",
        1,
        INF,
        hypothesis_statistics.stratum_ratio(
            "npp_wood", "conifer", "heath", hypothesis_statistics.finest
        ),
        from_tables=False,
    ),
    Hypothesis(
        "H3b",
        "no baseline pixel reaches the longest residence of wood in conifer",
        "largest baseline over conifer's 95 % [1]",
        -INF,
        1,
        hypothesis_statistics.largest_baseline_over_conifer,
        from_tables=False,
    ),
    Hypothesis(
        "H3b",
        "coarse pixels shrink the range of residence times of wood",
        "coarsest over finest 5-95 % range [1]",
        -INF,
        1,
        hypothesis_statistics.shrinkage_of_range,
        from_tables=False,
    ),
    Hypothesis(
        "H3c",
        "soil carbon stays longest in heath",
        "heath over the longest of the others [1]",
        1,
        INF,
        hypothesis_statistics.som_of_heath,
        from_tables=False,
    ),
)

"""Beat the sampler: the log-posterior of a point beside that of the draws of a fit, stream by stream."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from pm_dalec.explore.workbench import Outlook

LEVELS = (0.05, 0.95)
LEAST = 0.05  # difference of log-posteriors that is told
PRIOR, TOTAL = "prior", "total"
"""Rows of a score beside those of the streams."""


class Row(NamedTuple):
    """One term of the log-posterior.

    Parameters
    ----------
    name : str
        Stream, "prior" or "total".
    yours : float
        Of the point, as if there were no rules.
    best, low, high : float
        Of the best draw, and the 5 to 95 % range of all; NaN without a fit.
    """

    name: str
    yours: float
    best: float = np.nan
    low: float = np.nan
    high: float = np.nan


class Score(NamedTuple):
    """A point beside the draws of a fit.

    Parameters
    ----------
    rows : tuple of Row
        Streams, prior and total.
    allowed : bool
        Whether the rules let the point be: else its posterior probability is zero.
    """

    rows: tuple[Row, ...]
    allowed: bool

    @property
    def total(self) -> Row:
        """Sum of all rows."""
        return self.rows[-1]

    @property
    def ahead(self) -> float:
        """Log-posterior of the point less that of the best draw; NaN without a fit."""
        return (self.total.yours if self.allowed else -np.inf) - self.total.best

    @property
    def words(self) -> str:
        """One sentence on how the point does."""
        if not self.allowed:
            return "A rule is broken: the posterior is zero here, however well the run fits."
        if np.isnan(self.total.best):
            return "Calibrate to see how well the sampler does."
        if abs(self.ahead) < LEAST:
            return "You stand where the best draw of the sampler is."
        if self.ahead > 0:
            return f"You beat the best draw of the sampler, by {self.ahead:.1f}."
        if self.total.yours >= self.total.low:
            return f"As good as the draws; the best of them is {-self.ahead:.1f} ahead."
        return f"The best draw is {-self.ahead:.1f} ahead of you; go on."


def terms_of(outlook: Outlook) -> dict[str, np.ndarray]:
    """Terms of the log-posterior without the rules, and their total, by name (draw,)."""
    return {
        **outlook.log_likelihood,
        PRIOR: outlook.log_prior,
        TOTAL: outlook.without_rules,
    }


def score_of(outlook: Outlook, draws: Outlook | None = None) -> Score:
    """Score of a point.

    Parameters
    ----------
    outlook : Outlook
        Of one parameter set.
    draws : Outlook, optional
        Of the draws of a fit.
    """
    yours = {name: term.item() for name, term in terms_of(outlook).items()}
    allowed = bool(np.isfinite(outlook.log_posterior.item()))
    if draws is None:
        return Score(tuple(Row(name, value) for name, value in yours.items()), allowed)
    theirs, best = terms_of(draws), int(np.argmax(draws.log_posterior))
    rows = (
        Row(name, value, float(theirs[name][best]), *np.quantile(theirs[name], LEVELS))
        for name, value in yours.items()
    )
    return Score(tuple(rows), allowed)

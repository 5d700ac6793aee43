"""One hypothesis of the paper: a statement, a statistic, and the range in which it holds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pm_dalec.tables import constants

INF = float("inf")
FINEST = min(constants.RESOLUTIONS)


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
    grounds : str
        Where the bounds come from, which were set before the number was seen. Signs, and sides of one,
        are the statement's own.
    of_forecasts : bool
        Whether ``measure`` takes the forecasts by approach instead.
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
    grounds: str = "the statement"
    of_forecasts: bool = False

    @property
    def threshold(self):
        """Condition in words."""
        if np.isinf(self.lower):
            return f"< {self.upper:g}"
        if np.isinf(self.upper):
            return f"> {self.lower:g}"
        return f"{self.lower:g} to {self.upper:g}"

"""Forms of the potential that margins make: hard, soft, and the scores of a search for a start."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pm_dalec.constraints.case import Case
from pm_dalec.constraints.given import rules_given
from pm_dalec.constraints.rules import Constraint
from pm_dalec.tables.kinds import Array, ArrayModule, Era
from pm_dalec.tables.numbers import number
from pm_dalec.tables.table import Table

PENALTY = -5.0  # of one failed rule in the search for a start


@dataclass(frozen=True)
class Soft:
    """Constraints in the soft form: a failing rule costs probability instead of ending it.

    Parameters
    ----------
    rules : {"edinburgh2021", "edinburgh2024"} or Table of Constraint
    scale : float
        Margin over which a rule fades in [1, logarithmic].
    """

    rules: Era | Table[Constraint]
    scale: float = 0.05

    def __post_init__(self) -> None:
        """Refuse rules and a scale that are none."""
        if not rules_given(self.rules):
            raise ValueError(
                f"wanted rules that fade in, got {self.rules!r:.80} without any; write "
                "Soft('edinburgh2021', 0.05), or choose constraints=None"
            )
        advice = "a rule fades in over that margin, 0.05 by default"
        number("scale", self.scale, above=0.0, advice=advice)


def margins(constraints: Table[Constraint], case: Case, xp: ArrayModule) -> dict[str, Array]:
    """Margin of every rule of a table, by name."""
    return {rule.name: rule.margin(case, xp) for rule in constraints.values()}


def holds(margin: Array) -> Array:
    """Whether a rule holds: its margin is not negative. NaN holds, as in CARDAMOM."""
    return ~(margin < 0)


def hard(margin_values: Iterable[Array], xp: ArrayModule) -> Array:
    """Log-probability of the rules: zero where all hold, minus infinity elsewhere.

    Examples
    --------
    >>> import numpy as np
    >>> float(hard([0.3, 0.0], np)), float(hard([0.3, -0.1], np))
    (0.0, -inf)
    """
    total = 0.0
    for margin in margin_values:
        total = total + xp.where(margin < 0, float("-inf"), 0.0)
    return total


def soft(margin_values: Iterable[Array], xp: ArrayModule, *, scale: float = 0.05) -> Array:
    """Smooth stand-in for `hard`, for samplers that need gradients: a sum of log-sigmoids.

    The posterior differs from the one under `hard`; state it where it is used.

    Parameters
    ----------
    scale : float
        Margin over which a rule fades in.
    """
    total = 0.0
    for margin in margin_values:
        lack = -margin / scale
        faded = -(xp.maximum(lack, 0.0) + xp.log1p(xp.exp(-abs(lack))))
        total = total + xp.where(xp.isnan(margin), 0.0, faded)  # NaN holds, as in the hard form
    return total


def shortfall(margin_values: Iterable[Array], xp: ArrayModule) -> Array:
    """How far the rules are from holding: the sum of what failing ones lack, each at most 100 [1]."""
    total = 0.0
    for margin in margin_values:
        total = total + xp.where(margin < 0, xp.minimum(-margin, 100.0), 0.0)
    return total


def start_score(margin_values: Iterable[Array], xp: ArrayModule) -> Array:
    """Score of the start-up search: -5 for every rule that fails."""
    return sum(xp.where(margin < 0, PENALTY, 0.0) for margin in margin_values)

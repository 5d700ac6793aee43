"""A lamp for every rule: whether it holds, and how far it is from breaking, or from holding."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pm_dalec.constraints import forms

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pm_dalec.constraints.rules import Constraint
    from pm_dalec.tables.table import Table

FAR = np.log(100.0)  # margin beyond which a factor says nothing more


class Lamp(NamedTuple):
    """One rule under one parameter set.

    Parameters
    ----------
    name, title, inequality : str
        Name in `pm_dalec.EDCS`, the same as words, and what must hold.
    level : str
        "parameter" or "trajectory", as of the rule.
    holds : bool
    margin : float
        Logarithmic slack [1]; negative where the rule is broken.
    words : str
        By how much it holds or is broken.
    """

    name: str
    title: str
    inequality: str
    level: str
    holds: bool
    margin: float
    words: str


def lamps_of(rules: Table[Constraint], margins: Mapping[str, np.ndarray]) -> tuple[Lamp, ...]:
    """Lamps of all rules of a set.

    Parameters
    ----------
    rules : Table of Constraint
    margins : dict of str to array (1,)
        Of one parameter set, as in an `Outlook`.
    """
    return tuple(
        Lamp(
            name,
            title_of(name),
            rule.inequality,
            rule.level,
            bool(forms.holds(margins[name]).item()),
            margins[name].item(),
            words_of(margins[name].item()),
        )
        for name, rule in rules.items()
    )


def title_of(name: str) -> str:
    """Name of a rule as words.

    Examples
    --------
    >>> title_of("som_slower_than_litter"), title_of("steady_wood")
    ('SOM slower than litter', 'Steady wood')
    """
    words = name.replace("_", " ").replace("som", "SOM")
    return words[0].upper() + words[1:]


def words_of(margin: float) -> str:
    """Logarithmic slack in words.

    Examples
    --------
    >>> words_of(0.7), words_of(-0.1), words_of(300.0)
    ('a factor 2.01 to spare', 'short by a factor 1.11', 'far within')
    """
    if np.isnan(margin):
        return "no number, counts as held"
    if abs(margin) > FAR:
        return "far within" if margin > 0 else "far outside"
    factor = f"{np.exp(abs(margin)):.3g}"
    return f"a factor {factor} to spare" if margin >= 0 else f"short by a factor {factor}"

"""What functions of constraints and priors are given: refused in a sentence where it is something else."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np

from pm_dalec.constraints import sets
from pm_dalec.tables.parameters import Theta
from pm_dalec.tables.table import Table

if TYPE_CHECKING:
    from pm_dalec.constraints.rules import Constraint
    from pm_dalec.tables.kinds import Era


def expect_parameters(parameters: object) -> None:
    """Refuse what is no table of the parameters of DALEC.

    Parameters
    ----------
    parameters : Table of Parameter
    """
    if not isinstance(parameters, Table) or not set(Theta._fields) <= set(parameters):
        came = f"one of {parameters.kind}s" if isinstance(parameters, Table) else None
        raise TypeError(
            f"wanted parameters as a table of those of DALEC, got {came or type(parameters).__name__}; "
            "change one with PARAMETERS.replace"
        )


def expect_theta(theta: object) -> None:
    """Refuse what is no parameter vector.

    Parameters
    ----------
    theta : Theta
    """
    if not isinstance(theta, Theta):
        raise TypeError(
            f"wanted theta as the named tuple Theta, got {type(theta).__name__}; draw one with draw_prior"
        )


def expect_generator(rng: object) -> None:
    """Refuse what is no generator of NumPy.

    Parameters
    ----------
    rng : numpy.random.Generator
    """
    if not isinstance(rng, np.random.Generator):
        raise TypeError(
            f"wanted rng as a Generator of NumPy, got {type(rng).__name__}; write "
            "numpy.random.default_rng(1)"
        )


def rules_given(constraints: object) -> Table[Constraint]:
    """Table of the rules that are meant by the name of a set, None, or a table of them.

    Parameters
    ----------
    constraints : {"edinburgh2021", "edinburgh2024", None} or Table of Constraint
    """
    if isinstance(constraints, Table):
        if constraints.kind == sets.NO_CONSTRAINTS.kind:
            return constraints
    elif isinstance(constraints, str | None):
        return sets.EDCS[cast("Era", constraints)]
    came = f"one of {constraints.kind}s" if isinstance(constraints, Table) else repr(constraints)
    raise TypeError(
        f"wanted constraints as the name of a set, a table of rules or None, got {came:.80}; there are "
        f"{', '.join(map(repr, sets.EDCS))}"
    )

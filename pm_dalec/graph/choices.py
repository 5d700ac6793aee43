"""What may be chosen in a model without writing another one."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pm_dalec.constraints.forms import Soft
from pm_dalec.constraints.sets import EDCS
from pm_dalec.physics.step import SOLVERS
from pm_dalec.tables.parameters import PARAMETERS
from pm_dalec.tables.streams import STREAMS
from pm_dalec.tables.table import Table


@dataclass(frozen=True)
class Choices:
    """Choices of a model, all made once and passed on as one thing.

    Parameters
    ----------
    parameters : Table of Parameter
        With their bounds and priors; change one with ``PARAMETERS.replace``.
    constraints : {"edinburgh2021", "edinburgh2024", None}, Soft or Table of Constraint
        Ecological constraints: a set by its name, none, a set in the soft form, or a table of rules.
    streams : sequence of str, optional
        Observation streams to assimilate; LAI and wood, where the land has them, by default.
    solver : {"converged", "truncated"}
        Stomatal optimum: exact, or CARDAMOM's search.

    Examples
    --------
    >>> Choices(streams=("lai",), solver="truncated").replace(constraints=None).streams
    ('lai',)
    """

    parameters: Table = PARAMETERS
    constraints: str | Soft | Table | None = "edinburgh2021"
    streams: tuple[str, ...] | None = None
    solver: str = "converged"

    def __post_init__(self):
        """Refuse what does not exist."""
        if isinstance(self.streams, str):
            raise TypeError(
                f"wanted streams as a sequence of names, got the text {self.streams!r}; write "
                f"streams=({self.streams!r},)"
            )
        if self.streams is not None:
            object.__setattr__(self, "streams", tuple(self.streams))
            for name in self.streams:
                STREAMS[name]
            if len(set(self.streams)) < len(self.streams):
                raise ValueError(
                    f"wanted each stream once, got {list(self.streams)}; leave out the second"
                )
        rules = self.constraints.rules if isinstance(self.constraints, Soft) else self.constraints
        if not isinstance(rules, Table):
            EDCS[rules]
        if self.solver not in SOLVERS:
            raise ValueError(
                f"wanted the solver {' or '.join(map(repr, SOLVERS))}, got {self.solver!r} "
                "(stomatal optimum); choose one of them"
            )

    def replace(self, **changes) -> Choices:
        """Copy with other choices."""
        return replace(self, **changes)

    def streams_in(self, units) -> tuple[str, ...]:
        """Streams that are assimilated: those chosen, or of the paper's those that are there.

        Parameters
        ----------
        units : Dataset
        """
        if self.streams is not None:
            return self.streams
        return tuple(name for name, stream in STREAMS.items() if stream.default and name in units)


PAPER = Choices()
"""The choices of Milodowski et al. (2023), with the exact stomatal optimum."""

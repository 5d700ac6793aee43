"""What may be chosen in a model without writing another one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pm_dalec.constraints.forms import Soft
from pm_dalec.constraints.sets import EDCS, NO_CONSTRAINTS
from pm_dalec.data.checks import check_above_zero
from pm_dalec.data.uncertainties import likelihood_by_data
from pm_dalec.errors.likelihood import LOGNORMAL, Likelihood, likelihood_of
from pm_dalec.physics.step import check_solver
from pm_dalec.tables.numbers import names_of
from pm_dalec.tables.parameters import PARAMETERS, Theta
from pm_dalec.tables.streams import ANNUAL, STREAMS
from pm_dalec.tables.table import Table

if TYPE_CHECKING:
    import xarray as xr


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
    likelihoods : mapping of str to str, optional
        Error models by stream: "gaussian", "lognormal" or "student", with options behind a comma, such as
        "student,df=7" or "gaussian,correlation=0.8" (see `pm_dalec.errors.Likelihood`). Otherwise that of
        the data: log-normal where their uncertainty is a factor, else Gaussian.

    Examples
    --------
    >>> Choices(streams=("lai",), solver="truncated").replace(constraints=None).streams
    ('lai',)
    """

    parameters: Table = PARAMETERS
    constraints: str | Soft | Table | None = "edinburgh2021"
    streams: tuple[str, ...] | None = None
    solver: str = "converged"
    likelihoods: Mapping[str, str | Likelihood] = field(default_factory=dict, hash=False)

    def __post_init__(self):
        """Refuse what does not exist."""
        self._check_parameters()
        if self.streams is not None:
            object.__setattr__(self, "streams", names_of("streams", self.streams))
            for name in self.streams:
                STREAMS[name]
        rules = self.constraints.rules if isinstance(self.constraints, Soft) else self.constraints
        if not isinstance(rules, Table):
            if not isinstance(rules, str | None):
                raise TypeError(
                    f"wanted constraints as the name of a set, a table of rules, Soft or None, got "
                    f"{rules!r}; there are {', '.join(map(repr, EDCS))}"
                )
            EDCS[rules]
        elif rules.kind != NO_CONSTRAINTS.kind:
            raise TypeError(
                f"wanted constraints as a table of rules, got one of {rules.kind}s; take one of EDCS, such as "
                "EDCS['edinburgh2021'].without('steady_*')"
            )
        check_solver(self.solver)
        object.__setattr__(self, "likelihoods", _checked(self.likelihoods))

    def _check_parameters(self):
        if not isinstance(self.parameters, Table):
            raise TypeError(
                f"wanted parameters as a table, got {type(self.parameters).__name__}; change one with "
                "PARAMETERS.replace"
            )
        missing = [name for name in Theta._fields if name not in self.parameters]
        others = [name for name in self.parameters if name not in Theta._fields]
        if missing or others:
            raise ValueError(
                f"wanted a table of the {len(Theta._fields)} parameters of DALEC, got "
                f"{self.parameters.kind}s without {missing or 'a gap'} and with {others or 'no other'}; "
                "change one with PARAMETERS.replace, or fix it with Fixed"
            )

    def replace(self, **changes) -> Choices:
        """Copy with other choices."""
        return replace(self, **changes)

    def names_in(self, units: xr.Dataset) -> tuple[str, ...]:
        """Names of the streams that are assimilated: those chosen, or of the paper's those that are there.

        Parameters
        ----------
        units : Dataset

        Raises
        ------
        ValueError
            If none was chosen and none of the paper's is there.
        """
        if self.streams is not None:
            return self.streams
        default = STREAMS.select(default=True).names
        usual = [name for name in default if not name.endswith(ANNUAL)]
        found = tuple(name for name in default if name in units)
        if not found:
            there = [name for name in STREAMS if name in units]
            raise ValueError(
                f"wanted observations of {' or '.join(map(repr, usual))} in the dataset, got "
                f"{there or 'none'}; choose others with streams=('nee',), or sample "
                "models.constrained_prior, which has no likelihood"
            )
        return found

    def streams_in(self, units: xr.Dataset) -> dict[str, Likelihood]:
        """Streams that are assimilated, each with its error model: that which was chosen, or that of the data.

        Parameters
        ----------
        units : Dataset

        Raises
        ------
        ValueError
            If a stream is not there, or has no logarithm where its error is log-normal; if an error model
            was chosen of a stream that is not assimilated; and as for `names_in`.
        """
        streams, found = self.names_in(units), {}
        others = [name for name in self.likelihoods if name not in streams]
        if others and streams:
            raise ValueError(
                f"wanted likelihoods of streams that are assimilated ({', '.join(streams)}), got one of "
                f"{others[0]!r}; leave it out, or name {others[0]!r} among the streams"
            )
        for stream in streams:
            if stream not in units:
                present = [name for name in STREAMS if name in units]
                raise ValueError(
                    f"wanted observations of {stream!r} in the dataset, got only {present}; "
                    f"add {stream!r} and {stream + '_unc'!r}, or leave the stream out"
                )
            found[stream] = likelihood_by_data(units, stream, self.likelihoods.get(stream))
            if found[stream].kind == LOGNORMAL:
                check_above_zero(stream, units, found[stream].minimum)
        return found


def _checked(likelihoods):
    """Error models by stream, as records."""
    if not isinstance(likelihoods, Mapping):
        raise TypeError(
            f"wanted likelihoods as a mapping of stream to error model, got {likelihoods!r}; write "
            "likelihoods={'lai': 'lognormal'}"
        )
    return {STREAMS[name].name: likelihood_of(given) for name, given in likelihoods.items()}


PAPER = Choices()
"""The choices of Milodowski et al. (2023), with the exact stomatal optimum."""

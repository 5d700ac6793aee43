"""Changes of a model that a variant may make, checked; as keywords in Python and as keys of TOML."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PositiveFloat, ValidationError

from pm_dalec.constraints.forms import Soft
from pm_dalec.constraints.sets import EDCS
from pm_dalec.data.messages import sentence
from pm_dalec.errors.likelihood import Likelihood
from pm_dalec.tables.parameters import PARAMETERS, PRIOR_SETS, with_three_year_days
from pm_dalec.tables.priors import Fixed, Gaussian, LogUniform
from pm_dalec.tables.table import Table
from pm_dalec.tables.variables import DRIVERS

TEMPERATURES = ("tmin", "tmax")
NONE = "none"  # TOML has no word for it


class Prior(BaseModel):
    """Prior of one parameter as a table of TOML: bounds, and mean and sigma of a Gaussian factor."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    bounds: tuple[float, float] | None = None
    mean: float | None = None
    sigma: float | None = None

    def into(self, parameters, name):
        """Parameters with this prior."""
        changed = {} if self.bounds is None else {"bounds": self.bounds}
        if self.mean is not None or self.sigma is not None:
            changed["prior"] = LogUniform(Gaussian(self.mean, self.sigma))
        return parameters.replace(name, **changed)


def _weather(given):
    """Changes of drivers, refused where they are none."""
    for name, by in given.items():
        if name not in DRIVERS or (name not in TEMPERATURES and by <= 0):
            raise ValueError(name)
    return given


class Changes(BaseModel):
    """What one variant changes; what is not given stays as in the base.

    Parameters
    ----------
    priors : str
        A set of `pm_dalec.tables.PRIOR_SETS`.
    parameters : dict
        By name: a number fixes, two numbers are bounds, a table has bounds, mean and sigma; in Python
        also a prior.
    days : {"one_year", "three_years"}
        Box of the day parameters.
    constraints : str, None, Table or Soft
        A set by its name; "none" for none.
    without, only : list of str
        Rules that are left out, or that alone are kept: names, or patterns such as ``steady_*``.
    soft : float
        Margin over which a failing rule fades in [1].
    sigma : dict of str to float
        Factor on the uncertainty of a stream, or of ``csom_prior``.
    sigma_rules : str
        Rules by which uncertainties are widened first, as in `pm_dalec.data.prepare_uncertainties`.
    weather : dict of str to float
        Degrees [degC] that ``tmin`` and ``tmax`` are warmer, factors of other drivers.
    streams, drop : list of str
        Streams to assimilate, or to leave out.
    solver : str
    likelihoods : dict of str to str
    """

    model_config = ConfigDict(
        extra="forbid", frozen=True, arbitrary_types_allowed=True, allow_inf_nan=False
    )

    priors: str | None = Field(None, description="the name of a set of priors")
    parameters: dict[str, float | tuple[float, float] | Prior | LogUniform | Fixed] = Field(
        {}, description="a number, two bounds, or {bounds, mean, sigma} by parameter"
    )
    days: Literal["one_year", "three_years"] | None = Field(
        None, description='"one_year" or "three_years"'
    )
    constraints: str | Table | Soft | None = Field(
        None, description="the name of a set of constraints, or none"
    )
    without: tuple[str, ...] = Field((), description="a list of rules, or patterns of names")
    only: tuple[str, ...] = Field((), description="a list of rules, or patterns of names")
    soft: PositiveFloat | None = Field(None, description="a margin above 0")
    sigma: dict[str, PositiveFloat] = Field({}, description="a factor above 0 by stream")
    sigma_rules: str | None = Field(None, description="the name of rules of uncertainties")
    weather: Annotated[dict[str, float], AfterValidator(_weather)] = Field(
        {},
        description=f"degrees of tmin and tmax, factors above 0 of others of {', '.join(DRIVERS)}",
    )
    streams: tuple[str, ...] | None = Field(None, description="a list of streams")
    drop: tuple[str, ...] = Field((), description="a list of streams")
    solver: str | None = Field(None, description="the name of a solver")
    likelihoods: dict[str, str | Likelihood] = Field({}, description="an error model by stream")

    def applied(self, choices, present):
        """Choices with these changes.

        Parameters
        ----------
        choices : Choices
        present : Dataset
            Units, for the streams that they have.
        """
        changed = {"parameters": self._table(choices.parameters)}
        changed["constraints"] = self._rules(choices.constraints)
        if self.streams is not None or self.drop:
            changed["streams"] = self._streams(choices, present)
        if self.solver is not None:
            changed["solver"] = self.solver
        kept = {**choices.likelihoods, **self.likelihoods}
        streams = changed.get("streams", choices.streams)
        if streams is not None:
            kept = {
                name: model
                for name, model in kept.items()
                if name in streams or name in self.likelihoods
            }
        return choices.replace(**changed, likelihoods=kept)

    def _table(self, table):
        if self.priors is not None:
            if self.priors not in PRIOR_SETS:
                raise KeyError(
                    f"no set of priors {self.priors!r}; there are {', '.join(PRIOR_SETS)}"
                )
            table = PRIOR_SETS[self.priors]
        if self.days == "three_years":
            table = with_three_year_days(table)
        elif self.days == "one_year":
            for name in (name for name in table if table[name].circular):
                table = table.replace(name, bounds=PARAMETERS[name].bounds)
        for name, held in self.parameters.items():
            table = (
                held.into(table, name) if isinstance(held, Prior) else table.replace(**{name: held})
            )
        return table

    def _rules(self, base):
        """Constraints: a set, some of its rules, in the hard or soft form."""
        given = self.constraints if "constraints" in self.model_fields_set else base
        scale, rules = self.soft, given
        if isinstance(given, Soft):
            scale, rules = self.soft or given.scale, given.rules
        rules = None if rules == NONE else rules
        if self.without or self.only:
            rules = rules if isinstance(rules, Table) else EDCS[rules]
            rules = rules.only(*self.only) if self.only else rules
            rules = rules.without(*self.without) if self.without else rules
        if scale is None:
            return rules
        if not (rules if isinstance(rules, Table) else EDCS[rules]):
            raise ValueError("wanted constraints that are soft, got none; leave out soft")
        return Soft(rules, scale)

    def _streams(self, choices, present):
        streams = choices.names_in(present) if self.streams is None else self.streams
        unknown = [name for name in self.drop if name not in streams]
        if unknown:
            raise ValueError(
                f"wanted streams to drop out of {', '.join(streams)}, got {unknown[0]!r}; leave it out"
            )
        return tuple(name for name in streams if name not in self.drop)


def checked_changes(given: Any, where: str) -> Changes:
    """Changes from a mapping, or the sentence that says what is wrong.

    Parameters
    ----------
    given : Changes or mapping
    where : str
        Of the variant, for the message.
    """
    if isinstance(given, Changes):
        return given
    try:
        return Changes.model_validate(given)
    except ValidationError as error:
        raise _fault(error.errors(), where) from error


def _fault(errors, where):
    """Exception in our words; first of all the unknown keys."""
    error = min(errors, key=lambda one: one["type"] != "extra_forbidden")
    known, key = Changes.model_fields, str(error["loc"][0]) if error["loc"] else ""
    if key not in known:
        came = f"key '{key}'" if key else repr(error["input"])
        kind, wanted, do = KeyError, f"changes out of {', '.join(known)}", "correct or remove it"
    else:
        kind = TypeError if error["type"].endswith("_type") else ValueError
        wanted, came, do = known[key].description, repr(error["input"]), f"correct '{key}'"
    return kind(sentence("variants", wanted=wanted, came=came, where=where, do=do))

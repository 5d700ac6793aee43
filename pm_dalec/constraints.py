"""Ecological and dynamical constraints (EDCs) as objects with a margin.

A margin is a logarithmic slack: positive or zero where the rule holds, negative where it fails; NaN
holds, as in CARDAMOM. From it follow the hard potential, a soft one, the start-up score, pass rates and
the report. Bloom and Williams (2015); MODEL, section 9. Pure functions, ``xp`` is the array module.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import log
from typing import Literal, NamedTuple

from pm_dalec.physics.step import allocation
from pm_dalec.tables.parameters import PARAMETERS
from pm_dalec.tables.table import Table
from pm_dalec.tables.variables import GAINS, HARVESTED, LOSSES, POOLS

PENALTY = -5.0  # of one failed rule in the search for a start
SMALLEST = 5e-324


class Windows(NamedTuple):
    """Steps over which inputs and outputs of pools are compared."""

    first_year: slice
    second_year: slice
    steady: slice


class Case(NamedTuple):
    """What a rule may look at."""

    theta: object
    mean_temperature: object  # degC, over all steps
    pools: object = None  # N + 1 values along the first axis
    fluxes: object = None  # N values along the first axis
    step_days: object = None  # d
    windows: Windows | None = None


@dataclass(frozen=True)
class Constraint:
    """One rule.

    Parameters
    ----------
    name : str
    inequality : str
        What must hold.
    level : {"parameter", "trajectory"}
        Whether it can be told before the model is run.
    source : str
        Key of `pm_dalec.tables.sources.SOURCES`.
    number : int
        Position in the Fortran's list, used to read reference files and for nothing else.
    margin : callable
        ``(case, xp) -> array``, the logarithmic slack [1].
    """

    name: str
    inequality: str
    level: Literal["parameter", "trajectory"]
    source: str
    number: int
    margin: Callable


def windows(step_days):
    """First year, second year and all steps after them (all steps in runs below three years).

    Parameters
    ----------
    step_days : sequence of float [d]

    Raises
    ------
    ValueError
        If the run is shorter than half a year.
    """
    count, total = len(step_days), float(sum(step_days))
    years = int(total / 365.25 + 0.5)
    if years == 0:
        raise ValueError(
            f"ecological constraints compare years and want a run of at least half a year, got "
            f"{total:g} days in {count} steps; use a longer series or constraints=None"
        )
    year = count // years
    # CARDAMOM: a run of one year would read beyond its second year; here that window is empty
    steady = slice(2 * year, None) if years >= 3 else slice(0, None)
    return Windows(slice(0, year), slice(year, 2 * year), steady)


def _within(ratio_log, limit, xp):
    return limit - xp.abs(ratio_log)


def _som_slower_than_litter(case, xp):
    return xp.log(case.theta.litter_mineralisation_rate / case.theta.som_mineralisation_rate)


def _litter_faster_than_som(case, xp):
    return xp.log(case.theta.litter_to_som_rate / case.theta.som_mineralisation_rate)


def _wood_outlives_leaves(case, xp):
    return -xp.log(case.theta.wood_turnover_rate * 365.25 * case.theta.leaf_lifespan)


def _roots_faster_than_som(case, xp):
    warm = case.theta.temperature_exponent * case.mean_temperature
    return xp.log(case.theta.root_turnover_rate / case.theta.som_mineralisation_rate) - warm


def _leaves_balance_roots(case, xp):
    share = allocation(case.theta)
    return _within(xp.log((share.foliage + share.labile) / share.roots), log(5), xp)


def _initial_below_bound(case, xp):
    slack = None
    for pool in POOLS:
        largest = PARAMETERS[f"initial_{pool}"].bounds[1]
        room = xp.log(largest / getattr(case.theta, f"initial_{pool}"))
        slack = room if slack is None else xp.minimum(slack, room)
    return slack


def _foliage_matches_roots(case, xp):
    foliage, roots = case.pools.foliage.mean(axis=0), case.pools.roots.mean(axis=0)
    slack = _within(xp.log(foliage / roots), log(5), xp)
    # the rule compares pools, not logarithms: a negative mean fails it although its logarithm is NaN
    broken = (foliage > 5 * roots) | (5 * foliage < roots)
    return xp.where(broken & ~(slack < 0), float("-inf"), slack)


def _photosynthesis_happens(case, xp):
    return xp.log(case.fluxes.gpp.max(axis=0)) - log(SMALLEST)


def _total(case, names, window):
    """Carbon moved by these fluxes over a window [g m-2]."""
    days = case.step_days[window]
    return sum((getattr(case.fluxes, name)[window] * days).sum(axis=0) for name in names)


def imbalance(case, pool, window, xp, *, count_harvest=False):
    """Absolute logarithm of inputs over outputs of a pool in a window [1]."""
    harvested = (f"{pool}_harvest",) if count_harvest and pool in HARVESTED else ()
    gained = _total(case, GAINS[pool], window)
    lost = _total(case, (*LOSSES[pool], *harvested), window)
    return xp.abs(xp.log(gained / lost))


def _near_steady(pool, limit, count_harvest):
    def margin(case, xp):
        window = case.windows.steady
        return limit - imbalance(case, pool, window, xp, count_harvest=count_harvest)

    return margin


def _slow_change(pool, limit, two_sided, count_harvest):
    def margin(case, xp):
        first = imbalance(case, pool, case.windows.first_year, xp, count_harvest=count_harvest)
        second = imbalance(case, pool, case.windows.second_year, xp, count_harvest=count_harvest)
        change = first - second
        return limit - (xp.abs(change) if two_sided else change)

    return margin


def _never_negative(pool):
    def margin(case, xp):
        series = getattr(case.pools, pool)
        least = series.min(axis=0)
        slack = xp.where(least >= 0, xp.log1p(xp.abs(least)), -xp.log1p(xp.abs(least)))
        # a pool that is once NaN stays so; unlike the other rules this one fails then
        return xp.where(xp.isnan(series[-1]) | xp.isnan(least), float("-inf"), slack)

    return margin


def _rule(number, name, inequality, margin, level="trajectory"):
    return Constraint(name, inequality, level, "bloom2015", number, margin)


def _rules(*, wood_limit, change_limit, two_sided, count_harvest):
    """Rules of one era of CARDAMOM."""
    balances, changes = [], []
    for position, pool in enumerate(POOLS):
        limit = wood_limit if pool == "wood" else 2
        balances.append(
            _rule(
                13 + position,
                f"steady_{pool}",
                f"|ln(inputs/outputs of {pool})| <= ln {limit:g} after the second year",
                _near_steady(pool, log(limit), count_harvest),
            )
        )
        change = "|ln(in/out)| of year one and year two differ by" if two_sided else (
            "|ln(in/out)| of year one exceeds that of year two by"
        )  # fmt: skip
        changes.append(
            _rule(
                20 + position,
                f"slow_change_{pool}",
                f"{change} <= {change_limit:g} for {pool}",
                _slow_change(pool, change_limit, two_sided, count_harvest),
            )
        )
    return Table("constraint", (*_PARAMETER_RULES, *_SHAPE_RULES[:1], *balances, *changes,
                                *_SHAPE_RULES[1:]))  # fmt: skip


_PARAMETER_RULES = (
    _rule(1, "som_slower_than_litter", "SOM mineralisation <= litter mineralisation",
          _som_slower_than_litter, "parameter"),
    _rule(2, "litter_to_som_faster_than_som", "litter to SOM rate >= SOM mineralisation",
          _litter_faster_than_som, "parameter"),
    _rule(3, "wood_outlives_leaves", "wood turnover <= 1/(365.25 leaf lifespan)",
          _wood_outlives_leaves, "parameter"),
    _rule(4, "roots_faster_than_som", "root turnover >= SOM mineralisation at mean temperature",
          _roots_faster_than_som, "parameter"),
    _rule(5, "leaves_balance_roots", "allocation to leaves and labile within 5 of that to roots",
          _leaves_balance_roots, "parameter"),
    _rule(36, "initial_below_bound", "initial pools <= their upper bounds",
          _initial_below_bound, "parameter"),
)  # fmt: skip

_SHAPE_RULES = (
    _rule(6, "foliage_matches_roots", "mean foliage within a factor 5 of mean roots",
          _foliage_matches_roots),
    _rule(35, "photosynthesis_happens", "largest GPP > 0", _photosynthesis_happens),
    *(_rule(37 + position, f"{pool}_never_negative", f"{pool} >= 0 and finite in every step",
            _never_negative(pool)) for position, pool in enumerate(POOLS)),
)  # fmt: skip


class Sets(dict):
    """Sets of rules by name; a `KeyError` lists the names."""

    def __missing__(self, name):
        """Answer an unknown name with those that exist."""
        raise KeyError(f"no set of constraints {name!r}; there are {', '.join(map(repr, self))}")


NO_CONSTRAINTS = Table("constraint", ())
EDCS = Sets(
    {
        "edinburgh2021": _rules(
            wood_limit=5, change_limit=0.30, two_sided=False, count_harvest=False
        ),
        "edinburgh2024": _rules(
            wood_limit=2, change_limit=0.05, two_sided=True, count_harvest=True
        ),
        None: NO_CONSTRAINTS,
    }
)

# fluxes that rules look at
WATCHED = (
    "gpp",
    *dict.fromkeys(name for part in (*GAINS.values(), *LOSSES.values()) for name in part),
    *(f"{pool}_harvest" for pool in HARVESTED),
)


def margins(constraints, case, xp):
    """Margin of every rule of a table, by name."""
    return {rule.name: rule.margin(case, xp) for rule in constraints.values()}


def holds(margin):
    """Whether a rule holds: its margin is not negative. NaN holds, as in CARDAMOM."""
    return ~(margin < 0)


def hard(margin_values, xp):
    """Log-probability of the rules: zero where all hold, minus infinity elsewhere."""
    total = 0.0
    for margin in margin_values:
        total = total + xp.where(margin < 0, float("-inf"), 0.0)
    return total


def soft(margin_values, xp, *, scale=0.05):
    """Smooth stand-in for `hard`, for samplers that need gradients: a sum of log-sigmoids.

    The posterior differs from the one under `hard`; state it where it is used.

    Parameters
    ----------
    scale : float
        Margin over which a rule fades in.
    """
    total = 0.0
    for margin in margin_values:
        faded = -xp.logaddexp(0.0, -margin / scale)
        total = total + xp.where(xp.isnan(margin), 0.0, faded)  # NaN holds, as in the hard form
    return total


def shortfall(margin_values, xp):
    """How far the rules are from holding: the sum of what failing ones lack, each at most 100 [1]."""
    total = 0.0
    for margin in margin_values:
        total = total + xp.where(margin < 0, xp.minimum(-margin, 100.0), 0.0)
    return total


def start_score(margin_values, xp):
    """Score of the start-up search: -5 for every rule that fails."""
    return sum(xp.where(margin < 0, PENALTY, 0.0) for margin in margin_values)

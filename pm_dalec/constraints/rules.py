"""Every rule of the ecological constraints as a margin: the logarithmic slack, positive where it holds."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import log
from typing import Literal

from pm_dalec.constraints.case import Case, within
from pm_dalec.physics.step import allocation
from pm_dalec.tables.constants import DAYS_PER_YEAR
from pm_dalec.tables.kinds import Array, ArrayModule
from pm_dalec.tables.parameters import PARAMETERS
from pm_dalec.tables.variables import GAINS, HARVESTED, LOSSES, POOLS

SMALLEST = 5e-324

type Margin = Callable[[Case, ArrayModule], Array]
type Level = Literal["parameter", "trajectory"]


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
        Key of `pm_dalec.tables.SOURCES`.
    number : int
        Position in the Fortran's list, used to read reference files and for nothing else.
    margin : callable
        ``(case, xp) -> array``, the logarithmic slack [1].
    """

    name: str
    inequality: str
    level: Level
    source: str
    number: int
    margin: Margin


def som_slower_than_litter(case: Case, xp: ArrayModule) -> Array:
    """Logarithm of the turnover of litter over that of soil organic matter [1]."""
    return xp.log(case.theta.litter_mineralisation_rate / case.theta.som_mineralisation_rate)


def litter_faster_than_som(case: Case, xp: ArrayModule) -> Array:
    """Logarithm of the rate from litter to soil over the turnover of soil organic matter [1]."""
    return xp.log(case.theta.litter_to_som_rate / case.theta.som_mineralisation_rate)


def wood_outlives_leaves(case: Case, xp: ArrayModule) -> Array:
    """Logarithm of the lifespan of wood over that of leaves [1]."""
    return -xp.log(case.theta.wood_turnover_rate * DAYS_PER_YEAR * case.theta.leaf_lifespan)


def roots_faster_than_som(case: Case, xp: ArrayModule) -> Array:
    """Logarithm of the turnover of roots over that of soil at mean temperature [1]."""
    warm = case.theta.temperature_exponent * case.mean_temperature
    return xp.log(case.theta.root_turnover_rate / case.theta.som_mineralisation_rate) - warm


def leaves_balance_roots(case: Case, xp: ArrayModule) -> Array:
    """Slack of the allocation to leaves and labile, within a factor 5 of that to roots [1]."""
    share = allocation(case.theta)
    return within(xp.log((share.foliage + share.labile) / share.roots), log(5), xp)


def initial_below_bound(case: Case, xp: ArrayModule) -> Array:
    """Least logarithm of the upper bound of an initial pool over its value [1]."""
    slack = None
    for pool in POOLS:
        largest = PARAMETERS[f"initial_{pool}"].bounds[1]
        room = xp.log(largest / getattr(case.theta, f"initial_{pool}"))
        slack = room if slack is None else xp.minimum(slack, room)
    return slack


def foliage_matches_roots(case: Case, xp: ArrayModule) -> Array:
    """Slack of mean foliage, within a factor 5 of mean roots [1]."""
    foliage, roots = case.pools.foliage.mean(axis=0), case.pools.roots.mean(axis=0)
    slack = within(xp.log(foliage / roots), log(5), xp)
    # the rule compares pools, not logarithms: a negative mean fails it although its logarithm is NaN
    broken = (foliage > 5 * roots) | (5 * foliage < roots)
    return xp.where(broken & ~(slack < 0), float("-inf"), slack)


def photosynthesis_happens(case: Case, xp: ArrayModule) -> Array:
    """Logarithm of the largest GPP over the smallest number above zero [1]."""
    return xp.log(case.fluxes.gpp.max(axis=0)) - log(SMALLEST)


def _total(case: Case, names: Iterable[str], window: slice) -> Array:
    """Carbon moved by these fluxes over a window [g m-2]."""
    days = case.step_days[window]
    return sum((getattr(case.fluxes, name)[window] * days).sum(axis=0) for name in names)


def imbalance(
    case: Case, pool: str, window: slice, xp: ArrayModule, *, count_harvest: bool = False
) -> Array:
    """Absolute logarithm of inputs over outputs of a pool in a window [1]."""
    harvested = (f"{pool}_harvest",) if count_harvest and pool in HARVESTED else ()
    gained = _total(case, GAINS[pool], window)
    lost = _total(case, (*LOSSES[pool], *harvested), window)
    return xp.abs(xp.log(gained / lost))


def near_steady(pool: str, limit: float, count_harvest: bool) -> Margin:
    """Rule: inputs and outputs of a pool differ by at most ``limit`` after the second year."""

    def margin(case: Case, xp: ArrayModule) -> Array:
        window = case.windows.steady
        return limit - imbalance(case, pool, window, xp, count_harvest=count_harvest)

    return margin


def slow_change(pool: str, limit: float, two_sided: bool, count_harvest: bool) -> Margin:
    """Rule: the imbalance of a pool changes by at most ``limit`` from year one to year two."""

    def margin(case: Case, xp: ArrayModule) -> Array:
        first = imbalance(case, pool, case.windows.first_year, xp, count_harvest=count_harvest)
        if case.windows.second_year.start == case.windows.second_year.stop:
            return xp.zeros_like(first) + limit  # nothing to judge in a run of one year
        second = imbalance(case, pool, case.windows.second_year, xp, count_harvest=count_harvest)
        change = first - second
        return limit - (xp.abs(change) if two_sided else change)

    return margin


def never_negative(pool: str) -> Margin:
    """Rule: a pool stays at or above zero, and finite, in every step."""

    def margin(case: Case, xp: ArrayModule) -> Array:
        series = getattr(case.pools, pool)
        least = series.min(axis=0)
        slack = xp.where(least >= 0, xp.log1p(xp.abs(least)), -xp.log1p(xp.abs(least)))
        # a pool that is once NaN stays so; unlike the other rules this one fails then
        return xp.where(xp.isnan(series[-1]) | xp.isnan(least), float("-inf"), slack)

    return margin

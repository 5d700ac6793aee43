"""Every rule of the ecological constraints as a margin: the logarithmic slack, positive where it holds."""

from collections.abc import Callable
from dataclasses import dataclass
from math import log
from typing import Literal

from pm_dalec.constraints.case import within
from pm_dalec.physics.step import allocation
from pm_dalec.tables.parameters import PARAMETERS
from pm_dalec.tables.variables import GAINS, HARVESTED, LOSSES, POOLS

SMALLEST = 5e-324


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


def som_slower_than_litter(case, xp):
    return xp.log(case.theta.litter_mineralisation_rate / case.theta.som_mineralisation_rate)


def litter_faster_than_som(case, xp):
    return xp.log(case.theta.litter_to_som_rate / case.theta.som_mineralisation_rate)


def wood_outlives_leaves(case, xp):
    return -xp.log(case.theta.wood_turnover_rate * 365.25 * case.theta.leaf_lifespan)


def roots_faster_than_som(case, xp):
    warm = case.theta.temperature_exponent * case.mean_temperature
    return xp.log(case.theta.root_turnover_rate / case.theta.som_mineralisation_rate) - warm


def leaves_balance_roots(case, xp):
    share = allocation(case.theta)
    return within(xp.log((share.foliage + share.labile) / share.roots), log(5), xp)


def initial_below_bound(case, xp):
    slack = None
    for pool in POOLS:
        largest = PARAMETERS[f"initial_{pool}"].bounds[1]
        room = xp.log(largest / getattr(case.theta, f"initial_{pool}"))
        slack = room if slack is None else xp.minimum(slack, room)
    return slack


def foliage_matches_roots(case, xp):
    foliage, roots = case.pools.foliage.mean(axis=0), case.pools.roots.mean(axis=0)
    slack = within(xp.log(foliage / roots), log(5), xp)
    # the rule compares pools, not logarithms: a negative mean fails it although its logarithm is NaN
    broken = (foliage > 5 * roots) | (5 * foliage < roots)
    return xp.where(broken & ~(slack < 0), float("-inf"), slack)


def photosynthesis_happens(case, xp):
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


def near_steady(pool, limit, count_harvest):
    def margin(case, xp):
        window = case.windows.steady
        return limit - imbalance(case, pool, window, xp, count_harvest=count_harvest)

    return margin


def slow_change(pool, limit, two_sided, count_harvest):
    def margin(case, xp):
        first = imbalance(case, pool, case.windows.first_year, xp, count_harvest=count_harvest)
        second = imbalance(case, pool, case.windows.second_year, xp, count_harvest=count_harvest)
        change = first - second
        return limit - (xp.abs(change) if two_sided else change)

    return margin


def never_negative(pool):
    def margin(case, xp):
        series = getattr(case.pools, pool)
        least = series.min(axis=0)
        slack = xp.where(least >= 0, xp.log1p(xp.abs(least)), -xp.log1p(xp.abs(least)))
        # a pool that is once NaN stays so; unlike the other rules this one fails then
        return xp.where(xp.isnan(series[-1]) | xp.isnan(least), float("-inf"), slack)

    return margin

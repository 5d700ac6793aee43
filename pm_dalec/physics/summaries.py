"""Scalar summaries of a run: means of fluxes, changes of stocks, residence times."""

import numpy as np

from pm_dalec.physics.records import Trajectory
from pm_dalec.tables.constants import DAYS_PER_YEAR
from pm_dalec.tables.kinds import Array
from pm_dalec.tables.variables import DEAD, GAINS, HARVESTED, LIVE, LOSSES, POOLS


def residence_time(run: Trajectory, pool: str) -> Array:
    """Mean residence time of a pool [yr], with harvest and fire (PAPER, M13).

    Parameters
    ----------
    run : Trajectory
        Arrays with time in front.
    pool : str

    Notes
    -----
    ``1 / (365.25 mean(sum of outputs / pool))``, the pool at the start of the step.
    """
    names = (*LOSSES[pool], *((f"{pool}_harvest",) if pool in HARVESTED else ()))
    lost = sum(getattr(run.fluxes, name) for name in names)
    with np.errstate(all="ignore"):
        return 1 / (DAYS_PER_YEAR * (lost / getattr(run.pools, pool)[:-1]).mean(axis=0))


def summarised(run: Trajectory, step_days: Array) -> dict[str, Array]:
    """Scalar summaries of a run, by name; see `budget`.

    Parameters
    ----------
    run : Trajectory
        NumPy arrays with time in front.
    step_days : array (time,) [d]
    """
    weights = step_days / step_days.sum()

    def mean(series: Array) -> Array:
        return np.tensordot(weights, series, axes=(0, 0))

    found = {
        name: mean(getattr(run.fluxes, name))
        for name in ("gpp", "reco", "nee", "harvest", "fire", "lai")
    }
    found["mean_wood"] = run.pools.wood.mean(axis=0)
    for name, pools in (("change_live", LIVE), ("change_dead", DEAD)):
        stocks = [getattr(run.pools, pool) for pool in pools]
        found[name] = sum(stock[-1] - stock[0] for stock in stocks)
    for pool in POOLS:
        found[f"residence_{pool}"] = residence_time(run, pool)
    found["npp"] = found["gpp"] - mean(run.fluxes.autotrophic_respiration)
    with np.errstate(all="ignore"):
        for pool in ("foliage", "labile", "roots", "wood"):
            gained = mean(getattr(run.fluxes, GAINS[pool][0]))
            found[f"npp_{pool}_fraction"] = gained / found["npp"]
    return found


def quantities_of(run: Trajectory, step_days: Array) -> dict[str, Array]:
    """Every quantity of `pm_dalec.tables.QUANTITIES` of a run, by name.

    Parameters
    ----------
    run : Trajectory
        NumPy arrays with time in front.
    step_days : array (time,) [d]
    """
    found = summarised(run, step_days)
    found["stock"] = sum(
        getattr(run.pools, pool).mean(axis=0) for pool in ("labile", "foliage", "wood")
    )
    found["npp_wood"] = np.tensordot(
        step_days / step_days.sum(), run.fluxes.npp_to_wood, axes=(0, 0)
    )
    return found

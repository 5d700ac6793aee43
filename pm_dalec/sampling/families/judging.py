"""What draws of another family say of their convergence, by the statistics of the default sampler."""

from pm_dalec.posterior.chain_statistics import chain_statistics, comparable
from pm_dalec.posterior.convergence import TAIL_FOR_BULK
from pm_dalec.sampling.target import natural


def judge(state, target, drawn, settings):
    """Note in the state of a unit how far its draws agree.

    Parameters
    ----------
    state : UnitState
        Its ``phase`` becomes converged, or budget.
    target : Target
    drawn : array (draw, chain, parameter + 1)
        In the unit interval.
    settings : Settings
        With the limits.
    """
    values = natural(target, drawn[..., :-1].swapaxes(0, 1)).items()
    found = [chain_statistics(comparable(name, value)) for name, value in values]
    rhats, bulk, tail = zip(*found, strict=True)
    state.worst_rhat = float(max(rhats))
    state.least_ess, state.least_tail = float(min(bulk)), float(min(tail))
    enough = state.least_ess > settings.ess and state.least_tail > settings.ess / TAIL_FOR_BULK
    good = state.worst_rhat < settings.rhat and enough
    state.phase = "converged" if good else "budget"

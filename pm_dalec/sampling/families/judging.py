"""What draws of another family say of their convergence, by the statistics of the default sampler."""

from pm_dalec.sampling.unit import comparable_draws, good, judge


def end(state, target, drawn, settings):
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
    judge(state, comparable_draws(target, drawn))
    state.phase = "converged" if good(state, settings) else "budget"

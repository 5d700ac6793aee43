"""What a unit keeps of the states that it passes: its draws, and the archive that proposals are made from."""

import numpy as np

from pm_dalec.sampling.kernels.surrogate import PLACES, fit_surrogate
from pm_dalec.sampling.state import ARCHIVE, WINDOW

COMPONENTS = PLACES  # of a surrogate
STATES_A_COMPONENT = 500  # at least
MOST_FAVOURED = 3.0  # chance of a slow parameter to be a pivot, relative to the usual one


def evenly(values, most):
    """Values, or as many of them as are wanted at most, evenly spaced along the first axis."""
    count = min(most, len(values))
    return values[np.linspace(0, len(values) - 1, count).round().astype(int)] if count else values


def store(state, recorded):
    """Store states as draws; where there is no room left, every other one goes.

    Parameters
    ----------
    state : UnitState
    recorded : array (record, lane, parameter + 1)
    """
    if state.kept + len(recorded) > len(state.stored):
        thinner = state.stored[1 : state.kept : 2].copy()
        state.kept, state.thinning = len(thinner), 2 * state.thinning
        state.stored[: state.kept] = thinner
        if state.thinning <= WINDOW:
            recorded = recorded[1::2]
        elif state.in_round % state.thinning:
            recorded = recorded[:0]
    state.stored[state.kept : state.kept + len(recorded)] = recorded
    state.kept += len(recorded)


def remember(state, vectors):
    """Add vectors to the archive, the oldest making room.

    Parameters
    ----------
    state : UnitState
    vectors : array (vector, parameter)
    """
    for vector in vectors:
        state.archive[state.next_place] = vector
        state.next_place = (state.next_place + 1) % ARCHIVE
        state.filled = min(state.filled + 1, ARCHIVE)


def renew_surrogate(state, components=COMPONENTS):
    """Fit the surrogate to the archive.

    Parameters
    ----------
    state : UnitState
    components : int
        Of the mixture at most; fewer where the archive is small.
    """
    components = max(1, min(components, state.filled // STATES_A_COMPONENT))
    state.surrogate = fit_surrogate(state.archive[: state.filled], components)


def learn(state, sizes):
    """Make the draws of a round the archive of the next, and favour parameters that were slow.

    Parameters
    ----------
    state : UnitState
    sizes : array (parameter,)
        Bulk effective sample sizes of the round.
    """
    passed = state.stored[: state.kept, :, :-1].reshape(-1, state.position.shape[0])
    part = evenly(passed, ARCHIVE)
    state.archive[: len(part)] = part
    state.filled, state.next_place = len(part), len(part) % ARCHIVE
    state.archive_ess = state.least_ess
    renew_surrogate(state)
    slowness = sizes**-0.7
    favour = np.clip(slowness / slowness.mean(), 1 / MOST_FAVOURED, MOST_FAVOURED)
    state.pivots = np.cumsum(favour) / favour.sum()
    state.finished_round = state.stored[: state.kept].copy()


def rescue(state):
    """Put lanes that are stuck far below the others to where the best lane is (Vrugt et al. 2009).

    Only between rounds; the draws made before are not part of the result.

    Parameters
    ----------
    state : UnitState
    """
    half = state.stored[state.kept // 2 : state.kept, :, -1]
    if len(half) == 0:
        return
    level = half.mean(axis=0)
    low, high = np.percentile(level, [25, 75])
    stuck = level < low - 2 * max(high - low, 1.0)
    best = int(np.argmax(level))
    for lane in np.flatnonzero(stuck):
        state.position[:, lane] = state.position[:, best]
        state.logp[lane] = state.logp[best]
        state.moved_lanes += 1

"""Lanes as the kernels see them: where each is, where it is asked to go, and what is kept of it."""

from typing import NamedTuple

import numpy as np

from pm_dalec.lanes.call import Call
from pm_dalec.lanes.kept_code import kernel


class Lanes(NamedTuple):
    """States of some lanes, and their proposals.

    Parameters
    ----------
    position : array (parameter, padded lane)
        Present states in the unit interval; lanes are filled up to whole blocks.
    proposal : array (parameter, padded lane)
        Where a proposal is written, and the target evaluated.
    logp : array (lane,)
        Log-probability of the present states, or whatever else they are judged by.
    streams : array (lane, 4) of uint64
        Random streams.
    """

    position: np.ndarray
    proposal: np.ndarray
    logp: np.ndarray
    streams: np.ndarray


class Calls(NamedTuple):
    """What is evaluated for the proposals of the default sampler.

    Parameters
    ----------
    target : Call
        Its first result is the log-probability.
    early : Call
        Minus infinity where a rule that needs no run of the model fails; address zero without such rules.
    """

    target: Call
    early: Call


class Record(NamedTuple):
    """What is kept of the proposals of some lanes.

    Parameters
    ----------
    every : int
        Proposals of each lane for one recorded state.
    states : array (record, lane, parameter + 1)
        Filled with positions and log-probabilities; its length says how many proposals are made.
    accepted : array (lane,) of int
        Increased by the proposals that were accepted.
    evaluated : array (lane,) of int
        Increased by the proposals for which the model was run.
    """

    every: int
    states: np.ndarray
    accepted: np.ndarray
    evaluated: np.ndarray


@kernel()
def inside(lanes, lane):
    """Whether a lane's proposal lies inside the open unit cube."""
    for row in range(lanes.proposal.shape[0]):
        if not 0.0 < lanes.proposal[row, lane] < 1.0:
            return False
    return True


@kernel()
def stay(lanes, lane):
    """Put a lane's proposal back where it was: what must not be run is not."""
    for row in range(lanes.position.shape[0]):
        lanes.proposal[row, lane] = lanes.position[row, lane]


@kernel()
def go(lanes, lane, logp):
    """Take a lane to its proposal, which has the log-probability given."""
    lanes.logp[lane] = logp
    for row in range(lanes.position.shape[0]):
        lanes.position[row, lane] = lanes.proposal[row, lane]


@kernel()
def note(record, made, lanes, lane):
    """Record a lane's state where it is due.

    Parameters
    ----------
    record : Record
    made : int
        Proposals of the lane so far.
    lanes : Lanes
    lane : int
    """
    if made % record.every == 0:
        size = lanes.position.shape[0]
        place = made // record.every - 1
        for row in range(size):
            record.states[place, lane, row] = lanes.position[row, lane]
        record.states[place, lane, size] = lanes.logp[lane]

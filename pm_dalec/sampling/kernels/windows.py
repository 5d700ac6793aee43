"""Adaptive Metropolis over lanes: pure kernels, compiled once for every model.

Two samplers share `accept` and the random streams of `pm_dalec.sampling.kernels.streams`; both walk in CARDAMOM's unit
interval and leave a target alone that is flat outside it.

``edinburgh2021`` is CARDAMOM's AP-MCMC (MODEL, section 11): every proposal is the SUM of a step with the
lane's own covariance, scaled by ``2.38**2/n`` on the Cholesky factor, and a small isotropic one.

``lanes`` is the default. Lanes of a unit share an archive of past states and a smooth likeness of the
posterior fitted to it (`pm_dalec.sampling.kernels.surrogate`), which only change while tuning and between rounds;
otherwise both are frozen, every move is reversible, and the lanes are independent Markov chains. The
moves are in `pm_dalec.sampling.kernels.proposals`. The model is run only where nothing cheaper has decided: not outside the
unit cube, not where a rule of the parameters alone fails, not where the likeness advises against it.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from pm_dalec.lanes.call import evaluate
from pm_dalec.sampling.kernels.acceptance import LOGP, accept, stay
from pm_dalec.sampling.kernels.proposals import propose_lanes
from pm_dalec.sampling.kernels.walk import enter, move


class Tally(NamedTuple):
    """What is counted of each lane.

    Parameters
    ----------
    accepted : array (lane,) of int
        Proposals that were accepted.
    evaluated : array (lane,) of int
        Proposals for which the model was run.
    """

    accepted: np.ndarray
    evaluated: np.ndarray


@njit(cache=True, nogil=True)
def _note(recorded, made, record, lane, position, logp):
    """Record a lane's state where it is due."""
    if made % record == 0:
        size = position.shape[0]
        for row in range(size):
            recorded[made // record - 1, lane, row] = position[row, lane]
        recorded[made // record - 1, lane, size] = logp[lane]


@njit(cache=True, nogil=True)
def _until_runs(
    early, block, lanes, position, logp, streams, walk, guide, count, made, log_ratio, record,
    recorded, rows, memory, noise,
):  # fmt: skip
    """Propose in every lane of a block until a run is needed or all its proposals are made."""
    begin, end = lanes
    log_ratio[:] = np.nan
    while True:
        fresh = False
        for lane in range(begin, end):
            place = lane - begin
            while np.isnan(log_ratio[place]) and made[place] < count:
                made[place] += 1
                log_ratio[place] = propose_lanes(
                    streams[lane], lane, position, rows, walk, guide, memory, noise
                )
                if np.isnan(log_ratio[place]):
                    _note(recorded, made[place], record, lane, position, logp)
                else:
                    fresh = True
        if not fresh or early.address == 0:
            return
        evaluate(early, rows, block, block + 1)
        for lane in range(begin, end):
            place = lane - begin
            if not np.isnan(log_ratio[place]) and early.out[block, 0, place] == -np.inf:
                log_ratio[place] = np.nan
                stay(rows, position, lane)
                _note(recorded, made[place], record, lane, position, logp)


@njit(cache=True, nogil=True)
def lanes_window(
    call,
    early,
    first,
    last,
    position,
    logp,
    streams,
    walk,
    guide,
    count,
    record,
    recorded,
    tally,
    rows,
):
    """Run some proposals of the default sampler for lanes of one unit, block by block.

    A lane whose proposal is rejected before the model is run proposes again at once; it only waits for
    the others of its block where a run is needed. Every lane makes the same number of proposals.

    Parameters
    ----------
    call : Call
        The target.
    early : Call
        Minus infinity where a rule that needs no run of the model fails; address zero without such rules.
    first, last : int
        Blocks of lanes to run.
    position : array (parameter, padded lane)
    logp : array (lane,)
    streams : array (lane, 4)
    walk : Walk
    guide : Guide
    count : int
        Proposals.
    record : int
        Every how many proposals the state is recorded.
    recorded : array (count // record, lane, parameter + 1)
        Filled with positions and log-probabilities.
    tally : Tally
        Increased.
    rows : array (parameter, padded lane)
        Working memory.
    """
    width, size = call.out.shape[2], position.shape[0]
    memory, noise = np.empty((size, size)), np.empty(size)
    log_ratio, made = np.empty(width), np.empty(width, np.int64)
    for block in range(first, last):
        begin, end = block * width, min((block + 1) * width, logp.size)
        for lane in range(begin, end):
            enter(walk, lane, position, guide.surrogate)
        made[:] = 0
        while True:
            _until_runs(
                early, block, (begin, end), position, logp, streams, walk, guide, count, made,
                log_ratio, record, recorded, rows, memory, noise,
            )  # fmt: skip
            if np.isnan(log_ratio).all():
                break
            evaluate(call, rows, block, block + 1)
            for lane in range(begin, end):
                place = lane - begin
                if np.isnan(log_ratio[place]):
                    continue
                tally.evaluated[lane] += 1
                proposed = call.out[block, LOGP, place]
                if accept(streams[lane], proposed, logp[lane], log_ratio[place]):
                    logp[lane] = proposed
                    tally.accepted[lane] += 1
                    move(walk, lane, guide.surrogate)
                    for row in range(size):
                        position[row, lane] = rows[row, lane]
                _note(recorded, made[place], record, lane, position, logp)

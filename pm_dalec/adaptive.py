"""Adaptive Metropolis over lanes: pure kernels, compiled once for every model.

Two samplers share `accept` and the random streams of `pm_dalec.lane_random`; both walk in CARDAMOM's unit
interval and leave a target alone that is flat outside it.

``edinburgh2021`` is CARDAMOM's AP-MCMC (MODEL, section 11): every proposal is the SUM of a step with the
lane's own covariance, scaled by ``2.38**2/n`` on the Cholesky factor, and a small isotropic one.

``lanes`` is the default. Lanes of a unit share an archive of past states and a smooth likeness of the
posterior fitted to it (`pm_dalec.surrogate`), which only change while tuning and between rounds;
otherwise both are frozen, every move is reversible, and the lanes are independent Markov chains. The
moves are in `pm_dalec.moves`. The model is run only where nothing cheaper has decided: not outside the
unit cube, not where a rule of the parameters alone fails, not where the likeness advises against it.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from pm_dalec.lane_random import normals, uniform
from pm_dalec.lanes.call import evaluate
from pm_dalec.moves import propose_lanes, stay
from pm_dalec.surrogate import enter, move

LOGP, VIOLATION, SCALED_LOGP, SCORE = 0, 1, 2, 3  # results of a lane function, in this order
SMALL_STEP = 0.001  # of the isotropic proposal in the unit interval
MULTIVARIATE_WEIGHT = 0.95
EDINBURGH_SCALE = 5.670132  # divided by the number of parameters


@njit(cache=True, nogil=True)
def accept(stream, proposed, current, log_ratio):
    """Whether a proposal is accepted (Metropolis-Hastings); NaN never is.

    Parameters
    ----------
    stream : array (4,) of uint64
        Changed.
    proposed, current : float
        Log-probabilities.
    log_ratio : float
        Logarithm of the reverse over the forward proposal density.
    """
    return np.log(uniform(stream)) < proposed - current + log_ratio


def results_at(call, position, rows, result, lanes):
    """One result of a lane function at some positions (lane,).

    Parameters
    ----------
    call : Call
    position : array (parameter, padded lane)
    rows : array (parameter, padded lane)
        Working memory.
    result : int
    lanes : int
    """
    rows[:] = position
    evaluate(call, rows, 0, call.out.shape[0])
    return call.out[:, result].reshape(-1)[:lanes].copy()


@njit(cache=True, nogil=True)
def inside(rows, lane):
    """Whether a lane's proposal lies inside the open unit cube."""
    for row in range(rows.shape[0]):
        if not 0.0 < rows[row, lane] < 1.0:
            return False
    return True


@njit(cache=True, nogil=True)
def propose_edinburgh(stream, position, lane, rows, factor, established, noise):
    """Proposal of CARDAMOM's AP-MCMC for one lane; see the module.

    Parameters
    ----------
    stream : array (4,) of uint64
    position, rows : array (parameter, lane)
        Current states, and where the proposal is written.
    lane : int
    factor : array (parameter, parameter)
        Lower Cholesky factor of the lane's covariance.
    established : bool
        Whether the covariance may be used.
    noise : array (parameter,)
        Working memory.
    """
    count = position.shape[0]
    small = SMALL_STEP * (1.0 - MULTIVARIATE_WEIGHT) if established else SMALL_STEP
    if established:
        normals(stream, noise)
        scale = MULTIVARIATE_WEIGHT * EDINBURGH_SCALE / count
        for row in range(count):
            total = 0.0
            for column in range(row + 1):
                total += factor[row, column] * noise[column]
            rows[row, lane] = position[row, lane] + scale * total
    else:
        for row in range(count):
            rows[row, lane] = position[row, lane]
    normals(stream, noise)
    for row in range(count):
        rows[row, lane] += small * noise[row]


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


@njit(cache=True, nogil=True)
def edinburgh_window(
    call, position, logp, streams, factors, established, count, result, vectors, accepted, rows
):
    """Run some proposals of ``edinburgh2021`` for all lanes, block by block.

    Parameters
    ----------
    call, position, logp, streams, rows
        As for `lanes_window`.
    factors : array (lane, parameter, parameter)
    established : array (lane,) of bool
    count : int
        Proposals: the length of the adaptation window.
    result : int
        Which result of the lane function is the target.
    vectors : array (lane, count, parameter + 1)
        Filled with the accepted vectors in their order, and their log-probabilities.
    accepted : array (lane,)
        Set to the number of accepted proposals.
    """
    width, size = call.out.shape[2], position.shape[0]
    noise, valid = np.empty(size), np.zeros(logp.size, np.bool_)
    accepted[:] = 0
    for block in range(call.out.shape[0]):
        lanes = range(block * width, min((block + 1) * width, logp.size))
        for _ in range(count):
            for lane in lanes:
                propose_edinburgh(
                    streams[lane], position, lane, rows, factors[lane], established[lane], noise
                )
                valid[lane] = inside(rows, lane)
                if not valid[lane]:
                    stay(rows, position, lane)
            evaluate(call, rows, block, block + 1)
            for lane in lanes:
                proposed = call.out[block, result, lane - block * width]
                drawn = accept(streams[lane], proposed, logp[lane], 0.0)
                if not (drawn and valid[lane]):
                    continue
                logp[lane] = proposed
                for row in range(size):
                    position[row, lane] = rows[row, lane]
                    vectors[lane, accepted[lane], row] = rows[row, lane]
                vectors[lane, accepted[lane], size] = proposed
                accepted[lane] += 1


@njit(cache=True, nogil=True)
def search_window(call, position, violation, streams, count, rows):
    """Walk lanes towards states in which every constraint holds.

    Random subsets of parameters move by steps of random size; a move is kept when it does not break the
    constraints more. Lanes that have arrived stay where they are.

    Parameters
    ----------
    violation : array (lane,)
        Sum of the logarithmic shortfalls of the rules that fail; zero is feasible.
    """
    width, size = call.out.shape[2], position.shape[0]
    noise, valid = np.empty(size), np.zeros(violation.size, np.bool_)
    for block in range(call.out.shape[0]):
        lanes = range(block * width, min((block + 1) * width, violation.size))
        for _ in range(count):
            for lane in lanes:
                stream = streams[lane]
                normals(stream, noise)
                length = np.exp(np.log(0.001) * uniform(stream)) * 0.5
                share = uniform(stream)
                for row in range(size):
                    moves = uniform(stream) < share and violation[lane] > 0
                    step = length * noise[row] if moves else 0.0
                    rows[row, lane] = position[row, lane] + step
                valid[lane] = inside(rows, lane)
                if not valid[lane]:
                    stay(rows, position, lane)
            evaluate(call, rows, block, block + 1)
            for lane in lanes:
                proposed = call.out[block, VIOLATION, lane - block * width]
                if valid[lane] and proposed <= violation[lane]:
                    violation[lane] = proposed
                    for row in range(size):
                        position[row, lane] = rows[row, lane]

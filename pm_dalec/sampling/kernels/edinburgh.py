"""CARDAMOM's adaptive proposal (AP-MCMC, edinburgh2021), many chains at once."""

import numpy as np
from numba import njit

from pm_dalec.lanes.call import evaluate
from pm_dalec.sampling.kernels.acceptance import accept, inside, stay
from pm_dalec.sampling.kernels.streams import normals

SMALL_STEP = 0.001  # of the isotropic proposal in the unit interval
MULTIVARIATE_WEIGHT = 0.95
EDINBURGH_SCALE = 5.670132  # divided by the number of parameters


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

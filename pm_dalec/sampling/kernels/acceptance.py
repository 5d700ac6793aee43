"""Whether a proposal is taken, and what is kept of it."""

import numpy as np
from numba import njit

from pm_dalec.lanes.call import evaluate
from pm_dalec.sampling.kernels.streams import uniform

LOGP, VIOLATION, SCALED_LOGP, SCORE = 0, 1, 2, 3  # results of a lane function, in this order


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
def stay(rows, position, lane):
    """Put a lane's proposal back where it was: what must not be run is not."""
    for row in range(position.shape[0]):
        rows[row, lane] = position[row, lane]

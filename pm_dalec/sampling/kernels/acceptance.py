"""Whether a proposal is taken, and by which result of a target."""

import numpy as np

from pm_dalec.lanes.call import evaluate
from pm_dalec.lanes.kept_code import kernel
from pm_dalec.sampling.kernels.streams import uniform

LOGP, VIOLATION, SCALED_LOGP, SCORE = 0, 1, 2, 3  # results of a lane function, in this order


@kernel()
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


def results_at(call, lanes, result):
    """One result of a lane function at the present states (lane,).

    Parameters
    ----------
    call : Call
    lanes : Lanes
        Its proposals are overwritten.
    result : int
    """
    lanes.proposal[:] = lanes.position
    evaluate(call, lanes.proposal, 0, call.out.shape[0])
    return call.out[:, result].reshape(-1)[: lanes.logp.size].copy()

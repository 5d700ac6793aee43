"""CARDAMOM's adaptive proposal (AP-MCMC, edinburgh2021), many chains at once."""

from typing import NamedTuple

import numpy as np

from pm_dalec.lanes.call import evaluate
from pm_dalec.lanes.kept_code import kernel
from pm_dalec.sampling.kernels.acceptance import accept
from pm_dalec.sampling.kernels.lanes import go, inside, stay
from pm_dalec.sampling.kernels.streams import normals

SMALL_STEP = 0.001  # of the isotropic proposal in the unit interval
MULTIVARIATE_WEIGHT = 0.95
EDINBURGH_SCALE = 5.670132  # divided by the number of parameters


class Covariances(NamedTuple):
    """Covariances of lanes, as proposals use them.

    Parameters
    ----------
    factor : array (lane, parameter, parameter)
        Lower Cholesky factors.
    established : array (lane,) of bool
        Whether they may be used.
    """

    factor: np.ndarray
    established: np.ndarray


class Accepted(NamedTuple):
    """Accepted proposals of lanes, in their order.

    Parameters
    ----------
    vectors : array (lane, proposal, parameter + 1)
        Positions and log-probabilities; its length says how many proposals are made.
    count : array (lane,) of int
        How many of them are filled.
    """

    vectors: np.ndarray
    count: np.ndarray


def room_for_accepted(lanes, count):
    """Empty `Accepted` for a number of proposals of every lane.

    Parameters
    ----------
    lanes : Lanes
    count : int
    """
    chains, size = lanes.logp.size, lanes.position.shape[0]
    return Accepted(np.empty((chains, count, size + 1)), np.zeros(chains, np.int64))


@kernel()
def propose_edinburgh(lanes, lane, covariances, noise):
    """Proposal of CARDAMOM's AP-MCMC for one lane; see the module.

    Parameters
    ----------
    lanes : Lanes
    lane : int
    covariances : Covariances
    noise : array (parameter,)
        Working memory.
    """
    stream, count = lanes.streams[lane], lanes.position.shape[0]
    established, factor = covariances.established[lane], covariances.factor[lane]
    small = SMALL_STEP * (1.0 - MULTIVARIATE_WEIGHT) if established else SMALL_STEP
    if established:
        normals(stream, noise)
        scale = MULTIVARIATE_WEIGHT * EDINBURGH_SCALE / count
        for row in range(count):
            total = 0.0
            for column in range(row + 1):
                total += factor[row, column] * noise[column]
            lanes.proposal[row, lane] = lanes.position[row, lane] + scale * total
    else:
        stay(lanes, lane)
    normals(stream, noise)
    for row in range(count):
        lanes.proposal[row, lane] += small * noise[row]


@kernel()
def _keep(accepted, lanes, lane):
    """Add the present state of a lane to what it accepted."""
    size, place = lanes.position.shape[0], accepted.count[lane]
    for row in range(size):
        accepted.vectors[lane, place, row] = lanes.position[row, lane]
    accepted.vectors[lane, place, size] = lanes.logp[lane]
    accepted.count[lane] += 1


@kernel()
def edinburgh_window(call, lanes, covariances, result, accepted):
    """Run some proposals of ``edinburgh2021`` for all lanes, block by block.

    Parameters
    ----------
    call : Call
    lanes : Lanes
    covariances : Covariances
    result : int
        Which result of the lane function is the target.
    accepted : Accepted
        Filled; it has room for the proposals of one adaptation window.
    """
    width = call.out.shape[2]
    noise, valid = np.empty(lanes.position.shape[0]), np.zeros(lanes.logp.size, np.bool_)
    accepted.count[:] = 0
    for block in range(call.out.shape[0]):
        members = range(block * width, min((block + 1) * width, lanes.logp.size))
        for _ in range(accepted.vectors.shape[1]):
            for lane in members:
                propose_edinburgh(lanes, lane, covariances, noise)
                valid[lane] = inside(lanes, lane)
                if not valid[lane]:
                    stay(lanes, lane)
            evaluate(call, lanes.proposal, block, block + 1)
            for lane in members:
                proposed = call.out[block, result, lane - block * width]
                drawn = accept(lanes.streams[lane], proposed, lanes.logp[lane], 0.0)
                if drawn and valid[lane]:
                    go(lanes, lane, proposed)
                    _keep(accepted, lanes, lane)

"""The search for a state that meets the constraints."""

import numpy as np

from pm_dalec.lanes.call import evaluate
from pm_dalec.lanes.kept_code import kernel
from pm_dalec.sampling.kernels.acceptance import VIOLATION
from pm_dalec.sampling.kernels.lanes import go, inside, stay
from pm_dalec.sampling.kernels.streams import normals, uniform


@kernel()
def _propose_subset(lanes, lane, noise):
    """Move a random subset of a lane's parameters by steps of random size; none where it has arrived."""
    stream = lanes.streams[lane]
    normals(stream, noise)
    length = np.exp(np.log(0.001) * uniform(stream)) * 0.5
    share = uniform(stream)
    for row in range(noise.size):
        moves = uniform(stream) < share and lanes.logp[lane] > 0
        step = length * noise[row] if moves else 0.0
        lanes.proposal[row, lane] = lanes.position[row, lane] + step


@kernel()
def search_window(call, lanes, count):
    """Walk lanes towards states in which every constraint holds.

    A move is kept when it does not break the constraints more. Lanes that have arrived stay where they
    are.

    Parameters
    ----------
    call : Call
    lanes : Lanes
        In ``logp`` the violation: the sum of the logarithmic shortfalls of the rules that fail; zero is
        feasible.
    count : int
        Moves of each lane.
    """
    width = call.out.shape[2]
    noise, valid = np.empty(lanes.position.shape[0]), np.zeros(lanes.logp.size, np.bool_)
    for block in range(call.out.shape[0]):
        members = range(block * width, min((block + 1) * width, lanes.logp.size))
        for _ in range(count):
            for lane in members:
                _propose_subset(lanes, lane, noise)
                valid[lane] = inside(lanes, lane)
                if not valid[lane]:
                    stay(lanes, lane)
            evaluate(call, lanes.proposal, block, block + 1)
            for lane in members:
                proposed = call.out[block, VIOLATION, lane - block * width]
                if valid[lane] and proposed <= lanes.logp[lane]:
                    go(lanes, lane, proposed)

"""The search for a state that meets the constraints."""

import numpy as np
from numba import njit

from pm_dalec.lanes.call import evaluate
from pm_dalec.sampling.kernels.acceptance import VIOLATION, inside, stay
from pm_dalec.sampling.kernels.streams import normals, uniform


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

"""Random streams of lanes: one xoshiro256++ generator each, in compiled code.

A stream is four 64-bit integers seeded from ``SeedSequence([seed, unit, chain])``, so that what a unit
draws depends neither on its tile nor on its neighbours, and a saved state continues bit for bit.
"""

import numpy as np

from pm_dalec.lanes.kept_code import kernel

_TO_UNIT = 1.0 / (1 << 53)


def streams(seed, units, chains):
    """Generator states of all lanes.

    Parameters
    ----------
    seed : int
    units : sequence of int
        Identity of each unit; not its place in a tile.
    chains : int
        Lanes of each unit.

    Returns
    -------
    array (lane, 4) of uint64
        Lanes of one unit behind each other.
    """
    return np.array(
        [
            np.random.SeedSequence([int(seed), int(unit), chain]).generate_state(4, np.uint64)
            for unit in units
            for chain in range(chains)
        ]
    ).reshape(-1, 4)


@kernel()
def _rotate(value, count):
    return (value << np.uint64(count)) | (value >> np.uint64(64 - count))


@kernel()
def uniform(state):
    """Next number in (0, 1) of a stream (Blackman and Vigna 2019); changes the state."""
    result = _rotate(state[0] + state[3], 23) + state[0]
    kept = state[1] << np.uint64(17)
    state[2] ^= state[0]
    state[3] ^= state[1]
    state[1] ^= state[2]
    state[0] ^= state[3]
    state[2] ^= kept
    state[3] = _rotate(state[3], 45)
    return (np.float64(result >> np.uint64(11)) + 0.5) * _TO_UNIT


@kernel()
def normals(state, out):
    """Fill an array with standard normal numbers (polar method); changes the state."""
    count = out.size
    place = 0
    while place < count:
        first = 2.0 * uniform(state) - 1.0
        second = 2.0 * uniform(state) - 1.0
        square = first * first + second * second
        if square >= 1.0 or square == 0.0:
            continue
        scale = np.sqrt(-2.0 * np.log(square) / square)
        out[place] = first * scale
        place += 1
        if place < count:
            out[place] = second * scale
            place += 1


@kernel()
def integer(state, count):
    """Next whole number in [0, count) of a stream."""
    return min(int(uniform(state) * count), count - 1)

"""CARDAMOM's sampler ``edinburgh2021`` on densities that can be checked by hand."""

from typing import NamedTuple

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from pm_dalec.sampling.kernels import edinburgh
from pm_dalec.sampling.kernels.covariance import Moments
from pm_dalec.sampling.kernels.lanes import Lanes
from pm_dalec.sampling.kernels.streams import normals, uniform

from .densities import WIDTH, banana, call_of, check_moments, gaussian, lane_density, lanes_at


class Edinburgh(NamedTuple):
    """Lanes of ``edinburgh2021``, and their covariances."""

    lanes: Lanes
    moments: Moments

    def run(self, density, count):
        """Run one window; gives the accepted vectors of each lane."""
        covariances = edinburgh.Covariances(self.moments.factor, self.moments.established())
        accepted = edinburgh.room_for_accepted(self.lanes, count)
        call = call_of(density, self.lanes.position.shape[1])
        edinburgh.edinburgh_window(call, self.lanes, covariances, 0, accepted)
        return [
            vectors[:filled, :-1]
            for vectors, filled in zip(accepted.vectors, accepted.count, strict=True)
        ]


def edinburgh_of(lanes=4, density=gaussian, seed=5):
    """Lanes of ``edinburgh2021`` in the middle of the square, without a covariance."""
    start = np.full((2, -(-lanes // WIDTH) * WIDTH), 0.45)
    logp = np.full(lanes, density(start[:, 0]))
    return Edinburgh(lanes_at(start, logp, seed), Moments(lanes, 2))


def adapted(state, density, windows, length):
    """Windows of ``edinburgh2021``, the covariance renewed after each; gives all states passed."""
    passed = []
    for _ in range(windows):
        accepted = state.run(density, length)
        for lane, vectors in enumerate(accepted):
            if state.moments.count[lane] > 0:
                state.moments.update(lane, state.lanes.position[:, lane])
            elif len(vectors) >= 3:
                state.moments.start(lane, vectors)
        passed.append(state.lanes.position[:, : state.lanes.logp.size].T.copy())
    return np.array(passed)


def transcribed(position, logp, stream, factor, established, density):
    """One proposal of CARDAMOM's sampler in plain NumPy (MODEL, section 11)."""
    size = len(position)
    proposed = position.copy()
    noise = np.empty(size)
    if established:
        normals(stream, noise)
        proposed += 0.95 * 5.670132 / size * factor @ noise
    normals(stream, noise)
    proposed += (0.05 if established else 1.0) * 0.001 * noise
    inside = bool(((proposed > 0) & (proposed < 1)).all())
    value = density(proposed) if inside else -np.inf
    if np.log(uniform(stream)) < value - logp:
        return proposed, value, True
    return position, logp, False


@pytest.mark.parametrize("established", [False, True])
def test_edinburgh2021_equals_a_transcription_step_by_step(established):
    state = edinburgh_of(lanes=3)
    state.moments.factor[:] = np.linalg.cholesky([[0.0025, 0.0008], [0.0008, 0.0004]])
    state.moments.usable[:] = established
    state.moments.count[:] = 21.0
    assert state.moments.established().all() == established
    random = state.lanes.streams.copy()
    wanted = []
    for lane in range(3):
        position, logp = state.lanes.position[:, lane].copy(), state.lanes.logp[lane]
        chain = []
        for _ in range(100):
            position, logp, moved = transcribed(
                position, logp, random[lane], state.moments.factor[lane], established, gaussian
            )
            chain += [position] if moved else []
        wanted.append(np.array(chain))
    got = state.run(lane_density(2, gaussian), 100)
    for chain, expected in zip(got, wanted, strict=True):
        assert len(chain) == len(expected) > 10
        assert_allclose(chain, expected, rtol=0, atol=1e-15)


@pytest.mark.parametrize("density", [gaussian, banana], ids=["gaussian", "banana"])
def test_edinburgh2021_recovers_analytic_targets(density):
    state = edinburgh_of(lanes=8, density=density)
    passed = adapted(state, lane_density(2, density), 3000, 20)[500:].reshape(-1, 2)
    check_moments(passed, density, tolerance=0.15)


def test_a_lane_of_edinburgh2021_does_not_see_the_others():
    density = lane_density(2, gaussian)
    many, few = edinburgh_of(lanes=6), edinburgh_of(lanes=2)
    for got, wanted in zip(many.run(density, 200)[:2], few.run(density, 200), strict=True):
        assert_array_equal(got, wanted)

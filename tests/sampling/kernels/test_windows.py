"""The sampling kernels on densities that can be checked by hand."""

import copy
from typing import NamedTuple

import numba
import numpy as np
import pytest
from numba import carray, types
from numpy.testing import assert_allclose, assert_array_equal

from pm_dalec.lanes.call import NO_CALL, Call
from pm_dalec.sampling.kernels import acceptance, edinburgh, proposals, search
from pm_dalec.sampling.kernels.covariance import Moments
from pm_dalec.sampling.kernels.lanes import Calls, Lanes, Record, go
from pm_dalec.sampling.kernels.proposals import Guide, Memory
from pm_dalec.sampling.kernels.streams import normals, streams, uniform
from pm_dalec.sampling.kernels.surrogate import fit_surrogate
from pm_dalec.sampling.kernels.walk import empty_walk, enter, move
from pm_dalec.sampling.kernels.windows import lanes_window

WIDTH = 4
SIGNATURE = types.void(
    types.CPointer(types.double), types.int64, types.int64, types.int64,
    types.CPointer(types.int64), types.CPointer(types.double),
)  # fmt: skip
CONTEXT = np.zeros(3, np.int64)


def lane_density(size, density, results=1):
    """Function with the address and the signature of a compiled lane function."""

    @numba.cfunc(SIGNATURE)
    def evaluate(positions, stride, first, last, context, out):
        rows = carray(positions, (size, stride))
        for block in range(first, last):
            for place in range(WIDTH):
                value = density(rows[:, block * WIDTH + place])
                for result in range(results):
                    out[(block * results + result) * WIDTH + place] = value

    return evaluate


def call_of(function, lanes, results=1):
    """A function of `lane_density` as the kernels call it."""
    blocks = -(-lanes // WIDTH)
    return Call(function.address, CONTEXT, np.empty((blocks, results, WIDTH)))


@numba.njit
def gaussian(x):
    """Correlated Gaussian around (0.5, 0.4), sd 0.05 and 0.02, correlation 0.8."""
    first, second = (x[0] - 0.5) / 0.05, (x[1] - 0.4) / 0.02
    return -0.5 * (first**2 - 1.6 * first * second + second**2) / (1 - 0.64)


@numba.njit
def banana(x):
    """Gaussian along the first axis, a parabola's spine along the second."""
    first = (x[0] - 0.5) / 0.1
    second = (x[1] - 0.4 - 0.05 * (first**2 - 1.0)) / 0.02
    return -0.5 * first**2 - 0.5 * second**2


@numba.njit
def flat(x):
    """Uniform in the unit square."""
    return 0.0


@numba.njit
def outside_is_better(x):
    """Density that grows towards the border and beyond it."""
    return 1000.0 * x[0]


@numba.njit
def undefined(x):
    """Density that is nowhere defined."""
    return np.nan


@numba.njit
def distance_to_corner(x):
    """Violation that ends where both numbers exceed 0.9."""
    return max(0.9 - x[0], 0.0) + max(0.9 - x[1], 0.0)


def lanes_at(position, logp, seed, unit=0):
    """Lanes of a unit at some places, with streams of their own."""
    return Lanes(position, np.empty_like(position), logp, streams(seed, [unit], logp.size))


class Walkers(NamedTuple):
    """Lanes of the default sampler, what guides them, and what was counted of them."""

    lanes: Lanes
    guide: Guide
    accepted: np.ndarray
    evaluated: np.ndarray

    def run(self, density, count, record=1, blocks=None, early=None):
        """Run proposals of some blocks of lanes (all by default); gives the recorded states."""
        (size, padded), chains = self.lanes.position.shape, self.lanes.logp.size
        calls = Calls(
            call_of(density, padded), NO_CALL if early is None else call_of(early, padded)
        )
        states = np.empty((count // record, chains, size + 1))
        walk = empty_walk(chains, self.guide.surrogate)
        kept = Record(record, states, self.accepted, self.evaluated)
        lanes_window(calls, blocks or (0, padded // WIDTH), self.lanes, walk, self.guide, kept)
        return states


def walkers(unit=0, *, chains=4, density=gaussian, seed=3, spread=0.03, states=200, components=2):
    """Walkers of a unit at seeded places, with an archive and the surrogate fitted to it."""
    random = np.random.default_rng([seed, unit])
    archive = random.uniform(0.5 - 5 * spread, 0.5 + 5 * spread, (states, 2))
    start = random.uniform(0.4, 0.6, (2, chains))
    logp = np.array([density(start[:, lane]) for lane in range(chains)])
    guide = Guide(
        surrogate=fit_surrogate(archive, components),
        pivots=np.array([0.7, 1.0]),
        processes=np.array([0, 1]),
        archive=archive,
        filled=len(archive),
        conditional=0.75,
        trust=0.5,
    )
    lanes = lanes_at(start, logp, seed, unit)
    return Walkers(lanes, guide, np.zeros(chains, np.int64), np.zeros(chains, np.int64))


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


@pytest.mark.parametrize(
    ("proposed", "current", "expected"),
    [(1e3, 0.0, True), (0.0, -np.inf, True), (-1e3, 0.0, False), (-np.inf, 0.0, False),
     (np.nan, 0.0, False), (np.nan, -np.inf, False), (-np.inf, -np.inf, False)],
)  # fmt: skip
def test_sure_proposals_are_accepted_and_hopeless_ones_are_not(proposed, current, expected):
    (stream,) = streams(1, [0], 1)
    assert all(acceptance.accept(stream, proposed, current, 0.0) == expected for _ in range(200))


def test_acceptance_has_the_probability_of_the_ratio():
    (stream,) = streams(2, [0], 1)
    accepted = [acceptance.accept(stream, np.log(0.2), 0.0, np.log(1.5)) for _ in range(20_000)]
    assert_allclose(np.mean(accepted), 0.3, atol=0.015)


def test_random_numbers_are_standard_normal_and_inside_the_unit_interval():
    (stream,) = streams(3, [0], 1)
    drawn = np.empty(100_001)
    normals(stream, drawn)
    assert_allclose([drawn.mean(), drawn.std(), (drawn**3).mean()], [0, 1, 0], atol=0.03)
    flat_numbers = np.array([uniform(stream) for _ in range(10_000)])
    assert 0 < flat_numbers.min() < flat_numbers.max() < 1
    assert_allclose(flat_numbers.mean(), 0.5, atol=0.01)


def test_streams_belong_to_units_and_not_to_their_place_in_a_tile():
    assert_array_equal(streams(1, [7, 3], 5)[5:], streams(1, [3], 5))
    assert len(np.unique(streams(1, range(20), 4), axis=0)) == 80


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


def test_the_covariance_is_used_only_when_more_than_ten_states_a_parameter_are_in_it():
    moments = Moments(3, 2)
    moments.usable[:] = [True, True, False]
    moments.count[:] = [20.0, 21.0, 21.0]
    assert_array_equal(moments.established(), [False, True, False])


def test_moments_equal_the_sample_covariance():
    vectors = np.random.default_rng(1).normal(size=(12, 2))
    moments = Moments(1, 2)
    moments.start(0, vectors[:3])
    for vector in vectors[3:]:
        moments.update(0, vector)
    assert_allclose(moments.mean[0], vectors.mean(axis=0), rtol=1e-12)
    assert_allclose(moments.covariance[0], np.cov(vectors, rowvar=False), rtol=1e-12)
    assert_allclose(moments.factor[0] @ moments.factor[0].T, moments.covariance[0], rtol=1e-12)
    assert moments.count[0] == 12


@pytest.mark.parametrize(("accepted", "middle"), [(3, 1), (4, 1), (5, 2), (8, 3)])
def test_the_first_covariance_is_of_the_first_middle_and_last_accepted_vector(accepted, middle):
    vectors = np.random.default_rng(2).normal(size=(accepted, 2))
    moments = Moments(1, 2)
    moments.start(0, vectors)
    chosen = vectors[[0, middle, -1]]
    assert_allclose(moments.covariance[0], np.cov(chosen, rowvar=False), rtol=1e-12)
    assert moments.count[0] == 3


def test_an_update_that_is_not_positive_definite_is_undone():
    moments = Moments(1, 2)
    moments.covariance[0], moments.factor[0] = np.eye(2), np.eye(2)
    moments.count[0], moments.usable[0], moments.mean[0] = 1.0, True, [0.5, 0.5]
    moments.update(0, np.array([0.7, 0.7]))
    assert moments.count[0] == 1
    assert_array_equal(moments.covariance[0], np.eye(2))
    assert_array_equal(moments.mean[0], [0.5, 0.5])


def test_a_first_covariance_that_is_not_positive_definite_is_kept():
    moments = Moments(1, 3)
    moments.start(0, np.eye(3)[[0, 1, 1]])
    assert not moments.usable[0]
    moments.update(0, np.array([0.0, 0.0, 1.0]))
    assert moments.count[0] == 4


def test_the_main_phase_of_edinburgh2021_never_uses_the_covariance():
    random = np.random.default_rng(4)
    moments = Moments(1, 23)
    moments.start(0, random.normal(size=(3, 23)))
    for vector in random.normal(size=(300, 23)):
        moments.update(0, vector)
    assert moments.established()[0]
    moments.restart()
    for vector in random.normal(size=(100, 23)):
        moments.update(0, vector)
        assert moments.usable[0]
        assert moments.count[0] == 1.0
    assert not moments.established()[0]


def test_lanes_without_a_usable_covariance_start_anew_in_the_main_phase():
    moments = Moments(1, 23)
    moments.start(0, np.random.default_rng(5).normal(size=(3, 23)))
    moments.restart()
    assert moments.count[0] == 0


@pytest.mark.parametrize("density", [gaussian, banana], ids=["gaussian", "banana"])
def test_edinburgh2021_recovers_analytic_targets(density):
    state = edinburgh_of(lanes=8, density=density)
    passed = adapted(state, lane_density(2, density), 3000, 20)[500:].reshape(-1, 2)
    check_moments(passed, density, tolerance=0.15)


def check_moments(draws, density, tolerance):
    """Means and standard deviations within a part of the true standard deviation."""
    means = {gaussian: (0.5, 0.4), banana: (0.5, 0.4), flat: (0.5, 0.5)}[density]
    deviations = {
        gaussian: (0.05, 0.02),
        banana: (0.1, np.sqrt(0.02**2 + 2 * 0.05**2)),
        flat: (np.sqrt(1 / 12), np.sqrt(1 / 12)),
    }[density]
    assert_allclose((draws.mean(axis=0) - means) / deviations, 0.0, atol=tolerance)
    assert_allclose(draws.std(axis=0) / deviations, 1.0, atol=tolerance)


@pytest.mark.parametrize("density", [gaussian, banana, flat], ids=["gaussian", "banana", "flat"])
def test_the_default_sampler_recovers_analytic_targets(density):
    state = walkers(chains=8, density=density)
    draws = state.run(lane_density(2, density), 300_000, record=25)[500:, :, :2].reshape(-1, 2)
    check_moments(draws, density, tolerance=0.1)


@pytest.mark.parametrize(
    ("conditional", "by_process", "trust"),
    [(1.0, 1.0, 0.0), (1.0, 0.0, 0.0), (0.0, 0.0, 0.0), (0.0, 0.0, 0.5), (0.0, 0.0, 1.0)],
    ids=["conditional by process", "conditional by kinship", "difference",
         "difference, surrogate asked", "difference, surrogate trusted"],
)  # fmt: skip
@pytest.mark.parametrize("density", [gaussian, flat], ids=["gaussian", "flat"])
def test_each_move_keeps_the_target(conditional, by_process, trust, density, monkeypatch):
    """The archive is uniform, so that the surrogate is a poor likeness of either density."""
    monkeypatch.setattr(proposals, "BY_PROCESS", by_process)
    for name in ("_conditional_step", "propose_lanes"):
        monkeypatch.setattr(proposals, name, numba.njit(getattr(proposals, name).py_func))
    state = walkers(chains=1, spread=0.05, density=density)
    guide = state.guide._replace(conditional=conditional, trust=trust)
    draws = np.empty((150_000, 2))
    walk = empty_walk(1, guide.surrogate)
    _walk(proposals.propose_lanes, density, state.lanes, walk, guide, draws)
    check_moments(draws[500:], density, tolerance=0.15)


@numba.njit
def _walk(propose, density, lanes, walk, guide, draws):
    """Metropolis walk of one lane, outside the window kernels."""
    memory = Memory(np.empty((2, 2)), np.empty(2))
    lanes.logp[0] = density(lanes.position[:, 0])
    enter(walk, 0, lanes.position, guide.surrogate)
    for turn in range(len(draws)):
        ratio = propose(0, lanes, walk, guide, memory)
        proposed = density(lanes.proposal[:, 0])
        if acceptance.accept(lanes.streams[0], proposed, lanes.logp[0], ratio):
            move(walk, 0, guide.surrogate)
            go(lanes, 0, proposed)
        draws[turn] = lanes.position[:, 0]


@numba.njit
def left_half(x):
    """Rule that holds left of the middle of the first axis."""
    return 0.0 if x[0] < 0.5 else -np.inf


@numba.njit
def left_half_of_gaussian(x):
    """The Gaussian where the rule holds."""
    return gaussian(x) if x[0] < 0.5 else -np.inf


def test_rules_that_need_no_run_save_runs_and_change_nothing():
    """What is rejected without a run would have been rejected after one: the target is the same."""
    found = {}
    for name, early in (("early", lane_density(2, left_half)), ("late", None)):
        state = walkers(chains=8, density=left_half_of_gaussian)
        state.lanes.position[0] = 0.45
        state.lanes.logp[:] = [left_half_of_gaussian(place) for place in state.lanes.position.T]
        density = lane_density(2, left_half_of_gaussian)
        draws = state.run(density, 100_000, record=10, early=early)[500:, :, :2].reshape(-1, 2)
        assert (draws[:, 0] < 0.5).all()
        found[name] = draws, state.evaluated.sum()
    for draws, _ in found.values():  # half of a Gaussian: mean sqrt(2/pi), sd sqrt(1 - 2/pi)
        assert_allclose(draws[:, 0].mean(), 0.5 - 0.05 * np.sqrt(2 / np.pi), atol=0.001)
        assert_allclose(draws[:, 0].std(), 0.05 * np.sqrt(1 - 2 / np.pi), atol=0.001)
    assert found["early"][1] < 0.85 * found["late"][1]
    assert found["late"][1] < 8 * 100_000


def test_every_lane_makes_the_same_number_of_proposals_however_many_are_run():
    state = walkers(chains=8)
    recorded = state.run(lane_density(2, gaussian), 400, record=4)
    assert np.isfinite(recorded).all()
    assert recorded.shape[0] == 100
    assert len(set(state.evaluated)) > 1
    assert (state.accepted <= state.evaluated).all()


@pytest.mark.parametrize("density", [outside_is_better, undefined])
def test_proposals_outside_the_cube_and_undefined_ones_are_rejected(density):
    state = walkers(density=outside_is_better)
    start = state.lanes.position.copy()
    drawn = state.run(lane_density(2, density), 500)[..., :2]
    assert ((drawn > 0) & (drawn < 1)).all()
    if density is undefined:
        assert_array_equal(state.lanes.position, start)


def test_recorded_log_probabilities_are_those_of_the_recorded_states():
    recorded = walkers().run(lane_density(2, gaussian), 100).reshape(-1, 3)
    assert_allclose([gaussian(state[:2]) for state in recorded], recorded[:, 2], rtol=1e-13)


def test_a_run_stopped_between_windows_continues_bit_for_bit():
    density = lane_density(2, gaussian)
    state = walkers()
    state.run(density, 120)
    saved = copy.deepcopy(state)
    assert_array_equal(saved.run(density, 180), state.run(density, 180))


def test_lanes_do_not_see_each_other():
    density = lane_density(2, gaussian)
    together = walkers(chains=12).run(density, 200)
    alone = walkers(chains=12).run(density, 200, blocks=(1, 2))
    assert_array_equal(together[:, 4:8], alone[:, 4:8])


def test_a_lane_of_edinburgh2021_does_not_see_the_others():
    density = lane_density(2, gaussian)
    many, few = edinburgh_of(lanes=6), edinburgh_of(lanes=2)
    for got, wanted in zip(many.run(density, 200)[:2], few.run(density, 200), strict=True):
        assert_array_equal(got, wanted)


def test_the_search_arrives_and_never_turns_worse():
    lanes = lanes_at(np.full((2, 8), 0.1), np.full(8, 1.6), seed=6)
    density = lane_density(2, distance_to_corner, results=2)
    history = [lanes.logp.copy()]
    for _ in range(40):
        search.search_window(call_of(density, 8, 2), lanes, 50)
        history.append(lanes.logp.copy())
    assert (np.diff(history, axis=0) <= 0).all()
    assert_array_equal(lanes.logp, 0.0)
    assert (lanes.position > 0.9).all()

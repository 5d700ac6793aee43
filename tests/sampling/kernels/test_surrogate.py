"""The likeness that proposals are made from."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import logsumexp

from pm_dalec.sampling.kernels import blocks, proposals
from pm_dalec.sampling.kernels.lanes import Lanes, stay
from pm_dalec.sampling.kernels.streams import streams
from pm_dalec.sampling.kernels.surrogate import EDGE, KNOTS, fit_surrogate, log_density
from pm_dalec.sampling.kernels.walk import ask, empty_walk, enter, log_mixture, move, score

SIZE = 4


@pytest.fixture(scope="module")
def states():
    """Two clusters in the unit cube, correlated, one parameter at its bound."""
    random = np.random.default_rng(1)
    mixing = random.normal(size=(SIZE, SIZE)) / 12
    clusters = random.normal(size=(900, SIZE)) @ mixing.T + np.where(
        np.arange(900)[:, None] % 3, 0.35, 0.65
    )
    clusters[:, 3] = np.abs(clusters[:, 3] - 0.3)
    return np.clip(clusters, 1e-6, 1 - 1e-6)


@pytest.fixture(scope="module")
def surrogate(states):
    return fit_surrogate(states, 3)


def test_scores_are_inverted_by_the_knots(states, surrogate):
    grid = np.linspace(-EDGE, EDGE, KNOTS)
    for row in range(SIZE):
        for value in states[:50, row]:
            back = np.interp(score(value, surrogate.knots[row]), grid, surrogate.knots[row])
            assert_allclose(back, value, rtol=1e-12)


def test_knots_span_the_unit_interval_and_rise(surrogate):
    assert (np.diff(surrogate.knots, axis=1) > 0).all()
    assert_allclose(surrogate.knots[:, [0, -1]], [[0.0, 1.0]] * SIZE, atol=1e-12)


def test_coinciding_states_still_give_a_surrogate():
    stuck = np.repeat(np.full((1, SIZE), 0.4), 16, axis=0)
    fitted = fit_surrogate(stuck)
    assert np.isfinite(log_density(fitted, stuck)).all()
    assert (np.diff(fitted.knots, axis=1) > 0).all()


def test_the_density_integrates_to_one_over_the_unit_square(states):
    fitted = fit_surrogate(states[:, :2], 2)
    centres = (np.arange(400) + 0.5) / 400
    first, second = np.meshgrid(centres, centres)
    logs = log_density(fitted, np.stack([first.ravel(), second.ravel()], axis=1))
    normal = np.log((2 * np.pi) * (2 * EDGE / (KNOTS - 1)) ** -2)
    assert_allclose(logsumexp(logs) - 2 * np.log(400) - normal, 0.0, atol=0.03)


def test_more_components_come_closer_to_two_clusters(states):
    one, three = (log_density(fit_surrogate(states, k), states).mean() for k in (1, 3))
    assert three > one + 0.05


def test_a_walk_agrees_with_the_density_wherever_it_goes(states, surrogate):
    """Squares kept up to date step by step are those computed anew."""
    random = np.random.default_rng(2)
    walk, fresh = empty_walk(1, surrogate), empty_walk(1, surrogate)
    position = states[:1].T.copy()
    enter(walk, 0, position, surrogate)
    for _ in range(100):
        chosen = random.permutation(SIZE)[: random.integers(1, SIZE + 1)]
        target = states[random.integers(len(states))]
        walk.moved[0] = len(chosen)
        walk.which[0, : len(chosen)] = chosen
        position[chosen, 0] = target[chosen]
        for place, row in enumerate(chosen):
            walk.steps[0, place] = score(target[row], surrogate.knots[row]) - walk.scores[0, row]
        ask(walk, 0, surrogate)
        move(walk, 0, surrogate)
        enter(fresh, 0, position, surrogate)
        assert_allclose(walk.squares, fresh.squares, rtol=1e-9, atol=1e-9)
        assert_allclose(walk.pulls, fresh.pulls, rtol=1e-8, atol=1e-8)


def test_the_ratio_of_a_conditional_step_is_that_of_the_densities(states, surrogate):
    """Both directions of a step of the same component are equally likely under the surrogate."""
    walk = empty_walk(1, surrogate)
    position = states[:1].T.copy()
    lanes = Lanes(position, position.copy(), np.zeros(1), streams(5, [0], 1))
    enter(walk, 0, position, surrogate)
    guide = proposals.Guide(
        surrogate,
        np.arange(1, SIZE + 1) / SIZE,
        np.array([0, 0, 1, 2]),
        np.zeros(SIZE),
        np.ones(SIZE),
        states,
        len(states),
        1.0,
        0.0,
        0.0,
    )
    memory = blocks.Memory(np.empty((SIZE, SIZE)), *np.empty((2, SIZE)))
    seen = 0
    for _ in range(200):
        stay(lanes, 0)
        ratio = proposals._conditional_step(0, lanes, walk, guide, memory)
        if np.isnan(ratio):
            continue
        before, after = log_density(surrogate, np.stack([position[:, 0], lanes.proposal[:, 0]]))
        assert_allclose(ratio, before - after, atol=1e-8)
        seen += 1
    assert seen > 60


def test_the_mixture_is_the_logarithm_of_a_sum():
    squares, weights = np.array([3.0, 9.0, 1e4, 0.0]), np.array([0.1, -0.5, 2.0, -np.inf])
    assert_allclose(log_mixture(squares, weights), logsumexp(weights - squares / 2), rtol=1e-12)

"""Constants, weights and what they are worth, on Gaussians whose answers are known."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import logsumexp

from pm_dalec.sampling.bank.weights import dealt, pooled, resampled, weighed, worth_of_part

MEANS, SPREADS = np.array([0.0, 1.0]), np.array([1.0, 2.0])
OFFSETS = np.array([0.0, -350.0])  # densities are known up to constants, which differ widely
DRAWS = 20_000


def log_gaussian(x, mean, spread):
    return -0.5 * ((x[:, np.newaxis] - mean) / spread) ** 2 - np.log(spread * np.sqrt(2 * np.pi))


def pilots(seed=0, draws=DRAWS, least=-np.inf):
    """Draws of two Gaussians, those of the second above a limit alone, and their origins."""
    random = np.random.default_rng(seed)
    first = random.normal(MEANS[0], SPREADS[0], draws)
    second = random.normal(MEANS[1], SPREADS[1], 20 * draws)
    return np.concatenate([first, second[second > least][:draws]]), np.repeat([0, 1], draws)


def judged(x, origins, mean, spread, log_densities=None):
    if log_densities is None:
        log_densities = log_gaussian(x, MEANS, SPREADS) + OFFSETS
    pool = pooled(log_densities, origins)
    logp = log_gaussian(x, np.array([mean]), np.array([spread]))[:, 0]
    worth = np.ones((2, 1))
    return weighed(logp, x[:, np.newaxis], pool.log_mixture, pool.shares, origins, worth)


def test_the_constants_of_two_gaussians_are_found():
    x, origins = pilots()
    pool = pooled(log_gaussian(x, MEANS, SPREADS) + OFFSETS, origins)
    assert_allclose(pool.constants, OFFSETS, atol=0.03)
    assert_allclose(pool.shares.mean(axis=0), [0.5, 0.5], atol=1e-9)


def test_the_mixture_is_the_mean_of_the_densities_over_their_constants():
    x, origins = pilots(draws=500)
    log_densities = log_gaussian(x, MEANS, SPREADS) + OFFSETS
    pool = pooled(log_densities, origins)
    by_hand = logsumexp(log_densities - pool.constants, axis=1) - np.log(2)
    assert_allclose(pool.log_mixture, by_hand, rtol=1e-12)


def test_weights_carry_two_gaussians_to_a_third():
    found = judged(*pilots(), mean=0.5, spread=0.8)
    x = pilots()[0]
    assert_allclose(found.weights.sum(), 1.0)
    assert_allclose(found.weights @ x, 0.5, atol=0.02)
    assert_allclose(np.sqrt(found.weights @ (x - 0.5) ** 2), 0.8, atol=0.02)
    assert found.khat < 0.5
    assert found.apart < 4


def test_the_effective_number_of_draws_is_that_of_the_error():
    errors, sizes = [], []
    for seed in range(100):
        x, origins = pilots(seed, draws=250)
        found = judged(x, origins, mean=1.0, spread=1.2)
        errors.append(found.weights @ x - 1.0)
        sizes.append(found.sizes[0])
    assert_allclose(np.mean(np.square(errors)) * np.mean(sizes) / 1.2**2, 1.0, atol=0.35)


def test_a_pilot_that_missed_a_part_of_its_density_is_seen_although_khat_is_low():
    x, origins = pilots(least=0.0)
    found = judged(x, origins, mean=0.5, spread=0.8)
    assert found.khat < 0.5
    assert found.apart > 10


def test_a_unit_far_from_all_pilots_has_a_high_khat_or_few_effective_draws():
    found = judged(*pilots(), mean=9.0, spread=0.5)
    assert found.khat > 0.5 or found.sizes[0] < 50


def test_where_no_draw_is_possible_there_are_no_weights():
    x, origins = pilots(draws=100)
    pool = pooled(log_gaussian(x, MEANS, SPREADS), origins)
    nowhere = np.full(x.size, -np.inf)
    found = weighed(
        nowhere, x[:, np.newaxis], pool.log_mixture, pool.shares, origins, np.ones((2, 1))
    )
    assert found.khat == np.inf
    assert not found.sizes.any()


@pytest.mark.parametrize("chains", [4, 6])
def test_no_draw_is_dealt_twice_and_every_chain_has_draws_of_every_pilot(chains):
    origins = np.repeat([0, 1, 2], [4000, 2000, 1000])
    hands = dealt(origins, 3500, chains, np.random.default_rng(1))
    assert np.unique(hands).size == hands.size
    for hand in hands:
        assert_array_equal(
            np.bincount(origins[hand]), [2000 // chains, 1000 // chains, 500 // chains]
        )


def test_draws_are_resampled_as_often_as_their_weights_say():
    weights = np.array([0.5, 0.0, 0.3, 0.2])
    places = resampled(weights, 10, np.random.default_rng(2))
    assert_array_equal(np.bincount(places, minlength=4), [5, 0, 3, 2])


def test_a_part_of_the_draws_of_a_chain_is_worth_more_a_draw():
    """Means of all draws, and of a random half, of chains in which ten neighbours are one draw."""
    random = np.random.default_rng(3)
    chains = np.repeat(random.normal(size=(4000, 40)), 10, axis=1)
    halves = random.permuted(chains, axis=1)[:, :200]
    assert_allclose(1 / chains.mean(axis=1).var() / 400, 0.1, rtol=0.1)
    assert_allclose(1 / halves.mean(axis=1).var() / 200, worth_of_part(0.1, 0.5), rtol=0.1)

"""Moves leave the density of a unit alone, however few its draws are."""

from itertools import pairwise

import numpy as np
import pymc as pm
import pytest

from pm_dalec.graph import UnitInterval
from pm_dalec.sampling.bank.bank_unit import BankUnit
from pm_dalec.sampling.bank.pooling import share_of_pilots
from pm_dalec.sampling.state import Settings, new_state
from pm_dalec.sampling.target import bound_to, compile_target

SIZE, CHAINS, DRAWS, FITS = 23, 8, 4_000, 24
SD, NEIGHBOURS = 0.05, 0.75  # of every position, and correlation of neighbours
WIDER = 1.1  # pilot
COVARIANCE = SD**2 * NEIGHBOURS ** np.abs(np.subtract.outer(np.arange(SIZE), np.arange(SIZE)))
SETTINGS = Settings(draws=60, rhat=2.0, ess=10)


@pytest.fixture(scope="module")
def target():
    """Gaussian of 23 positions around the middle of the cube."""
    with pm.Model() as model:
        to_cube = UnitInterval(1.0, np.e)
        numbers = [
            pm.Uniform(f"x{place}", 1.0, np.e, default_transform=to_cube) for place in range(SIZE)
        ]
        logs = [pm.math.log(number) for number in numbers]
        steps = [(one - 0.5) / SD for one in logs]
        inner = sum((b - NEIGHBOURS * a) ** 2 for a, b in pairwise(steps))
        squares = steps[0] ** 2 + inner / (1 - NEIGHBOURS**2)
        pm.Potential(
            "gauss", -0.5 * squares - sum(logs)
        )  # flat in the numbers, not in their logarithms
    return compile_target(model)


def fitted(target, number):
    """A unit that took exact draws of a wider Gaussian over, and moved them."""
    random = np.random.default_rng(number)
    scores = random.normal(size=(DRAWS, SIZE))
    positions = 0.5 + WIDER * scores @ np.linalg.cholesky(COVARIANCE).T
    inside = ((positions > 0) & (positions < 1)).all(axis=1)
    one = np.ones(1, int)
    known = dict.fromkeys(("pilots", "rhat", "ess", "proposals"), one) | {
        "worth": np.ones((1, SIZE))
    }
    log_densities = -0.5 * (scores[inside] ** 2).sum(axis=1, keepdims=True)
    share = share_of_pilots(positions[inside], np.zeros(inside.sum(), int), log_densities, known)
    bound = bound_to(target, CHAINS, 0)
    state = new_state(number, SIZE, CHAINS, bound.padded, SETTINGS, 1)
    unit = BankUnit(bound, target, state, SETTINGS, share=share, key=(1, number))
    unit.advance()
    return unit


def test_draws_that_are_moved_lie_as_far_from_the_middle_as_before(target):
    """A chain whose proposals are made of its own start is drawn to the middle: here by seven percent."""
    found = []
    for number in range(FITS):
        unit = fitted(target, number)
        assert unit.state.route == "bank"
        places = unit.state.stored[: unit.state.kept, :, :-1].reshape(-1, SIZE) - 0.5
        found.append((places @ np.linalg.inv(COVARIANCE) * places).sum(axis=1).mean() / SIZE)
    error = np.std(found, ddof=1) / np.sqrt(FITS)
    assert error < 0.01
    assert np.mean(found) == pytest.approx(1.0, abs=3 * error)

"""Units that begin at a bank, on posteriors that are known: routes, support, shared error."""

import numpy as np
import pymc as pm
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import norm

from pm_dalec.graph import UnitInterval
from pm_dalec.sampling.bank import bank_unit
from pm_dalec.sampling.bank.bank_unit import BankUnit
from pm_dalec.sampling.bank.pooling import share_of_pilots
from pm_dalec.sampling.bank.wide_target import Width
from pm_dalec.sampling.state import Settings, new_state
from pm_dalec.sampling.target import bound_to, compile_target

UNITS, CHAINS, SIGMA = 200, 8, 0.04
NAMES = ("first", "second")
SETTINGS = Settings(draws=100, rhat=1.1, ess=100, proposals=100_000)


@pytest.fixture(scope="module")
def seen():
    """What is observed of two positions in each unit."""
    return np.random.default_rng(5).uniform(0.45, 0.55, (2, UNITS))


@pytest.fixture(scope="module")
def target(seen):
    """Positions are Gaussian: observed with sd SIGMA, flat prior of logarithms."""
    with pm.Model(coords={"pixel": np.arange(UNITS)}) as model:
        for name, values in zip(NAMES, seen, strict=True):
            x = pm.Uniform(name, 1.0, np.e, dims="pixel", default_transform=UnitInterval(1.0, np.e))
            data = pm.Data(f"{name}_data", values, dims="pixel")
            pm.Normal(f"seen_{name}", pm.math.log(x), SIGMA, observed=data, dims="pixel")
    return compile_target(model)


def exact(seen):
    """Means of the positions: the prior is flat in the number, whose logarithm they are."""
    return seen + SIGMA**2


def share_of(
    random, draws=1000, spread=1.5, centres=((0.48, 0.5), (0.52, 0.5)), least=0.0, slack=None
):
    """Pilots that are Gaussians, wider than a unit.

    Below a limit of the first position they have nothing, as densities with a constraint have; or with a
    slack what those of pilots have there.
    """
    centres, width = np.array(centres), spread * SIGMA
    origins = np.repeat(np.arange(len(centres)), draws)
    many = centres[:, np.newaxis] + width * random.normal(size=(len(centres), 60 * draws, 2))
    beyond = np.maximum(0.0, least - many[..., 0])
    kept = random.random(beyond.shape) < (np.exp(-beyond / slack) if slack else beyond == 0)
    positions = np.concatenate([each[keep][:draws] for each, keep in zip(many, kept, strict=True)])
    distances = (positions[:, np.newaxis] - centres) / width
    log_densities = -0.5 * (distances**2).sum(axis=-1)
    if slack:
        log_densities -= np.maximum(0.0, least - positions[:, :1]) / slack
    known = {
        "worth": np.ones((len(centres), 2)),
        "pilots": np.arange(len(centres)),
        "rhat": np.ones(len(centres)),
        "ess": np.full(len(centres), float(draws)),
        "proposals": np.full(len(centres), draws),
    }
    return share_of_pilots(positions, origins, log_densities, known)


def unit_at(target, place, share, settings=SETTINGS, seed=1):
    bound = bound_to(target, CHAINS, place)
    state = new_state(place, len(NAMES), CHAINS, bound.padded, settings, seed)
    return BankUnit(bound, target, state, settings, share=share, key=(seed, place))


def run(unit):
    while not unit.finished:
        unit.advance()
    return unit


def test_a_unit_near_its_pilots_takes_their_draws_over(target, seen):
    unit = run(unit_at(target, 3, share_of(np.random.default_rng(0))))
    assert (unit.state.phase, unit.state.route) == ("converged", "bank")
    draws = unit.result()[..., :-1].reshape(-1, 2)
    assert_allclose((draws.mean(axis=0) - exact(seen)[:, 3]) / SIGMA, 0.0, atol=0.15)
    assert_allclose(draws.std(axis=0) / SIGMA, 1.0, atol=0.1)


def test_a_unit_whose_pilots_miss_a_part_of_it_is_not_taken_for_converged_by_the_bank(target, seen):
    """Draws end where nearly half of the unit's mass begins; their density says nothing of it."""
    share = share_of(np.random.default_rng(0), least=0.49)
    settings = Settings(draws=400, rhat=1.1, ess=100, proposals=100_000)
    unit = run(unit_at(target, 3, share, settings))
    assert unit.state.khat < bank_unit.KHAT
    assert unit.state.drift > bank_unit.APART
    draws = unit.result()[..., :-1].reshape(-1, 2)
    assert (unit.state.phase, unit.state.route) == ("converged", "full")
    assert_array_equal(unit.result(), run(unit_at(target, 3, None, settings)).result())
    assert_allclose((draws.mean(axis=0) - exact(seen)[:, 3]) / SIGMA, 0.0, atol=0.3)


def test_pilots_that_reach_beyond_their_wall_give_a_unit_what_lies_behind_it(target, seen):
    """The unit has more than half of its mass where a constraint of its pilots fails, which they feel softly."""
    share = share_of(np.random.default_rng(0), least=0.49, slack=Width.slack)
    settings = Settings(draws=400, rhat=1.1, ess=100, proposals=100_000)
    unit = run(unit_at(target, 3, share, settings))
    assert (unit.state.phase, unit.state.route) == ("converged", "bank")
    first = unit.result()[..., 0].ravel()
    behind = norm.cdf(0.49, exact(seen)[0, 3], SIGMA)
    assert 0.3 < behind < 0.7
    assert_allclose((first < 0.49).mean(), behind, atol=0.05)
    assert_allclose((first.mean() - exact(seen)[0, 3]) / SIGMA, 0.0, atol=0.1)


def test_a_unit_far_from_its_pilots_begins_by_itself(target):
    share = share_of(np.random.default_rng(0), spread=0.2, centres=((0.9, 0.9), (0.92, 0.9)))
    unit = unit_at(target, 3, share)
    unit.advance()
    assert (unit.state.phase, unit.state.route) == ("search", "full")
    without = unit_at(target, 3, None)
    assert_array_equal(run(unit).result(), run(without).result())


def test_a_unit_that_lacks_effective_draws_goes_on_to_all_of_the_bank(target, seen, monkeypatch):
    share, key = share_of(np.random.default_rng(0)), 3
    monkeypatch.setattr(bank_unit, "EVALUATED", 192)
    found = {}
    for ess in (20, 400, 1e5):
        unit = unit_at(target, key, share, Settings(draws=100, rhat=1.1, ess=ess, proposals=512))
        unit.advance()
        found[ess] = unit.state.carried, unit.state.route
    assert found == {20: (192, "bank"), 400: (2000, "bank"), 1e5: (2000, "full")}


def test_a_unit_that_took_draws_over_begins_anew_when_more_is_asked(target):
    share = share_of(np.random.default_rng(0), draws=300)
    state = run(unit_at(target, 3, share)).state
    assert state.route == "bank"
    stricter = Settings(draws=100, rhat=1.1, ess=state.weight_ess + 1, proposals=100_000)
    bound = bound_to(target, CHAINS, 3)
    unit = run(BankUnit(bound, target, state, stricter, share=share, key=(1, 3)))
    assert (unit.state.phase, unit.state.route) == ("converged", "full")
    assert_array_equal(unit.result(), run(unit_at(target, 3, None, stricter)).result())


def error_of_sum(target, seen, share, moves, patch):
    """Error of the sum of the means of all units, in standard errors of units that share nothing."""
    patch.setattr(bank_unit, "EVERY", moves)
    settings, each = Settings(draws=40, rhat=1.5, ess=20, proposals=100_000), []
    for place in range(UNITS):
        unit = unit_at(target, place, share, settings)
        unit.advance()
        draws = unit.state.stored[: unit.state.kept, :, 0]
        assert unit.state.route == "bank"
        each.append((draws.mean() - exact(seen)[0, place]) / SIGMA)
    return np.sum(each) / np.sqrt(UNITS * np.var(each))


def test_the_error_that_units_share_averages_out_when_their_draws_are_moved(target, seen):
    """Two hundred units on one small bank: its error adds up in their sum, until each moves by itself."""
    share, moves = (
        share_of(np.random.default_rng(7), draws=200),
        bank_unit.EVERY * bank_unit.RECORDS,
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bank_unit, "RECORDS", 1)
        still = error_of_sum(target, seen, share, 1, patch)
        moved = error_of_sum(target, seen, share, moves, patch)
    assert abs(still) > 4
    assert abs(moved) < 3

"""What stands around the kernel: lanes stay where they are, tails count, and a round ends when it is good."""

from types import SimpleNamespace

import numpy as np
import pymc as pm
import pytest

from pm_dalec.graph import UnitInterval
from pm_dalec.sampling import state as state_module, unit as unit_module
from pm_dalec.sampling.state import Settings, new_state
from pm_dalec.sampling.target import bound_to, compile_target
from pm_dalec.sampling.unit import Unit, good

SIZE, CHAINS, IN_BROAD = 10, 16, 3
CENTRES, WIDTHS = (0.25, 0.75), (0.04, 0.02)  # of two modes of the same mass, the first the broader


@pytest.fixture(scope="module")
def target():
    """Ten positions with two modes, each of half of the mass; no move of a lane goes from one to the other."""
    with pm.Model() as model:
        names = [f"x{axis}" for axis in range(SIZE)]
        transform = UnitInterval(1.0, np.e)
        x = [pm.Uniform(name, 1.0, np.e, default_transform=transform) for name in names]
        logs = pm.math.stack([pm.math.log(one) for one in x])
        each = [
            -0.5 * (((logs - centre) / width) ** 2).sum() - SIZE * np.log(width)
            for centre, width in zip(CENTRES, WIDTHS, strict=True)
        ]
        most = pm.math.maximum(*each)
        density = most + pm.math.log(sum(pm.math.exp(one - most) for one in each))
        pm.Potential("modes", density - logs.sum())
    return compile_target(model)


@pytest.fixture(autouse=True)
def shorter(monkeypatch):
    for module in (unit_module, state_module):
        monkeypatch.setattr(module, "FIRST_ROUND", 6)


def begun(target, settings, centres):
    """Unit whose lanes begin at these centres, one a lane."""
    bound = bound_to(target, CHAINS, 0)
    state = new_state(0, SIZE, CHAINS, bound.padded, settings, 1)
    noise = np.random.default_rng(1).normal(size=(SIZE, CHAINS))
    state.position[:, :CHAINS] = centres + 0.01 * noise
    state.position[:, CHAINS:] = state.position[:, :1]
    unit = Unit(bound, target, state, settings)
    unit.begin()
    while not unit.finished:
        unit.advance()
    return unit.settled()


def test_a_broad_mode_beside_a_narrow_one_is_not_left_by_rule_and_its_lanes_disagree(
    target,
):
    """Its mean log-density is lower and its mass the same: to move its lanes away would end in "converged"."""
    centres = np.where(np.arange(CHAINS) < IN_BROAD, *CENTRES)
    unit = begun(target, Settings(200, 1.01, 400, 12_000), centres)
    in_broad = (unit.result()[..., :SIZE].mean(axis=-1) < np.mean(CENTRES)).mean(axis=0)
    assert in_broad.max() == 1.0
    assert in_broad.min() == 0.0
    assert unit.state.phase == "budget"
    assert unit.state.worst_rhat > 1.05


def test_a_round_ends_as_soon_as_its_draws_are_good(target):
    unit = begun(target, Settings(200, 1.05, 100, 100_000), CENTRES[1])
    assert unit.state.phase == "converged"
    assert unit.state.windows_left > unit.state.in_round / 512  # less than half of it is made


def test_draws_whose_tails_are_poorly_known_are_not_good():
    wanted, judged = Settings(200, 1.01, 400, 1000), {"worst_rhat": 1.001, "least_ess": 900.0}
    assert good(SimpleNamespace(**judged, least_tail=201.0), wanted)
    assert not good(SimpleNamespace(**judged, least_tail=199.0), wanted)


def test_no_more_than_tuning_and_one_round_is_thrown_away_of_a_long_run(target):
    """A round whose archive is good is prolonged: its draws stay."""
    state = begun(target, Settings(200, 1.0001, 1e6, 30_000), CENTRES[1]).state
    assert state.phase == "budget"
    assert state.archive_ess >= unit_module.GOOD_ARCHIVE
    assert state.round == 3  # the second was prolonged
    tuning = unit_module.FIRST_ROUND * state_module.WINDOW
    assert state.proposed - state.in_round == 3 * tuning  # the first round is twice as long

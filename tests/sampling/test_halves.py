"""Halves of the chains that share nothing."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import pm_dalec as pmd
from pm_dalec.models import baseline
from pm_dalec.sampling.state import (
    Settings,
    new_state,
    remember_only,
    state_from_arrays,
    state_to_arrays,
)

pytestmark = pytest.mark.filterwarnings(r"ignore:wanted \d+ draws of every chain")
SHORT = {"chains": 8, "draws": 40, "proposals": 2000, "groups": (), "progress": False}


def state_with(halves, visited):
    """State of six lanes that has visited some places."""
    state = new_state(0, visited.shape[2], 6, 8, Settings(halves=halves), 1)
    remember_only(state, visited)
    return state


def test_each_half_remembers_its_own_lanes_alone():
    visited = np.arange(6)[None, :, None] + np.zeros((5, 1, 2))
    (one,) = state_with(False, visited).learnt
    assert set(one.archive[: one.filled, 0]) == set(range(6))
    first, second = state_with(True, visited).learnt
    assert set(first.archive[: first.filled, 0]) == {0, 1, 2}
    assert set(second.archive[: second.filled, 0]) == {3, 4, 5}


@pytest.mark.parametrize("halves", [False, True])
def test_a_state_is_the_same_after_it_was_kept(halves):
    state = state_with(halves, np.random.default_rng(1).uniform(size=(9, 6, 2)))
    again = state_from_arrays(state_to_arrays(state))
    assert len(again.learnt) == 1 + halves
    for one, other in zip(state.learnt, again.learnt, strict=True):
        assert_array_equal(one.archive, other.archive)
        assert one.filled == other.filled


def test_a_fit_with_halves_says_how_they_agree_and_another_one_is_not_its_continuation(tmp_path):
    model = baseline.build(pmd.synthetic_site(0, years=3))
    fit = pmd.calibrate(model, **SHORT, halves=True, checkpoint=tmp_path / "state")
    report = pmd.diagnose(fit)
    assert np.isfinite(report["rhat_halves"]).all()
    assert "halves that share nothing" in pmd.verdict(report)
    with pytest.raises(ValueError, match="halves"):
        pmd.calibrate(model, **SHORT, checkpoint=tmp_path / "state", resume=True)
    usual = pmd.calibrate(model, **SHORT)
    assert "rhat_halves" not in pmd.diagnose(usual)
    assert not np.array_equal(
        usual["posterior"]["wood_turnover_rate"], fit["posterior"]["wood_turnover_rate"]
    )

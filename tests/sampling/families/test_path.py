"""The path of tempered particles: stages leave the share that was asked for, and legs end where they must."""

import numpy as np
import pytest

from pm_dalec.sampling.families.path import HARD, Parts, Powers, effective, log_weights, next_powers

ENDS = Powers(1.0, HARD, 1.0)


def parts(rng, count=500, failing=0.0):
    lacking = np.where(rng.uniform(size=count) < failing, rng.exponential(size=count), 0.0)
    return Parts(np.zeros(count), -lacking, -50 * rng.chisquare(5, count))


@pytest.mark.parametrize("least", [0.3, 0.5, 0.9])
def test_a_stage_leaves_the_effective_share_that_was_asked_for(least):
    found = parts(np.random.default_rng(0))
    now = Powers(1.0, HARD, 0.0)
    later = next_powers(found, now, ENDS, least)
    assert 0 < later.likelihood < 1
    assert effective(log_weights(found, now, later)) == pytest.approx(least, abs=1e-3)


def test_factors_come_in_one_after_the_other():
    found, now, order = parts(np.random.default_rng(0), failing=0.2), Powers(), []
    while now != ENDS and len(order) < 200:
        later = next_powers(found, now, ENDS, 0.5)
        order += [name for name in Powers._fields if getattr(later, name) != getattr(now, name)]
        now = later
    assert order[:2] == ["prior", "constraints"]
    assert set(order[2:]) == {"likelihood"}


def test_hard_constraints_leave_nothing_to_what_fails_and_all_to_what_holds():
    found = parts(np.random.default_rng(0), failing=0.2)
    weights = log_weights(found, Powers(1.0), Powers(1.0, HARD))
    assert (np.exp(weights) == (found.constraints == 0)).all()


def test_particles_of_which_none_is_left_have_no_effective_share():
    assert effective(np.full(5, -np.inf)) == 0.0

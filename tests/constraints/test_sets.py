"""Sets of constraints: rows that say what must hold, the same in both eras."""

import pytest

from pm_dalec.constraints import sets
from pm_dalec.constraints.sets import EDCS
from pm_dalec.physics import records
from pm_dalec.tables import sources
from pm_dalec.tables.variables import VARIABLES

from .cases import LATER, NUMBERED, PAPER


@pytest.mark.parametrize("name", PAPER)
def test_a_rule_says_what_must_hold_and_where_it_comes_from(name):
    rule = PAPER[name]
    assert rule.inequality
    assert rule.source in sources.SOURCES
    assert rule.level in ("parameter", "trajectory")


def test_the_rules_have_the_numbers_of_the_reference():
    assert sorted(NUMBERED) == [*range(1, 7), *range(13, 19), *range(20, 26), *range(35, 43)]


def test_both_eras_have_the_same_rules_in_the_same_order():
    assert PAPER.names == LATER.names
    assert not EDCS[None]


def test_rules_look_at_fluxes_that_the_model_keeps_for_them():
    assert set(sets.WATCHED) <= set(records.Fluxes._fields)
    assert {VARIABLES[name].role for name in sets.WATCHED} == {"flux"}

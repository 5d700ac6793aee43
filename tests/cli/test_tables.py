"""The tables of docs/tables.md are those of the code."""

import pytest

from pm_dalec.cli import tables
from pm_dalec.constraints.sets import EDCS
from pm_dalec.tables.parameters import PARAMETERS
from pm_dalec.tables.priors import Fixed
from pm_dalec.tables.streams import STREAMS
from pm_dalec.tables.variables import VARIABLES


@pytest.mark.parametrize("name", [*PARAMETERS, *VARIABLES, *STREAMS, *EDCS["edinburgh2021"]])
def test_every_row_of_a_table_is_on_the_page(name):
    assert f"| `{name}` |" in tables.page()


def test_a_changed_table_changes_the_page(monkeypatch):
    before = tables.page()
    changed = PARAMETERS.replace("leaf_lifespan", bounds=(1.001, 9.0))
    monkeypatch.setattr(tables, "PARAMETERS", changed)
    assert tables.page() != before


def test_priors_are_told_in_words():
    assert str(PARAMETERS["canopy_efficiency"].prior) == ("log-uniform, times 21.1491 ± 4.267117")
    fixed = PARAMETERS.replace("leaf_lifespan", prior=Fixed(2.5))
    assert str(fixed["leaf_lifespan"].prior) == "fixed at 2.5"


def test_a_bar_in_a_cell_does_not_end_it():
    assert tables.markdown_table(("a", "b"), [("|x| < 1", "y")]).splitlines()[2] == (
        "| \\|x\\| < 1 | y |"
    )

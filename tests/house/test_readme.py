"""The tables of README.md are those of the code."""

import pytest

from pm_dalec.cli import readme
from pm_dalec.constraints.sets import EDCS
from pm_dalec.tables.parameters import PARAMETERS
from pm_dalec.tables.priors import Fixed
from pm_dalec.tables.streams import STREAMS
from pm_dalec.tables.variables import VARIABLES


def test_the_tables_of_the_readme_are_fresh():
    text = readme.README.read_text(encoding="utf-8")
    assert text == readme.renewed(text), f"README.md is stale; run {readme.COMMAND}"


@pytest.mark.parametrize("name", [*PARAMETERS, *VARIABLES, *STREAMS, *EDCS["edinburgh2021"]])
def test_every_row_of_a_table_is_in_the_readme(name):
    assert f"| `{name}` |" in readme.section()


def test_a_changed_table_makes_the_readme_stale(monkeypatch):
    text = readme.README.read_text(encoding="utf-8")
    changed = PARAMETERS.replace("leaf_lifespan", bounds=(1.001, 9.0))
    monkeypatch.setattr(readme, "PARAMETERS", changed)
    assert text != readme.renewed(text)


def test_what_stands_outside_the_markers_is_kept():
    text = f"# Title\n\n{readme.BEGIN}\nold\n{readme.END}\n\n## Licence\n"
    found = readme.renewed(text)
    assert found.startswith("# Title\n\n")
    assert found.endswith("\n\n## Licence\n")
    assert "old" not in found.split("## Tables")[0]
    assert readme.renewed(found) == found


@pytest.mark.parametrize(
    "text",
    ["no markers", readme.BEGIN, f"{readme.END} {readme.BEGIN}", readme.BEGIN * 2 + readme.END],
)
def test_a_readme_without_its_markers_is_refused(text):
    with pytest.raises(ValueError, match="wanted the markers"):
        readme.renewed(text)


def test_priors_are_told_in_words():
    assert readme.prior_words(PARAMETERS["canopy_efficiency"]) == (
        "log-uniform, times 21.1491 ± 4.267117"
    )
    fixed = PARAMETERS.replace("leaf_lifespan", prior=Fixed(2.5))
    assert readme.prior_words(fixed["leaf_lifespan"]) == "fixed at 2.5"


def test_a_bar_in_a_cell_does_not_end_it():
    assert readme.markdown_table(("a", "b"), [("|x| < 1", "y")]).splitlines()[2] == (
        "| \\|x\\| < 1 | y |"
    )

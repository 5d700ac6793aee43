"""The notebooks run, are in order, and say what they compute."""

import importlib.util
import re
import shutil
from pathlib import Path

import matplotlib.pyplot as plt
import nbformat
import pytest

import pm_dalec as pmd
from pm_dalec.sensitivity import Study

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "notebooks"


def script():
    """Module of `notebooks/execute.py`, which is no part of a package."""
    described = importlib.util.spec_from_file_location("execute", FOLDER / "execute.py")
    module = importlib.util.module_from_spec(described)
    described.loader.exec_module(module)
    return module


execute = script()
SOURCES = execute.SOURCES
each = pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)


def test_there_are_notebooks():
    assert len(SOURCES) >= 12


STORES = {}


@pytest.fixture
def stores_are_shared(source, monkeypatch):
    """A notebook finds the finished store of another that asked for the same calibration."""
    whole = pmd.calibrate_region

    def calibrate_region(build, land, *, store, **budget):
        asked = build.__module__, str(land.sizes), str(sorted(({**budget, "groups": 0}).items()))
        maker, kept = STORES.setdefault(asked, (source, Path(store).resolve()))
        if maker != source:
            shutil.copytree(kept, store)
        return whole(build, land, store=store, **budget)

    monkeypatch.setattr(pmd, "calibrate_region", calibrate_region)


@each
@pytest.mark.filterwarnings("ignore:.*:UserWarning")  # of fewer draws than asked for
@pytest.mark.usefixtures("built_once", "stores_are_shared")
def test_a_notebook_runs_with_small_budgets(source, tmp_path, monkeypatch):
    monkeypatch.setenv("PM_DALEC_FAST", "1")
    monkeypatch.setitem(Study.run.__kwdefaults__, "pilot", 2_000)  # instead of half a million
    monkeypatch.chdir(tmp_path)
    known = {"display": lambda *shown: None}
    for place, cell in enumerate(execute.notebook_of(source).cells):
        if cell.cell_type == "code":
            exec(compile(cell.source, f"{source.name}, cell {place}", "exec"), known)  # noqa: S102
            plt.close("all")
    assert known["FAST"]


@pytest.mark.slow
@each
def test_the_numbers_in_the_text_are_those_that_are_computed(source, monkeypatch):
    """Each is held by an assert in the notebook, which looks at it where the budget is whole."""
    monkeypatch.delenv("PM_DALEC_FAST", raising=False)
    assert execute.executed(source)


@each
def test_a_notebook_has_a_question_a_goal_exercises_and_solutions(source):
    text = source.read_text(encoding="utf-8")
    assert re.search(r"^# .+\?$", text, re.MULTILINE), "wanted a title that is a question"
    assert "**You learn**" in text
    assert text.count("<details>") == text.count("</details>") >= 2
    assert "assert FAST or " in text, "wanted a number of the text held by an assert"


@each
def test_a_committed_notebook_has_the_cells_of_its_source_in_order_and_is_small(source):
    path = FOLDER / f"{source.stem}.ipynb"
    assert path.stat().st_size <= execute.LARGEST
    kept, made = nbformat.read(path, 4), execute.notebook_of(source)
    assert [c.source for c in kept.cells] == [c.source for c in made.cells], "run make notebooks"
    counts = [c.execution_count for c in kept.cells if c.cell_type == "code"]
    assert counts == list(range(1, len(counts) + 1))


@each
def test_a_committed_notebook_shows_figures_and_no_path_of_a_machine(source):
    text = (FOLDER / f"{source.stem}.ipynb").read_text(encoding="utf-8")
    every = nbformat.reads(text, 4).cells
    cells = [c for c in every if c.cell_type == "code"]
    shown = {c.id for c in cells for o in c.outputs if "image/png" in o.get("data", {})}
    assert shown == {c.id for c in cells if re.search(r"^figure\b.* = ", c.source, re.MULTILINE)}
    assert not re.search(r"/(home|tmp|root|work|Users)/", text)
    for (place, cell), below in zip(enumerate(every), [*every[1:], None], strict=True):
        if cell.id in shown:
            assert below.source.startswith(execute.READ), "wanted how to read it below a figure"
            assert cell.metadata["mystnb"]["image"]["alt"] == execute.described(every, place)


def test_a_figure_of_the_paper_takes_at_most_ten_lines():
    source = next(source for source in SOURCES if source.stem == "08_paper")
    for cell in execute.notebook_of(source).cells[3:]:  # behind the fits
        lines = [line for line in cell.source.splitlines() if line.strip()]
        assert cell.cell_type != "code" or len(lines) <= 10, cell.source

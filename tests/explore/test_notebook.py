"""The explorer in a notebook: a cell shows it, with all that a browser needs, and another one moves it."""

import nbformat
import pytest
from nbclient import NotebookClient

pytest.importorskip("panel", reason="wants pip install 'pm_dalec[explore]'")

CELLS = (
    """import pm_dalec as pmd
from pm_dalec.explore import explore
from pm_dalec.models import baseline
shown = explore(baseline.build(pmd.synthetic_site(0)))
shown""",
    """shown.move("wood_turnover_rate", 1e-3)
print([lamp.title for lamp in shown.explorer.lamps if not lamp.holds])""",
)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of Jupyter
def test_a_cell_shows_the_explorer_and_the_next_one_moves_it():
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS])
    NotebookClient(book, timeout=600, kernel_name="python3").execute()
    first, second = (cell.outputs for cell in book.cells)
    assert not [each for each in (*first, *second) if each.output_type == "error"]
    kinds = {kind for each in first for kind in each.get("data", {})}
    assert "application/vnd.jupyter.widget-view+json" in kinds
    scripts = "".join(
        each["data"].get("application/javascript", "") for each in first if "data" in each
    )
    assert len(scripts) > 1e6, "the scripts are in the notebook"
    assert "cdn.bokeh.org" not in scripts[:3000]
    assert "Wood outlives leaves" in second[0].text

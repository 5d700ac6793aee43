"""A real notebook, run by a kernel without widgets: one output for the bar, tables for what is shown."""

import asyncio

import nbformat
import pytest
from ipykernel.kernelspec import write_kernel_spec
from nbclient import NotebookClient

# Runs are short on purpose.
pytestmark = pytest.mark.filterwarnings(r"ignore:wanted \d+ draws of every chain")

CALIBRATE = """\
import sys, warnings
sys.modules["ipywidgets"] = None  # as where they are not installed
import pm_dalec as pmd
from pm_dalec.models import baseline
from pm_dalec.testing.tiny import tiny_site
model = baseline.build(tiny_site())
fit = pmd.calibrate(model, chains=4, draws=50, proposals=4_000, threads=1, groups=())
"""
SHOWN = {
    "model": "observation streams",
    "pmd.PARAMETERS": "1.001 to 8",
    "pmd.STREAMS": "observes",
    "pmd.STRATA": "coniferous woodland",
    "model.table()": "lai",
}


@pytest.fixture(scope="module")
def notebook(tmp_path_factory):
    """Notebook after its run, as it would be saved."""
    folder = tmp_path_factory.mktemp("jupyter")
    write_kernel_spec(folder / "kernels" / "here")
    made = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source) for source in (CALIBRATE, *SHOWN)]
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_PATH", str(folder))
        patch.setenv("JUPYTER_PLATFORM_DIRS", "1")
        patch.setenv("IPYTHONDIR", str(folder))
        client = NotebookClient(made, timeout=120, kernel_name="here")
        asyncio.run(client.async_execute())
    return made


def test_a_calibration_leaves_one_output_of_one_line(notebook):
    (only,) = notebook.cells[0].outputs
    assert only.output_type == "display_data"
    told = only.data["text/plain"]
    assert told.startswith("calibrating took 0:00:0")
    assert "proposals/s" in told
    assert "\n" not in told
    assert "\x1b" not in told
    assert set(only.data) == {"text/plain"}
    assert len(nbformat.writes(notebook)) < 100_000


@pytest.mark.parametrize("shown", SHOWN)
def test_a_notebook_shows_models_and_tables_in_html(notebook, shown):
    cell = next(cell for cell in notebook.cells if cell.source == shown)
    (only,) = cell.outputs
    assert only.output_type == "execute_result"
    assert "text/html" in only.data
    assert SHOWN[shown] in only.data["text/html"]

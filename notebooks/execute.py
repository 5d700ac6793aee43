"""Execute the sources of the notebooks and write them with their outputs beside this file.

``python notebooks/execute.py`` does all of them, ``python notebooks/execute.py 03 07`` those whose names
begin so. ``PM_DALEC_FAST=1`` gives every calibration a small budget, and then nothing is written.
"""

import base64
import io
import os
import re
import resource
import sys
import tempfile
import time
from pathlib import Path

import jupytext
import nbclient
import nbformat
from PIL import Image

FOLDER = Path(__file__).resolve().parent
SOURCES = sorted((FOLDER / "sources").glob("*.md"))
LARGEST = 1_500_000  # bytes of a notebook with its outputs
LONGEST = 900  # s of one cell, on a machine with other work
READ = "*How to read it.*"
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


def notebook_of(source):
    """Notebook without outputs, its cells named by their order so that nothing changes by chance."""
    notebook = jupytext.read(source)
    notebook.metadata = nbformat.from_dict({"kernelspec": KERNEL})
    for place, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{place:02d}"
    return notebook


def executed(source):
    """Notebook with its outputs, executed in an empty folder by a kernel of its own.

    A figure is described, for who cannot see it, by its heading and the first sentence of how it is read.

    Raises
    ------
    nbclient.exceptions.CellExecutionError
        Where a cell fails.
    ValueError
        Where a cell writes to the error stream: a warning shows paths of the machine that it ran on.
    """
    notebook = notebook_of(source)
    with tempfile.TemporaryDirectory() as empty:
        place = {"metadata": {"path": empty}}
        nbclient.NotebookClient(notebook, timeout=LONGEST, resources=place).execute()
    for place, cell in enumerate(notebook.cells):
        cell.metadata.pop("execution", None)
        for output in cell.get("outputs", []):
            if output.get("name") == "stderr":
                raise ValueError(
                    f"wanted no warnings in a notebook, got {output['text']!r} ({source.name}); mend "
                    "the cell that gives it"
                )
            if "image/png" in output.get("data", {}):
                output["data"]["image/png"] = with_palette(output["data"]["image/png"])
                alt = described(notebook.cells, place)
                output["metadata"]["image/png"] = {"alt": alt}  # read by Jupyter
                cell.metadata["mystnb"] = {"image": {"alt": alt}}  # read by the site
    notebook.metadata = nbformat.from_dict({"kernelspec": KERNEL})
    return notebook


def described(cells, place):
    """Words for the figure of a cell: the heading above it, and the first sentence of how it is read."""
    above = "\n".join(cell.source for cell in cells[:place] if cell.cell_type == "markdown")
    heading = re.findall(r"^#+ (.+)$", above, re.MULTILINE)[-1]
    read = " ".join(cells[place + 1].source.removeprefix(READ).split("\n\n")[0].split())
    return re.sub(r"[`$*\\{}]", "", f"{heading}: {re.split(r'(?<=[.!?]) ', read)[0]}")


def with_palette(picture):
    """PNG as text in base64, in 256 colours: a third of its size."""
    made, kept = Image.open(io.BytesIO(base64.b64decode(picture))).convert("RGB"), io.BytesIO()
    made.quantize(256, dither=Image.Dither.NONE).save(kept, "PNG", optimize=True)
    return base64.b64encode(kept.getvalue()).decode()


def main(beginnings):
    """Execute the sources whose names begin so, and say how long each took."""
    chosen = [s for s in SOURCES if not beginnings or s.name.startswith(tuple(beginnings))]
    if not chosen:
        raise SystemExit(
            f"wanted the beginning of a notebook's name, got {' '.join(beginnings)}; there are "
            f"{', '.join(source.stem for source in SOURCES)}"
        )
    for source in chosen:
        started, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
        text = nbformat.writes(executed(source)) + "\n"
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        if len(text) > LARGEST:
            raise SystemExit(f"{source.stem} has {len(text)} bytes, wanted at most {LARGEST}")
        if "PM_DALEC_FAST" not in os.environ:
            source.parents[1].joinpath(f"{source.stem}.ipynb").write_text(text, encoding="utf-8")
        wall = time.perf_counter() - started
        print(
            f"{source.stem}: {wall:.0f} s, {spent:.0f} s of processor time, {len(text) // 1024} kB"
        )


if __name__ == "__main__":
    main(sys.argv[1:])

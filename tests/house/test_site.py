"""The site says what can be done, and it is done here; a page without a way to it is found."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from pm_dalec.sensitivity.studies.variants_file import read_variants

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
GUIDE = sorted((DOCS / "guide").glob("*.md"))
WRITTEN = sorted(set(DOCS.glob("*.md")) - {DOCS / "index.md", DOCS / "gallery.md"})


@pytest.mark.filterwarnings("ignore:.* missing in the table")
@pytest.mark.parametrize("page", GUIDE, ids=lambda page: page.stem)
def test_the_code_of_a_page_of_the_guide_runs(page, capsys):
    known = {}
    for code in re.findall(
        r"^```python\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    ):
        exec(compile(code, page.name, "exec"), known)  # noqa: S102  (it is our own page)


def test_the_variants_of_the_guide_can_be_read(tmp_path):
    page, found = (DOCS / "guide" / "sensitivity.md").read_text(encoding="utf-8"), []
    for text in re.findall(r"^```toml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL):
        file = tmp_path / f"{len(found)}.toml"
        file.write_text(text, encoding="utf-8")
        found.append(list(read_variants(file))[:2])
    assert found == [["base", "Ra:GPP 0.5"], ["base", "priors 2023"]]


def test_every_page_has_a_way_to_it():
    lists = [DOCS / "index.md", DOCS / "about.md", DOCS / "guide" / "index.md"]
    listed = {
        (page.parent / line).resolve().with_suffix(".md")
        for page in lists
        for block in re.findall(
            r"^```\{toctree\}\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL
        )
        for line in block.splitlines()
        if line and not line.startswith(":")
    }
    assert not [page.name for page in (*WRITTEN, *GUIDE) if page not in listed | set(lists)]


@pytest.mark.slow
def test_the_site_is_built_without_a_warning(tmp_path):
    pytest.importorskip("sphinx", reason="wants the group docs: make docs")
    command = [
        sys.executable,
        "-m",
        "sphinx",
        "-E",
        "-W",
        "-q",
        "-c",
        DOCS,
        ROOT,
        tmp_path / "site",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "site" / "docs" / "reference" / "names" / "pm_dalec.calibrate.html").exists()

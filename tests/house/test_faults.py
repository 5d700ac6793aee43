"""Every fault that `docs/faults.md` lists is held down by a test that exists."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROWS = re.findall(
    r"`([\w/]+\.py)::(test_\w+)` \|$", (ROOT / "docs" / "faults.md").read_text(), re.MULTILINE
)


def test_every_row_names_a_test():
    lines = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8").splitlines()
    assert len(ROWS) == sum(line.startswith("| ") for line in lines) - 2
    assert len(ROWS) >= 30


@pytest.mark.parametrize(("file", "name"), ROWS)
def test_the_test_of_a_fault_exists(file, name):
    assert f"\ndef {name}(" in (ROOT / "tests" / file).read_text(encoding="utf-8")

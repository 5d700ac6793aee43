"""The examples in docstrings give what they say."""

import doctest
from importlib import import_module
from pathlib import Path

import pytest

import pm_dalec

HOUSE = Path(pm_dalec.__file__).parent
WITH_EXAMPLES = [
    ".".join(path.relative_to(HOUSE.parent).with_suffix("").parts)
    for path in sorted(HOUSE.rglob("*.py"))
    if ">>> " in path.read_text(encoding="utf-8")
]


@pytest.mark.parametrize("module", WITH_EXAMPLES)
def test_the_examples_of_a_module_hold(module, capsys):
    failed, tried = doctest.testmod(import_module(module))
    assert tried
    assert failed == 0, capsys.readouterr().out


def test_there_are_examples():
    assert len(WITH_EXAMPLES) >= 8

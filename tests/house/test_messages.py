"""Messages and docstrings name what a user can import: faces, and no module behind them."""

import ast
import re
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

import pytest

import pm_dalec

HOUSE = Path(pm_dalec.__file__).parent
ROOT = HOUSE.parent
FILES = sorted([*HOUSE.rglob("*.py"), *(ROOT / "models").glob("*.py")])
DOTTED = re.compile(r"\bpm_dalec((?:\.[A-Za-z_]\w*)+)")
RUN = re.compile(r"python -m pm_dalec[\w.]+|pm_dalec\.mplstyle")  # what is run, or a file


def named(path):
    """Dotted names in the strings of a file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from (m.group(0) for m in DOTTED.finditer(RUN.sub("", node.value)))


def is_on_a_face(name):
    """Whether every step of a dotted name is a room or a model, or is handed on by the face before it."""
    found = pm_dalec
    for part in name.split(".")[1:]:
        if part in dir(found) or not isinstance(found, ModuleType):
            found = getattr(found, part, None)
        elif find_spec(f"{found.__name__}.{part}") is not None:
            found = import_module(f"{found.__name__}.{part}")
            if not hasattr(found, "__path__") and not found.__name__.startswith("pm_dalec.models"):
                return False  # a file, and no room
        else:
            return False
    return found is not None


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_dotted_names_in_strings_are_on_a_face(path):
    wrong = sorted({name for name in named(path) if not is_on_a_face(name)})
    assert not wrong, f"say them as a user imports them, or without their module: {wrong}"

"""What is small enough to be read: files, functions, classes and rooms."""

import ast
from functools import cache
from pathlib import Path

import pytest

import pm_dalec

HOUSE = Path(pm_dalec.__file__).parent
ROOT = HOUSE.parent
FOLDERS = ("pm_dalec", "models", "paper_figures", "tests")
FILES = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))
ROOMS = sorted(path.parent for path in HOUSE.glob("*/__init__.py"))
PARTS = sorted(path.parent for path in HOUSE.glob("*/*/__init__.py"))

LONGEST_FILE = 350
LONGEST_FUNCTION = 40  # lines of code; the docstring is not counted
LONGEST_CLASS = 200
FEWEST_FILES, MOST_FILES = 4, 12  # of a room, without its __init__

# What is above the limits today and is being mended, with its size; an entry must not outlive its reason.
KNOWN = {}


def name_of(path):
    """Path in the project."""
    return path.relative_to(ROOT).as_posix()


def code_lines(node):
    """Lines of a definition without its docstring, from ``def`` to its end."""
    first = node.body[0]
    told = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    docstring = first.end_lineno - first.lineno + 1 if told and ast.get_docstring(node) else 0
    return node.end_lineno - node.lineno + 1 - docstring


@cache
def definitions(path):
    """Kind, name and lines of every definition in a file, nested ones too."""
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return [
        (type(node), f"{name_of(path)}: {node.name}", code_lines(node))
        for node in nodes
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    ]


@cache
def sizes_of_files():
    return {name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in FILES}


@cache
def sizes_of(*kinds):
    return {
        name: lines
        for path in FILES
        if not path.is_relative_to(ROOT / "tests")
        for kind, name, lines in definitions(path)
        if kind in kinds
    }


def files_in(folder):
    return sum(path.stem != "__init__" for path in folder.glob("*.py"))


def told(found):
    """Sentence that lists what is too large."""
    return "; ".join(f"{name} has {size}" for name, size in sorted(found.items()))


def large(sizes, most):
    return {name: size for name, size in sizes.items() if size > most and name not in KNOWN}


def test_no_file_is_longer_than_350_lines():
    found = large(sizes_of_files(), LONGEST_FILE)
    assert not found, f"wanted files of at most {LONGEST_FILE} lines, but {told(found)}; split them"


def test_no_function_is_longer_than_40_lines_of_code():
    found = large(sizes_of(ast.FunctionDef, ast.AsyncFunctionDef), LONGEST_FUNCTION)
    assert not found, (
        f"wanted functions of at most {LONGEST_FUNCTION} lines without the docstring, but "
        f"{told(found)}; take a part out"
    )


def test_no_class_is_longer_than_200_lines():
    found = large(sizes_of(ast.ClassDef), LONGEST_CLASS)
    assert not found, f"wanted classes of at most {LONGEST_CLASS} lines, but {told(found)}"


def test_a_room_has_4_to_12_files():
    counts = {name_of(room): files_in(room) for room in ROOMS}
    found = {
        room: count
        for room, count in counts.items()
        if not FEWEST_FILES <= count <= MOST_FILES and room not in KNOWN
    }
    assert not found, f"wanted {FEWEST_FILES} to {MOST_FILES} files a room, but {told(found)}"


def test_a_part_of_a_room_has_at_most_12_files():
    found = large({name_of(part): files_in(part) for part in PARTS}, MOST_FILES)
    assert not found, f"wanted at most {MOST_FILES} files, but {told(found)}; split the folder"


@pytest.mark.parametrize("name", KNOWN)
def test_what_is_known_to_be_too_large_still_is_and_does_not_grow(name):
    files, counts = sizes_of_files(), {name_of(room): files_in(room) for room in (*ROOMS, *PARTS)}
    functions, classes = sizes_of(ast.FunctionDef, ast.AsyncFunctionDef), sizes_of(ast.ClassDef)
    sizes = {**files, **counts, **functions, **classes}
    assert name in sizes, f"{name} is gone; take it out of KNOWN"
    limits = ((files, LONGEST_FILE), (functions, LONGEST_FUNCTION), (classes, LONGEST_CLASS))
    small = [sizes[name] <= most for kind, most in limits if name in kind]
    small += [FEWEST_FILES <= counts[name] <= MOST_FILES for _ in range(name in counts)]
    assert not any(small), f"{name} has {sizes[name]}, which is allowed; take it out of KNOWN"
    grown = sizes[name] > KNOWN[name] and name not in counts
    assert not grown, f"{name} has {sizes[name]} instead of {KNOWN[name]}; make it smaller"

"""The rooms of the library and what they stand on, read from its own files, in Markdown."""

import ast
from pathlib import Path

import grimp

HOUSE = Path(__file__).resolve().parents[1]


def imports_of_rooms():
    """Rooms that each room imports, whatever it imports them for but types.

    Returns
    -------
    dict of str to set of str
        By name; ``_faces`` and ``_version`` are no rooms.
    """
    graph = grimp.build_graph(HOUSE.name, exclude_type_checking_imports=True, cache_dir=None)
    rooms = {f"{HOUSE.name}.{path.parent.name}" for path in HOUSE.glob("*/__init__.py")}
    for room in rooms:
        graph.squash_module(room)
    return {
        _last(room): {
            _last(other) for other in graph.find_modules_directly_imported_by(room) & rooms
        }
        for room in rooms
    }


def _last(module):
    return module.rpartition(".")[2]


def below(room, imports):
    """Rooms that a room stands on, directly or through others."""
    return imports[room].union(*(below(other, imports) for other in imports[room]))


def from_top(imports):
    """Rooms in an order in which each comes before all that it stands on."""
    return sorted(imports, key=lambda room: (-len(below(room, imports)), room))


def diagram(imports):
    """Diagram in which an arrow says "stands on"; those that follow from others are left out.

    Parameters
    ----------
    imports : dict of str to set of str
        As from `imports_of_rooms`.

    Returns
    -------
    str
        Mermaid.
    """
    arrows = [
        f"    room_{room}[{room}] --> room_{other}[{other}]"  # `graph` alone is a word of Mermaid's
        for room in from_top(imports)
        for other in sorted(imports[room].difference(*(below(o, imports) for o in imports[room])))
    ]
    return "\n".join(["```mermaid", "flowchart TD", *arrows, "```"])


def described(room, imports):
    """What a room is for, what it stands on, and a line on each of its files."""
    stands_on = ", ".join(f"`{other}`" for other in sorted(imports[room])) or "no other room"
    files = [
        f"| `{path.relative_to(HOUSE / room).with_suffix('').as_posix()}` | {_first_line(path)} |"
        for path in sorted((HOUSE / room).rglob("*.py"))
        if path.stem != "__init__"
    ]
    return "\n".join(
        (
            f"## `{room}`",
            "",
            f"{_first_line(HOUSE / room / '__init__.py')} Stands on {stands_on}.",
            "",
            "| file | what is in it |",
            "| --- | --- |",
            *files,
        )
    )


def _first_line(path):
    """First line of a docstring; a bar in it does not end a cell."""
    words = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    return words.splitlines()[0].replace("|", "\\|")


def section():
    """Diagram and list of all rooms, from the top to the ground floor.

    Returns
    -------
    str
        Markdown.
    """
    imports = imports_of_rooms()
    return "\n\n".join(
        (diagram(imports), *(described(room, imports) for room in from_top(imports)))
    )

"""Faces: what a room hands on, loaded when it is asked for (PEP 562).

The names of a face stand once, under ``if TYPE_CHECKING:`` in the ``__init__`` of its room, where editors
and type checkers read them as imports. `face` reads the same lines and imports none of them.
"""

import ast
import sys
from collections.abc import Callable
from importlib import import_module


def face(room: str) -> tuple[Callable[[str], object], Callable[[], list[str]], list[str]]:
    """``__getattr__``, ``__dir__`` and ``__all__`` of a package whose names are loaded on demand.

    Parameters
    ----------
    room : str
        Name of the package, ``__name__`` in its ``__init__``.
    """
    homes = homes_of(room)
    names = sorted(homes)

    def load(name: str) -> object:
        if name not in homes:
            raise AttributeError(_missing(room, name, names), name=name, obj=sys.modules[room])
        found: object = getattr(import_module(homes[name]), name)
        setattr(sys.modules[room], name, found)  # the next time it is there
        return found

    return load, lambda: names, names


def homes_of(room: str) -> dict[str, str]:
    """Module of every name of a face, by name, as its ``__init__`` declares them.

    Parameters
    ----------
    room : str
        Name of a package that is being imported, or was.
    """
    loader = sys.modules[room].__spec__.loader  # type: ignore[union-attr]
    source = loader.get_source(room)  # type: ignore[union-attr]
    declared = [
        line
        for block in ast.parse(source).body
        if isinstance(block, ast.If)
        for line in block.body
        if isinstance(line, ast.ImportFrom)
    ]
    return {name.name: str(line.module) for line in declared for name in line.names}


def _missing(room: str, name: str, names: list[str]) -> str:
    """Sentence about a name that a face does not have."""
    from difflib import get_close_matches

    near = get_close_matches(name, names, n=4, cutoff=0.4)
    hint = f"the nearest are {', '.join(near)}" if near else f"there are {', '.join(names)}"
    return f"no {name!r} in {room}; {hint}"

"""Tasks that a cluster does, whatever they make: what is called, what is on the disk, which versions decide."""

from __future__ import annotations

import json
from contextlib import suppress
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, NamedTuple

from pm_dalec.data import storage
from pm_dalec.tables.constants import MODEL_VERSION, SAMPLER_VERSION

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DECIDING = ("pm_dalec", "pymc", "pytensor", "numpy", "scipy", "numba", "llvmlite")


class Tasks(NamedTuple):
    """Numbered tasks whose results lie on a disk that client and workers see.

    Parameters
    ----------
    call : callable
        ``number -> (function, *arguments)``: what a worker does; small, for all of them lie in the scheduler.
    found : callable
        ``number ->`` what a task has made, read from the disk; None where it is not done.
    note : callable
        ``(number, reason)``: keeps why a task failed.
    versions : dict of str to str
        Of what decides the numbers; workers with others are refused.
    """

    call: Callable[[int], tuple[Any, ...]]
    found: Callable[[int], Any]
    note: Callable[[int, str], object]
    versions: dict[str, str]


def versions_here() -> dict[str, str]:
    """Versions of what decides the numbers, in this process."""
    found = {name: version(name) for name in DECIDING}
    return found | {"sampler": str(SAMPLER_VERSION), "model": str(MODEL_VERSION)}


def check_versions(wanted: dict[str, str], here: dict[str, str], where: str) -> None:
    """Refuse a worker whose numbers may be others.

    Parameters
    ----------
    wanted, here : dict of str to str
        Of the client and of the worker.
    where : str
        Of the worker.

    Raises
    ------
    ValueError
    """
    differing = [
        f"{name} {here.get(name)} instead of {wanted[name]}"
        for name in wanted
        if here.get(name) != wanted[name]
    ]
    if differing:
        raise ValueError(
            f"wanted workers with the versions of the client, got {'; '.join(differing)} on {where}; "
            "install the same versions there, and start the worker again"
        )


def read_json(path: Path) -> dict | None:
    """What a small file tells; None where there is none."""
    try:
        return json.loads(path.read_text())
    except FileNotFoundError:
        return None


def write_json(path: Path, told: dict) -> None:
    """Write a small file, whole or not at all."""
    with storage.whole(path) as draft:
        draft.write_text(json.dumps(told))


def write_where_possible(path: Path, told: dict) -> None:
    """Write a small file where that can be done at all: the disk may be full."""
    with suppress(OSError):
        write_json(path, told)

"""States of units on disk: written whole or not at all, read back bit for bit."""

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np

from pm_dalec.data.storage import whole
from pm_dalec.sampling.state import state_from_arrays, state_to_arrays

MANIFEST = "manifest.json"


class Store:
    """Folder with one file a unit.

    Parameters
    ----------
    folder : Path
    """

    def __init__(self, folder):
        self.folder = folder

    def _path(self, identity):
        return self.folder / f"unit-{identity}.npz"

    def read(self, identity):
        """State of a unit, or None where it never began."""
        path = self._path(identity)
        if not path.exists():
            return None
        with np.load(path) as held:
            return state_from_arrays(held)

    def write(self, identity, state):
        """Save the state of a unit; the old file stays until the new one is complete."""
        with whole(self._path(identity)) as draft, draft.open("wb") as stream:
            np.savez(stream, **state_to_arrays(state))


def open_store(folder, resume, settings, chains, seed, target):
    """Store for the units of a run.

    Parameters
    ----------
    folder : path or None
        None keeps nothing.
    resume : bool
        Whether states in the folder may be continued.
    settings : Settings
    chains, seed : int
    target : Target

    Returns
    -------
    Store or None

    Raises
    ------
    ValueError
        If the folder holds another run, or any run without ``resume``.
    """
    if folder is None:
        if resume:
            raise ValueError(
                "wanted a folder to resume from, got checkpoint=None; name the folder of the run"
            )
        return None
    folder = Path(folder)
    wanted = {
        **asdict(settings),
        "chains": chains,
        "seed": int(seed),
        "parameters": list(target.rows),
    }
    path = folder / MANIFEST
    if path.exists():
        found = json.loads(path.read_text())
        if not resume:
            raise ValueError(
                f"wanted an empty folder for a new run, got the states of another one ({folder}); "
                "pass resume=True to go on, or another folder"
            )
        differing = [name for name in wanted if found.get(name) != wanted[name]]
        if differing:
            name = differing[0]
            raise ValueError(
                f"wanted to resume a run with {name}={wanted[name]}, got one made with "
                f"{name}={found.get(name)} ({folder}); use the same settings or a new folder"
            )
    else:
        folder.mkdir(parents=True, exist_ok=True)
        with whole(path) as draft:
            draft.write_text(json.dumps(wanted, indent=1))
    return Store(folder)

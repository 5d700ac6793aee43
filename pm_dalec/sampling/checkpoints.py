"""States of units on disk: written whole or not at all, read back bit for bit."""

import json
import zipfile
import zlib
from contextlib import ExitStack, contextmanager
from io import BytesIO
from pathlib import Path

import numpy as np

from pm_dalec.data.storage import LOCK, folder_to_write, locked, whole
from pm_dalec.sampling.identity import Identity, refuse_another
from pm_dalec.sampling.state import state_from_arrays, state_to_arrays

MANIFEST, PARTS = "manifest.json", "parts"
STATES = "state"  # folder of the states in the store of a region
PREPARING = 120.0  # s that a part waits for others that begin
MADE_OF = "made_of"  # in the file of a state: the identity of its run, and the number of its unit
# What NumPy and zipfile raise on damaged files
DAMAGE = (
    OSError,
    RuntimeError,
    ValueError,
    KeyError,
    EOFError,
    TypeError,
    SyntaxError,
    MemoryError,
    OverflowError,
    zipfile.BadZipFile,
    zlib.error,
)


class Store:
    """Folder with one file a unit.

    Parameters
    ----------
    folder : Path
    made_of : Identity
        Of the run.
    """

    def __init__(self, folder, made_of):
        self.folder, self.made_of = folder, made_of

    def _path(self, identity):
        return self.folder / f"unit-{identity}.npz"

    def read(self, identity):
        """State of a unit, or None where it never began."""
        path = self._path(identity)
        if not path.exists():
            return None
        try:
            # by way of memory: NumPy leaves a file open that it cannot read
            with np.load(BytesIO(path.read_bytes())) as held:
                state, told = state_from_arrays(held), json.loads(held[MADE_OF].item())
                unit, run = int(told["unit"]), str(told["run"])
        except DAMAGE as fault:
            raise ValueError(
                f"wanted the state of a unit in '{path}', got a file that cannot be read as one "
                f"({fault}); remove it, and the unit begins anew"
            ) from fault
        refuse_another(self.made_of, run, where=path, what="the state")
        if unit != identity:
            raise ValueError(
                f"wanted the state of unit {identity} in '{path}', got that of unit {unit}; give the "
                "file its name back, or remove it, and the unit begins anew"
            )
        return state

    def write(self, identity, state):
        """Save the state of a unit; the old file stays until the new one is complete."""
        with whole(self._path(identity)) as draft, draft.open("wb") as stream:
            told = json.dumps({"unit": int(identity), "run": self.made_of.as_json()})
            np.savez(stream, **state_to_arrays(state), **{MADE_OF: np.array(told)})


@contextmanager
def open_store(folder, resume, identity):
    """Store for the units of a run, which nobody else writes to in the meantime.

    Neither does a part of a job array, see `beside_others`.

    Parameters
    ----------
    folder : path or None
        None keeps nothing.
    resume : bool
        Whether states in the folder may be continued.
    identity : Identity
        Of the run.

    Yields
    ------
    Store or None

    Raises
    ------
    ValueError, OSError
        If the folder holds another run, or any run without ``resume``, or cannot be written to.
    """
    if folder is None:
        if resume:
            raise ValueError(
                "wanted a folder to resume from, got checkpoint=None; name the folder of the run"
            )
        yield None
        return
    folder = folder_to_write(folder)
    with locked(folder, inside=True):
        _refuse_parts(folder)
        _claim(folder, resume, identity)
        yield Store(folder, identity)


@contextmanager
def beside_others(folder, identity, part, prepare):
    """Block during which parts of one run may write states side by side, and nobody else.

    Parameters
    ----------
    folder : path
    identity : Identity
        Of the run.
    part : tuple of int
        Part i of n.
    prepare : callable
        Called while no other part is, before this one begins.

    Raises
    ------
    ValueError, OSError
        As from `open_store`, and where the same part is at work already.
    """
    folder = folder_to_write(folder)
    (folder / PARTS).mkdir(exist_ok=True)
    with ExitStack() as held:
        with locked(folder, inside=True, wait=PREPARING):
            _claim(folder, True, identity)
            held.enter_context(locked(folder / PARTS / "{}-of-{}".format(*part)))
            prepare()
        yield


def _refuse_parts(folder):
    """See that no part of a job array is at work."""
    for lock in sorted((folder / PARTS).glob(f"*{LOCK}")):
        with locked(lock.with_suffix("")):
            pass


def seed_in(folder):
    """Seed of the run whose states a folder holds, or None where it holds none.

    Parameters
    ----------
    folder : path or None
    """
    path = None if folder is None else Path(folder) / MANIFEST
    if path is None or not path.is_file():
        return None
    try:
        return int(Identity.read(path.read_text()).parts["seed"].words)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None  # `open_store` says what is wrong with it


def _claim(folder, resume, identity):
    """See that a folder holds the same run, if any, and say what it holds."""
    path = folder / MANIFEST
    if not path.exists():
        with whole(path) as draft:
            draft.write_text(identity.as_json())
        return
    if not resume:
        raise ValueError(
            f"wanted an empty folder for a new run, got the states of another one ({folder}); "
            "pass resume=True to go on, or another folder"
        )
    refuse_another(identity, path.read_text(), where=folder, what="the states")

"""What a store tells: units that are done, running and failed, the rate, the time left; and its hash."""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pm_dalec.data import storage
from pm_dalec.posterior import fit_file
from pm_dalec.sampling.checkpoints import MANIFEST, STATES
from pm_dalec.sampling.cluster.store import held_run
from pm_dalec.sampling.cluster.tasks import read_json
from pm_dalec.sampling.cluster.work import BEGAN, FAULTS, ROWS, UNITS, Line

if TYPE_CHECKING:
    import xarray as xr

FIT = fit_file.FIT_OF_STORE
OF_THE_MACHINE = ("compile_seconds", "checksums")  # attributes that say nothing of the numbers


class Status(NamedTuple):
    """What a store holds at present.

    Parameters
    ----------
    units, done : int
        That exist, and of which draws are there.
    phases : dict of str to int
        Fate of the units that are done: converged, budget, no start.
    blocks, blocks_done : int
    running : dict of int to str
        Host and process by number of a block.
    failed : dict of int to str
        Reason by number of a block.
    rate : float
        Units an hour, since the first block that is done began.
    left : timedelta or None
    core_seconds : float
        Mean of a unit.
    closed : bool
        Whether the fit is written.
    """

    units: int
    done: int
    phases: dict[str, int]
    blocks: int
    blocks_done: int
    running: dict[int, str]
    failed: dict[int, str]
    rate: float
    left: timedelta | None
    core_seconds: float
    closed: bool


def status(store: str | Path) -> Status:
    """Status of a store, read from small files; no worker is asked.

    Parameters
    ----------
    store : path
        As for `pm_dalec.calibrate_region`.

    Returns
    -------
    Status

    Raises
    ------
    FileNotFoundError
        If nothing is there.
    """
    store = Path(store)
    run = held_run(store)
    if run is None:
        return _of_threads(store)
    folder, count = store / UNITS, run["blocks"].count
    rows = [told for told in _told(folder / ROWS).values() if told["targets"] == run["targets"]]
    lines = [Line(*line) for told in rows for line in told["units"]]
    finished, rate, left = len(rows) == count, np.nan, None
    if rows:
        now = max(told["ended"] for told in rows) if finished else time.time()
        rate = len(lines) / max(now - min(told["began"] for told in rows), 1e-3) * 3600
        left = timedelta(seconds=round((run["units"] - len(lines)) / rate * 3600))
    return Status(
        units=run["units"],
        done=len(lines),
        phases=dict(Counter(line.phase for line in lines)),
        blocks=count,
        blocks_done=len(rows),
        running=_running(folder),
        failed={number: told["reason"] for number, told in _told(folder / FAULTS).items()},
        rate=rate,
        left=left,
        core_seconds=float(np.mean([line.seconds for line in lines])) if lines else np.nan,
        closed=(store / FIT).exists(),
    )


def _told(folder):
    """What the small files of a folder tell, by number of the block."""
    found = {int(file.stem.split("-")[1]): read_json(file) for file in folder.glob("block-*.json")}
    return {number: told for number, told in sorted(found.items()) if told is not None}


def _running(folder):
    """Blocks that began and whose writer still holds them."""
    found = {}
    for number, told in _told(folder / BEGAN).items():
        try:
            with storage.locked(folder / f"block-{number:06d}"):
                pass  # nobody holds it: its worker was lost
        except storage.WriteError:
            found[number] = f"{told['host']}, process {told['process']}"
    return found


def _of_threads(store):
    """Status of a store without blocks: by its fit, or by the states of its units."""
    if (store / FIT).exists():
        statistics = fit_file.load(store / FIT)["sample_stats"]
        phases = Counter(statistics["status"].values.ravel().tolist())
        phases.pop("not run", None)
        units = done = sum(phases.values())
    elif (store / STATES / MANIFEST).exists():
        units, done, phases = sum(1 for _ in (store / STATES).glob("unit-*.npz")), 0, {}
    else:
        raise FileNotFoundError(
            f"wanted a store of a region at '{store}', found nothing there; make one with "
            "pm_dalec.calibrate_region or `pm-dalec calibrate-region`"
        )
    closed = (store / FIT).exists()
    return Status(units, done, dict(phases), 0, 0, {}, {}, np.nan, None, np.nan, closed)


def store_hash(store: str | Path) -> str:
    """Hash of what the fit of a store says: groups, names, coordinates, numbers and attributes.

    Who calibrated it, threads or whatever cluster, and how the numbers are packed in files, do not
    enter; nor does the time that compiling took.

    Parameters
    ----------
    store : path
        As for `pm_dalec.calibrate_region`; finished.

    Returns
    -------
    str
        SHA-256, hexadecimal.
    """
    made = hashlib.sha256()
    for node in sorted(fit_file.load(Path(store) / FIT).subtree, key=lambda node: node.path):
        made.update(node.path.encode())
        _add(made, node.to_dataset(inherit=False))
    return made.hexdigest()


def _add(made, part: xr.Dataset):
    told = {name: str(value) for name, value in part.attrs.items() if name not in OF_THE_MACHINE}
    made.update(repr(sorted(told.items())).encode())
    for name in sorted(map(str, part.variables)):
        values = part[name].values
        values = values.astype(str) if values.dtype.kind in "OUST" else values
        made.update(f"{name}{part[name].dims}{values.dtype.str}{values.shape}".encode())
        made.update(np.ascontiguousarray(values).tobytes())

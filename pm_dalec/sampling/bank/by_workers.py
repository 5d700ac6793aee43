"""Pilots by the workers of a cluster: what they leave are states, from which a bank is pooled as by threads."""

from __future__ import annotations

import pickle
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from threadpoolctl import threadpool_limits

from pm_dalec.data import storage
from pm_dalec.sampling.bank.wide_target import Width, wide_target
from pm_dalec.sampling.calibration import COMPILING, Job
from pm_dalec.sampling.checkpoints import MANIFEST, Store
from pm_dalec.sampling.cluster.client import done_by, pickled
from pm_dalec.sampling.cluster.tasks import Tasks, read_json, versions_here, write_json
from pm_dalec.sampling.identity import Identity, identities
from pm_dalec.sampling.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Callable

    import xarray as xr
    from distributed import Client

    from pm_dalec.sampling.state import Settings

REQUEST, DONE = "request.pickle", "done"


class Pilots(NamedTuple):
    """What a worker makes pilots of.

    Parameters
    ----------
    build : callable
    land : DataTree or Dataset
    width : Width
    settings : Settings
    chains, seed : int
    """

    build: Callable
    land: xr.DataTree | xr.Dataset
    width: Width
    settings: Settings
    chains: int
    seed: int


def advance_pilots(
    client: Client | str,
    pilots: Pilots,
    folder: Path,
    places: list[int],
    *,
    workers: int,
    tell: Callable[[str], object],
) -> None:
    """Sample pilots on a cluster, until they are done.

    Parameters
    ----------
    client : Client or str
    pilots : Pilots
    folder : Path
        Of their states, with the manifest of the run.
    places : list of int
        Of the pilots.
    workers : int
        Processes of client="local".
    tell : callable
        Called with a sentence.
    """
    folder, settings = folder.resolve(), asdict(pilots.settings)
    storage.folder_to_write(folder / DONE)
    with storage.whole(folder / REQUEST) as draft:
        draft.write_bytes(pickled(pilots))

    def found(number):
        told = read_json(_file(folder, places[number]))
        return told if told == settings else None

    tasks = Tasks(
        call=lambda number: (advance_pilot, folder, places[number]),
        found=found,
        note=lambda number, reason: None,
        versions=versions_here(),
    )
    done_by(client, tasks, len(places), workers=workers, tell=tell, what="pilots")


def advance_pilot(folder: Path, place: int) -> None:
    """Sample one pilot until it is done, as a task does.

    Parameters
    ----------
    folder : Path
    place : int
        Flat place of the unit.
    """
    path = folder / REQUEST
    job, numbers = _job_of(path, path.stat().st_mtime_ns)
    with threadpool_limits(1, "blas"):
        job.one(place, int(numbers[place]))
    write_json(_file(folder, place), asdict(job.settings))


def _file(folder, place):
    return folder / DONE / f"pilot-{place}.json"


@lru_cache(maxsize=2)
def _job_of(path, changed):
    """Job of the pilots of a folder, and identities of all units; compiled once in a process."""
    pilots, folder = pickle.loads(path.read_bytes()), path.parent
    with COMPILING:
        model = pilots.build(pilots.land)
        target = wide_target(model, pilots.width)
    store = Store(folder, Identity.read((folder / MANIFEST).read_text()))
    quiet = Progress(enabled=False)
    quiet.begin(1, pilots.settings)
    how = (pilots.settings, pilots.chains, pilots.seed, 1, store, quiet)
    return Job(target, *how), identities(model)

"""The work of one task: a block of units from their states to whole shards and a line for each."""

from __future__ import annotations

import os
import pickle
import platform
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits

from pm_dalec.data import storage
from pm_dalec.sampling.calibration import Job, compiled
from pm_dalec.sampling.checkpoints import MANIFEST, STATES, Store
from pm_dalec.sampling.cluster.shards import Shards, digest_of
from pm_dalec.sampling.cluster.tasks import (
    Tasks,
    check_versions,
    read_json,
    versions_here,
    write_json,
    write_where_possible,
)
from pm_dalec.sampling.identity import Identity, identities
from pm_dalec.sampling.progress import Progress
from pm_dalec.sampling.target import natural

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pm_dalec.sampling.state import Settings
    from pm_dalec.sampling.target import Target
    from pm_dalec.tables.kinds import Array

UNITS = "units"
LAND = "land.pickle"
WAIT = 60.0  # s for a worker that was given up, and still writes its block
ROWS, FAULTS, BEGAN = "blocks", "faults", "began"


class Line(NamedTuple):
    """What is told of a unit that is done; it stands in for the state of the unit in a fit.

    Parameters
    ----------
    place, identity : int
    phase : str
    proposed, searched, in_round, thinning, kept : int
    accepted, evaluated : tuple of int
        By chain.
    worst_rhat, least_ess, least_tail : float
    seconds : float
        Of one core.
    digest : str
        Of its draws.
    """

    place: int
    identity: int
    phase: str
    proposed: int
    searched: int
    in_round: int
    thinning: int
    kept: int
    accepted: tuple
    evaluated: tuple
    worst_rhat: float
    least_ess: float
    least_tail: float
    seconds: float
    digest: str

    @property
    def route(self) -> str:
        """How the unit came to its draws where there is a bank: workers have none."""
        return ""


class Sampled(NamedTuple):
    """One unit that was sampled: its draws in the unit interval and in natural units, and its line."""

    drawn: Array
    natural: Array
    line: Line


@dataclass(frozen=True)
class Run:
    """What every task of a run knows.

    Parameters
    ----------
    shards : Shards
    exist : array of bool, optional
        By flat place; a task is told the places of its block alone.
    settings : Settings
    seed : int
    threads : int
        In which the units of a block run.
    sample : callable
        ``(run, places) -> iterable of Sampled``.
    versions : dict
        Of what decides the numbers.
    """

    shards: Shards
    exist: Array | None
    settings: Settings
    seed: int
    threads: int
    sample: Callable[[Run, Array], Iterable[Sampled]]
    versions: dict[str, str] = field(default_factory=versions_here)

    @property
    def store(self) -> Path:
        """Folder of the store."""
        return Path(self.shards.store)

    @property
    def targets(self) -> dict[str, float]:
        """What the units are to reach, in words."""
        return {name: asdict(self.settings)[name] for name in ("rhat", "ess", "proposals")}

    def places(self, number: int) -> Array:
        """Flat places of the units of a block."""
        return self.shards.blocks.places(number, self.exist)

    def file(self, kind: str, number: int) -> Path:
        """File of a block: its rows, its fault, or the note that it began."""
        return self.store / UNITS / kind / f"block-{number:06d}.json"

    def lines(self, number: int) -> list[Line] | None:
        """Lines of a block that is done with targets as strict as those of this run; else None."""
        told = read_json(self.file(ROWS, number))
        if told is None or told["targets"] != self.targets:
            return None
        return [Line(*row) for row in told["units"]]


def tasks_of(run: Run) -> Tasks:
    """Blocks of a run as tasks of a cluster; what is found of one that is done are its lines.

    Parameters
    ----------
    run : Run
    """
    lean = replace(run, exist=None)  # a task is told the places of its block

    def call(number):
        return sample_block, lean, number, run.places(number)

    return Tasks(call, run.lines, partial(note_fault, run), run.versions)


def sample_block(run: Run, number: int, places: Array) -> list[Line]:
    """Calibrate the units of a block and write its shards; a block that is done is not done again.

    Parameters
    ----------
    run : Run
    number : int
    places : array of int
        Of its units.

    Returns
    -------
    list of Line
    """
    check_versions(run.versions, versions_here(), platform.node())
    note = {"host": platform.node(), "process": os.getpid(), "began": time.time()}
    with storage.locked(run.store / UNITS / f"block-{number:06d}", wait=WAIT):
        held = run.lines(number)
        if held is not None:
            return held
        try:
            write_json(run.file(BEGAN, number), note)
            done = list(run.sample(run, places))
            with storage.told(run.store):
                drawn = {one.line.place: one.drawn for one in done}
                run.shards.write(number, drawn, {one.line.place: one.natural for one in done})
            rows = {"units": [one.line for one in done], "targets": run.targets}
            write_json(run.file(ROWS, number), note | rows | {"ended": time.time()})
        except Exception as fault:
            note_fault(run, number, f"{type(fault).__name__}: {fault}")
            raise
        storage.remove(run.file(FAULTS, number))
        storage.remove(run.file(BEGAN, number))
    return [one.line for one in done]


def note_fault(run: Run, number: int, reason: str) -> None:
    """Keep why a block failed, where that can be written at all.

    Parameters
    ----------
    run : Run
    number : int
    reason : str
    """
    told = {"reason": reason, "at": time.time()}
    write_where_possible(run.file(FAULTS, number), told)


def line_of(place: int, identity: int, drawn: Array, state: object, seconds: float) -> Line:
    """Line of a unit from its draws and its state.

    Parameters
    ----------
    place, identity : int
    drawn : array (draw, chain, parameter + 1)
    state : UnitState
    seconds : float
    """
    numbers = {name: getattr(state, name) for name in ("accepted", "evaluated")}
    return Line(
        place=int(place),
        identity=int(identity),
        kept=len(drawn),
        seconds=round(seconds, 4),
        digest=digest_of(drawn),
        **{name: tuple(map(int, np.atleast_1d(values))) for name, values in numbers.items()},
        **{
            name: getattr(state, name)
            for name in ("phase", "proposed", "searched", "in_round", "thinning")
        },
        **{name: float(getattr(state, name)) for name in ("worst_rhat", "least_ess", "least_tail")},
    )


def sample_units(run: Run, places: Array) -> list[Sampled]:
    """Calibrate units with the sampler of `pm_dalec.calibrate`, their states beside.

    Parameters
    ----------
    run : Run
    places : array of int
    """
    target, numbers = model_of(run.store / UNITS / LAND)
    return with_target(run, target, numbers, places)


def with_target(run: Run, target: Target, numbers: Array, places: Array) -> list[Sampled]:
    """Calibrate units of a model that is compiled.

    Parameters
    ----------
    run : Run
    target : Target
    numbers : array of int
        Identities of all units.
    places : array of int
    """
    states = run.store / STATES
    made_of = Identity.read((states / MANIFEST).read_text())
    quiet = Progress(enabled=False)
    quiet.begin(len(places), run.settings)
    chains = run.shards.lengths.chains
    job = Job(target, run.settings, chains, run.seed, 1, Store(states, made_of), quiet)

    def one(place):
        began = time.thread_time()
        drawn, state = job.one(int(place), int(numbers[place]))
        known = np.stack(list(natural(target, drawn[..., :-1]).values()), axis=-1)
        seconds = time.thread_time() - began
        return Sampled(drawn, known, line_of(place, numbers[place], drawn, state, seconds))

    with threadpool_limits(1, "blas"), ThreadPoolExecutor(run.threads) as pool:
        return list(pool.map(one, places))


LOADING = threading.Lock()  # a worker with several threads builds its model once


def model_of(path: Path) -> tuple[Target, Array]:
    """Compiled target of a region and the identities of its units; made once in a process.

    Parameters
    ----------
    path : Path
        Of the region and of what builds its model, as the client wrote them.
    """
    with LOADING:
        return _model_of(path, path.stat().st_mtime_ns)


@cache
def _model_of(path, changed):
    build, land = pickle.loads(path.read_bytes())
    model = build(land)
    return compiled(model)[0], identities(model)

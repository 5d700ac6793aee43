"""The work of one task: a block of units from their states to whole shards and a line for each."""

from __future__ import annotations

import os
import pickle
import platform
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits

from pm_dalec.data import storage
from pm_dalec.sampling.bank.pilots import classes_of
from pm_dalec.sampling.calibration import COMPILING, Job, compiled
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
    from collections.abc import Callable, Iterable, Sequence

    import pymc as pm

    from pm_dalec.sampling.bank.bank_file import DrawBank
    from pm_dalec.sampling.state import Settings
    from pm_dalec.sampling.target import Target
    from pm_dalec.tables.kinds import Array

UNITS = "units"
LAND = "land.pickle"
WAIT = 60.0  # s for a worker that was given up, and still writes its block
ROWS, FAULTS, BEGAN = "blocks", "faults", "began"


PROPOSALS = ("proposed", "searched", "in_round", "thinning")
COUNTED = ("phase", *PROPOSALS, "route", "looked", "leaping", "carried")


class Line(NamedTuple):
    """What is told of a unit that is done; it stands in for the state of the unit in a fit.

    Parameters
    ----------
    place, identity, proposed, searched, in_round, thinning, kept : int
    accepted, evaluated : tuple of int
        By chain.
    phase, digest : str
        How it ended; of its draws.
    worst_rhat, least_ess, least_tail : float
    seconds : float
        Of one core.
    route : str
        How it came to its draws where there is a bank.
    khat, weight_ess, apart, drift : float
    carried : int
        Of the bank.
    looked : str
        What scouts have come to.
    leaping : bool
        Whether some proposals leapt from part to part.
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
    route: str
    khat: float
    weight_ess: float
    apart: float
    drift: float
    carried: int
    looked: str = ""
    leaping: bool = False


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


JUDGED = ("worst_rhat", "least_ess", "least_tail", "khat", "weight_ess", "apart", "drift")


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
        **{name: getattr(state, name) for name in COUNTED},
        **{name: float(getattr(state, name)) for name in JUDGED},
    )


class Made(NamedTuple):
    """What units are sampled with: the compiled model, identities, and where there is one the bank.

    Parameters
    ----------
    target : Target
    numbers : array of int
        Identities of all units.
    bank : DrawBank or None
        In the positions of the target.
    classes : sequence of str
        Of all units.
    """

    target: Target
    numbers: Array
    bank: DrawBank | None
    classes: Sequence[str]


def made_of(model: pm.Model, bank: DrawBank | None) -> Made:
    """Compile a model.

    Parameters
    ----------
    model : pm.Model
    bank : DrawBank or None
    """
    target, numbers = compiled(model)[0], identities(model)
    if bank is None:
        return Made(target, numbers, None, ())
    return Made(target, numbers, bank.carried_to(target), classes_of(model))


def sample_units(run: Run, places: Array) -> list[Sampled]:
    """Calibrate units with the sampler of `pm_dalec.calibrate`, their states beside.

    Parameters
    ----------
    run : Run
    places : array of int
    """
    return sample_with(model_of(run.store / UNITS / LAND), run, places)


def sample_with(made: Made, run: Run, places: Array) -> list[Sampled]:
    """Calibrate units of a model that is compiled.

    Parameters
    ----------
    made : Made
    run : Run
    places : array of int
    """
    states, (target, numbers, bank, classes) = run.store / STATES, made
    store = Store(states, Identity.read((states / MANIFEST).read_text()))
    quiet = Progress(enabled=False)
    quiet.begin(len(places), run.settings)
    common = (target, run.settings, run.shards.lengths.chains, run.seed, 1, store, quiet)
    job = Job(*common, bank=bank, classes=classes)

    def one(place):
        began = time.thread_time()
        drawn, state = job.one(int(place), int(numbers[place]))
        known = np.stack(list(natural(target, drawn[..., :-1]).values()), axis=-1)
        seconds = time.thread_time() - began
        return Sampled(drawn, known, line_of(place, numbers[place], drawn, state, seconds))

    with threadpool_limits(1, "blas"), ThreadPoolExecutor(run.threads) as pool:
        return list(pool.map(one, places))


LOADING = threading.Lock()  # a worker with several threads builds its model once


def model_of(path: Path) -> Made:
    """Compiled model of a region, with its bank; made once in a process.

    Parameters
    ----------
    path : Path
        Of the region, of what builds its model, and of the bank, as the client wrote them.
    """
    with LOADING:
        return _model_of(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=4)
def _model_of(path, changed):
    build, land, bank = pickle.loads(path.read_bytes())
    with COMPILING:
        return made_of(build(land), bank)

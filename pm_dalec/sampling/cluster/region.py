"""Calibration of a region by a cluster, or by the parts of a job array."""

from __future__ import annotations

import errno
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pm_dalec.data import storage
from pm_dalec.graph import notes
from pm_dalec.posterior.groups.complete import groups_to_make
from pm_dalec.sampling import checkpoints
from pm_dalec.sampling.bank.bank_file import opened as opened_bank, said_of
from pm_dalec.sampling.calibration import (
    Job,
    check_budget,
    compiled,
    sampled,
    seed_of_run,
    stated_of,
)
from pm_dalec.sampling.cluster.blocks import present
from pm_dalec.sampling.cluster.client import by_dask, opened, pickled
from pm_dalec.sampling.cluster.store import found_in, prepare_for, run_of, undone
from pm_dalec.sampling.cluster.work import (
    LAND,
    UNITS,
    Run,
    made_of,
    sample_block,
    sample_with,
    tasks_of,
)
from pm_dalec.sampling.identity import identities, run_identity
from pm_dalec.sampling.labelled_fit import as_fit
from pm_dalec.sampling.progress import Progress, stopped_by_interrupt
from pm_dalec.sampling.state import Settings
from pm_dalec.tables.numbers import seed_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pymc as pm
    import xarray as xr
    from distributed import Client

    from pm_dalec.sampling.bank.bank_file import DrawBank
    from pm_dalec.tables.kinds import Array

SHOWN = 3  # failed blocks that a message names


@dataclass(frozen=True)
class SharedJob(Job):
    """Job whose units were or are calibrated by others: the posterior by tasks, the rest by threads."""

    blocks: Callable[[], dict[int, tuple]] = dict

    def run(self, numbers: Array, places: Array) -> dict[int, tuple]:
        """States of the units that were run, by place.

        Parameters
        ----------
        numbers, places : array of int
        """
        return self.blocks() if self.instead is None else super().run(numbers, places)


def calibrate_by(
    client: Client | str,
    build: Callable[..., pm.Model],
    land: xr.DataTree | xr.Dataset,
    model: pm.Model,
    *,
    store: Path,
    places: Array,
    chains: int,
    progress: bool,
    resume: bool,
    random_seed: int | None = 0,
    threads: int | None = None,
    groups: Sequence[str] | None = None,
    bank: DrawBank | None = None,
    **targets: float,
) -> xr.DataTree:
    """Calibrate units of a region by the workers of a cluster; the fit is that of threads, bit for bit.

    Parameters
    ----------
    client : Client or str
        As for `pm_dalec.calibrate_region`.
    build, land, model
        The model of the land, and what the workers build it from.
    store : Path
    places : array of int
        Flat places of the units.
    chains, progress, random_seed, groups, bank
        As for `pm_dalec.calibrate`.
    resume : bool
        Whether states are there.
    threads : int, optional
        Workers of client="local", and threads of the prior.
    **targets
        Draws, rhat, ess and proposals.

    Returns
    -------
    DataTree
    """
    settings, states = Settings(**targets), store / checkpoints.STATES
    seed = seed_of_run(random_seed, states if resume else None)
    threads, held = check_budget(threads, None), said_of(bank)
    groups = groups_to_make(groups, model.observed_RVs)
    run = run_of(model, store, chains=chains, settings=settings, seed=seed, places=places)
    with (
        checkpoints.open_store(states, resume, identity_of_run(model, run, held)),
        Progress(progress) as shown,
        stopped_by_interrupt() as stop,
    ):
        prepare_for(run, model)
        shown.compiling()
        target, took = compiled(model)
        shown.begin(len(places), settings)
        cluster = partial(_cluster, client, threads, run, (build, land, bank))
        tasks = partial(_by_tasks, run, cluster, shown, stop)
        of_all = (target, settings, chains, seed, threads, None, shown)
        stated = stated_of("lanes", seed, took, settings, chains) | held
        job = SharedJob(*of_all, stop=stop, blocks=tasks)
        drawn, prior, ended = sampled(job, model, identities(model), places, groups)
    return as_fit(model, target, drawn, chains, stated | ended, prior, groups)


def identity_of_run(model, run, held):
    """Identity of a run, the same as that of threads."""
    _, chains, _ = run.shards.lengths
    settings = {"chains": chains, "draws": run.settings.draws, "seed": run.seed}
    return run_identity(model, settings | held)


@contextmanager
def _cluster(client, workers, run, parts):
    """Cluster whose workers find what they build the model of."""
    with opened(client, workers) as cluster:
        with storage.whole(run.store / UNITS / LAND) as draft:
            draft.write_bytes(pickled(parts))
        yield cluster


def _by_tasks(run, cluster, shown, stop):
    """Draws and lines of all units, those that are missing from the cluster."""
    tell, missing = partial(_tell, shown, run.shards.lengths.chains), undone(run)
    for number in sorted({*range(run.shards.blocks.count)} - {*missing}):
        tell(run.lines(number), new=False)
    failed = {}
    if missing:
        with cluster() as made:
            told = {"done": tell, "stopped": stop.is_set, "tell": shown.message}
            failed = by_dask(tasks_of(run), made, missing, **told)
    if stop.is_set():
        raise KeyboardInterrupt(f"finished units are kept in '{run.store}'; call again to go on")
    expect_all(run, failed)
    return found_in(run)


def _tell(shown, chains, lines, *, new=True):
    for line in lines:
        if new:
            shown.enter(line.identity)
            shown.report(line.identity, line, chains)
        shown.leave(line.identity, line)


def expect_all(run: Run, failed: dict[int, str]) -> None:
    """Say which blocks failed, and why.

    Parameters
    ----------
    run : Run
    failed : dict of int to str

    Raises
    ------
    RuntimeError, WriteError
    """
    if not failed:
        return
    reasons = list(dict.fromkeys(failed.values()))
    told = f"{'; '.join(reasons[:SHOWN])}{'; and others' if len(reasons) > SHOWN else ''}"
    units = sum(len(run.places(number)) for number in failed)
    sentence = (
        f"wanted all {run.shards.blocks.count} blocks of units in '{run.store}', got "
        f"{len(failed)} that failed with {units} units: {told}; the others are kept: mend the cause, and "
        "call again to go on"
    )
    full = any(str(errno.ENOSPC) in reason or "No space left" in reason for reason in reasons)
    raise storage.WriteError(sentence) if full else RuntimeError(sentence)


def calibrate_part(
    build: Callable[..., pm.Model],
    land: xr.DataTree | xr.Dataset,
    *,
    store: str | Path,
    part: tuple[int, int],
    places: Array | None = None,
    chains: int = 8,
    progress: bool = True,
    random_seed: int = 0,
    threads: int | None = None,
    bank: DrawBank | str | Path | None = None,
    **targets: float,
) -> int:
    """Calibrate part i of n of a region, as a task of a job array does; idempotent.

    Parameters
    ----------
    build : callable
        ``build`` of a model in `models/`.
    land : DataTree or Dataset
        Region.
    store : path
        The same for all parts, on a disk that all of them see.
    part : tuple of int
        (i, n); i counts from one.
    places : array of int, optional
        Flat places of the units; all that exist by default.
    chains, progress, random_seed, threads, bank
        As for `pm_dalec.calibrate`.
    **targets
        Draws, rhat, ess and proposals.

    Returns
    -------
    int
        Blocks of the whole region that are not done yet.
    """
    model, store, settings = build(land), Path(store), Settings(**targets)
    bank = opened_bank(bank)
    places = present(notes.of(model).units) if places is None else places
    made = made_of(model, bank)
    run = run_of(
        model,
        store,
        chains=chains,
        settings=settings,
        seed=seed_of(random_seed),
        threads=check_budget(threads, None),
        places=places,
        sample=partial(sample_with, made),
    )
    states = store / checkpoints.STATES
    begin = partial(prepare_for, run, model)
    with (
        checkpoints.beside_others(states, identity_of_run(model, run, said_of(bank)), part, begin),
        Progress(progress) as shown,
    ):
        mine = list(run.shards.blocks.part(part))
        shown.begin(sum(len(run.places(n)) for n in mine), settings)
        for number in mine:
            new = run.lines(number) is None
            _tell(shown, chains, sample_block(run, number, run.places(number)), new=new)
    return len(undone(run))

"""Variants side by side, in threads, and the draws of the first that the others begin at."""

from __future__ import annotations

import json
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

from threadpoolctl import threadpool_limits

from pm_dalec.data import storage
from pm_dalec.graph import notes
from pm_dalec.sampling.bank.bank_file import bounds_of, load_bank
from pm_dalec.sampling.bank.making import EACH, make_bank
from pm_dalec.sampling.cluster.blocks import present
from pm_dalec.sampling.cluster.client import opened
from pm_dalec.sampling.progress import stopped_by_interrupt

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    import pymc as pm
    import xarray as xr
    from distributed import Client

    from pm_dalec.sampling.bank.bank_file import DrawBank

PILOT = {"chains": 16, "draws": 1000, "rhat": 1.05, "ess": 3000.0, "power": 0.5, "slack": 0.2}
"""How the first variant is sampled for the others, wider than a bank for neighbours: as in `make_bank`."""
BUDGET = (
    1_000_000  # proposals of each chain of a pilot at most; one that has enough draws ends before
)
SPENT = "spent.json"
CORE_SECONDS, WALL_SECONDS = "core_seconds", "wall_seconds"
"""Attributes of a study: processor time and time of the clock [s] of all runs in its folder."""


@contextmanager
def spending(
    folder: Path, worked: Callable[[], bool], client: Client | None = None
) -> Iterator[None]:
    """Block whose processor time and time of the clock are added to those spent in a folder.

    Parameters
    ----------
    folder : Path
    worked : callable
        Whether anything was done; a block that was interrupted counts in any case.
    client : Client, optional
        Whose workers count as well, but those that were killed.
    """
    core, wall, whole = _processor_seconds(client), time.monotonic(), False
    try:
        yield
        whole = True
    finally:
        if worked() or not whole:
            before = spent_in(folder)
            spent = {
                CORE_SECONDS: before[CORE_SECONDS] + max(0.0, _processor_seconds(client) - core),
                WALL_SECONDS: before[WALL_SECONDS] + time.monotonic() - wall,
            }
            with storage.whole(folder / SPENT) as draft:
                draft.write_text(json.dumps(spent), encoding="utf-8")


def _processor_seconds(client):
    """Processor time of this process and of the workers that live [s]."""
    running = client is not None and client.status == "running"
    of_workers = client.run(time.process_time, on_error="ignore") if running else {}
    return time.process_time() + sum(of_workers.values())


def spent_in(folder: Path) -> dict[str, float]:
    """Processor time and time of the clock [s] of all runs in a folder.

    Parameters
    ----------
    folder : Path
    """
    path, nothing = folder / SPENT, {CORE_SECONDS: 0.0, WALL_SECONDS: 0.0}
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else nothing


def side_by_side(
    work: Callable[[str], object], names: Iterable[str], workers: int, stop: threading.Event
) -> dict[str, object]:
    """Results of work by name, in the order of the names; the first fault ends all of it.

    Parameters
    ----------
    work : callable
    names : iterable of str
    workers : int
        Threads. With one, work is done in the thread that calls.
    stop : threading.Event
        Set at the first fault, so that what is under way ends soon.
    """
    if workers == 1:
        return {name: work(name) for name in names}
    with ThreadPoolExecutor(workers) as pool:
        waiting = {name: pool.submit(work, name) for name in names}
        try:
            return {name: each.result() for name, each in waiting.items()}
        except BaseException:
            stop.set()
            pool.shutdown(cancel_futures=True)
            raise


@contextmanager
def at_work(
    client: Client | str | None, threads: int, folder: Path, worked: Callable[[], bool]
) -> Iterator[tuple[Client | None, int, threading.Event]]:
    """Client of a study, how many variants run side by side, and the event that stops them.

    Parameters
    ----------
    client : Client, str or None
        As for `pm_dalec.calibrate_region`.
    threads : int
        Of this process, or processes of client="local".
    folder, worked
        As for `spending`.
    """
    opening = nullcontext() if client is None else opened(client, threads)
    with (
        opening as made,
        spending(folder, worked, made),
        stopped_by_interrupt() as stop,
        threadpool_limits(1, "blas"),
    ):
        yield made, threads if made is None else max(1, sum(made.nthreads().values())), stop


class Recipe:
    """``build`` of the model of a variant: what was built here is taken, and a worker builds it anew.

    Parameters
    ----------
    build : callable
    choices : Choices
    model : pm.Model, optional
        Where it is built already.
    """

    def __init__(self, build, choices, model=None):
        self.build, self.choices, self.model = build, choices, model

    def __call__(self, land):
        """Model of a land."""
        return self.build(land, self.choices) if self.model is None else self.model

    def __reduce__(self):
        """Leave the model behind: it has locks and compiled code."""
        return Recipe, (self.build, self.choices)


def bank_of_first(
    build: Recipe,
    land: xr.Dataset | xr.DataTree,
    path: Path,
    *,
    proposals: int,
    say: Callable[[str], object],
    **settings: object,
) -> DrawBank:
    """Bank in which every unit of a model is a pilot, from its file where that has enough draws.

    Parameters
    ----------
    build : Recipe
        Of the model of the first variant.
    land : Dataset or DataTree
    path : Path
    proposals : int
        Budget of each chain. A bank that was made with a smaller one, and in which a pilot lacks draws, is
        made anew; its pilots go on where they were.
    say : callable
        Is given words on what is going on.
    **settings
        Of `pm_dalec.sampling.bank.make_bank`: random_seed, threads, progress, client.

    Returns
    -------
    DrawBank
        Without units whose pilot has not converged: their variants begin by themselves.
    """
    budget = path.with_suffix(".budget")
    if path.exists() and budget.exists():
        bank = load_bank(path)
        if int(budget.read_text(encoding="utf-8")) >= proposals or not lacking(bank, build.model):
            return bank
    say("draws of the first variant, widely sampled, for all of them")
    path.parent.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "wanted pilots of", UserWarning)  # `told_of` says it
        asked = PILOT | {"proposals": proposals}
        bank = make_bank(build, land, path=path, pilots=EACH, **asked, **settings)
    with storage.whole(budget) as draft:
        draft.write_text(str(proposals), encoding="utf-8")
    say(told_of(bank, lacking(bank, build.model)))
    return bank


def lacking(bank: DrawBank, model: pm.Model) -> int:
    """Units of a model whose pilot has not as many effective draws as a study asks for.

    Parameters
    ----------
    bank : DrawBank
        Of `bank_of_first`.
    model : pm.Model
    """
    good = sum(
        bool((share.ess > PILOT["ess"]).all() and (share.rhat < PILOT["rhat"]).all())
        for share in bank.classes.values()
    )
    return len(present(notes.of(model).units)) - good


def told_of(bank: DrawBank, short: int) -> str:
    """What a study says of its bank, and of units whose pilot lacks draws."""
    if not bank.classes:
        return "  no pilot has converged: every variant begins by itself"
    least = min(float(share.ess.min()) for share in bank.classes.values())
    runs = sum(int(share.proposals.sum()) for share in bank.classes.values())
    words = f"  {len(bank.classes)} units in {runs:,} runs, effective draws at least {least:.0f}"
    wanted = (
        f"; {short} lack the {PILOT['ess']:.0f} that are wanted: give the pilot a larger budget"
    )
    return words + wanted * bool(short)


def usable(bank: DrawBank | None, model: pm.Model) -> DrawBank | None:
    """Bank where its draws have a place in a model; None where the model has wider bounds, say.

    Parameters
    ----------
    bank : DrawBank, optional
    model : pm.Model
        Of a variant.
    """
    if bank is None or not bank.classes:
        return None
    names = [variable.name for variable in model.free_RVs]
    bounds = bounds_of(model.rvs_to_transforms[variable] for variable in model.free_RVs)
    return None if bank.lacks(names, bounds) else bank

"""The twin by threads, by two workers, and by two workers that are killed: hashes, times, and the plan."""

import os
import signal
import threading
import time
from contextlib import contextmanager, suppress
from functools import partial

import numpy as np

from pm_dalec.cli.cluster.land import BUILD
from pm_dalec.landscape.twin.region import build_region
from pm_dalec.landscape.twin.twin import make_twin
from pm_dalec.sampling.cluster.client import LOCAL, opened
from pm_dalec.sampling.cluster.planning import plan
from pm_dalec.sampling.cluster.reading import status, store_hash
from pm_dalec.sampling.cluster.tasks import read_json, write_json
from pm_dalec.sampling.region_store import FIT, calibrate_region

RESOLUTION = 0.25  # degree: 45 pixels, 169 strata of them
WORKERS, KILLS = 2, 3
PROPOSALS = {"baseline": 40_000, "stratified": 25_000}
BUDGET = {"chains": 8, "draws": 100, "rhat": 1.0001, "ess": 1e6}
"""Targets that no unit reaches: every unit makes all proposals, whatever is thought to have converged."""
USUAL = {"chains": 8, "draws": 100, "proposals": 100_000, "rhat": 1.05, "ess": 100.0}
"""Targets that units reach after different numbers of proposals."""
EARLIEST, LATEST = 0.2, 0.8  # shares of an undisturbed run between which a worker is killed
RUNS = "runs.json"


def by_threads(build, land, store, *, targets):
    """Region by threads of this process."""
    _by(None, build, land, store, targets)
    return {}


def by_workers(build, land, store, *, targets):
    """Region by processes of this machine."""
    with opened(LOCAL, WORKERS) as client:
        _by(client, build, land, store, targets)
    return {"unit_seconds": unit_seconds(store)}


def by_killed_workers(build, land, store, *, targets, within, seed=0):
    """Region by processes of which one is killed at random times, so many times.

    Parameters
    ----------
    build : callable
    land : DataTree
    store : Path
    targets : dict
    within : float
        Time of an undisturbed run [s], during which they are killed.
    seed : int
    """
    random = np.random.default_rng(seed)
    times = np.sort(random.uniform(EARLIEST, LATEST, KILLS) * within)
    with opened(LOCAL, WORKERS) as client:
        over, killed = threading.Event(), []
        hangman = threading.Thread(target=_kill, args=(client.cluster, times, random, over, killed))
        hangman.start()
        try:
            _by(client, build, land, store, targets)
        finally:
            over.set()
            hangman.join()
    return {"unit_seconds": unit_seconds(store), "killed_after_seconds": killed}


def _by(client, build, land, store, targets):
    how = {"threads": WORKERS, "progress": False, "groups": ()}
    calibrate_region(build, land, store=store, client=client, **how, **targets)


def _kill(cluster, times, random, over, killed):
    """Kill a random one of the processes that live, at each of these times."""
    began = time.monotonic()
    for moment in times:
        while not over.wait(max(0.0, moment - (time.monotonic() - began))):
            alive = [nanny.pid for nanny in cluster.workers.values() if nanny.pid]
            if not alive:  # the one before comes back
                moment = time.monotonic() - began + 0.5
                continue
            with suppress(ProcessLookupError):
                os.kill(int(random.choice(alive)), signal.SIGKILL)
                killed.append(round(time.monotonic() - began, 1))
                break


def unit_seconds(store):
    """Seconds of one core that the units of a store took, as their workers measured them."""
    told = status(store)
    return told.core_seconds * told.done


def planned(build, land, store, *, targets):
    """Seconds of one core that a pilot foretells for all units, and their standard error."""
    made = plan(build, land, progress=False, **targets)
    return {"unit_seconds": made.core_hours * 3600, "error_seconds": made.error * 3600}


@contextmanager
def timed(row):
    """Block whose wall time and processor time, children included, are put into a row."""
    wall, spent = time.perf_counter(), sum(os.times()[:4])
    yield
    row |= {"wall_seconds": time.perf_counter() - wall, "core_seconds": sum(os.times()[:4]) - spent}


def steps(found, approach):
    """What is run for an approach, by name; the later ones know what the earlier ones took.

    Units that end when they reach their targets take minutes each: they are run for the baseline alone.
    """
    targets = BUDGET | {"proposals": PROPOSALS[approach]}
    within = found.get(f"{approach}, two workers", {}).get("wall_seconds")
    runs = {
        "threads": partial(by_threads, targets=targets),
        "two workers": partial(by_workers, targets=targets),
        "two workers, three kills": partial(by_killed_workers, targets=targets, within=within),
        "plan": partial(planned, targets=targets),
    }
    if approach == "baseline":
        runs["two workers, usual targets"] = partial(by_workers, targets=USUAL)
        runs["plan, usual targets"] = partial(planned, targets=USUAL)
    return runs


def measure_runs(folder, *, resolution=RESOLUTION, progress=lambda words: None, most=None):
    """Runs that a folder lacks, one after the other; each is kept when it is done.

    Parameters
    ----------
    folder : Path
    resolution : float [degree]
    progress : callable
        Told what is run.
    most : int, optional
        Of runs in this call.

    Returns
    -------
    dict of str to dict
        By approach and way: ``wall_seconds``, ``core_seconds``, ``unit_seconds``, ``hash``, ``units``.
    """
    found = read_json(folder / RUNS) or {}
    land, count = build_region(make_twin(1), resolution=resolution), 0
    for approach, build in BUILD.items():
        for way in steps(found, approach):
            name = f"{approach}, {way}"
            if name in found or count == most:
                continue
            progress(f"{name}, {resolution:g} degree")
            row, store, count = (
                {"resolution": resolution},
                folder / name.replace(", ", "-").replace(" ", "_"),
                count + 1,
            )
            with timed(row):
                row |= steps(found, approach)[way](build, land, store)
            if (store / FIT).exists():
                row |= {"hash": store_hash(store), "units": status(store).done}
            found[name] = row
            write_json(folder / RUNS, found)
    return found

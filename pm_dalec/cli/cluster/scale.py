"""Overhead of a cluster at scale: many units of 10 ms through the real store and scheduler."""

import resource
import shutil
import tempfile
import time
from pathlib import Path

import numpy as np

from pm_dalec.sampling.cluster.blocks import blocks_of
from pm_dalec.sampling.cluster.client import LOCAL, by_dask, opened
from pm_dalec.sampling.cluster.reading import status
from pm_dalec.sampling.cluster.shards import Lengths, Shards, digest_of, open_quantiles
from pm_dalec.sampling.cluster.store import prepare
from pm_dalec.sampling.cluster.work import Line, Run, Sampled, tasks_of
from pm_dalec.sampling.state import Settings
from pm_dalec.tables.numbers import whole_number

UNIT = 0.01  # s
LENGTHS = Lengths(draws=8, chains=8, parameters=33)


def stub_units(run, places):
    """Units that take 10 ms each, and draws that depend on nothing but their place."""
    return [_stub(int(place), run.shards.lengths) for place in places]


def _stub(place, lengths):
    time.sleep(UNIT)
    drawn = np.random.default_rng(place).random((*lengths[:2], lengths.parameters + 1))
    made = [0] * lengths.chains
    line = Line(
        place,
        place,
        "budget",
        1,
        1,
        1,
        1,
        len(drawn),
        made,
        made,
        1.5,
        1.0,
        1.0,
        UNIT,
        digest_of(drawn),
        "",
        *[0.0] * 4,
        0,
    )
    return Sampled(drawn, drawn[..., :-1], line)


def stub_run(store, units, strata=1):
    """Run of stubs in a store that is prepared."""
    shards = Shards(Path(store), blocks_of(units, strata), LENGTHS)
    run = Run(shards, np.ones(units * strata, bool), Settings(draws=8), 0, 1, stub_units)
    coords = {"pixel": np.arange(units)} | ({} if strata == 1 else {"stratum": np.arange(strata)})
    prepare(run, tuple(f"parameter {row}" for row in range(LENGTHS.parameters)), coords)
    return run


def measure_scale(units, *, workers, progress):
    """Overhead of so many units, and what reading their store takes.

    Parameters
    ----------
    units, workers : int
    progress : callable
        Told what is measured.

    Returns
    -------
    dict
    """
    whole_number("scale", units, least=1, advice="10000 take a minute on two processors")
    folder = Path(tempfile.mkdtemp(prefix="pm_dalec-scale-"))
    try:
        return _measured(folder, units, workers, progress)
    finally:
        shutil.rmtree(folder)


def _measured(folder, units, workers, progress):
    progress(f"{units} units of {UNIT * 1000:.0f} ms on {workers} workers")
    run, memory = stub_run(folder, units), []
    with opened(LOCAL, workers) as client:
        before = _processor_seconds(client)  # everything is imported
        quarter = max(1, run.shards.blocks.count // 4)
        numbers = range(run.shards.blocks.count)
        began = time.perf_counter()
        for first in numbers[::quarter]:
            part = list(numbers[first : first + quarter])
            told = {"done": lambda lines: None, "stopped": lambda: False}
            by_dask(tasks_of(run), client, part, **told)
            memory.append(max(client.run(_memory).values()))
        wall = time.perf_counter() - began
        spent = _processor_seconds(client) - before
    began = time.perf_counter()
    told = status(folder)
    listing = time.perf_counter() - began
    began = time.perf_counter()
    median = open_quantiles(folder)["quantiles"].sel(quantile=0.5).isel(pixel=-1).load()
    opening = time.perf_counter() - began
    files = [file for file in folder.rglob("*") if file.is_file()]
    return {
        "units": told.done,
        "workers": workers,
        "wall_seconds": wall,
        "overhead_ms_a_unit": 1e3 * (wall * workers / units - UNIT),
        "processor_ms_a_unit": 1e3 * spent / units,
        "listing_seconds": listing,
        "opening_seconds": opening,
        "opened": bool(np.isfinite(median).all()),
        "files": len(files),
        "bytes": sum(file.stat().st_size for file in files),
        "worker_memory_bytes": memory,
        "client_memory_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }


def _processor_seconds(client):
    """Processor time of workers, scheduler and client so far [s]; a stub sleeps, and takes none."""
    return time.process_time() + sum(client.run(time.process_time).values())


def _memory():
    """Memory of a worker now [bytes]."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()

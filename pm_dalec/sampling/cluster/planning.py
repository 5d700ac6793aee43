"""Cost of a region before it is run: core-hours, memory, disk and workers, from a measured pilot."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from pm_dalec.graph import notes
from pm_dalec.sampling.calibration import Job, check_budget, checked_chains, compiled
from pm_dalec.sampling.cluster.blocks import blocks_of, present
from pm_dalec.sampling.identity import identities
from pm_dalec.sampling.progress import Progress
from pm_dalec.sampling.state import Settings, state_to_arrays
from pm_dalec.tables import dims
from pm_dalec.tables.numbers import number, whole_number
from pm_dalec.tables.streams import STREAMS

if TYPE_CHECKING:
    import pymc as pm
    import xarray as xr

DAY = 24.0  # h


class Plan(NamedTuple):
    """What a region will cost on machines like this one.

    Parameters
    ----------
    units : int
    seconds : DataFrame
        By stratum: units, pilot units, mean of a unit and its standard error [s of one core], mean
        number of observations, and seconds for each observation more.
    core_hours, error : float
        And its standard error.
    start_seconds : float
        Of every worker before its first unit: model and machine code.
    worker_bytes : int
        Memory of a worker.
    state_bytes, draws_bytes : int
        Disk of the states; of the draws, which are there twice while the fit is written.
    blocks : int
    workers : int
        That end within the hours that were asked for, with no more than 5 % idle at the end.
    hours : float
        With so many workers.
    """

    units: int
    seconds: pd.DataFrame
    core_hours: float
    error: float
    start_seconds: float
    worker_bytes: int
    state_bytes: int
    draws_bytes: int
    blocks: int
    workers: int
    hours: float


def plan(
    build: Callable[..., pm.Model],
    land: xr.DataTree | xr.Dataset,
    *,
    chains: int = 8,
    pilot: int = 4,
    hours: float = DAY,
    threads: int | None = None,
    progress: bool = True,
    **targets: float,
) -> Plan:
    """Plan of a region: a few units of every stratum are calibrated and timed, and nothing is kept.

    Parameters
    ----------
    build : callable
        ``build`` of a model in `models/`.
    land : DataTree or Dataset
        Region.
    chains : int
    pilot : int
        Units of every stratum, spread over their numbers of observations; at least 2.
    hours : float
        In which the region is to be done.
    threads : int, optional
        In which the pilot runs; all processors by default, for a core is slower where its neighbours work.
    progress : bool
    **targets
        Draws, rhat, ess and proposals, as for `pm_dalec.calibrate`.

    Returns
    -------
    Plan
    """
    chains, settings = checked_chains(chains, least=4), Settings(**targets)
    whole_number("pilot", pilot, least=2, advice="4 of every stratum are usual")
    number("hours", hours, above=0.0, advice="24 for a day")
    began = time.perf_counter()
    model = build(land)
    target, numbers = compiled(model)[0], identities(model)
    start_seconds = time.perf_counter() - began
    exist = units_that_exist(model)
    threads = check_budget(threads, None)
    job = Job(target, settings, chains, 0, threads, None, Progress(progress))
    took, size = _timed(job, numbers, chosen_for_pilot(exist, pilot))
    table, total, error = by_stratum(exist, took)
    draws = len(exist) * settings.draws * chains * (len(target.rows) + 1) * 8
    blocks = _blocks(model)
    workers, hours = workers_for(total, start_seconds, blocks, hours)
    return Plan(
        units=len(exist),
        seconds=table,
        core_hours=total / 3600,
        error=error / 3600,
        start_seconds=start_seconds,
        worker_bytes=peak_memory() + draws // max(1, blocks),
        state_bytes=size * len(exist),
        draws_bytes=draws,
        blocks=blocks,
        workers=workers,
        hours=hours,
    )


def _timed(job, numbers, places):
    """Seconds of one core of units, by place, and bytes of the largest state."""

    def one(place):
        before = time.thread_time()
        _, state = job.one(place, int(numbers[place]))
        took = time.thread_time() - before
        return took, sum(array.nbytes for array in state_to_arrays(state).values())

    with job.shown, threadpool_limits(1, "blas"), ThreadPoolExecutor(job.threads) as pool:
        job.shown.begin(len(places), job.settings)
        found = dict(zip(places, pool.map(one, places), strict=True))
    sizes = [size for _, size in found.values()]
    return {place: took for place, (took, _) in found.items()}, max(sizes)


def units_that_exist(model: pm.Model) -> pd.DataFrame:
    """Stratum and number of observations of every unit that exists, by flat place.

    Parameters
    ----------
    model : pm.Model
    """
    units = notes.of(model).units
    space, places = dims.space_of(units), present(units)
    count = 0
    for name in STREAMS:
        if name in units:
            seen = np.isfinite(units[name].transpose(dims.TIME, *space)).sum(dims.TIME)
            count = count + seen.values.ravel()
    count = np.broadcast_to(count, int(np.prod([units.sizes[name] for name in space])))
    strata = np.full(count.shape, "all", dtype=object)
    if dims.STRATUM in space:
        strata = np.repeat(np.asarray(units[dims.STRATUM]).astype(str), units.sizes[dims.PIXEL])
    table = {"stratum": strata[places], "observations": count[places]}
    return pd.DataFrame(table, index=pd.Index(places, name="place"))


def chosen_for_pilot(exist: pd.DataFrame, pilot: int) -> list[int]:
    """Places of so many units of every stratum, evenly spread over their numbers of observations.

    Parameters
    ----------
    exist : DataFrame
        From `units_that_exist`.
    pilot : int
    """
    chosen = []
    for _, units in exist.groupby("stratum", sort=False):
        ordered = units.sort_values("observations", kind="stable").index
        middle = (np.arange(pilot) + 0.5) / pilot * len(ordered)
        chosen += [int(place) for place in np.unique(ordered[middle.astype(int)])]
    return chosen


def by_stratum(exist: pd.DataFrame, took: dict[int, float]) -> tuple[pd.DataFrame, float, float]:
    """Seconds of all units, from those of a pilot: by stratum, and linear in the observations.

    A slope is taken where a stratum has three pilot units with different numbers of observations.

    Parameters
    ----------
    exist : DataFrame
    took : dict of int to float
        Seconds by place.

    Returns
    -------
    table : DataFrame
    total, error : float
        Seconds of one core.
    """
    rows, total, variance = [], 0.0, 0.0
    for stratum, units in exist.groupby("stratum", sort=False):
        known = [place for place in took if place in units.index]
        seconds = np.array([took[place] for place in known])
        seen = units.loc[known, "observations"].to_numpy(float)
        slope = np.polyfit(seen, seconds, 1)[0] if np.unique(seen).size > 2 else 0.0
        mean = seconds.mean() + slope * (units["observations"].mean() - seen.mean())
        spread = seconds.std(ddof=1) / np.sqrt(len(known)) if len(known) > 1 else seconds.mean()
        total, variance = total + mean * len(units), variance + (spread * len(units)) ** 2
        middle = units["observations"].mean()
        rows.append((stratum, len(units), len(known), mean, spread, middle, slope))
    names = ["stratum", "units", "pilot", "seconds", "error", "observations", "slope"]
    return pd.DataFrame(rows, columns=names), float(total), float(np.sqrt(variance))


def workers_for(total: float, start: float, blocks: int, hours: float) -> tuple[int, float]:
    """Workers that end in so many hours, and the hours that they take.

    Parameters
    ----------
    total : float
        Seconds of one core.
    start : float
        Seconds of every worker before its first unit.
    blocks : int
        Of which no worker takes a part.
    hours : float

    Returns
    -------
    workers : int
    hours : float
    """
    block, wanted = total / blocks, hours * 3600
    # the last block of one worker is waited for by all
    room = wanted - start - block
    workers = blocks if room <= 0 else min(blocks, max(1, int(np.ceil(total / room))))
    return workers, (start + np.ceil(blocks / workers) * block) / 3600


def _blocks(model):
    units = notes.of(model).units
    return blocks_of(units.sizes[dims.PIXEL], units.sizes.get(dims.STRATUM, 1)).count


def peak_memory() -> int:
    """Most memory that this process had [bytes]."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit

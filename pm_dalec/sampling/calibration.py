"""Calibration of a model: all its units, in threads, resumable, with progress.

``calibrate(model)`` takes any model of `models/`: of a site, of pixels, of strata of pixels. Each unit is
sampled by itself (`pm_dalec.sampling.unit`); what it gives does not depend on its neighbours, on the number of
threads or on interruptions.
"""

import os
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from threadpoolctl import threadpool_limits

from pm_dalec.lanes.cut import lane_dimensions
from pm_dalec.sampling import checkpoints
from pm_dalec.sampling.edinburgh import run_edinburgh
from pm_dalec.sampling.labelled_fit import as_fit
from pm_dalec.sampling.progress import Progress
from pm_dalec.sampling.settings import Settings
from pm_dalec.sampling.state import new_state
from pm_dalec.sampling.target import compile_target
from pm_dalec.sampling.unit import Unit

STRIDE = 10**9  # identity of a stratum's units: its number times this, plus the pixel
SAVE_EVERY = 20.0  # s between two states of one unit on disk


def identities(model):
    """Number of every unit of a model that stays the same when others join or leave.

    Parameters
    ----------
    model : pm.Model

    Returns
    -------
    array of int
        In the flat order of (stratum, pixel): the pixel's label where it is a whole number, its place
        otherwise, plus 1e9 for the first stratum, 2e9 for the second.
    """
    space = lane_dimensions(model)
    if not space:
        return np.zeros(1, np.int64)
    labels = np.asarray(model.coords[space[-1]])
    pixels = labels if labels.dtype.kind in "iu" else np.arange(labels.size)
    if len(space) == 1:
        return pixels.astype(np.int64)
    strata = np.arange(1, len(model.coords[space[0]]) + 1)
    return (STRIDE * strata[:, None] + pixels).ravel().astype(np.int64)


def calibrate(
    model, *, chains=16, draws=1000, rhat=1.01, ess=400, proposals=1_000_000, seconds=None,
    random_seed=0, threads=None, progress=True, checkpoint=None, resume=False, only=None,
):  # fmt: skip
    """Sample the posterior of every unit of a model with the default sampler.

    Parameters
    ----------
    model : pm.Model
        Of a site, of pixels or of strata of pixels; its free variables are DALEC parameters.
    chains : int
        Lanes of each unit, at least 4; multiples of 8 use the processor best.
    draws : int
        Recorded for each chain.
    rhat, ess : float
        A unit is done when its worst rank R-hat is below and its least bulk ESS above these.
    proposals : int
        Budget of each chain.
    seconds : float, optional
        Wall-clock budget of the whole call; results then depend on the machine's speed.
    random_seed : int
    threads : int, optional
        All processors by default.
    progress : bool
        Show a bar with proposals per second, acceptance and the worst R-hat.
    checkpoint : path, optional
        Folder for the states of the units; a killed run loses seconds.
    resume : bool
        Go on from ``checkpoint``: finished units are kept, others continue bit for bit.
    only : sequence of int, optional
        Flat places (stratum, pixel) of the units to sample; the others are NaN in the result.

    Returns
    -------
    DataTree
        Groups posterior, sample_stats, constant_data, observed_data. ``sample_stats`` holds ``status``
        of every unit: converged, budget, no start, not run.
    """
    if chains < 4:
        raise ValueError(
            f"wanted at least 4 chains, got {chains} in calibrate; the archive of a unit is filled by "
            "its chains, use chains=8 or 16"
        )
    threads = threads or os.cpu_count() or 1
    settings = Settings(draws, rhat, ess, proposals)
    with Progress(progress) as shown:
        shown.message("compiling the model for lanes")
        started = time.perf_counter()
        target = compile_target(model)
        compiled = time.perf_counter() - started
        numbers = identities(model)
        places = np.arange(numbers.size) if only is None else np.asarray(only, int)
        store = checkpoints.open_store(checkpoint, resume, settings, chains, random_seed, target)
        job = _Job(target, settings, chains, int(random_seed), threads, store, shown,
                   None if seconds is None else time.monotonic() + seconds)  # fmt: skip
        shown.begin(len(places), settings, seconds)
        # threads are for units, and sums must not depend on their number
        with threadpool_limits(1, "blas"):
            units = job.run(numbers, places)
    attributes = {
        "sampler": "lanes",
        "backend": "llvm",
        "seed": int(random_seed),
        "compile_seconds": round(compiled, 3),
        "target_rhat": rhat,
        "target_ess": ess,
        "proposals_per_chain": proposals,
    }
    return as_fit(model, target, units, chains, attributes)


def calibrate_edinburgh(
    model, *, chains=3, proposals=100_000, draws=1000, random_seed=0, progress=True
):
    """Sample every unit of a model with CARDAMOM's AP-MCMC of 2021 (`pm_dalec.sampling.edinburgh`).

    Parameters
    ----------
    model : pm.Model
    chains : int
        Of each unit.
    proposals : int
        Of each chain.
    draws : int
        Recorded for each chain, from the main phase alone.
    random_seed : int
    progress : bool

    Returns
    -------
    DataTree
        As from `calibrate`.
    """
    started = time.perf_counter()
    target = compile_target(model)
    compiled = time.perf_counter() - started
    settings, units = Settings(draws=draws, proposals=proposals), {}
    for place, identity in enumerate(identities(model)):
        bound = _bound(target, chains, place)
        drawn, walk = run_edinburgh(
            bound, target, int(identity), chains=chains, proposals=proposals, draws=draws,
            seed=random_seed, progress=progress,
        )  # fmt: skip
        padded = bound.data.blocks * bound.function.width
        state = new_state(int(identity), len(target.rows), chains, padded, settings, random_seed)
        state.phase = "budget" if len(drawn) else "no start"
        state.proposed = state.in_round = walk.proposed
        state.accepted, state.evaluated[:] = walk.accepted, walk.proposed
        units[place] = (drawn, state)
    attributes = {
        "sampler": "edinburgh2021",
        "backend": "llvm",
        "seed": int(random_seed),
        "compile_seconds": round(compiled, 3),
        "proposals_per_chain": proposals,
    }
    return as_fit(model, target, units, chains, attributes)


def _bound(target, chains, place):
    """Target joined to the data of one unit, one lane a chain."""
    if target.site:
        return target.function.bind(lanes=chains)
    return target.function.bind(units=np.full(chains, place))


class _Job:
    """Units of one call on their way."""

    def __init__(self, target, settings, chains, seed, threads, store, shown, deadline):
        self.target, self.settings, self.chains, self.seed = target, settings, chains, seed
        self.threads, self.store, self.shown, self.deadline = threads, store, shown, deadline

    def run(self, numbers, places):
        """States of the units that were run, by place."""
        several = len(places) > 1
        with ThreadPoolExecutor(self.threads) as pool:
            if several:
                done = pool.map(lambda place: self._one(int(place), int(numbers[place])), places)
                return dict(zip(map(int, places), done, strict=True))
            place = int(places[0])
            return {place: self._one(place, int(numbers[place]), pool)}

    def _one(self, place, identity, pool=None):
        bound = _bound(self.target, self.chains, place)
        state = self.store.read(identity) if self.store else None
        if state is None:
            padded = bound.data.blocks * bound.function.width
            state = new_state(
                identity, len(self.target.rows), self.chains, padded, self.settings, self.seed
            )
        unit = Unit(bound, self.target, state, self.settings, pool, self.threads)
        saved = time.monotonic()
        self.shown.enter(identity)
        while not unit.finished and not self._late():
            unit.advance()
            self.shown.report(identity, state, self.chains)
            if self.store and time.monotonic() - saved > SAVE_EVERY:
                self.store.write(identity, state)
                saved = time.monotonic()
        if not unit.finished:
            unit.settle()
        if self.store:
            self.store.write(identity, state)
        self.shown.leave(identity, state)
        return unit.result(), state

    def _late(self):
        return self.deadline is not None and time.monotonic() > self.deadline

"""Calibration of a model: all its units, in threads, resumable, with progress.

``calibrate(model)`` takes any model of `models/`: of a site, of pixels, of strata of pixels. Each unit is
sampled by itself (`unit`); what it gives does not depend on its neighbours, on the number of threads or
on interruptions.
"""

from __future__ import annotations

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from threadpoolctl import threadpool_limits

from pm_dalec.lanes.cut import lane_dimensions
from pm_dalec.posterior.groups.complete import SAMPLED, groups_to_make
from pm_dalec.sampling import checkpoints
from pm_dalec.sampling.any_model.compiled import compile_any
from pm_dalec.sampling.any_model.cube import check_any, refuse_others
from pm_dalec.sampling.any_model.labelled import fit_of_any
from pm_dalec.sampling.bank.bank_file import opened, said_of
from pm_dalec.sampling.bank.bank_unit import BankUnit
from pm_dalec.sampling.bank.pilots import classes_of
from pm_dalec.sampling.identity import identities, places_of, run_identity
from pm_dalec.sampling.labelled_fit import (
    as_fit,
    prior_draws,
    warn_of_few_draws,
    warn_of_interrupt,
)
from pm_dalec.sampling.progress import shown_as, stopped_by_interrupt
from pm_dalec.sampling.state import Settings, new_state
from pm_dalec.sampling.target import Target, bound_to, check_dalec, compile_target, is_foreign
from pm_dalec.sampling.unit import Unit
from pm_dalec.tables.numbers import flag, number, seed_of, whole_number

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import pymc as pm
    import xarray as xr

    from pm_dalec.sampling.bank.bank_file import DrawBank
    from pm_dalec.sampling.progress import Progress
    from pm_dalec.tables.kinds import Array

FEWEST_CHAINS = 4  # which fill the archive of a unit
SCOUTS = 256
SAVE_EVERY = 20.0  # s between two states of one unit on disk


def calibrate(
    model: pm.Model,
    *,
    chains: int = 16,
    draws: int = 1000,
    rhat: float = 1.01,
    ess: float = 400,
    proposals: int = 1_000_000,
    seconds: float | None = None,
    random_seed: int | np.random.Generator | np.random.SeedSequence | None = 0,
    threads: int | None = None,
    progress: bool | Callable[[str, float], object] = True,
    checkpoint: str | Path | None = None,
    resume: bool = False,
    only: Sequence[int] | None = None,
    groups: Sequence[str] | None = None,
    bank: DrawBank | str | Path | None = None,
    halves: bool = False,
    scouts: int | None = None,
) -> xr.DataTree:
    """Sample the posterior of every unit of a model with the default sampler.

    Parameters
    ----------
    model : pm.Model
        Of a site, of pixels or of strata of pixels; its free variables are DALEC parameters. Or any other
        model of PyMC with continuous free variables, bounded or not: it is put into the unit cube with
        its Jacobians, and has no use for ``checkpoint``, ``only``, ``groups`` and ``bank``.
    chains : int
        Lanes of each unit, at least 4; multiples of 8 use the processor best.
    draws : int
        Recorded for each chain.
    rhat, ess : float
        A unit is done when its worst rank R-hat, among the quarters of its chains, is below and its
        least bulk ESS above these.
    proposals : int
        Budget of each chain.
    seconds : float, optional
        Wall-clock budget of the call; results then depend on the machine's speed.
    random_seed : int, Generator, SeedSequence or None
        None draws a new one, or with ``resume`` takes that of the folder; the seed is kept in the fit.
    threads : int, optional
        All processors by default.
    progress : bool or callable
        Show a bar with proposals per second, acceptance and the worst R-hat; or call this with these
        words and the share of the budget that is used [1]: False from it ends the run as Ctrl-C does.
    checkpoint : path, optional
        Folder for the states of the units; a killed run loses seconds.
    resume : bool
        Go on from ``checkpoint``: finished units are kept, others continue bit for bit.
    only : sequence of int, optional
        Flat places (stratum, pixel) of the units to sample; the others are NaN in the result.
    groups : sequence of str, optional
        Groups beside these four, as in `pm_dalec.with_groups`, and ``prior``: draws under the
        constraints, sampled when the posterior is done. () for none. By default all that are below ten
        million values each; of a region not ``prior``, and of a site only what 20 s allow.
    bank : DrawBank or path, optional
        Draws of pilots, from `pm_dalec.sampling.bank.make_bank`, which units take over where weights
        allow: ``route`` in ``sample_stats`` says bank, or full for those that begin by themselves.
    halves : bool
        Whether two halves of the chains share nothing, neither starts nor archive nor likeness, so that
        ``rhat_halves`` of `pm_dalec.diagnose` judges the sampler itself. About twice the proposals.
    scouts : int, optional
        Lanes that look for other parts of the posterior once the chains of a unit have converged; where
        there is one, chains begin again and leap between the parts. By default 256, a million runs, and
        none for pixels or with ``halves``. ``looked`` in ``sample_stats`` says what they found,
        ``leaping`` whether chains leap, as those that lie apart do by themselves.

    Returns
    -------
    DataTree
        Groups posterior, sample_stats, constant_data, observed_data; of a model without DALEC the first
        two. ``sample_stats`` holds ``status`` of every unit: converged, budget (draws as far as they
        went, in the first 20,480 proposals those of the tuning), no start, searching (time was over before
        one was found), not run. Ctrl-C and too few draws are warned of. ``prior`` says how far it converged.
    """
    scouts = _scouts(model, halves) if scouts is None else scouts
    settings = Settings(draws, rhat, ess, proposals, halves=halves, scouts=scouts)
    chains = checked_chains(chains, least=FEWEST_CHAINS)
    if is_foreign(model):
        refuse_others(checkpoint=checkpoint, only=only, groups=groups or None, bank=bank)
        return _any_fit(model, settings, chains, random_seed, (threads, seconds), progress)
    check_dalec(model, "calibrate")
    resume, bank = flag("resume", resume), opened(bank)
    numbers, seed = identities(model), seed_of_run(random_seed, checkpoint if resume else None)
    places, threads = places_of(only, numbers.size), check_budget(threads, seconds)
    groups, held = groups_to_make(groups, model.observed_RVs), said_of(bank)
    identity = run_identity(model, _asked(settings, chains, seed) | held)
    with _running(checkpoint, resume, identity, progress, seconds) as (store, shown, stop):
        target, compile_seconds = compiled(model)
        job = Job(target, settings, chains, seed, threads, store, shown, _deadline(seconds), stop)
        shown.begin(len(places), settings, seconds)
        stated = stated_of("lanes", seed, compile_seconds, settings, chains, seconds) | held
        drawn, prior, ended = sampled(job.with_bank(bank, model), model, numbers, places, groups)
        return as_fit(model, target, drawn, chains, stated | ended, prior, groups)


def _scouts(model, halves):
    """Scouts where nobody has said how many: those of a region would cost as much as its units."""
    return 0 if halves or (hasattr(model, "coords") and lane_dimensions(model)) else SCOUTS


@contextmanager
def _running(checkpoint, resume, identity, progress, seconds):
    """Store of a run, its progress, and the event that stops it."""
    with (
        checkpoints.open_store(checkpoint, resume, identity) as store,
        stopped_by_interrupt() as stop,
        shown_as(progress, stop) as shown,
    ):
        shown.compiling(seconds)
        yield store, shown, stop
    if stop.is_set():
        warn_of_interrupt(checkpoint)


def _any_fit(model, settings, chains, random_seed, limits, progress):
    """Fit of a model that is no DALEC; limits are those of threads and of seconds."""
    check_any(model, "calibrate")
    seed, (threads, seconds) = seed_of(random_seed), limits
    with stopped_by_interrupt() as stop, shown_as(progress, stop) as shown:
        shown.compiling(seconds)
        began = time.perf_counter()
        cube, target = compile_any(model)
        compile_seconds, budget = time.perf_counter() - began, check_budget(threads, seconds)
        job = Job(target, settings, chains, seed, budget, None, shown, _deadline(seconds), stop)
        shown.begin(1, settings, seconds)
        with threadpool_limits(1, "blas"):
            found = job.run([0], [0])
    stated = stated_of("lanes", seed, compile_seconds, settings, chains, seconds)
    stated |= _targets(settings)
    if stop.is_set():
        warn_of_interrupt(None)
    else:
        warn_of_few_draws(found, settings.draws)
    return fit_of_any(cube, *found[0], stated)


def _deadline(seconds):
    """End of a wall-clock budget, on the monotonic clock [s]."""
    return np.inf if seconds is None else time.monotonic() + seconds


def sampled(job, model, numbers, places, groups):
    """Draws of the units of a job, those of the prior where they are wanted, and how it ended."""
    prior, wanted = None, job.settings
    with threadpool_limits(1, "blas"):  # threads run units; no sum may depend on them
        drawn = job.run(numbers, places)
        stopped, usual = job.stop.is_set(), job.target.site and any_draws(drawn)
        if not stopped and (usual if groups is None else SAMPLED in groups):
            prior = prior_draws(model, job, numbers, places, drawn, limited=groups is None)
    job.shown.ending()
    if not stopped:
        warn_of_few_draws(drawn, wanted.draws)
    return drawn, prior, _targets(wanted) | {"interrupted": int(stopped)}


def _targets(settings):
    """What a fit says about what was asked of it."""
    targets = {"target_rhat": float(settings.rhat), "target_ess": float(settings.ess)}
    return targets | _groups(settings)


def _asked(settings, chains, seed):
    """What the identity of a run says of how it was asked for."""
    return {"chains": chains, "draws": settings.draws, "seed": seed} | _groups(settings)


def _groups(settings):
    """What identity and fit say of halves that share nothing and of scouts; nothing where there are none."""
    said = {"halves": 2 * settings.halves, "scouts": settings.scouts}
    return {name: value for name, value in said.items() if value}


def any_draws(units):
    """Whether any of the units that were run has draws."""
    return any(len(drawn) for drawn, _ in units.values())


def seed_of_run(random_seed, folder):
    """Seed that was given; where it is None, that of the run which a folder holds, or a new one."""
    return seed_of(checkpoints.seed_in(folder) if random_seed is None else random_seed)


def stated_of(sampler, seed, compile_seconds, settings, chains, seconds=None):
    """What a fit says about how it was sampled."""
    limit = {} if seconds is None else {"seconds": float(seconds)}
    return limit | {
        "sampler": sampler,
        "backend": "llvm",
        "seed": seed,
        "compile_seconds": round(compile_seconds, 3),
        "proposals_per_chain": settings.proposals,
        "chains": chains,
        "asked_draws": settings.draws,
    }


def checked_chains(chains, *, least):
    """Number of chains, or the sentence that says how many are wanted."""
    advice = "chains come in blocks of 8: use chains=8 or 16"
    return whole_number("chains", chains, least=least, advice=advice)


def _checked_threads(threads):
    if threads is None:
        return os.cpu_count() or 1
    return whole_number("threads", threads, least=1, advice="leave it out for all processors")


def check_budget(threads, seconds):
    """Number of threads, where it and the seconds are what they may be."""
    if seconds is not None:
        advice = "leave it out for no limit of time"
        number("seconds", seconds, above=0.0, advice=advice)
    return _checked_threads(threads)


COMPILING = threading.RLock()
"""Held while a model is built or compiled: PyTensor knows no threads."""


def compiled(model):
    """Target of a model, and how long its compilation took [s]."""
    with COMPILING:
        started = time.perf_counter()
        target = compile_target(model)
        return target, time.perf_counter() - started


@dataclass(frozen=True)
class Job:
    """Units of one call on their way."""

    target: Target
    settings: Settings
    chains: int
    seed: int
    threads: int
    store: checkpoints.Store | None
    shown: Progress
    deadline: float = np.inf  # s, on the monotonic clock
    stop: threading.Event = field(default_factory=threading.Event)
    instead: dict[str, Array] | None = None  # data in place of the model's
    bank: DrawBank | None = None
    classes: Sequence[str] = ()  # of the units, by place

    def with_bank(self, bank, model):
        """Job whose units begin at a bank; the same job where there is none."""
        bank = None if bank is None else bank.carried_to(self.target)
        return replace(self, bank=bank, classes=classes_of(model))

    def run(self, numbers, places):
        """States of the units that were run, by place."""
        with ThreadPoolExecutor(self.threads) as pool:
            if len(places) > 1:
                done = pool.map(lambda place: self.one(int(place), int(numbers[place])), places)
                return dict(zip(map(int, places), done, strict=True))
            place = int(places[0])
            return {place: self.one(place, int(numbers[place]), pool)}

    def one(self, place, identity, pool=None):
        """Draws and state of one unit; a pool runs its lanes in several threads."""
        bound = bound_to(self.target, self.chains, place, self.instead)
        state = self.store.read(identity) if self.store else None
        if state is None:
            size = len(self.target.rows)
            state = new_state(identity, size, self.chains, bound.padded, self.settings, self.seed)
        unit = self._unit(bound, state, place, identity, pool)
        saved = time.monotonic()
        made = (state.proposed + state.searched) * self.chains
        self.shown.enter(identity, proposed=state.proposed, made=made)
        while not unit.finished and time.monotonic() <= self.deadline and not self.stop.is_set():
            unit.advance()
            self.shown.report(identity, state, self.chains)
            if self.store and time.monotonic() - saved > SAVE_EVERY:
                self.store.write(identity, state)
                saved = time.monotonic()
        if self.store:
            self.store.write(identity, state)
        unit = unit.settled()
        self.shown.leave(identity, unit.state)
        return unit.result(), unit.state

    def _unit(self, bound, state, place, identity, pool):
        """Unit at work, with its share of the bank where there is one."""
        common = (bound, self.target, state, self.settings)
        threads = {"pool": pool, "threads": self.threads}
        if self.bank is None:
            return Unit(*common, **threads)
        share = self.bank.share_of(str(self.classes[place]), identity)
        return BankUnit(*common, share=share, key=(self.seed, identity), **threads)

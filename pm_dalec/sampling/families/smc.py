"""Tempered SMC: particles on their way from the prior to the posterior, with the evidence.

Particles are lanes, and what moves them are the moves of the default sampler (`particles`) along a path on
which prior, constraints and likelihood come in one after the other (`path`). Several runs that share
nothing are the chains of the fit: what they differ in is the error, of draws and of evidence. Del Moral,
Doucet and Jasra (2006, doi:10.1111/j.1467-9868.2006.00553.x).
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import logsumexp
from threadpoolctl import threadpool_limits

from pm_dalec.lanes.cut import lane_dimensions
from pm_dalec.sampling.any_model.cube import check_any
from pm_dalec.sampling.any_model.labelled import fit_of_any
from pm_dalec.sampling.calibration import COMPILING, check_budget, stated_of
from pm_dalec.sampling.families.judging import end
from pm_dalec.sampling.families.particles import Pace, Particles
from pm_dalec.sampling.families.path import tempered
from pm_dalec.sampling.identity import identities
from pm_dalec.sampling.labelled_fit import as_fit, warn_of_few_draws
from pm_dalec.sampling.progress import Progress
from pm_dalec.sampling.state import Settings, new_state
from pm_dalec.sampling.target import check_dalec, is_foreign
from pm_dalec.tables import dims
from pm_dalec.tables.numbers import seed_of, whole_number

if TYPE_CHECKING:
    import pymc as pm
    import xarray as xr

FEWEST = 100  # particles, of which a likeness of 23 parameters can be made
EVIDENCE = {
    "log_evidence": "logarithm of the probability of the data, constraints being met",
    "log_evidence_error": "standard error of log_evidence, from the differences of the runs",
    "log_constrained_share": "logarithm of the share of the prior that meets the constraints",
}


def calibrate_smc(
    model: pm.Model,
    *,
    runs: int = 4,
    particles: int = 1000,
    proposals: int = 512,
    random_seed: int | np.random.Generator | np.random.SeedSequence | None = 0,
    threads: int | None = None,
    progress: bool = True,
) -> xr.DataTree:
    """Sample every unit of a model by tempered SMC, and integrate its evidence.

    A part of the posterior whose best places are narrow loses its particles on the way, and its share of the
    evidence with them; nobody looks for it at the end, as `calibrate` does.

    Parameters
    ----------
    model : pm.Model
        As for `calibrate`: of a site, of pixels or strata, or another model of PyMC.
    runs : int
        Independent runs, at least two: the chains of the fit.
    particles : int
        Of each run: its draws.
    proposals : int
        Of each particle in a stage of the path, at most, and eight times as many in the last; fewer where
        it has moved enough before.
    random_seed : int, Generator, SeedSequence or None
        As for `calibrate`.
    threads : int, optional
        All processors by default; the result is the same.
    progress : bool

    Returns
    -------
    DataTree
        As from `calibrate` with ``groups=()``; draws of a run are its particles, in no order. In
        ``sample_stats`` also ``log_evidence`` with its error, ``log_evidence_of_run`` by chain, and of a
        model of DALEC ``log_constrained_share``: the probability of its rules under the prior. The
        evidence is that of the data given prior and rules; of another model the integral of its density.
    """
    foreign = is_foreign(model)
    check_any(model, "calibrate_smc") if foreign else check_dalec(model, "calibrate_smc")
    advice = "the runs are the chains of the fit, whose differences are its error"
    runs = whole_number("runs", runs, least=2, advice=advice)
    particles = whole_number("particles", particles, least=FEWEST, advice="1000 are usual")
    proposals = whole_number("proposals", proposals, least=1, advice="512 are usual")
    threads, seed = check_budget(threads, None), seed_of(random_seed)
    with COMPILING:
        began = perf_counter()
        held = tempered(model)
        compile_seconds = perf_counter() - began
    numbers = [0] if foreign else [int(number) for number in identities(model)]
    asked = Settings(draws=particles, proposals=proposals)
    with Progress(progress) as bar:
        by_unit = _all_runs(held, numbers, (runs, asked, seed), threads, bar)
    units = {
        place: unit_of(held.target, each, numbers[place], asked, seed)
        for place, each in enumerate(by_unit)
    }
    stated = stated_of("smc", seed, compile_seconds, asked, runs)
    if foreign:
        fit = fit_of_any(held.model, *units[0], stated)
    else:
        fit = as_fit(model, held.target, units, runs, stated)
    warn_of_few_draws(units, particles)
    found = _evidence(by_unit, model, foreign)
    fit["sample_stats"] = fit["sample_stats"].to_dataset().assign(found)
    return fit


def _all_runs(held, numbers, how, threads, bar):
    """Runs of every unit, list (unit) of list (run) of Particles."""
    runs, asked, seed = how

    def one(task):
        place, run = divmod(task, runs)
        one = run_smc(held, (place, numbers[place], seed), asked, run)
        bar.message(
            f"unit {numbers[place]}, run {run + 1}: {len(one.stages)} stages, "
            f"log evidence {one.log_evidence.likelihood:.2f}"
        )
        return one

    with threadpool_limits(1, "blas"), ThreadPoolExecutor(threads) as pool:
        done = list(pool.map(one, range(len(numbers) * runs)))
    return [done[first : first + runs] for first in range(0, len(done), runs)]


def run_smc(held, who, asked, run, *, instead=None):
    """One run of one unit, to the end of the path.

    Parameters
    ----------
    held : Tempered
    who : tuple of int
        Place of the unit in the model, its identity, seed.
    asked : Settings
        Its ``draws`` are the particles, its ``proposals`` those of a particle in a stage.
    run : int
        Number of the run.
    instead : dict of str to array, optional
        Data in place of the model's.

    Returns
    -------
    Particles
    """
    pace = Pace(most=asked.proposals)
    one = Particles(held, *who, count=asked.draws, run=run, pace=pace, instead=instead)
    while not one.finished:
        one.advance()
    return one


def unit_of(target, done, identity, settings, seed):
    """Draws of a unit from its runs, and what is known of them.

    Parameters
    ----------
    target : Target
    done : list of Particles
        Runs that have ended.
    identity : int
    settings : Settings
    seed : int

    Returns
    -------
    drawn : array (draw, chain, parameter + 1)
    state : UnitState
    """
    state = new_state(identity, len(target.rows), len(done), len(done), settings, seed)
    state.searched = round(np.mean([one.tries / one.count for one in done]))
    if not all(one.tries for one in done):
        state.phase = "no start"
        return np.empty((0, len(done), len(target.rows) + 1)), state
    for chain, one in enumerate(done):
        state.accepted[chain] = sum(stage.accepted for stage in one.stages)
        state.evaluated[chain] = sum(stage.runs for stage in one.stages)
    made = [one.count * sum(stage.proposals for stage in one.stages) for one in done]
    state.proposed = state.in_round = round(np.mean(made))
    drawn = np.stack([one.result() for one in done], axis=1)
    end(state, target, drawn, settings)
    return drawn, state


def _evidence(by_unit, model, foreign):
    """Evidence of the units and of their runs, with dims."""
    space = () if foreign else lane_dimensions(model)
    shape = tuple(len(model.coords[name]) for name in space)
    legs = [[one.log_evidence for one in done] for done in by_unit]
    whole = np.array([[sum(leg) if foreign else leg.likelihood for leg in each] for each in legs])
    share = np.array([[leg.constraints for leg in each] for each in legs])
    level = logsumexp(whole, axis=1) - np.log(whole.shape[1])
    relative = np.exp(whole - level[:, None])
    error = relative.std(axis=1, ddof=1) / np.sqrt(whole.shape[1])
    found = {
        "log_evidence": level,
        "log_evidence_error": error,
        "log_constrained_share": logsumexp(share, axis=1) - np.log(share.shape[1]),
    }
    if foreign:
        del found["log_constrained_share"]
    labelled = {
        name: (tuple(space), values.reshape(shape), {"long_name": EVIDENCE[name]})
        for name, values in found.items()
    }
    by_run = whole.T.reshape(whole.shape[1], *shape)
    return labelled | {"log_evidence_of_run": ((dims.CHAIN, *space), by_run)}

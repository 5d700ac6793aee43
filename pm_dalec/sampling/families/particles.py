"""Particles of one run of tempered SMC: lanes of a unit, weighed, resampled and moved stage by stage.

What moves them are the proposals of the default sampler. Their likeness and archive are made of the
particles at the beginning of a stage and frozen until its end; those of one half of the particles of the
other half, for a particle that is proposed from a likeness which it has shaped does not leave the density of
the stage alone: with 400 particles of 23 parameters, evidence is then 0.9 too large.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.special import logsumexp

from pm_dalec.lanes.call import NO_CALL
from pm_dalec.sampling.bank.weights import resampled
from pm_dalec.sampling.families import path
from pm_dalec.sampling.kernels import windows
from pm_dalec.sampling.kernels.acceptance import LOGP, results_at
from pm_dalec.sampling.kernels.lanes import Calls, Lanes, Record
from pm_dalec.sampling.kernels.proposals import Guide
from pm_dalec.sampling.kernels.streams import streams, uniform
from pm_dalec.sampling.kernels.surrogate import likeness_of
from pm_dalec.sampling.kernels.walk import empty_walk
from pm_dalec.sampling.state import Settings
from pm_dalec.sampling.target import bound_to
from pm_dalec.sampling.unit import TRUST

RESAMPLING = 10**9  # place of the random stream of a run behind those of its lanes
MOST_TRIES = 1000  # random places of a particle, of which one must have a density


@dataclass(frozen=True)
class Pace:
    """How fast particles go along the path, and how long they are moved in each stage.

    Parameters
    ----------
    least : float
        Effective share of the particles that is left by the weights of a stage.
    steps : int
        Proposals of each particle between two looks at how far it has come.
    memory : float
        Correlation of places with those at the beginning of the stage, of the worst parameter, below
        which they have been moved enough.
    most : int
        Proposals of each particle in a stage at most.
    last : int
        Times as many proposals in the last stage, which gives the draws: clones of a few ancestors agree
        with themselves.
    forgotten : float
        Correlation below which particles of the last stage have been moved enough.
    """

    least: float = 0.5
    steps: int = 64
    memory: float = 0.5
    most: int = 512
    last: int = 8
    forgotten: float = 0.1


class Stage(NamedTuple):
    """What happened in a stage: where it is, what was weighed, and how particles were moved."""

    powers: path.Powers
    log_ratio: float  # of its normalising constant and the one before
    proposals: int  # of each particle
    runs: int
    accepted: int
    memory: float  # that is left of the places at its beginning, worst parameter [1]


class Particles:
    """One run of tempered SMC.

    Parameters
    ----------
    tempered : Tempered
    place, identity, seed : int
        Of the unit in the model; what decides its random numbers.
    count : int
        Particles.
    run : int
        Number of this run among those of the unit.
    pace : Pace
    instead : dict of str to array, optional
        Data in place of the model's.
    """

    def __init__(self, tempered, place, identity, seed, *, count, run, pace, instead=None):
        self.tempered, self.count, self.pace, self._place = tempered, count, pace, place
        self._instead = instead or {}
        size = len(tempered.target.rows)
        random = streams(seed, [identity], (run + 1) * count)[run * count :]
        sequence = np.random.SeedSequence([seed, identity, RESAMPLING + run])
        self._random = np.random.default_rng(sequence)
        self.powers, self.stages = path.Powers(), []
        self._bind()
        position = np.full((size, self._bound.padded), 0.5)
        self.lanes = Lanes(position, np.empty_like(position), np.empty(count), random)
        self.tries = self._scatter()

    def _bind(self):
        """Join the target to the data of the unit and to the present powers."""
        target, powers = self.tempered.target, self.powers
        data = self._instead | powers.as_data()
        self._bound = bound_to(target, self.count, self._place, data)
        full = powers.constraints == self.tempered.ends.constraints
        early = target.early.bind(self._bound.data.units) if target.early and full else None
        self._held = early  # owns what the call points to
        self._calls = Calls(self._bound.call(), NO_CALL if early is None else early.call())

    def _result(self, number):
        return results_at(self._calls.target, self.lanes, number)

    def parts(self):
        """Parts of the log-density at the places of the particles."""
        self._result(LOGP)
        out = self._calls.target.out
        return path.Parts(
            *(out[:, place].reshape(-1)[: self.count].copy() for place in path.PLACES)
        )

    def _scatter(self):
        """Take particles to random places that have a density; gives the number of places tried."""
        lacking, tried = np.arange(self.count), 0
        for _ in range(MOST_TRIES):
            for lane in lacking:
                for row in range(self.lanes.position.shape[0]):
                    self.lanes.position[row, lane] = uniform(self.lanes.streams[lane])
            tried += lacking.size
            finite = np.isfinite(np.sum(self.parts(), axis=0))
            lacking = np.flatnonzero(~finite)
            if not lacking.size:
                break
        return tried if not lacking.size else 0

    @property
    def log_evidence(self):
        """Logarithms of the normalising constants of prior, constraints and likelihood, each leg's own.

        Returns
        -------
        Powers
            NaN where no place had a density.
        """
        if not self.tries:
            return path.Powers(np.nan, np.nan, np.nan)
        legs = dict.fromkeys(path.Powers._fields, 0.0)
        legs["prior"] = float(np.log(self.count / self.tries))
        before = path.Powers()
        for stage in self.stages:
            leg = next(n for n in legs if getattr(stage.powers, n) > getattr(before, n))
            legs[leg] += stage.log_ratio
            before = stage.powers
        return path.Powers(**legs)

    @property
    def finished(self):
        """Whether the particles are draws of the posterior, or have found no place to begin at."""
        return self.powers == self.tempered.ends or not self.tries

    def advance(self):
        """Run one stage: weigh, resample, move."""
        parts, before = self.parts(), self.powers
        self.powers = path.next_powers(parts, before, self.tempered.ends, self.pace.least)
        weights = path.log_weights(parts, before, self.powers)
        total = logsumexp(weights)
        chosen = resampled(np.exp(weights - total), self.count, self._random)
        self.lanes.position[:, : self.count] = self.lanes.position[:, chosen]
        self._bind()
        self.lanes.logp[:] = self._result(LOGP)
        moved = self._move()
        self.stages.append(Stage(self.powers, float(total - np.log(self.count)), *moved))

    def _move(self):
        """Move particles until they have forgotten where the stage began."""
        start = self.lanes.position[:, : self.count].T.copy()
        middle, made = self.count // 2, 0
        guides = self._guide(start[middle:]), self._guide(start[:middle])
        record = Record(
            self.pace.steps,
            np.empty((1, self.count, start.shape[1] + 1)),
            np.zeros(self.count, np.int64),
            np.zeros(self.count, np.int64),
        )
        walk, memory = empty_walk(self.count, guides[0].surrogate), 1.0
        blocks, pace = (0, self._bound.data.blocks), self.pace
        most, enough = pace.most, pace.memory
        if self.finished:
            most, enough = most * pace.last, pace.forgotten
        while made < most and memory > enough:
            windows.lanes_window(self._calls, blocks, self.lanes, walk, guides, record)
            made += self.pace.steps
            memory = _correlation(start, self.lanes.position[:, : self.count].T)
        runs = (
            int(record.evaluated.sum()) + 2 * self.count
        )  # those that weigh, and those that begin
        return made, runs, int(record.accepted.sum()), memory

    def _guide(self, states):
        """What the proposals of one half of the particles are made from: places of the other half."""
        size, target = states.shape[1], self.tempered.target
        return Guide(
            surrogate=likeness_of(states),
            pivots=np.arange(1, size + 1) / size,
            processes=target.processes,
            years=target.years,
            spans=target.spans,
            archive=states,
            filled=len(states),
            conditional=Settings.conditional,
            trust=TRUST,
            leaps=0.0,
        )

    def result(self):
        """Particles (particle, parameter + 1) with their log-density."""
        return np.column_stack([self.lanes.position[:, : self.count].T, self.lanes.logp])


def _correlation(before, after):
    """Largest correlation of a parameter with itself before (state, parameter)."""
    first, second = before - before.mean(axis=0), after - after.mean(axis=0)
    spread = np.sqrt((first**2).sum(axis=0) * (second**2).sum(axis=0))
    return float(((first * second).sum(axis=0) / np.maximum(spread, 1e-300)).max())

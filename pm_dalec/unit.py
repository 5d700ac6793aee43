"""Calibration of one unit: its lanes from the search for a start to the last draw.

A unit is one pixel, or one stratum of one pixel; its lanes are its chains. Units know nothing of each
other, so what one gives does not depend on tile, order or threads, and its state can be saved and
continued bit for bit.

The default sampler works in rounds, each twice as long as the one before. In a round nothing adapts; at
its end its own draws become the archive and the covariance of the next. The draws of the last round are
the result, so that every draw comes from plain Markov chains.
"""

from dataclasses import dataclass, fields
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from pm_dalec import adaptive
from pm_dalec.diagnose import chain_statistics, turned
from pm_dalec.lane_random import streams
from pm_dalec.parameters import PARAMETERS
from pm_dalec.target import natural

WINDOW = 500  # proposals of every lane between two looks
SEARCH_WINDOW = 100
PATIENCE = 60  # search windows without progress after which a lane starts anew
FIRST_ROUND = 20  # windows; while tuning, the archive moves on after each of them
ARCHIVE = 3000  # states
RIDGE = 1e-10  # added to the variances of the covariance


@dataclass
class Settings:
    """How long and how well a unit is sampled.

    Parameters
    ----------
    draws : int
        Stored for each chain.
    rhat, ess : float
        Targets for the worst parameter: rank R-hat, bulk effective sample size.
    proposals : int
        Budget of each lane, the search for a start not counted.
    search : int
        Most proposals of each lane in that search.
    """

    draws: int = 1000
    rhat: float = 1.01
    ess: float = 400.0
    proposals: int = 1_000_000
    search: int = 200_000


@dataclass
class UnitState:
    """Everything a unit needs to go on; arrays and numbers only."""

    phase: str
    position: np.ndarray  # (parameter, padded lane), unit interval
    logp: np.ndarray  # (lane,)
    streams: np.ndarray  # (lane, 4)
    waiting: np.ndarray  # (lane,) search windows without progress
    factor: np.ndarray  # (parameter, parameter) of the covariance
    kinship: np.ndarray  # (parameter, parameter) squared partial correlations
    archive: np.ndarray  # (state, parameter)
    filled: int  # states in the archive
    next_place: int  # in the archive, while tuning
    stored: np.ndarray  # (2 draws, lane, parameter + 1)
    kept: int  # of the stored states
    finished_round: np.ndarray  # (any, lane, parameter + 1) draws of the round before
    finished_ess: float  # least bulk effective sample size of that round
    thinning: int  # proposals between two stored states
    round: int
    windows_left: int
    searched: int  # proposals of each lane
    proposed: int
    accepted: np.ndarray  # (lane,) in this round
    in_round: int  # proposals of each lane in this round
    moved_lanes: int  # lanes put to another place between rounds
    worst_rhat: float
    least_ess: float


def new_state(identity, size, chains, padded, settings, seed):
    """State of a unit that has not begun.

    Parameters
    ----------
    identity : int
        Of the unit; with ``seed`` it decides the random streams.
    size, chains, padded : int
        Parameters, lanes, and lanes filled up to whole blocks.
    settings : Settings
    seed : int
    """
    random = streams(seed, [identity], chains)
    position = np.empty((size, padded))
    for lane in range(chains):
        _scatter(position, random, lane)
    position[:, chains:] = position[:, :1]
    return UnitState(
        phase="search",
        position=position,
        logp=np.full(chains, np.inf),
        streams=random,
        waiting=np.zeros(chains, np.int64),
        factor=np.zeros((size, size)),
        kinship=np.eye(size),
        archive=np.zeros((ARCHIVE, size)),
        filled=0,
        next_place=0,
        stored=np.zeros((2 * settings.draws, chains, size + 1)),
        kept=0,
        finished_round=np.zeros((0, chains, size + 1)),
        finished_ess=0.0,
        thinning=1,
        round=0,
        windows_left=FIRST_ROUND,
        searched=0,
        proposed=0,
        accepted=np.zeros(chains, np.int64),
        in_round=0,
        moved_lanes=0,
        worst_rhat=np.inf,
        least_ess=0.0,
    )


def _scatter(position, random, lane):
    """Put a lane to a random place of the unit cube, from its own stream."""
    for row in range(position.shape[0]):
        position[row, lane] = adaptive.uniform(random[lane])


class Share(NamedTuple):
    """Blocks of lanes that one thread runs, with working memory of its own."""

    bound: object
    first: int
    last: int


def _shares(bound, threads):
    edges = np.linspace(0, bound.data.blocks, min(threads, bound.data.blocks) + 1).astype(int)
    return [Share(bound.another(), int(first), int(last)) for first, last in pairwise(edges)]


class Unit:
    """One unit at work.

    Parameters
    ----------
    bound : BoundLanes
        Target joined to the data of this unit, one lane a chain.
    target : Target
        Of which ``bound`` is made.
    state : UnitState
    settings : Settings
    pool : concurrent.futures.Executor, optional
        Runs the blocks of this unit in several threads; the result is the same.
    threads : int
    """

    def __init__(self, bound, target, state, settings, pool=None, threads=1):
        self.bound, self.target, self.state, self.settings = bound, target, state, settings
        self._pool = pool
        self._shares = _shares(bound, threads if pool is not None else 1)
        blocks, width = bound.data.blocks, bound.function.width
        results = bound.function.layout.result_size
        self._proposed = np.empty_like(state.position)
        self._out = np.empty((blocks, results, width))

    @property
    def finished(self):
        """Whether the unit is done, one way or the other."""
        return self.state.phase in ("converged", "budget", "no start")

    def advance(self):
        """Run one window and what follows from it."""
        if self.state.phase == "search":
            self._search()
        else:
            self._sample()

    def _search(self):
        state = self.state
        if state.searched == 0:
            state.logp[:] = self._evaluate(adaptive.VIOLATION)
        before = state.logp.copy()
        adaptive.search_window(
            self.bound.address, self.bound.context, 0, self.bound.data.blocks, state.position,
            state.logp, state.streams, SEARCH_WINDOW, self._proposed, self._out,
        )  # fmt: skip
        state.searched += SEARCH_WINDOW
        state.waiting = np.where(state.logp < 0.99 * before, 0, state.waiting + 1)
        if not (state.logp > 0).any():
            return self._begin()
        if state.searched >= self.settings.search:
            state.phase = "no start"
            return None
        for lane in np.flatnonzero((state.logp > 0) & (state.waiting > PATIENCE)):
            _scatter(state.position, state.streams, lane)
            state.waiting[lane] = 0
            state.logp[:] = self._evaluate(adaptive.VIOLATION)
        return None

    def _evaluate(self, result):
        """One result of the target at the present positions (lane,)."""
        self._proposed[:] = self.state.position
        adaptive.evaluate(
            self.bound.address, self._proposed, 0, self.bound.data.blocks, self.bound.context,
            self._out,
        )  # fmt: skip
        lanes = self.state.logp.size
        return self._out[:, result].reshape(-1)[:lanes].copy()

    def _begin(self):
        state = self.state
        state.logp = self._evaluate(adaptive.LOGP)
        state.phase = "tune"
        self._archive(state.position[:, : state.logp.size].T)

    def _archive(self, states):
        """Add states to the archive, the oldest making room, and renew the covariance."""
        state = self.state
        for vector in states:
            state.archive[state.next_place] = vector
            state.next_place = (state.next_place + 1) % ARCHIVE
            state.filled = min(state.filled + 1, ARCHIVE)
        self._refactor()

    def _refactor(self):
        state = self.state
        known = state.archive[: state.filled]
        covariance = np.cov(known, rowvar=False) + RIDGE * np.eye(known.shape[1])
        state.factor = np.linalg.cholesky(covariance)
        precision = np.linalg.inv(covariance)
        state.kinship = precision**2 / np.outer(np.diag(precision), np.diag(precision))

    def _sample(self):
        state = self.state
        tuning = state.phase == "tune"
        record = WINDOW // 10 if tuning else min(state.thinning, WINDOW)
        recorded = self._window(record)
        state.proposed += WINDOW
        state.in_round += WINDOW
        state.windows_left -= 1
        if tuning:
            self._archive(recorded[..., :-1].reshape(-1, state.position.shape[0]))
            self._keep(recorded)
        else:
            self._keep(self._due(recorded))
        if not tuning and self._time_to_look():
            self._look()
        if state.windows_left <= 0 and not self.finished:
            self._next_round()
        if state.proposed >= self.settings.proposals and not self.finished:
            self.settle()

    def _window(self, record):
        state = self.state
        lanes, size = state.logp.size, state.position.shape[0]
        recorded = np.empty((WINDOW // record, lanes, size + 1))

        def run(share):
            adaptive.lanes_window(
                share.bound.address, share.bound.context, share.first, share.last, state.position,
                state.logp, state.streams, state.factor, state.kinship, state.archive,
                state.filled, WINDOW, record, recorded, state.accepted, self._proposed, self._out,
            )  # fmt: skip

        each = map if self._pool is None else self._pool.map
        list(each(run, self._shares))
        return recorded

    def _due(self, recorded):
        """Of the states of a window those that the thinning asks for."""
        every = max(1, self.state.thinning // WINDOW)
        return recorded if self.state.windows_left % every == 0 else recorded[:0]

    def _keep(self, recorded):
        state = self.state
        state.stored[state.kept : state.kept + len(recorded)] = recorded
        state.kept += len(recorded)

    def _time_to_look(self):
        """Look for convergence eight times a round, at its end among them."""
        part = max(1, (FIRST_ROUND << self.state.round) // 8)
        return self.state.windows_left % part == 0 and self.state.kept >= 100

    def _look(self):
        state = self.state
        draws = state.stored[: state.kept].swapaxes(0, 1)
        rhat, bulk, _ = chain_statistics(self._comparable(draws[..., :-1]))
        state.worst_rhat, state.least_ess = float(rhat.max()), float(bulk.min())
        enough = state.kept >= self.settings.draws
        if enough and state.worst_rhat < self.settings.rhat and (
            state.least_ess > self.settings.ess
        ):  # fmt: skip
            state.phase = "converged"

    def _comparable(self, draws):
        """Positions with the day parameters turned to their circular mean."""
        out = draws.copy()
        for row, (name, values) in enumerate(natural(self.target, draws).items()):
            if name in PARAMETERS and PARAMETERS[name].circular:
                out[..., row] = turned(values, axes=(0, 1))
        return out

    def _next_round(self):
        state = self.state
        if state.phase == "sample":
            part = state.stored[: state.kept, :, :-1].reshape(-1, state.position.shape[0])
            chosen = np.linspace(0, len(part) - 1, min(ARCHIVE, len(part))).round().astype(int)
            state.archive[: chosen.size] = part[chosen]
            state.filled, state.next_place = chosen.size, chosen.size % ARCHIVE
            self._refactor()
            state.finished_round = state.stored[: state.kept].copy()
            state.finished_ess = state.least_ess
        self._rescue()
        state.phase = "sample"
        state.round += 1
        state.windows_left = FIRST_ROUND << state.round
        state.kept, state.thinning = 0, 1
        planned, room = state.windows_left * WINDOW, len(state.stored)
        state.thinning = next(step for step in _steps() if planned // step <= room)
        state.accepted[:] = 0
        state.in_round = 0

    def _rescue(self):
        """Put lanes that are stuck far below the others to where the best lane is (Vrugt et al. 2009).

        Only between rounds; the draws made before are not part of the result.
        """
        state = self.state
        half = state.stored[state.kept // 2 : state.kept, :, -1]
        if len(half) == 0:
            return
        level = half.mean(axis=0)
        low, high = np.percentile(level, [25, 75])
        stuck = level < low - 2 * max(high - low, 1.0)
        best = int(np.argmax(level))
        for lane in np.flatnonzero(stuck):
            state.position[:, lane] = state.position[:, best]
            state.logp[lane] = state.logp[best]
            state.moved_lanes += 1

    def settle(self):
        """End a unit before its time; the better of its last two rounds is its result."""
        state = self.state
        if state.phase == "search":
            state.phase = "no start"
            return
        if state.phase == "sample" and state.kept >= 8:
            self._look()
        if self.finished:
            return
        if state.kept < 8 or state.finished_ess > state.least_ess:
            state.kept = len(state.finished_round)
            state.stored[: state.kept] = state.finished_round
            state.least_ess = state.finished_ess
            if state.kept >= 8:
                self._look()
        state.phase = "budget"

    def result(self):
        """Draws of the last round (draw, chain, parameter + 1), evenly spaced."""
        state = self.state
        count = min(self.settings.draws, state.kept)
        if count == 0:
            return state.stored[:0]
        chosen = np.linspace(0, state.kept - 1, count).round().astype(int)
        return state.stored[chosen]


def _steps():
    """Distances between stored states: divisors of the window, then doublings of it."""
    yield from (step for step in range(1, WINDOW) if WINDOW % step == 0)
    step = WINDOW
    while True:
        yield step
        step *= 2


def state_to_arrays(state):
    """State as a dictionary of arrays, for `numpy.savez`."""
    return {field.name: np.asarray(getattr(state, field.name)) for field in fields(state)}


def state_from_arrays(arrays):
    """State from the arrays of `state_to_arrays`."""
    values = {}
    for field in fields(UnitState):
        value = np.array(arrays[field.name])
        values[field.name] = value if value.ndim else value.item()
    return UnitState(**values)

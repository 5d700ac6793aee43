"""Calibration of one unit: its lanes from the search for a start to the last draw.

A unit is one pixel, or one stratum of one pixel; its lanes are its chains. Units know nothing of each
other, so what one gives does not depend on tile, order or threads, and its state can be saved and
continued bit for bit.

The default sampler works in rounds, each twice as long as the one before. In a round nothing adapts; at
its end its own draws become the archive of the next, from which the surrogate is fitted. A round whose
archive is already good is not ended but prolonged. The draws of the last round are the result, so that
every draw comes from plain Markov chains.
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from pm_dalec.lanes.call import NO_CALL
from pm_dalec.posterior.chain_statistics import chain_statistics, comparable, split_rhat
from pm_dalec.sampling.kernels import acceptance, search, windows
from pm_dalec.sampling.kernels.proposals import Guide
from pm_dalec.sampling.kernels.surrogate import PLACES, fit_surrogate
from pm_dalec.sampling.kernels.walk import empty_walk
from pm_dalec.sampling.state import ARCHIVE, FIRST_ROUND, WINDOW, scatter
from pm_dalec.sampling.target import natural
from pm_dalec.tables.parameters import PARAMETERS

SEARCH_WINDOW = 100
PATIENCE = 60  # search windows without progress after which a lane starts anew
COMPONENTS = PLACES  # of a surrogate
STATES_A_COMPONENT = 500  # at least
WINDOWS_A_FIT = 4  # while tuning
GOOD_ARCHIVE = 50.0  # effective states of an archive that is not replaced
TRUST = 0.5  # power of a surrogate that was learnt from a round, when it decides about runs
MOST_JUDGED = 500  # draws of a chain that a look at convergence takes into account
MOST_FAVOURED = 3.0  # chance of a slow parameter to be a pivot, relative to the usual one


class Share(NamedTuple):
    """Blocks of lanes that one thread runs, with working memory of its own."""

    bound: object  # owns what the calls point to
    early: object
    first: int
    last: int

    def calls(self):
        """Target and early rules, as compiled samplers call them."""
        return self.bound.call(), NO_CALL if self.early is None else self.early.call()


def processes_of(rows):
    """Number of the process of each parameter (parameter,)."""
    names = [PARAMETERS[name].process if name in PARAMETERS else "other" for name in rows]
    return np.unique(names, return_inverse=True)[1]


def _shares(bound, early, threads):
    edges = np.linspace(0, bound.data.blocks, min(threads, bound.data.blocks) + 1).astype(int)
    return [
        Share(bound.another(), early and early.another(), int(first), int(last))
        for first, last in pairwise(edges)
    ]


def evenly(values, most):
    """Values, or as many of them as are wanted at most, evenly spaced along the first axis."""
    count = min(most, len(values))
    return values[np.linspace(0, len(values) - 1, count).round().astype(int)] if count else values


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

    Attributes
    ----------
    kernel : callable
        Compiled window; the bench puts one in its place that takes the time.
    """

    def __init__(self, bound, target, state, settings, pool=None, threads=1):
        self.bound, self.target, self.state, self.settings = bound, target, state, settings
        early = None if target.early is None else target.early.bind(bound.data.units)
        self._pool, self._call, self.kernel = pool, bound.call(), windows.lanes_window
        self._shares = _shares(bound, early, threads if pool is not None else 1)
        self._proposed = np.empty_like(state.position)
        self._processes, self._walk = processes_of(target.rows), None

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
            state.logp[:] = self._evaluate(acceptance.VIOLATION)
        before = state.logp.copy()
        search.search_window(
            self._call, state.position, state.logp, state.streams, SEARCH_WINDOW, self._proposed
        )
        state.searched += SEARCH_WINDOW
        state.waiting = np.where(state.logp < 0.99 * before, 0, state.waiting + 1)
        if not (state.logp > 0).any():
            return self._begin()
        if state.searched >= self.settings.search:
            state.phase = "no start"
            return None
        for lane in np.flatnonzero((state.logp > 0) & (state.waiting > PATIENCE)):
            scatter(state.position, state.streams, lane)
            state.waiting[lane] = 0
            state.logp[:] = self._evaluate(acceptance.VIOLATION)
        return None

    def _evaluate(self, result):
        """One result of the target at the present positions (lane,)."""
        state = self.state
        return acceptance.results_at(
            self._call, state.position, self._proposed, result, state.logp.size
        )

    def _begin(self):
        state = self.state
        state.logp = self._evaluate(acceptance.LOGP)
        state.phase = "tune"
        self._archive(state.position[:, : state.logp.size].T)
        self._fit(1)

    def _archive(self, states):
        """Add states to the archive, the oldest making room."""
        state = self.state
        for vector in states:
            state.archive[state.next_place] = vector
            state.next_place = (state.next_place + 1) % ARCHIVE
            state.filled = min(state.filled + 1, ARCHIVE)

    def _fit(self, components):
        """Renew the surrogate from the archive."""
        state = self.state
        components = max(1, min(components, state.filled // STATES_A_COMPONENT))
        state.surrogate = fit_surrogate(state.archive[: state.filled], components)
        self._walk = None

    def _sample(self):
        state = self.state
        tuning = state.phase == "tune"
        recorded = self._window(WINDOW // 8 if tuning else min(state.thinning, WINDOW))
        state.proposed += WINDOW
        state.in_round += WINDOW
        state.windows_left -= 1
        if tuning:
            self._archive(recorded[..., :-1].reshape(-1, state.position.shape[0]))
            if state.windows_left > 0 and state.windows_left % WINDOWS_A_FIT == 0:
                self._fit(1)
            self._keep(recorded)
        else:
            self._keep(recorded if state.in_round % state.thinning == 0 else recorded[:0])
        if not tuning and self._time_to_look():
            self._look()
        if state.windows_left <= 0 and not self.finished:
            self._next_round()
        if state.proposed >= self.settings.proposals and not self.finished:
            self.settle()

    def guide(self):
        """What the proposals are made from at present."""
        state = self.state
        return Guide(
            state.surrogate, state.pivots, self._processes, state.archive, state.filled,
            self.settings.conditional, TRUST if state.archive_ess > 0 else 0.0,
        )  # fmt: skip

    def _window(self, record):
        state = self.state
        lanes, size = state.logp.size, state.position.shape[0]
        recorded = np.empty((WINDOW // record, lanes, size + 1))

        if self._walk is None:
            self._walk = empty_walk(lanes, state.surrogate)
        guide = self.guide()
        tally = windows.Tally(state.accepted, state.evaluated)

        def run(share):
            self.kernel(
                *share.calls(), share.first, share.last, state.position, state.logp, state.streams,
                self._walk, guide, WINDOW, record, recorded, tally, self._proposed,
            )  # fmt: skip

        each = map if self._pool is None else self._pool.map
        list(each(run, self._shares))
        return recorded

    def _keep(self, recorded):
        """Store states; where there is no room left, every other one goes."""
        state = self.state
        if state.kept + len(recorded) > len(state.stored):
            thinner = state.stored[1 : state.kept : 2].copy()
            state.kept, state.thinning = len(thinner), 2 * state.thinning
            state.stored[: state.kept] = thinner
            if state.thinning <= WINDOW:
                recorded = recorded[1::2]
            elif state.in_round % state.thinning:
                recorded = recorded[:0]
        state.stored[state.kept : state.kept + len(recorded)] = recorded
        state.kept += len(recorded)

    def _time_to_look(self):
        """Look for convergence seven times in a round; `_next_round` looks at its end."""
        state, part = self.state, max(1, (FIRST_ROUND << self.state.round) // 8)
        return state.windows_left > 0 and state.windows_left % part == 0 and state.kept >= 100

    def _look(self, whatever=False):
        """Judge the draws of this round; the full statistics only where they may be good enough."""
        state = self.state
        part = self._comparable(evenly(state.stored[: state.kept], MOST_JUDGED))
        if not whatever and split_rhat(part).max() > self.settings.rhat:
            return None
        bulk = self._judge(part)
        if state.kept >= self.settings.draws and self._good():
            self._judge(self._comparable(self.result()))  # what is judged at last is what is given
            if self._good():
                state.phase = "converged"
        return bulk

    def _judge(self, draws):
        """Note worst R-hat and least bulk ESS of draws; gives the ESS of every parameter."""
        rhat, bulk = chain_statistics(draws, tail=False)
        self.state.worst_rhat, self.state.least_ess = float(rhat.max()), float(bulk.min())
        return bulk

    def _good(self):
        state = self.state
        return state.worst_rhat < self.settings.rhat and state.least_ess > self.settings.ess

    def _comparable(self, stored):
        """Parameters (chain, draw, parameter) in the form and units in which a fit is diagnosed."""
        draws = natural(self.target, stored.swapaxes(0, 1)[..., :-1])
        return np.stack([comparable(name, values) for name, values in draws.items()], axis=-1)

    def _next_round(self):
        state = self.state
        if state.phase == "sample":
            bulk = self._look(whatever=True)
            if self.finished:
                return
            if state.archive_ess >= GOOD_ARCHIVE:
                state.windows_left = FIRST_ROUND << state.round
                state.round += 1
                return
            self._learn(bulk)
        else:
            self._fit(COMPONENTS)
        self._rescue()
        state.phase = "sample"
        state.round += 1
        state.windows_left = FIRST_ROUND << state.round
        state.kept, state.thinning = 0, 1
        while state.windows_left * WINDOW // state.thinning > len(state.stored):
            state.thinning *= 2
        state.accepted[:] = 0
        state.evaluated[:] = 0
        state.in_round = 0

    def _learn(self, bulk):
        """Make the draws of a round the archive of the next, and favour parameters that were slow."""
        state = self.state
        passed = state.stored[: state.kept, :, :-1].reshape(-1, state.position.shape[0])
        part = evenly(passed, ARCHIVE)
        state.archive[: len(part)] = part
        state.filled, state.next_place = len(part), len(part) % ARCHIVE
        state.archive_ess = state.least_ess
        self._fit(COMPONENTS)
        slowness = bulk**-0.7
        favour = np.clip(slowness / slowness.mean(), 1 / MOST_FAVOURED, MOST_FAVOURED)
        state.pivots = np.cumsum(favour) / favour.sum()
        state.finished_round = state.stored[: state.kept].copy()

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
        state.least_ess = 0.0
        if state.phase == "sample" and state.kept >= 8:
            self._look(whatever=True)
        if self.finished:
            return
        if len(state.finished_round) >= 8 and state.archive_ess > state.least_ess:
            state.kept = len(state.finished_round)
            state.stored[: state.kept] = state.finished_round
            self._look(whatever=True)
        state.phase = "budget"

    def result(self):
        """Draws of the last round (draw, chain, parameter + 1), evenly spaced."""
        return evenly(self.state.stored[: self.state.kept], self.settings.draws)

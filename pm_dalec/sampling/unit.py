"""Calibration of one unit: its lanes from the search for a start to the last draw.

A unit is one pixel, or one stratum of one pixel; its lanes are its chains. Units know nothing of each
other, so what one gives does not depend on tile, order or threads, and its state can be saved and
continued bit for bit.

The default sampler works in rounds, each twice as long as the one before. In a round nothing adapts; at
its end its own draws become the archive of the next, from which the surrogate is fitted. A round whose
archive is already good is not ended but prolonged. The draws of the last round are the result, so that
every draw comes from plain Markov chains; where a budget ends within the tuning, its states are given, as of
a unit that has not converged.
"""

from copy import deepcopy
from functools import partial
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from pm_dalec.lanes.call import NO_CALL
from pm_dalec.posterior.chain_statistics import (
    bulk_sizes,
    chain_statistics,
    comparable,
    lie_apart,
    quarters,
    split_rhat,
)
from pm_dalec.posterior.convergence import TAIL_FOR_BULK
from pm_dalec.sampling import starts
from pm_dalec.sampling.kernels import acceptance, windows
from pm_dalec.sampling.kernels.lanes import Calls, Record
from pm_dalec.sampling.kernels.proposals import Guide
from pm_dalec.sampling.kernels.walk import empty_walk
from pm_dalec.sampling.starts import ANOTHER_PART, LOOKING, NOTHING_NEW
from pm_dalec.sampling.state import (
    FIRST_ROUND,
    WINDOW,
    empty,
    evenly,
    lanes_of,
    learn,
    new_state,
    remember,
    renew_surrogates,
    shared,
    store,
)
from pm_dalec.sampling.target import natural

WINDOWS_A_FIT = 4  # while tuning
GOOD_ARCHIVE = 50.0  # effective states of an archive that is not replaced
TRUST = 0.5  # power of a surrogate that was learnt from a round, when it decides about runs
LEAPS = 0.2  # share of the leaps between components of the likeness, where there is another part
MOST_JUDGED = 500  # draws of a chain that a look at convergence takes into account, at least


class Share(NamedTuple):
    """Blocks of lanes that one thread runs, with working memory of its own."""

    bound: object  # owns what the calls point to
    early: object
    blocks: tuple

    def calls(self):
        """Target and early rules, as compiled samplers call them."""
        return Calls(self.bound.call(), NO_CALL if self.early is None else self.early.call())


def comparable_draws(target, stored):
    """Parameters (chain, draw, parameter) in the form and units in which a fit is diagnosed.

    Parameters
    ----------
    target : Target
    stored : array (draw, chain, parameter + 1)
        In the unit interval, with the log-probability.
    """
    draws = natural(target, stored.swapaxes(0, 1)[..., :-1])
    return np.stack([comparable(name, values) for name, values in draws.items()], axis=-1)


def judge(state, draws):
    """Note worst R-hat and least ESS of draws.

    Parameters
    ----------
    state : UnitState
    draws : array (chain, draw, parameter)
        From `comparable_draws`.
    """
    rhat, bulk, tail = chain_statistics(draws)
    state.worst_rhat, state.least_ess = float(rhat.max()), float(bulk.min())
    state.least_tail = float(tail.min())


def good(state, wanted):
    """Whether draws that were judged meet the targets of some settings."""
    enough = state.least_ess > wanted.ess and state.least_tail > wanted.ess / TAIL_FOR_BULK
    return state.worst_rhat < wanted.rhat and enough


def _shares(bound, early, threads):
    edges = np.linspace(0, bound.data.blocks, min(threads, bound.data.blocks) + 1).astype(int)
    return [
        Share(bound.another(), early and early.another(), (int(first), int(last)))
        for first, last in pairwise(edges)
    ]


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
    late : float
        Share of the lanes that need not find a start by themselves.

    Attributes
    ----------
    kernel : callable
        Compiled window; the bench puts one in its place that takes the time.
    """

    def __init__(self, bound, target, state, settings, pool=None, threads=1, late=0.0):
        self._late, self._second = late, None
        self.bound, self.target, self.state, self.settings = bound, target, state, settings
        early = None if target.early is None else target.early.bind(bound.data.units)
        self.pool, self.threads = pool, threads
        self._call, self.kernel = bound.call(), windows.lanes_window
        self._shares = _shares(bound, early, threads if pool is not None else 1)
        self._lanes, self._walk = lanes_of(state), None
        if state.phase == "converged" and not good(state, settings):
            state.phase = "sample"  # its targets were less strict
            if state.looked == LOOKING:  # from draws that are not the last
                state.looked, state.look = "", {}

    @property
    def finished(self):
        """Whether the unit is done, or has made all proposals that it may make at present."""
        if self.state.phase == "converged":
            return not self.settings.scouts or self.state.looked in (NOTHING_NEW, ANOTHER_PART)
        return self._ended or self.state.proposed >= self.settings.proposals

    @property
    def _ended(self):
        """Whether no larger budget would move the unit on."""
        return self.state.phase in ("converged", "no start")

    def advance(self):
        """Run one window and what follows from it."""
        if self.state.phase == "converged":
            self._look_again()
        elif self.state.phase != "search":
            self._sample()
        elif starts.search(self._call, self._lanes, self.state, self.settings.search, self._late):
            self.begin()

    def begin(self):
        """Begin to tune, from the starts that were found."""
        state = self.state
        state.logp[:] = acceptance.results_at(self._call, self._lanes, acceptance.LOGP)
        state.phase = "tune"
        remember(state, state.position[:, : state.logp.size].T[None])
        self._renew(1)

    def _look_again(self):
        """Let the second look go on, or begin."""
        if self._second is None:
            self._second = starts.SecondLook(self, partial(_beside, self))
        self.state.looked = self._second.advance()
        if self.state.looked == ANOTHER_PART:
            starts.take_over(self.state, self._second.again.state)
            self._lanes, self._walk = lanes_of(self.state), None
        if self.state.looked != LOOKING:
            self.state.searched += self._second.searched
            self.state.look = {}

    def _renew(self, components):
        renew_surrogates(self.state, components)
        self._walk = None

    def _sample(self):
        state = self.state
        tuning = state.phase == "tune"
        recorded = self._window(WINDOW // 8 if tuning else min(state.thinning, WINDOW))
        state.proposed += WINDOW
        state.in_round += WINDOW
        state.windows_left -= 1
        if tuning:
            remember(state, recorded[..., :-1])
            if state.windows_left > 0 and state.windows_left % WINDOWS_A_FIT == 0:
                self._renew(1)
            store(state, recorded)
        else:
            due = state.in_round % state.thinning == 0
            store(state, recorded if due else recorded[:0])
        if not tuning and self._time_to_look():
            self._look()
        if state.windows_left <= 0 and not self._ended:
            self._next_round()

    def guides(self):
        """What the proposals of the two halves of the lanes are made from; often they are one."""
        learnt = self.state.learnt
        return tuple(self._guide(one) for one in (learnt[0], learnt[-1]))

    def _guide(self, learnt):
        return Guide(
            surrogate=learnt.surrogate,
            pivots=learnt.pivots,
            processes=self.target.processes,
            years=self.target.years,
            spans=self.target.spans,
            archive=learnt.archive,
            filled=learnt.filled,
            conditional=self.settings.conditional,
            trust=TRUST if self.state.archive_ess > 0 else 0.0,
            leaps=LEAPS if self.state.leaping else 0.0,
        )

    def _window(self, every, count=WINDOW):
        """Run so many proposals; gives the recorded states (record, lane, parameter + 1)."""
        state, lanes = self.state, self._lanes
        size, chains = len(self.target.rows), state.logp.size
        states = np.empty((count // every, chains, size + 1))
        record = Record(every, states, state.accepted, state.evaluated)
        guides = self.guides()
        if self._walk is None:
            self._walk = empty_walk(chains, guides[0].surrogate)

        def run(share):
            self.kernel(share.calls(), share.blocks, lanes, self._walk, guides, record)

        each = map if self.pool is None else self.pool.map
        list(each(run, self._shares))
        return states

    def _time_to_look(self):
        """Look for convergence seven times in a round; `_next_round` looks at its end."""
        state, part = self.state, max(1, (FIRST_ROUND << self.state.round) // 8)
        return state.windows_left > 0 and state.windows_left % part == 0 and state.kept >= 100

    def _look(self, whatever=False):
        """Judge the draws of this round; the full statistics only where they may be good enough."""
        state = self.state
        enough = min(2 * self.settings.ess / state.logp.size, state.kept)
        most = max(MOST_JUDGED, int(enough))
        part = comparable_draws(self.target, evenly(state.stored[: state.kept], most))
        if not whatever and split_rhat(quarters(part)).max() > self.settings.rhat:
            return
        judge(state, part)
        if state.kept >= self.settings.draws and good(state, self.settings):
            judge(
                state, comparable_draws(self.target, self.result())
            )  # what is judged at last is given
            if good(state, self.settings):
                state.phase = "converged"

    def _sizes(self):
        """Bulk ESS of every parameter, of all chains or of each half of them."""
        part = evenly(self.state.stored[: self.state.kept], MOST_JUDGED)
        part = comparable_draws(self.target, part)
        return [bulk_sizes(part[lanes]) for _, lanes in shared(self.state)]

    def _next_round(self):
        state = self.state
        if state.phase == "sample":
            self._look(whatever=True)
            if self._ended:
                return
            apart = not state.leaping and lie_apart(self.result())
            state.leaping |= apart
            if state.archive_ess >= GOOD_ARCHIVE and not apart:
                state.windows_left = FIRST_ROUND << state.round
                state.round += 1
                return
            learn(state, self._sizes())
            if apart:  # and nobody has weighed the parts
                state.archive_ess = 1.0
        else:
            renew_surrogates(state)
        self._walk = None
        state.phase = "sample"
        state.round += 1
        state.windows_left = FIRST_ROUND << state.round
        empty(state, self.settings.draws)

    def settled(self):
        """Unit whose result is given now; this one can go on, with more proposals or more time.

        Returns
        -------
        Unit
            Itself where it has ended; else a copy whose result is the better of its last two rounds.
        """
        if self._ended:
            return self
        copy = Unit(self.bound, self.target, deepcopy(self.state), self.settings)
        copy._settle()
        return copy

    def _settle(self):
        state = self.state
        if state.phase == "search":
            state.phase = "searching"
            return
        state.least_ess = state.least_tail = 0.0
        if state.phase == "sample" and state.kept >= 8:
            self._look(whatever=True)
        if self._ended:
            return
        if len(state.finished_round) >= 8 and state.archive_ess > state.least_ess:
            state.kept = len(state.finished_round)
            state.stored[: state.kept] = state.finished_round
            self._look(whatever=True)
        state.phase = "budget"

    def result(self):
        """Draws of the last round (draw, chain, parameter + 1), evenly spaced."""
        return evenly(self.state.stored[: self.state.kept], self.settings.draws)


def _beside(unit, identity, lanes, settings, late=0.0, state=None):
    """Unit of the same data with so many lanes, and streams that follow from those of another."""
    bound = unit.bound.alike(lanes if state is None else state.logp.size)
    if state is None:
        size, seed = len(unit.target.rows), int(unit.state.streams[0, 0])
        state = new_state(identity, size, lanes, bound.padded, settings, seed)
    return Unit(bound, unit.target, state, settings, unit.pool, unit.threads, late=late)

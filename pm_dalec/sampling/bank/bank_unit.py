"""A unit that begins at the draws of a bank, with exact weights, and moves on from there by itself.

The unit's own log-density at some thousands of draws of its class gives their weights. Where the weights
can be trusted, states are drawn by them and each is moved some steps by the unit's own chain: these are
its draws (route "bank"). Where they cannot, they still are starts and an archive (route "warm"). Where
they are not even that, the unit begins as it would without a bank (route "full").

A warm start would take for granted that the bank reaches all of the unit. So one chain in four does not begin at
the bank but where the search of a start ends: a part of the unit that the bank lacks keeps R-hat from its target.

Every chain is dealt draws of the bank that no other chain has, so that R-hat sees the Monte Carlo error of
the weights, as that of chains. What it does not see is that draws of a pilot are not independent: for that,
the effective number of weighted draws counts. Every unit is dealt other draws than its neighbours, and what is drawn
moves on by streams of its own: what units share is the error of the whole bank, not of what one is dealt.
"""

import numpy as np

from pm_dalec.sampling.bank.weights import (
    dealt,
    drift,
    resampled,
    weighed,
    worth_of_part,
)
from pm_dalec.sampling.bank.wide_target import log_densities
from pm_dalec.sampling.kernels.acceptance import LOGP, VIOLATION, results_at
from pm_dalec.sampling.state import empty, remember_only, renew_surrogates, scatter
from pm_dalec.sampling.unit import Unit, comparable_draws, good, judge

BANK, WARM, FULL = "bank", "warm", "full"
EVALUATED = 16_000  # draws of the bank for one unit
KHAT = (
    0.5  # above it the variance of the weights is infinite, and their effective number is no guide
)
APART = 5.0  # standard errors by which pilots may disagree, and moved draws may drift
FEWEST = 20.0  # effective draws from which a warm start is better than none
CONDITIONAL = (
    0.5  # share of the conditional steps; differences know no likeness, and reach beyond it
)
EVERY, RECORDS = 5, 4  # proposals between two states of a moved draw, and how many states it gives
FRESH = 4  # of so many chains of a warm start, one begins by itself


class BankUnit(Unit):
    """One unit at work that has a draw bank.

    Parameters
    ----------
    bound, target, state, settings, pool, threads
        As for `Unit`.
    share : Share or None
        Draws of the class of this unit; None where the bank has none.
    key : sequence of int
        Seed of the run and identity of the unit.
    """

    def __init__(self, bound, target, state, settings, *, share, key, pool=None, threads=1):
        done = state.phase == "converged"
        super().__init__(bound, target, state, settings, pool, threads)
        self._share, self._key, self._moving = share, key, False
        if done and state.phase == "sample" and state.route == BANK:  # asked for more than before
            self._go_on()

    def advance(self):
        """Take over draws of the bank, or run one window and what follows from it."""
        if self.state.route:
            super().advance()
        else:
            self._begin_at_bank()

    def _begin_at_bank(self):
        state, share, chains = self.state, self._share, self.state.logp.size
        state.route = FULL
        if share is None:
            return
        random = np.random.default_rng(np.random.SeedSequence(self._key))
        hands = dealt(share.origins, EVALUATED, chains, random)
        taken = hands.ravel()
        logp = log_densities(self.bound, share.positions[taken])
        found = weighed(
            logp,
            share.positions[taken],
            share.log_mixture[taken],
            share.shares[taken],
            share.origins[taken],
            worth_of_part(share.worth, taken.size / len(share.origins)),
        )
        state.carried, state.khat = taken.size, found.khat
        state.weight_ess, state.apart = float(found.sizes.min()), found.apart
        weights = found.weights.reshape(hands.shape)
        if state.weight_ess < FEWEST or not (weights.sum(axis=1) > 0).all():
            return
        count = -(-self.settings.draws // RECORDS)
        drawn = [
            hand * hands.shape[1] + resampled(weights[hand], count, random)
            for hand in range(chains)
        ]
        places = np.array(drawn)
        starts = share.positions[taken][places]
        states = self._moved(starts, logp[places])
        ends = states[RECORDS - 1 :: RECORDS, :, :-1]
        flat = (-1, starts.shape[-1])
        state.drift = drift(starts.swapaxes(0, 1).reshape(flat), ends.reshape(flat))
        self._take(states)

    def _guide(self, learnt):
        """What proposals are made from; those for draws of the bank trust no likeness of them."""
        guide = super()._guide(learnt)
        return guide._replace(trust=0.0, conditional=CONDITIONAL) if self._moving else guide

    def _moved(self, starts, logp):
        """States (draw, chain, parameter + 1) that drawn ones (chain, draw, parameter) move to."""
        state, chains = self.state, self.state.logp.size
        self._archive(starts.swapaxes(0, 1))
        state.phase = "tune"
        self._next_round()
        found, self._moving = [], True
        for place in range(starts.shape[1]):
            state.position[:, :chains] = starts[:, place].T
            state.position[:, chains:] = state.position[:, :1]
            state.logp[:] = logp[:, place]
            found.append(self._window(EVERY, EVERY * RECORDS))
        self._moving = False
        state.proposed += EVERY * RECORDS * len(found)
        state.in_round = EVERY * RECORDS * len(found)
        return np.concatenate(found)

    def _archive(self, positions):
        """Make positions (draw, chain, parameter) the archives, which are as good as their weights."""
        remember_only(self.state, positions)
        self.state.archive_ess = self.state.weight_ess

    def _trusted(self):
        """Whether the weights are good enough to be drawn by."""
        state = self.state
        steady = state.apart < APART and state.drift < APART
        return state.khat < KHAT and steady and state.weight_ess > self.settings.ess

    def _take(self, states):
        """Give the moved states as draws where they may be, or go on from them."""
        state = self.state
        state.kept = min(self.settings.draws, len(states))
        state.stored[: state.kept] = states[: state.kept]
        judge(state, comparable_draws(self.target, self.result()))
        if self._trusted() and good(state, self.settings):
            state.phase, state.route, state.thinning = "converged", BANK, EVERY
            return
        self._archive(states[..., :-1])
        renew_surrogates(state)
        self._walk = None
        self._go_on()

    def _go_on(self):
        """Prepare the round of a warm start: one lane in four searches a start of its own."""
        state = self.state
        state.route, state.phase = WARM, "search"
        state.waiting[:] = 0
        for lane in range(0, state.logp.size, FRESH):
            scatter(state.position, state.streams, lane)
        state.logp[:] = results_at(self._call, self._lanes, VIOLATION)
        empty(state, self.settings.draws)

    def _begin(self):
        """Begin the round of a warm start, where the archive is that of the bank, or as without one."""
        if self.state.route != WARM:
            super()._begin()
            return
        self.state.phase = "sample"
        self.state.logp[:] = results_at(self._call, self._lanes, LOGP)

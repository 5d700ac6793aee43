"""A unit that begins at the draws of a bank, with exact weights, and moves them on by itself.

The unit's own log-density at some thousands of draws of its class gives their weights. Where these are too
few it goes on to all draws of the bank, which costs a few hundredths of a calibration. Where the weights can
be trusted, states are drawn by them and each is moved some steps by the unit's own chain: these are its
draws (route "bank"). What moves those of one half of the chains is made of those of the other half, for a state
that is proposed from a likeness which it has shaped is drawn to the middle. In all other cases the unit begins
as it would without a bank, bit for bit (route "full"): draws that cannot be trusted are no better starts than
others, and an archive made of them is worse.

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
from pm_dalec.sampling.kernels.surrogate import likeness_of
from pm_dalec.sampling.starts import ANOTHER_PART
from pm_dalec.sampling.state import (
    ARCHIVE,
    OF_A_BANK,
    empty,
    evenly,
    lanes_of,
    new_state,
)
from pm_dalec.sampling.unit import Unit, comparable_draws, good, judge

BANK, FULL = "bank", "full"
EVALUATED = 16_000  # draws of the bank for one unit at first; all, where these are not enough
PLENTY = (
    3.0  # times the target for the ESS: with fewer draws R-hat of the chains is often above 1.01
)
KHAT = (
    0.5  # above it the variance of the weights is infinite, and their effective number is no guide
)
APART = 5.0  # standard errors by which pilots may disagree, and moved draws may drift
CONDITIONAL = (
    0.5  # share of the conditional steps; differences know no likeness, and reach beyond it
)
EVERY, RECORDS = 5, 4  # proposals between two states of a moved draw, and how many states it gives


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
        taken_over = state.phase == "converged" and state.route == BANK
        super().__init__(bound, target, state, settings, pool, threads)
        self._share, self._key, self._crossed = share, key, ()
        if taken_over and not (self._trusted() and good(state, settings)):
            self._begin_anew({})  # asked for more than before

    def advance(self):
        """Take over draws of the bank, or run one window and what follows from it."""
        if self.state.route:
            super().advance()
            if self.state.looked == ANOTHER_PART:  # which the bank has missed
                self.state.route = FULL
        else:
            self._begin_at_bank()

    def _begin_at_bank(self):
        state = self.state
        state.route = FULL
        if self._share is None:
            return
        random = np.random.default_rng(np.random.SeedSequence(self._key))
        hands, weights, logp = self._weighed(random)
        if not (self._trusted() and (weights.sum(axis=1) > 0).all()):
            return
        count = -(-self.settings.draws // RECORDS)
        chosen = np.array([resampled(hand, count, random) for hand in weights])
        places = np.take_along_axis(hands, chosen, axis=1)
        starts = self._share.positions[places]
        states = self._moved(starts, np.take_along_axis(logp, chosen, axis=1))
        ends = states[RECORDS - 1 :: RECORDS, :, :-1]
        flat = (-1, starts.shape[-1])
        state.drift = drift(starts.swapaxes(0, 1).reshape(flat), ends.reshape(flat))
        self._take(states)

    def _weighed(self, random):
        """Draws dealt to the chains, with their weights and log-probabilities, each (chain, place)."""
        state, share = self.state, self._share
        total = len(share.origins)
        logp = np.full(total, np.nan)  # of draws at which the unit was not run
        for count in sorted({min(EVALUATED, total), total}):
            hands = dealt(share.origins, count, state.logp.size, random)
            taken = hands.ravel()
            lacking = taken[np.isnan(logp[taken])]
            logp[lacking] = log_densities(self.bound, share.positions[lacking])
            found = weighed(
                logp[taken],
                share.positions[taken],
                share.log_mixture[taken],
                share.shares[taken],
                share.origins[taken],
                worth_of_part(share.worth, taken.size / total),
            )
            state.khat, state.apart = found.khat, found.apart
            state.weight_ess = float(found.sizes.min())
            if self._trusted() and state.weight_ess > PLENTY * self.settings.ess:
                break
        state.carried = int((~np.isnan(logp)).sum())
        return hands, found.weights.reshape(hands.shape), logp[hands]

    def guides(self):
        """What proposals are made from: those for draws of the bank, of draws in the other half of the chains."""
        return self._crossed or super().guides()

    def _guide_of(self, starts):
        """Guide made of states (chain, draw, parameter) of others, whose likeness is not trusted."""
        states = np.ascontiguousarray(evenly(np.concatenate(starts.swapaxes(0, 1)), ARCHIVE))
        made = {"surrogate": likeness_of(states), "archive": states, "filled": len(states)}
        guide = self._guide(self.state.learnt[0])
        return guide._replace(**made, trust=0.0, conditional=CONDITIONAL)

    def _moved(self, starts, logp):
        """States (draw, chain, parameter + 1) that drawn ones (chain, draw, parameter) move to."""
        state, chains, found = self.state, self.state.logp.size, []
        middle, self._walk = chains // 2, None
        self._crossed = self._guide_of(starts[middle:]), self._guide_of(starts[:middle])
        state.phase, state.round = "sample", 1
        empty(state, self.settings.draws)
        for place in range(starts.shape[1]):
            state.position[:, :chains] = starts[:, place].T
            state.position[:, chains:] = state.position[:, :1]
            state.logp[:] = logp[:, place]
            found.append(self._window(EVERY, EVERY * RECORDS))
        self._crossed = ()
        state.proposed += EVERY * RECORDS * len(found)
        state.in_round = EVERY * RECORDS * len(found)
        return np.concatenate(found)

    def _trusted(self):
        """Whether the weights are good enough to be drawn by."""
        state = self.state
        steady = state.khat < KHAT and state.apart < APART
        return steady and state.weight_ess > self.settings.ess

    def _take(self, states):
        """Give the moved states as draws where they may be, or take all moves back."""
        state = self.state
        state.kept = min(self.settings.draws, len(states))
        state.stored[: state.kept] = states[: state.kept]
        judge(state, comparable_draws(self.target, self.result()))
        if state.drift < APART and good(state, self.settings):
            state.phase, state.route, state.thinning = "converged", BANK, EVERY
        else:
            self._begin_anew({name: getattr(state, name) for name in OF_A_BANK})

    def _begin_anew(self, known):
        """Make the state, which others hold too, that of a unit that has not begun; but for what is known."""
        state, (seed, number) = self.state, self._key
        shape = len(self.target.rows), state.logp.size, self.bound.padded
        fresh = new_state(number, *shape, self.settings, seed)
        vars(state).update(vars(fresh) | known)
        self._lanes, self._walk = lanes_of(state), None

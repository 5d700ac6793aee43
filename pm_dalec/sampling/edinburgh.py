"""CARDAMOM's AP-MCMC in its three phases, as the paper's version ran it (MODEL, section 11).

Search for a start with the score of the constraints; pre-phase of a fifth of the proposals with every
stream divided by its number of observations; main phase from the best vector. In the main phase the
covariance comes back with weight one, every update of it is undone, and the chain stays a random walk
with steps of 0.001: same target as the default sampler, far less efficient. For comparison and teaching.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pm_dalec.sampling.calibration import checked_chains, compiled, stated_of
from pm_dalec.sampling.identity import identities
from pm_dalec.sampling.kernels import acceptance, edinburgh
from pm_dalec.sampling.kernels.covariance import Moments
from pm_dalec.sampling.kernels.lanes import Lanes
from pm_dalec.sampling.kernels.streams import streams, uniform
from pm_dalec.sampling.labelled_fit import as_fit, warn_of_few_draws
from pm_dalec.sampling.progress import Progress
from pm_dalec.sampling.state import Settings, evenly, new_state
from pm_dalec.sampling.target import bound_to, check_dalec
from pm_dalec.tables.numbers import seed_of
from pm_dalec.tables.parameters import PARAMETERS
from pm_dalec.tables.priors import Gaussian, to_unit

if TYPE_CHECKING:
    import pymc as pm
    import xarray as xr

SEARCH_ADAPT, SEARCH_LENGTH, SEARCH_PATIENCE = 500, 100_000, 5
PRE_SHARE, PRE_ADAPT, MAIN_ADAPT = 0.2, 100, 1000
MAIN_ADAPTING = 0.5  # share of the main phase in which the covariance is updated
LEAST_ACCEPTANCE = 0.05


class EdinburghChains:
    """Chains of one unit.

    Parameters
    ----------
    bound : BoundLanes
    target : Target
    identity : int
    chains : int
    seed : int
    """

    def __init__(self, bound, target, identity, chains, seed):
        self.bound, self.target = bound, target
        size = len(target.rows)
        position = np.full((size, bound.padded), 0.5)
        self.lanes = Lanes(
            position,
            np.empty_like(position),
            logp=np.full(chains, -np.inf),
            streams=streams(seed, [identity], chains),
        )
        self.moments = Moments(chains, size)
        self.proposed = 0
        self.accepted = np.zeros(chains, np.int64)
        self._call = bound.call()

    def evaluate(self, result):
        """One result of the target at the present positions (lane,)."""
        return acceptance.results_at(self._call, self.lanes, result)

    def window(self, result, count):
        """Run one adaptation window; gives the accepted vectors with their log-probabilities."""
        covariances = edinburgh.Covariances(self.moments.factor, self.moments.established())
        accepted = edinburgh.room_for_accepted(self.lanes, count)
        edinburgh.edinburgh_window(self._call, self.lanes, covariances, result, accepted)
        self.proposed += count
        self.accepted += accepted.count
        return [
            vectors[:filled]
            for vectors, filled in zip(accepted.vectors, accepted.count, strict=True)
        ]

    def adapt(self, taken, adapting, multivariate):
        """Update the covariance of every lane that is due.

        Parameters
        ----------
        taken : list of array
            Accepted vectors of the window, by lane.
        adapting : bool
            Whether the phase still adapts.
        multivariate : array (lane,)
            Share of proposals that were multivariate and accepted.
        """
        for lane, vectors in enumerate(taken):
            usable = self.moments.usable[lane]
            if not (adapting or multivariate[lane] < LEAST_ACCEPTANCE or not usable):
                continue
            if self.moments.count[lane] == 0:
                if len(vectors) >= 3:
                    self.moments.start(lane, vectors[:, :-1])
            else:
                self.moments.update(lane, self.lanes.position[:, lane].copy())

    def scatter(self, lane):
        """Random start: prior mean where there is a Gaussian prior, else uniform in natural units."""
        for row, (name, transform) in enumerate(
            zip(self.target.rows, self.target.transforms, strict=True)
        ):
            drawn = uniform(self.lanes.streams[lane])
            lower, span = transform.lower, transform.span
            factor = PARAMETERS[name].prior.factor
            value = lower + drawn * (lower * np.exp(span) - lower)
            value = factor.mean if isinstance(factor, Gaussian) else value
            self.lanes.position[row, lane] = to_unit(value, lower, span, np)

    def search(self, most):
        """Walk every lane to a state in which all constraints hold; False where one did not arrive."""
        position, _, logp, _ = self.lanes
        for lane in range(logp.size):
            self.scatter(lane)
        logp[:] = self.evaluate(acceptance.SCORE)
        arrived = logp >= 0
        at, best, waited = position.copy(), logp.copy(), np.zeros(logp.size, int)
        for turn in range(most // SEARCH_ADAPT):
            if arrived.all():
                break
            taken = self.window(acceptance.SCORE, SEARCH_ADAPT)
            for lane in np.flatnonzero(~arrived):
                good = np.flatnonzero(taken[lane][:, -1] >= 0)
                if good.size:
                    arrived[lane] = True
                    at[:, lane] = taken[lane][good[0], :-1]
            self.adapt(taken, True, np.ones(logp.size))
            if (turn + 1) % (SEARCH_LENGTH // SEARCH_ADAPT) == 0:
                self._restart_stuck(arrived, best, waited)
        position[:, : logp.size] = at[:, : logp.size]
        self.moments = Moments(logp.size, position.shape[0])
        return arrived

    def _restart_stuck(self, arrived, best, waited):
        """New random start for lanes without progress over several attempts."""
        better = self.lanes.logp > best
        waited[:] = np.where(better, 0, waited + 1)
        best[:] = np.maximum(best, self.lanes.logp)
        for lane in np.flatnonzero(~arrived & (waited > SEARCH_PATIENCE)):
            self.scatter(lane)
            waited[lane] = 0
        self.lanes.logp[:] = self.evaluate(acceptance.SCORE)

    def phase(self, result, count, window, share, record, shown):
        """Run a phase; gives the recorded states (record, lane, parameter + 1).

        Parameters
        ----------
        result : int
            Which result of the target is sampled.
        count, window : int
            Proposals, and those between two updates of the covariance.
        share : float
            Part of the phase in which the covariance adapts.
        record : int
            Windows between two recorded states.
        shown : callable
            Called after each window.
        """
        position, _, logp, _ = self.lanes
        logp[:] = self.evaluate(result)
        best, at = logp.copy(), position.copy()
        done, multivariate, kept = 0, np.zeros(logp.size), []
        for turn in range(-(-count // window)):
            established = self.moments.established()
            taken = self.window(result, window)
            done += window
            multivariate += [len(v) * use for v, use in zip(taken, established, strict=True)]
            for lane, vectors in enumerate(taken):
                if len(vectors) and vectors[:, -1].max() > best[lane]:
                    top = int(np.argmax(vectors[:, -1]))
                    best[lane], at[:, lane] = vectors[top, -1], vectors[top, :-1]
            self.adapt(taken, done <= share * count, multivariate / done)
            if (turn + 1) % record == 0:
                kept.append(np.column_stack([position[:, : logp.size].T, logp]))
            shown()
        return np.array(kept), at


def run_edinburgh(bound, target, identity, *, chains, proposals, draws, seed, progress=True):
    """Chains of one unit by CARDAMOM's AP-MCMC.

    Parameters
    ----------
    bound, target, identity, chains, seed
        As for `EdinburghChains`.
    proposals : int
        Of each chain: pre-phase and main phase, the search not counted.
    draws : int
        Recorded in the main phase, at most one a window.
    progress : bool

    Returns
    -------
    tuple
        Draws (draw, chain, parameter + 1) of the main phase in the unit interval, or none where no
        start was found, and the EdinburghChains.
    """
    walk = EdinburghChains(bound, target, identity, chains, seed)
    with Progress(progress) as bar:
        bar.message("searching a feasible start")
        if not walk.search(20 * SEARCH_LENGTH).all():
            return np.empty((0, chains, len(target.rows) + 1)), walk
        bar.count("edinburgh2021", proposals)
        walk.proposed, walk.accepted[:] = 0, 0
        before = round(PRE_SHARE * proposals)

        def shown():
            bar.advance(walk.proposed, walk.accepted.mean() / max(1, walk.proposed), chains)

        _, best = walk.phase(acceptance.SCALED_LOGP, before, PRE_ADAPT, 1.0, 10**9, shown)
        walk.lanes.position[:] = best
        walk.moments.restart()
        rest = proposals - before
        record = max(1, rest // MAIN_ADAPT // draws)
        kept, _ = walk.phase(acceptance.LOGP, rest, MAIN_ADAPT, MAIN_ADAPTING, record, shown)
    return kept, walk


def calibrate_edinburgh(
    model: pm.Model,
    *,
    chains: int = 3,
    proposals: int = 100_000,
    draws: int = 1000,
    random_seed: int | np.random.Generator | np.random.SeedSequence | None = 0,
    progress: bool = True,
) -> xr.DataTree:
    """Sample every unit of a model with CARDAMOM's AP-MCMC of 2021, its three phases included.

    Parameters
    ----------
    model : pm.Model
    chains : int
        Of each unit.
    proposals : int
        Of each chain.
    draws : int
        Recorded for each chain, from the main phase alone.
    random_seed : int, Generator, SeedSequence or None
        As for `calibrate`.
    progress : bool

    Returns
    -------
    DataTree
        As from `calibrate`.
    """
    check_dalec(model, "calibrate_edinburgh")
    settings, units = Settings(draws=draws, proposals=proposals), {}
    chains, seed = checked_chains(chains, least=1), seed_of(random_seed)
    target, compile_seconds = compiled(model)
    for place, identity in enumerate(identities(model)):
        bound = bound_to(target, chains, place)
        drawn, walk = run_edinburgh(
            bound,
            target,
            int(identity),
            chains=chains,
            proposals=proposals,
            draws=draws,
            seed=seed,
            progress=progress,
        )
        state = new_state(int(identity), len(target.rows), chains, bound.padded, settings, seed)
        state.phase = "budget" if len(drawn) else "no start"
        state.proposed = state.in_round = walk.proposed
        state.accepted, state.evaluated[:] = walk.accepted, walk.proposed
        units[place] = (evenly(drawn, draws), state)
    stated = stated_of("edinburgh2021", seed, compile_seconds, settings, chains)
    warn_of_few_draws(units, draws)
    return as_fit(model, target, units, chains, stated, groups=None)

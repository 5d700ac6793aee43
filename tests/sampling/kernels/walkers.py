"""Walkers of the default sampler: lanes, what guides them, and what was counted of them."""

from typing import NamedTuple

import numpy as np

from pm_dalec.lanes.call import NO_CALL
from pm_dalec.sampling.kernels.lanes import Calls, Lanes, Record
from pm_dalec.sampling.kernels.proposals import Guide
from pm_dalec.sampling.kernels.surrogate import fit_surrogate
from pm_dalec.sampling.kernels.walk import empty_walk
from pm_dalec.sampling.kernels.windows import lanes_window

from .densities import WIDTH, call_of, gaussian, lanes_at


class Walkers(NamedTuple):
    """Lanes of the default sampler, what guides them, and what was counted of them."""

    lanes: Lanes
    guide: Guide
    accepted: np.ndarray
    evaluated: np.ndarray

    def run(self, density, count, record=1, blocks=None, early=None):
        """Run proposals of some blocks of lanes (all by default); gives the recorded states."""
        (size, padded), chains = self.lanes.position.shape, self.lanes.logp.size
        calls = Calls(
            call_of(density, padded), NO_CALL if early is None else call_of(early, padded)
        )
        states = np.empty((count // record, chains, size + 1))
        walk = empty_walk(chains, self.guide.surrogate)
        kept = Record(record, states, self.accepted, self.evaluated)
        lanes_window(
            calls, blocks or (0, padded // WIDTH), self.lanes, walk, (self.guide,) * 2, kept
        )
        return states


def walkers(
    unit=0,
    *,
    chains=4,
    density=gaussian,
    seed=3,
    spread=0.03,
    states=200,
    components=2,
    years=(0.0, 0.0),
    leaps=0.0,
):
    """Walkers of a unit at seeded places, with an archive and the surrogate fitted to it."""
    random = np.random.default_rng([seed, unit])
    archive = random.uniform(0.5 - 5 * spread, 0.5 + 5 * spread, (states, 2))
    start = random.uniform(0.4, 0.6, (2, chains))
    logp = np.array([density(start[:, lane]) for lane in range(chains)])
    guide = Guide(
        surrogate=fit_surrogate(archive, components),
        pivots=np.array([0.7, 1.0]),
        processes=np.array([0, 1]),
        years=np.array(years),
        spans=np.full(2, np.log(2.0)),
        archive=archive,
        filled=len(archive),
        conditional=0.75,
        trust=0.5,
        leaps=leaps,
    )
    lanes = lanes_at(start, logp, seed, unit)
    return Walkers(lanes, guide, np.zeros(chains, np.int64), np.zeros(chains, np.int64))

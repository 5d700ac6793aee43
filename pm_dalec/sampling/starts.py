"""Starts of chains: the search for the constraints, what scouts have found, points for ``pm.sample``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial.distance import cdist

from pm_dalec.lanes.cut import lane_dimensions
from pm_dalec.sampling.kernels.acceptance import VIOLATION, results_at
from pm_dalec.sampling.kernels.search import search_window
from pm_dalec.sampling.kernels.surrogate import whitened
from pm_dalec.sampling.state import Settings, lanes_of, new_state, scatter
from pm_dalec.sampling.target import check_dalec, compile_target, natural
from pm_dalec.tables.numbers import seed_of, whole_number

if TYPE_CHECKING:
    import pymc as pm

SEARCH_WINDOW = 100
PATIENCE = 60  # search windows without progress after which a lane starts anew


def search(call, lanes, state, most, late=0.0):
    """Run one window of the search, and begin anew where lanes are stuck.

    Parameters
    ----------
    call : Call
    lanes : Lanes
        Of the state.
    state : UnitState
        In the phase "search"; "no start" where the search has ended in vain.
    most : int
        Proposals of each lane after which it ends.
    late : float
        Share of the lanes that others need not wait for: they are put where others have arrived.

    Returns
    -------
    bool
        Whether every lane has arrived.
    """
    if state.searched == 0:
        state.logp[:] = results_at(call, lanes, VIOLATION)
    before = state.logp.copy()
    search_window(call, lanes, SEARCH_WINDOW)
    state.searched += SEARCH_WINDOW
    state.waiting = np.where(state.logp < 0.99 * before, 0, state.waiting + 1)
    lacking = np.flatnonzero(state.logp > 0)
    if lacking.size <= late * state.logp.size:
        arrived = np.flatnonzero(state.logp <= 0)
        state.position[:, lacking] = state.position[:, arrived[: lacking.size]]
        return True
    if state.searched >= most:
        state.phase = "no start"
        return False
    for lane in np.flatnonzero((state.logp > 0) & (state.waiting > PATIENCE)):
        scatter(state.position, state.streams, lane)
        state.waiting[lane] = 0
        state.logp[:] = results_at(call, lanes, VIOLATION)
    return False


def chosen(found, count):
    """Starts among the places that scouts have found: the best, and those farthest from all others.

    A part of the posterior that few scouts have found is a start of some chain where it is better than the
    rest, or far from it.

    Parameters
    ----------
    found : array (scout, parameter + 1)
        Places, and their log-density.
    count : int

    Returns
    -------
    array (count, parameter)
    """
    places = found[np.argsort(-found[:, -1], kind="stable"), :-1]
    white = whitened(places)
    best = -(-count // 2)
    taken, apart = list(range(best)), cdist(white, white[:best]).min(axis=1)
    while len(taken) < count:
        taken.append(int(apart.argmax()))
        apart = np.minimum(apart, cdist(white, white[taken[-1:]])[:, 0])
    return places[taken]


def feasible_start(
    model: pm.Model,
    *,
    chains: int = 1,
    random_seed: int | np.random.Generator | np.random.SeedSequence | None = 0,
    most: int = 200_000,
) -> list[dict[str, float]]:
    """Starting points in which every constraint holds, dispersed, for ``pm.sample(initvals=...)``.

    Parameters
    ----------
    model : pm.Model
        Of one site.
    chains : int
    random_seed : int, Generator, SeedSequence or None
    most : int
        Proposals of each chain after which the search ends.

    Returns
    -------
    list of dict
        One a chain: free variables in natural units by name.

    Raises
    ------
    ValueError
        If a chain found none; names how far its best state was.
    """
    check_dalec(model, "feasible_start")
    advice = "one start is made for each chain of pm.sample"
    chains = whole_number("chains", chains, least=1, advice=advice)
    settings, seed = Settings(search=most), seed_of(random_seed)
    if lane_dimensions(model):
        raise ValueError(
            "wanted the model of one site, got one with units; calibrate finds the starts of each unit "
            "by itself, or build the model of units.isel(pixel=...)"
        )
    target = compile_target(model)
    bound = target.function.bind(lanes=chains)
    state = new_state(0, len(target.rows), chains, bound.padded, settings, seed)
    call, lanes = bound.call(), lanes_of(state)
    while state.phase == "search" and not search(call, lanes, state, most):
        pass
    if state.phase == "no start":
        lacking = np.flatnonzero(state.logp > 0)
        raise ValueError(
            f"wanted {chains} states in which all constraints hold, got {chains - lacking.size} in "
            f"{state.searched} proposals each; the best of the others lacks "
            f"{state.logp[lacking].min():.3g} in logarithmic margin: see `pm-dalec edc-report`, widen "
            "the bounds, or drop a constraint"
        )
    found = natural(target, state.position[:, :chains].T)
    return [{name: float(value[chain]) for name, value in found.items()} for chain in range(chains)]

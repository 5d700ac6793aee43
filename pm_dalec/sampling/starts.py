"""Starts of chains: the search for the constraints, the second look by scouts, points for ``pm.sample``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial.distance import cdist

from pm_dalec.lanes.cut import lane_dimensions
from pm_dalec.posterior.chain_statistics import (
    COMPARED,
    FARTHER,
    covariance_of,
    factor_of,
    whitened,
)
from pm_dalec.sampling.kernels.acceptance import VIOLATION, results_at
from pm_dalec.sampling.kernels.search import search_window
from pm_dalec.sampling.state import (
    FEWEST_DRAWS,
    OF_A_BANK,
    WINDOW,
    Settings,
    evenly,
    lanes_of,
    new_state,
    place,
    remember_only,
    scatter,
)
from pm_dalec.sampling.target import check_dalec, compile_target, natural
from pm_dalec.tables.numbers import seed_of, whole_number

if TYPE_CHECKING:
    import pymc as pm

SEARCH_WINDOW = 100
PATIENCE = 60  # search windows without progress after which a lane starts anew
SCOUTING = 8 * WINDOW  # proposals of a scout
LATE = 0.25  # share of scouts that others need not wait for
SETTLERS = 16
SETTLING = 32 * WINDOW  # proposals of each
BACK = 4  # windows at whose ends all chains are back at the draws, after which none is waited for
PARTIES = {"scouts": 0, "again": 1, "settlers": 2}  # identities, which decide random streams
LOW = 0.01  # quantile of the density of draws, below which a place is of no account
UNSETTLED = 4.0  # distances of that quantile from the median by which a scout may be lower still
LOOKING, NOTHING_NEW, ANOTHER_PART = "looking", "nothing new", "another part"


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


class Known:
    """What the draws of chains know of their posterior, and whether other places are news to them.

    Parameters
    ----------
    drawn : array (draw, chain, parameter + 1)
        In the unit interval, with the log-density.
    """

    def __init__(self, drawn):
        rows = evenly(drawn, -(-COMPARED // drawn.shape[1]))
        flat = rows.reshape(-1, rows.shape[-1])
        self._factor = factor_of(covariance_of(flat[:, :-1]))
        self._points = self._white(flat)
        chains = np.tile(np.arange(rows.shape[1]), len(rows))
        apart = cdist(self._points, self._points)
        apart[chains[:, None] == chains] = np.inf
        self._reach = FARTHER * apart.min(axis=1).max()
        self._low, self._usual = np.quantile(flat[:, -1], [LOW, 0.5])

    def _white(self, places):
        return whitened(self._factor, places[:, :-1])

    def distances(self, places):
        """Whitened distances of places (place, parameter + 1) from the nearest draw."""
        return cdist(self._white(places), self._points).min(axis=1)

    def news(self, places):
        """Which places (place, parameter + 1) are far from all draws, and as dense as these are."""
        return self.far(places) & (places[:, -1] >= self._low)

    def suspects(self, found):
        """Which places of scouts, that have not settled yet, may come to be news."""
        least = self._low - UNSETTLED * (self._usual - self._low)
        return self.far(found) & (found[:, -1] >= least)

    def far(self, places):
        """Which places (place, parameter + 1) are far from all draws."""
        return self.distances(places) > self._reach

    def scattered(self, places, count):
        """The densest of each of some groups of places (place, parameter + 1).

        Groups lie about places that are the most distant of the draws and of each other.

        Returns
        -------
        array (count, parameter + 1)
            No place twice where there are enough.
        """
        white, apart = self._white(places), self.distances(places)
        group = np.zeros(len(places), int)
        for number in range(min(count, len(places))):
            from_it = cdist(white, white[[apart.argmax()]])[:, 0]
            nearer = (from_it < apart) | (number == 0)
            group[nearer], apart = number, np.where(nearer, from_it, apart)
        order = np.argsort(-places[:, -1], kind="stable")
        firsts = order[np.unique(group[order], return_index=True)[1]]
        return places[np.resize(firsts, count)]


class SecondLook:
    """Whether chains that have converged have missed a part of their posterior.

    Scouts, many lanes with starts of their own, are spread anew, and may go wherever the draws are not: at
    the end of a window those that have come there are put back. (Left alone they would all go there, for a
    part whose best places nobody has found yet is less dense than one that is known.) Some that do
    not end hopelessly thin settle there in the same way. Then chains begin again,
    one half at the draws and the other at settlers, and go where they like. Where one of them then still is
    far from all draws, and as dense as they are, it is in another part.

    The units that look are kept in the state of the unit, so that a run that was killed goes on with them.

    Parameters
    ----------
    unit : Unit
        That has converged.
    beside : callable
        Another unit of the same data, from its identity, number of lanes, settings, and state if it has begun.
    """

    def __init__(self, unit, beside):
        self._unit, self._beside, self.known = unit, beside, Known(unit.result())
        few = Settings(FEWEST_DRAWS, proposals=SCOUTING, search=unit.settings.search)
        self.scouts = self._party("scouts", max(unit.settings.scouts, self._chains), few, late=LATE)
        there, self.settlers, self.again = unit.state.look, None, None
        if "settlers" in there:
            self.settlers = self._settlers()
        if "again" in there:
            self.again = self._party("again", self._chains, unit.settings)

    @property
    def _chains(self):
        return self._unit.state.logp.size

    def _party(self, name, lanes, settings, late=0.0):
        """One of the units that look, which goes on where it has begun."""
        there = self._unit.state.look
        party = self._beside(PARTIES[name], lanes, settings, late=late, state=there.get(name))
        there[name] = party.state
        return party

    def _settlers(self):
        return self._party("settlers", SETTLERS, Settings(FEWEST_DRAWS, proposals=SETTLING))

    def advance(self):
        """Run a window; gives `NOTHING_NEW` or `ANOTHER_PART` where it is decided, else `LOOKING`."""
        if not self.scouts.finished:
            return self._outside(self.scouts)
        if self.settlers is None:
            found = _present(self.scouts.state)
            suspects = found[self.known.suspects(found)]
            if self.scouts.state.phase == "no start" or not len(suspects):
                return NOTHING_NEW
            self.settlers = self._settle(suspects)
        if not self.settlers.finished:
            return self._outside(self.settlers)
        if self.again is None:
            found = _present(self.settlers.state)
            news = found[self.known.news(found)]
            if not len(news):
                return NOTHING_NEW
            self.again = self._begin_again(news)
        self.again.advance()
        state = self.again.state
        state.visited = np.concatenate([state.visited, _present(state)[np.newaxis]])
        if state.phase == "tune":
            return NOTHING_NEW if self._all_back() else LOOKING
        late = state.visited[-(len(state.visited) // 4) :]
        stayed = np.mean([self.known.news(states) for states in late], axis=0) > 0.5
        return ANOTHER_PART if stayed.any() else NOTHING_NEW

    def _all_back(self):
        """Whether no chain has been far from the draws for a while."""
        away = [self.known.far(states).any() for states in self.again.state.visited[-BACK:]]
        return len(away) == BACK and not any(away)

    def _outside(self, party):
        """Run a window of a unit, and put lanes back that have come to what is known."""
        state = party.state
        arrived, before = state.phase == "tune", _present(state)
        party.advance()
        if arrived:
            lost = self.known.far(before) & ~self.known.far(_present(state))
            state.position[:, np.flatnonzero(lost)] = before[lost, :-1].T
            state.logp[lost] = before[lost, -1]
        return LOOKING

    def _settle(self, suspects):
        """Unit whose lanes settle at some of the places that scouts have found."""
        return _begun(self._settlers(), self.known.scattered(suspects, SETTLERS), suspects)

    def _begin_again(self, news):
        """Unit whose chains begin in what is known and in what is new."""
        drawn, chains = self._unit.result(), self._chains
        known = evenly(drawn.reshape(-1, drawn.shape[-1]), COMPARED)
        places = np.concatenate(
            [evenly(known, chains - chains // 2), self.known.scattered(news, chains // 2)]
        )
        learnt = self.settlers.state.learnt[0]
        visited = evenly(learnt.archive[: learnt.filled], COMPARED)
        return _begun(
            self._party("again", chains, self._unit.settings),
            places,
            np.concatenate([known[:, :-1], visited]),
        )

    @property
    def searched(self):
        """Proposals of scouts, settlers and chains that came back, as if the chains had made them."""
        chains = self._chains
        back = self.again is not None and self._unit.state.looked == NOTHING_NEW
        parties = [party.state for party in (self.scouts, self.settlers) if party is not None]
        made = sum((one.searched + one.proposed) * one.logp.size for one in parties) // chains
        return made + (self.again.state.proposed if back else 0)


def _begun(unit, places, visited):
    """Unit whose lanes begin at places (lane, any), and which remembers others (place, any)."""
    size = unit.state.position.shape[0]
    place(unit.state, places[:, :size])
    remember_only(unit.state, visited[:, np.newaxis, :size])
    unit.begin()
    return unit


def take_over(state, other):
    """Make a state that of chains which have found another part; the draws so far miss it.

    What is known of a bank is kept. The chains have a budget of their own: what was spent before them counts as
    a search for their starts.
    """
    kept = ("looked", *OF_A_BANK)
    before = {name: getattr(state, name) for name in kept}
    before["searched"] = state.searched + state.proposed
    vars(state).update(vars(other) | before | {"visited": other.visited[:0]})
    state.leaping = True


def _present(state):
    """Where the lanes of a unit are (lane, parameter + 1), with their log-density."""
    return np.column_stack([state.position[:, : state.logp.size].T, state.logp])


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

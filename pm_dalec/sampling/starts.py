"""Starts of chains: the search for the constraints, and the second look by scouts."""

from __future__ import annotations

import numpy as np
from scipy.cluster.hierarchy import linkage
from scipy.spatial.distance import cdist

from pm_dalec.sampling.kernels.acceptance import VIOLATION, results_at
from pm_dalec.sampling.kernels.search import search_window
from pm_dalec.sampling.state import (
    FEWEST_DRAWS,
    OF_A_BANK,
    WINDOW,
    Settings,
    evenly,
    place,
    remember_only,
    scatter,
)

SEARCH_WINDOW = 100
PATIENCE = 60  # search windows without progress after which a lane starts anew
SCOUTING = 8 * WINDOW  # proposals of a scout
LATE = 0.25  # share of scouts that others need not wait for
SETTLERS = 16
SETTLING = 32 * WINDOW  # proposals of each
BACK = 4  # windows at whose ends all chains are back at the draws, after which none is waited for
SCOUT, AGAIN, SETTLER = 0, 1, 2  # identities, which decide random streams
COMPARED = 1000  # draws that places are compared with
FEW = 0.01  # share of the draws below which they are no part
FARTHER = 1.5  # than any draw of a chain from those of the others: not the same part
RIDGE = 1e-9  # of the variances, where draws are collinear
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


def lie_apart(drawn):
    """Whether draws of chains lie in parts, between which there is more room than about any draw.

    Draws are joined to their nearest, in distances that are whitened by the half of the chains that varies
    least, for one that has come from part to part varies more. In parts lie draws of which two groups are
    joined by a step that is longer, by half, than that from any draw to its nearest.

    Parameters
    ----------
    drawn : array (draw, chain, parameter + 1)
        In the unit interval, with the log-density, which is not looked at.
    """
    chains = evenly(drawn.swapaxes(0, 1), COMPARED // 2)  # two draws of each at least
    rows = evenly(chains.swapaxes(0, 1), -(-COMPARED // len(chains)))[..., :-1]
    flat = rows.reshape(-1, rows.shape[-1])
    each = np.array([_covariance(chain) for chain in rows.swapaxes(0, 1)])
    spread = np.trace(np.linalg.solve(_ridged(_covariance(flat)), each), axis1=1, axis2=2)
    within = each[np.argsort(spread)[: -(-len(each) // 2)]].mean(axis=0)
    points = _white(_factor(within), flat)
    joined = linkage(points, "single")
    sizes = np.concatenate([np.ones(len(points)), joined[:, 3]])
    smaller, steps = sizes[joined[:, :2].astype(int)].min(axis=1), joined[:, 2]
    groups = steps[smaller >= FEW * len(points)]
    return bool(groups.max(initial=0.0) > FARTHER * steps[smaller == 1].max(initial=0.0))


def _covariance(states):
    return np.atleast_2d(np.cov(states, rowvar=False))


def _ridged(covariance):
    """Covariance that has an inverse, where draws may be collinear."""
    variance = np.diag(covariance)
    return covariance + RIDGE * np.diag(np.where(variance > 0, variance, 1.0))


def _factor(covariance):
    return np.linalg.cholesky(_ridged(covariance))


def _white(factor, points):
    return np.linalg.solve(factor, points.T).T


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
        self._factor = _factor(_covariance(flat[:, :-1]))
        self._points = self._white(flat)
        chains = np.tile(np.arange(rows.shape[1]), len(rows))
        apart = cdist(self._points, self._points)
        apart[chains[:, None] == chains] = np.inf
        self._reach = FARTHER * apart.min(axis=1).max()
        self._low, self._usual = np.quantile(flat[:, -1], [LOW, 0.5])

    def _white(self, places):
        return _white(self._factor, places[:, :-1])

    def distances(self, places):
        """Whitened distances of places (place, parameter + 1) from the nearest draw."""
        return cdist(self._white(places), self._points).min(axis=1)

    def news(self, places):
        """Which places (place, parameter + 1) are far from all draws, and as dense as these are."""
        return self.far(places) & (places[:, -1] > self._low)

    def suspects(self, found):
        """Which places of scouts, that have not settled yet, may come to be news."""
        least = self._low - UNSETTLED * (self._usual - self._low)
        return self.far(found) & (found[:, -1] > least)

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
    part whose best places nobody has found yet is less dense than one that is known.) Some that end
    about as dense as the draws, or a little less, settle there in the same way. Then chains begin again,
    one half at the draws and the other at settlers, and go where they like. Where one of them then still is
    far from all draws, and as dense as they are, it is in another part.

    Parameters
    ----------
    unit : Unit
        That has converged.
    beside : callable
        Another unit of the same data, from its identity, number of lanes and settings.
    """

    def __init__(self, unit, beside):
        self._unit, self._beside, self.known = unit, beside, Known(unit.result())
        few = Settings(FEWEST_DRAWS, proposals=SCOUTING, search=unit.settings.search)
        count = max(unit.settings.scouts, unit.state.logp.size)
        self.scouts = beside(SCOUT, count, few, late=LATE)
        self.settlers = self.again = None
        self._visited = []

    def advance(self):
        """Run a window; gives `NOTHING_NEW` or `ANOTHER_PART` where it is decided, else `LOOKING`."""
        if not self.scouts.finished:
            return self._outside(self.scouts)
        if self.settlers is None:
            found = _present(self.scouts.state)
            if self.scouts.state.phase == "no start" or not self.known.suspects(found).any():
                return NOTHING_NEW
            self.settlers = self._settle(found[self.known.suspects(found)])
        if not self.settlers.finished:
            return self._outside(self.settlers)
        if self.again is None:
            found = _present(self.settlers.state)
            if not self.known.news(found).any():
                return NOTHING_NEW
            self.again = self._begin_again(found[self.known.news(found)])
        self.again.advance()
        self._visited.append(_present(self.again.state))
        if self.again.state.phase == "tune":
            return NOTHING_NEW if self._all_back() else LOOKING
        late = self._visited[-(len(self._visited) // 4) :]
        stayed = np.mean([self.known.news(states) for states in late], axis=0) > 0.5
        return ANOTHER_PART if stayed.any() else NOTHING_NEW

    def _all_back(self):
        """Whether no chain has been far from the draws for a while."""
        away = [self.known.far(states).any() for states in self._visited[-BACK:]]
        return len(away) == BACK and not any(away)

    def _outside(self, party):
        """Run a window of a unit, and put lanes back that have come to what is known."""
        state = party.state
        before = _present(state)
        party.advance()
        lost = (
            self.known.far(before) & ~self.known.far(_present(state)) & np.isfinite(before[:, -1])
        )
        if state.phase == "tune":
            state.position[:, np.flatnonzero(lost)] = before[lost, :-1].T
            state.logp[lost] = before[lost, -1]
        return LOOKING

    def _settle(self, suspects):
        """Unit whose lanes settle at some of the places that scouts have found."""
        few = Settings(FEWEST_DRAWS, proposals=SETTLING)
        return _begun(
            self._beside(SETTLER, SETTLERS, few),
            self.known.scattered(suspects, SETTLERS),
            suspects,
        )

    def _begin_again(self, news):
        """Unit whose chains begin in what is known and in what is new."""
        drawn, chains = self._unit.result(), self._unit.state.logp.size
        known = evenly(drawn.reshape(-1, drawn.shape[-1]), COMPARED)
        places = np.concatenate(
            [evenly(known, chains - chains // 2), self.known.scattered(news, chains // 2)]
        )
        learnt = self.settlers.state.learnt[0]
        visited = evenly(learnt.archive[: learnt.filled], COMPARED)
        return _begun(
            self._beside(AGAIN, chains, self._unit.settings),
            places,
            np.concatenate([known[:, :-1], visited]),
        )

    @property
    def searched(self):
        """Proposals of scouts, settlers and chains that came back, as if the chains had made them."""
        chains = self._unit.state.logp.size
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

    What is known of a bank, and what was spent until now, is kept.
    """
    kept = ("searched", "proposed", "looked", *OF_A_BANK)
    before = {name: getattr(state, name) for name in kept}
    vars(state).update(vars(other) | before)
    state.proposed += other.proposed
    state.leaping = True


def _present(state):
    """Where the lanes of a unit are (lane, parameter + 1), with their log-density."""
    return np.column_stack([state.position[:, : state.logp.size].T, state.logp])

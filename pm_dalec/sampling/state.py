"""What is wanted of a unit, and its state on the way, with draws and archive: saved and continued bit for bit."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

import numpy as np

from pm_dalec.posterior import runs
from pm_dalec.sampling.kernels.lanes import Lanes
from pm_dalec.sampling.kernels.streams import streams, uniform
from pm_dalec.sampling.kernels.surrogate import COMPONENTS, Surrogate, likeness_of
from pm_dalec.tables.numbers import flag, number, whole_number

FEWEST_DRAWS = 8  # of a chain: what a window of the first round records
WINDOW = 512  # proposals of every lane between two looks; a power of two, as all thinnings are
FIRST_ROUND = 40  # windows; while tuning, the archive moves on after each of them
ARCHIVE = 3000  # states
OF_A_BANK = ("route", "khat", "weight_ess", "apart", "drift", "carried")  # in the state of a unit
OF = "."  # between the name of a unit of a second look and that of an array of its state
MOST_FAVOURED = 3.0  # chance of a slow parameter to be a pivot, relative to the usual one


@dataclass(frozen=True)
class Settings:
    """How long and how well a unit is sampled.

    Parameters
    ----------
    draws : int
        Stored for each chain.
    rhat, ess : float
        Targets for the worst parameter: rank R-hat among the quarters of the chains, bulk
        effective sample size. Of the tail, which the 5 to 95 % intervals are read from, half as many
        effective draws are wanted.
    proposals : int
        Budget of each lane, the search for a start not counted.
    search : int
        Most proposals of each lane in that search.
    conditional : float
        Share of the proposals that are conditional steps; the others are differences. Chosen by
        effective sample size per second (`pm-dalec bench --samplers`).
    halves : bool
        Whether two halves of the lanes share nothing, neither archive nor likeness, so that R-hat between
        them judges the sampler; about twice the proposals.
    scouts : int
        Lanes that look for other parts of the posterior once the chains have converged.
    """

    draws: int = 1000
    rhat: float = 1.01
    ess: float = 400.0
    proposals: int = 1_000_000
    search: int = 200_000
    conditional: float = 0.75
    halves: bool = False
    scouts: int = 0

    def __post_init__(self):
        """Refuse what no sampler can do."""
        whole_number("draws", self.draws, least=FEWEST_DRAWS, advice="1000 are usual")
        advice = "the budget of a chain; a calibration takes some 100000 to 1000000"
        whole_number("proposals", self.proposals, least=1, advice=advice)
        whole_number("search", self.search, least=1, advice="the search takes some thousands")
        advice = "R-hat of chains that agree is 1: a target is 1.01 or so"
        number("rhat", self.rhat, above=1.0, advice=advice)
        advice = "the effective draws of the slowest parameter: 400 or so"
        number("ess", self.ess, least=0.0, advice=advice)
        flag("halves", self.halves)
        whole_number("scouts", self.scouts, least=0, advice="256 are usual, 0 sends none")
        if self.scouts and self.halves:
            raise ValueError(
                f"wanted halves that share nothing, or chains that go on from what scouts have found, got "
                f"halves=True and scouts={self.scouts}; choose one of them"
            )


@dataclass
class Learnt:
    """What lanes that share it have learnt, and make their proposals from."""

    surrogate: Surrogate
    pivots: np.ndarray  # (parameter,) cumulative chances
    archive: np.ndarray  # (state, parameter)
    filled: int  # states in the archive
    next_place: int  # in the archive, while tuning


@dataclass
class UnitState:
    """Everything a unit needs to go on; arrays and numbers only."""

    phase: str
    position: np.ndarray  # (parameter, padded lane), unit interval
    logp: np.ndarray  # (lane,)
    streams: np.ndarray  # (lane, 4)
    waiting: np.ndarray  # (lane,) search windows without progress
    learnt: list[Learnt]  # of all lanes, or of each half of them, which then share nothing
    archive_ess: float  # least bulk effective sample size of the round that filled the archives
    stored: np.ndarray  # (3 draws, lane, parameter + 1): halved, it holds what was asked for
    kept: int  # of the stored states
    finished_round: np.ndarray  # (any, lane, parameter + 1) draws of the round before
    thinning: int  # proposals between two stored states
    round: int
    windows_left: int
    searched: int  # proposals of each lane
    proposed: int
    accepted: np.ndarray  # (lane,) in this round
    evaluated: np.ndarray  # (lane,) proposals of this round for which the model was run
    in_round: int  # proposals of each lane in this round
    worst_rhat: float
    least_ess: float  # bulk
    least_tail: float  # effective sample size of the 5 and 95 % quantiles
    route: str  # how it came to its draws where there is a bank: bank or full; else empty
    khat: float  # of its weights at draws of the bank
    weight_ess: float  # least effective number of these draws
    apart: float  # disagreement of pilots about the unit, in standard errors
    drift: float  # mean step of draws that were taken over and moved, in standard errors
    carried: int  # draws of the bank at which it was run
    looked: str  # what the second look by scouts has come to; empty where none was taken
    leaping: bool  # whether some proposals leap from part to part of the posterior
    visited: (
        np.ndarray
    )  # (window, lane, parameter + 1) by chains that a second look has begun again
    look: dict[str, UnitState] = field(default_factory=dict)  # units of a second look on its way


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
        scatter(position, random, lane)
    position[:, chains:] = position[:, :1]
    return UnitState(
        phase="search",
        position=position,
        logp=np.full(chains, np.inf),
        streams=random,
        waiting=np.zeros(chains, np.int64),
        learnt=[_nothing_learnt(size) for _ in range(1 + settings.halves)],
        archive_ess=0.0,
        stored=np.zeros((3 * settings.draws, chains, size + 1)),
        kept=0,
        finished_round=np.zeros((0, chains, size + 1)),
        thinning=1,
        round=0,
        windows_left=FIRST_ROUND,
        searched=0,
        proposed=0,
        accepted=np.zeros(chains, np.int64),
        evaluated=np.zeros(chains, np.int64),
        in_round=0,
        worst_rhat=np.inf,
        least_ess=0.0,
        least_tail=0.0,
        route="",
        khat=np.nan,
        weight_ess=np.nan,
        apart=np.nan,
        drift=np.nan,
        carried=0,
        looked="",
        leaping=False,
        visited=np.zeros((0, chains, size + 1)),
    )


def _nothing_learnt(size):
    return Learnt(
        surrogate=Surrogate(*(np.zeros(0) for _ in Surrogate._fields)),
        pivots=np.arange(1, size + 1) / size,
        archive=np.zeros((ARCHIVE, size)),
        filled=0,
        next_place=0,
    )


def lanes_of(state):
    """Lanes of a unit as kernels see them: the arrays of its state, and room for proposals."""
    return Lanes(state.position, np.empty_like(state.position), state.logp, state.streams)


def scatter(position, random, lane):
    """Put a lane to a random place of the unit cube, from its own stream."""
    for row in range(position.shape[0]):
        position[row, lane] = uniform(random[lane])


def place(state, places):
    """Put the lanes to places (lane, parameter)."""
    lanes = state.logp.size
    state.position[:, :lanes] = places.T
    state.position[:, lanes:] = state.position[:, :1]


def state_to_arrays(state):
    """State as a dictionary of arrays, for `numpy.savez`."""
    values = {one.name: getattr(state, one.name) for one in fields(state)}
    for place, learnt in enumerate(values.pop("learnt")):
        found = vars(learnt) | learnt.surrogate._asdict()
        del found["surrogate"]
        values |= {f"{name}_{place}": value for name, value in found.items()}
    for party, theirs in values.pop("look").items():
        values |= {f"{party}{OF}{name}": value for name, value in state_to_arrays(theirs).items()}
    return {name: np.asarray(value) for name, value in values.items()}


def state_from_arrays(arrays):
    """State from the arrays of `state_to_arrays`."""

    def value(name):
        found = np.array(arrays[name])
        return found if found.ndim else found.item()

    def learnt(place):
        surrogate = Surrogate(*(value(f"{name}_{place}") for name in Surrogate._fields))
        names = [one.name for one in fields(Learnt) if one.name != "surrogate"]
        return Learnt(surrogate, **{name: value(f"{name}_{place}") for name in names})

    apart, look = ("learnt", "look"), {}
    values = {one.name: value(one.name) for one in fields(UnitState) if one.name not in apart}
    count = sum(name.startswith("filled_") for name in arrays)
    for party, name in (key.split(OF) for key in arrays if OF in key):
        look.setdefault(party, {})[name] = arrays[party + OF + name]
    look = {party: state_from_arrays(theirs) for party, theirs in look.items()}
    return UnitState(**values, learnt=[learnt(place) for place in range(count)], look=look)


def evenly(values, most):
    """Values, or as many of them as are wanted at most, evenly spaced along the first axis."""
    return values[runs.evenly(len(values), most)]


def empty(state, draws):
    """Forget draws and counts of a round, so that one begins.

    Thinning is as little as there is room for: every look may be the last.

    Parameters
    ----------
    state : UnitState
    draws : int
        Asked for of each chain.
    """
    state.kept, state.thinning = 0, 1
    while WINDOW // state.thinning > draws:
        state.thinning *= 2
    state.accepted[:] = 0
    state.evaluated[:] = 0
    state.in_round = 0


def store(state, recorded):
    """Store states as draws; where there is no room left, every other one goes.

    Parameters
    ----------
    state : UnitState
    recorded : array (record, lane, parameter + 1)
    """
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


def shared(state):
    """What was learnt, and the lanes that share it."""
    middle = state.logp.size // 2 if len(state.learnt) > 1 else state.logp.size
    parts = [slice(0, middle), slice(middle, None)]
    return zip(state.learnt, parts, strict=False)


def remember(state, visited):
    """Add states to the archives of their lanes, the oldest making room.

    Parameters
    ----------
    state : UnitState
    visited : array (record, lane, parameter)
    """
    for learnt, lanes in shared(state):
        for vector in visited[:, lanes].reshape(-1, visited.shape[-1]):
            learnt.archive[learnt.next_place] = vector
            learnt.next_place = (learnt.next_place + 1) % ARCHIVE
            learnt.filled = min(learnt.filled + 1, ARCHIVE)


def remember_only(state, visited):
    """Make states the archives of their lanes, as many of them as have room.

    Parameters
    ----------
    state : UnitState
    visited : array (record, lane, parameter)
    """
    for learnt, lanes in shared(state):
        part = evenly(visited[:, lanes].reshape(-1, visited.shape[-1]), ARCHIVE)
        learnt.archive[: len(part)] = part
        learnt.filled, learnt.next_place = len(part), len(part) % ARCHIVE


def renew_surrogates(state, components=COMPONENTS):
    """Fit the surrogates to the archives.

    Parameters
    ----------
    state : UnitState
    components : int
        Of a mixture at most.
    """
    for learnt in state.learnt:
        learnt.surrogate = likeness_of(learnt.archive[: learnt.filled], components)


def learn(state, sizes):
    """Make the draws of a round the archives of the next, and favour parameters that were slow.

    Parameters
    ----------
    state : UnitState
    sizes : list of array (parameter,)
        Bulk effective sample sizes of the round, of all lanes or of each half.
    """
    remember_only(state, state.stored[: state.kept, :, :-1])
    state.archive_ess = float(min(size.min() for size in sizes))
    renew_surrogates(state)
    for learnt, size in zip(state.learnt, sizes, strict=True):
        slowness = size**-0.7
        favour = np.clip(slowness / slowness.mean(), 1 / MOST_FAVOURED, MOST_FAVOURED)
        learnt.pivots = np.cumsum(favour) / favour.sum()
    state.finished_round = state.stored[: state.kept].copy()

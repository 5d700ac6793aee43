"""One pixel from the start of its calibration to the end of a scenario, block of steps by block.

The draws of a unit are lanes of one call. The state at the end of a block is the start of the next; what
is kept of a block are quantiles, so that memory grows neither with the draws nor with time.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from pm_dalec.forecasting.outputs import CLOSURE, STOCKS, Block, Spans, output, quantiles_of
from pm_dalec.physics.records import Drivers
from pm_dalec.posterior.compiled import STATE, CompiledDalec, after
from pm_dalec.tables.variables import LIVE, POOLS

PLACES = {stock: [list(POOLS).index(name) for name in names] for stock, names in STOCKS.items()}
NEW_STAND = {"labile": 0.4, "foliage": 0.2, "roots": 0.2, "wood": 0.2}  # of the seedlings, assumed


class Land(NamedTuple):
    """The units of one pixel.

    Parameters
    ----------
    rows : array (unit, draw, parameter)
        Parameters of every draw, the initial pools at the end.
    drivers : list of Drivers
        By unit: arrays (step,) of calibration and scenario.
    latitude : float [degrees_north]
    shares : array (unit)
        Of the area [1]; they add up to one.
    orders : array (unit, draw) of int
        Which draw of each unit belongs to each draw of the pixel (A2).
    strata : tuple of str
        Of the units; empty in a baseline.
    """

    rows: np.ndarray
    drivers: list
    latitude: float
    shares: np.ndarray
    orders: np.ndarray
    strata: tuple


class Plan(NamedTuple):
    """What is run and kept, the same for all pixels.

    Parameters
    ----------
    names : tuple of str
        Outputs.
    levels : array [1]
        Of the quantiles.
    first, years : array (span) of int
        First step and calendar year of every span.
    days : array (step) [d]
    calibrated : int
        Number of steps of the calibration; a span ends there.
    plantings : tuple of Planting
    """

    names: tuple
    levels: np.ndarray
    first: np.ndarray
    years: np.ndarray
    days: np.ndarray
    calibrated: int
    plantings: tuple = ()


class Kept(NamedTuple):
    """What is kept of a pixel.

    Parameters
    ----------
    units : array (name, unit, level, span)
        Quantiles of the units.
    pixel : array (name, level, span)
        Quantiles of the pixel, strata paired as independent.
    shares : array (unit, span)
        Of the area [1].
    cleared, planted : array (span)
        Living carbon of land that was planted anew, and of the seedlings [g m-2 of the pixel], means
        over the draws.
    unplanted : array (span)
        Share of the pixel that could not be planted, as it has no calibrated unit of the target [1].
    closure : float
        Largest part of a draw's carbon that the balance has lost [1].
    """

    units: np.ndarray
    pixel: np.ndarray
    shares: np.ndarray
    cleared: np.ndarray
    planted: np.ndarray
    unplanted: np.ndarray
    closure: float


def blocks_of(plan: Plan, most: int) -> Iterator[slice]:
    """Spans that are run at once: as many as have at most so many steps; a year where land is planted.

    Parameters
    ----------
    plan : Plan
    most : int
        Steps.

    Yields
    ------
    slice
        Of spans.
    """
    ends = np.append(plan.first[1:], len(plan.days))
    start = 0
    for span in range(len(plan.first)):
        at_end = span + 1 == len(plan.first)
        due = not at_end and (
            ends[span + 1] - plan.first[start] > most
            or ends[span] == plan.calibrated
            or (
                any(plan.years[span + 1] in action.years for action in plan.plantings)
                and plan.years[span + 1] != plan.years[span]
            )
        )
        if at_end or due:
            yield slice(start, span + 1)
            start = span + 1


def continued(land: Land, plan: Plan, run: CompiledDalec) -> Kept:
    """Run all draws of a pixel through calibration and scenario.

    Parameters
    ----------
    land : Land
    plan : Plan
    run : CompiledDalec

    Returns
    -------
    Kept
    """
    state = _State(land, plan, run)
    for spans in blocks_of(plan, run.steps):
        if _begins_a_year(plan, spans.start):
            state.plant(spans.start)
        state.advance(spans)
    return state.kept()


def _begins_a_year(plan, span):
    """Whether a span is the first of its year in the scenario."""
    first = plan.first[span]
    if first <= plan.calibrated:
        return first == plan.calibrated
    return plan.years[span] != plan.years[span - 1]


class _State:
    """A pixel on its way: its draws as they are now, and what was kept of them.

    Parameters
    ----------
    land : Land
    plan : Plan
    run : CompiledDalec
    """

    def __init__(self, land, plan, run):
        self.land, self.plan, self.run = land, plan, run
        self.rows, self.shares = land.rows.copy(), land.shares.copy()
        units, draws, _ = land.rows.shape
        spans, levels = len(plan.first), len(plan.levels)
        self.units = np.empty((len(plan.names), units, levels, spans))
        self.pixel = np.empty((len(plan.names), levels, spans))
        self.area = np.empty((units, spans))
        self.cleared, self.planted, self.unplanted = np.zeros((3, spans))
        self.begun = self.total()
        self.lost = np.zeros(draws)
        self.harvested = [None] * units
        self.start = self._at_the_end_of_the_calibration()

    def total(self):
        """Carbon of the pixel in every draw, the strata paired [g m-2]."""
        return self.paired([rows[:, STATE].sum(axis=1) for rows in self.rows])

    def paired(self, values):
        """Area mean of the units (..., draw), draw by draw of the pixel."""
        together = zip(self.shares, values, self.land.orders, strict=True)
        return sum(share * value[..., order] for share, value, order in together)

    def stretch(self, unit, rows, steps):
        """Run of some steps of one unit."""
        drivers = Drivers(*(values[steps] for values in self.land.drivers[unit]))
        return self.run.run(rows, drivers, self.land.latitude)

    def _at_the_end_of_the_calibration(self):
        """Stocks of every unit at the end of the calibration, by name (draw)."""
        found = []
        for unit, rows in enumerate(self.land.rows):
            now = rows.copy()
            for first in range(0, self.plan.calibrated, self.run.steps):
                last = min(first + self.run.steps, self.plan.calibrated)
                now[:, STATE] = after(self.stretch(unit, now, slice(first, last)))
            pools = now[:, STATE]
            found.append({name: pools[:, where].sum(axis=1) for name, where in PLACES.items()})
        return found

    def advance(self, spans):
        """Run a block, and keep the quantiles of its spans."""
        plan = self.plan
        first = plan.first[spans]
        last = plan.first[spans.stop] if spans.stop < len(plan.first) else len(plan.days)
        steps = slice(first[0], last)
        within = Spans(first - first[0], plan.days[steps])
        self.area[:, spans] = self.shares[:, None]
        found, gone = [], []
        for unit in range(len(self.rows)):
            made, lost = self._one_unit(unit, steps, within)
            found.append(made)
            gone.append(lost)
        self.lost += self.paired(gone)
        for place in range(len(plan.names)):
            values = [made[place] for made in found]
            for unit, one in enumerate(values):
                self.units[place, unit, :, spans] = quantiles_of(one, plan.levels)
            if len(values) > 1:
                self.pixel[place, :, spans] = quantiles_of(self.paired(values), plan.levels)
            else:
                self.pixel[place, :, spans] = self.units[place, 0, :, spans]

    def _one_unit(self, unit, steps, within):
        """Outputs of a unit in a block (span, draw), and the carbon that its balance has lost."""
        rows = self.rows[unit]
        before = rows[:, STATE].sum(axis=1)
        made = self.stretch(unit, rows, steps)
        rows[:, STATE] = after(made)
        if steps.start >= self.plan.calibrated and self.harvested[unit] is None:
            self.harvested[unit] = np.zeros(len(rows))
        block = Block(made.pools, made.fluxes, within, self.start[unit], self.harvested[unit])
        values = [output(name, block) for name in self.plan.names]
        taken = {name: within.days @ made.fluxes[name] for name in CLOSURE}
        if self.harvested[unit] is not None:
            self.harvested[unit] = self.harvested[unit] + taken["harvest"]
        return values, rows[:, STATE].sum(axis=1) - before + sum(taken.values())

    def plant(self, span):
        """Move area between strata at the start of a year."""
        for action in self.plan.plantings:
            if self.plan.years[span] not in action.years:
                continue
            if action.source not in self.land.strata:
                continue
            source = self.land.strata.index(action.source)
            moved = action.share * self.shares[source]
            if action.target not in self.land.strata:
                self.unplanted[span] += moved
                continue
            target = self.land.strata.index(action.target)
            before = self.total()
            cleared = self._exchange(source, target, moved, action.seedlings)
            planted = moved * action.seedlings
            self.lost += self.total() - before + cleared - planted
            self.cleared[span] += cleared.mean()
            self.planted[span] += planted

    def _exchange(self, source, target, moved, seedlings):
        """Area from one unit to another; the living carbon that is cleared, by draw of the pixel."""
        orders = self.land.orders
        old = self.rows[source][orders[source], STATE]  # in the order of the pixel's draws
        stand = old.copy()
        for place, name in enumerate(POOLS):
            if name in LIVE:
                stand[:, place] = seedlings * NEW_STAND[name]
        held, share = self.rows[target][orders[target], STATE], self.shares[target]
        mixed = (share * held + moved * stand) / (share + moved)
        self.rows[target][orders[target], STATE] = mixed
        self.shares[source] -= moved
        self.shares[target] += moved
        return moved * old[:, PLACES["live"]].sum(axis=1)

    def kept(self):
        """What was kept, with the balance of carbon."""
        closure = float(np.max(np.abs(self.lost / self.begun)))
        return Kept(
            self.units,
            self.pixel,
            self.area,
            self.cleared,
            self.planted,
            self.unplanted,
            closure,
        )

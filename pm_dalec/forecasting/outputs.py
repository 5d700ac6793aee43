"""What a forecast keeps of a run: series by year or step, and their quantiles over the draws."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from pm_dalec.tables.kinds import Array
from pm_dalec.tables.numbers import names_of
from pm_dalec.tables.summaries import QUANTITIES, Quantity
from pm_dalec.tables.table import Table
from pm_dalec.tables.variables import CARBON, DEAD, LIVE, POOLS, VARIABLES

STOCKS = {"live": LIVE, "dead": DEAD}
CLOSURE = ("nbe", "harvest")
"""Fluxes that take carbon away from an ecosystem."""

NAMES = ("live", "change_live", "wood", "som", "gpp", "nbe", "harvest")
OUTPUTS = Table(
    "output of a forecast",
    (
        Quantity("live", "$C_{live}$", CARBON, "living carbon"),
        Quantity("dead", "$C_{dead}$", CARBON, "litter and soil carbon"),
        Quantity(
            "change_live",
            QUANTITIES["change_live"].symbol,
            CARBON,
            "living carbon since the end of the calibration",
        ),
        Quantity(
            "change_dead",
            QUANTITIES["change_dead"].symbol,
            CARBON,
            "litter and soil carbon since the end of the calibration",
        ),
        Quantity("harvested", "$H_{sum}$", CARBON, "harvest since the end of the calibration"),
    ),
)


def checked_names(names: Sequence[str]) -> tuple[str, ...]:
    """Names of outputs, pools, fluxes and diagnostics.

    Parameters
    ----------
    names : sequence of str
    """
    names = names_of("names", names)
    for name in names:
        if name not in OUTPUTS and VARIABLES[name].role == "driver":
            raise ValueError(
                f"wanted outputs, pools, fluxes or diagnostics, got the driver {name!r} in names; "
                "read it from the scenario"
            )
    if not names:
        raise ValueError(f"wanted at least one name, got none; write names={NAMES}")
    return names


def record_of(name: str) -> object:
    """Row of the tables that declares an output."""
    return OUTPUTS[name] if name in OUTPUTS else VARIABLES[name]


def fluxes_for(names: Sequence[str]) -> tuple[str, ...]:
    """Fluxes that a run must give for these outputs and for the balance of carbon."""
    wanted = {name for name in names if name not in OUTPUTS and name not in POOLS}
    return tuple(sorted(wanted | set(CLOSURE)))


class Spans(NamedTuple):
    """Steps of a run that make one value of an output, one after the other.

    Parameters
    ----------
    first : array of int
        First step of each span.
    days : array (step,) [d]
    """

    first: np.ndarray
    days: np.ndarray

    @property
    def last(self):
        """Last step of each span."""
        return np.append(self.first[1:], len(self.days)) - 1

    def mean(self, flux: Array) -> Array:
        """Mean of a flux (step, draw) over each span, weighted by the days of its steps."""
        total = np.add.reduceat(flux * self.days[:, None], self.first, axis=0)
        return total / np.add.reduceat(self.days, self.first)[:, None]


class Block(NamedTuple):
    """Steps of one unit that were run at once.

    Parameters
    ----------
    pools : dict of str to array (step, draw)
        At the end of every step.
    fluxes : dict of str to array (step, draw)
    spans : Spans
    start : dict of str to array (draw)
        ``live`` and ``dead`` at the end of the calibration.
    harvested : array (draw) or None
        Since the end of the calibration, before the block [g m-2]; None before that end.
    """

    pools: dict
    fluxes: dict
    spans: Spans
    start: dict
    harvested: np.ndarray | None


def output(name: str, block: Block) -> Array:
    """Values of an output (span, draw): pools at the end of a span, fluxes as means over it."""
    spans = block.spans
    if name == "harvested":
        taken = block.fluxes["harvest"] * spans.days[:, None]
        if block.harvested is None:
            return np.zeros_like(taken[spans.last])
        return block.harvested + np.cumsum(taken, axis=0)[spans.last]
    if name in STOCKS:
        return sum(block.pools[pool][spans.last] for pool in STOCKS[name])
    if name.startswith("change_"):
        stock = name.removeprefix("change_")
        return output(stock, block) - block.start[stock]
    if name in POOLS:
        return block.pools[name][spans.last]
    return spans.mean(block.fluxes[name])


def quantiles_of(values: Array, levels: Array) -> Array:
    """Quantiles over the draws, as `numpy.quantile` gives them, for many levels at once.

    Parameters
    ----------
    values : array (span, draw)
    levels : array (level) [1]

    Returns
    -------
    array (level, span)
    """
    ordered = np.sort(values, axis=-1)
    place = np.asarray(levels) * (ordered.shape[-1] - 1)
    low = np.floor(place).astype(int)
    high = np.minimum(low + 1, ordered.shape[-1] - 1)
    found = ordered[:, low] + (ordered[:, high] - ordered[:, low]) * (place - low)
    found[np.isnan(ordered[:, -1])] = np.nan  # a draw without a number is last
    return found.T

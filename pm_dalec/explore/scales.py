"""Scales of sliders: where a value stands between its bounds, how it is told, and densities along them.

A scale is logarithmic where the bounds are far apart, as in figures of a fit; days run round the year.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pm_dalec.constraints.prior_draws import log_density
from pm_dalec.plots.style import unit
from pm_dalec.posterior.intervals import WIDE
from pm_dalec.tables.constants import DAYS_PER_YEAR
from pm_dalec.tables.priors import DAY, Fixed, day_of_year

if TYPE_CHECKING:
    from pm_dalec.tables.kinds import Array
    from pm_dalec.tables.priors import Parameter

BINS = 60  # of a density
SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
STEPS = 400  # of a slider


def plain_unit(name: str) -> str:
    """Unit of a variable or parameter as plain text.

    Examples
    --------
    >>> plain_unit("gpp"), plain_unit("leaf_lifespan"), plain_unit("root_fraction")
    ('gC m⁻² d⁻¹', 'yr', '')
    """
    first, *others = unit(name).split("$^{")
    parts = [first]
    for part in others:
        power, _, rest = part.partition("}$")
        parts += [power.translate(SUPERSCRIPTS), rest]
    return "".join(parts)


@dataclass(frozen=True)
class Scale:
    """Scale of the slider of one parameter, from 0 to 1.

    Parameters
    ----------
    parameter : Parameter
    """

    parameter: Parameter

    @property
    def fixed(self) -> bool:
        """Whether the parameter is not moved."""
        return isinstance(self.parameter.prior, Fixed)

    @property
    def logarithmic(self) -> bool:
        """Whether equal ways along the slider are equal factors."""
        lower, upper = self.parameter.bounds
        return not self.parameter.circular and upper / lower > WIDE

    @property
    def ends(self) -> tuple[float, float]:
        """Values at both ends, in the units that are shown."""
        return (0.0, DAYS_PER_YEAR) if self.parameter.circular else self.parameter.bounds

    def place(self, value: Array) -> Array:
        """Place on the slider of a value in natural units [1]."""
        low, high = self.ends
        shown = self.parameter.shown(np.asarray(value, float))
        if self.logarithmic:
            return np.log(shown / low) / np.log(high / low)
        return (shown - low) / (high - low)

    def value(self, place: Array) -> Array:
        """Value in natural units at a place on the slider."""
        low, high = self.ends
        if self.logarithmic:
            return np.clip(low * (high / low) ** np.asarray(place, float), low, high)
        value = low + (high - low) * np.asarray(place, float)
        if not self.parameter.circular:
            return value
        lower, upper = self.parameter.bounds
        year = np.floor((lower + 1e-9) / DAYS_PER_YEAR) * DAYS_PER_YEAR
        return np.clip(year + value, lower, upper)

    def words(self, value: float) -> str:
        """Value with its unit."""
        if self.parameter.circular:
            return f"{DAY.split()[0]} {day_of_year(value):.0f} of the year"
        return f"{value:.3g} {plain_unit(self.parameter.name)}".strip()

    def histogram(self, draws: np.ndarray) -> np.ndarray:
        """Share of draws in each of `BINS` equal parts of the slider [1]."""
        counts, _ = np.histogram(self.place(draws), np.linspace(0, 1, BINS + 1))
        return counts / max(draws.size, 1)

    def prior(self, mean: float, sigma: float, logarithmic: bool) -> np.ndarray:
        """Share of the prior without rules in each of `BINS` equal parts of the slider [1].

        Parameters
        ----------
        mean, sigma, logarithmic
            Of its Gaussian factor, as `log_density` takes them.
        """
        middles = (np.arange(BINS) + 0.5) / BINS
        values = self.value(middles)
        density = np.exp(
            log_density(values, *self.parameter.bounds, mean, sigma, np, logarithmic=logarithmic)
        )
        width = values if self.logarithmic else 1.0
        return density * width / (density * width).sum()

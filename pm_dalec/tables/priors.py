"""Parameters and kinds of their priors: records that check themselves; graph and draws read them."""

from dataclasses import dataclass, replace
from typing import Any

from pm_dalec.tables.constants import DAYS_PER_YEAR
from pm_dalec.tables.kinds import Array, ArrayModule
from pm_dalec.tables.numbers import number

DAY = "day of year"
"""Units of a day in tables and figures of a fit."""


def to_unit(value: Any, lower: float, span: float, xp: ArrayModule) -> Any:
    """Position in the unit interval of a value in natural units (MODEL, section 11).

    Parameters
    ----------
    value : array or tensor
        Between the bounds.
    lower, span : float
        Lower bound, and the logarithm of the upper over the lower one.
    xp : module
    """
    return xp.log(value / lower) / span


def from_unit(position: Any, lower: float, span: float, xp: ArrayModule) -> Any:
    """Value in natural units at a position in the unit interval; see `to_unit`."""
    return lower * xp.exp(span * position)


def day_of_year(day: Array) -> Array:
    """Day of the year, above 0 and up to 365.25, of a day that acts modulo 365.25 [d].

    Tables and figures show days so; 1 January is day 1.

    Examples
    --------
    >>> day_of_year(540.25), day_of_year(-35.25), day_of_year(730.5)
    (175.0, 330.0, 365.25)
    """
    return DAYS_PER_YEAR - (-day) % DAYS_PER_YEAR


@dataclass(frozen=True)
class Gaussian:
    """Gaussian factor on a parameter in natural units.

    Parameters
    ----------
    mean, sigma : float
        In the units of the parameter.
    """

    mean: float
    sigma: float

    def __post_init__(self) -> None:
        """Refuse what is no Gaussian."""
        number("mean", self.mean, advice="give the middle of the Gaussian prior")
        number(
            "sigma",
            self.sigma,
            above=0.0,
            advice="give one standard deviation of the Gaussian prior; to fix a parameter, use Fixed",
        )

    def __str__(self) -> str:
        """Mean and sigma, for tables."""
        return f"{self.mean:.10g} ± {self.sigma:.10g}"


@dataclass(frozen=True)
class FromData:
    """Gaussian factor whose mean and sigma are variables of the `units` dataset.

    Parameters
    ----------
    mean, sigma : str
        Names in the dataset. Where they are absent or NaN, the factor is one.
    """

    mean: str
    sigma: str

    def __post_init__(self) -> None:
        """Refuse what is no name."""
        if not (isinstance(self.mean, str) and isinstance(self.sigma, str)):
            raise TypeError(
                "wanted names of variables of the dataset, got "
                f"FromData({self.mean!r}, {self.sigma!r}); for numbers use Gaussian"
            )

    def __str__(self) -> str:
        """Names of mean and sigma, for tables."""
        return f"{self.mean} ± {self.sigma}"


@dataclass(frozen=True)
class LogUniform:
    """Log-uniform prior between the bounds of the parameter, times an optional Gaussian factor."""

    factor: Gaussian | FromData | None = None

    def __post_init__(self) -> None:
        """Refuse what is no factor."""
        if not isinstance(self.factor, Gaussian | FromData | None):
            raise TypeError(
                f"wanted a factor Gaussian(mean, sigma) or FromData(mean, sigma), got "
                f"{self.factor!r}; leave it out for a log-uniform prior"
            )

    def __str__(self) -> str:
        """Prior in a few words, for tables."""
        return "log-uniform" if self.factor is None else f"log-uniform, times {self.factor}"


@dataclass(frozen=True)
class Fixed:
    """A parameter that is not sampled.

    Parameters
    ----------
    value : float
        In the units of the parameter.
    """

    value: float

    def __post_init__(self) -> None:
        """Refuse what is no number."""
        number("value", self.value, advice="give the value at which the parameter is fixed")

    def __str__(self) -> str:
        """Value, for tables."""
        return f"fixed at {self.value:.10g}"


@dataclass(frozen=True)
class Parameter:
    """One parameter of DALEC C6.

    Parameters
    ----------
    name : str
        Name in graphs and results.
    symbol : str
        Symbol on figure axes (mathtext).
    units : str
        UDUNITS spelling; carbon masses are grams of carbon.
    bounds : tuple of float
        Smallest and largest value, both positive.
    prior : LogUniform or Fixed
        Prior inside the bounds.
    meaning : str
        One phrase.
    source : str
        Key of `pm_dalec.tables.SOURCES`.
    number : int
        Position in the Fortran's vector, used to read reference files and for nothing else.
    process : str
        What it belongs to: photosynthesis, canopy, roots, wood, soil. The default sampler moves the
        parameters of a process together.
    circular : bool
        Whether the parameter is a day that acts modulo 365.25.
    """

    name: str
    symbol: str
    units: str
    bounds: tuple[float, float]
    prior: LogUniform | Fixed
    meaning: str
    source: str
    number: int
    process: str
    circular: bool = False

    def __post_init__(self) -> None:
        """Refuse bounds and priors that are none."""
        low, high = self._checked_bounds()
        if self.units == "1" and self.name.endswith("_fraction") and high > 1:
            raise ValueError(
                f"wanted bounds of the fraction {self.name!r} from 0 to 1, got {self.bounds}; give "
                "shares, not per cent"
            )
        if not isinstance(self.prior, LogUniform | Fixed):
            raise TypeError(
                f"wanted LogUniform() or Fixed(value) as the prior of {self.name!r}, got "
                f"{self.prior!r}; a Gaussian is a factor: LogUniform(Gaussian(mean, sigma)), both "
                "of pm_dalec.tables"
            )
        if isinstance(self.prior, Fixed) and not low <= self.prior.value <= high:
            raise ValueError(
                f"wanted {self.name!r} fixed inside its bounds, {low:g} to {high:g} {self.units}, "
                f"got {self.prior.value:g}; change the value or the bounds"
            )

    def _checked_bounds(self) -> tuple[float, float]:
        """Bounds that a logarithm may be taken of."""
        if isinstance(self.bounds, str) or not hasattr(self.bounds, "__len__"):
            raise TypeError(
                f"wanted bounds (min, max) of {self.name!r}, got {self.bounds!r}; give two numbers"
            )
        if len(self.bounds) != 2:
            raise ValueError(
                f"wanted bounds (min, max) of {self.name!r}, got {self.bounds!r}; give two numbers"
            )
        advice = f"bounds of {self.name!r} are finite and positive: its prior is logarithmic"
        low, high = (number("bounds", value, above=0.0, advice=advice) for value in self.bounds)
        if not low < high:
            raise ValueError(
                f"wanted the bounds of {self.name!r} as (min, max) with min < max, got "
                f"{self.bounds}; exchange them, or fix the parameter with Fixed"
            )
        return low, high

    @property
    def shown_units(self) -> str:
        """Units in tables and figures of a fit, where a day is a day of the year."""
        return DAY if self.circular else self.units

    def shown(self, value: Array) -> Array:
        """Value in the units of tables and figures of a fit; see `day_of_year`."""
        return day_of_year(value) if self.circular else value

    def holding(self, value: object) -> "Parameter":
        """Copy with another prior: a number fixes the parameter."""
        if isinstance(value, LogUniform | Fixed):
            return replace(self, prior=value)
        if isinstance(value, tuple):
            return replace(self, bounds=value)
        advice = "a number fixes the parameter, a prior replaces its prior, (min, max) its bounds"
        return replace(self, prior=Fixed(number(self.name, value, advice=advice)))

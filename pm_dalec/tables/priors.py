"""Kinds of priors: records that check themselves; the graph and the draws read them."""

from dataclasses import dataclass
from typing import Any

from pm_dalec.tables.kinds import ArrayModule


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


from pm_dalec.tables.numbers import number


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

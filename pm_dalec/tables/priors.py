"""Kinds of priors: records without behaviour; the graph and the draws read them."""

from dataclasses import dataclass


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


@dataclass(frozen=True)
class LogUniform:
    """Log-uniform prior between the bounds of the parameter, times an optional Gaussian factor."""

    factor: Gaussian | FromData | None = None


@dataclass(frozen=True)
class Fixed:
    """A parameter that is not sampled.

    Parameters
    ----------
    value : float
        In the units of the parameter.
    """

    value: float

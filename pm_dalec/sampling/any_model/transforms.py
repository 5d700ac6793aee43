"""Transforms to the unit interval for variables of any model: of an interval, and of the whole line."""

from typing import NamedTuple

import numpy as np
import pytensor.tensor as pt
from pymc.logprob.transforms import Transform

QUARTILE = 4 / 3
"""Value of `_unwound` at three quarters: half the distance between its quartiles."""


class Row(NamedTuple):
    """What a target knows of a row of positions that is no parameter of DALEC.

    Parameters
    ----------
    lower, span : float
        As of a `UnitInterval`, which decide how a day goes round the year: of no day.
    """

    lower: float = 1.0
    span: float = 0.0

    def natural(self, positions):
        """Positions themselves: ranks, and so R-hat and effective sizes, are those of the variable."""
        return positions


class Between(Transform):
    """Transform of an interval to the unit interval, by its share; the bounds may depend on others.

    Parameters
    ----------
    bounds : callable
        Gives lower and upper bound from the inputs of the random variable.
    """

    name = "between"
    ndim_supp = 0

    def __init__(self, bounds):
        self.bounds = bounds

    def forward(self, value, *inputs):
        """Position in the unit interval."""
        lower, upper = self.bounds(*inputs)
        return (value - lower) / (upper - lower)

    def backward(self, value, *inputs):
        """Value at a position in the unit interval."""
        lower, upper = self.bounds(*inputs)
        return lower + (upper - lower) * value

    def log_jac_det(self, value, *inputs):
        """Logarithm of the width of the interval."""
        lower, upper = self.bounds(*inputs)
        return pt.log(upper - lower) + pt.zeros_like(value)


class WholeLine(Transform):
    """Transform of the whole line to the unit interval, with tails like those of a Cauchy density.

    A density that falls as fast as that of Cauchy, or faster, stays bounded in the unit interval, and
    numbers of 64 bits reach 1e15 scales to either side. Nothing is cut off.

    Parameters
    ----------
    location, scale : float or array
        Middle, and half the distance of the quartiles, of what is uniform in the unit interval.
    """

    name = "whole_line"
    ndim_supp = 0

    def __init__(self, location, scale):
        self.location = np.asarray(location, float)
        self.scale = np.asarray(scale, float) / QUARTILE

    def forward(self, value, *inputs):
        """Position in the unit interval."""
        far = (value - self.location) / self.scale
        return 0.5 + 0.5 * far / (1.0 + pt.sqrt(1.0 + far**2))

    def backward(self, value, *inputs):
        """Value at a position in the unit interval."""
        return self.location + self.scale * (value - 0.5) / (value * (1.0 - value))

    def log_jac_det(self, value, *inputs):
        """Logarithm of the derivative of `backward`."""
        inside = value * (1.0 - value)
        return pt.log(self.scale * (0.5 - inside)) - 2.0 * pt.log(inside)

"""Priors of a PyMC model from the parameter table.

The base prior is log-uniform on the box; a Gaussian or log-normal factor may stand beside it. The value variable is
CARDAMOM's ``x = ln(p/min) / ln(max/min)`` in (0, 1), in which the base prior is flat.
"""

from functools import partial

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from pymc.distributions.shape_utils import rv_size_is_none
from pymc.logprob.transforms import Transform

from pm_dalec.constraints.prior_draws import (
    draw_log_uniform,
    factor_of,
    log_density,
)
from pm_dalec.graph.distribution import Functions, FunctionsDist
from pm_dalec.tables.priors import Fixed, from_unit, to_unit


class UnitInterval(Transform):
    """Transform of a positive box to the unit interval by the logarithm (MODEL, section 11)."""

    name = "unit"
    ndim_supp = 0

    def __init__(self, lower, upper):
        self.lower = lower
        self.span = float(np.log(upper / lower))

    def forward(self, value, *inputs):
        """Position in the unit interval of a value in natural units."""
        return to_unit(value, self.lower, self.span, pt)

    def backward(self, value, *inputs):
        """Value in natural units at a position in the unit interval."""
        return from_unit(value, self.lower, self.span, pt)

    def natural(self, positions):
        """Values in natural units of an array of positions in the unit interval."""
        return from_unit(positions, self.lower, self.span, np)

    def log_jac_det(self, value, *inputs):
        """Logarithm of ``dp/dx``."""
        return np.log(self.span * self.lower) + self.span * value


def _log_density(value, lower, upper, mean, sigma, *, logarithmic=False):
    inside = (value >= lower) & (value <= upper)
    density = log_density(value, lower, upper, mean, sigma, pt, logarithmic=logarithmic)
    return pt.switch(inside, density, -np.inf)


def _centre(rv, size, lower, upper, mean, sigma):
    """Geometric middle of the box."""
    middle = pt.sqrt(lower * upper) + 0.0 * mean
    return middle if rv_size_is_none(size) else pt.full(size, middle)


def add_prior(parameter, units, dims):
    """Put one parameter into the current model.

    Parameters
    ----------
    parameter : Parameter
    units : Dataset
        Site or region; read for factors that come from data.
    dims : tuple of str
        Dimensions of the parameter: () for a site, (..., "pixel") for a region.

    Returns
    -------
    TensorVariable
        In natural units, units of the table.
    """
    if isinstance(parameter.prior, Fixed):
        return pt.as_tensor(np.float64(parameter.prior.value))
    # a Python float would become a constant of 32 bits where it fits, and its logarithm with it
    lower, upper = map(np.float64, parameter.bounds)
    mean, sigma, logarithmic = factor_of(parameter, units)
    if np.ndim(mean):
        mean = pm.Data(f"{parameter.name}_prior_mean", mean, dims=dims)
        sigma = pm.Data(f"{parameter.name}_prior_sigma", sigma, dims=dims)
    return FunctionsDist(
        parameter.name,
        lower,
        upper,
        mean,
        sigma,
        functions=Functions(
            partial(_log_density, logarithmic=logarithmic),
            partial(draw_log_uniform, logarithmic=logarithmic),
            _centre,
        ),
        default_transform=UnitInterval(lower, upper),
        dims=dims or None,
    )

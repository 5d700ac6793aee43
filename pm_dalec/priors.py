"""Priors of a PyMC model from the parameter table.

The base prior is log-uniform on the box; a Gaussian factor may stand beside it. The value variable is
CARDAMOM's ``x = ln(p/min) / ln(max/min)`` in (0, 1), in which the base prior is flat.
"""

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from pymc.distributions.shape_utils import rv_size_is_none
from pymc.logprob.transforms import Transform

from pm_dalec.tables.priors import Fixed, FromData, Gaussian


class UnitInterval(Transform):
    """Transform of a positive box to the unit interval by the logarithm (MODEL, section 11)."""

    name = "unit"
    ndim_supp = 0

    def __init__(self, lower, upper):
        self.lower = lower
        self.span = float(np.log(upper / lower))

    def forward(self, value, *inputs):
        """Position in the unit interval of a value in natural units."""
        return pt.log(value / self.lower) / self.span

    def backward(self, value, *inputs):
        """Value in natural units at a position in the unit interval."""
        return self.lower * pt.exp(self.span * value)

    def log_jac_det(self, value, *inputs):
        """Logarithm of ``dp/dx``."""
        return np.log(self.span * self.lower) + self.span * value


def gaussian_log_factor(value, mean, sigma):
    """Logarithm of a Gaussian factor, without its normalisation (MODEL, section 10)."""
    return -0.5 * ((value - mean) / sigma) ** 2


def _log_density(value, lower, upper, mean, sigma):
    inside = (value >= lower) & (value <= upper)
    base = -pt.log(value) - pt.log(pt.log(upper) - pt.log(lower))
    return pt.switch(inside, base + gaussian_log_factor(value, mean, sigma), -np.inf)


def draw_log_uniform(lower, upper, mean, sigma, rng=None, size=None):
    """Draws from the prior by rejection: log-uniform proposals, thinned by the Gaussian factor."""
    shape = np.broadcast_shapes(*map(np.shape, (lower, upper, mean, sigma)))
    shape = shape if size is None else tuple(np.atleast_1d(size))
    drawn, open_ = np.empty(shape), np.ones(shape, bool)
    mean, sigma = np.broadcast_to(mean, shape), np.broadcast_to(sigma, shape)
    for _ in range(10_000):
        proposal = lower * (upper / lower) ** rng.uniform(size=shape)
        kept = np.log(rng.uniform(size=shape)) < gaussian_log_factor(proposal, mean, sigma)
        drawn[open_ & kept] = proposal[open_ & kept]
        open_ &= ~kept
        if not open_.any():
            return drawn
    raise ValueError(
        f"wanted draws of a log-uniform prior on [{np.min(lower):g}, {np.max(upper):g}] times a "
        f"Gaussian, got none in 10000 tries for {open_.sum()} values; the Gaussian (mean "
        f"{np.min(mean):g} .. {np.max(mean):g}) lies far outside the bounds, change one of the two"
    )


def _centre(rv, size, lower, upper, mean, sigma):
    """Geometric middle of the box."""
    middle = pt.sqrt(lower * upper) + 0.0 * mean
    return middle if rv_size_is_none(size) else pt.full(size, middle)


def factor_of(parameter, units):
    """Mean and sigma of the Gaussian factor of a parameter, in its units; sigma infinite for none.

    Parameters
    ----------
    parameter : Parameter
    units : Dataset
        Where the factors that come from data are found; NaN there means no factor.

    Returns
    -------
    tuple of float or array
    """
    factor = parameter.prior.factor
    if isinstance(factor, Gaussian):
        return factor.mean, factor.sigma
    if isinstance(factor, FromData) and factor.mean in units:
        if factor.sigma not in units:
            raise ValueError(
                f"prior of {parameter.name!r} wants {factor.mean!r} and {factor.sigma!r} [g m-2], "
                f"got only the first in the dataset; add {factor.sigma!r}, or drop the first"
            )
        mean = np.asarray(units[factor.mean].values, float)
        sigma = np.asarray(units[factor.sigma].values, float)
        known = np.isfinite(mean) & np.isfinite(sigma)
        return np.where(known, mean, 1.0), np.where(known, sigma, np.inf)
    return 1.0, np.inf


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
        return pt.as_tensor(float(parameter.prior.value))
    # a Python float would become a constant of 32 bits where it fits, and its logarithm with it
    lower, upper = map(np.float64, parameter.bounds)
    mean, sigma = factor_of(parameter, units)
    if np.ndim(mean):
        mean = pm.Data(f"{parameter.name}_prior_mean", mean, dims=dims)
        sigma = pm.Data(f"{parameter.name}_prior_sigma", sigma, dims=dims)
    return pm.CustomDist(
        parameter.name,
        lower,
        upper,
        mean,
        sigma,
        logp=_log_density,
        random=draw_log_uniform,
        support_point=_centre,
        default_transform=UnitInterval(lower, upper),
        dims=dims or None,
    )

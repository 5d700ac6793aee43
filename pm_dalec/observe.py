"""Observation operators and Gaussian likelihoods with a mask.

LAI and stocks are compared with the START of the step, fluxes with its mean (MODEL, section 10).
"""

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from pm_dalec.variables import POOLS, STREAMS

HALF_LOG_TWO_PI = 0.5 * np.log(2 * np.pi)


def seen_by(stream, trajectory):
    """Model quantity that a stream observes, one value a step, in the stream's units.

    Parameters
    ----------
    stream : str
        Name in `pm_dalec.variables.STREAMS`.
    trajectory : Trajectory
        Pools with N + 1 and fluxes with N values along the first axis.
    """
    name = STREAMS[stream].observes
    if name in POOLS:
        return getattr(trajectory.pools, name)[:-1]
    return getattr(trajectory.fluxes, name)


def fluxes_for(streams):
    """Names of the fluxes that these streams observe."""
    names = (STREAMS[stream].observes for stream in streams)
    return tuple(name for name in names if name not in POOLS)


def misfit(modelled, observed, sigma):
    """Squared distance of model and observation in units of sigma [1]; NaN observations give zero.

    Works for NumPy arrays; the likelihood of the model uses the same expression with a mask.
    """
    seen = np.isfinite(observed)
    distance = (modelled - np.where(seen, observed, 0.0)) / np.where(seen, sigma, 1.0)
    return np.where(seen, distance**2, 0.0)


def masked_normal_logp(value, modelled, sigma, seen):
    """Elementwise log-density of observations; zero where nothing was seen."""
    distance = (value - modelled) / sigma
    density = -0.5 * distance**2 - pt.log(sigma) - HALF_LOG_TWO_PI
    return pt.switch(seen > 0, density, 0.0)


def _masked_normal_draw(modelled, sigma, seen, rng=None, size=None):
    return rng.normal(modelled, sigma, size=size)


def add_stream(stream, modelled, units, dims):
    """Gaussian likelihood of one stream in the current model.

    Parameters
    ----------
    stream : str
        Name in `pm_dalec.variables.STREAMS`; the dataset holds it and its ``_unc``.
    modelled : TensorVariable
        What the model says, time in front.
    units : Dataset
    dims : tuple of str

    Returns
    -------
    TensorVariable
        Observed variable ``{stream}_observed``.
    """
    observed = np.asarray(units[stream].values, float)
    seen = np.isfinite(observed)
    sigma = np.where(seen, np.asarray(units[f"{stream}_unc"].values, float), 1.0)
    return pm.CustomDist(
        f"{stream}_observed",
        modelled,
        pm.Data(f"{stream}_sigma", sigma, dims=dims),
        pm.Data(f"{stream}_seen", seen.astype(float), dims=dims),
        logp=masked_normal_logp,
        random=_masked_normal_draw,
        observed=pm.Data(f"{stream}_data", np.where(seen, observed, 0.0), dims=dims),
        dims=dims,
    )

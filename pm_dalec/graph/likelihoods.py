"""Gaussian likelihoods of observation streams, with a mask, in a PyMC model."""

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from pm_dalec.physics.observation_operators import gaussian_draw, gaussian_log_density


def masked_normal_logp(value, modelled, sigma, seen):
    """Elementwise log-density of observations; zero where nothing was seen."""
    return pt.switch(seen > 0, gaussian_log_density(value, modelled, sigma, pt), 0.0)


def _masked_normal_draw(modelled, sigma, seen, rng=None, size=None):
    return gaussian_draw(modelled, sigma, rng, size)


def add_stream(stream, modelled, units, dims):
    """Gaussian likelihood of one stream in the current model.

    Parameters
    ----------
    stream : str
        Name in `pm_dalec.STREAMS`; the dataset holds it and its ``_unc``.
    modelled : TensorVariable
        What the model says, time in front.
    units : Dataset
    dims : tuple of str

    Returns
    -------
    TensorVariable
        Observed variable of the name of the stream.
    """
    observed = np.asarray(units[stream].values, float)
    seen = np.isfinite(observed)
    sigma = np.where(seen, np.asarray(units[f"{stream}_unc"].values, float), 1.0)
    return pm.CustomDist(
        stream,
        modelled,
        pm.Data(f"{stream}_sigma", sigma, dims=dims),
        pm.Data(f"{stream}_seen", seen.astype(float), dims=dims),
        logp=masked_normal_logp,
        random=_masked_normal_draw,
        observed=pm.Data(f"{stream}_data", np.where(seen, observed, 0.0), dims=dims),
        dims=dims,
    )

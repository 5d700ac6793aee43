"""Likelihoods of observation streams, with a mask, in a PyMC model."""

from __future__ import annotations

from functools import partial

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from pm_dalec.data.checks import check_above_zero
from pm_dalec.data.uncertainties import kind_of, likelihood_by_data
from pm_dalec.errors.densities import log_density
from pm_dalec.errors.likelihood import LOGNORMAL, likelihood_of
from pm_dalec.errors.noise import noisy
from pm_dalec.errors.scales import scale_for
from pm_dalec.graph import notes


def add_stream(stream, modelled, units, dims, likelihood=None):
    """Likelihood of one stream in the current model.

    Parameters
    ----------
    stream : str
        Name in `pm_dalec.STREAMS`; the dataset holds it and its ``_unc``.
    modelled : TensorVariable
        What the model says, time in front.
    units : Dataset
    dims : tuple of str
    likelihood : str or Likelihood, optional
        Error model; that of the data by default.

    Returns
    -------
    TensorVariable
        Observed variable of the name of the stream.
    """
    likelihood = chosen(stream, units, likelihood)
    observed = np.asarray(units[stream].values, float)
    seen = np.isfinite(observed)
    given, kind = np.asarray(units[f"{stream}_unc"].values, float), kind_of(units, stream)
    lognormal = likelihood.kind == LOGNORMAL
    with np.errstate(invalid="ignore"):  # unseen ones are set aside below
        scale = scale_for(likelihood, observed, given, kind)
    notes.attach(likelihoods={**notes.of(pm.modelcontext(None)).likelihoods, stream: likelihood})
    return pm.CustomDist(
        stream,
        modelled,
        pm.Data(f"{stream}_sigma", np.where(seen, scale, 2.0 if lognormal else 1.0), dims=dims),
        pm.Data(f"{stream}_seen", seen.astype(float), dims=dims),
        logp=partial(_log_density, likelihood),
        random=partial(_draw, likelihood, len(dims)),
        observed=pm.Data(
            f"{stream}_data", np.where(seen, observed, 1.0 if lognormal else 0.0), dims=dims
        ),
        dims=dims,
    )


def chosen(stream, units, likelihood=None):
    """Error model of a stream: the one that is asked for, or that of the data, with its minimum.

    Parameters
    ----------
    stream : str
    units : Dataset
    likelihood : str or Likelihood, optional

    Returns
    -------
    Likelihood

    Raises
    ------
    ValueError
        If a log-normal or a factor meets observations that have no logarithm.
    """
    asked = None if likelihood is None else likelihood_of(likelihood)
    found = likelihood_by_data(units, stream, asked)
    if found.kind == LOGNORMAL:
        check_above_zero(stream, units, found.minimum)
    return found


def _log_density(likelihood, value, modelled, scale, seen):
    """Terms of the log-density of observations; zero where nothing was seen."""
    return log_density(likelihood, value, modelled, scale, seen, pt)


def _draw(likelihood, axes, modelled, scale, seen, rng=None, size=None):
    """Observations of the predictive distribution, also where nothing was seen."""
    return noisy(likelihood, modelled, scale, rng, time_axis=-axes, size=size)

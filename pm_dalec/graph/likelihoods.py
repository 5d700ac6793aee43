"""Likelihoods of observation streams, with a mask, in a PyMC model."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from pm_dalec.data.land import averages_of
from pm_dalec.data.messages import everywhere
from pm_dalec.data.uncertainties import kind_of
from pm_dalec.errors.densities import log_density
from pm_dalec.errors.likelihood import LOGNORMAL
from pm_dalec.errors.noise import noisy
from pm_dalec.errors.scales import scale_for
from pm_dalec.graph import notes
from pm_dalec.graph.distribution import Functions, FunctionsDist
from pm_dalec.physics.observation_operators import averaged, seen_by
from pm_dalec.tables import dims

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pm_dalec.errors.likelihood import Likelihood
    from pm_dalec.graph.verbs import Carbon


def add_observations(streams: Mapping[str, Likelihood], carbon: Carbon) -> None:
    """Put likelihoods of observation streams into the model: observed variables of their names.

    Parameters
    ----------
    streams : mapping of str to Likelihood
        From `Choices.streams_in` of the same units; they hold each stream and its ``_unc``.
    carbon : Carbon

    Raises
    ------
    ValueError
        If nothing of a stream was observed.
    """
    units = carbon.weather.units
    where = (dims.TIME, *dims.space_of(units))
    for stream, likelihood in streams.items():
        observed, given = (
            np.asarray(units[name].transpose(*where).values, float)
            for name in (stream, f"{stream}_unc")
        )
        seen, lognormal = np.isfinite(observed), likelihood.kind == LOGNORMAL
        if not seen.any():
            raise ValueError(
                f"wanted at least one observation of {stream!r}, got only NaN ({everywhere(units)}); "
                "leave the stream out: name the others with streams=('lai',), or sample "
                "models.constrained_prior"
            )
        with np.errstate(invalid="ignore"):  # unseen ones are set aside below
            scale = scale_for(likelihood, observed, given, kind_of(units, stream))
        scale = np.where(seen, scale, 2.0 if lognormal else 1.0)
        value = np.where(seen, observed, 1.0 if lognormal else 0.0)
        FunctionsDist(
            stream,
            averaged(seen_by(stream, carbon), averages_of(units, stream), pt),
            pm.Data(f"{stream}_sigma", scale, dims=where),
            pm.Data(f"{stream}_seen", seen.astype(float), dims=where),
            functions=Functions(
                partial(_log_density, likelihood), partial(_draw, likelihood, len(where))
            ),
            observed=pm.Data(f"{stream}_data", value, dims=where),
            dims=where,
        )
        units = units.assign({stream: units[stream].assign_attrs(likelihood=str(likelihood))})
    notes.attach(units=units, likelihoods=dict(streams))


def _log_density(likelihood, value, modelled, scale, seen):
    """Terms of the log-density of observations; zero where nothing was seen."""
    return log_density(likelihood, value, modelled, scale, seen, pt)


def _draw(likelihood, axes, modelled, scale, seen, rng=None, size=None):
    """Observations of the predictive distribution, also where nothing was seen."""
    return noisy(likelihood, modelled, scale, rng, time_axis=-axes, size=size)

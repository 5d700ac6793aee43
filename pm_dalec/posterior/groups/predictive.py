"""Predictive draws: what would be observed if a draw were true, with the error of the observations."""

from __future__ import annotations

import numpy as np
import xarray as xr

from pm_dalec.errors.likelihood import likelihood_of
from pm_dalec.errors.noise import noisy
from pm_dalec.posterior.groups.observed import parts_of_units
from pm_dalec.tables.streams import STREAMS

DRAWN = ("posterior", "prior")


def predictive(observed: xr.Dataset, said: xr.Dataset, seed: int, group: str) -> xr.Dataset:
    """Draws of observations, with the noise of their likelihood.

    Parameters
    ----------
    observed : Dataset
        From `observed_data`, of the same group.
    said : Dataset
        From `modelled`, of the same group.
    seed : int
        That of the fit decides the noise, so that it is the same when it is made again.
    group : {"posterior", "prior"}

    Returns
    -------
    Dataset
        As ``said``, with units.
    """
    found = {}
    for stream, values in said.items():
        seen, says = observed[stream], np.moveaxis(values.values, -1, 0)
        likelihood = likelihood_of(seen.attrs["likelihood"])
        parts = parts_of_units(seen) if likelihood.correlation else [slice(None)]
        scale = seen[f"{stream}_scale"].values[:, np.newaxis, np.newaxis]
        key = (seed, DRAWN.index(group), list(STREAMS).index(stream))
        random, scale = np.random.default_rng(key), np.broadcast_to(scale, says.shape)
        drawn = [noisy(likelihood, says[part], scale[part], random) for part in parts]
        whole = np.moveaxis(np.concatenate(drawn), 0, -1)
        found[stream] = values.copy(data=whole).assign_attrs(units=seen.attrs["units"])
    return xr.Dataset(found)

"""Predictive draws: what would be observed if a draw were true, with the error of the observations."""

from __future__ import annotations

import numpy as np
import xarray as xr

from pm_dalec.errors.noise import noisy
from pm_dalec.posterior.groups.observed import seen_in
from pm_dalec.tables.streams import STREAMS

DRAWN = ("posterior", "prior")


def predictive(fit: xr.DataTree, said: xr.Dataset, group: str) -> xr.Dataset:
    """Draws of the observations of a fit, with the noise of its likelihood.

    Parameters
    ----------
    fit : DataTree
        Its attribute ``seed`` decides the noise, so that it is the same when it is made again.
    said : Dataset
        From `modelled`, of the same group.
    group : {"posterior", "prior"}

    Returns
    -------
    Dataset
        As ``said``, with units.
    """
    draws, units = fit[group].to_dataset(), fit["constant_data"].to_dataset()
    seed, found = int(fit.attrs.get("seed", 0)), {}
    for stream, values in said.items():
        key = (seed, DRAWN.index(group), list(STREAMS).index(stream))
        seen = seen_in(draws, units, stream)
        random, says = np.random.default_rng(key), np.moveaxis(values.values, -1, 0)
        scale = np.broadcast_to(seen.scale.values[:, None, None], says.shape)
        parts = seen.units() if seen.likelihood.correlation else [slice(None)]
        drawn = [noisy(seen.likelihood, says[part], scale[part], random) for part in parts]
        whole = np.moveaxis(np.concatenate(drawn), 0, -1)
        found[stream] = values.copy(data=whole).assign_attrs(seen.value.attrs)
    return xr.Dataset(found)

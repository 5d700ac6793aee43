"""Log-likelihood of every observation under every draw."""

from __future__ import annotations

import numpy as np
import xarray as xr

from pm_dalec.errors.densities import pointwise
from pm_dalec.posterior.groups.observed import modelled, seen_in
from pm_dalec.posterior.runs import expect_fit


def log_likelihood(fit: xr.DataTree) -> xr.Dataset:
    """Log-likelihood of every observation under every draw, for `arviz.loo` and its kin.

    Parameters
    ----------
    fit : DataTree

    Returns
    -------
    Dataset
        One variable a stream on its observations alone: dims (chain, draw, {stream}_time) of a site,
        (chain, draw, {stream}_observation) of a region, where each observation belongs to one unit.

    Notes
    -----
    Biomass maps of two years share their error (PRODUCTS, 2.2): leaving out one of two is no test, unless
    their errors are correlated in the likelihood too; each is then conditional on the others of its unit.
    """
    expect_fit(fit, "observed_data", "constant_data")
    return log_density(fit, modelled(fit))


def log_density(fit: xr.DataTree, said: xr.Dataset) -> xr.Dataset:
    """Log-density of the observations of a fit.

    Parameters
    ----------
    fit : DataTree
    said : Dataset
        From `modelled`.
    """
    draws, units = fit["posterior"].to_dataset(), fit["constant_data"].to_dataset()
    found = {}
    for stream, values in said.items():
        seen = seen_in(draws, units, stream)
        says = np.moveaxis(values.values, -1, 0)
        value, scale = (each.values[:, None, None] for each in (seen.value, seen.scale))
        parts = seen.units() if seen.likelihood.correlation else [slice(None)]
        density = np.concatenate(
            [pointwise(seen.likelihood, value[part], says[part], scale[part]) for part in parts]
        )
        found[stream] = values.copy(data=np.moveaxis(density, 0, -1))
    return xr.Dataset(found)

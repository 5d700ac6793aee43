"""Log-likelihood of every observation under every draw."""

from __future__ import annotations

import numpy as np
import xarray as xr

from pm_dalec.errors.densities import pointwise
from pm_dalec.errors.likelihood import likelihood_of
from pm_dalec.posterior.groups.observed import modelled, observed_data, parts_of_units
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
    draws, units = fit["posterior"].to_dataset(), fit["constant_data"].to_dataset()
    observed = observed_data(draws, units, fit["observed_data"].data_vars)
    said = modelled(draws, units, observed, fit.attrs.get("solver", "converged"))
    return log_density(observed, said)


def log_density(observed: xr.Dataset, said: xr.Dataset) -> xr.Dataset:
    """Log-density of observations under every draw.

    Parameters
    ----------
    observed : Dataset
        From `observed_data`.
    said : Dataset
        From `modelled`.
    """
    found = {}
    for stream, values in said.items():
        seen, says = observed[stream], np.moveaxis(values.values, -1, 0)
        likelihood = likelihood_of(seen.attrs["likelihood"])
        parts = parts_of_units(seen) if likelihood.correlation else [slice(None)]
        value, scale = (
            each.values[:, np.newaxis, np.newaxis] for each in (seen, seen[f"{stream}_scale"])
        )
        density = np.concatenate(
            [pointwise(likelihood, value[part], says[part], scale[part]) for part in parts]
        )
        found[stream] = values.copy(data=np.moveaxis(density, 0, -1))
    return xr.Dataset(found)

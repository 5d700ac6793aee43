"""Log-likelihood of every observation under every draw."""

from __future__ import annotations

import xarray as xr

from pm_dalec.errors.densities import pointwise
from pm_dalec.errors.likelihood import GAUSSIAN, likelihood_of
from pm_dalec.physics.observation_operators import seen_by
from pm_dalec.posterior.runs import expect_fit, labels_of, run_of
from pm_dalec.tables import dims
from pm_dalec.tables.streams import STREAMS


def log_likelihood(fit: xr.DataTree) -> xr.Dataset:
    """Log-likelihood of every observation under every draw, for `arviz.loo` and its kin.

    Parameters
    ----------
    fit : DataTree

    Returns
    -------
    Dataset
        One variable a stream, dims (chain, draw, time[, stratum][, pixel]); NaN where nothing was seen.

    Notes
    -----
    Biomass maps of two years share their error (PRODUCTS, 2.2): leaving out one of two is no test, unless
    their errors are correlated in the likelihood too; each is then conditional on the others.
    """
    expect_fit(fit, "observed_data", "constant_data")
    observed, units = fit["observed_data"].to_dataset(), fit["constant_data"].to_dataset()
    posterior = fit["posterior"].to_dataset()
    space = dims.space_of(posterior)
    run = run_of(posterior, units, fit.attrs["solver"])
    found = {}
    for stream in (name for name in STREAMS if name in observed):
        shape = (observed.sizes[dims.TIME], 1, 1, *(observed.sizes[name] for name in space))
        value, sigma = (
            observed[name].transpose(dims.TIME, *space).values.reshape(shape)
            for name in (stream, f"{stream}_unc")
        )
        likelihood = likelihood_of(observed[stream].attrs.get("likelihood", GAUSSIAN))
        density = pointwise(likelihood, value, seen_by(stream, run), sigma)
        found[stream] = ((dims.TIME, *dims.SAMPLE, *space), run.known(density))
    whole = xr.Dataset(found, coords=labels_of(posterior) | {dims.TIME: observed[dims.TIME]})
    return whole.transpose(*dims.SAMPLE, dims.TIME, *space)

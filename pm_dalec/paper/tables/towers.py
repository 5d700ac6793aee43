"""Table of towers: predicted against measured GPP, NEE and respiration of a calibrated site."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import xarray as xr

from pm_dalec.data.uncertainties import kind_of, likelihood_by_data
from pm_dalec.errors.noise import noisy
from pm_dalec.errors.scales import scale_for
from pm_dalec.posterior.metrics import determination, unit_metrics
from pm_dalec.posterior.trajectory import trajectories
from pm_dalec.tables import dims
from pm_dalec.tables.streams import operator_of

if TYPE_CHECKING:
    from collections.abc import Sequence

FLUXES = ("gpp", "nee", "reco")
PROBABILITY = 0.9  # of the intervals whose coverage is given
COLUMNS = ("flux", "months", "R2", "RMSE", "bias", "coverage", "coverage_model")


def measured_fluxes(site: xr.Dataset) -> dict[str, xr.DataArray]:
    """Measured fluxes of single steps by name; respiration is NEE plus GPP where it is not given.

    Parameters
    ----------
    site : Dataset

    Returns
    -------
    dict of str to DataArray [g m-2 d-1]
    """
    found = {n: site[n] for n in FLUXES if n in site and operator_of(site, n) is None}
    if "reco" not in found and {"gpp", "nee"} <= set(found):
        found["reco"] = found["nee"] + found["gpp"]
    return {name: values for name, values in found.items() if bool(values.notnull().any())}


def flux_table(
    fit: xr.DataTree, site: xr.Dataset, *, draws: int = 100, seed: int = 0
) -> pd.DataFrame:
    """Predicted against measured fluxes of a site, a row a flux.

    Parameters
    ----------
    fit : DataTree
        Of the site; its draws are run again.
    site : Dataset
        With what was measured, assimilated or not.
    draws : int
        Of each chain.
    seed : int
        Of the noise in predicted observations.

    Returns
    -------
    DataFrame
        Columns `COLUMNS`: number of measured steps; R2, the squared correlation of posterior medians and
        measurements; RMSE and bias, model minus measurement [g m-2 d-1]; share of the measurements inside
        the 90 % interval of predicted observations (with the noise of their error model; NaN where their
        uncertainty is not known), and inside that of the model alone [1].
    """
    measured = measured_fluxes(site)
    if not measured:
        return pd.DataFrame(columns=list(COLUMNS))
    runs = trajectories(fit, names=tuple(measured), draws=draws)
    rows = []
    for name, values in measured.items():
        modelled = runs[name].transpose(dims.TIME, *dims.SAMPLE)
        median = modelled.median(dims.SAMPLE)
        fitted = unit_metrics(median, values, xr.full_like(values, np.nan))
        rows.append(
            {
                "flux": name,
                "months": int(values.notnull().sum()),
                "R2": determination(median, values),
                "RMSE": float(fitted["rmse"]),
                "bias": float(fitted["bias"]),
                "coverage": _covered(_predicted(modelled, name, site, seed), values),
                "coverage_model": _covered(modelled.to_numpy(), values),
            }
        )
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _predicted(modelled, name, site, seed):
    """Draws of observations (time, chain, draw), or None where their uncertainty is not known."""
    if name not in site or f"{name}_unc" not in site:
        return None
    likelihood = likelihood_by_data(site, name)
    value, given = site[name].to_numpy(), site[f"{name}_unc"].to_numpy()
    scale = scale_for(likelihood, value, given, kind_of(site, name))
    scale = np.where(np.isfinite(scale), scale, 2.0)[:, None, None]  # unseen: not looked at
    return noisy(likelihood, modelled.to_numpy(), scale, np.random.default_rng(seed))


def _covered(draws, values):
    """Share of the measurements inside the equal-tailed interval of draws (time, chain, draw) [1]."""
    if draws is None:
        return float("nan")
    tails = ((1 - PROBABILITY) / 2, (1 + PROBABILITY) / 2)
    low, high = np.quantile(draws, tails, axis=(1, 2))
    seen = values.notnull().to_numpy()
    inside = (values.to_numpy() >= low) & (values.to_numpy() <= high)
    return float(inside[seen].mean())


def what_fluxes_change(table: pd.DataFrame, runs: Sequence[str]) -> pd.DataFrame:
    """Difference that assimilating the fluxes makes, a row a site and flux.

    Parameters
    ----------
    table : DataFrame
        Rows of `flux_table` with the columns ``site`` and ``run`` beside.
    runs : sequence of str
        Without and with the fluxes.

    Returns
    -------
    DataFrame
        With less without, of R2, RMSE, the size of the bias and both coverages.
    """
    numbers = ["R2", "RMSE", "bias", "coverage", "coverage_model"]
    without, within = (
        table[table["run"] == run].set_index(["site", "flux"])[numbers] for run in runs
    )
    without, within = (part.assign(bias=part["bias"].abs()) for part in (without, within))
    return (within - without).reset_index()

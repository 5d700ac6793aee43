"""Table of towers: predicted against measured GPP, NEE, respiration and leaf area of a calibrated site."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import xarray as xr

from pm_dalec.data.uncertainties import kind_of, likelihood_by_data
from pm_dalec.errors.noise import noisy
from pm_dalec.errors.scales import scale_for
from pm_dalec.posterior.metrics import determination, efficiency, unit_metrics
from pm_dalec.posterior.trajectory import trajectories
from pm_dalec.tables import dims
from pm_dalec.tables.numbers import whole_number
from pm_dalec.tables.streams import STREAMS, operator_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pm_dalec.tables.kinds import Array

FLUXES = ("gpp", "nee", "reco")
PROBABILITY = 0.9  # of the intervals whose coverage is given
LEAF_AREA = "lai"
NUMBERS = ("R2", "NSE", "RMSE", "bias", "coverage", "coverage_model")
COLUMNS = ("flux", "period", "months", *NUMBERS)
WHOLE, TRAIN, WITHHELD = "all", "train", "withheld"


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


def withhold_years(site: xr.Dataset, years: int) -> tuple[xr.Dataset, dict[str, Array]]:
    """Site without the observations of its last years, and which steps are in which period.

    Parameters
    ----------
    site : Dataset
    years : int
        At the end; 0 withholds nothing.

    Returns
    -------
    tuple of Dataset and dict of str to array of bool (time)
        What to calibrate, drivers untouched; periods as `flux_table` takes them. A stream that has no
        observation left is gone.

    Raises
    ------
    ValueError
        If no year is left to calibrate with.
    """
    calendar = site[dims.TIME].dt.year.values
    whole_number("years", years, least=0, advice="0 withholds nothing")
    if not years:
        return site, {WHOLE: np.ones(calendar.size, bool)}
    train = calendar <= calendar.max() - years
    if not train.any():
        raise ValueError(
            f"wanted fewer years to withhold than the {np.unique(calendar).size} of the site, got {years}; "
            "leave some to calibrate with"
        )
    seen, gone = {}, []
    for name in (name for name in STREAMS if name in site):
        parts = [part for part in (name, f"{name}_unc") if part in site]
        if bool(site[name][train].notnull().any()):
            seen |= {part: _only(site[part], train) for part in parts}
        else:
            gone += parts
    return site.assign(seen).drop_vars(gone), {TRAIN: train, WITHHELD: ~train}


def _only(values, steps):
    """Values in these steps, NaN in the others."""
    return values.where(xr.DataArray(steps, dims=dims.TIME)).assign_attrs(values.attrs)


def flux_table(
    fit: xr.DataTree,
    site: xr.Dataset,
    *,
    periods: Mapping[str, Array] | None = None,
    draws: int = 100,
    seed: int = 0,
) -> pd.DataFrame:
    """Predicted against measured fluxes and leaf area of a site, a row a flux and period.

    Parameters
    ----------
    fit : DataTree
        Of the site; its draws are run again.
    site : Dataset
        With what was measured, assimilated or not.
    periods : mapping of str to array of bool (time), optional
        Steps that are judged together, as from `withhold_years`; all of them by default.
    draws : int
        Of each chain.
    seed : int
        Of the noise in predicted observations.

    Returns
    -------
    DataFrame
        Columns `COLUMNS`: number of measured steps; R2, the squared correlation of posterior medians and
        measurements; NSE, the efficiency of Nash and Sutcliffe (1970) [1]; RMSE and bias, model minus
        measurement [g m-2 d-1, m2 m-2 of leaf area]; share of the measurements inside
        the 90 % interval of predicted observations (with the noise of their error model; NaN where their
        uncertainty is not known), and inside that of the model alone [1].
    """
    measured = measured_fluxes(site)
    if LEAF_AREA in site and bool(site[LEAF_AREA].notnull().any()):
        measured[LEAF_AREA] = site[LEAF_AREA]
    if not measured:
        return pd.DataFrame(columns=list(COLUMNS))
    periods = {WHOLE: np.ones(site.sizes[dims.TIME], bool)} if periods is None else periods
    runs = trajectories(fit, names=tuple(measured), draws=draws)
    rows = []
    for name, values in measured.items():
        modelled = runs[name].transpose(dims.TIME, *dims.SAMPLE)
        predicted = _predicted(modelled, name, site, seed)
        for period, steps in periods.items():
            row = _row(modelled, predicted, values, steps)
            rows.append({"flux": name, "period": period, **row})
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _row(modelled, predicted, values, steps):
    """Numbers of one flux in the steps of one period."""
    values = values.where(xr.DataArray(steps, dims=dims.TIME))
    median = modelled.median(dims.SAMPLE)
    fitted = unit_metrics(median, values, xr.full_like(values, np.nan))
    return {
        "months": int(values.notnull().sum()),
        "R2": determination(median, values),
        "NSE": efficiency(median, values),
        "RMSE": float(fitted["rmse"]),
        "bias": float(fitted["bias"]),
        "coverage": _covered(predicted, values),
        "coverage_model": _covered(modelled.to_numpy(), values),
    }


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
    if draws is None or not bool(values.notnull().any()):
        return float("nan")
    tails = ((1 - PROBABILITY) / 2, (1 + PROBABILITY) / 2)
    low, high = np.quantile(draws, tails, axis=(1, 2))
    seen = values.notnull().to_numpy()
    inside = (values.to_numpy() >= low) & (values.to_numpy() <= high)
    return float(inside[seen].mean())


def what_fluxes_change(table: pd.DataFrame, runs: Sequence[str]) -> pd.DataFrame:
    """Difference that assimilating the fluxes makes, a row a site, flux and period.

    Parameters
    ----------
    table : DataFrame
        Rows of `flux_table` with the columns ``site`` and ``run`` beside.
    runs : sequence of str
        Without and with the fluxes.

    Returns
    -------
    DataFrame
        With less without, of R2, NSE, RMSE, the size of the bias and both coverages.
    """
    without, within = (
        table[table["run"] == run].set_index(["site", "flux", "period"])[list(NUMBERS)]
        for run in runs
    )
    without, within = (part.assign(bias=part["bias"].abs()) for part in (without, within))
    return (within - without).reset_index()

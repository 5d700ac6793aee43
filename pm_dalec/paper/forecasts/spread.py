"""Who is to blame for the spread of the forecasts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import xarray as xr

from pm_dalec.forecasting.variance import (
    RANK,
    SHOWN,
    ensembles_by_pairing,
    partition,
    together,
)
from pm_dalec.paper.forecasts.runs import REFERENCES, SOLVERS

if TYPE_CHECKING:
    from collections.abc import Mapping

EFFECTS = {
    "approach": "baseline or strata",
    "scenario": "scenario",
    "reference": "climate reference",
    "solver": "stomatal solver",
    "pairing": "pairing of strata",
    RANK: "parameters",
}


def blame(forecasts: Mapping[object, xr.DataTree]) -> xr.Dataset:
    """Who is to blame for the spread of the gain of living carbon, year by year.

    Parameters
    ----------
    forecasts : mapping
        From `open_forecasts`.

    Returns
    -------
    Dataset
        As from `partition`, dims (effect, year), after the calibration.
    """
    keys = [key for key in forecasts if isinstance(key, tuple)]
    wanted = 2 * len(REFERENCES) * len(SOLVERS)
    if len(keys) < wanted:
        raise ValueError(
            f"wanted {wanted} forecasts of both approaches, references and solvers, got {len(keys)}; "
            "run `pm-dalec paper`"
        )
    ensembles = {key: ensembles_by_pairing(forecasts[key], "change_live") for key in keys}
    for effect in ("approach", "reference", "solver"):
        grouped = {}
        for key, array in ensembles.items():
            grouped.setdefault(key[1:], {})[key[0]] = array
        ensembles = {key: together(arrays, effect) for key, arrays in grouped.items()}
    whole = ensembles[()].isel(management=0, drop=True)
    end = int(forecasts[keys[0]].attrs["calibration_end"][:4])
    return partition(whole.sel(year=slice(end, None)), EFFECTS)


def table_blame(forecasts: Mapping[object, xr.DataTree]) -> pd.DataFrame:
    """Shares of the variance in 2030, 2050 and 2100 [%].

    Parameters
    ----------
    forecasts : mapping
        From `open_forecasts`.

    Returns
    -------
    DataFrame
        A row an effect; interactions without a share are left out.
    """
    found = blame(forecasts)
    shares = 100 * found["fraction"].sel(year=list(SHOWN))
    table = pd.DataFrame(shares.values, columns=[f"{year} (%)" for year in SHOWN])
    table.insert(0, "effect", shares["effect"].values)
    alone = ~table["effect"].str.contains(" x ")
    kept = table[alone | (table.iloc[:, 1:].max(axis=1) >= 0.05)]
    return kept.sort_values(f"{SHOWN[-1]} (%)", ascending=False).reset_index(drop=True)

"""Who is to blame for the spread of the forecasts.

The solver is that of the run on, with parameters that were fitted with the other: an upper limit, as a fit
with it would make up for a part. The set of constraints is that of the fit, whose units are sampled anew.
"""

from __future__ import annotations

from itertools import product
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
from pm_dalec.graph.choices import PAPER
from pm_dalec.paper.forecasts.runs import APPROACHES, REFERENCES, SOLVERS

if TYPE_CHECKING:
    from collections.abc import Mapping

COMPARED = ("approach", "reference", "solver", "constraints")
EFFECTS = {
    "approach": "baseline or strata",
    "scenario": "scenario",
    "reference": "climate reference",
    "solver": "stomatal solver",
    "constraints": "set of constraints",
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
        As from `partition`, dims (effect, year), after the calibration. The set of constraints is one
        of the effects where there are fits under another.
    """
    keys = [key for key in forecasts if isinstance(key, tuple)]
    sets = list(dict.fromkeys(constraints for *_, constraints in keys)) or [PAPER.constraints]
    wanted = product(APPROACHES, REFERENCES, SOLVERS, sets)
    lacking = [key for key in wanted if key not in forecasts]
    if lacking:
        raise ValueError(
            f"wanted forecasts of both approaches, references and solvers for the constraints "
            f"{', '.join(map(str, sets))}, got none of {', '.join(map(str, lacking[0]))} and "
            f"{len(lacking) - 1} others; run `pm-dalec paper`"
        )
    ensembles = {key: ensembles_by_pairing(forecasts[key], "change_live") for key in keys}
    for effect in COMPARED:
        grouped = {}
        for key, array in ensembles.items():
            grouped.setdefault(key[1:], {})[key[0]] = array
        ensembles = {key: together(arrays, effect) for key, arrays in grouped.items()}
    whole = ensembles[()].isel(management=0, drop=True)
    end = int(forecasts[keys[0]].attrs["calibration_end"][:4])
    effects = EFFECTS
    if len(sets) == 1:  # without refits there is nothing to say of it
        whole = whole.isel(constraints=0, drop=True)
        effects = {name: words for name, words in EFFECTS.items() if name != "constraints"}
    return partition(whole.sel(year=slice(end, None)), effects)


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

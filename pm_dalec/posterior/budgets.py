"""Scalar summaries of every draw of a fit."""

from __future__ import annotations

import xarray as xr

from pm_dalec.physics.summaries import summarised
from pm_dalec.posterior.runs import in_parts, labels_of, run_of, units_to_run
from pm_dalec.tables import dims
from pm_dalec.tables.summaries import BUDGET_UNITS

SERIES = 30  # of a run, that a budget looks at


def budget(fit: xr.DataTree, *, drivers: xr.Dataset | None = None) -> xr.Dataset:
    """Scalar summaries of every draw: the quantities of the paper's Table 2 and Figure 8.

    Parameters
    ----------
    fit : DataTree
    drivers : Dataset, optional
        Units dataset; that of the fit by default.

    Returns
    -------
    Dataset
        Dims (chain, draw[, stratum][, pixel]): ``gpp``, ``reco``, ``nee``, ``harvest``, ``fire``
        [g m-2 d-1], time-weighted means; ``lai`` [m2 m-2]; ``mean_wood`` [g m-2];
        ``change_live``, ``change_dead`` [g m-2], end minus start; ``residence_{pool}`` [yr];
        ``npp`` [g m-2 d-1], ``npp_{pool}_fraction`` [1].
    """
    units = units_to_run(fit, drivers)
    posterior = fit["posterior"].to_dataset()
    space, parts = (*dims.SAMPLE, *dims.space_of(posterior)), []
    for part in in_parts(posterior, units, SERIES):
        run = run_of(part, units, fit.attrs.get("solver", "converged"))
        values = summarised(run, units["step_days"].values)
        parts.append(xr.Dataset({name: (space, run.known(v)) for name, v in values.items()}))
    whole = xr.concat(parts, dims.DRAW).assign_coords(labels_of(posterior))
    for name in whole:
        whole[name].attrs["units"] = BUDGET_UNITS[name]
    return whole

"""Scalar summaries of every draw of a fit."""

from __future__ import annotations

import numpy as np
import xarray as xr

from pm_dalec.physics.numpy_run import run_numpy
from pm_dalec.physics.records import driver_arrays
from pm_dalec.physics.summaries import summarised
from pm_dalec.posterior.trajectory import BATCH, theta_of
from pm_dalec.tables import dims
from pm_dalec.tables.summaries import BUDGET_UNITS


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
    units = fit["constant_data"].to_dataset() if drivers is None else drivers
    posterior = fit["posterior"].to_dataset()
    space = dims.space_of(posterior)
    solver = fit.attrs.get("solver", "converged")
    parts = []
    lanes = posterior["initial_som"].size // posterior.sizes[dims.DRAW]
    size = max(1, BATCH // (30 * units.sizes[dims.TIME] * lanes))
    for start in range(0, posterior.sizes[dims.DRAW], size):
        part = posterior.isel(draw=slice(start, start + size))
        arrays, latitude = driver_arrays(units, space)
        theta = theta_of(part)
        run = run_numpy(arrays, latitude, theta, solver=solver)
        missing = np.isnan(theta.initial_som)  # strata that do not exist, units without a start
        values = summarised(run, units["step_days"].values)
        held = {name: np.where(missing, np.nan, value) for name, value in values.items()}
        parts.append(xr.Dataset({name: ((*dims.SAMPLE, *space), v) for name, v in held.items()}))
    whole = xr.concat(parts, dims.DRAW)
    coords = {name: posterior[name] for name in (*dims.SAMPLE, *space) if name in posterior.coords}
    whole = whole.assign_coords(coords)
    for name in whole:
        whole[name].attrs["units"] = BUDGET_UNITS[name]
    return whole

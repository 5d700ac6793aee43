"""What a fit says about fluxes and pools: trajectories of its draws, labelled.

A fit is an `xarray.DataTree` with the groups ``posterior`` (parameters in natural units),
``sample_stats``, ``constant_data`` (drivers), ``observed_data`` and ``log_likelihood``. `save` and
`load` keep it in a NetCDF file (``.nc``) or a zarr folder (``.zarr``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from pm_dalec.physics.numpy_run import run_numpy
from pm_dalec.physics.records import driver_arrays
from pm_dalec.tables import dims
from pm_dalec.tables.parameters import PARAMETERS, Theta
from pm_dalec.tables.variables import POOLS, VARIABLES

if TYPE_CHECKING:
    from collections.abc import Sequence

BATCH = 4_000_000  # values of one series held at a time


def described(array, name):
    """Data array with units and long name from the tables."""
    record = VARIABLES[name] if name in VARIABLES else PARAMETERS[name]
    words = getattr(record, "long_name", None) or record.meaning
    return array.assign_attrs(units=record.units, long_name=words, symbol=record.symbol)


def theta_of(posterior: xr.Dataset) -> Theta:
    """Parameters of a posterior as arrays with dims (chain, draw, [stratum,] pixel)."""
    order = (*dims.SAMPLE, *dims.space_of(posterior))
    return Theta(*(posterior[name].transpose(*order).values for name in Theta._fields))


def trajectories(
    fit: xr.DataTree,
    drivers: xr.Dataset | None = None,
    names: Sequence[str] = ("gpp", "nee", "lai", "wood"),
    *,
    draws: int | None = None,
) -> xr.Dataset:
    """Fluxes and pools of the draws of a fit.

    Parameters
    ----------
    fit : DataTree
        With ``posterior``; the solver is the one that the fit was made with.
    drivers : Dataset, optional
        Units dataset to run with; that of the fit by default.
    names : sequence of str
        Fluxes, pools and diagnostics of `pm_dalec.VARIABLES`. Pools are at the END of the
        step, fluxes means over it, LAI at its start.
    draws : int, optional
        Use about this many draws a chain, evenly spaced; all by default.

    Returns
    -------
    Dataset
        Dims (chain, draw, time[, stratum][, pixel]), units in the attributes.
    """
    for name in names:
        if VARIABLES[name].role == "driver":
            raise ValueError(
                f"wanted a flux, a pool or a diagnostic, got the driver {name!r} in names; read it "
                "from the dataset"
            )
    units = fit["constant_data"].to_dataset() if drivers is None else drivers
    posterior = fit["posterior"].to_dataset()
    if draws is not None:
        posterior = posterior.isel(draw=_evenly(posterior.sizes[dims.DRAW], draws))
    space = dims.space_of(posterior)
    solver = fit.attrs.get("solver", "converged")
    found = {name: [] for name in names}
    size = max(1, BATCH // max(1, posterior["initial_som"].size // posterior.sizes[dims.DRAW]))
    size = max(1, size // units.sizes[dims.TIME])
    for start in range(0, posterior.sizes[dims.DRAW], size):
        part = posterior.isel(draw=slice(start, start + size))
        for name, series in _run(units, theta_of(part), space, solver, names).items():
            found[name].append(series)
    order = (dims.TIME, *dims.SAMPLE, *space)
    coords = {name: posterior[name] for name in (*dims.SAMPLE, *space) if name in posterior.coords}
    coords |= {dims.TIME: units[dims.TIME]}
    out = {
        name: described(xr.DataArray(np.concatenate(parts, axis=2), dims=order), name)
        for name, parts in found.items()
    }
    return xr.Dataset(out, coords=coords).transpose(*dims.SAMPLE, dims.TIME, *space)


def _evenly(count, wanted):
    return np.unique(np.linspace(0, count - 1, min(count, wanted)).round().astype(int))


def _run(units, theta, space, solver, names):
    drivers, latitude = driver_arrays(units, space)
    run = run_numpy(drivers, latitude, theta, solver=solver)
    missing = np.isnan(theta.initial_som)
    return {
        name: np.where(
            missing,
            np.nan,
            getattr(run.pools, name)[1:] if name in POOLS else getattr(run.fluxes, name),
        )
        for name in names
    }

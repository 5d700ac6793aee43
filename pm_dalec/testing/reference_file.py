"""Drivers and observations of the groups of a reference file as a units dataset."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr

from pm_dalec.data.formats.columns import without_fills
from pm_dalec.data.standardised import labelled_site
from pm_dalec.data.time_axis import day_of_year_at_end
from pm_dalec.data.uncertainties import RULES_ATTRIBUTE
from pm_dalec.tables import dims
from pm_dalec.tables.streams import SOIL_PRIOR, SOIL_PRIOR_UNITS

_REFERENCE_DRIVERS = {
    "tmin": "driver_tmin",
    "tmax": "driver_tmax",
    "sw_rad": "driver_swrad",
    "co2": "driver_co2",
    "doy": "driver_doy",
    "vpd": "driver_vpd",
    "wind": "driver_wind",
    "forest_loss_fraction": "driver_clearance_fraction",
    "burned_fraction": "driver_burned_fraction",
}
_REFERENCE_STREAMS = {
    "lai": "obs_LAI",
    "cwood": "obs_Cwood_stock",
    "cfol": "obs_Cfol_stock",
    "croots": "obs_Croots_stock",
    "csom": "obs_Csom_stock",
    "gpp": "obs_GPP",
    "nee": "obs_NEE",
    "nbe": "obs_NBE",
    "reco": "obs_Reco",
}
# The invented sites of the reference files are said to be of 2014 to 2019
_START_YEARS = (2014, *range(1999, 2027))
_INITIAL_SOM = 23  # number of the initial soil carbon among the parameters of the reference files


def from_reference(path: str | Path, group: str) -> xr.Dataset:
    """Units dataset of one group of a reference file, with the numbers exactly as stored.

    The reference files count days from the start of the run. The calendar is that of the first
    start of a year, 2014 or any since 1999, with which the stored day of year fits; where none
    does, the run starts in 2001 and the stored day of year is kept. Nothing is checked: these files hold edge
    cases (no wind, no sun) on purpose.

    Parameters
    ----------
    path : str or path
        NetCDF-4 file with groups.
    group : str
        For instance ``"FI-Hyy"``, ``"inputs"``.

    Returns
    -------
    xarray.Dataset
        Drivers, and the observations and the soil prior that the group has.

    Raises
    ------
    FileNotFoundError, KeyError
        If there is no such file, group or driver.
    """
    stored = _open_group(path, group)
    absent = [
        name for name in (*_REFERENCE_DRIVERS.values(), "driver_run_day") if name not in stored
    ]
    if absent:
        raise KeyError(f"no variable {absent[0]!r} in group {group!r} of {path}; not a driver set")
    run_day = np.concatenate([[0.0], stored["driver_run_day"].to_numpy()])
    values = {name: stored[theirs].to_numpy() for name, theirs in _REFERENCE_DRIVERS.items()}
    values["step_days"] = np.diff(run_day)
    for name, theirs in _REFERENCE_STREAMS.items():
        if theirs in stored:
            seen = np.isfinite(without_fills(stored[theirs].to_numpy()))
            values[name] = np.where(seen, stored[theirs], np.nan)
            values[f"{name}_unc"] = np.where(seen, stored[f"{theirs}_uncertainty"], np.nan)
    edges = _calendar(run_day, values["doy"])
    units = labelled_site(values, edges, stored["latitude"].item(), site=group)
    units = units.assign(_soil_prior(stored))
    # their uncertainties are those that the executable used, after the rules of the R code
    return units.assign_attrs({"source_file": Path(path).name, RULES_ATTRIBUTE: "edinburgh2021"})


def _open_group(path, group):
    if not Path(path).is_file():
        raise FileNotFoundError(
            f"wanted a reference file, got no such file ({path}); check the path"
        )
    with xr.open_datatree(path, engine="h5netcdf", decode_times=False) as tree:
        groups = [name.strip("/") for name in tree.groups if name != "/"]
        if group.strip("/") not in groups:
            raise KeyError(f"no group {group!r} in {path}; there are {', '.join(groups)}")
        return tree[group].to_dataset().load()


def _calendar(run_day, doy):
    """Instants between the steps, from the days of the run and the stored day of year."""
    offset = np.round(run_day * 86_400_000).astype("timedelta64[ms]")

    def edges(year):
        return (np.datetime64(f"{year}-01-01", "ms") + offset).astype("datetime64[ns]")

    for year in _START_YEARS:
        bounds = np.stack([edges(year)[:-1], edges(year)[1:]], axis=1)
        ours = day_of_year_at_end(xr.DataArray(bounds, dims=(dims.TIME, "bnds")))
        if np.abs(ours.to_numpy() - doy).max() < 0.5:
            return edges(year)
    return edges(2001)


def _soil_prior(stored):
    if "prior_parameter" not in stored:
        return {}
    row = stored["prior_parameter"] == _INITIAL_SOM
    if not bool(row.any()):
        return {}
    names = {SOIL_PRIOR: "prior_mean", f"{SOIL_PRIOR}_unc": "prior_uncertainty"}
    return {
        ours: ((), stored[theirs].where(row, drop=True).item(), {"units": SOIL_PRIOR_UNITS})
        for ours, theirs in names.items()
    }

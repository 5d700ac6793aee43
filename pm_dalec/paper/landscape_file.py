"""The map of strata beside the fits of an experiment, for Figures 2 and A1."""

from __future__ import annotations

from pathlib import Path

import xarray as xr

LANDSCAPE = "landscape.nc"


def open_landscape(landscape: str | Path) -> xr.DataArray:
    """Map of strata from a twin, a map, a file or the folder of fits; None where there is no such file.

    Returns
    -------
    DataArray or None
        (lat, lon).
    """
    if landscape is None or isinstance(landscape, xr.DataArray):
        return landscape
    if isinstance(landscape, str | Path):
        path = Path(landscape)
        path = path / LANDSCAPE if path.is_dir() else path
        if not path.exists():
            return None
        with xr.open_dataset(path, engine="h5netcdf") as stored:
            return stored["stratum"].load()
    return landscape.fields["stratum"]


def save_landscape(twin, folder):
    """Write the map of strata of a twin beside the fits, for Figures 2 and A1."""
    path = Path(folder) / LANDSCAPE
    stratum = twin.fields["stratum"].reset_coords(drop=True)
    stratum.to_dataset(name="stratum").to_netcdf(path, engine="h5netcdf")
    return path

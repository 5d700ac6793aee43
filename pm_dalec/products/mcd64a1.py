"""MODIS MCD64A1 collection 6.1: burned area of each month on the 500 m sinusoidal grid.

Source: Giglio et al. (2018), LP DAAC. Burn date 0 unburned, 1-366 day of burning, -1 missing,
-2 water. Read from GeoTIFF, from the samples of AppEEARS, or from HDF4 with the optional package pyhdf.
The tag 0 for missing, which crops often carry, is not believed: 0 is unburned.

Verified on real GeoTIFF crops of tile h11v07 (grid, projection and names authentic, re-coded by their
distributor to 8 bits with 255 missing) and on synthetic files of the 16-bit coding and of HDF4. From
memory: the codes -1 and -2, and the tiles of the United Kingdom (h17v03, h18v03).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import xarray as xr

from pm_dalec.data import messages
from pm_dalec.products.modis import sinusoidal
from pm_dalec.products.modis.granules import found_granules
from pm_dalec.products.reading import rasters, told, windows, written

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pm_dalec.products.reading.windows import Window

PRODUCT = "MCD64A1 burned area"
COLLECTION = "061"
CRS = sinusoidal.CRS
GRID = windows.Grid(PRODUCT, (sinusoidal.STEP,) * 2, crs=CRS)
MISSING, WATER = -1, -2
BURN_DATE = "Burn Date"
LAST_DAY = 366
LARGEST_BYTE = 254  # 8-bit copies keep 255 for missing, and no later day

_EXAMPLE = "MCD64A1.A2014182.h17v03.061.2021309000505_Burn_Date.tif"
_CODING = rasters.Coding(dtypes=("int16", "uint8"))


def open_mcd64a1(
    path_or_paths: str | Path | Sequence[str | Path], *, window: Window
) -> xr.DataArray:
    """Cells that burned in each month of a series of files.

    Parameters
    ----------
    path_or_paths : str, Path or list of them
        Folder or files (GeoTIFF, NetCDF of AppEEARS, HDF4) with the distributor's names; tiles of one
        month are put together.
    window : tuple of float
        West, south, east, north [degrees]; only the bounds of this part are read.

    Returns
    -------
    xarray.DataArray
        ``burned`` (time, y, x) [1]: 1 burned in the month, 0 not, NaN missing or water. Time is the
        start of the month.
    """
    window = windows.checked_window(window, product=PRODUCT)
    granules = found_granules(
        path_or_paths,
        product=PRODUCT,
        names=("MCD64A1",),
        collections=(COLLECTION,),
        example=_EXAMPLE,
    )
    months = {}
    for each in granules:
        months.setdefault(_checked_month(each), []).append(each)
    layers = [_one_month(here, window, month) for month, here in sorted(months.items())]
    time = xr.DataArray(pd.DatetimeIndex(sorted(months)), dims="time", name="time")
    with told.on_same_cells(PRODUCT, where=f"folder {granules[0].path.parent}"):
        burned = xr.concat(layers, dim=time, join="exact")
    windows.expect_some(burned, product=PRODUCT, where=f"window {tuple(window)}")
    burned.attrs.update(
        product=PRODUCT,
        product_version=f"collection {COLLECTION}",
        crs=windows.WGS84 if "lat" in burned.dims else CRS,
        source="Giglio et al. (2018), MCD64A1 v061, LP DAAC",
        verified_on="real 8-bit GeoTIFF crops of h11v07; synthetic 16-bit GeoTIFF and HDF4",
    )
    return burned


def _checked_month(granule):
    if granule.day.day != 1:
        raise ValueError(
            messages.sentence(
                PRODUCT,
                wanted="a name with the first day of a month (A2014001, A2014032, ...)",
                came=f"A{granule.day:%Y%j}",
                where=f"file {granule.path}",
                do="keep the distributor's file name",
            )
        )
    return granule.day


def _one_month(granules, window, month):
    where = ", ".join(each.path.name for each in granules[:3])
    piece = sinusoidal.window_of(granules, BURN_DATE, window, product=PRODUCT, coding=_CODING)
    dates = piece.values[0]
    last = LARGEST_BYTE if dates.dtype == np.uint8 else LAST_DAY
    missing = (dates == MISSING) | (dates == WATER)
    missing |= rasters.untold(dates, piece.tags, valid=(0, last))
    burned = (dates > 0) & ~missing
    _check_dates(dates, burned, missing, month, where)
    values = np.where(missing, np.float32(np.nan), burned.astype("float32"))
    return rasters.as_array(
        values, piece, name="burned", units="1", long_name="burned in the month"
    )


def _check_dates(dates, burned, missing, month, where):
    first, last = month.day_of_year, month.day_of_year + month.days_in_month - 1
    wrong = (burned & ((dates < first) | (dates > last))) | ((dates < 0) & ~missing)
    if wrong.any():
        raise ValueError(
            messages.sentence(
                PRODUCT,
                wanted=f"burn dates from {first} to {last}, or 0, -1, -2",
                came=f"{int(wrong.sum())} cells such as {int(dates[wrong][0])}",
                where=f"file {where}",
                do="check that this is the layer 'Burn Date' of this month",
            )
        )


def write_mcd64a1(folder, burned, *, tile="h17v03"):
    """Write months as GeoTIFF files of the product, 16-bit burn dates.

    Parameters
    ----------
    folder : str or Path
        Existing target folder.
    burned : xarray.DataArray
        As `open_mcd64a1` returns; 1 is written as the middle day of the month, NaN as -1.
    tile : str
        Tile for the names.

    Returns
    -------
    list of Path
    """
    paths = []
    for month in pd.DatetimeIndex(burned["time"].values):
        here = burned.sel(time=month, drop=True)
        coded = xr.where(here > 0, month.day_of_year + 14, 0).where(here.notnull(), MISSING)
        name = f"MCD64A1.A{month:%Y%j}.{tile}.{COLLECTION}.2021309000000_Burn_Date.tif"
        paths.append(written.write_geotiff(Path(folder) / name, [coded], crs=CRS, dtype="int16"))
    return paths

"""MODIS MCD64A1 collection 6.1: burned area of each month on the 500 m sinusoidal grid.

Source: Giglio et al. (2018), LP DAAC. Burn date 0 unburned, 1-366 day of burning, -1 missing,
-2 water. Read from pre-converted GeoTIFF, or from HDF4 with the optional package pyhdf
(``pip install pm_dalec[hdf4]``), because the wheels of rasterio have no HDF4 driver.

Verified on real GeoTIFF crops of tile h11v07 (grid, projection and names authentic, re-coded by their
distributor to 8 bits with 255 missing) and on synthetic files of the 16-bit coding and of HDF4. From
memory: the codes -1 and -2, and the tiles of the United Kingdom (h17v03, h18v03).
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import xarray as xr

from pm_dalec.data import messages
from pm_dalec.products.reading import rasters, windows
from pm_dalec.products.reading.files import found_files

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pm_dalec.products.reading.windows import Window

PRODUCT = "MCD64A1 burned area"
COLLECTION = "061"
RADIUS = 6371007.181  # [m] sphere of the sinusoidal grid
CRS = f"+proj=sinu +lon_0=0 +x_0=0 +y_0=0 +R={RADIUS} +units=m +no_defs"
CELLS = 2400  # cells along a side of a tile
TILE = 2 * np.pi * RADIUS / 36  # [m]
STEP = TILE / CELLS  # 463.3127 m
GRID = windows.Grid(PRODUCT, (STEP, STEP), crs=CRS)
MISSING, WATER = -1, -2
BURN_DATE = "Burn Date"

_NAME = r"MCD64A1\.A(\d{4})(\d{3})\.h(\d{2})v(\d{2})\.(\d{3})(?:\.\d+)?(?:_Burn_Date)?\.(tif|hdf)"
_EXAMPLE = "MCD64A1.A2014182.h17v03.061.2021309000505_Burn_Date.tif"


def open_mcd64a1(
    path_or_paths: str | Path | Sequence[str | Path], *, window: Window
) -> xr.DataArray:
    """Cells that burned in each month of a series of files.

    Parameters
    ----------
    path_or_paths : str, Path or list of them
        Folder or files (GeoTIFF or HDF4) with the distributor's names; tiles of one month are put
        together.
    window : tuple of float
        West, south, east, north [degrees]; only the bounds of this part are read.

    Returns
    -------
    xarray.DataArray
        ``burned`` (time, y, x) [1]: 1 burned in the month, 0 not, NaN missing or water. Time is the
        start of the month.
    """
    window = windows.checked_window(window, product=PRODUCT)
    found = found_files(path_or_paths, product=PRODUCT, pattern=_NAME, example=_EXAMPLE)
    months = {}
    for path, match in found:
        months.setdefault(_checked_month(path, match), []).append((path, match))
    layers = [_one_month(files, window, month) for month, files in sorted(months.items())]
    time = xr.DataArray(pd.DatetimeIndex(sorted(months)), dims="time", name="time")
    burned = xr.concat(layers, dim=time, join="exact")
    windows.expect_some(burned, product=PRODUCT, where=f"window {tuple(window)}")
    burned.attrs.update(
        product=PRODUCT,
        product_version=f"collection {COLLECTION}",
        crs=CRS,
        source="Giglio et al. (2018), MCD64A1 v061, LP DAAC",
        verified_on="real 8-bit GeoTIFF crops of h11v07; synthetic 16-bit GeoTIFF and HDF4",
    )
    return burned


def _checked_month(path, match):
    where = f"file {path}"
    if match[5] != COLLECTION:
        raise ValueError(
            messages.sentence(
                PRODUCT,
                wanted=f"collection {COLLECTION}",
                came=match[5],
                where=where,
                do="download collection 6.1",
            )
        )
    start = pd.Timestamp(int(match[1]), 1, 1) + pd.Timedelta(days=int(match[2]) - 1)
    if start.day != 1 or start.year != int(match[1]):
        raise ValueError(
            messages.sentence(
                PRODUCT,
                wanted="a name with the first day of a month (A2014001, A2014032, ...)",
                came=f"A{match[1]}{match[2]}",
                where=where,
                do="keep the distributor's file name",
            )
        )
    return start


def _one_month(files, window, month):
    rasters_of_month = [path for path, match in files if match[6] == "tif"]
    archives = [(path, match) for path, match in files if match[6] == "hdf"]
    where = ", ".join(path.name for path, _ in files[:3])
    if archives:
        piece = _from_archives(archives, window, where)
    else:
        piece = rasters.read_tiles(
            rasters_of_month,
            window,
            product=PRODUCT,
            crs=CRS,
            step=STEP,
            dtypes=("int16", "uint8"),
        )
    dates = piece.values[0]
    missing = (dates == MISSING) | (dates == WATER)
    if piece.nodata is not None:
        missing |= dates == piece.nodata
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


def _from_archives(archives, window, where):
    """Window of HDF4 tiles, whose place follows from the tile's numbers."""
    if find_spec("pyhdf") is None:
        raise ModuleNotFoundError(
            messages.sentence(
                PRODUCT,
                wanted="the package pyhdf for HDF4 files",
                came="none",
                where=f"file {where}",
                do="pip install pm_dalec[hdf4], or convert the files to GeoTIFF",
            )
        )
    bounds = windows.projected_bounds(window, windows.crs_of(CRS))
    pieces = [_read_archive(path, match, bounds) for path, match in archives]
    pieces = [piece for piece in pieces if piece is not None]
    return rasters.joined(pieces, bounds, step=STEP, product=PRODUCT, where=f"files {where}")


def _read_archive(path, match, bounds):
    from pyhdf.error import HDF4Error
    from pyhdf.SD import SD

    left, bottom, right, top = bounds
    x = (int(match[3]) - 18) * TILE + (np.arange(CELLS) + 0.5) * STEP
    y = (9 - int(match[4])) * TILE - (np.arange(CELLS) + 0.5) * STEP
    columns = windows.overlapping(x, left, right, step=STEP)
    rows = windows.overlapping(y, bottom, top, step=STEP)
    if not (columns.size and rows.size):
        return None
    try:
        archive = SD(str(path))
        layer = archive.select(BURN_DATE)
    except HDF4Error as error:
        raise ValueError(
            messages.sentence(
                PRODUCT,
                wanted=f"an HDF4 file with the layer '{BURN_DATE}'",
                came=f"one that does not open so: {error}",
                where=f"file {path}",
                do="download it again",
            )
        ) from error
    start = (int(rows[0]), int(columns[0]))
    values = np.asarray(layer.get(start=start, count=(rows.size, columns.size)))
    archive.end()
    values = values.reshape(rows.size, columns.size)
    return rasters.Piece(values[None], x[columns], y[rows], windows.crs_of(CRS), None)


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
        paths.append(rasters.write_geotiff(Path(folder) / name, [coded], crs=CRS, dtype="int16"))
    return paths

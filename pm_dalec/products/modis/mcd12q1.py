"""MODIS land cover of a year at 500 m: MCD12Q1 collection 6.1, classes of the IGBP.

Source: Friedl and Sulla-Menashe (2022), LP DAAC. Layer ``LC_Type1``: 1 to 17 as the IGBP has them,
255 unclassified. The other layers number the same land otherwise and are refused by their names.

Verified on synthetic files only, written by `write_mcd12q1`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import xarray as xr

from pm_dalec.products import legends
from pm_dalec.products.modis import sinusoidal
from pm_dalec.products.modis.granules import found_granules
from pm_dalec.products.reading import files, rasters, windows, written

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pm_dalec.products.reading.windows import Window

PRODUCT = "MODIS land cover"
LAYER = "LC_Type1"
COLLECTIONS = ("061", "006")
GRID = windows.Grid(PRODUCT, (sinusoidal.STEP,) * 2, crs=sinusoidal.CRS)

_EXAMPLE = "MCD12Q1.061_LC_Type1_doy2014001_aid0001.tif"
_CODING = rasters.Coding()


def open_mcd12q1(
    path_or_paths: str | Path | Sequence[str | Path], *, window: Window, year: int | None = None
) -> xr.Dataset:
    """Land cover of a year in a window, with the class of LCM2015 that each class joins.

    Parameters
    ----------
    path_or_paths : str, Path or list of them
        Folder or files with the layer ``LC_Type1``, as GeoTIFF, NetCDF or HDF4.
    window : tuple of float
        West, south, east, north [degrees]; only the bounds of this part are read.
    year : int, optional
        Of the map; needed where there are maps of several.

    Returns
    -------
    xarray.Dataset
        ``igbp_class`` and ``land_cover`` (y, x), or (lat, lon) for geographic samples, uint8, the
        latter in codes of LCM2015.
    """
    window = windows.checked_window(window, product=PRODUCT)
    granules = found_granules(
        path_or_paths,
        product=PRODUCT,
        names=("MCD12Q1",),
        collections=COLLECTIONS,
        example=_EXAMPLE,
    )
    years = {each.day.year for each in granules}
    folder = granules[0].path.parent
    known = {folder / str(each): (each,) for each in sorted(years)}
    _, (year,) = files.of_year(known, year, product=PRODUCT)
    here = [each for each in granules if each.day.year == year]
    piece = sinusoidal.window_of(here, LAYER, window, product=PRODUCT, coding=_CODING)
    where = f"file {here[0].path}"
    words = {"units": "1", "long_name": "IGBP class"}
    classes = rasters.as_array(piece.values[0], piece, name="igbp_class", **words)
    maps = legends.with_cover(classes, legends.IGBP, product=PRODUCT, where=where)
    cover = maps["land_cover"]
    windows.expect_some(cover.where(cover > 0), product=PRODUCT, where=f"window {tuple(window)}")
    return maps.assign_attrs(
        product=PRODUCT,
        product_version=f"MCD12Q1 collection {here[0].collection}, {year}",
        year=year,
        crs=windows.WGS84 if piece.crs.is_geographic else sinusoidal.CRS,
        source="Friedl and Sulla-Menashe (2022), LP DAAC",
        verified_on="synthetic files only",
    )


def write_mcd12q1(folder, classes, *, year, tile="h17v03"):
    """Write a map of IGBP classes as a GeoTIFF file of the product.

    Parameters
    ----------
    folder : str or Path
        Existing target folder.
    classes : xarray.DataArray
        (y, x) codes of the IGBP on the sinusoidal grid.
    year : int
        Of the map.
    tile : str
        For the name.

    Returns
    -------
    list of Path
    """
    name = f"MCD12Q1.A{year}001.{tile}.061.2022146031812_{LAYER}.tif"
    path = Path(folder) / name
    return [written.write_geotiff(path, [classes], crs=sinusoidal.CRS, dtype="uint8", nodata=255)]

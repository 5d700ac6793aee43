"""Copernicus Global Land Cover at 100 m (LC100), versions 2 and 3: the discrete classification.

Source: Buchhorn et al. (2020), zenodo 3939050 (2019) and its kin of 2015 to 2018: one global GeoTIFF a year
or tiles of 20 degrees, 1/1008 degree, 8-bit codes, 0 unknown, 255 no data. Cover fractions and the other
layers of the same year are refused by their names.

Verified on synthetic files only, written by `write_lc100`.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import xarray as xr

from pm_dalec.products import legends
from pm_dalec.products.reading import files, rasters, windows, written

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pm_dalec.products.reading.windows import Window

PRODUCT = "Copernicus LC100"
STEP = 1 / 1008  # [degree]
GRID = windows.Grid(PRODUCT, (STEP, STEP))

_NAME = r"(?i:.*LC100.*discrete[-_]classification(?![-_]proba).*\.tiff?)"
_YEAR = re.compile(r"(?<!\d)(20\d{2})(?!\d)")
_VERSION = re.compile(r"v(\d+\.\d+\.\d+)")
_EXAMPLE = "PROBAV_LC100_global_v3.0.1_2019-nrt_Discrete-Classification-map_EPSG-4326.tif"


def open_lc100(
    path_or_paths: str | Path | Sequence[str | Path], *, window: Window, year: int | None = None
) -> xr.Dataset:
    """Land cover of a year in a window, with the class of LCM2015 that each class joins.

    Parameters
    ----------
    path_or_paths : str, Path or list of them
        Folder or files, global or tiles, with the distributor's names.
    window : tuple of float
        West, south, east, north [degrees]; only this part is read.
    year : int, optional
        Of the map; needed where there are maps of several.

    Returns
    -------
    xarray.Dataset
        ``lc100_class`` and ``land_cover`` (lat, lon) uint8, the latter in codes of LCM2015.
    """
    window = windows.checked_window(window, product=PRODUCT)
    found = files.found_files(path_or_paths, product=PRODUCT, pattern=_NAME, example=_EXAMPLE)
    known = {path: _year_and_version(path) for path, _ in found}
    paths = {facts: [p for p, those in known.items() if those == facts] for facts in known.values()}
    firsts = {those[0]: facts for facts, those in paths.items()}
    first, facts = files.of_year(firsts, year, product=PRODUCT)
    piece = rasters.read_tiles(
        paths[firsts[first]], window, product=PRODUCT, crs=windows.WGS84, step=STEP
    )
    words = {"units": "1", "long_name": "class of LC100"}
    classes = rasters.as_array(piece.values[0], piece, name="lc100_class", **words)
    maps = legends.with_cover(classes, legends.LC100, product=PRODUCT, where=f"file {first}")
    cover = maps["land_cover"]
    windows.expect_some(cover.where(cover > 0), product=PRODUCT, where=f"window {tuple(window)}")
    return maps.assign_attrs(
        product=PRODUCT,
        product_version=f"v{facts[1]}, {facts[0]}",
        year=facts[0],
        crs=windows.WGS84,
        source="Buchhorn et al. (2020), Copernicus Global Land Service",
        verified_on="synthetic files only",
    )


def _year_and_version(path):
    year, version = _YEAR.search(_VERSION.sub(" ", path.name)), _VERSION.search(path.name)
    epoch = re.search(r"epoch(20\d{2})", path.name)
    year = epoch or year
    return int(year[1]) if year else None, version[1] if version else "unknown"


def write_lc100(folder, classes, *, year=2019):
    """Write a map of classes as a GeoTIFF file of the product.

    Parameters
    ----------
    folder : str or Path
        Existing target folder.
    classes : xarray.DataArray
        (lat, lon) codes of the product.
    year : int
        Of the map.

    Returns
    -------
    list of Path
    """
    name = _EXAMPLE.replace("2019-nrt", f"{year}-conso")
    path = Path(folder) / name
    return [written.write_geotiff(path, [classes], crs=windows.WGS84, dtype="uint8", nodata=255)]

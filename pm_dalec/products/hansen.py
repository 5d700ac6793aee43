"""Hansen Global Forest Change: year of tree-cover loss at 0.00025 degree.

Source: Hansen et al. (2013); storage.googleapis.com/earthenginepartners-hansen, CC BY 4.0. 10 degree
tiles named by their top-left corner. Detection changed from 2011 on: the loss series has no trend
that means anything. No threshold of tree cover is applied, as in the authors' code.

Verified on real crops of version 1.11 (2023: 8-bit codes, grid) and on synthetic files of version
1.7. Crops often carry the tag 0 for missing: 0 is a code of every layer, and is read as such. From memory: the codes of ``datamask`` (0 none, 1 land, 2 water).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from pm_dalec.data import messages
from pm_dalec.products.biomass import tile_name
from pm_dalec.products.reading import files, rasters, windows, written

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pm_dalec.products.reading.windows import Window

PRODUCT = "Hansen forest change"
VERSION = "GFC-2019-v1.7"
LAYERS = ("lossyear", "treecover2000", "datamask", "gain")
STEP = 0.00025  # [degree]
GRID = windows.Grid(PRODUCT, (STEP, STEP))
FIRST_YEAR = 2001

_NAME = r"Hansen_(GFC-\d{4}-v[\d.]+)_(\w+)_(\d{2}[NS])_(\d{3}[EW])\.tiff?"
_EXAMPLE = f"Hansen_{VERSION}_lossyear_60N_010W.tif"
_LABELS = {
    "lossyear": ("1", "calendar year of tree-cover loss, 0 where none"),
    "treecover2000": ("percent", "tree canopy cover in 2000"),
    "datamask": ("1", "0 no data, 1 land, 2 water"),
    "gain": ("1", "tree-cover gain 2000-2012"),
}


def tiles_of(window):
    """Names of the 10 degree tiles that a window touches, as 60N_010W.

    Parameters
    ----------
    window : tuple of float
        West, south, east, north [degrees].

    Returns
    -------
    list of str
    """
    west, south, east, north = windows.checked_window(window, product=PRODUCT)
    tops = range(int(np.floor(south / 10) * 10) + 10, int(np.ceil(north / 10) * 10) + 10, 10)
    lefts = range(int(np.floor(west / 10) * 10), int(np.ceil(east / 10) * 10), 10)
    return [
        f"{abs(top):02d}{'NS'[top < 0]}_{abs(left):03d}{'EW'[left < 0]}"
        for top in tops
        for left in lefts
    ]


PROVENANCE = {
    "source": "Hansen et al. (2013), Global Forest Change, CC BY 4.0",
    "verified_on": "real crops of GFC-2023-v1.11; synthetic files of GFC-2019-v1.7",
}


def open_hansen(
    path_or_paths: str | Path | Sequence[str | Path],
    *,
    window: Window,
    layer: str = "lossyear",
    version: str = VERSION,
) -> xr.DataArray:
    """One layer of Global Forest Change in a window.

    Parameters
    ----------
    path_or_paths : str, Path or list of them
        Folder or files with the distributor's names.
    window : tuple of float
        West, south, east, north [degrees]; only this part is read.
    layer : str
        One of `LAYERS`.
    version : str
        Release as in the file names; the last loss year follows from it.

    Returns
    -------
    xarray.DataArray
        (lat, lon) float32. ``lossyear`` holds calendar years, 0 where no loss; NaN without data.
    """
    window = windows.checked_window(window, product=PRODUCT)
    if layer not in LAYERS:
        raise KeyError(
            messages.sentence(
                PRODUCT,
                wanted=f"a layer among {', '.join(LAYERS)}",
                came=repr(layer),
                where="argument layer",
                do="choose one of them",
            )
        )
    last_year = _last_year(version)
    found = files.found_files(path_or_paths, product=PRODUCT, pattern=_NAME, example=_EXAMPLE)
    paths = _tiles(found, window, layer, version)
    piece = rasters.read_tiles(paths, window, product=PRODUCT, crs=windows.WGS84, step=STEP)
    stored, (units, long_name) = piece.values[0], _LABELS[layer]
    largest = {"lossyear": last_year - 2000, "treecover2000": 100, "datamask": 2, "gain": 1}[layer]
    missing = rasters.untold(stored, piece.tags, valid=(0, largest))
    _check_codes(stored, missing, largest, layer, paths)
    values = stored.astype("float32")
    if layer == "lossyear":
        values[stored > 0] += 2000
    values[missing] = np.nan
    array = rasters.as_array(values, piece, name=layer, units=units, long_name=long_name)
    windows.expect_some(array, product=PRODUCT, where=f"window {tuple(window)}")
    array.attrs.update(
        product=PRODUCT,
        product_version=version,
        last_year=last_year,
        crs=windows.WGS84,
        **PROVENANCE,
    )
    return array


def _last_year(version):
    match = re.fullmatch(r"GFC-(\d{4})-v\d+\.\d+", str(version))
    if not match:
        raise ValueError(
            messages.sentence(
                PRODUCT,
                wanted=f"a release such as {VERSION}",
                came=repr(version),
                where="argument version",
                do="copy it from the file names",
            )
        )
    return int(match[1])


def _tiles(found, window, layer, version):
    folder = f"folder {found[0][0].parent}"
    releases = sorted({match[1] for _, match in found})
    right = [(path, match) for path, match in found if match[1] == version]
    if not right:
        raise ValueError(
            messages.sentence(
                PRODUCT,
                wanted=f"version {version}",
                came=", ".join(releases),
                where=folder,
                do="download this release, or pass version= as in the file names",
            )
        )
    of_layer = {f"{match[3]}_{match[4]}": path for path, match in right if match[2] == layer}
    if not of_layer:
        raise ValueError(
            messages.sentence(
                PRODUCT,
                wanted=f"files of layer {layer}",
                came=", ".join(sorted({match[2] for _, match in right})),
                where=folder,
                do=f"download the {layer} tiles",
            )
        )
    absent = [name for name in tiles_of(window) if name not in of_layer]
    if absent:
        raise ValueError(
            messages.sentence(
                PRODUCT,
                wanted=f"tile {', '.join(absent)} of layer {layer}",
                came=", ".join(sorted(of_layer)),
                where=folder,
                do="download the missing tile, or choose a smaller window",
            )
        )
    return [of_layer[name] for name in tiles_of(window)]


def _check_codes(stored, missing, largest, layer, paths):
    beyond = (stored > largest) & ~missing
    if beyond.any():
        raise ValueError(
            messages.sentence(
                PRODUCT,
                wanted=f"'{layer}' from 0 to {largest}",
                came=f"{int(beyond.sum())} cells up to {int(stored[beyond].max())}",
                where=f"file {paths[0]}",
                do="check layer and version; the file belongs to another one",
            )
        )


def loss_in_year(loss_year, year):
    """Cells that lost their tree cover in a year: 1 yes, 0 no, NaN without data.

    Parameters
    ----------
    loss_year : xarray.DataArray
        Layer ``lossyear`` of `open_hansen`.
    year : int
        Calendar year.

    Returns
    -------
    xarray.DataArray
        float32 [1]; its area mean is the annual loss fraction.
    """
    last = int(loss_year.attrs.get("last_year", year))
    if not FIRST_YEAR <= year <= last:
        raise ValueError(
            messages.sentence(
                PRODUCT,
                wanted=f"a year from {FIRST_YEAR} to {last}",
                came=repr(year),
                where="argument year",
                do="use a later release, or shorten the period",
            )
        )
    lost = (loss_year == year).astype("float32").where(loss_year.notnull())
    return lost.assign_attrs(units="1", long_name=f"tree-cover loss in {year}")


def write_hansen(folder, layer_values, *, layer="lossyear", version=VERSION):
    """Write one layer as a GeoTIFF tile of the product (a window inside one 10 degree tile).

    Parameters
    ----------
    folder : str or Path
        Existing target folder.
    layer_values : xarray.DataArray
        As `open_hansen` returns; NaN is written as 0.
    layer, version : str
        For the coding and the name.

    Returns
    -------
    list of Path
    """
    north = int(np.ceil(float(layer_values["lat"].max()) / 10) * 10)
    west = int(np.floor(float(layer_values["lon"].min()) / 10) * 10)
    corner = tile_name(north, west)  # N60W010 -> 60N_010W
    tile = f"{corner[1:3]}{corner[0]}_{corner[4:]}{corner[3]}"
    coded = layer_values.fillna(0)
    if layer == "lossyear":
        coded = xr.where(coded > 0, coded - 2000, 0)
    path = Path(folder) / f"Hansen_{version}_{layer}_{tile}.tif"
    return [written.write_geotiff(path, [coded], crs=windows.WGS84, dtype="uint8")]

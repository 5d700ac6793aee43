"""ESA CCI Biomass version 2: above-ground biomass and its standard deviation at 100 m.

Source: CEDA record 84403d09cef3485883158f4df2989b0c (2010, 2017, 2018). Oven-dry woody biomass in
Mg ha-1, stump and roots excluded. 10 degree tiles, named by their top-left corner. The provider warns
against differences between years.

Verified on synthetic files only (written by `write_biomass`). From memory, to be checked on a real
file: unsigned 16-bit integers without a scale, zero for no woody biomass.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from pm_dalec.data import messages
from pm_dalec.data.formats import netcdf
from pm_dalec.products.reading import files, rasters, windows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pm_dalec.products.reading.windows import Window

PRODUCT = "ESA CCI Biomass"
VERSION = "2.0"
YEARS = (2010, 2017, 2018)
STEP = 1 / 1125  # [degree]
GRID = windows.Grid(PRODUCT, (STEP, STEP))
FILL = -32768  # of the NetCDF files
LARGEST = 10000  # valid maximum [Mg ha-1]

_NAME = (
    r"([NS]\d{2}[EW]\d{3})_ESACCI-BIOMASS-L4-(AGB|AGB_SD)-MERGED-100m-(\d{4})-fv(\d+\.\d+)\.tif"
    r"|.*ESACCI-BIOMASS.*\.nc"
)
_EXAMPLE = "N60W010_ESACCI-BIOMASS-L4-AGB-MERGED-100m-2017-fv2.0.tif"


def open_biomass(
    path_or_paths: str | Path | Sequence[str | Path], *, window: Window, year: int
) -> xr.Dataset:
    """Above-ground biomass of one year and its standard deviation in a window.

    Parameters
    ----------
    path_or_paths : str, Path or list of them
        Folder or files: GeoTIFF tiles of AGB and AGB_SD, or one merged NetCDF file.
    window : tuple of float
        West, south, east, north [degrees]; only this part is read.
    year : int
        2010, 2017 or 2018.

    Returns
    -------
    xarray.Dataset
        ``agb``, ``agb_unc`` [Mg ha-1] (lat, lon).
    """
    window = windows.checked_window(window, product=PRODUCT)
    if year not in YEARS:
        raise ValueError(
            messages.sentence(
                PRODUCT,
                wanted=f"a year among {', '.join(map(str, YEARS))}",
                came=repr(year),
                where="argument year",
                do="version 2 has maps of these years only",
            )
        )
    found = files.found_files(path_or_paths, product=PRODUCT, pattern=_NAME, example=_EXAMPLE)
    merged = [path for path, _ in found if path.suffix == ".nc"]
    maps = _from_netcdf(merged[0], window, year) if merged else _from_tiles(found, window, year)
    windows.expect_some(maps["agb"], product=PRODUCT, where=f"window {tuple(window)}")
    maps.attrs = {
        "product": PRODUCT,
        "product_version": f"v{VERSION}",
        "year": year,
        "crs": windows.WGS84,
        "source": "ESA CCI Biomass v2, CEDA 84403d09cef3485883158f4df2989b0c",
        "verified_on": "synthetic files only",
    }
    return maps


def _from_tiles(found, window, year):
    wrong = sorted({match[4] for _, match in found if match[4] != VERSION})
    if wrong:
        raise ValueError(
            messages.sentence(
                PRODUCT,
                wanted=f"version fv{VERSION}",
                came=", ".join("fv" + each for each in wrong),
                where=f"file {found[0][0].parent}",
                do="download version 2; later versions differ in years and values",
            )
        )
    maps = {}
    for layer, name in (("AGB", "agb"), ("AGB_SD", "agb_unc")):
        paths = [path for path, match in found if match[2] == layer and int(match[3]) == year]
        if not paths:
            raise ValueError(
                messages.sentence(
                    PRODUCT,
                    wanted=f"tiles of layer {layer} for {year}",
                    came=", ".join(sorted({f"{m[2]} {m[3]}" for _, m in found})),
                    where=f"folder {found[0][0].parent}",
                    do=f"download the {layer} tiles of {year}; both layers are needed",
                )
            )
        piece = rasters.read_tiles(
            paths, window, product=PRODUCT, crs=windows.WGS84, step=STEP, dtypes=("uint16",)
        )
        values = piece.values[0].astype("float32")
        values[_invalid(piece.values[0], piece.nodata)] = np.nan
        maps[name] = rasters.as_array(values, piece, name=name, **_LABELS[name])
    return xr.Dataset(maps)


def _from_netcdf(path, window, year):
    where = f"file {path}"
    with netcdf.opened_netcdf(path, product=PRODUCT) as dataset:
        if "agb_sd" in dataset and "agb_se" not in dataset:
            raise ValueError(
                messages.sentence(
                    PRODUCT,
                    wanted="version 2, with the variable agb_se",
                    came="agb_sd, the name of version 3 and later",
                    where=where,
                    do="download version 2",
                )
            )
        names = ("time", "lat", "lon", "agb", "agb_se")
        netcdf.expect_names(dataset, names, product=PRODUCT, where=where)
        years = xr.decode_cf(dataset[["time"]])["time"].dt.year.values
        if year not in years:
            raise ValueError(
                messages.sentence(
                    PRODUCT,
                    wanted=f"the map of {year}",
                    came=", ".join(map(str, years)),
                    where=where,
                    do="add the file that holds this year",
                )
            )
        part = dataset[["agb", "agb_se"]].isel(time=int(np.flatnonzero(years == year)[0]))
        part = windows.windowed(part, window, step=STEP, product=PRODUCT, where=where).load()
    maps = {}
    for source, name in (("agb", "agb"), ("agb_se", "agb_unc")):
        valid = (part[source] >= 0) & (part[source] <= LARGEST)
        maps[name] = part[source].where(valid).astype("float32").assign_attrs(_LABELS[name])
    return xr.Dataset(maps).drop_vars("time", errors="ignore")


_LABELS = {
    "agb": {"units": "Mg ha-1", "long_name": "above-ground woody biomass, dry matter"},
    "agb_unc": {"units": "Mg ha-1", "long_name": "standard deviation of above-ground biomass"},
}


def _invalid(values, nodata):
    beyond = values > LARGEST
    return beyond if nodata is None else beyond | (values == nodata)


def tile_name(north, west):
    """Name of the 10 degree tile whose top-left corner is given, as N60W010.

    Parameters
    ----------
    north, west : int
        Corner [degrees].

    Returns
    -------
    str
    """
    return f"{'NS'[north < 0]}{abs(north):02d}{'EW'[west < 0]}{abs(west):03d}"


def write_biomass(folder, maps, *, year):
    """Write a map and its standard deviation as GeoTIFF files of the product.

    Parameters
    ----------
    folder : str or Path
        Existing target folder.
    maps : xarray.Dataset
        As `open_biomass` returns, inside one 10 degree tile; NaN is written as zero.
    year : int
        Year of the map.

    Returns
    -------
    list of Path
    """
    north = int(np.ceil(float(maps["lat"].max()) / 10) * 10)
    west = int(np.floor(float(maps["lon"].min()) / 10) * 10)
    paths = []
    for layer, name in (("AGB", "agb"), ("AGB_SD", "agb_unc")):
        file = (
            f"{tile_name(north, west)}_ESACCI-BIOMASS-L4-{layer}-MERGED-100m-{year}-fv{VERSION}.tif"
        )
        coded = np.rint(maps[name]).fillna(0).clip(0, LARGEST)
        paths.append(
            rasters.write_geotiff(Path(folder) / file, [coded], crs=windows.WGS84, dtype="uint16")
        )
    return paths

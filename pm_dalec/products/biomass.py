"""ESA CCI Biomass, versions 2 to 7: above-ground biomass and its standard deviation at 100 m.

Source: CEDA, neodc/esacci/biomass/data/agb/maps (the paper: version 2, record
84403d09cef3485883158f4df2989b0c, 2010, 2017, 2018). Oven-dry woody biomass in Mg ha-1, stump and roots
excluded. 10 degree tiles named by their top-left corner, or NetCDF files of one year or of all. The
uncertainty is ``agb_se`` in the NetCDF files of version 2 and ``agb_sd`` from version 3 on. The provider
warns against differences between years, and versions differ in all values.

Verified on synthetic files only (written by `write_biomass`). From memory, to be checked on a real
file: unsigned 16-bit integers without a scale, zero for no woody biomass, whatever a tag says.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from pm_dalec.data import messages
from pm_dalec.data.formats import netcdf
from pm_dalec.products.reading import axes, files, rasters, stored, told, windows, written

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pm_dalec.products.reading.windows import Window

PRODUCT = "ESA CCI Biomass"
VERSION = "2.0"  # of the paper
VERSIONS = (2, 7)  # first and last that are coded so
STEP = 1 / 1125  # [degree]
GRID = windows.Grid(PRODUCT, (STEP, STEP))
LARGEST = 10000  # valid maximum [Mg ha-1]

_TILE = (
    r"([NS]\d{2}[EW]\d{3})_ESACCI-BIOMASS-L4-(AGB|AGB_SD)-MERGED-100m-(\d{4})-fv(\d+\.\d+)\.tiff?"
)
_NAME = rf"{_TILE}|.*ESACCI-BIOMASS.*\.nc"
_EXAMPLE = "N60W010_ESACCI-BIOMASS-L4-AGB-MERGED-100m-2017-fv2.0.tif"
_DRY_MATTER = ("", "none", "mgha-1", "mg/ha", "tha-1", "t/ha", "mgha^-1", "mg.ha-1", "tonnes/ha")


def open_biomass(
    path_or_paths: str | Path | Sequence[str | Path],
    *,
    window: Window,
    year: int,
    version: str | None = None,
) -> xr.Dataset:
    """Above-ground biomass of one year and its standard deviation in a window.

    Parameters
    ----------
    path_or_paths : str, Path or list of them
        Folder or files: GeoTIFF tiles of AGB and AGB_SD, or NetCDF files of a year or of several.
    window : tuple of float
        West, south, east, north [degrees]; only this part is read.
    year : int
        Calendar year of the map.
    version : str, optional
        As in the file names, for instance "2.0"; needed where the files are of several.

    Returns
    -------
    xarray.Dataset
        ``agb``, ``agb_unc`` [Mg ha-1 of dry matter] (lat, lon).
    """
    window = windows.checked_window(window, product=PRODUCT)
    found = files.found_files(path_or_paths, product=PRODUCT, pattern=_NAME, example=_EXAMPLE)
    version, chosen = _of_version(found, version)
    merged = [path for path, _ in chosen if path.suffix == ".nc"]
    maps = _from_netcdf(merged, window, year) if merged else _from_tiles(chosen, window, year)
    windows.expect_some(maps["agb"], product=PRODUCT, where=f"window {tuple(window)}")
    maps.attrs = {
        "product": PRODUCT,
        "product_version": f"v{version}",
        "year": year,
        "crs": windows.WGS84,
        "source": "ESA CCI Biomass (Santoro and Cartus), CEDA",
        "verified_on": "synthetic files only",
    }
    return maps


def _of_version(found, version):
    """Version and its files; an exception where there are several, or one that is coded otherwise."""
    versions = {}
    for path, match in found:
        versions.setdefault(match[4] or _version_inside(path), []).append((path, match))
    listed = ", ".join(sorted(f"fv{each}" for each in versions))
    folder = f"file {found[0][0]}" if len(found) == 1 else f"folder {found[0][0].parent}"
    chosen = str(version).removeprefix("fv") if version is not None else next(iter(versions))
    wanted = f"version fv{chosen}" if version is not None else "files of one version"
    do = "pass version= as in the file names; the versions differ in all values"
    known = re.fullmatch(r"\d+\.\d+", chosen) and VERSIONS[0] <= float(chosen) < VERSIONS[1] + 1
    if chosen in versions and not known:
        wanted = f"a version from {VERSIONS[0]} to {VERSIONS[1]}"
        do = "download one of them; others may be coded differently"
    elif chosen in versions and (version is not None or len(versions) == 1):
        return chosen, versions[chosen]
    raise ValueError(messages.sentence(PRODUCT, wanted=wanted, came=listed, where=folder, do=do))


def _version_inside(path):
    """Version of a NetCDF file: from its name, else from its attributes."""
    by_name = re.search(r"fv(\d+\.\d+)", path.name)
    if by_name:
        return by_name[1]
    with told.opened(path, product=PRODUCT) as dataset:
        text = " ".join(str(dataset.attrs.get(key, "")) for key in ("product_version", "id"))
    inside = re.search(r"(\d+\.\d+)", text)
    return inside[1] if inside else "unknown"


def _no_map(year, years, where, words="the map"):
    return ValueError(
        messages.sentence(
            PRODUCT,
            wanted=f"{words} of {year}",
            came=", ".join(map(str, years)) or "none",
            where=where,
            do="choose one of these years, or download the missing file",
        )
    )


def _from_tiles(found, window, year):
    maps = {}
    for layer, name in (("AGB", "agb"), ("AGB_SD", "agb_unc")):
        paths = [path for path, match in found if match[2] == layer and match[3] == str(year)]
        if not paths:
            there = sorted({f"{match[2]} {match[3]}" for _, match in found})
            folder = f"folder {found[0][0].parent}"
            raise _no_map(year, there, folder, f"tiles of layer {layer} (both layers are needed)")
        coding = rasters.Coding(dtypes=("uint16", "int16"))
        piece = rasters.read_tiles(
            paths, window, product=PRODUCT, crs=windows.WGS84, step=STEP, coding=coding
        )
        _check_dry_matter(piece.units, "", f"file {paths[0]}")
        numbers = piece.values[0]
        values = numbers.astype("float32")
        missing = rasters.untold(numbers, piece.tags, valid=(0, LARGEST))
        values[missing | (numbers < 0) | (numbers > LARGEST)] = np.nan
        maps[name] = rasters.as_array(values, piece, name=name, **_LABELS[name])
    with told.on_same_cells(PRODUCT, where=f"folder {found[0][0].parent}"):
        return xr.merge([maps[name].rename(name) for name in maps], join="exact")


def _from_netcdf(paths, window, year):
    holding, years = [], set()
    for path in paths:
        inside = _years_inside(path)
        years |= set(inside)
        holding += [path] if year in inside else []
    if len(holding) != 1:
        where = f"file {paths[0]}" + (f" and {len(paths) - 1} more" if len(paths) > 1 else "")
        words = "one file with the map" if holding else "the map"
        raise _no_map(
            year, sorted(years) if not holding else [p.name for p in holding], where, words
        )
    return _one_netcdf(holding[0], window, year)


def _years_inside(path):
    """Calendar years of the maps in a NetCDF file: from its time axis, else from its name."""
    with told.opened(path, product=PRODUCT) as dataset:
        if "time" in dataset.variables and " since " in str(dataset["time"].attrs.get("units")):
            return np.atleast_1d(xr.decode_cf(dataset[["time"]])["time"].dt.year.values).tolist()
        axes.on_axes(dataset, ["agb"], product=PRODUCT, where=f"file {path}")  # one map, no more
    return [int(year) for year in re.findall(r"-((?:19|20)\d{2})-", path.name)[-1:]]


def _one_netcdf(path, window, year):
    where = f"file {path}"
    with told.opened(path, product=PRODUCT) as dataset:
        sigma = "agb_sd" if "agb_sd" in dataset else "agb_se"
        netcdf.expect_names(dataset, ("agb", sigma), product=PRODUCT, where=where)
        timed = "time" in dataset["agb"].dims
        if timed:
            position = _years_inside(path).index(year)
            dataset = dataset.isel(time=position, drop=True)
        part = axes.on_axes(dataset, ["agb", sigma], product=PRODUCT, where=where)
        words = {name: part[name].attrs for name in ("agb", sigma)}
        part = windows.windowed(part, window, step=STEP, product=PRODUCT, where=where)
        maps = {}
        for source, name in (("agb", "agb"), (sigma, "agb_unc")):
            attrs = words[source]
            _check_dry_matter(attrs.get("units", ""), attrs.get("long_name", ""), where)
            numbers = stored.stored_numbers(part[source], product=PRODUCT, where=where).load()
            valid = (numbers >= 0) & (numbers <= LARGEST)
            maps[name] = numbers.where(valid).astype("float32").assign_attrs(_LABELS[name])
    return axes.north_first(xr.Dataset(maps))


def _check_dry_matter(units, long_name, where):
    """Refuse a map of carbon: half the numbers would be taken for dry matter."""
    spelt = str(units).lower().replace(" ", "")
    if spelt not in _DRY_MATTER or "carbon" in str(long_name).lower():
        raise ValueError(
            messages.sentence(
                PRODUCT,
                wanted="dry matter in Mg ha-1",
                came=f"units {str(units)!r}, called {str(long_name)!r}",
                where=where,
                do="use the product as distributed; carbon is 0.48 of its dry matter here",
            )
        )


_LABELS = {
    "agb": {"units": "Mg ha-1", "long_name": "above-ground woody biomass, dry matter"},
    "agb_unc": {"units": "Mg ha-1", "long_name": "standard deviation of above-ground biomass"},
}


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


def write_biomass(folder, maps, *, year, version=VERSION):
    """Write a map and its standard deviation as GeoTIFF files of the product.

    Parameters
    ----------
    folder : str or Path
        Existing target folder.
    maps : xarray.Dataset
        As `open_biomass` returns, inside one 10 degree tile; NaN is written as zero.
    year : int
        Year of the map.
    version : str
        For the names.

    Returns
    -------
    list of Path
    """
    north = int(np.ceil(float(maps["lat"].max()) / 10) * 10)
    west = int(np.floor(float(maps["lon"].min()) / 10) * 10)
    paths = []
    for layer, name in (("AGB", "agb"), ("AGB_SD", "agb_unc")):
        file = (
            f"{tile_name(north, west)}_ESACCI-BIOMASS-L4-{layer}-MERGED-100m-{year}-fv{version}.tif"
        )
        coded = np.rint(maps[name]).fillna(0).clip(0, LARGEST)
        paths.append(
            written.write_geotiff(Path(folder) / file, [coded], crs=windows.WGS84, dtype="uint16")
        )
    return paths

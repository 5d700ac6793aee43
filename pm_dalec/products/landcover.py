"""Land cover: UKCEH Land Cover Map on the British grid, and ESA CCI and C3S land cover.

Source: UKCEH catalogue bb15e200... (25 m raster of Great Britain: band 1 class of the parcel, band 2
mean probability; 0 is sea or none; Northern Ireland is a separate product; the licence is
restricted, so no real map comes with this package) and ESA CCI Land Cover v2.0.7, continued by the
Climate Data Store as v2.0.7cds and v2.1.1 (LCCS classes, signed bytes, a time axis of length one).

The Land Cover Map was verified on synthetic files only, ESA CCI land cover on a real mosaic at 1/360
degree. From memory: the classes of LCM2007.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from pm_dalec.data import messages
from pm_dalec.products import legends
from pm_dalec.products.reading import axes, files, rasters, stored, told, windows, written

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pm_dalec.products.reading.windows import Window

PRODUCT = "UKCEH LCM"
CRS = "EPSG:27700"
# Native and modal resolution [m]
GRIDS = {step: windows.Grid(PRODUCT, (float(step), float(step)), crs=CRS) for step in (25, 300)}
LARGEST_CLASS = 23  # of any year

ESA_PRODUCT = "ESA CCI land cover"
ESA_STEP = 1 / 360  # [degree]

_NAME = r".*\.tiff?"
_YEAR = re.compile(r"(?<!\d)((?:19|20)\d{2})(?!\d)")
_ESA_NAME = r".*\.nc|.*LC-L4-LCCS-Map-300m.*\.tiff?"
_ESA_VERSION = re.compile(r"v(\d+\.\d+(?:\.\d+)?(?:cds)?)")
_ESA_YEAR = re.compile(r"P1Y-((?:19|20)\d{2})")


def open_lcm2015(
    path: str | Path, *, window: Window, resolution: int = 25, year: int | None = None
) -> xr.Dataset:
    """Land Cover Map of Great Britain in a window, in the classes of 2015.

    Parameters
    ----------
    path : str or Path
        GeoTIFF of two bands.
    window : tuple of float
        West, south, east, north [degrees]; only the bounds of this part are read.
    resolution : int
        Cell width, 25 (the product) or 300 (resampled by mode) [m].
    year : int, optional
        Of the map; by default that in the name of the file. The maps of 2015 on have one table of
        classes; those of 2007 are turned into it, montane habitats as inland rock.

    Returns
    -------
    xarray.Dataset
        ``land_cover`` (y, x) uint8 class 0-21, 0 sea or none; ``probability`` [percent].
    """
    window = windows.checked_window(window, product=PRODUCT)
    if resolution not in GRIDS:
        raise ValueError(
            messages.sentence(
                PRODUCT,
                wanted="resolution 25 or 300 m",
                came=repr(resolution),
                where="argument resolution",
                do="give the cell width of the file",
            )
        )
    found = files.found_files(path, product=PRODUCT, pattern=_NAME, example="lcm2015gb25m.tif")
    paths = [each for each, _ in found]
    year = _year_of(paths, year)
    coding = rasters.Coding(bands=(1, 2))
    step = GRIDS[resolution].steps[0]
    piece = rasters.read_tiles(paths, window, product=PRODUCT, crs=CRS, step=step, coding=coding)
    outside = rasters.untold(piece.values[0], piece.tags, valid=(0, LARGEST_CLASS))
    classes = np.where(outside, np.uint8(0), piece.values[0])
    classes = legends.LCM[year].joined(classes, product=PRODUCT, where=f"file {paths[0]}")
    maps = _labelled(piece, classes)
    windows.expect_some(
        maps["land_cover"].where(maps["land_cover"] > 0),
        product=PRODUCT,
        where=f"window {tuple(window)}",
    )
    return maps.assign_attrs(
        product=PRODUCT,
        product_version=str(year),
        crs=CRS,
        resolution=f"{resolution} m",
        source=f"UKCEH Land Cover Map {year} (licensed)",
        verified_on="synthetic files only",
    )


def _year_of(paths, year):
    """Year of the maps by their names, which has to be the one that is asked for and has a table."""
    told_years = {int(text) for path in paths for text in _YEAR.findall(_with_gaps(path.name))}
    years = told_years or {year} - {None}
    known = ", ".join(str(each) for each in sorted(legends.LCM))
    if len(years) == 1 and years <= set(legends.LCM) and year in (None, *years):
        return years.pop()
    came = ", ".join(map(str, sorted(years))) or "names without a year"
    wanted = f"a map of {year}" if year is not None and told_years else "the map of one year"
    raise ValueError(
        messages.sentence(
            PRODUCT,
            wanted=f"{wanted}, of {known}",
            came=came,
            where=f"file {paths[0]}",
            do="give the file of the year, or pass year= where the name does not tell; the classes of "
            "other years have other codes",
        )
    )


def _with_gaps(name):
    """Name in which a year beside other digits or a resolution stands alone: gb2018lcm20m."""
    return re.sub(r"(?:10|20|25|300)m|1km", " ", Path(name).stem)


def _labelled(piece, classes):
    probability = piece.values[1].astype("float32")
    words = (
        ("land_cover", classes, "1", "class of Land Cover Map 2015"),
        ("probability", probability, "percent", "mean probability of the class"),
    )
    return xr.Dataset(
        {
            name: rasters.as_array(values, piece, name=name, units=units, long_name=long_name)
            for name, values, units, long_name in words
        }
    )


def write_lcm2015(folder, maps, *, resolution=25):
    """Write classes and probabilities as the two-band GeoTIFF of the product.

    Parameters
    ----------
    folder : str or Path
        Existing target folder.
    maps : xarray.Dataset
        As `open_lcm2015` returns.
    resolution : int
        25 or 300 [m]; the cell width of the maps.

    Returns
    -------
    list of Path
    """
    path = Path(folder) / f"lcm2015gb{resolution}m.tif"
    bands = [maps["land_cover"], np.rint(maps["probability"]).fillna(0)]
    return [written.write_geotiff(path, bands, crs=CRS, dtype="uint8")]


def open_esa_cci_landcover(
    path: str | Path | Sequence[str | Path], *, window: Window, year: int | None = None
) -> xr.Dataset:
    """ESA CCI or C3S land cover in a window, with the class of LCM2015 that each class joins.

    Parameters
    ----------
    path : str, Path or list of them
        NetCDF with ``lccs_class`` (or GeoTIFF of it) at 1/360 degree, versions 2.0.7, 2.0.7cds and
        2.1.1; or a folder of them.
    window : tuple of float
        West, south, east, north [degrees]; only this part is read.
    year : int, optional
        Of the map; needed where there are maps of several.

    Returns
    -------
    xarray.Dataset
        ``lccs_class`` and ``land_cover`` (lat, lon) uint8, the latter in codes of LCM2015.
    """
    window = windows.checked_window(window, product=ESA_PRODUCT)
    example = "C3S-LC-L4-LCCS-Map-300m-P1Y-2018-v2.1.1.nc"
    found = files.found_files(path, product=ESA_PRODUCT, pattern=_ESA_NAME, example=example)
    file, known = files.of_year(
        {each: _year_and_version(each) for each, _ in found}, year, product=ESA_PRODUCT
    )
    where = f"file {file}"
    classes = _lccs_netcdf(file, window) if file.suffix == ".nc" else _lccs_raster(file, window)
    classes.attrs = {"units": "1", "long_name": "LCCS class"}
    maps = legends.with_cover(
        classes.rename("lccs_class"), legends.LCCS, product=ESA_PRODUCT, where=where
    )
    cover = maps["land_cover"]
    windows.expect_some(cover.where(cover > 0), product=ESA_PRODUCT, where=where)
    maps.attrs = {
        "product": ESA_PRODUCT,
        "product_version": known[1] or "2",
        "crs": windows.WGS84,
        "source": "ESA Climate Change Initiative and Copernicus Climate Change Service, land cover",
        "verified_on": "a real mosaic of north-eastern Poland, 2015",
    }
    return maps.assign_attrs({} if known[0] is None else {"year": known[0]})


def _year_and_version(path):
    """Year and version of a map: from its name, else from its attributes and time; None if untold."""
    texts, year = [path.name], None
    if path.suffix == ".nc":
        with told.opened(path, product=ESA_PRODUCT) as dataset:
            keys = ("id", "title", "product_version", "time_coverage_start")
            texts += [str(dataset.attrs.get(key, "")) for key in keys]
            texts[-2] = "v" + texts[-2]
            time = dataset.get("time")
            if time is not None and time.size == 1 and " since " in str(time.attrs.get("units")):
                stamp = xr.decode_cf(time.drop_attrs(deep=False).to_dataset(name="copy"))["time"]
                year = int(stamp.dt.year.item())
    words = " ".join(texts)
    named = _ESA_YEAR.search(words) or re.match(r"((?:19|20)\d{2})-?\d{2}", texts[-1])
    version = _ESA_VERSION.search(words)
    return int(named[1]) if named else year, version[1] if version else ""


def _lccs_netcdf(path, window):
    where = f"file {path}"
    with told.opened(path, product=ESA_PRODUCT) as dataset:
        part = axes.on_axes(dataset, ["lccs_class"], product=ESA_PRODUCT, where=where)
        part = windows.windowed(part, window, step=ESA_STEP, product=ESA_PRODUCT, where=where)
        return axes.north_first(
            stored.codes_of(part["lccs_class"], product=ESA_PRODUCT, where=where)
        )


def _lccs_raster(path, window):
    piece = rasters.read_tiles(
        [path], window, product=ESA_PRODUCT, crs=windows.WGS84, step=ESA_STEP
    )
    return rasters.as_array(
        piece.values[0], piece, name="lccs_class", units="1", long_name="LCCS class"
    )

"""Land cover: UKCEH Land Cover Map 2015 on the British grid, and ESA CCI land cover.

Source: UKCEH catalogue bb15e200... (25 m raster of Great Britain: band 1 class of the parcel, band 2
mean probability; 0 is sea or none; Northern Ireland is a separate product; the licence is
restricted, so no real map comes with this package) and ESA CCI Land Cover v2.0.7 (LCCS classes).

LCM2015 was verified on synthetic files only, ESA CCI land cover on a real mosaic at 1/360 degree.
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
    from pm_dalec.products.reading.windows import Window

PRODUCT = "UKCEH LCM2015"
CRS = "EPSG:27700"
# Native and modal resolution [m]
GRIDS = {step: windows.Grid(PRODUCT, (float(step), float(step)), crs=CRS) for step in (25, 300)}
CLASSES = range(22)

ESA_PRODUCT = "ESA CCI land cover"
ESA_STEP = 1 / 360  # [degree]

# Class of LCM2015 whose stratum each group of LCCS classes joins. Chosen for tests of the strata, not
# from the paper: crops to arable, needleleaf to conifer, broadleaf, mixed and flooded trees to
# broadleaf, shrub, grass, sparse and wetland to heath, urban, bare, water and ice masked.
_ESA_GROUPS = {
    3: (10, 11, 12, 20, 30),
    2: (70, 71, 72, 80, 81, 82),
    1: (50, 60, 61, 62, 90, 160, 170),
    9: (40, 100, 110, 120, 121, 122, 130, 140, 150, 151, 152, 153, 180),
    20: (190,),
    0: (200, 201, 202, 210, 220),
}

_NAME = r".*\.tif"


def open_lcm2015(path: str | Path, *, window: Window, resolution: int = 25) -> xr.DataArray:
    """Class and its probability of the Land Cover Map 2015 in a window.

    Parameters
    ----------
    path : str or Path
        GeoTIFF of two bands.
    window : tuple of float
        West, south, east, north [degrees]; only the bounds of this part are read.
    resolution : int
        Cell width, 25 (the product) or 300 (resampled by mode) [m].

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
    piece = rasters.read_tiles(
        [each for each, _ in found],
        window,
        product=PRODUCT,
        crs=CRS,
        step=GRIDS[resolution].steps[0],
        bands=(1, 2),
        dtypes=("uint8",),
    )
    _check_classes(piece.values[0], f"file {found[0][0]}")
    maps = _labelled(piece)
    windows.expect_some(
        maps["land_cover"].where(maps["land_cover"] > 0),
        product=PRODUCT,
        where=f"window {tuple(window)}",
    )
    return maps.assign_attrs(
        product=PRODUCT,
        product_version="2015",
        crs=CRS,
        resolution=f"{resolution} m",
        source="UKCEH Land Cover Map 2015 (licensed)",
        verified_on="synthetic files only",
    )


def _labelled(piece):
    probability = piece.values[1].astype("float32")
    words = (
        ("land_cover", piece.values[0], "1", "class of Land Cover Map 2015"),
        ("probability", probability, "percent", "mean probability of the class"),
    )
    return xr.Dataset(
        {
            name: rasters.as_array(values, piece, name=name, units=units, long_name=long_name)
            for name, values, units, long_name in words
        }
    )


def _check_classes(classes, where):
    wrong = ~np.isin(classes, list(CLASSES))
    if wrong.any():
        raise ValueError(
            messages.sentence(
                PRODUCT,
                wanted="classes 0 to 21 in band 1",
                came=f"{int(wrong.sum())} cells such as {int(classes[wrong][0])}",
                where=where,
                do="check that this is LCM2015 with the parcel class first, not another year",
            )
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
    return [rasters.write_geotiff(path, bands, crs=CRS, dtype="uint8")]


def open_esa_cci_landcover(path: str | Path, *, window: Window) -> xr.DataArray:
    """ESA CCI land cover in a window, with the class of LCM2015 that each class joins.

    Parameters
    ----------
    path : str or Path
        NetCDF with ``lccs_class`` (lat, lon) at 1/360 degree.
    window : tuple of float
        West, south, east, north [degrees]; only this part is read.

    Returns
    -------
    xarray.Dataset
        ``lccs_class`` and ``land_cover`` (lat, lon) uint8, the latter in codes of LCM2015.
    """
    window = windows.checked_window(window, product=ESA_PRODUCT)
    found = files.found_files(
        path, product=ESA_PRODUCT, pattern=r".*\.nc", example="ESACCI-LC-L4-LCCS-Map-300m.nc"
    )
    file = found[0][0]
    where = f"file {file}"
    with netcdf.opened_netcdf(file, product=ESA_PRODUCT) as dataset:
        names = ("lat", "lon", "lccs_class")
        netcdf.expect_names(dataset, names, product=ESA_PRODUCT, where=where)
        part = windows.windowed(dataset, window, step=ESA_STEP, product=ESA_PRODUCT, where=where)
        classes = part["lccs_class"].load().drop_attrs()
    known = {code: group for group, codes in _ESA_GROUPS.items() for code in codes}
    table = np.full(256, 255, np.uint8)
    table[list(known)] = list(known.values())
    joined = classes.astype("uint8").copy(data=table[classes.values.astype(np.uint8)])
    if bool((joined == 255).any()):
        raise ValueError(
            messages.sentence(
                ESA_PRODUCT,
                wanted="LCCS classes of version 2",
                came=f"{int((joined == 255).sum())} cells with other codes or fills",
                where=where,
                do="check the variable lccs_class, or choose a window inside the mosaic",
            )
        )
    windows.expect_some(joined.where(joined > 0), product=ESA_PRODUCT, where=where)
    maps = xr.Dataset({"lccs_class": classes, "land_cover": joined})
    maps["land_cover"].attrs = {"units": "1", "long_name": "class in the codes of LCM2015"}
    maps.attrs = {
        "product": ESA_PRODUCT,
        "product_version": "2.0.7",
        "crs": windows.WGS84,
        "source": "ESA Climate Change Initiative - Land Cover led by UCLouvain (2017)",
        "verified_on": "a real mosaic of north-eastern Poland, 2015",
    }
    return maps

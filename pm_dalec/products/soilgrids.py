"""SoilGrids 2.0: organic carbon density by depth on the Homolosine grid at 250 m.

Source: ISRIC, files.isric.org/soilgrids/latest and docs.isric.org FAQ. ``ocd`` is stored in hg m-3,
so a tenth of the stored number is kg m-3. Interrupted Goode Homolosine, equal-area, no EPSG code.

Verified on synthetic files only (written by `write_soilgrids`). From memory, to be checked on a real
file: 16-bit integers with -32768 for missing.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from pm_dalec.data import messages
from pm_dalec.products.reading import rasters, told, windows, written
from pm_dalec.products.reading.files import found_files

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pm_dalec.products.reading.windows import Window

PRODUCT = "SoilGrids 2.0"
CRS = "+proj=igh +lat_0=0 +lon_0=0 +datum=WGS84 +units=m +no_defs"
STEP = 250.0  # [m]
ORIGIN = (8361000.0, -19949750.0)  # top and left edge of the global grid [m]
GRID = windows.Grid(PRODUCT, (STEP, STEP), ORIGIN, CRS)
FILL = -32768
CODING = rasters.Coding(dtypes=("int16",))
PER_UNIT = 10  # stored numbers a kg m-3

# Layers of the first metre and their thickness [m].
DEPTHS = {"0-5cm": 0.05, "5-15cm": 0.10, "15-30cm": 0.15, "30-60cm": 0.30, "60-100cm": 0.40}
STATISTICS = {"mean": "ocd", "Q0.05": "ocd_low", "Q0.95": "ocd_high"}

# Standard deviations between the 5 % and 95 % quantiles.
AUTHORS_SIGMAS = 2.0  # the paper's code takes half the range as one sigma
NORMAL_SIGMAS = 3.289707  # of a normal distribution, 2 x 1.6448536

_NAME = r"(\w+?)_(\d+-\d+cm)_(mean|Q0\.05|Q0\.5|Q0\.95|uncertainty)\.(tiff?|vrt)"
_EXAMPLE = "ocd_0-5cm_mean.tif"


def open_soilgrids(
    path_or_paths: str | Path | Sequence[str | Path], *, window: Window
) -> xr.Dataset:
    """Organic carbon density of the first metre: mean and 5 % and 95 % quantiles.

    Parameters
    ----------
    path_or_paths : str, Path or list of them
        Folder or files ``ocd_<depth>_<statistic>`` (GeoTIFF or VRT) of five depths and three
        statistics.
    window : tuple of float
        West, south, east, north [degrees]; only the bounds of this part are read.

    Returns
    -------
    xarray.Dataset
        ``ocd``, ``ocd_low``, ``ocd_high`` [kg m-3] (depth, y, x) and ``thickness`` (depth) [m].
    """
    window = windows.checked_window(window, product=PRODUCT)
    found = found_files(path_or_paths, product=PRODUCT, pattern=_NAME, example=_EXAMPLE)
    files = {(match[2], match[3]): path for path, match in found if match[1] == "ocd"}
    _check_complete(files, found)
    layers = {}
    for statistic, name in STATISTICS.items():
        stack = [_one_layer(files[depth, statistic], window, name) for depth in DEPTHS]
        depth = xr.DataArray(list(DEPTHS), dims="depth", name="depth")
        with told.on_same_cells(PRODUCT, where=f"folder {found[0][0].parent}"):
            layers[name] = xr.concat(stack, dim=depth, join="exact")
    with told.on_same_cells(PRODUCT, where=f"folder {found[0][0].parent}"):
        profile = xr.merge([layers[name].rename(name) for name in layers], join="exact")
    windows.expect_some(profile["ocd"], product=PRODUCT, where=f"window {tuple(window)}")
    profile["thickness"] = ("depth", list(DEPTHS.values()), {"units": "m"})
    profile.attrs = {
        "product": PRODUCT,
        "product_version": "2.0",
        "crs": CRS,
        "source": "ISRIC SoilGrids 2.0, ocd (hg m-3)",
        "verified_on": "synthetic files only",
    }
    return profile


def _check_complete(files, found):
    folder = f"folder {found[0][0].parent}"
    absent = [f"ocd_{d}_{s}" for d in DEPTHS for s in STATISTICS if (d, s) not in files]
    if not files:
        raise ValueError(
            messages.sentence(
                PRODUCT,
                wanted="property ocd (organic carbon density)",
                came=", ".join(sorted({match[1] for _, match in found})),
                where=folder,
                do="download ocd; soc has other units and ocs ends at 30 cm",
            )
        )
    if absent:
        raise ValueError(
            messages.sentence(
                PRODUCT,
                wanted=f"{len(DEPTHS) * len(STATISTICS)} layers, five depths and three statistics",
                came=f"{len(files)} files without {', '.join(absent[:4])}",
                where=folder,
                do="download the missing layers",
            )
        )


def _one_layer(path, window, name):
    piece = rasters.read_tiles([path], window, product=PRODUCT, crs=CRS, step=STEP, coding=CODING)
    # The authors also take every negative number as missing. Copies of a service may tag 0 instead:
    # no mapped soil is without carbon.
    stored = piece.values[0]
    known = (stored >= 0) & ~rasters.untold(stored, piece.tags, valid=(1, np.iinfo(np.int16).max))
    values = np.where(known, stored / np.float32(PER_UNIT), np.float32(np.nan))
    long_name = {
        "ocd": "organic carbon density",
        "ocd_low": "5 % quantile of organic carbon density",
        "ocd_high": "95 % quantile of organic carbon density",
    }[name]
    return rasters.as_array(values, piece, name=name, units="kg m-3", long_name=long_name)


def soil_carbon(profile, *, sigmas_in_range=AUTHORS_SIGMAS):
    """Soil organic carbon of the first metre, with its uncertainty.

    Parameters
    ----------
    profile : xarray.Dataset
        From `open_soilgrids`.
    sigmas_in_range : float
        Standard deviations between the 5 % and 95 % quantiles: `AUTHORS_SIGMAS` or
        `NORMAL_SIGMAS`.

    Returns
    -------
    xarray.Dataset
        ``csom_prior``, ``csom_prior_unc`` [g m-2] (y, x).

    Notes
    -----
    Sum of density times thickness; the layers' errors are taken as fully correlated, so their
    uncertainties add.
    """
    grams = 1000.0 * profile["thickness"]
    stock = (profile["ocd"] * grams).sum("depth", skipna=False)
    spread = ((profile["ocd_high"] - profile["ocd_low"]) * grams).sum("depth", skipna=False)
    reduced = xr.Dataset({"csom_prior": stock, "csom_prior_unc": spread / sigmas_in_range})
    words = "soil organic carbon, 0-100 cm"
    reduced["csom_prior"].attrs = {"units": "g m-2", "long_name": words}
    reduced["csom_prior_unc"].attrs = {"units": "g m-2", "long_name": f"uncertainty of {words}"}
    return reduced.assign_attrs(profile.attrs, sigmas_in_range=sigmas_in_range)


def write_soilgrids(folder, profile):
    """Write a profile as the fifteen GeoTIFF files of the product.

    Parameters
    ----------
    folder : str or Path
        Existing target folder.
    profile : xarray.Dataset
        As `open_soilgrids` returns; NaN is written as -32768.

    Returns
    -------
    list of Path
    """
    paths = []
    for statistic, name in STATISTICS.items():
        for depth in DEPTHS:
            values = profile[name].sel(depth=depth, drop=True)
            coded = np.rint(values * PER_UNIT).fillna(FILL)
            path = Path(folder) / f"ocd_{depth}_{statistic}.tif"
            paths.append(written.write_geotiff(path, [coded], crs=CRS, dtype="int16", nodata=FILL))
    return paths

"""MODIS and VIIRS leaf area index of 8 (or 4) days at 500 m, with its standard deviation and quality.

Source: LP DAAC, MOD15A2H, MYD15A2H, MCD15A2H and MCD15A3H collection 6.1, VNP15A2H and VJ115A2H; file
specification of LAADS (MOD15A2H_c6) and the user guides. Numbers from 0 to 100 are tenths; 249 to 255 are
kinds of surface without a retrieval, 248 a deviation that is not there. Quality of MODIS (`FparLai_QC`):
bit 2 dead detector, bits 3-4 cloud (0 clear, 1 cloudy, 2 mixed, 3 not known, taken as clear), bits 5-7
algorithm (0 main, 1 main under saturation, 2 and 3 back-up, 4 none). Of VIIRS: bits 0-2 algorithm, bit 3
dead detector; its cloud is in another layer.

Verified on synthetic files only, written by `write_modis_lai`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import xarray as xr

from pm_dalec.data.messages import sentence
from pm_dalec.products.modis import sinusoidal
from pm_dalec.products.modis.granules import found_granules
from pm_dalec.products.reading import rasters, told, windows, written

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pm_dalec.products.reading.windows import Window

PRODUCT = "MODIS leaf area"
MODIS = ("MCD15A2H", "MOD15A2H", "MYD15A2H", "MCD15A3H")
VIIRS = ("VNP15A2H", "VJ115A2H")
COLLECTIONS = ("061", "002", "001")
GRID = windows.Grid(PRODUCT, (sinusoidal.STEP,) * 2, crs=sinusoidal.CRS)
SCALE = 0.1  # [m2 m-2] of one stored number
DIGITAL_MAX = 100
FILL = 255
LENGTH = {"MCD15A3H": 4}  # days of a composite, 8 else

# Name -> places of the first bit and number of bits, and the values that mean it.
QUALITY = {
    "MODIS": {
        "backup": (5, 3, (2, 3)),
        "saturated": (5, 3, (1,)),
        "cloud": (3, 2, (1, 2)),
        "dead_detector": (2, 1, (1,)),
    },
    "VIIRS": {
        "backup": (0, 3, (2, 3)),
        "saturated": (0, 3, (1,)),
        "dead_detector": (3, 1, (1,)),
    },
}
REJECT = {"MODIS": ("backup", "cloud"), "VIIRS": ("backup",)}
"""Qualities that do not count where none are named."""

_EXAMPLE = (
    "MCD15A2H.061_Lai_500m_doy2014001_aid0001.tif or MOD15A2H.A2014001.h17v03.061.*_Lai_500m.tif"
)
_CODING = rasters.Coding(scale=SCALE)
_QUALITY_CODING = rasters.Coding()


def open_modis_lai(
    path_or_paths: str | Path | Sequence[str | Path],
    *,
    window: Window,
    reject: Sequence[str] | None = None,
) -> xr.Dataset:
    """Leaf area index and its standard deviation of every composite in a window.

    Parameters
    ----------
    path_or_paths : str, Path or list of them
        Folder or files of one product: layers ``Lai_500m``, ``LaiStdDev_500m`` and ``FparLai_QC``
        (VIIRS: ``Lai``, ``LaiStdDev``), as GeoTIFF, NetCDF, HDF4 or HDF5.
    window : tuple of float
        West, south, east, north [degrees]; only the bounds of this part are read.
    reject : tuple of str, optional
        Names of `QUALITY` whose cells become NaN; `REJECT` by default.

    Returns
    -------
    xarray.Dataset
        ``lai``, ``lai_unc`` [m2 m-2] (time, y, x), or (time, lat, lon) for geographic samples,
        ``quality_flag``; time is the middle day of the composite.
    """
    granules = composites(path_or_paths)
    series = read_composites(granules, window=window, reject=reject)
    windows.expect_some(series["lai"], product=PRODUCT, where=f"window {tuple(window)}")
    return series


def composites(path_or_paths):
    """Granules of a folder or of files, of one product.

    Parameters
    ----------
    path_or_paths : str, Path or list of them
        As in `open_modis_lai`.

    Returns
    -------
    list of Granule
    """
    return found_granules(
        path_or_paths,
        product=PRODUCT,
        names=(*MODIS, *VIIRS),
        collections=COLLECTIONS,
        example=_EXAMPLE,
    )


def composites_by_month(path_or_paths, *, years):
    """Granules of each month, so that a long series is read a month at a time.

    Parameters
    ----------
    path_or_paths : str, Path or list of them
        As in `open_modis_lai`.
    years : iterable of int
        Calendar years wanted.

    Returns
    -------
    list of list of Granule
        In the order of time; a composite belongs to the month of its middle day.
    """
    granules = composites(path_or_paths)
    months, wanted = {}, set(years)
    for each in granules:
        middle = _middle(each)
        if middle.year in wanted:
            months.setdefault((middle.year, middle.month), []).append(each)
    if not months:
        raise ValueError(
            sentence(
                PRODUCT,
                wanted=f"files of {min(wanted)} to {max(wanted)}",
                came=f"{len(granules)} files of other years",
                where=str(granules[0].path.parent),
                do="download these years, or change the period",
            )
        )
    return [months[month] for month in sorted(months)]


def _middle(granule):
    return granule.day + pd.Timedelta(days=LENGTH.get(granule.product, 8) // 2)


def read_composites(granules, *, window, reject=None):
    """Read what `open_modis_lai` opens, where a month under cloud may be missing altogether.

    Parameters
    ----------
    granules : list of Granule
        From `composites`.
    window, reject
        As in `open_modis_lai`.

    Returns
    -------
    xarray.Dataset
    """
    window = windows.checked_window(window, product=PRODUCT)
    sensor = "VIIRS" if granules[0].product in VIIRS else "MODIS"
    reject = _checked(REJECT[sensor] if reject is None else reject, sensor)
    days = {}
    for each in granules:
        days.setdefault(_middle(each), []).append(each)
    parts = [_one_composite(here, window, reject, sensor) for here in days.values()]
    axis = xr.DataArray(pd.DatetimeIndex(days), dims="time", name="time")
    with told.on_same_cells(PRODUCT, where=f"folder {granules[0].path.parent}"):
        series = xr.concat(parts, dim=axis, join="exact", combine_attrs="override")
    first = granules[0]
    return series.assign_attrs(
        product=PRODUCT,
        product_version=f"{first.product} collection {first.collection}",
        source="Myneni et al., LP DAAC",
        verified_on="synthetic files only",
    )


def _checked(reject, sensor):
    unknown = [name for name in reject if name not in QUALITY[sensor]]
    if unknown:
        raise KeyError(
            sentence(
                PRODUCT,
                wanted=f"quality names among {', '.join(QUALITY[sensor])} ({sensor})",
                came=", ".join(map(str, unknown)),
                where="argument reject",
                do="use these names, or leave the argument out",
            )
        )
    return tuple(reject)


def _one_composite(granules, window, reject, sensor):
    ending = "" if sensor == "VIIRS" else "_500m"
    limits = {"product": PRODUCT}
    lai, sigma = (
        sinusoidal.window_of(granules, f"{name}{ending}", window, coding=_CODING, **limits)
        for name in ("Lai", "LaiStdDev")
    )
    quality = sinusoidal.window_of(granules, "FparLai_QC", window, coding=_QUALITY_CODING, **limits)
    _check_alike((lai, sigma, quality), granules)
    flags = quality.values[0]
    refused = np.zeros(flags.shape, bool)
    for name in reject:
        first, count, meanings = QUALITY[sensor][name]
        refused |= np.isin((flags >> first) & (2**count - 1), meanings)
    decoded = {}
    for name, piece, words in (
        ("lai", lai, "leaf area index"),
        ("lai_unc", sigma, "standard deviation of leaf area index"),
    ):
        numbers = piece.values[0]
        seen = (numbers <= DIGITAL_MAX) & ~refused & (lai.values[0] <= DIGITAL_MAX)
        values = np.where(seen, numbers * np.float32(SCALE), np.float32(np.nan))
        decoded[name] = rasters.as_array(
            values.astype("float32"), piece, name=name, units="m2 m-2", long_name=words
        )
    decoded["quality_flag"] = rasters.as_array(
        flags, quality, name="quality_flag", units="1", long_name="FparLai_QC as delivered"
    )
    crs = windows.WGS84 if lai.crs.is_geographic else sinusoidal.CRS
    return xr.Dataset(decoded, attrs={"crs": crs})


def _check_alike(pieces, granules):
    """Refuse layers on different cells or of another type than 8-bit numbers."""
    first = pieces[0]
    same = all(
        piece.values.shape == first.values.shape and np.allclose(piece.x, first.x)
        for piece in pieces
    )
    kinds = {str(piece.values.dtype) for piece in pieces}
    if not same or kinds != {"uint8"}:
        raise ValueError(
            sentence(
                PRODUCT,
                wanted="leaf area, its deviation and quality as 8-bit numbers on the same cells",
                came=f"types {', '.join(sorted(kinds))}" + ("" if same else " on different cells"),
                where=f"file {granules[0].path} and its layers",
                do="use the files as delivered, all layers of one order",
            )
        )


def write_modis_lai(folder, series, *, product="MCD15A2H", tile="h17v03"):
    """Write composites as GeoTIFF files of the product, a layer each.

    Parameters
    ----------
    folder : str or Path
        Existing target folder.
    series : xarray.Dataset
        As `open_modis_lai` returns, on the sinusoidal grid, with time as the first day of each
        composite; NaN is written as 255. ``quality_flag`` may be absent (all 0, the best).
    product : str
        One of `MODIS`.
    tile : str
        For the names; None writes those of AppEEARS.

    Returns
    -------
    list of Path
    """
    flag = series.get("quality_flag", xr.zeros_like(series["lai"]))
    layers = {"Lai_500m": series["lai"] / SCALE, "LaiStdDev_500m": series["lai_unc"] / SCALE}
    layers["FparLai_QC"] = flag
    paths = []
    for day in pd.DatetimeIndex(series["time"].values):
        for layer, values in layers.items():
            numbers = np.rint(values.sel(time=day, drop=True)).fillna(FILL)
            name = f"{product}.061_{layer}_doy{day:%Y%j}_aid0001.tif"
            if tile is not None:
                name = f"{product}.A{day:%Y%j}.{tile}.061.2021309000000_{layer}.tif"
            path = Path(folder) / name
            written.write_geotiff(path, [numbers], crs=sinusoidal.CRS, dtype="uint8", nodata=FILL)
            paths.append(path)
    return paths

"""Copernicus LAI 300 m, version 1: ten-day leaf area index from PROBA-V and OLCI.

Source: Copernicus Land Monitoring Service, product user manual and "technical characteristics" of
the 300 m family; coding 1/30 with digital maximum 210 as in the CGLS resample tool. 8-bit values
above 210 are flags (255 missing) that the fill attribute alone does not cover.

Verified on synthetic files only (written by `write_lai300`). From memory, to be checked on a real
file: the data type, and which bit patterns of QFLAG stand for which interpolation method.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import xarray as xr

from pm_dalec.data import messages
from pm_dalec.products.reading import axes, files, stored, told, windows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pm_dalec.products.reading.windows import Window

PRODUCT = "Copernicus LAI 300 m"
VERSIONS = ("1.0.1", "1.1.1", "1.1.2")
STEP = 1 / 336  # [degree]
# The file's coordinates are cell centres at integer multiples of 1/336 degree.
GRID = windows.Grid(PRODUCT, (STEP, STEP), (STEP / 2, STEP / 2))
DIGITAL_MAX = 210
PER_UNIT = 30  # digital numbers a unit of LAI
MISSING = 255

# QFLAG: name -> (bits that are looked at, value that means the name)
QUALITY = {
    "water": (0b0000_0001, 0b0000_0000),
    "gap_interpolated": (0b0000_0100, 0b0000_0100),
    "gap_from_previous": (0b0000_1000, 0b0000_1000),
}

# Parts that are ordered from the second channels name their area, or say what was cut.
_NAME = (
    r"c_gls_LAI300(-RT\d)?_(\d{8})0000_[A-Z0-9-]+_(PROBAV|OLCI)_V(\d+\.\d+\.\d+)"
    r"(?:[._-][\w.-]+)?\.nc"
)
_EXAMPLE = "c_gls_LAI300_201406100000_GLOBE_PROBAV_V1.0.1.nc"
_VARIABLES = ("LAI", "RMSE", "QFLAG")


def open_lai300(
    path_or_paths: str | Path | Sequence[str | Path], *, window: Window, reject: Sequence[str] = ()
) -> xr.Dataset:
    """Ten-day leaf area index and its uncertainty in a window.

    Parameters
    ----------
    path_or_paths : str, Path or list of them
        Folder or files with the distributor's names.
    window : tuple of float
        West, south, east, north [degrees]; only this part of each file is read.
    reject : tuple of str
        Names of `QUALITY` whose cells become NaN.

    Returns
    -------
    xarray.Dataset
        ``lai``, ``lai_unc`` [m2 m-2] (time, lat, lon), ``quality_flag``; time is the last day of the
        dekad.
    """
    window = windows.checked_window(window, product=PRODUCT)
    dekads = read_dekads(path_or_paths, window=window, reject=reject)
    windows.expect_some(dekads["lai"], product=PRODUCT, where=f"window {tuple(window)}")
    return dekads


def read_dekads(path_or_paths, *, window, reject=()):
    """Read what `open_lai300` opens, where a month under cloud may be missing altogether."""
    window = windows.checked_window(window, product=PRODUCT)
    _check_reject(reject)
    found = files.found_files(path_or_paths, product=PRODUCT, pattern=_NAME, example=_EXAMPLE)
    dates = [_checked_date(path, match) for path, match in found]
    if len(set(dates)) < len(dates):
        repeated = sorted({date.strftime("%Y-%m-%d") for date in dates if dates.count(date) > 1})
        raise ValueError(
            messages.sentence(
                PRODUCT,
                wanted="one file a dekad",
                came=f"several for {', '.join(repeated)}",
                where="argument path_or_paths",
                do="keep the final version and remove the near-real-time one",
            )
        )
    order = np.argsort(dates)
    parts = [_one_dekad(found[i][0], window, reject) for i in order]
    axis = xr.DataArray(np.array(dates, dtype="datetime64[ns]")[order], dims="time", name="time")
    with told.on_same_cells(PRODUCT, where=f"folder {found[0][0].parent}"):
        joined = xr.concat(parts, dim=axis, join="exact", combine_attrs="override")
    joined.attrs = {
        "product": PRODUCT,
        "product_version": ", ".join(sorted({"V" + match[4] for _, match in found})),
        "crs": windows.WGS84,
        "source": "Copernicus Land Monitoring Service, LAI 300 m version 1",
        "verified_on": "synthetic files only",
        "files": len(found),
    }
    return joined


def files_by_month(path_or_paths, *, years):
    """Files of each month, so that a long series is read a month at a time.

    Parameters
    ----------
    path_or_paths : str, Path or list of them
        Folder or files with the distributor's names.
    years : iterable of int
        Calendar years wanted.

    Returns
    -------
    list of list of Path
        In the order of time; months without a file are left out.
    """
    found = files.found_files(path_or_paths, product=PRODUCT, pattern=_NAME, example=_EXAMPLE)
    months, wanted = {}, set(years)
    for path, match in found:
        date = _checked_date(path, match)
        if date.year in wanted:
            months.setdefault((date.year, date.month), []).append(path)
    if not months:
        raise ValueError(
            messages.sentence(
                PRODUCT,
                wanted=f"files of {min(wanted)} to {max(wanted)}",
                came=f"{len(found)} files of other years",
                where=str(found[0][0].parent),
                do="download these years, or change the period",
            )
        )
    return [months[month] for month in sorted(months)]


def _check_reject(reject):
    unknown = [name for name in reject if name not in QUALITY]
    if unknown:
        raise KeyError(
            messages.sentence(
                PRODUCT,
                wanted=f"quality names among {', '.join(QUALITY)}",
                came=", ".join(unknown),
                where="argument reject",
                do="use these names, or leave the argument out",
            )
        )


def _checked_date(path, match):
    version, text = match[4], match[2]
    where = f"file {path}"
    if version not in VERSIONS:
        raise ValueError(
            messages.sentence(
                PRODUCT,
                wanted=f"version {' or '.join(VERSIONS)}",
                came=version,
                where=where,
                do="download version 1 of the 300 m product; later versions are coded differently",
            )
        )
    date = pd.to_datetime(text, format="%Y%m%d", errors="coerce")
    if pd.isna(date) or date.day not in {10, 20, date.days_in_month}:
        raise ValueError(
            messages.sentence(
                PRODUCT,
                wanted="a date at the end of a dekad (10, 20, last day)",
                came=text,
                where=where,
                do="keep the distributor's file name",
            )
        )
    return date


def _one_dekad(path, window, reject):
    where = f"file {path}"
    with told.opened(path, product=PRODUCT) as dataset:
        part = axes.on_axes(dataset, _VARIABLES, product=PRODUCT, where=where)
        part = windows.windowed(part, window, step=STEP, product=PRODUCT, where=where)
        numbers = {name: _digital_numbers(part[name], where).load() for name in _VARIABLES}
    return _decoded(axes.north_first(xr.Dataset(numbers)), reject)


def _digital_numbers(variable, where):
    scale = 1.0 if variable.name == "QFLAG" else 1 / PER_UNIT
    numbers = stored.stored_numbers(variable, product=PRODUCT, where=where, scale=scale)
    if numbers.dtype != np.uint8:
        raise ValueError(
            messages.sentence(
                PRODUCT,
                wanted=f"'{variable.name}' as 8-bit numbers",
                came=f"type {numbers.dtype}",
                where=where,
                do="use the distributor's files, not a rescaled or stacked copy",
            )
        )
    return numbers


def _decoded(part, reject):
    flag = part["QFLAG"]
    refused = xr.zeros_like(flag, dtype=bool)
    for name in reject:
        bits, value = QUALITY[name]
        refused = refused | ((flag & bits) == value)
    decoded = {}
    for source, name, words in (
        ("LAI", "lai", "leaf area index"),
        ("RMSE", "lai_unc", "uncertainty (RMSE) of leaf area index"),
    ):
        number = part[source]
        value = (number / np.float32(PER_UNIT)).where((number <= DIGITAL_MAX) & ~refused)
        decoded[name] = value.astype("float32").assign_attrs(units="m2 m-2", long_name=words)
    decoded["quality_flag"] = flag.assign_attrs(units="1", long_name="QFLAG as delivered")
    coords = {
        "lat": part["lat"].assign_attrs(units="degrees_north"),
        "lon": part["lon"].assign_attrs(units="degrees_east"),
    }
    return xr.Dataset(decoded).assign_coords(coords)


def cell_sigma(dekads, *, share=0.5, floor=0.25):
    """Dekads whose zero uncertainties are replaced, with a smallest uncertainty.

    Parameters
    ----------
    dekads : xarray.Dataset
        From `open_lai300`.
    share : float
        Where the product's RMSE is zero it becomes this share of LAI [1].
    floor : float
        Smallest uncertainty [m2 m-2].

    Returns
    -------
    xarray.Dataset
        The authors' rule (PRODUCTS 2.1).
    """
    lai, sigma = dekads["lai"], dekads["lai_unc"]
    replaced = sigma.where(sigma != 0, share * lai)
    replaced = replaced.clip(min=floor).where(sigma.notnull() & lai.notnull())
    return dekads.assign(lai_unc=replaced.assign_attrs(sigma.attrs))


def monthly_lai(dekads):
    """Monthly mean of LAI and monthly maximum of its uncertainty.

    Parameters
    ----------
    dekads : xarray.Dataset
        ``lai``, ``lai_unc`` (time, lat, lon).

    Returns
    -------
    xarray.Dataset
        ``lai``, ``lai_unc`` [m2 m-2], ``dekad_count`` [1]; time is the start of the month.
    """
    seen = dekads["lai"].notnull() & dekads["lai_unc"].notnull()
    months = {"time": "MS"}
    lai = dekads["lai"].where(seen).resample(months).mean(keep_attrs=True)
    sigma = dekads["lai_unc"].where(seen).resample(months).max(keep_attrs=True)
    count = seen.resample(months).sum()
    count.attrs = {"units": "1", "long_name": "dekads with a value in the month"}
    lai.attrs["cell_methods"] = "time: mean"
    sigma.attrs["cell_methods"] = "time: maximum"
    reduced = xr.Dataset({"lai": lai, "lai_unc": sigma, "dekad_count": count})
    return reduced.transpose("time", ...).assign_attrs(dekads.attrs)


def write_lai300(folder, dekads, *, version="1.0.1"):
    """Write dekads as files of the product, one a dekad, in its exact coding.

    Parameters
    ----------
    folder : str or Path
        Existing target folder.
    dekads : xarray.Dataset
        As `open_lai300` returns; NaN is written as 255. ``quality_flag`` may be absent (all 1, land).
    version : str
        "1.0.1" writes PROBA-V names without a time axis, "1.1.1" and "1.1.2" OLCI names with one.

    Returns
    -------
    list of Path
    """
    sensor, run = ("PROBAV", "") if version.startswith("1.0") else ("OLCI", "-RT0")
    flag = dekads.get("quality_flag", xr.ones_like(dekads["lai"]))
    paths = []
    for date in pd.DatetimeIndex(dekads["time"].values):
        here = dekads.sel(time=date)
        numbers = xr.Dataset({"LAI": _coded(here["lai"]), "RMSE": _coded(here["lai_unc"])})
        numbers["QFLAG"] = flag.sel(time=date).astype("uint8")
        numbers = numbers.drop_vars("time")
        for name in ("LAI", "RMSE"):
            numbers[name].attrs = {"scale_factor": np.float32(1 / PER_UNIT), "add_offset": 0.0}
        numbers["QFLAG"].attrs = {}
        numbers["crs"] = xr.DataArray(np.int8(0), attrs={"grid_mapping_name": "latitude_longitude"})
        if sensor == "OLCI":
            numbers = numbers.expand_dims(time=[np.float64(date.toordinal() - 719163)])
            numbers["time"].attrs = {"units": "days since 1970-01-01"}
        numbers.attrs = {"Conventions": "CF-1.6", "product_version": f"V{version}"}
        name = f"c_gls_LAI300{run}_{date:%Y%m%d}0000_GLOBE_{sensor}_V{version}.nc"
        paths.append(Path(folder) / name)
        encoding = {
            each: {"zlib": True, "_FillValue": MISSING if each != "QFLAG" else None}
            for each in _VARIABLES
        }
        numbers.to_netcdf(paths[-1], engine="h5netcdf", encoding=encoding)
    return paths


def _coded(values):
    number = np.rint(values * PER_UNIT).clip(0, DIGITAL_MAX)
    return number.fillna(MISSING).astype("uint8")

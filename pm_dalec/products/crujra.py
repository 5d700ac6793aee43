"""CRU-JRA: six-hourly meteorology at 0.5 degree over land, 365-day calendar.

Source: CRU-JRA v1.1 (``crujra.V1.1.5d.<var>.<yyyy>.365d.noc.nc.gz``, CEDA) and v2.x; variables as on
the ORCHIDEE page of CRUJRA-2.1. ``dswrf`` is the total over six hours [J m-2]; sets made for TRENDY
carry ``tswrf`` or W m-2, told apart by their units. Users have rewritten the time stamps of these
files, so the time axis is made from the file name's year and the number of steps.

Verified on synthetic files only (written by `write_crujra`). From memory: the order of the axes.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import xarray as xr

from pm_dalec.data import messages
from pm_dalec.data.formats import netcdf
from pm_dalec.data.series.air import saturation, vapour_pressure
from pm_dalec.products.reading import axes, told, windows
from pm_dalec.products.reading.files import found_files
from pm_dalec.products.reading.stored import stored_numbers
from pm_dalec.tables.constants import FREEZING
from pm_dalec.tables.variables import DRIVERS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pm_dalec.products.reading.windows import Window

PRODUCT = "CRU-JRA"
STEP = 0.5  # [degree]
GRID = windows.Grid(PRODUCT, (STEP, STEP), from_north=False)
STEPS_PER_DAY = 4
STEPS_PER_YEAR = 1460
SECONDS = 21600.0  # of a step [s]
FILL = np.float32(-9.99e33)

VARIABLES = ("tmin", "tmax", "tmp", "dswrf", "spfh", "pres", "ugrd", "vgrd")
_UNITS = {
    "tmin": ("K", "Degrees Kelvin"),
    "tmax": ("K", "Degrees Kelvin"),
    "tmp": ("K", "Degrees Kelvin"),
    "dswrf": ("J m-2", "J/m2", "J/m**2", "W m-2", "W/m2"),
    "spfh": ("kg kg-1", "kg/kg", "1"),
    "pres": ("Pa",),
    "ugrd": ("m s-1", "m/s"),
    "vgrd": ("m s-1", "m/s"),
}
_AS_POWER = ("W m-2", "W/m2")
_LONG_NAMES = {
    "tmin": "minimum air temperature of the step",
    "tmax": "maximum air temperature of the step",
    "tmp": "air temperature",
    "dswrf": "downward shortwave radiation, total over the step",
    "spfh": "specific humidity",
    "pres": "surface pressure",
    "ugrd": "eastward wind",
    "vgrd": "northward wind",
}
_SHORTWAVE = ("dswrf", "tswrf")
_NAME = r"crujra\.[vV](\d+(?:\.\d+)+)\.5d\.(\w+)\.(\d{4})\.365d\.noc\.nc(\.gz)?"
_EXAMPLE = "crujra.V1.1.5d.tmin.2014.365d.noc.nc"


def time_axis(year):
    """Six-hourly instants of one year of the 365-day calendar.

    Parameters
    ----------
    year : int
        Calendar year.

    Returns
    -------
    numpy.ndarray of cftime.DatetimeNoLeap
    """
    return xr.date_range(
        f"{year}-01-01", periods=STEPS_PER_YEAR, freq="6h", calendar="noleap", use_cftime=True
    ).values


def open_crujra(
    path_or_paths: str | Path | Sequence[str | Path], *, window: Window, years: Sequence[int]
) -> xr.Dataset:
    """Six-hourly meteorology of some years in a window.

    Parameters
    ----------
    path_or_paths : str, Path or list of them
        Folder or unpacked files with the distributor's names, one a variable and year.
    window : tuple of float
        West, south, east, north [degrees]; only this part of each file is read.
    years : iterable of int
        Calendar years, consecutive.

    Returns
    -------
    xarray.Dataset
        `VARIABLES` (time, lat, lon); temperatures in K, ``dswrf`` in J m-2 a step, 365-day calendar.
    """
    window = windows.checked_window(window, product=PRODUCT)
    found = found_files(path_or_paths, product=PRODUCT, pattern=_NAME, example=_EXAMPLE)
    files = _listed(found)
    years = sorted(int(year) for year in years)
    _check_complete(files, years, found)
    per_year = []
    for year in years:
        parts = [_one_variable(files[name, year], name, year, window) for name in VARIABLES]
        with told.on_same_cells(PRODUCT, where=f"files of {year} in {found[0][0].parent}"):
            per_year.append(xr.merge(parts, join="exact", compat="equals"))
    with told.on_same_cells(PRODUCT, where=f"folder {found[0][0].parent}"):
        meteorology = xr.concat(per_year, dim="time", join="exact")
    windows.expect_some(meteorology["tmin"], product=PRODUCT, where=f"window {tuple(window)}")
    meteorology.attrs = {
        "product": PRODUCT,
        "product_version": ", ".join(sorted({"v" + match[1] for _, match in found})),
        "crs": windows.WGS84,
        "calendar": "noleap",
        "source": "CRU-JRA (Harris, CEDA)",
        "verified_on": "synthetic files only",
    }
    return meteorology


def _listed(found):
    """Files by variable and year; ``tswrf`` of TRENDY sets stands for ``dswrf``."""
    versions = sorted({match[1] for _, match in found})
    if len(versions) > 1:
        raise ValueError(
            messages.sentence(
                PRODUCT,
                wanted="files of one version",
                came=", ".join("v" + each for each in versions),
                where=f"folder {found[0][0].parent}",
                do="keep the versions in folders of their own",
            )
        )
    files = {}
    for path, match in found:
        name = "dswrf" if match[2] in _SHORTWAVE else match[2]
        files[name, int(match[3])] = path
    return files


def _check_complete(files, years, found):
    folder = f"folder {found[0][0].parent}"
    absent = [f"{name} {year}" for name in VARIABLES for year in years if (name, year) not in files]
    if absent or not years:
        more = f" and {len(absent) - 6} more" if len(absent) > 6 else ""
        raise ValueError(
            messages.sentence(
                PRODUCT,
                wanted=f"files of {', '.join(absent[:6]) or 'at least one year'}{more}",
                came=f"{len(files)} files of years "
                f"{min(y for _, y in files)} to {max(y for _, y in files)}",
                where=folder,
                do="download the missing files, or choose other years",
            )
        )


def _one_variable(path, name, year, window):
    where = f"file {path}"
    with told.opened(path, product=PRODUCT) as dataset:
        stored = "tswrf" if name == "dswrf" and "tswrf" in dataset else name
        netcdf.expect_names(dataset, (stored,), product=PRODUCT, where=where)
        units = netcdf.expect_units(dataset[stored], _UNITS[name], product=PRODUCT, where=where)
        _check_steps(dataset[stored].sizes, where)
        limits, order = {"product": PRODUCT, "where": where}, ("time", "lat", "lon")
        part = axes.on_axes(_with_steps(dataset), [stored], axes=order, **limits)
        part = windows.windowed(part, window, step=STEP, **limits)
        values = stored_numbers(part[stored], **limits).rename(name).load()
    fills = [values.attrs.get(each) for each in ("_FillValue", "missing_value")]
    missing = xr.zeros_like(values, dtype=bool)
    for fill in fills:
        if fill is not None:
            missing = missing | (values == np.float32(np.ravel(fill)[0]))
    values = values.where(~missing).astype("float32")
    if units in _AS_POWER:
        values = values * np.float32(SECONDS)
    values = values.assign_coords(time=("time", time_axis(year)))
    values.attrs = {"units": units_of(name), "long_name": _LONG_NAMES[name]}
    _check_range(values, where)
    return values.transpose("time", "lat", "lon").sortby("lat")


def _with_steps(dataset):
    """File with its steps counted along time: its own time stamps are not trusted."""
    steps = np.arange(dataset.sizes["time"])
    return dataset.drop_vars("time", errors="ignore").assign_coords(time=steps)


def _check_steps(sizes, where):
    if sizes.get("time") != STEPS_PER_YEAR:
        raise ValueError(
            messages.sentence(
                PRODUCT,
                wanted=f"{STEPS_PER_YEAR} six-hourly steps, a year of 365 days",
                came=f"{sizes.get('time', 'no')} along 'time'",
                where=where,
                do="use the files as distributed, without added leap days or monthly means",
            )
        )


# What no place on land has: outside it, units or coding are wrong.
_RANGES = {
    "tmin": (180.0, 340.0),
    "tmax": (180.0, 340.0),
    "tmp": (180.0, 340.0),
    "dswrf": (-1.0, 3.2e7),  # 1481 W m-2 over six hours
    "spfh": (-1e-6, 0.1),
    "pres": (4e4, 1.2e5),
    "ugrd": (-150.0, 150.0),
    "vgrd": (-150.0, 150.0),
}


def _check_range(values, where):
    low, high = _RANGES[values.name]
    wrong = (values < low) | (values > high)
    if bool(wrong.any()):
        first = float(values.where(wrong).max())
        raise ValueError(
            messages.sentence(
                PRODUCT,
                wanted=f"'{values.name}' from {low:g} to {high:g} {values.attrs['units']}",
                came=f"{int(wrong.sum())} values such as {first:.4g}",
                where=where,
                do="check units and fill value of the file",
            )
        )


def vapour_pressure_deficit(temperature, humidity, pressure):
    """Vapour pressure deficit of one instant, not below zero.

    Parameters
    ----------
    temperature : array
        Air temperature [degC].
    humidity : array
        Specific humidity [kg kg-1].
    pressure : array
        Air pressure [Pa].

    Returns
    -------
    array
        [Pa]. It is not linear: means of it are not its value at the means.

    Notes
    -----
    Saturation 613.75 exp(17.502 T/(240.97+T)); vapour pressure q p/0.62197 as the Edinburgh
    group computes it. The exact form of the latter raises the deficit by about one per cent.
    """
    return (saturation(temperature) - vapour_pressure(humidity, pressure)).clip(min=0.0)


def monthly_drivers(meteorology):
    """Monthly drivers from six-hourly meteorology.

    Parameters
    ----------
    meteorology : xarray.Dataset
        From `open_crujra`.

    Returns
    -------
    xarray.Dataset
        ``tmin``, ``tmax`` [degC], ``sw_rad`` [MJ m-2 d-1], ``vpd`` [Pa], ``wind`` [m s-1]
        (time, lat, lon); time is the start of the month in the standard calendar.

    Notes
    -----
    Daily extremes of the four steps, then their mean; radiation summed over the day; deficit and
    wind speed at each step, then their mean. February 29 gets the mean of February.
    """
    daily = {"time": STEPS_PER_DAY}
    energy = meteorology["dswrf"] / 1e6
    wind = np.hypot(meteorology["ugrd"], meteorology["vgrd"])
    celsius = meteorology["tmp"] - FREEZING
    deficit = vapour_pressure_deficit(celsius, meteorology["spfh"], meteorology["pres"])
    days = {
        "tmin": meteorology["tmin"].coarsen(daily, coord_func="min").min() - FREEZING,
        "tmax": meteorology["tmax"].coarsen(daily, coord_func="min").max() - FREEZING,
        # The day's total as four means: a sum would make zero of the fills over sea.
        "sw_rad": energy.coarsen(daily, coord_func="min").mean() * STEPS_PER_DAY,
        "vpd": deficit.coarsen(daily, coord_func="min").mean(),
        "wind": wind.coarsen(daily, coord_func="min").mean(),
    }
    days = xr.Dataset(days)
    months = days.resample(time="MS").mean()
    starts = [f"{t.year:04d}-{t.month:02d}-01" for t in months["time"].values]
    months = months.assign_coords(time=pd.DatetimeIndex(starts)).transpose("time", ...)
    for name in months.data_vars:
        months[name].attrs = {"units": DRIVERS[name].units, "long_name": DRIVERS[name].long_name}
    return months.assign_attrs(meteorology.attrs, calendar="standard")


def units_of(name):
    """Units of a variable as this reader returns and writes it.

    Parameters
    ----------
    name : str
        One of `VARIABLES`.

    Returns
    -------
    str
    """
    return _UNITS[name][0]


def write_crujra(folder, meteorology, *, version="1.1"):
    """Write meteorology as the product's NetCDF files, one a variable and year.

    Parameters
    ----------
    folder : str or Path
        Existing target folder.
    meteorology : xarray.Dataset
        As `open_crujra` returns, whole years; NaN is written as the fill value.
    version : str
        "1.1" writes names with V1.1, others with v.

    Returns
    -------
    list of Path
    """
    letter = "V" if version.startswith("1") else "v"
    paths = []
    for year in sorted({time.year for time in meteorology["time"].values}):
        here = meteorology.sel(time=[t.year == year for t in meteorology["time"].values])
        for name in VARIABLES:
            path = Path(folder) / f"crujra.{letter}{version}.5d.{name}.{year}.365d.noc.nc"
            layer = here[[name]].astype("float32")
            layer.attrs = {}
            encoding = {
                name: {"_FillValue": FILL, "zlib": True},
                "time": {"units": "days since 1901-01-01", "calendar": "noleap"},
            }
            layer.to_netcdf(path, engine="h5netcdf", encoding=encoding)
            paths.append(path)
    return paths

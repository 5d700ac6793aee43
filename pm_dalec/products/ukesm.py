"""CMIP6 UKESM1-0-LL monthly scenario.

Source: CMIP6 ``<var>_Amon_UKESM1-0-LL_<scenario>_r1i1p1f2_gn_<months>.nc``, N96 (1.875 x 1.25
degree), longitudes from 0, 360-day calendar, fill 1e20. ``co2mass`` [kg] over 7.804816e12 is ppm, as
in the Edinburgh code. There is no vapour pressure deficit among the outputs: it is made here from
``tasmin``, ``tasmax``, ``huss`` and ``ps`` of the month, which is biased, as the deficit is not linear;
only its anomalies are used.

Verified on synthetic files only (written by `write_ukesm`). From memory: the fill value.
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
from pm_dalec.products.reading import axes, stored, told, windows
from pm_dalec.products.reading.files import found_files
from pm_dalec.tables.constants import FREEZING
from pm_dalec.tables.variables import DRIVERS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pm_dalec.products.reading.windows import Window

PRODUCT = "UKESM1-0-LL"
STEPS = (1.25, 1.875)  # latitude, longitude [degree]
GRID = windows.Grid(PRODUCT, STEPS, (-90.0, 0.0), from_north=False)
FILL = np.float32(1e20)
KG_PER_PPM = 7.804816e12  # of CO2 in the atmosphere
MJ_PER_DAY = 0.0864  # of one W m-2

VARIABLES = ("tasmin", "tasmax", "rsds", "huss", "ps", "sfcWind")
_UNITS = {
    "tasmin": ("K",),
    "tasmax": ("K",),
    "rsds": ("W m-2",),
    "huss": ("1", "kg kg-1"),
    "ps": ("Pa",),
    "sfcWind": ("m s-1",),
    "co2mass": ("kg",),
}
# The Climate Data Store and download tools write days and a version, or what was cut, into the name.
_NAME = (
    r"(\w+)_Amon_([\w-]+?)_(\w+)_(r\d+i\d+p\d+f\d+)_(?:gn|gm|gr\d?)"
    r"(?:_\d{4,8}-\d{4,8})?(?:[._-][\w.-]+)?\.nc"
)
_EXAMPLE = "tasmin_Amon_UKESM1-0-LL_ssp245_r1i1p1f2_gn_201501-204912.nc"


def open_ukesm(
    path_or_paths: str | Path | Sequence[str | Path], *, window: Window, scenario: str = "ssp245"
) -> xr.Dataset:
    """Monthly drivers of a scenario in a window.

    Parameters
    ----------
    path_or_paths : str, Path or list of them
        Folder or files with CMIP6 names.
    window : tuple of float
        West, south, east, north [degrees]; only this part of each file is read.
    scenario : str
        As in the file names.

    Returns
    -------
    xarray.Dataset
        ``tmin``, ``tmax`` [degC], ``sw_rad`` [MJ m-2 d-1], ``vpd`` [Pa], ``wind`` [m s-1]
        (time, lat, lon) and ``co2`` [ppm] (time); time is the start of the month, standard calendar.
    """
    window = windows.checked_window(window, product=PRODUCT)
    found = found_files(path_or_paths, product=PRODUCT, pattern=_NAME, example=_EXAMPLE)
    files = _of_scenario(found, scenario)
    raw = {name: _series(files[name], name, window) for name in (*VARIABLES, "co2mass")}
    _check_months(raw)
    with told.on_same_cells(PRODUCT, where=f"folder {found[0][0].parent}"):
        fields = xr.merge([raw[name].rename(name) for name in raw], join="exact")
    vapour = vapour_pressure(fields["huss"], fields["ps"])
    low, high = fields["tasmin"] - FREEZING, fields["tasmax"] - FREEZING
    saturated = (saturation(low) + saturation(high)) / 2
    made = {
        "tmin": low,
        "tmax": high,
        "sw_rad": fields["rsds"] * MJ_PER_DAY,
        "vpd": (saturated - vapour).clip(min=0.0),
        "wind": fields["sfcWind"],
        "co2": fields["co2mass"] / KG_PER_PPM,
    }
    drivers = xr.Dataset(made)
    windows.expect_some(drivers["tmin"], product=PRODUCT, where=f"window {tuple(window)}")
    for name in drivers.data_vars:
        drivers[name].attrs = {"units": DRIVERS[name].units, "long_name": DRIVERS[name].long_name}
    return drivers.assign_attrs(
        product=PRODUCT,
        product_version=f"CMIP6 {scenario}",
        crs=windows.WGS84,
        calendar="months of a 360-day calendar, put on the standard one",
        source="CMIP6 ScenarioMIP, UKESM1-0-LL r1i1p1f2",
        verified_on="synthetic files only",
    )


def _of_scenario(found, scenario):
    folder = f"folder {found[0][0].parent}"
    models = sorted({match[2] for _, match in found if match[2] != PRODUCT})
    if models:
        raise ValueError(
            messages.sentence(
                PRODUCT,
                wanted=f"files of {PRODUCT}",
                came=", ".join(models),
                where=folder,
                do="keep the models in folders of their own",
            )
        )
    files = {}
    for path, match in found:
        if match[3] == scenario:
            files.setdefault(match[1], []).append(path)
    absent = [name for name in (*VARIABLES, "co2mass") if name not in files]
    if absent:
        came = sorted({f"{match[1]} {match[3]}" for _, match in found})
        raise ValueError(
            messages.sentence(
                PRODUCT,
                wanted=f"monthly files of {', '.join(absent)} for {scenario}",
                came=", ".join(came),
                where=folder,
                do="download them, or pass scenario= as in the file names",
            )
        )
    return files


def _series(paths, name, window):
    parts = [_one_file(path, name, window) for path in paths]
    parts.sort(key=lambda part: part["time"].values[0])
    with told.on_same_cells(PRODUCT, where=f"variable {name} in {paths[0].parent}"):
        return xr.concat(parts, dim="time", join="exact")


def _one_file(path, name, window):
    where = f"file {path}"
    with told.opened(path, product=PRODUCT) as dataset:
        netcdf.expect_names(dataset, (name, "time"), product=PRODUCT, where=where)
        netcdf.expect_units(dataset[name], _UNITS[name], product=PRODUCT, where=where)
        months = _months(dataset["time"], where)
        order = ("time",) if name == "co2mass" else ("time", "lat", "lon")
        part = axes.on_axes(dataset, [name], product=PRODUCT, where=where, axes=order)
        if name != "co2mass":
            part = windows.windowed(part, window, step=STEPS, product=PRODUCT, where=where)
            part = part.sortby("lat")
        values = stored.stored_numbers(part[name], product=PRODUCT, where=where).load()
    values = values.where(values < 0.9 * FILL).astype("float64").assign_coords(time=months)
    return values.drop_vars(set(values.coords) - {"time", "lat", "lon"}).drop_attrs()


def _months(time, where):
    calendar = str(time.attrs.get("calendar", "none"))
    if calendar != "360_day":
        raise ValueError(
            messages.sentence(
                PRODUCT,
                wanted="calendar '360_day'",
                came=repr(calendar),
                where=where,
                do="use the files of this model as distributed, not converted to another calendar",
            )
        )
    coder = xr.coders.CFDatetimeCoder(use_cftime=True)
    decoded = xr.decode_cf(time.to_dataset(name="copy"), decode_times=coder)["time"].values
    starts = pd.DatetimeIndex([f"{t.year:04d}-{t.month:02d}-01" for t in decoded])
    steps = np.diff(starts.to_period("M").astype("int64"))
    if starts.size > 1 and not np.all(steps == 1):
        raise ValueError(
            messages.sentence(
                PRODUCT,
                wanted="consecutive months",
                came=f"{int((steps != 1).sum())} breaks",
                where=where,
                do="download the monthly (Amon) file again",
            )
        )
    return starts


def _check_months(raw):
    spans = {name: series.indexes["time"] for name, series in raw.items()}
    first = spans[VARIABLES[0]]
    for name, months in spans.items():
        whole = pd.date_range(first[0], first[-1], freq="MS")
        if not (months.equals(first) and months.equals(whole)):
            raise ValueError(
                messages.sentence(
                    PRODUCT,
                    wanted=f"the same months without a gap, {first[0]:%Y-%m} to {first[-1]:%Y-%m}",
                    came=f"{months.size} months, {months[0]:%Y-%m} to {months[-1]:%Y-%m}",
                    where=f"variable {name}",
                    do="download the files of every variable for the same period",
                )
            )


def write_ukesm(folder, monthly, *, scenario="ssp245"):
    """Write monthly fields as CMIP6 files of the model, one a variable.

    Parameters
    ----------
    folder : str or Path
        Existing target folder.
    monthly : xarray.Dataset
        `VARIABLES` (time, lat, lon) and ``co2mass`` (time) in CMIP6 units; whole consecutive months.
    scenario : str
        For the names.

    Returns
    -------
    list of Path
    """
    import cftime

    starts = pd.DatetimeIndex(monthly["time"].values)
    middles = [cftime.Datetime360Day(t.year, t.month, 16) for t in starts]
    span = f"{starts[0]:%Y%m}-{starts[-1]:%Y%m}"
    paths = []
    for name in (*VARIABLES, "co2mass"):
        layer = monthly[[name]].astype("float32").assign_coords(time=middles)
        layer[name].attrs = {"units": _UNITS[name][0]}
        if name != "co2mass":
            layer = layer.assign_coords(lon=layer["lon"] % 360).sortby("lon")
        grid = "gm" if name == "co2mass" else "gn"
        file = f"{name}_Amon_{PRODUCT}_{scenario}_r1i1p1f2_{grid}_{span}.nc"
        paths.append(Path(folder) / file)
        encoding = {
            name: {"_FillValue": FILL, "zlib": True},
            "time": {"units": "days since 1850-01-01", "calendar": "360_day", "dtype": "float64"},
        }
        layer.to_netcdf(paths[-1], engine="h5netcdf", encoding=encoding)
    return paths

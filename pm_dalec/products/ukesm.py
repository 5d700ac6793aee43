"""CMIP6 UKESM1-0-LL monthly scenario, and future drivers by anomalies.

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

from pm_dalec.data import messages, time_axis
from pm_dalec.data.formats import netcdf
from pm_dalec.data.series.humidity import saturation, vapour_pressure
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


def future_drivers(observed, scenario, *, reference=(2019, 2019)):
    """Drivers after the observed ones: climatology of a reference period plus anomalies.

    Parameters
    ----------
    observed : xarray.Dataset
        Units of a site or region with monthly drivers of whole years.
    scenario : xarray.Dataset
        From `open_ukesm`; covers the reference period and the future.
    reference : tuple of int
        First and last year of the reference, (2019, 2019) as in the paper's text, or (2015, 2019).
        A single year carries its own weather into all that follows.

    Returns
    -------
    xarray.Dataset
        Drivers of the months after the last observed one, with its coordinates.

    Notes
    -----
    For each calendar month the mean difference observed - scenario over the reference is added to
    the scenario at its nearest cell. Radiation and deficit are not below zero, tmin not above tmax.
    CO2 keeps its increments from the last observed month on. Wind and fire repeat the observed
    years; nothing is removed by harvest.
    """
    _check_reference(observed, scenario, reference)
    last = pd.Timestamp(observed["time"].values[-1])
    local = scenario.sel(lat=observed["lat"], lon=observed["lon"], method="nearest")
    local = local.drop_vars(["lat", "lon"])
    future = local.sel(time=slice(last + pd.Timedelta(days=1), None))
    years = slice(str(reference[0]), str(reference[1]))
    made = {}
    for name in ("tmin", "tmax", "sw_rad", "vpd"):
        pairs = observed[name].sel(time=years) - local[name].sel(time=years)
        bias = pairs.groupby("time.month").mean()
        shifted = future[name] + bias.sel(month=future["time"].dt.month).drop_vars("month")
        made[name] = shifted.clip(min=0.0) if name in ("sw_rad", "vpd") else shifted
    made["tmin"], made["tmax"] = (
        np.minimum(made["tmin"], made["tmax"]),
        np.maximum(made["tmin"], made["tmax"]),
    )
    step = future["co2"] - local["co2"].sel(time=last)
    made["co2"] = observed["co2"].sel(time=last, drop=True) + step.drop_vars(
        "time", errors="ignore"
    )
    made["co2"] = made["co2"].assign_coords(time=future["time"])
    for name in ("wind", "burned_fraction"):
        made[name] = _repeated(observed[name], future["time"])
    made["forest_loss_fraction"] = xr.zeros_like(made["burned_fraction"])
    return _assembled(made, observed, future["time"])


def _check_reference(observed, scenario, reference):
    first, last = reference
    months = observed.sizes["time"]
    years = observed["time"].dt.year.values
    inside = years.min() <= first <= last <= years.max()
    scenario_years = scenario["time"].dt.year.values
    inside = inside and scenario_years.min() <= first and scenario_years.max() > years.max()
    whole = months % 12 == 0 and int(observed["time"].dt.month[0]) == 1
    if not (inside and whole):
        raise ValueError(
            messages.sentence(
                PRODUCT,
                wanted=f"whole observed years that hold the reference {first}-{last}, "
                "and a scenario that goes beyond them",
                came=f"{months} observed months of {years.min()}-{years.max()}, "
                f"scenario of {scenario_years.min()}-{scenario_years.max()}",
                where="argument reference",
                do="choose years that both have, and monthly drivers from January to December",
            )
        )


def _repeated(series, time):
    """Observed years over and over, along a later monthly axis."""
    index = np.arange(time.size) % series.sizes["time"]
    return series.isel(time=index).assign_coords(time=time)


def _assembled(made, observed, time):
    starts = pd.DatetimeIndex(time.values)
    ends = starts + pd.offsets.MonthBegin(1)
    bounds = xr.DataArray(np.stack([starts, ends], axis=1), {"time": starts}, ("time", "bnds"))
    made["doy"] = time_axis.day_of_year_at_end(bounds)
    made["step_days"] = time_axis.step_lengths(bounds)
    ordered = {
        name: values.transpose(*(d for d in observed[name].dims if d in values.dims), ...)
        for name, values in made.items()
    }
    drivers = xr.Dataset(ordered).assign_coords(time_bnds=bounds)
    for name in drivers.data_vars:
        drivers[name].attrs = dict(observed[name].attrs)
    return drivers.assign_attrs(observed.attrs, future=f"anomalies of {PRODUCT}")


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

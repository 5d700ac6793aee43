"""Drivers of a site from ERA5 or ERA5-Land: hourly or daily NetCDF of single levels, as the CDS gives them.

Hourly files have ``t2m``, ``d2m`` [K], ``u10``, ``v10`` [m s-1], which are of an instant, and ``ssrd``
[J m-2], which is of the hour that ends at its stamp; ERA5-Land adds it up from 00 UTC. Daily files need
least and largest temperature under names that tell them, and the sum or mean of the radiation. The time is
``valid_time`` or ``time`` [UTC]; ``expver`` 1 is final, 5 preliminary. Days are those of local solar time.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
import xarray as xr

from pm_dalec.data.checks import check_units
from pm_dalec.data.formats import netcdf
from pm_dalec.data.messages import sentence
from pm_dalec.data.series import resampling, stand_ins
from pm_dalec.data.series.air import saturation
from pm_dalec.data.series.frame import made_site
from pm_dalec.data.units import conversion, why_not

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

PRODUCT = "ERA5"
_UNITS = {"month": "M", "day": "D"}
# Quantity, its names in files, its units here.
_NAMES = {
    "tmin": (("mn2t", "t2m_min", "tmin"), "degC"),
    "tmax": (("mx2t", "t2m_max", "tmax"), "degC"),
    "t": (("t2m", "2t", "t2m_mean"), "degC"),
    "d": (("d2m", "2d", "d2m_mean"), "degC"),
    "u": (("u10", "10u"), "m s-1"),
    "v": (("v10", "10v"), "m s-1"),
    "wind": (("si10", "ws10", "wind_speed"), "m s-1"),
    "ssrd": (("ssrd",), "J m-2"),
}
_TIMES, _LATS, _LONS = ("valid_time", "time"), ("latitude", "lat"), ("longitude", "lon")
_HOUR, _DAY = pd.Timedelta(hours=1), pd.Timedelta(days=1)
_FARTHEST = 0.5  # [cells] of the nearest centre, along either axis
_J_PER_MJ = 1e6
_LEAST_SUM = 2e6  # [J m-2] of the brightest day; as a mean of hours no day has as much


def open_era5(
    path: str | os.PathLike[str] | xr.Dataset | Sequence[str | os.PathLike[str] | xr.Dataset],
    *,
    latitude: float,
    longitude: float,
    step: Literal["month", "day"] = "month",
    point: Literal["nearest", "exact"] = "nearest",
    site: str = "ERA5",
    co2: ArrayLike | None = None,
    disturbance: str = "none",
) -> xr.Dataset:
    """Units dataset of a site with the drivers of ERA5, checked; observations are added by `assign`.

    Least and largest temperatures are of the hours of each day, the deficit and the speed of the wind are
    computed hour by hour and then averaged. Steps that the files do not fill are left out at the ends.

    Parameters
    ----------
    path : path, Dataset, or sequence of them
        Files of the same place, as of instants and of accumulations, or of several years.
    latitude, longitude : float
        [degrees], from -180 or from 0.
    step : {"month", "day"}, default "month"
    point : {"nearest", "exact"}, default "nearest"
        The cell in which the site lies, or only a centre at the site.
    site : str
        Name.
    co2 : array, optional
        One number a step [ppm]; Mauna Loa, with a notice, by default.
    disturbance : {"none", "file"}, default "none"
        A reanalysis has no harvest and no fire; with "file" the drivers are left to be added.

    Returns
    -------
    xarray.Dataset

    Raises
    ------
    FileNotFoundError, ValueError, TypeError, KeyError
        A sentence: what was wanted, what came, where, what to do.
    """
    if step not in _UNITS or point not in ("nearest", "exact"):
        raise ValueError(
            f"wanted step 'month' or 'day' and point 'nearest' or 'exact', got {step!r} and {point!r} ({PRODUCT})"
        )
    stand_ins.checked_disturbance(disturbance, PRODUCT)
    given = [path] if isinstance(path, str | os.PathLike | xr.Dataset) else list(path)
    series = {}
    for each in given:
        for name, values in _series_of(each, latitude, longitude, point).items():
            series.setdefault(name, []).append(values)
    joined = {name: _joined(name, parts) for name, parts in series.items()}
    drivers = _drivers(joined, longitude, _UNITS[step])
    table = pd.DataFrame(drivers)
    whole = table.notna().all(axis=1)
    if not whole.any():
        raise ValueError(
            _said(f"a whole {step}", f"{len(table)} in parts", "these files", "add the others")
        )
    table = table.loc[whole.idxmax() : whole[::-1].idxmax()]
    values = {name: table[name].to_numpy() for name in table}
    values |= {} if co2 is None else {"co2": np.broadcast_to(np.asarray(co2, float), len(table))}
    made = made_site(values, table.index, {"lat": latitude, "lon": longitude}, site, PRODUCT)
    made = made.assign_attrs(product=PRODUCT, days="local solar time")
    if disturbance == "file":
        return made
    return check_units(stand_ins.without_disturbance(made, PRODUCT))


def _said(wanted, came, where, do):
    return sentence(PRODUCT, wanted=wanted, came=came, where=where, do=do)


def _series_of(given, latitude, longitude, point):
    """Series of one file at the site, decoded [UTC]."""
    if isinstance(given, xr.Dataset):
        return _at_site(given, latitude, longitude, point, "the dataset")
    path = Path(given)
    if not path.is_file():
        raise FileNotFoundError(
            _said("a NetCDF file", "no such file", f"file {path}", "check the path")
        )
    with path.open("rb") as file:
        if file.read(4) == b"PK\x03\x04":
            raise ValueError(
                _said(
                    "NetCDF files",
                    "a zip archive",
                    f"file {path}",
                    "unpack it and give its files as a list",
                )
            )
    with netcdf.opened_netcdf(path, product=PRODUCT) as stored:
        return _at_site(stored, latitude, longitude, point, f"file {path}", Path(path).stem)


def _at_site(stored, latitude, longitude, point, where, name=""):
    time = _one_of(stored, _TIMES, where)
    found = _renamed(stored, name)
    if not found:
        came = ", ".join(sorted(map(str, stored.data_vars)))
        raise KeyError(
            _said("t2m, d2m, ssrd, u10, v10", f"only {came}", where, "download these variables")
        )
    for axis, names, value in (("lat", _LATS, latitude), ("lon", _LONS, longitude)):
        stored = _on_axis(stored, names, value, axis, point, where)
    if "expver" in stored.variables and "expver" not in stored.dims:
        stored = stored.drop_vars("expver")  # text beside the time: nothing to choose
    kept = stored[[*found.values(), *(["expver"] if "expver" in stored.dims else [])]]
    with xr.set_options(keep_attrs=True):
        kept = xr.decode_cf(kept.load())
    if "expver" in kept.dims:
        kept = _one_version(kept)
    kept = kept.squeeze([d for d, size in kept.sizes.items() if size == 1 and d != time], drop=True)
    many = set(kept.dims) - {time}
    if many:
        raise ValueError(
            _said(
                "one series",
                f"several along {', '.join(sorted(map(str, many)))}",
                where,
                "select a member",
            )
        )
    index = kept.indexes.get(time)
    if not isinstance(index, pd.DatetimeIndex):
        calendar = getattr(index, "calendar", index.dtype if index is not None else "none")
        raise TypeError(
            _said("dates of the standard calendar", str(calendar), where, "give ERA5 as it is")
        )
    return {key: _series(kept[name], key, index, where) for key, name in found.items()}


def _renamed(stored, file):
    """Variable of each quantity; in a file of daily statistics the name of the file says which."""
    found = {}
    for key, (names, _) in _NAMES.items():
        name = next((each for each in names if each in stored.data_vars), None)
        if name is not None:
            found[key] = name
    told = {"tmin": ("daily_min", "daily-min"), "tmax": ("daily_max", "daily-max")}
    for key, words in told.items():
        if "t" in found and key not in found and any(word in file.lower() for word in words):
            found[key] = found.pop("t")
    return found


def _one_of(stored, names, where):
    name = next((each for each in names if each in stored.dims), None)
    if name is None:
        raise ValueError(
            _said(
                f"a dimension {' or '.join(names)}",
                ", ".join(map(str, stored.dims)),
                where,
                "give a series",
            )
        )
    return name


def _on_axis(stored, names, value, axis, point, where):
    """Dataset at one place of an axis; without the axis it is of a point."""
    name = next((each for each in names if each in stored.variables), None)
    if name is None or stored[name].ndim == 0:
        return stored
    centres = np.asarray(stored[name].to_numpy(), dtype=float)
    away = centres - value
    away = np.abs((away + 180) % 360 - 180) if axis == "lon" else np.abs(away)
    at = int(away.argmin())
    width = np.abs(np.diff(centres)).min() if centres.size > 1 else 0.25
    farthest = 1e-4 if point == "exact" else _FARTHEST * width + 1e-6
    if not away[at] <= farthest:
        raise ValueError(
            _said(
                f"a {'centre at' if point == 'exact' else 'cell around'} {axis} {value:g}",
                f"{centres.min():g} to {centres.max():g}, the nearest {centres[at]:g}",
                where,
                "download the area of the site, or check the sign"
                + " or pass point='nearest'" * (point == "exact"),
            )
        )
    return stored.isel({stored[name].dims[0]: at}, drop=True)


def _one_version(kept):
    """Final data where there are any, preliminary ones elsewhere."""
    order = np.argsort([int(str(each).lstrip("0") or 0) for each in kept["expver"].to_numpy()])
    parts = [kept.isel(expver=int(at), drop=True) for at in order]
    merged = parts[0]
    for part in parts[1:]:
        merged = merged.fillna(part).assign_attrs(merged.attrs)
    return merged


def _series(values, key, index, where):
    """Numbers by time in the units of `_NAMES`; radiation may come as a mean, and is made a sum."""
    units, wanted = str(values.attrs.get("units", "")), _NAMES[key][1]
    numbers = values.to_numpy().astype(np.float64)
    rule = conversion(units.replace("**", ""), wanted)
    if key == "ssrd" and rule is None and conversion(units.replace("**", ""), "W m-2") is not None:
        width = pd.Series(np.diff(index)).median() / pd.Timedelta(seconds=1)
        return pd.Series(
            numbers * conversion(units.replace("**", ""), "W m-2").scale * width, index
        )
    if rule is None:
        advice = f"{why_not(units, wanted)}; correct the attribute units"
        raise ValueError(_said(f"'{values.name}' in {wanted!r}", repr(units), where, advice))
    return pd.Series(numbers * rule.scale + rule.offset, index)


def _joined(name, parts):
    series = pd.concat(parts).sort_index()
    twice = series.index.duplicated(keep=False)
    if twice.any() and series[twice].groupby(level=0).nunique().max() > 1:
        first = series.index[twice][0]
        raise ValueError(
            _said(f"one number of {name} a time", f"two at {first}", "these files", "leave one out")
        )
    return series[~series.index.duplicated()].dropna()


def _drivers(series, longitude, unit):
    """Drivers over periods from series [UTC] of hours or days."""
    width = {name: pd.Series(np.diff(each.index)).median() for name, each in series.items()}
    hourly = all(each == _HOUR for each in width.values())
    if not hourly and not all(each == _DAY for each in width.values()):
        odd = next(
            f"{name} every {each}" for name, each in width.items() if each not in (_HOUR, _DAY)
        )
        do = "download hours (reanalysis-era5-single-levels) or daily statistics; months have no extremes"
        raise ValueError(_said("hours or days, the same for all", odd, "these files", do))
    needed = {"d", "ssrd", "t"} if hourly else {"tmin", "tmax", "d", "ssrd"}
    needed |= set() if "wind" in series else {"u", "v"} if hourly else {"wind"}
    absent = [_NAMES[key][0][0] for key in sorted(needed - set(series))]
    if absent:
        do = (
            "download them as well"
            if hourly
            else "give least and largest temperature, and si10, of each day"
        )
        raise KeyError(_said(f"{', '.join(absent)}", ", ".join(sorted(series)), "these files", do))
    if not hourly:
        return _from_days(series, unit)
    return _from_hours(series, longitude, unit)


def _from_hours(series, longitude, unit):
    radiation = _per_hour(series.pop("ssrd"))
    # stamps of instants are middles, that of a sum is its end; the sun is where it is by the longitude
    shift = _HOUR * round(((longitude + 180) % 360 - 180) / 15)
    table = pd.DataFrame(series)
    table.index = table.index + shift
    radiation.index = radiation.index - _HOUR + shift
    table = resampling.regular(table, _HOUR)
    radiation = resampling.regular(radiation.to_frame("ssrd"), _HOUR)["ssrd"]
    deficit = (saturation(table["t"]) - saturation(table["d"])).clip(lower=0.0)
    speed = table["wind"] if "wind" in table else np.hypot(table["u"], table["v"])
    least, largest = resampling.extremes_of(table["t"], unit)
    found = {"tmin": least, "tmax": largest}
    for name, each in (("sw_rad", radiation * 24 / _J_PER_MJ), ("vpd", deficit), ("wind", speed)):
        found[name] = resampling.mean_of(each, unit)[0]
    found["sw_rad"] = found["sw_rad"].clip(lower=0.0)
    return found


def _per_hour(radiation):
    """Radiation of each hour; ERA5-Land adds it up from 00 UTC, so that it falls at 01 UTC alone."""
    hours = radiation.asfreq(_HOUR)  # over a gap there is no difference
    step = hours.diff()
    first = hours.index.hour == 1
    falls = (step < -1.0) & ~first
    if falls.any() or not (step[first] < -1.0).any():
        return hours
    return step.where(~first, hours)


def _from_days(series, unit):
    """Drivers from daily values; the deficit is that of both extremes, as the mean of a day has it."""
    table = resampling.regular(pd.DataFrame(series), _DAY)
    full = (saturation(table["tmin"]) + saturation(table["tmax"])) / 2
    days = {"tmin": table["tmin"], "tmax": table["tmax"], "wind": table["wind"]}
    days["vpd"] = (full - saturation(table["d"])).clip(lower=0.0)
    if table["ssrd"].max() < _LEAST_SUM:
        came = f"at most {table['ssrd'].max():.3g} J m-2"
        do = "if it is the daily mean of hourly sums, multiply ssrd by 24"
        raise ValueError(_said("the daily sum of ssrd", came, "these files", do))
    days["sw_rad"] = (table["ssrd"] / _J_PER_MJ).clip(lower=0.0)
    return {name: resampling.mean_of(each, unit)[0] for name, each in days.items()}

"""Limits, units and dimensions of the variables of a units dataset, and their checks."""

from dataclasses import dataclass, replace

import numpy as np
import xarray as xr

from pm_dalec.data.messages import everywhere, first_of, refuse_where
from pm_dalec.data.units import conversion, describe, is_dry_matter, same_units, why_not
from pm_dalec.errors.scales import FACTOR, KIND
from pm_dalec.tables import dims
from pm_dalec.tables.constants import MISSING
from pm_dalec.tables.streams import (
    ANNUAL,
    DEVIATION,
    SOIL_PRIOR,
    STREAMS,
    operator_of,
    wanted_units,
)
from pm_dalec.tables.table import Table

UNITS_DIMS = (dims.TIME, dims.STRATUM, dims.PIXEL)
_SMALLEST_FILL = 1e15  # fill values of NetCDF and GRIB (9.97e36, 1e20) lie above, data below
# What files of the field write where nothing was measured, in single precision too
_MISSING_CODES = (MISSING, -9999.9, -9999.99, -99999.0, -6999.0)
_MISSING_CODES += (-999.0, -999.9, -999.99, -99.0, -99.9, -99.99)
_ROUNDED = 1e-6  # [1] of a number kept in float32


@dataclass(frozen=True)
class Limits:
    """Range of a quantity outside which a number is a mistake.

    Parameters
    ----------
    name : str
        Name in the dataset.
    lowest, highest : float
        In the units of `pm_dalec.VARIABLES`.
    advice : str
        What the user can do about it.
    above_lowest : bool
        Whether ``lowest`` itself is outside.
    """

    name: str
    lowest: float
    highest: float
    advice: str
    above_lowest: bool = False

    def broken_by(self, values):
        """Where ``values`` are outside; NaN is inside."""
        low = values <= self.lowest if self.above_lowest else values < self.lowest
        return low | (values > self.highest)

    def __str__(self):
        """Range in words."""
        below = "above" if self.above_lowest else "from"
        return f"{below} {self.lowest:g} to {self.highest:g}"


def _stated(name, units):
    """Where the units of a variable are stated, in a file and in a table."""
    return (
        f"say so: as attribute units='{units}' of a file, in a table as column '{name} ({units})'"
    )


def _kelvin(name):
    return f"if it is in kelvin, {_stated(name, 'K')}; otherwise correct it"


_SHARE = "give a share of the area, not per cent; otherwise correct the file"
_STOCK = "correct the file, or set the value to NaN where nothing was observed"
_FLUX = (
    "if it is a sum over a month or a year, divide by its days; otherwise set the value to NaN where "
    "nothing was observed"
)
_LIMITS = (
    Limits("tmin", -100.0, 70.0, _kelvin("tmin")),
    Limits("tmax", -100.0, 70.0, _kelvin("tmax")),
    # 50 MJ m-2 d-1 is more than reaches the top of the atmosphere anywhere
    Limits(
        "sw_rad",
        0.0,
        50.0,
        f"set night-time noise below zero to 0; if it is in W m-2, {_stated('sw_rad', 'W m-2')}",
    ),
    Limits("co2", 150.0, 2000.0, f"if it is no mole fraction in ppm, {_stated('co2', 'Pa')}"),
    Limits("doy", 0.0, 366.0, "give the day of year of the last day of each step", True),
    Limits("vpd", 0.0, 15000.0, f"clip at 0 Pa; if it is in hPa, {_stated('vpd', 'hPa')}"),
    # Zero wind closes the canopy in the model, and in files it is a missing value
    Limits("wind", 0.0, 60.0, "correct the file, or drop wind and pass fill_wind=True", True),
    Limits("forest_loss_fraction", 0.0, 1.0, _SHARE),
    Limits("burned_fraction", 0.0, 1.0, _SHARE),
    Limits("step_days", 0.0, 366.0, "correct step_days, or leave it out and give time_bnds", True),
    Limits("lai", 0.0, 30.0, _STOCK),
    Limits("cwood", 0.0, 1e6, _STOCK),
    Limits("cfol", 0.0, 1e5, _STOCK),
    Limits("croots", 0.0, 1e5, _STOCK),
    Limits("csom", 0.0, 1e6, _STOCK),
    # The largest monthly and daily fluxes of towers are below 30 g m-2 d-1
    *(Limits(name, -50.0, 50.0, _FLUX) for name in ("gpp", "nee", "nbe", "reco")),
    Limits(SOIL_PRIOR, 0.0, 1e6, "correct it, or leave csom_prior and csom_prior_unc out", True),
)
LIMITS = Table(
    "limit",
    (
        *_LIMITS,
        *(replace(each, name=f"{each.name}{ANNUAL}") for each in _LIMITS if each.name in STREAMS),
    ),
)


def check_numbers(name, units, *, gaps):
    """Check that a variable is numeric, in its units, free of fill values and inside its limits.

    Parameters
    ----------
    name : str
        Variable of ``units``.
    units : xarray.Dataset
        Dataset to check.
    gaps : bool
        Whether NaN is allowed (it means "not observed").
    """
    values = units[name].variable  # without coordinates: nothing to align, a third of the time
    if values.dtype.kind not in "fiu":
        raise TypeError(
            f"wanted numbers for {name!r}, got values of type {values.dtype} "
            f"({everywhere(units)}); store it as float64 or float32"
        )
    _check_units(name, values, units)
    array = values.to_numpy()
    fills = _are_fills(array)
    refuse_where(
        values.copy(data=fills),
        units,
        wanted=f"missing values of {name!r} as NaN",
        came=f"the fill value {first_of(values, fills)} among the data",
        advice="set the attribute _FillValue in the file, or replace them by NaN",
    )
    refuse_where(
        values.copy(data=np.isinf(array)),
        units,
        wanted=f"finite values of {name!r}",
        came="infinity",
        advice="correct the file",
    )
    if not gaps:
        refuse_where(
            values.copy(data=np.isnan(array)),
            units,
            wanted=f"driver {name!r} at every step",
            came="a gap (NaN)",
            advice="fill the gap before opening; the model cannot run over it",
        )
    if name in LIMITS:
        _check_limits(LIMITS[name], values, units)


def _are_fills(array):
    """Where numbers are codes for missing ones."""
    codes = np.zeros(array.shape, dtype=bool)
    low = array <= max(_MISSING_CODES) * (1 - _ROUNDED)
    if low.any():  # rarely: a comparison with each code takes a third of the checks of a region
        for code in _MISSING_CODES:
            codes |= low & (np.abs(array - code) <= -code * _ROUNDED)
    return codes | (array > _SMALLEST_FILL) & (array < np.inf)


def _check_limits(limits, values, units):
    if operator_of(units, limits.name) == DEVIATION:
        limits = replace(limits, lowest=-limits.highest)
    bad = values.copy(data=limits.broken_by(values.to_numpy()))
    refuse_where(
        bad,
        units,
        wanted=f"{limits.name!r} {limits}{_unit_after_number(limits.name)}",
        came=first_of(values, bad),
        advice=limits.advice,
    )


def _unit_after_number(name):
    unit = wanted_units(name)
    return "" if unit == "1" else f" {unit}"


def units_wanted_of(name, values):
    """Units that a variable has: those of the table, or none where it is a factor."""
    return "1" if values.attrs.get(KIND) == FACTOR else wanted_units(name)


def _check_units(name, values, units):
    words = str(values.attrs.get("long_name", ""))
    if is_dry_matter(words) and units_wanted_of(name, values) == "g m-2":
        raise ValueError(
            f"wanted {name!r} in grams of carbon, got {words!r} ({everywhere(units)}); multiply by its share "
            "of carbon, about 0.48, and say so in long_name"
        )
    wanted, given = units_wanted_of(name, values), values.attrs.get("units")
    if given is not None and same_units(str(given), wanted):
        return
    rule = None if given is None else conversion(str(given), wanted)
    came = "no units attribute" if given is None else f"units {given!r}"
    if given is None:
        advice = f"set {name}.attrs['units'] to what it is in"
    elif rule is None:
        advice = f"{why_not(str(given), wanted)}; give it in {wanted!r}"
    else:
        advice = f"{describe(rule)}, or pass the dataset through pm_dalec.data.standardise"
    raise ValueError(
        f"wanted units {wanted!r} for {name!r}, got {came} ({everywhere(units)}); {advice}"
    )


def check_dims(name, units, *, needed):
    """Check that a variable has known dimensions, in order, and the needed ones.

    Parameters
    ----------
    name : str
        Variable of ``units``.
    units : xarray.Dataset
        Dataset to check.
    needed : sequence of str
        Dimensions that it must have.
    """
    found = units[name].dims
    unknown = [d for d in found if d not in UNITS_DIMS]
    missing = [d for d in needed if d not in found]
    if unknown or missing or tuple(found) != dims.ordered(found):
        hint = f"{missing[0]!r} is missing" if missing else "transpose or squeeze it"
        if missing == [dims.PIXEL]:
            hint = "without 'pixel' it belongs to no single pixel; broadcast it over the pixels"
        raise ValueError(
            f"wanted {name!r} with dims {tuple(needed)} out of {UNITS_DIMS} in this order, "
            f"got {tuple(found)} ({everywhere(units)}); {hint}"
        )


_LONGEST_STEP = 45.0  # [d] for which the middle of a step says how high the sun stands
_WHOLE_YEAR = 360.0  # [d]
_SOLAR_CONSTANT = 117.6  # MJ m-2 d-1, 1361 W m-2
_OBLIQUITY = np.deg2rad(23.44)
_DARKEST = 0.12  # [1] of that above the atmosphere in a year; the cloudiest places have 0.25
_CALM = 0.1  # m s-1, a mean of a year that no place has
_DRIEST_OF_THE_MOIST = 0.01  # [1] of saturation; no air is nearer to it all the year, and hPa are
_DRY = 20.0  # Pa; the most humid forests have hundreds in their dry months


def check_series(units):
    """Check what a whole series can be at its place, which tells a wrong unit from a rare number.

    Radiation is at most what arrives above the atmosphere at this latitude in these steps: in W m-2
    it would be 1.7 to 9 times that. The air is over a year at least 1 per cent below saturation: in
    hPa or kPa its deficit is smaller everywhere.

    Parameters
    ----------
    units : xarray.Dataset
        With drivers that passed `check_numbers`; those that are absent are not looked at.
    """
    length = units["step_days"]
    if "sw_rad" in units and "lat" in units.coords and float(length.max()) <= _LONGEST_STEP:
        share = _mean(units["sw_rad"], length) / (_mean(_above_atmosphere(units), length) + 0.1)
        refuse_where(
            share > 1,
            units,
            wanted="'sw_rad' below what arrives above the atmosphere at this latitude",
            came=f"{float(share.max()):.2g} times as much over the whole series",
            advice="if it is in W m-2, multiply by 0.0864 to MJ m-2 d-1; otherwise check latitude and "
            "dates",
        )
        refuse_where(
            (share < _DARKEST) & _is_whole(units["sw_rad"], length),
            units,
            wanted=f"'sw_rad' above {_DARKEST:g} of what arrives above the atmosphere",
            came=f"{float(share.min()):.2g} of it over the whole series",
            advice="give MJ m-2 d-1: from kWh m-2 d-1 multiply by 3.6, from J m-2 s-1 by 0.0864",
        )
    if "wind" in units:
        _check_wind(units, length)
    if "vpd" in units and "tmax" in units and float(length.sum()) >= _WHOLE_YEAR:
        share = _mean(units["vpd"], length) / _mean(_saturation(units["tmax"]), length)
        refuse_where(
            (share <= _DRIEST_OF_THE_MOIST) | (share > 1),
            units,
            wanted="'vpd' from 0.01 to 1 of saturation at 'tmax' over the whole series",
            came=f"{float(share.min()):.2g} to {float(share.max()):.2g} of it",
            advice="if it is in hPa, multiply by 100 to Pa, from kPa by 1000",
        )
        longest = _longest_below(units["vpd"], _DRY, length)
        refuse_where(
            longest >= _WHOLE_YEAR,
            units,
            wanted=f"'vpd' above {_DRY:g} Pa at some time of every year",
            came=f"{float(longest.max()):.0f} days in a row below",
            advice="if it is in hPa in these steps, multiply by 100 to Pa, from kPa by 1000",
        )


def _longest_below(series, limit, length):
    """Longest stretch of steps in which a series is below a limit [d]."""
    days = xr.zeros_like(series) + length
    passed = days.cumsum(dims.TIME)
    ended = passed.where(series >= limit, 0.0)
    axis = ended.get_axis_num(dims.TIME)
    ended = ended.copy(data=np.maximum.accumulate(ended.to_numpy(), axis=axis))
    return (passed - ended).max(dims.TIME)


def _check_wind(units, length):
    mean = _mean(units["wind"], length)
    refuse_where(
        (mean < _CALM) & _is_whole(units["wind"], length),
        units,
        wanted=f"'wind' above {_CALM:g} m s-1 over the whole series",
        came=f"{float(mean.min()):.2g}",
        advice="give m s-1, or drop wind and pass fill_wind=True",
    )


def _is_whole(series, length):
    """Whether a series has a year or more, without gaps."""
    return series.notnull().all(dims.TIME) & (float(length.sum()) >= _WHOLE_YEAR)


def _mean(series, length):
    """Mean over a series of steps of these lengths."""
    return (series * length).sum(dims.TIME) / length.sum()


def _saturation(temperature):
    """Saturation vapour pressure [Pa] at a temperature [degC], by the formula of Tetens."""
    return 610.8 * np.exp(17.27 * temperature / (temperature + 237.3))


def _above_atmosphere(units):
    """Radiation above the atmosphere in the middle of each step [MJ m-2 d-1]."""
    angle = 2 * np.pi * (units["doy"] - units["step_days"] / 2) / 365.25
    declination = -np.arcsin(np.sin(_OBLIQUITY) * np.cos(angle + 2 * np.pi * 10 / 365.25))
    latitude = np.deg2rad(units["lat"])
    sunset = np.arccos((-np.tan(latitude) * np.tan(declination)).clip(-1.0, 1.0))
    height = sunset * np.sin(latitude) * np.sin(declination)
    height = height + np.cos(latitude) * np.cos(declination) * np.sin(sunset)
    return _SOLAR_CONSTANT / np.pi * (1 + 0.033 * np.cos(angle)) * height

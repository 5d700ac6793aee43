"""Checks of a units dataset: site, baseline region or stratified region alike.

A fault is a ValueError or, for a wrong kind, a TypeError that names variable, place and count.
"""

import numpy as np
import xarray as xr

from pm_dalec.data.land import check_signs, check_soil, check_window
from pm_dalec.data.limits import (
    UNITS_DIMS,
    check_dims,
    check_numbers,
    check_series,
)
from pm_dalec.data.messages import everywhere, first_of, refuse_where
from pm_dalec.data.time_axis import check_day_of_year, check_step_days, check_time_axis
from pm_dalec.data.uncertainties import check_sigmas_there
from pm_dalec.errors.scales import ABSOLUTE, FACTOR, KIND, MINIMUM
from pm_dalec.tables import dims
from pm_dalec.tables.streams import DEVIATION, SOIL_PRIOR, STREAMS, operator_of, wanted_units
from pm_dalec.tables.variables import DRIVERS

DISTURBANCES = ("forest_loss_fraction", "burned_fraction")
_SHARE_SUM_ERROR = 1e-6  # [1] area fractions kept in float32


def check_drivers(units):
    """Check every driver, the time axis, the place and the strata of a units dataset.

    Parameters
    ----------
    units : xarray.Dataset
        Site, region or tile.

    Returns
    -------
    xarray.Dataset
        ``units``, unchanged.

    Raises
    ------
    ValueError, TypeError
        A sentence that names the variable, the place and the count.
    """
    _expect_dataset(units)
    missing = [name for name in DRIVERS if name not in units and name != "step_days"]
    if missing:
        raise ValueError(
            f"wanted all {len(DRIVERS)} drivers, got no {', '.join(map(repr, missing))} "
            f"({everywhere(units)}); " + " and ".join(_advice_when_missing(missing))
        )
    check_time_axis(units)
    for name in DRIVERS:
        check_dims(name, units, needed=(dims.TIME,))
        check_numbers(name, units, gaps=False)
    check_day_of_year(units)
    _check_temperatures(units)
    _check_place(units)
    _check_strata(units)
    check_series(units)
    return units


def check_given(units):
    """Check what is there of a site that may lack drivers, sigmas or values still.

    Parameters
    ----------
    units : xarray.Dataset
        Site with steps and a latitude.

    Raises
    ------
    ValueError, TypeError
        A sentence that names the variable, the place and the count.
    """
    for name in units.data_vars:
        check_numbers(str(name), units, gaps=True)
    check_day_of_year(units)
    check_step_days(units)
    if {"tmin", "tmax"} <= set(units):
        _check_temperatures(units)
    _check_place(units)
    for name in STREAMS:
        if name in units and f"{name}_unc" in units:
            _check_size(name, units, units[name].variable.notnull())
    check_signs(units)
    check_series(units)


def _check_temperatures(units):
    refuse_where(
        units["tmin"] > units["tmax"],
        units,
        wanted="'tmin' not above 'tmax'",
        came="tmin > tmax",
        advice="exchange or correct them",
    )


def _expect_dataset(units):
    if not isinstance(units, xr.Dataset):
        raise TypeError(
            f"wanted a units dataset (xarray.Dataset), got {type(units).__name__} (first argument); "
            "open a site with pm_dalec.open_site"
        )


def _advice_when_missing(missing):
    advice = []
    if "wind" in missing:
        advice.append("pass fill_wind=True for 3.23 m s-1 at every step")
    if set(missing) & set(DISTURBANCES):
        advice.append("pass disturbance='none' to run without harvest or fire")
    others = [name for name in missing if name not in ("wind", *DISTURBANCES)]
    if others:
        units = ", ".join(f"{name} [{wanted_units(name)}]" for name in others)
        advice.append(f"add {units} to the file")
    return advice


def _check_place(units):
    for name, limit in (("lat", 90.0), ("lon", 360.0)):
        if name not in units.coords:
            if name == "lon":  # longitude is not used by the model
                continue
            raise ValueError(
                f"wanted coordinate 'lat' [degrees_north], got none ({everywhere(units)}); the day "
                "length needs it"
            )
        value = units[name].variable
        if value.dims not in ((), (dims.PIXEL,)):
            raise ValueError(
                f"wanted {name!r} as one number or one per pixel, got dims {value.dims} "
                f"({everywhere(units)}); give every pixel its own coordinates"
            )
        if value.dtype.kind not in "fiu":
            raise TypeError(
                f"wanted {name!r} as a number in degrees, got {str(value.values.flat[0])!r} of "
                f"{value.dtype} ({everywhere(units)}); write 61.85, say, negative in the south and west"
            )
        lowest = -limit if name == "lat" else -180.0
        outside = ~((value >= lowest) & (value <= limit))  # NaN is outside too
        refuse_where(
            outside,
            units,
            wanted=f"{name!r} from {lowest:g} to {limit:g} degrees",
            came=first_of(value, outside),
            advice="correct the coordinates (latitude and longitude exchanged?)",
        )


def _check_strata(units):
    if units.sizes.get(dims.STRATUM) == 1:
        raise ValueError(
            f"wanted no 'stratum' dimension in a baseline, got one of length 1 "
            f"({everywhere(units)}); drop it with isel(stratum=0, drop=True)"
        )
    if dims.STRATUM not in units.dims:
        return
    if "area_fraction" not in units:
        raise ValueError(
            f"wanted 'area_fraction' (stratum, pixel) beside the strata, got none "
            f"({everywhere(units)}); add the share of each stratum in the unmasked area"
        )
    share = units["area_fraction"]
    refuse_where(
        ~((share >= 0) & (share <= 1)),
        units,
        wanted="'area_fraction' from 0 to 1",
        came="a number outside",
        advice="give shares of the unmasked area",
    )
    total = share.sum(dims.STRATUM)
    refuse_where(
        np.abs(total - 1) > _SHARE_SUM_ERROR,
        units,
        wanted="'area_fraction' that sums to 1 over the strata",
        came=f"a sum of {float(total.max() if total.max() > 1 else total.min()):g}",
        advice="divide by the sum; masked area does not count",
    )


def check_observations(units):
    """Check every observation stream and the soil prior of a units dataset.

    NaN means "not observed". Streams that are absent are not looked for.

    Parameters
    ----------
    units : xarray.Dataset
        Site, region or tile.

    Returns
    -------
    xarray.Dataset
        ``units``, unchanged.

    Raises
    ------
    ValueError, TypeError
        A sentence that names the variable, the place and the count.
    """
    _expect_dataset(units)
    full = tuple(d for d in UNITS_DIMS if d in units.dims)
    check_sigmas_there(units)
    for name in (*STREAMS, SOIL_PRIOR):
        sigma = f"{name}_unc"
        if name not in units and sigma not in units:
            continue
        needed = tuple(d for d in full if d != dims.TIME) if name == SOIL_PRIOR else full
        _check_pair(name, units, needed)
    check_signs(units)
    for name in (SOIL_PRIOR, "csom"):
        check_soil(name, units)
    return units


def _check_pair(name, units, needed):
    sigma = f"{name}_unc"
    if name not in units:
        raise ValueError(
            f"wanted observations {name!r} beside their uncertainty {sigma!r}, got none "
            f"({everywhere(units)}); add them, or drop {sigma!r}"
        )
    check_dims(name, units, needed=needed)
    if name == SOIL_PRIOR and dims.TIME in units[name].dims:
        raise ValueError(
            f"wanted {name!r} without 'time', got dims {units[name].dims} ({everywhere(units)}); "
            "it is the initial stock; give stocks of later steps as 'csom'"
        )
    check_window(name, units)
    check_numbers(name, units, gaps=True)
    seen = units[name].variable.notnull()
    if sigma in units:
        _check_sigma(name, units, seen, needed)


def _check_sigma(name, units, seen, needed):
    sigma = f"{name}_unc"
    check_dims(sigma, units, needed=needed)
    check_numbers(sigma, units, gaps=True)
    refuse_where(
        seen & units[sigma].variable.isnull(),
        units,
        wanted=f"{sigma!r} wherever {name!r} is observed",
        came="NaN",
        advice=f"give a sigma there, set {name!r} to NaN, or pass "
        f"uncertainties={{{name!r}: sigma}} to open_site",
    )
    _check_size(name, units, seen)


def _check_size(name, units, seen):
    """Refuse a sigma that is not above 0, a factor that is not above 1."""
    sigma = f"{name}_unc"
    if _is_factor(name, units):
        _check_factor(name, units, seen)
        return
    too_small = seen & (units[sigma].variable <= 0)
    refuse_where(
        too_small,
        units,
        wanted=f"{sigma!r} above 0",
        came=first_of(units[sigma].variable, too_small),
        advice="a sigma of zero would make the observation exact; give the true uncertainty",
    )


def _is_factor(name, units):
    """Whether an uncertainty is a factor; another kind than those that are known is refused."""
    kind = units[f"{name}_unc"].attrs.get(KIND, ABSOLUTE)
    if kind not in (ABSOLUTE, FACTOR):
        raise ValueError(
            f"wanted the attribute {KIND} of '{name}_unc' as 'absolute' or 'factor', got {kind!r} "
            f"({everywhere(units)}); turn other kinds into one sigma or into a factor"
        )
    return kind == FACTOR


def _check_factor(name, units, seen):
    sigma = f"{name}_unc"
    too_small = seen & (units[sigma].variable <= 1)
    refuse_where(
        too_small,
        units,
        wanted=f"{sigma!r} above 1, as its {KIND} is 'factor'",
        came=first_of(units[sigma].variable, too_small),
        advice=f"a factor of 1 would make the observation exact; set {KIND} to 'absolute' if it is a "
        "sigma in units of the stream",
    )
    check_above_zero(name, units, units[name].attrs.get(MINIMUM))


def check_above_zero(name, units, minimum=None):
    """Check that observations have a logarithm, as a log-normal error model wants.

    Parameters
    ----------
    name : str
        Of the stream.
    units : xarray.Dataset
    minimum : float, optional
        Value that smaller ones count as; with one, nothing is refused.
    """
    bad = units[name].variable <= 0
    if operator_of(units, name) == DEVIATION:
        words = (
            f"wanted an error in units of {name!r}, as its observations are deviations from means"
        )
        advice = "give one sigma and the likelihood 'gaussian'"
        raise ValueError(f"{words}, got a log-normal one ({everywhere(units)}); {advice}")
    if minimum is not None and float(minimum) > 0:
        return
    refuse_where(
        bad,
        units,
        wanted=f"{name!r} above 0 for a log-normal error",
        came=first_of(units[name].variable, bad) if bool(bad.any()) else "",
        advice=f"set them to NaN, give {name!r} the attribute {MINIMUM}, or choose likelihoods="
        f"{{{name!r}: 'gaussian'}} with one sigma in its units",
    )


def check_units(units):
    """Check drivers and observations of a units dataset.

    Parameters
    ----------
    units : xarray.Dataset
        Site, region or tile.

    Returns
    -------
    xarray.Dataset
    """
    return check_observations(check_drivers(units))

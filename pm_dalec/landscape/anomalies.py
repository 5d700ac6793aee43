"""Future drivers by anomalies: the observed climatology, moved by what a climate changes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from pm_dalec.data import time_axis
from pm_dalec.data.messages import everywhere
from pm_dalec.tables import dims
from pm_dalec.tables.numbers import real_numbers
from pm_dalec.tables.variables import DRIVERS

MOVED = ("tmin", "tmax", "sw_rad", "vpd", "wind", "co2")
NOT_NEGATIVE = ("sw_rad", "vpd", "wind")
DISTURBANCE = ("forest_loss_fraction", "burned_fraction")
CLIPPED = "clipped_values"
"""Attribute of a future driver: how many of its values were cut at zero, or exchanged."""


def future_drivers(
    observed: xr.Dataset, climate: xr.Dataset, *, reference: tuple[int, int] | None = None
) -> xr.Dataset:
    """Drivers after the observed ones: climatology of a reference period plus anomalies.

    Parameters
    ----------
    observed : Dataset
        Units of a site or region with monthly drivers of whole years.
    climate : Dataset
        Monthly ``tmin``, ``tmax``, ``sw_rad``, ``vpd``, ``wind``, ``co2`` (time[, lat, lon]), as from
        `open_ukesm`; covers the reference period and the future.
    reference : tuple of int, optional
        First and last year of the reference; the last observed year by default, as the paper's 2019.
        A single year carries its own weather into all that follows.

    Returns
    -------
    Dataset
        Drivers of the months after the last observed one, without harvest and fire. The attribute
        ``clipped_values`` of a driver says how many of its values were changed by a limit.

    Notes
    -----
    PAPER, R2: for each calendar month the climate less its own mean over the reference is added to the
    observed mean over the reference, of the nearest cell. Radiation, deficit and wind are not below
    zero; minimum and maximum temperature are exchanged where they cross.
    """
    observed, climate = (
        with_numbers(each, name) for each, name in ((observed, "observed"), (climate, "climate"))
    )
    years = observed[dims.TIME].dt.year.values
    reference = (int(years[-1]),) * 2 if reference is None else tuple(reference)
    climate = _by_month(_of_cells(climate, observed))
    _check_reference(observed, climate, reference)
    last = pd.Timestamp(observed[dims.TIME].values[-1])
    future = climate.sel({dims.TIME: slice(last + pd.Timedelta(days=1), None)})
    during = slice(str(reference[0]), str(reference[1]))
    made = {}
    for name in MOVED:
        before = climate[name].sel({dims.TIME: during}).groupby("time.month").mean()
        seen = observed[name].sel({dims.TIME: during}).groupby("time.month").mean()
        month = future[dims.TIME].dt.month
        anomaly = future[name] - before.sel(month=month).drop_vars("month")
        made[name] = seen.sel(month=month).drop_vars("month") + anomaly
    return on_axis(*_within_limits(made), observed, future.indexes[dims.TIME])


def with_numbers(units: xr.Dataset, argument: str) -> xr.Dataset:
    """Drivers of months as numbers in memory, along dates that follow each other.

    Parameters
    ----------
    units : Dataset
        With ``tmin``, ``tmax``, ``sw_rad``, ``vpd``, ``wind`` and ``co2``.
    argument : str
        For the message.
    """
    advice = "open drivers of months with open_site, or a climate with open_ukesm"
    time = units.indexes.get(dims.TIME) if isinstance(units, xr.Dataset) else None
    dated = time is not None and not isinstance(time, pd.RangeIndex) and time.dtype.kind in "MO"
    if not dated or not (time.is_unique and time.is_monotonic_increasing):
        raise ValueError(
            f"wanted drivers along months that follow each other, got others (argument {argument}); {advice}"
        )
    missing = [name for name in MOVED if name not in units]
    if missing:
        raise ValueError(
            f"wanted {argument} drivers with {', '.join(MOVED)}, got none of {', '.join(missing)} (argument "
            f"{argument}); add them, constant where nothing is known: only anomalies count"
        )
    found = {}
    for name in MOVED:
        if dims.TIME not in units[name].dims:
            raise ValueError(
                f"wanted {name!r} along 'time', got {units[name].dims} (argument {argument}); {advice}"
            )
        words = f"{name!r} (argument {argument})"
        numbers = real_numbers(words, units[name].data, advice=advice, gaps=True)
        found[name] = units[name].copy(data=numbers)
    return units.assign(found)


def _of_cells(climate, observed):
    """Climate at the nearest cells of the units; longitudes may run from 0 or from -180."""
    if not {"lat", "lon"} <= set(climate.dims):
        return climate.drop_vars(["lat", "lon"], errors="ignore")
    turned = ((climate["lon"] + 180) % 360) - 180
    climate = climate.assign_coords(lon=turned).sortby("lon")
    east = ((observed["lon"] + 180) % 360) - 180
    local = climate.sel(lat=observed["lat"], lon=east, method="nearest")
    return local.drop_vars(["lat", "lon"])


def _by_month(climate):
    """Climate whose times are the starts of its months, whatever day stands for a month."""
    starts = pd.DatetimeIndex(climate[dims.TIME].values).to_period("M").to_timestamp()
    return climate.assign_coords({dims.TIME: starts.as_unit("ns")})


def _check_reference(observed, climate, reference):
    check_monthly(observed)
    years, theirs = (part[dims.TIME].dt.year.values for part in (observed, climate))
    months = climate.indexes[dims.TIME]
    whole = months.equals(pd.date_range(months[0], months[-1], freq="MS"))
    inside = years.min() <= reference[0] <= reference[1] <= years.max()
    inside = inside and theirs.min() <= reference[0] and theirs.max() > years.max()
    if not (inside and whole and months[0].month == 1):
        raise ValueError(
            f"wanted a reference within the observed years, and a climate of all months of the "
            f"reference and of what follows, got reference={reference}, observed {years.min()}-"
            f"{years.max()}, climate {months[0]:%Y-%m} to {months[-1]:%Y-%m} ({months.size} months); "
            "choose years that both have"
        )


def check_monthly(observed: xr.Dataset) -> None:
    """Refuse drivers that are not the months of whole years, January to December.

    Parameters
    ----------
    observed : Dataset
    """
    months = observed.indexes[dims.TIME]
    wanted = pd.date_range(months[0], periods=months.size, freq="MS")
    if months[0].month != 1 or months.size % 12 or not months.equals(wanted):
        raise ValueError(
            f"wanted monthly drivers of whole years, January to December, got {months.size} steps "
            f"from {months[0]:%Y-%m-%d} to {months[-1]:%Y-%m-%d} ({everywhere(observed)}); average "
            "them to months, or give future drivers of your own"
        )


def _within_limits(made):
    """Drivers inside what is physical, and how many values had to be changed."""
    clipped = dict.fromkeys(made, 0)
    for name in NOT_NEGATIVE:
        clipped[name] = int((made[name] < 0).sum())
        made[name] = made[name].clip(min=0.0)
    low, high = made["tmin"], made["tmax"]
    clipped["tmin"] = clipped["tmax"] = int((low > high).sum())
    made["tmin"], made["tmax"] = np.minimum(low, high), np.maximum(low, high)
    return made, clipped


def on_axis(
    made: dict[str, xr.DataArray],
    clipped: dict[str, int],
    observed: xr.Dataset,
    months: pd.DatetimeIndex,
) -> xr.Dataset:
    """Weather of months as drivers of the observed units, without harvest and fire.

    Parameters
    ----------
    made : dict of str to DataArray
        By name in `MOVED`.
    clipped : dict of str to int
        Number of values that a limit has changed.
    observed : Dataset
        Has the dimensions, coordinates and attributes.
    months : DatetimeIndex
        Their starts.
    """
    ends = months + pd.offsets.MonthBegin(1)
    bounds = xr.DataArray(
        np.stack([months, ends], axis=1), {dims.TIME: months}, (dims.TIME, "bnds")
    )
    for name in DISTURBANCE:
        nothing = xr.zeros_like(observed[name].isel({dims.TIME: 0}, drop=True))
        made[name] = nothing.expand_dims({dims.TIME: months})
    made["doy"] = time_axis.day_of_year_at_end(bounds)
    made["step_days"] = time_axis.step_lengths(bounds)
    ordered = {
        name: values.transpose(*(d for d in observed[name].dims if d in values.dims), ...)
        for name, values in made.items()
    }
    drivers = xr.Dataset({name: ordered[name] for name in DRIVERS})
    drivers = drivers.assign_coords(time_bnds=bounds, **_places(observed))
    for name in drivers.data_vars:
        drivers[name].attrs = observed[name].attrs | {CLIPPED: clipped.get(name, 0)}
    return drivers.assign_attrs(observed.attrs, future="anomalies of a climate")


def _places(observed):
    """Coordinates of the units."""
    return {
        name: coordinate
        for name, coordinate in observed.coords.items()
        if dims.TIME not in coordinate.dims
    }

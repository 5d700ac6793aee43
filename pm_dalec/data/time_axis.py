"""The time axis of a units dataset: starts, bounds and lengths of the steps, and its checks."""

import numpy as np
import pandas as pd
import xarray as xr

from pm_dalec.data.limits import check_numbers
from pm_dalec.data.messages import everywhere, first_of, refuse_where
from pm_dalec.tables import dims
from pm_dalec.tables.variables import DRIVERS

_DAYS_APART = 1e-3  # [d] rounding of step lengths kept in float32
_SHORTEST_MONTH, _LONGEST_MONTH = 27.0, 32.0  # [d]
_MIDDLE = (13, 18)  # days of the month on which its middle is stamped
_DOY_APART = 0.75  # [d] more than rounding, less than the step of a daily file


def check_time_axis(units):
    """Check time, its bounds and the lengths of the steps.

    Parameters
    ----------
    units : xarray.Dataset
        Dataset with time (start of the step), time_bnds and step_days [d].
    """
    if dims.TIME not in units.dims or dims.TIME not in units.coords:
        raise ValueError(
            f"wanted a coordinate 'time' with the start of each step, got dims "
            f"{tuple(units.dims)} ({everywhere(units)}); add it"
        )
    time = units[dims.TIME]
    if time.size == 0:
        raise ValueError(
            f"wanted at least one time step, got none ({everywhere(units)}); check the file, or the "
            "period that was selected"
        )
    if time.dtype.kind != "M":
        advice = "give it units 'days since ...' and a standard calendar"
        if isinstance(time.dtype, pd.PeriodDtype):
            advice = "turn a PeriodIndex into the starts of its periods with to_timestamp()"
        raise TypeError(
            f"wanted 'time' as dates of the standard calendar (datetime64), got {time.dtype} "
            f"({everywhere(units)}); {advice}"
        )
    refuse_where(
        time.isnull(), units, wanted="a date at every step", came="NaT", advice="correct 'time'"
    )
    step = time.diff(dims.TIME, label="upper")
    refuse_where(
        step <= np.timedelta64(0, "ns"),
        units.isel({dims.TIME: slice(1, None)}),
        wanted="a strictly increasing 'time'",
        came="a time that is not after the one before it",
        advice="sort by time and drop duplicates",
    )
    _check_bounds(units)
    _check_step_days(units)
    _check_months(units)


def _check_bounds(units):
    if "time_bnds" not in units.variables or units["time_bnds"].ndim != 2:
        raise ValueError(
            f"wanted 'time_bnds' (time, bnds) with start and end of each step, got none "
            f"({everywhere(units)}); add it to the file"
        )
    start, end = (units["time_bnds"].isel({units["time_bnds"].dims[1]: side}) for side in (0, 1))
    refuse_where(
        ~(end > start),
        units,
        wanted="'time_bnds' whose end is after its start",
        came="a step that ends where it starts, or before",
        advice="correct time_bnds",
    )
    refuse_where(
        start != units[dims.TIME],
        units,
        wanted="'time' equal to the first of 'time_bnds'",
        came="another instant",
        advice="use the start of the step as time",
    )
    after = start.isel({dims.TIME: slice(1, None)})
    refuse_where(
        xr.zeros_like(after, dtype=bool) | (after.to_numpy() != end.to_numpy()[:-1]),
        units.isel({dims.TIME: slice(1, None)}),
        wanted="steps that follow each other without gap or overlap",
        came="a step that does not start where the one before it ends",
        advice="complete the series; DALEC runs over every day",
    )


def _check_step_days(units):
    if "step_days" not in units:
        raise ValueError(
            f"wanted driver 'step_days' [d], got none ({everywhere(units)}); take the differences of "
            "time_bnds"
        )
    if units["step_days"].dims != (dims.TIME,):
        raise ValueError(
            f"wanted 'step_days' with dims ('time',), got {units['step_days'].dims} "
            f"({everywhere(units)}); all pixels have the same steps"
        )
    length = check_step_days(units)
    short = length < 1 - _DAYS_APART
    refuse_where(
        short,
        units,
        wanted="steps of a day or longer",
        came=f"a step of {24 * float(length.where(short).min()):.3g} h",
        advice="DALEC's GPP is the sum of a day, with its length and its highest and lowest "
        "temperature; give means of days or months, tmin and tmax of each day",
    )


def check_step_days(units):
    """Check that the lengths of the steps are those of their bounds.

    Parameters
    ----------
    units : xarray.Dataset
        With time_bnds and step_days [d].

    Returns
    -------
    xarray.DataArray (time) [d]
        Lengths of the bounds.
    """
    check_numbers("step_days", units, gaps=False)
    length = step_lengths(units["time_bnds"])
    bad = np.abs(units["step_days"] - length) > _DAYS_APART
    refuse_where(
        bad,
        units,
        wanted=f"'step_days' equal to the length of 'time_bnds', {first_of(length, bad)} d",
        came=f"{first_of(units['step_days'], bad)} d",
        advice="correct one of the two",
    )
    return length


def _check_months(units):
    """Refuse months from middle to middle: stamps of months that were taken for their starts."""
    length, start = units["step_days"], units[dims.TIME].dt.day
    monthly = (length >= _SHORTEST_MONTH) & (length <= _LONGEST_MONTH)
    middle = (start >= _MIDDLE[0]) & (start <= _MIDDLE[1])
    refuse_where(
        middle & bool((monthly & middle).all() and length.size > 1),
        units,
        wanted="steps of months that begin with a month",
        came="steps from the middle of a month to the middle of the next",
        advice="if the dates are the middles of calendar months, give the first of each month as "
        "the start of a step, and its end, in 'time_bnds' or as edges",
    )


def step_lengths(time_bnds):
    """Lengths of the steps.

    Parameters
    ----------
    time_bnds : xarray.DataArray (time, bnds)
        Start and end of each step.

    Returns
    -------
    xarray.DataArray (time) [d]
    """
    side = time_bnds.dims[1]
    length = time_bnds.isel({side: 1}) - time_bnds.isel({side: 0})
    return length / np.timedelta64(1, "D")


def day_of_year_at_end(time_bnds):
    """Day of year at the end of each step: 31 for January, 365 or 366 for December.

    Parameters
    ----------
    time_bnds : xarray.DataArray (time, bnds)
        Start and end of each step.

    Returns
    -------
    xarray.DataArray (time) [d]
    """
    end = time_bnds.isel({time_bnds.dims[1]: 1})
    # The end of 31 December is midnight of 1 January: count in the year of the last instant inside
    inside = end - np.timedelta64(1, "ns")
    new_year = inside.dt.floor("D") - (inside.dt.dayofyear - 1) * np.timedelta64(86400, "s")
    return (end - new_year) / np.timedelta64(1, "D")


def check_day_of_year(units):
    """Check that the driver ``doy`` is the day of year at the END of the step.

    Parameters
    ----------
    units : xarray.Dataset
        Dataset with time_bnds and doy [d].
    """
    given = units["doy"]
    wanted = day_of_year_at_end(units["time_bnds"]).broadcast_like(given).transpose(*given.dims)
    bad = np.abs(given - wanted) > _DOY_APART
    refuse_where(
        bad,
        units,
        wanted=f"'doy' as the day of year at the END of the step, {first_of(wanted, bad)}",
        came=first_of(given, bad),
        advice="replace it by day_of_year_at_end(time_bnds)",
    )


def monthly_axis(first_year, last_year):
    """Calendar months as steps: start, bounds, length and day of year at the end.

    Parameters
    ----------
    first_year, last_year : int
        First and last calendar year.

    Returns
    -------
    xarray.Dataset
        Coordinates time and time_bnds; step_days [d], doy [d] (the last day of the step).
    """
    starts = np.arange(f"{first_year}-01", f"{last_year + 1}-02", dtype="datetime64[M]")
    days = starts.astype("datetime64[D]")
    bounds = np.stack([days[:-1], days[1:]], axis=1)
    length = np.diff(days).astype(np.float64)
    new_year = starts[:-1].astype("datetime64[Y]").astype("datetime64[D]")
    end = (days[1:] - new_year).astype(np.float64)
    axis = xr.Dataset(
        {
            "step_days": (dims.TIME, length, attributes("step_days")),
            "doy": (dims.TIME, end, attributes("doy")),
        },
        coords={
            dims.TIME: (dims.TIME, days[:-1].astype("datetime64[ns]"), {"bounds": "time_bnds"}),
            "time_bnds": ((dims.TIME, "bnds"), bounds.astype("datetime64[ns]")),
        },
    )
    return axis


def attributes(name):
    """Units and long name of a driver, as attributes of its variable."""
    return {"units": DRIVERS[name].units, "long_name": DRIVERS[name].long_name}

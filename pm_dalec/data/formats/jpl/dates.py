"""Months of a CBF file: by the meaning of its variables, whatever they are called."""

import re
import warnings

import numpy as np
import pandas as pd
import xarray as xr

from pm_dalec.data.formats.jpl import names
from pm_dalec.data.messages import sentence
from pm_dalec.tables.constants import DAYS_PER_YEAR

_COUNTS = ("TIME_INDEX", "time_index", "time", "DOY", "doy")
_MONTHS_SINCE = re.compile(r"(?i)\s*months? since (\d{4}-\d{1,2})")
_MONTH = (27.0, 32.0)  # [d] between two stamps of months


def dimension_of(stored, where):
    """Dimension along which the drivers have one value a step.

    Parameters
    ----------
    stored : xarray.Dataset
        With all drivers.
    where : str
        For the message.

    Returns
    -------
    str
    """
    sizes = {}
    for source, _, _ in names.DRIVERS.values():
        long = [str(dim) for dim, size in stored[source].sizes.items() if size > 1]
        sizes[source] = long or [str(dim) for dim in stored[source].dims][:1]
    found = {dims[0] for dims in sizes.values() if len(dims) == 1}
    if len(found) != 1 or any(len(dims) != 1 for dims in sizes.values()):
        raise ValueError(
            sentence(
                names.PRODUCT,
                wanted="drivers along one dimension, time",
                came="; ".join(f"{name} ({', '.join(dims)})" for name, dims in sizes.items()),
                where=where,
                do="select one site of the file; drivers have one value a step",
            )
        )
    return found.pop()


def months_of(stored, dim, start, where):
    """Starts of the calendar months of a file.

    Parameters
    ----------
    stored : xarray.Dataset
        The file in memory.
    dim : str
        Its dimension of time.
    start : str or None
        First day of the run, for files whose times are bare numbers.
    where : str
        For the message.

    Returns
    -------
    pandas.DatetimeIndex
    """
    along = [name for name in map(str, stored.variables) if stored[name].dims == (dim,)]
    dated = [name for name in along if "since" in str(stored[name].attrs.get("units", ""))]
    dated.sort(key=lambda name: name not in (dim, "time"))
    numbered = None if dated else _numbered(stored, along)
    if numbered is None and not dated:
        return months_from(
            start, _counted(stored, along, where), product=names.PRODUCT, where=where
        )
    if start is not None:
        raise ValueError(
            f"wanted no start for a file that has its own dates, got {start!r} ({where}); leave it out"
        )
    months = _decoded(stored[dated[0]], where) if dated else numbered
    starts = months.to_timestamp()
    if not starts.equals(pd.date_range(starts[0], periods=starts.size, freq="MS")):
        raise ValueError(
            sentence(
                names.PRODUCT,
                wanted="one value in each month, without a gap",
                came=f"{starts.size} values in {starts.nunique()} months "
                f"from {starts[0]:%Y-%m} to {starts[-1]:%Y-%m}",
                where=where,
                do="average to months or complete the series",
            )
        )
    return starts


def _numbered(stored, along):
    """Months of numbers that hold the year: 200101, or decimal years; None where there are none."""
    for name in along:
        values = np.asarray(stored[name].values)
        if values.dtype.kind not in "fiu" or not np.isfinite(values).all():
            continue
        year, rest = np.floor(values), values % 1 * 12
        if np.all((values >= 190_001) & (values <= 210_012) & (values % 1 == 0)):
            year, rest = values // 100, values % 100 - 1
        elif not np.all(
            (values >= 1850) & (values <= 2150) & (np.ptp(values) * 12 < 1.02 * values.size)
        ):
            continue
        apart = np.diff(12 * year + rest)
        if (
            values.size > 1
            and np.allclose(apart, 1.0, atol=0.1)
            and np.all((rest >= 0) & (rest < 12))
        ):
            month = np.floor(rest + 1e-6).astype(int) + 1
            labels = [f"{int(y):04d}-{m:02d}" for y, m in zip(year, month, strict=True)]
            return pd.PeriodIndex(labels, freq="M")
    return None


def _expect_steps(time, where):
    """Refuse a file without a step."""
    if not time.size:
        raise ValueError(
            sentence(
                names.PRODUCT,
                wanted="at least one month",
                came="a time axis of length 0",
                where=where,
                do="write the file again with its steps",
            )
        )


def _decoded(time, where):
    """Months in which instants lie, of any calendar."""
    _expect_steps(time, where)
    counted = _MONTHS_SINCE.match(str(time.attrs.get("units", "")))
    values = np.asarray(time.values)
    if counted and values.dtype.kind in "fiu" and np.isfinite(values).all():
        first = pd.Period(counted[1], freq="M")
        return pd.PeriodIndex([first + int(np.floor(each)) for each in values])
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # dates of other calendars are known as such
            bare = xr.Dataset({"stamps": time.reset_coords(drop=True).variable})
            decoded = xr.decode_cf(bare, mask_and_scale=False)["stamps"].values
        if decoded.dtype.kind == "M":
            months = pd.DatetimeIndex(decoded).to_period("M")
        else:
            months = pd.PeriodIndex(
                [f"{each.year:04d}-{each.month:02d}" for each in decoded], freq="M"
            )
        fit = months.size > 0 and not months.isna().any()
    except (ValueError, TypeError, AttributeError, OverflowError, KeyError):
        fit = False
    if not fit:
        raise ValueError(
            sentence(
                names.PRODUCT,
                wanted="a time axis with units 'days since ...' in a standard calendar",
                came=f"units {time.attrs.get('units', 'none')!r}, "
                f"calendar {time.attrs.get('calendar', 'none')!r}",
                where=where,
                do=f"set units and calendar of '{time.name}', and a number at every step",
            )
        )
    return months


def _counted(stored, along, where):
    """Days that a file counts without a date: of the run, or of the year."""
    for name in (each for each in _COUNTS if each in along):
        values = np.asarray(stored[name].values)
        if values.dtype.kind in "fiu" and np.isfinite(values).all():
            return values.astype(float)
    raise ValueError(
        sentence(
            names.PRODUCT,
            wanted="times of the steps, 'time' with units 'days since ...'",
            came=f"none among {', '.join(along)}",
            where=where,
            do="add 'time' to the file",
        )
    )


def months_from(start, counts, *, product, where):
    """Calendar months that begin with a date, for days that are months apart.

    Parameters
    ----------
    start : str or None
        First day of the run, the first of a month.
    counts : array
        Days of the run or of the year, one a step [d].
    product, where : str
        For the message.

    Returns
    -------
    pandas.DatetimeIndex
    """
    apart = np.diff(counts)
    apart = np.where(apart < 0, apart + DAYS_PER_YEAR, apart)
    if not np.all((apart >= _MONTH[0]) & (apart <= _MONTH[1])):
        raise ValueError(
            sentence(
                product,
                wanted="steps of a month",
                came=f"steps that are {apart.min():g} to {apart.max():g} d apart",
                where=where,
                do="average to months",
            )
        )
    try:
        first = pd.Timestamp(start) if start is not None else None
    except (TypeError, ValueError):
        first = None
    if first is None or pd.isna(first) or first != first.to_period("M").to_timestamp():
        raise ValueError(
            sentence(
                product,
                wanted="the first day of the first month, as the file has no dates",
                came="none" if start is None else repr(start),
                where=where,
                do="pass start='2001-01-01' or whatever it is",
            )
        )
    return pd.date_range(first, periods=counts.size, freq="MS")

"""Rows of a table as calendar months or days: which step each row is, whatever its dates are kept as."""

import re
from typing import NamedTuple

import numpy as np
import pandas as pd

from pm_dalec.data.series import aliases

_MONTH, _DAY = "M", "D"
_WORDS = {_MONTH: "month", _DAY: "day"}
_DIGITS = {4: "%Y", 6: "%Y%m", 8: "%Y%m%d", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}
_ISO = re.compile(r"\d{4}[-/]\d{1,2}([-/]\d{1,2})?([ T].*)?")
_NOON = pd.Timedelta(hours=12)


class Steps(NamedTuple):
    """Steps of a table.

    Parameters
    ----------
    order : numpy.ndarray of int
        Rows in the order of time.
    periods : pandas.PeriodIndex
        Months or days, one after the other.
    """

    order: np.ndarray
    periods: pd.PeriodIndex


def steps_of(table, found, where):
    """Steps that the rows of a table are.

    Parameters
    ----------
    table : pandas.DataFrame
        With dates as index or column, or columns year, month and day, or year and day of year.
    found : dict of str to Found
        Its columns by name.
    where : str
        Source, for the message.

    Returns
    -------
    Steps

    Raises
    ------
    ValueError, TypeError
        A sentence, where rows are neither months nor days, repeat each other or leave a gap.
    """
    stamps = _stamps(table, found, where)
    if not len(stamps):
        raise ValueError(f"wanted at least one row, got none ({where}); check the table")
    if isinstance(stamps, pd.PeriodIndex):
        periods = _checked_periods(stamps, where)
    else:
        periods = _periods(_without_zone(stamps, where), where)
    order = np.argsort(periods.asi8, kind="stable")
    periods = periods[order]
    _check_row_after_row(periods, where)
    return Steps(order, periods)


def _stamps(table, found, where):
    """Dates of the rows: a DatetimeIndex or PeriodIndex."""
    if aliases.DATE in found:
        return _read(table[found[aliases.DATE].label], where)
    if "year" in found and ("month" in found or "doy" in found):
        return _from_parts(table, found, where)
    index = table.index
    if isinstance(index, pd.MultiIndex):
        raise TypeError(
            f"wanted one index of dates, got one of {index.nlevels} levels, {list(index.names)} "
            f"({where}); select one site with .xs, or call reset_index()"
        )
    plain = index.dtype.kind in "iufb" if isinstance(index.dtype, np.dtype) else False
    known = index.name is not None and aliases.name_of(index.name) == aliases.DATE
    if plain and not known:
        raise ValueError(
            f"wanted the date of each row, got no column of dates ({where}); name it 'time', give "
            "columns year and month, or use dates as the index"
        )
    return _read(index, where)


def _from_parts(table, found, where):
    parts = {
        name: _whole(table[found[name].label], name, where)
        for name in aliases.DATES[1:]
        if name in found
    }
    if "month" not in parts:
        first = pd.to_datetime(parts["year"].astype(str) + "-01-01", errors="coerce")
        return pd.DatetimeIndex(first + pd.to_timedelta(parts["doy"] - 1, unit="D"))
    text = parts["year"].astype(str) + "-" + parts["month"].astype(str) + "-"
    text = text + parts.get("day", pd.Series(1, text.index)).astype(str)
    stamps = pd.to_datetime(text, format="%Y-%m-%d", errors="coerce")
    if stamps.isna().any():
        raise ValueError(
            f"wanted dates of the calendar in year, month and day, got '{text[stamps.isna()].iloc[0]}' "
            f"({where}); a calendar of 360 or 365 days has to be averaged to months first"
        )
    if "day" not in parts:
        return pd.PeriodIndex(stamps, freq=_MONTH)
    return pd.DatetimeIndex(stamps)


def _whole(column, name, where):
    values = pd.to_numeric(column, errors="coerce")
    if values.isna().any() or (values % 1 != 0).any():
        raise ValueError(
            f"wanted whole numbers in column {name!r}, got "
            f"{column[values.isna() | (values % 1 != 0)].iloc[0]!r} ({where}); correct the column"
        )
    return values.astype("int64")


def _read(values, where):
    """Dates out of what a column or an index keeps them as."""
    if isinstance(values.dtype, pd.PeriodDtype):
        return pd.PeriodIndex(values)
    if isinstance(values.dtype, pd.DatetimeTZDtype) or values.dtype.kind == "M":
        return pd.DatetimeIndex(values)
    cells = list(values)
    if not cells:
        return pd.DatetimeIndex([])
    if any(_is_missing(cell) for cell in cells):
        raise ValueError(
            f"wanted a date in every row, got none in row {[_is_missing(c) for c in cells].index(True) + 1} "
            f"({where}); correct the column of dates"
        )
    if all(hasattr(cell, "calendar") for cell in cells):
        return _from_calendar(cells, where)
    if all(isinstance(cell, pd.Period) for cell in cells):
        return _of_one_zone_or_kind(lambda: pd.PeriodIndex(cells), cells, where)
    if all(isinstance(cell, float) and 1850 <= cell < 2150 for cell in cells):
        return _of_decimal_years(cells, where)
    if all(isinstance(cell, float) and cell % 1 == 0 for cell in cells):
        cells = [int(cell) for cell in cells]
    if all(
        isinstance(cell, str | int | np.integer) and not isinstance(cell, bool) for cell in cells
    ):
        return _from_text([str(cell).strip() for cell in cells], where)
    return _of_one_zone_or_kind(lambda: pd.DatetimeIndex(cells), cells, where)


def _of_decimal_years(cells, where):
    """Months of decimal years, at any instant of theirs."""
    months = 12 * np.asarray(cells)
    apart = np.diff(np.sort(months))
    if apart.size and not np.allclose(apart, 1.0, atol=0.15):
        raise ValueError(
            f"wanted decimal years a month apart, got {cells[0]:g} and {cells[1]:g} ({where}); give dates, "
            "as 2014-01-31"
        )
    whole = np.floor(months + 1e-6).astype(int)
    return pd.PeriodIndex.from_fields(year=whole // 12, month=whole % 12 + 1, freq=_MONTH)


def _is_missing(cell):
    return (
        cell is None
        or cell is pd.NaT
        or cell is pd.NA
        or cell == ""
        or (isinstance(cell, float) and np.isnan(cell))
    )


def _of_one_zone_or_kind(make, cells, where):
    try:
        return make()
    except (TypeError, ValueError) as fault:
        raise TypeError(
            f"wanted dates of one kind and without time zone, got {cells[0]!r} of "
            f"{type(cells[0]).__name__} among others ({where}); convert them with pandas.to_datetime"
        ) from fault


def _from_calendar(cells, where):
    """Dates of a climate model: months are those of any calendar, days are not."""
    calendars = {cell.calendar for cell in cells}
    if calendars <= {"standard", "gregorian", "proleptic_gregorian"}:
        return pd.DatetimeIndex([pd.Timestamp(cell.isoformat()) for cell in cells])
    months = pd.PeriodIndex.from_fields(
        year=[cell.year for cell in cells], month=[cell.month for cell in cells], freq=_MONTH
    )
    if not months.is_unique:
        raise ValueError(
            f"wanted daily dates of the standard calendar, got the calendar "
            f"{', '.join(sorted(calendars))!r} ({where}); average to months, which every calendar has"
        )
    return months


def _from_text(texts, where):
    lengths = {len(text) for text in texts}
    if all(text.isdigit() for text in texts) and len(lengths) == 1:
        form = _DIGITS.get(lengths.pop())
        if form is not None:
            stamps = pd.to_datetime(pd.Series(texts), format=form, errors="coerce")
            if form == "%Y%m" and stamps.notna().all():
                return pd.PeriodIndex(stamps, freq=_MONTH)
            if stamps.notna().all():
                return pd.DatetimeIndex(stamps)
    elif all(_ISO.fullmatch(text) for text in texts):
        months = all(
            len(re.findall(r"[-/]", text.split(" ")[0].split("T")[0])) == 1 for text in texts
        )
        stamps = _of_one_zone_or_kind(
            lambda: pd.DatetimeIndex(
                pd.to_datetime(pd.Series(texts), format="ISO8601" if not months else "%Y-%m")
            ),
            texts,
            where,
        )
        return pd.PeriodIndex(stamps, freq=_MONTH) if months else stamps
    odd = next((text for text in texts if not _ISO.fullmatch(text)), texts[0])
    raise ValueError(
        f"wanted dates as 2014-01-31, 2014-01, 20140131 or 201401, got {odd!r} ({where}); day and month of "
        "others may be exchanged: convert them with pandas.to_datetime and its format"
    )


def _without_zone(stamps, where):
    if stamps.isna().any():
        raise ValueError(
            f"wanted a date in every row, got none in row {int(stamps.isna().argmax()) + 1} ({where}); "
            "correct the column of dates"
        )
    # the clock of the place tells the day; the same instants of another zone may fall on another
    return stamps.tz_localize(None) if stamps.tz is not None else stamps


def _checked_periods(periods, where):
    if periods.isna().any():
        raise ValueError(f"wanted a period in every row, got none ({where}); correct the index")
    if periods.freqstr not in (_MONTH, _DAY):
        raise ValueError(
            f"wanted periods of a month or a day, got {periods.freqstr!r} ({where}); resample with "
            "asfreq after averaging, or give the dates of months"
        )
    return periods


def _periods(stamps, where):
    """Months or days that instants stand for."""
    ordered = stamps.sort_values()
    if len(ordered) < 2:
        raise ValueError(
            f"wanted two rows or more, by which months and days are told apart, got one ({where}); give a "
            "PeriodIndex"
        )
    months = ordered.to_period(_MONTH)
    typical = pd.Series(np.diff(ordered.to_numpy())).median()
    apart = np.diff(months.asi8)
    if (apart == 1).all() or pd.Timedelta(days=28) <= typical <= pd.Timedelta(days=31):
        return stamps.to_period(_MONTH)
    if typical < pd.Timedelta(hours=23):
        raise ValueError(
            f"wanted steps of a month or a day, got steps of {_in_words(typical)} ({where}); DALEC sums over "
            "days: average to days, with their least and largest temperature; files of flux towers are read "
            "by pm_dalec.data.open_flux_tower"
        )
    if typical != pd.Timedelta(days=1):
        raise ValueError(
            f"wanted steps of a month or a day, got steps of {_in_words(typical)} ({where}); average to months "
            "or days, or make steps of your own with pm_dalec.data.site_from_arrays"
        )
    hours = ordered - ordered.normalize()
    if len(set(hours)) > 1 or hours[0] not in (pd.Timedelta(0), _NOON):
        raise ValueError(
            f"wanted daily stamps at midnight or noon, got {ordered[0]} ({where}); the day is unclear: give "
            "the date of the day, in the time of the place"
        )
    return stamps.to_period(_DAY)


def _in_words(step):
    days = step / pd.Timedelta(days=1)
    return f"{days:g} days" if days >= 1 else f"{days * 24:g} hours"


def _check_row_after_row(periods, where):
    unit = _WORDS[periods.freqstr]
    twice = periods[periods.duplicated()]
    if len(twice):
        raise ValueError(
            f"wanted one row a {unit}, got {len(twice)} more, the first of {twice[0]} ({where}); drop the "
            "duplicates, or average them"
        )
    breaks = np.flatnonzero(np.diff(periods.asi8) != 1)
    if breaks.size:
        before, after = periods[breaks[0]], periods[breaks[0] + 1]
        leap = unit == "day" and all(
            (periods[at] + 1).strftime("%m-%d") == "02-29" for at in breaks
        )
        advice = "give every step a row; observations may be empty there, drivers may not"
        if leap:
            advice = "29 February is missing: average a calendar of 365 days to months, or add these days"
        raise ValueError(
            f"wanted one row after the other, got {breaks.size} gap{'s' * (breaks.size > 1)}, the first "
            f"between {before} and {after} ({where}); {advice}"
        )

"""Mauna Loa CO2: monthly means from the NOAA text and CSV files and their copies.

Source: NOAA GML, ``co2_mm_mlo.txt`` and ``co2_mm_mlo.csv`` (Tans; Keeling, Scripps). The meaning of
the columns changed: to about 2019 year, month, decimal date, average, interpolated, trend, days;
now year, month, decimal date, average, de-seasonalised, days, standard deviation, uncertainty, with
missing months already filled in the average. A header line names the columns; without one, or where it
has not as many names as the rows have fields, the layout is told by their number and by what is in them.
The gap-free monthly mean is used, as in the Edinburgh code.

Verified on synthetic files of these layouts, and against a real series in NetCDF form. From memory:
the order of the columns of the present text file, and the layout of the Scripps file.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from pm_dalec.data import messages

PRODUCT = "Mauna Loa CO2"
MISSING = -99.99  # [ppm] missing average of the old layout
PLAUSIBLE = (280.0, 1000.0)  # [ppm]

# Names of the gap-free monthly mean in a header, the best first; without blanks, dashes and case.
_MEANS = ("interpolated", "co2filled", "average", "monthlyaverage", "monthlymean", "mean", "value")
_MEANS += ("co2", "co2ppm")
_GLOBAL = {"averageunc", "trendunc"}  # columns of the mean over the globe
_YEARS, _MONTHS, _DECIMALS = ("year", "yr"), ("month", "mon", "mn"), ("decimaldate", "decimal")
_DATE = re.compile(r"(\d{4})[-/](\d{1,2})(?:[-/]\d{1,2})?")
_DAYS = 31.5  # most days in a month
_LAYOUTS = ("old", "new", "csv")


def open_mauna_loa(
    path: str | Path, *, start: str | None = None, end: str | None = None
) -> xr.DataArray:
    """Monthly mean CO2 mole fraction.

    Parameters
    ----------
    path : str or Path
        The text or CSV file.
    start, end : str, optional
        First and last month wanted, as "2014-01"; every month between has to be there.

    Returns
    -------
    xarray.DataArray
        ``co2`` (time) [ppm]; time is the start of the month.
    """
    file = _existing(path)
    names, rows = _rows(file)
    table = _numbers(rows, _checked_width(rows, file), file)
    year, month, mean, words = _columns(names, table, file)
    times = _checked_months(year, month, file)
    co2 = xr.DataArray(mean, {"time": times}, ("time",), name="co2")
    co2 = co2.sel(time=slice(start, end))
    _check_period(co2, start, end, file)
    _check_values(co2, file)
    co2.attrs = {
        "units": "ppm",
        "long_name": "atmospheric CO2 mole fraction",
        "product": PRODUCT,
        "product_version": words,
        "source": "NOAA GML (Tans) and Scripps (Keeling)",
        "verified_on": "synthetic files of all layouts",
    }
    return co2


def _existing(path):
    file = Path(path)
    if not file.is_file():
        raise FileNotFoundError(
            messages.sentence(
                PRODUCT,
                wanted="the file co2_mm_mlo.txt or co2_mm_mlo.csv",
                came="a path where no file is",
                where=str(file),
                do="correct the path or download the file from NOAA GML",
            )
        )
    return file


def _rows(file):
    """Names of the columns, none without a header, and the numbered rows; dates become two columns."""
    lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    header, rows = [], []
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.lstrip().startswith(("#", '"')):
            continue
        line = line.replace(",", ".").replace(";", ",") if ";" in line else line.replace("\t", ",")
        cells = [cell.strip() for cell in line.split(",")] if "," in line else line.split()
        date = _DATE.fullmatch(cells[0])
        if date:
            cells = [date[1], date[2], *cells[1:]]
        if re.match(r"[-+]?[\d.]", cells[0]) or rows:
            rows.append((number, cells))
        else:
            header.append(cells)
    return _names(header, rows), rows


def _names(header, rows):
    """Names of the columns, from as many header lines as there are: those of a column are joined."""
    if not header or not rows:
        return []
    width = len(rows[0][1])
    joined = (
        ["".join(parts) for parts in zip(*header, strict=True)] if _equal(header) else header[0]
    )
    names = [re.sub(r"[^a-z0-9]", "", name.lower()) for name in joined]
    if names and names[0] == "date" and not set(names) & set(_MONTHS):
        names = ["year", "month", *names[1:]]
    return names if len(names) == width else []


def _equal(lines):
    return len({len(line) for line in lines}) == 1


def _checked_width(rows, file):
    widths = sorted({len(row) for _, row in rows})
    if len(widths) != 1 or widths[0] < 3:
        came = "no data lines" if not rows else f"rows of {', '.join(map(str, widths))} columns"
        raise ValueError(_no_layout(came, file))
    return widths[0]


def _no_layout(came, file):
    return messages.sentence(
        PRODUCT,
        wanted="rows of 7 columns (layout to 2019) or 8 (present layout), or a header that names year, "
        "month (or date) and average",
        came=came,
        where=f"file {file}",
        do="use the monthly file co2_mm_mlo, not the annual, weekly or daily one",
    )


def _columns(names, table, file):
    """Year, month, gap-free monthly mean, and how they were found."""
    if names:
        year, month, mean = _by_header(names, file)
        words = f"column '{names[mean]}' of the header"
        decimal = [names.index(name) for name in _DECIMALS if name in names]
    else:
        year, month, decimal = 0, 1, [2]
        mean, words = _by_content(table, file)
    stamp = table[:, year] + (table[:, month] - 0.5) / 12
    if decimal and np.abs(table[:, decimal[0]] - stamp).max() > 0.1:
        raise ValueError(
            _no_layout(f"a decimal date of {table[0, decimal[0]]:g} in {stamp[0]:.2f}", file)
        )
    if "average" in names and names[mean] == "interpolated":
        _check_filled(table[:, names.index("average")], table[:, mean], file)
    return table[:, year], table[:, month], table[:, mean], words


def _check_filled(average, filled, file):
    """Refuse a column called interpolated that is another than the average where there is one."""
    seen = average >= PLAUSIBLE[0]
    if (np.abs(average - filled)[seen] > 0.02).any():
        came = "a column 'interpolated' that differs from the averages that are there"
        raise ValueError(_no_layout(came, file))


def _by_header(names, file):
    places = [
        next((names.index(name) for name in known if name in names), None)
        for known in (_YEARS, _MONTHS, _MEANS)
    ]
    if None in places or {"day", *_GLOBAL} & set(names):
        came = f"a header with {', '.join(names)}"
        came += ", the mean over the globe" if _GLOBAL & set(names) else ""
        raise ValueError(_no_layout(came, file))
    return places


def _by_content(table, file):
    """Column of the monthly mean where no header says it, by their number and what is in them."""
    width = table.shape[1]
    share = np.mean((table >= PLAUSIBLE[0]) & (table <= PLAUSIBLE[1]), axis=0)
    if width == 7 and share[4] == share[5] == 1:
        return 4, "columns of 2018"
    days = width in (7, 8) and bool((table[:, 5] <= _DAYS).all())
    if days and share[4] > 0 and share[3] > 0:
        return 3, "columns of 2026"
    raise ValueError(_no_layout(f"rows of {width} columns, {_listed(table[0])}", file))


def _listed(row):
    return "first " + " ".join(f"{number:g}" for number in row)


def _numbers(rows, width, file):
    table = np.empty((len(rows), width))
    for index, (number, row) in enumerate(rows):
        try:
            table[index] = [float(cell) for cell in row]
        except ValueError as error:
            raise ValueError(
                messages.sentence(
                    PRODUCT,
                    wanted="numbers",
                    came=f"'{' '.join(row)}'",
                    where=f"file {file}, line {number}",
                    do="use the monthly file co2_mm_mlo of NOAA GML, or download it again",
                )
            ) from error
    return table


def _checked_months(year, month, file):
    where = f"file {file}"
    if not (np.all(month == np.rint(month)) and month.min() >= 1 and month.max() <= 12):
        raise ValueError(
            messages.sentence(
                PRODUCT,
                wanted="months 1 to 12 in the second column",
                came=f"{month.min():g} to {month.max():g}",
                where=where,
                do="use the monthly file co2_mm_mlo",
            )
        )
    index = np.rint(year * 12 + month - 1).astype(int)
    breaks = np.flatnonzero(np.diff(index) != 1)
    if breaks.size:
        first = breaks[0]
        raise ValueError(
            messages.sentence(
                PRODUCT,
                wanted="consecutive months",
                came=f"{breaks.size} breaks, the first after {year[first]:.0f}-{month[first]:02.0f}",
                where=where,
                do="restore the missing or repeated lines",
            )
        )
    return pd.date_range(f"{year[0]:.0f}-{month[0]:02.0f}-01", periods=index.size, freq="MS")


def _check_values(co2, file):
    low, high = PLAUSIBLE
    wrong = co2.where(~((co2 >= low) & (co2 <= high)), drop=True)
    if wrong.size:
        month = pd.Timestamp(wrong["time"].values[0])
        raise ValueError(
            messages.sentence(
                PRODUCT,
                wanted=f"monthly means from {low:g} to {high:g} ppm",
                came=f"{wrong.size} such as {float(co2.sel(time=month)):g} in {month:%Y-%m}",
                where=f"file {file}",
                do="use a file whose interpolated column is complete",
            )
        )


def _check_period(co2, start, end, file):
    first = pd.Period(start, "M") if start else None
    last = pd.Period(end, "M") if end else None
    have = pd.DatetimeIndex(co2["time"].values).to_period("M")
    short = not len(have) or (first and have[0] > first) or (last and have[-1] < last)
    if short:
        came = f"{have[0]} to {have[-1]}" if len(have) else "no month of it"
        raise ValueError(
            messages.sentence(
                PRODUCT,
                wanted=f"months from {start} to {end}",
                came=came,
                where=f"file {file}",
                do="download a newer file, or shorten the period",
            )
        )


def write_mauna_loa(path, co2, *, layout="new"):
    """Write a monthly series as NOAA's file.

    Parameters
    ----------
    path : str or Path
        Target file.
    co2 : xarray.DataArray
        (time) [ppm], start of the months.
    layout : str
        "old" (7 columns), "new" (8 columns) or "csv" (8 columns, comma, header line).

    Returns
    -------
    list of Path
    """
    if layout not in _LAYOUTS:
        raise KeyError(
            messages.sentence(
                PRODUCT,
                wanted=f"a layout among {', '.join(_LAYOUTS)}",
                came=repr(layout),
                where="argument layout",
                do="choose one of them",
            )
        )
    header = "year,month,decimal date,average,deseasonalized,ndays,sdev,unc"
    lines = ["# Mauna Loa CO2 monthly mean data, synthetic"]
    lines += [header] if layout == "csv" else []
    for time, value in zip(pd.DatetimeIndex(co2["time"].values), co2.values, strict=True):
        decimal = time.year + (time.month - 0.5) / 12
        cells = [f"{time.year}", f"{time.month}", f"{decimal:.4f}"]
        if layout == "old":
            # A missing average, filled in the interpolated column.
            cells += [f"{MISSING}", f"{value:.2f}", f"{value:.2f}", "-1"]
        else:
            cells += [f"{value:.2f}", f"{value:.2f}", "28", "0.50", "0.20"]
        lines.append((", " if layout == "csv" else "  ").join(cells).replace(", ", ","))
    Path(path).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return [Path(path)]

"""Mauna Loa CO2: monthly means from the NOAA text and CSV files.

Source: NOAA GML, ``co2_mm_mlo.txt`` and ``co2_mm_mlo.csv`` (Tans; Keeling, Scripps). The meaning of
the columns changed: to about 2019 year, month, decimal date, average, interpolated, trend, days;
now year, month, decimal date, average, de-seasonalised, days, standard deviation, uncertainty, with
missing months already filled in the average. The layout is told by the number of columns. The
interpolated series is used, as in the Edinburgh code.

Verified on synthetic files of both layouts, and against a real series in NetCDF form. From memory:
the order of the columns of the present text file.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from pm_dalec.data import messages

PRODUCT = "Mauna Loa CO2"
MISSING = -99.99  # [ppm] missing average of the old layout
PLAUSIBLE = (280.0, 1000.0)  # [ppm]

# Column of year, month and of the gap-free monthly mean, by the number of columns.
_COLUMNS = {7: (0, 1, 4), 8: (0, 1, 3)}
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
    lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    rows = [
        (number, line.replace(",", " ").split())
        for number, line in enumerate(lines, start=1)
        if line.strip() and not line.lstrip().startswith("#")
    ]
    rows = [row for row in rows if not row[1][0].lower().startswith("year")]
    width = _checked_width(rows, file)
    table = _numbers(rows, width, file)
    year, month, mean = (table[:, column] for column in _COLUMNS[width])
    times = _checked_months(year, month, file)
    _check_values(mean, times, file)
    co2 = xr.DataArray(mean, {"time": times}, ("time",), name="co2")
    co2 = co2.sel(time=slice(start, end))
    _check_period(co2, start, end, file)
    co2.attrs = {
        "units": "ppm",
        "long_name": "atmospheric CO2 mole fraction",
        "product": PRODUCT,
        "product_version": "columns of 2018" if width == 7 else "columns of 2026",
        "source": "NOAA GML (Tans) and Scripps (Keeling)",
        "verified_on": "synthetic files of both layouts",
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


def _checked_width(rows, file):
    widths = sorted({len(row) for _, row in rows})
    if len(widths) != 1 or widths[0] not in _COLUMNS:
        came = "no data lines" if not rows else f"rows of {', '.join(map(str, widths))} columns"
        raise ValueError(
            messages.sentence(
                PRODUCT,
                wanted="rows of 7 columns (layout to 2019) or 8 (present layout)",
                came=came,
                where=f"file {file}",
                do="use the monthly file co2_mm_mlo, not the annual, weekly or daily one",
            )
        )
    return widths[0]


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
                    do="download the file again",
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


def _check_values(mean, times, file):
    low, high = PLAUSIBLE
    wrong = ~((mean >= low) & (mean <= high))
    if wrong.any():
        raise ValueError(
            messages.sentence(
                PRODUCT,
                wanted=f"monthly means from {low:g} to {high:g} ppm",
                came=f"{int(wrong.sum())} such as {mean[wrong][0]:g} in {times[wrong][0]:%Y-%m}",
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

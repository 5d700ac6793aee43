"""CSV files of a CARDAMOM site: meteorology and observations, read and written.

A site is a pair ``<site>_timeseries_met.csv`` and ``<site>_timeseries_obs.csv``, and, where there is
one, ``<site>_initial_obs.csv`` with a single line. One line a step; missing is -9999.

Assumed, because the layout is not documented to the last detail: column names are those of the rows
of MODEL.md section 1 in the spellings of `COLUMNS`, whatever their case and order; a bare name is in
the units of that section, a suffix such as ``vpd_kPa`` names others; an uncertainty is ``<name>_unc``;
disturbance columns may be absent and are then zero; without ``run_day`` steps follow from ``doy`` and
the start; unknown columns are listed in ``not_read``, and observations among them are warned about.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from pm_dalec.data.formats.cardamom_columns import (
    COLUMNS,
    SUFFIXES,
    UNCERTAINTY,
    recognised,
    run_days_from,
)
from pm_dalec.data.formats.columns import (
    SOIL_PRIOR,
    bounds_of,
    checked_site,
    expect_single_steps,
    run_days_of,
    site_units,
    with_fills,
    without_fills,
)
from pm_dalec.data.formats.streams import choice_of, finished, warn_of_unread
from pm_dalec.data.messages import sentence
from pm_dalec.data.time_axis import day_of_year_at_end
from pm_dalec.tables.streams import STREAMS
from pm_dalec.tables.variables import DRIVERS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PRODUCT = "CARDAMOM site CSV"

_PARTS = {"met": "_timeseries_met.csv", "obs": "_timeseries_obs.csv", "initial": "_initial_obs.csv"}
_NO_STREAM = ("_unc", "_sd", "_lag", "date", "year", "month")
_OPTIONAL = ("forest_loss_fraction", "burned_fraction")


def open_cardamom_csv(
    met: str | Path,
    *,
    start: str,
    lat: float | None = None,
    lon: float = np.nan,
    observations: str | Sequence[str] = "all",
    drop: Sequence[str] = (),
    uncertainties: Mapping[str, float | str] | str | None = None,
) -> xr.Dataset:
    """Units of a site from its CSV files.

    Parameters
    ----------
    met : str or Path
        The file ``<site>_timeseries_met.csv``; the others are looked for beside it.
    start : str
        Date on which the first step starts: the files have no dates.
    lat, lon : float, optional
        Place [degrees]; not needed when a file has the columns.
    observations, drop, uncertainties
        As in `pm_dalec.open_site`.

    Returns
    -------
    xarray.Dataset
    """
    choice = choice_of(observations, drop, uncertainties, Path(met).name)
    return finished(read_cardamom_csv(met, start=start, lat=lat, lon=lon), choice, Path(met).name)


def read_cardamom_csv(met, *, start, lat=None, lon=np.nan):
    """Units of a site as its files have them: some observation may still need an uncertainty."""
    met, site = Path(met), _site_of(Path(met))
    columns, ignored = _table(met)
    steps = next(iter(columns.values())).size
    for part in ("obs", "initial"):
        file = met.with_name(site + _PARTS[part])
        if file.exists():
            more, unknown = _table(file)
            _check_length(more, steps if part == "obs" else 1, file)
            columns = more | columns
            ignored += unknown
            warn_of_unread(_streams_of(unknown), PRODUCT, file)
    place = [columns.pop(name, [given])[0] for name, given in (("lat", lat), ("lon", lon))]
    _check_present(columns, place[0], met)
    for name in _OPTIONAL:
        columns.setdefault(name, np.zeros(steps))
    for name in SOIL_PRIOR:
        if name in columns:
            columns[name] = columns[name][0]
    run_days = columns.pop("run_day", None)
    if run_days is None:
        run_days = run_days_from(columns["doy"], start, product=PRODUCT, where=f"file {met}")
        columns["doy"] = day_of_year_at_end(bounds_of(run_days, start, product=PRODUCT))
    return site_units(
        columns,
        run_days=run_days,
        start=start,
        place=place,
        product=PRODUCT,
        where=f"file {met}",
        attrs={
            "product": PRODUCT,
            "site_id": site,
            "source": "column names of MODEL.md section 1; layout assumed",
            "not_read": ", ".join(ignored) or "nothing",
        },
    )


def meteorology_at(path):
    """File of the meteorology that a path leads to, or None where it leads to no such files.

    Parameters
    ----------
    path : Path
        One of the files of a site, a folder with those of one site, or what their names begin with.

    Returns
    -------
    Path or None
    """
    if path.is_dir():
        found = sorted(path.glob(f"*{_PARTS['met']}"))
        if len(found) > 1:
            raise ValueError(
                sentence(
                    PRODUCT,
                    wanted="the files of one site",
                    came=", ".join(each.name for each in found[:4]) + " ..." * (len(found) > 4),
                    where=f"folder {path}",
                    do="name one of these files",
                )
            )
        return found[0] if found else None
    for part in _PARTS.values():
        if path.name.endswith(part):
            return path.with_name(path.name.removesuffix(part) + _PARTS["met"])
    met = path.with_name(path.name + _PARTS["met"])
    return met if met.is_file() else None


def _site_of(met):
    if not met.name.endswith(_PARTS["met"]):
        raise ValueError(
            sentence(
                PRODUCT,
                wanted=f"a file <site>{_PARTS['met']}",
                came=f"'{met.name}'",
                where=str(met.parent),
                do="rename the file; its name leads to the observations",
            )
        )
    return met.name.removesuffix(_PARTS["met"])


def _rows(path):
    """Header and lines of a CSV file."""
    if not path.is_file():
        raise FileNotFoundError(
            sentence(
                PRODUCT,
                wanted="an existing file",
                came="a path where no file is",
                where=str(path),
                do="correct the path",
            )
        )
    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = [row for row in csv.reader(file) if row]
    if len(rows) < 2:
        raise ValueError(
            sentence(
                PRODUCT,
                wanted="a header and at least one line",
                came=f"{len(rows)} lines",
                where=f"file {path}",
                do="export the file again",
            )
        )
    return rows


def _table(path):
    """Known columns of a file in the units of the schema, and the names of the others."""
    rows = _rows(path)
    header = [cell.strip().strip('"') for cell in rows[0]]
    numbers = np.array([_line(row, len(header), path, n) for n, row in enumerate(rows[1:], 2)])
    columns, ignored = {}, []
    for position, text in enumerate(header):
        known = recognised(text)
        if known is None:
            ignored.append(text)
            continue
        name, scale, offset = known
        if name in columns:
            raise ValueError(
                sentence(
                    PRODUCT,
                    wanted=f"one column of '{name}'",
                    came=f"a second one, '{text}'",
                    where=f"file {path}",
                    do="remove one of them",
                )
            )
        columns[name] = without_fills(numbers[:, position]) * scale + offset
    return columns, ignored


def _line(row, width, path, number):
    try:
        values = [float(cell) if cell.strip() not in ("", "NA") else np.nan for cell in row]
    except ValueError:
        values = []
    if len(values) != width:
        raise ValueError(
            sentence(
                PRODUCT,
                wanted=f"{width} numbers, as in the header",
                came=f"'{','.join(row)[:60]}'",
                where=f"file {path}, line {number}",
                do="correct the line; missing is -9999",
            )
        )
    return values


def _streams_of(ignored):
    """Columns that look like observations: they name units, or another column is their uncertainty."""
    words = {name: name.lower() for name in ignored}
    return [
        name
        for name, word in words.items()
        if not any(end in word for end in _NO_STREAM)
        and (
            word.rpartition("_")[2] in SUFFIXES
            or any(f"{word}{end}" in words.values() for end in UNCERTAINTY)
        )
    ]


def _check_length(columns, wanted, path):
    lengths = {values.size for values in columns.values()}
    if lengths - {wanted}:
        raise ValueError(
            sentence(
                PRODUCT,
                wanted=f"{wanted} lines, as the meteorology has steps (1 of initial values)",
                came=f"{lengths.pop()}",
                where=f"file {path}",
                do="give every step a line, -9999 where nothing was observed",
            )
        )


def _check_present(columns, lat, path):
    needed = [n for n in DRIVERS if n not in (*_OPTIONAL, "step_days")]
    absent = [name for name in needed if name not in columns]
    if absent:
        spellings = "; ".join(f"{name} as {', '.join(COLUMNS[name])}" for name in absent[:3])
        raise KeyError(
            sentence(
                PRODUCT,
                wanted=f"columns {', '.join(absent)}",
                came=f"only {', '.join(sorted(columns))}",
                where=f"file {path}",
                do=f"add them ({spellings})",
            )
        )
    if lat is None:
        raise ValueError(
            sentence(
                PRODUCT,
                wanted="a latitude",
                came="neither a column nor an argument",
                where=f"file {path}",
                do="pass lat= [degrees_north]",
            )
        )


def write_cardamom_csv(folder: str | Path, units: xr.Dataset, *, site: str) -> list[Path]:
    """Write the units of a site as CSV files that `open_cardamom_csv` reads.

    Parameters
    ----------
    folder : str or Path
        Existing target folder.
    units : xarray.Dataset
        One site.
    site : str
        Beginning of the file names.

    Returns
    -------
    list of Path
        Meteorology, observations, initial values.
    """
    checked_site(units, product=PRODUCT)
    expect_single_steps(units, product=PRODUCT)
    drivers = {"run_day": run_days_of(units)}
    drivers |= {name: units[name].values for name in DRIVERS if name != "step_days"}
    observed = {
        f"{name}{end}": units[f"{name}{end}"].values
        for name in STREAMS
        for end in ("", "_unc")
        if f"{name}{end}" in units
    }
    initial = {name: [float(units[name])] for name in ("lat", "lon") if name in units.coords}
    initial |= {name: [float(units[name])] for name in SOIL_PRIOR if name in units}
    paths = []
    for part, columns in (("met", drivers), ("obs", observed), ("initial", initial)):
        if not columns:
            continue
        path = Path(folder) / f"{site}{_PARTS[part]}"
        lines = zip(*(with_fills(values) for values in columns.values()), strict=True)
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(columns)
            writer.writerows([repr(float(value)) for value in line] for line in lines)
        paths.append(path)
    return paths

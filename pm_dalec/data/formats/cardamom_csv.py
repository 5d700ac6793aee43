"""CSV files of a CARDAMOM site: meteorology and observations, read and written.

A site is a pair ``<site>_timeseries_met.csv`` and ``<site>_timeseries_obs.csv``, and, where there is
one, ``<site>_initial_obs.csv`` with a single line. One line a step; missing is -9999.

Assumed, because the layout is not documented to the last detail: column names are those of the rows
of MODEL.md section 1 in the spellings of `COLUMNS`, whatever their case and order; a bare name is in
the units of that section, a suffix such as ``vpd_kPa`` names others; an uncertainty is ``<name>_unc``;
disturbance columns may be absent and are then zero; unknown ones are listed in ``not_read``.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import xarray as xr

from pm_dalec.data.checks import check_units
from pm_dalec.data.formats.columns import (
    SOIL_PRIOR,
    checked_site,
    run_days_of,
    site_units,
    with_fills,
    without_fills,
)
from pm_dalec.data.messages import sentence
from pm_dalec.tables.constants import FREEZING
from pm_dalec.tables.streams import STREAMS
from pm_dalec.tables.variables import DRIVERS

PRODUCT = "CARDAMOM site CSV"

# Accepted column names (lower case) of each variable.
COLUMNS = {
    "run_day": ("run_day", "day", "time", "day_of_run"),
    "tmin": ("tmin", "mint", "min_temperature", "airt_min"),
    "tmax": ("tmax", "maxt", "max_temperature", "airt_max"),
    "sw_rad": ("sw_rad", "swrad", "sw", "s", "radiation"),
    "co2": ("co2",),
    "doy": ("doy", "day_of_year"),
    "forest_loss_fraction": ("forest_loss_fraction", "deforestation", "removed_fraction", "x"),
    "burned_fraction": ("burned_fraction", "burnt_area", "burned_area", "b"),
    "wind": ("wind", "wind_spd", "wind_speed"),
    "vpd": ("vpd",),
    "lai": ("lai",),
    "cwood": ("cwood", "woodstock", "wood"),
    "gpp": ("gpp",),
    "nee": ("nee",),
    "nbe": ("nbe",),
    "reco": ("reco",),
    "cfol": ("cfol", "cfol_stock"),
    "croots": ("croots", "croots_stock"),
    "csom": ("csom", "csom_stock"),
    "csom_prior": ("csom_initial", "csom_prior"),
    "lat": ("lat", "latitude"),
    "lon": ("lon", "long", "longitude"),
}
# Unit suffix -> factor and offset to the units of the schema.
_SUFFIXES = {
    "kpa": (1000.0, 0.0),
    "hpa": (100.0, 0.0),
    "pa": (1.0, 0.0),
    "c": (1.0, 0.0),
    "degc": (1.0, 0.0),
    "k": (1.0, -FREEZING),
    "mjm2day": (1.0, 0.0),
    "wm2": (0.0864, 0.0),
    "ppm": (1.0, 0.0),
    "ms": (1.0, 0.0),
    "fraction": (1.0, 0.0),
    "percent": (0.01, 0.0),
    "gcm2": (1.0, 0.0),
    "gcm2day": (1.0, 0.0),
    "m2m2": (1.0, 0.0),
    "days": (1.0, 0.0),
}
_UNCERTAINTY = ("_unc", "_uncertainty", "_sd")
_PARTS = {"met": "_timeseries_met.csv", "obs": "_timeseries_obs.csv", "initial": "_initial_obs.csv"}
_OPTIONAL = ("forest_loss_fraction", "burned_fraction")


def open_cardamom_csv(
    met: str | Path, *, start: str, lat: float | None = None, lon: float = np.nan
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

    Returns
    -------
    xarray.Dataset
    """
    return check_units(read_cardamom_csv(met, start=start, lat=lat, lon=lon))


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
    place = [columns.pop(name, [given])[0] for name, given in (("lat", lat), ("lon", lon))]
    _check_present(columns, place[0], met)
    columns = dict.fromkeys(_OPTIONAL, np.zeros(steps)) | columns
    columns |= {name: columns[name][0] for name in SOIL_PRIOR if name in columns}
    return site_units(
        columns,
        run_days=columns.pop("run_day"),
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
        known = _recognised(text)
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


def _recognised(text):
    """Variable, factor and offset of a column name, or None."""
    word = text.strip().lower().replace(" ", "_").replace("-", "")
    sigma = next((end for end in _UNCERTAINTY if end in word), "")
    word = word.replace(sigma, "", 1) if sigma else word
    choices = [(word, (1.0, 0.0))]
    base, _, suffix = word.rpartition("_")
    if suffix in _SUFFIXES:
        choices.append((base, _SUFFIXES[suffix]))
    for candidate, (scale, offset) in choices:
        for name, spellings in COLUMNS.items():
            if candidate in spellings:
                return (f"{name}_unc", scale, 0.0) if sigma else (name, scale, offset)
    return None


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
    needed = ["run_day", *(n for n in DRIVERS if n not in (*_OPTIONAL, "step_days"))]
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

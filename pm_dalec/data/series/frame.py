"""A site from a table: a DataFrame of pandas, or a CSV file, with a row for each month or day."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from pm_dalec.data.checks import DISTURBANCES, check_units
from pm_dalec.data.series import aliases, cells, dates, headers, stand_ins, windows
from pm_dalec.data.series.air import told_co2
from pm_dalec.data.standardised import site_from_arrays
from pm_dalec.data.uncertainties import without_unknown
from pm_dalec.tables.numbers import number
from pm_dalec.tables.streams import OBSERVED, SOIL_PRIOR, WINDOW, wanted_units
from pm_dalec.tables.variables import DRIVERS

if TYPE_CHECKING:
    import xarray as xr

_DERIVED = ("doy", "step_days", "co2")


def site_from_frame(
    table: pd.DataFrame | str | os.PathLike[str],
    *,
    latitude: float | None = None,
    longitude: float | None = None,
    site: str | None = None,
    columns: Mapping[str, str] | None = None,
    units: Mapping[str, str] | None = None,
    observations: str | Sequence[str] = "all",
    drop: Sequence[str] = (),
    uncertainties: Mapping[str, float | str] | str | None = None,
    fill_wind: bool = False,
    disturbance: str = "file",
) -> xr.Dataset:
    """Units dataset of one site, checked, from a table with a row for each month or day.

    Columns are known by the names in docs/tables.md, whatever their case. Their units are told by
    ``units``, by the header, as in ``vpd (hPa)``, ``tmin [K]`` or ``vpd_hPa``, or by a first row of
    units; otherwise they are those of docs/tables.md. Rows are in any order, without gaps. The bounds of
    steps, their length and the day of the year follow from the dates. Without a column of CO2 it is
    that of Mauna Loa, with a notice. Observations may have gaps: empty, NaN or -9999. Means over several
    rows are told by a column ``<stream>_window``; those of calendar years are ``<stream>_annual``.

    Parameters
    ----------
    table : pandas.DataFrame or path
        Dates are in a column ``time``, in columns year and month (and day, or day of year), or the
        index. The path is of a CSV file.
    latitude, longitude : float, optional
        [degrees]. Latitude is needed where no column has it.
    site : str, optional
        Name; that of the file by default.
    columns : mapping of str to str, optional
        What columns of other names are: ``{"Tair_f_min": "tmin", "myLAI": "lai"}``.
    units : mapping of str to str, optional
        Units by column or by name: ``{"tmin": "K"}``.
    observations : "all" or sequence of str, default "all"
        Streams to keep, out of `pm_dalec.STREAMS` and ``"csom_prior"``. One on request that has no
        uncertainty and is not named here or in ``uncertainties`` is kept to compare with.
    drop : sequence of str
        Streams to leave out.
    uncertainties : mapping of str to float or str, or str, optional
        One-sigma uncertainty of a stream where the table has no column ``<stream>_unc``: a number in
        the units of the stream, a share of each value as "20%", with a least one as "20%,0.1", a factor
        as "x1.5", or the name of a column.
    fill_wind, disturbance
        As in `pm_dalec.open_site`.

    Returns
    -------
    xarray.Dataset
        As `pm_dalec.open_site` gives; the attribute ``not_read`` lists other columns.

    Raises
    ------
    FileNotFoundError, ValueError, TypeError, KeyError
        A sentence: what was wanted, what came, where, what to do.
    """
    table, where, name = _opened(table, site)
    stand_ins.checked_disturbance(disturbance, where)
    sigmas = _sigmas(uncertainties, where)
    columns = {**_mapping(columns, "columns", where), **_columns_of_sigma(table, sigmas, where)}
    units = {**table.attrs.get("units", {}), **_mapping(units, "units", where)}
    table, found, rest = _found(table, columns, units, where)
    found, dropped = _kept(found, observations, drop, where)
    steps = dates.steps_of(table, found, where)
    values = _values(table, found, steps, where)
    headers.tell_biomass(found, where)
    place = _place(values, latitude, longitude, where)
    _check_present(values, rest, fill_wind, disturbance, where)
    _tell_rest(rest, where)
    told = {name: column.units for name, column in found.items()}
    values, means = windows.with_windows(values, told, steps.periods, where)
    made = made_site(values, steps.periods, place, name, where)
    made = made.assign({f"{name}{WINDOW}": each.variable for name, each in means.items()})
    made = made.assign_attrs(source_file=where, not_read=", ".join([*rest, *dropped]) or "nothing")
    made = stand_ins.with_wind(made, where) if fill_wind else made
    made = stand_ins.without_disturbance(made, where) if disturbance == "none" else made
    asked = {*(() if isinstance(observations, str) else observations), *sigmas}
    stand_ins.tell_both(made, sigmas, where)
    made = stand_ins.with_uncertainties(made, sigmas, where)
    made = check_units(without_unknown(stand_ins.without_sigma(made, asked, where)))
    return headers.told_wood(made)


def _opened(table, site):
    """Table, words for where it comes from, and name of the site."""
    if isinstance(table, str | os.PathLike):
        path = Path(table)
        return cells.table_in(path), path.name, site or path.stem
    if hasattr(table, "compute"):
        table = table.compute()  # a DataFrame of dask
    if not isinstance(table, pd.DataFrame):
        raise TypeError(
            f"wanted a pandas.DataFrame or the path of a CSV file, got {type(table).__name__} (first "
            "argument); call its to_dataframe() or to_pandas()"
        )
    return table, f"the table of {site}" if site else "the table", site or "site"


def _mapping(given, argument, where):
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise TypeError(
            f"wanted {argument} as a mapping, got {given!r} ({where}); write {argument}={{'tmin': ...}}"
        )
    return dict(given)


def _sigmas(uncertainties, where):
    """Uncertainties by stream; a mapping is copied, as names of columns are taken out of it."""
    found = stand_ins.checked_sigmas(uncertainties, where)
    return found if isinstance(found, stand_ins.ForAll) else dict(found)


def _columns_of_sigma(table, sigmas, where):
    """What columns that are named as an uncertainty are; they are taken out of ``sigmas``."""
    named = {}
    for stream, given in [] if isinstance(sigmas, stand_ins.ForAll) else list(sigmas.items()):
        if stream not in OBSERVED:
            raise KeyError(f"no observations {stream!r} ({where}); there are {', '.join(OBSERVED)}")
        if isinstance(given, str) and given in table.columns:
            named[given] = f"{stream}_unc"
            del sigmas[stream]
    return named


def _found(table, columns, units, where):
    """Table without a row of units, its columns by name, and the labels of the others."""
    found, rest = headers.columns_of(table, columns=columns, units=units, where=where)
    table, told = headers.row_of_units(table, found)
    if told:
        found = {
            name: column._replace(units=column.units or told.get(column.label))
            for name, column in found.items()
        }
    return table, found, rest


def _kept(found, observations, drop, where):
    """Columns without the observations that are not wanted, and the names of these."""
    there = [name for name in OBSERVED if name in found]
    out = stand_ins.checked_observations(drop, there, where)
    wanted = stand_ins.checked_observations(observations, there, where)
    if wanted is there and not out:
        return found, []
    ends = ("", "_unc", f"_{aliases.FACTOR}", WINDOW)
    drop = {
        f"{name}{end}" for name in OBSERVED if name not in wanted or name in out for end in ends
    }
    return {k: v for k, v in found.items() if k not in drop}, sorted(drop & set(found))


def _values(table, found, steps, where):
    """Numbers by name, in the order of the steps and in the units of the tables."""
    values = {}
    for name, column in found.items():
        if name in aliases.DATES and name != "doy":
            continue
        text = str(column.label)
        numbers = cells.numbers_in(table[column.label], text, where)[steps.order]
        if name in aliases.PLACE or name.removesuffix("_unc") == SOIL_PRIOR:
            numbers = _constant(numbers, name, where)
        values[name] = numbers
        if name not in (*aliases.PLACE, "doy"):
            values[name] = headers.in_units(numbers, name, column, where)
    return values


def _constant(numbers, name, where):
    """The one number of a column that repeats it."""
    several = np.unique(numbers[np.isfinite(numbers)])
    if several.size != 1:
        raise ValueError(
            f"wanted one number in column {name!r}, got {several.size} ({where}); a table is one site: "
            "select its rows"
        )
    return several[0]


def _place(values, latitude, longitude, where):
    """Latitude and longitude, of the arguments or of the table."""
    given = {"lat": latitude, "lon": longitude}
    place = {}
    for name, argument in given.items():
        column = values.pop(name, None)
        if argument is None:
            place[name] = column
            continue
        place[name] = argument = number(name, argument, advice="degrees, of the place")
        if column is not None and not np.isclose(column, argument, rtol=0.0, atol=1e-3):
            raise ValueError(
                f"wanted one {name}, got {argument!r} as argument and {column:g} in the table ({where}); "
                "leave one out"
            )
    if place["lat"] is None:
        raise ValueError(
            f"wanted a latitude, got neither a column nor an argument ({where}); pass latitude= in degrees "
            "north, negative in the south"
        )
    return place


def _check_present(values, rest, fill_wind, disturbance, where):
    """Say which drivers are missing, and which columns were not understood."""
    excused = [*_DERIVED, *(["wind"] if fill_wind else [])]
    excused += DISTURBANCES if disturbance == "none" else ()
    absent = [name for name in DRIVERS if name not in values and name not in excused]
    if not absent:
        return
    advice = [
        f"give {name} [{wanted_units(name)}]"
        for name in absent
        if name not in ("wind", *DISTURBANCES)
    ]
    advice += ["pass fill_wind=True for 3.23 m s-1 at every step"] * ("wind" in absent)
    if set(absent) & set(DISTURBANCES):
        advice.append("pass disturbance='none' to run without harvest and fire")
    if rest and advice[0].startswith("give"):
        advice.append(f"pass columns={{{rest[0]!r}: ...}} if others are these")
    unread = f"; not understood: {', '.join(rest)}" if rest else ""
    raise ValueError(
        f"wanted columns of {', '.join(absent)}, got none{unread} ({where}); {'; '.join(advice)}"
    )


def _tell_rest(rest, where):
    if rest:
        warnings.warn(
            f"columns of {where} that are not read: {', '.join(rest)}; pass columns={{...}} if one of them "
            "is a driver or an observation",
            UserWarning,
            stacklevel=3,
        )


def made_site(values, periods, place, name, where):
    """Units dataset of columns, with CO2 where there is none; not yet checked.

    Parameters
    ----------
    values : dict of str to array
        Drivers, observations, their uncertainties and factors, in the units of the tables.
    periods : pandas.PeriodIndex
        Steps: months or days.
    place : dict
        ``lat`` and ``lon`` [degrees]; a longitude of None is left out.
    name, where : str
        Of the site; its source, for messages.

    Returns
    -------
    xarray.Dataset
    """
    starts, ends = periods.to_timestamp(), (periods + 1).to_timestamp()
    _check_day_of_year(values.pop("doy", None), starts, ends, where)
    if "co2" not in values:
        values["co2"] = told_co2(starts + (ends - starts) / 2, where)
    factors = {k: v for k, v in values.items() if k.endswith(f"_{aliases.FACTOR}")}
    plain = {k: v for k, v in values.items() if k not in factors}
    made = site_from_arrays(plain, periods, place["lat"], site=name)
    made = made.assign({k: ("time", v, {"units": "1"}) for k, v in factors.items()})
    if place["lon"] is not None:
        made = made.assign_coords(lon=((), float(place["lon"]), {"units": "degrees_east"}))
    return made


def _check_day_of_year(given, starts, ends, where):
    """Refuse days of the year that lie outside the steps of their dates."""
    if given is None:
        return
    first, last = starts.day_of_year, (ends - pd.Timedelta(days=1)).day_of_year
    bad = ~((given >= first) & (given <= last))
    if bad.any():
        at = int(np.argmax(bad))
        raise ValueError(
            f"wanted the day of year inside the step of {starts[at]:%Y-%m-%d}, {first[at]} to {last[at]}, "
            f"got {given[at]:g} and {bad.sum() - 1} others ({where}); correct it, or leave the column out"
        )

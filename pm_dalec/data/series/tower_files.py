"""CSV files of flux towers: which column is what, what a row is, and where the tower stands.

FLUXNET2015 and ONEFlux (``FLX_``, ``AMF_..._FLUXNET``, ``ICOSETC_..._FLUXNET``): Pastorello et al. (2020),
Scientific Data 7, 225. AmeriFlux BASE: two lines of comments, names with ``_PI``, ``_F`` and places of
sensors ``_1_1_1``. Half-hourly and hourly files have TIMESTAMP_START and TIMESTAMP_END in local standard
time, daily and monthly ones TIMESTAMP; -9999 is missing. Fluxes are in umol m-2 s-1 in (half-)hourly files
and in gC m-2 d-1 in daily and monthly ones.
"""

import re
from typing import NamedTuple

import numpy as np
import pandas as pd

from pm_dalec.data.formats.columns import without_fills
from pm_dalec.data.messages import sentence

PRODUCT = "flux tower CSV"
EXAMPLE = "FLX_FI-Hyy_FLUXNET2015_FULLSET_MM_1996-2014_1-4.csv"
_STARTS = ("TIMESTAMP_START", "TIMESTAMP")
_SITE = re.compile(r"(?:^|_)([A-Z]{2}-[A-Za-z0-9]{3})(?:_|$|\.)")
_METEO = ("{0}_F", "{0}_F_MDS", "{0}_ERA", "{0}_PI_F", "{0}_PI", "{0}")
_FLUX = ("{0}_{1}VUT_REF", "{0}_{1}CUT_REF", "{0}_PI_F", "{0}_PI", "{0}")
_SENSOR = r"(_\d+_\d+_(\d+|A)|_\d+)?"
# Temperature of day and of night, out of the same treatment.
_HALVES = ("TA_F_{0}", "TA_F_MDS_{0}", "TA_ERA_{0}")


class Records(NamedTuple):
    """What a file holds.

    Parameters
    ----------
    table : pandas.DataFrame
        Numbers by quantity; the index is the start of each row.
    width : pandas.Timedelta or None
        Length of a row below a day; None for ``unit``.
    unit : str
        "D" or "M" for days and months, "" below a day.
    columns : dict of str to str
        Column of each quantity.
    """

    table: pd.DataFrame
    width: pd.Timedelta | None
    unit: str
    columns: dict


def candidates(partitioning):
    """Columns of each quantity, the preferred first.

    Parameters
    ----------
    partitioning : {"NT", "DT"}
        Of GPP and respiration: by night or by day.

    Returns
    -------
    dict of str to tuple of str
    """
    names = {
        key: tuple(form.format(stem) for form in _METEO)
        for key, stem in {
            "ta": "TA",
            "sw": "SW_IN",
            "vpd": "VPD",
            "rh": "RH",
            "ws": "WS",
            "co2": "CO2",
        }.items()
    }
    names |= {"ta_day": tuple(f.format("DAY") for f in _HALVES)}
    names |= {"ta_night": tuple(f.format("NIGHT") for f in _HALVES)}
    part = f"{partitioning}_"
    names["nee"] = (*(form.format("NEE", "") for form in _FLUX), "FC_PI_F", "FC_PI", "FC")
    names["gpp"] = tuple(form.format("GPP", part) for form in _FLUX)
    names["reco"] = tuple(form.format("RECO", part) for form in _FLUX)
    return names


def is_tower_file(path):
    """Whether a file is CSV with the time stamps of flux towers."""
    if not path.is_file() or path.suffix.lower() not in (".csv", ".txt"):
        return False
    with path.open("rb") as file:
        lines = file.read(65536).decode("utf-8", "replace").lstrip("\ufeff").splitlines()
    lines = [line for line in lines if line.strip() and not line.startswith("#")]
    header = {cell.strip().strip('"') for cell in lines[0].split(",")} if lines else set()
    met = {name for each in candidates("NT").values() for name in each}
    return bool(header & set(_STARTS)) and any(_of_names(each, met) for each in header)


def _of_names(column, names):
    return any(re.fullmatch(re.escape(name) + _SENSOR, column) for name in names)


def records_in(path, *, partitioning):
    """Read what of a file is of use.

    Parameters
    ----------
    path : Path
    partitioning : {"NT", "DT"}

    Returns
    -------
    Records
    """
    where = f"file {path}"
    if not path.is_file():
        raise FileNotFoundError(
            _said("an unpacked CSV file", "no such file", where, "check the path")
        )
    if path.suffix.lower() not in (".csv", ".txt"):
        raise ValueError(
            _said(f"a CSV file, as {EXAMPLE}", f"'{path.name}'", where, "unpack the archive first")
        )
    skipped = _comments(path)
    header = [c.strip() for c in pd.read_csv(path, nrows=0, skiprows=skipped).columns]
    if not set(header) & set(_STARTS):
        came = ", ".join(header[:4])
        raise ValueError(
            _said(f"a column {' or '.join(_STARTS)}", came, where, "give the file as distributed")
        )
    wanted = _wanted(header, candidates(partitioning))
    stamps = [name for name in (*_STARTS, "TIMESTAMP_END") if name in header]
    used = {*stamps, *(name for names in wanted.values() for name in names)}
    try:
        table = pd.read_csv(
            path,
            skiprows=skipped,
            usecols=lambda name: name.strip() in used,
            dtype=dict.fromkeys(stamps, str),
            index_col=False,
            na_values=["-9999", "-9999.0", "-9999.00"],
            skipinitialspace=True,
        ).rename(columns=str.strip)
    except (ValueError, pd.errors.ParserError) as fault:
        raise ValueError(
            _said("a table of numbers", str(fault).splitlines()[0], where, "download it again")
        ) from fault
    index, width, unit = _rows(table, where)
    numbers, columns = _numbers(table, wanted, index, where)
    return Records(numbers.sort_index(), width, unit, columns)


def _said(wanted, came, where, do):
    return sentence(PRODUCT, wanted=wanted, came=came, where=where, do=do)


def _comments(path):
    """How many lines of comments stand before the header."""
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        count = 0
        for line in file:
            if line.strip() and not line.startswith("#"):
                break
            count += 1
    return count


def _wanted(header, names):
    """Columns of the header by quantity, in the order of preference, with their companions."""
    found = {}
    for key, each in names.items():
        found[key] = [
            column
            for name in each
            for column in sorted(c for c in header if re.fullmatch(re.escape(name) + _SENSOR, c))
        ]
    for key in ("nee", "gpp", "reco"):
        for column in list(found[key]):
            others = {
                "qc": f"{column}_QC",
                "rand": f"{column}_RANDUNC",
                "joint": f"{column}_JOINTUNC",
            }
            others |= {"p16": column.replace("_REF", "_16"), "p84": column.replace("_REF", "_84")}
            for end, other in others.items():
                if other in header and other != column:
                    found.setdefault(f"{column} {end}", []).append(other)
    return found


def _rows(table, where):
    """Start of each row, and how long it is."""
    if not len(table):
        raise ValueError(_said("at least one row", "none", where, "download it again"))
    name = next(name for name in _STARTS if name in table)
    text = table[name].str.strip().str.removesuffix(".0")
    lengths = set(text.str.len())
    if len(lengths) != 1 or not text.str.isdigit().all():
        raise ValueError(
            _said(
                f"{name} of digits, all of one length",
                f"{text.iloc[0]!r} and others",
                where,
                "do not let a spreadsheet change the stamps",
            )
        )
    digits = lengths.pop()
    form = {6: "%Y%m", 8: "%Y%m%d", 12: "%Y%m%d%H%M"}.get(digits)
    if form is None or (digits == 8 and "TIMESTAMP_END" in table):
        kind = "yearly" if digits == 4 else "weekly" if digits == 8 else f"{digits} digits"
        raise ValueError(
            _said(
                "half-hourly, hourly, daily or monthly rows",
                kind,
                where,
                "take the file HH, DD or MM",
            )
        )
    index = _dates(text, form, where)
    if digits == 6:
        return index, None, "M"
    if digits == 8:
        return index, None, "D"
    return index, _width(table, index, where), ""


def _dates(text, form, where):
    """Dates of the rows, each once."""
    starts = pd.to_datetime(text, format=form, errors="coerce")
    if starts.isna().any():
        raise ValueError(
            _said("dates", repr(text[starts.isna()].iloc[0]), where, "correct the line")
        )
    index = pd.DatetimeIndex(starts)
    if index.has_duplicates:
        first = index[index.duplicated()][0]
        raise ValueError(
            _said("one row a time", f"two of {first}", where, "drop the repeated rows")
        )
    return index


def _width(table, index, where):
    if "TIMESTAMP_END" in table:
        ends = pd.to_datetime(
            table["TIMESTAMP_END"].str.strip(), format="%Y%m%d%H%M", errors="coerce"
        )
        widths = set(pd.DatetimeIndex(ends) - index)
    else:
        widths = {pd.Series(np.diff(np.sort(index.to_numpy()))).min()}
    width = widths.pop() if len(widths) == 1 else None
    if width not in (pd.Timedelta(minutes=30), pd.Timedelta(hours=1)):
        raise ValueError(
            _said("rows of 30 or 60 minutes", f"{width}", where, "give the file as distributed")
        )
    return width


def _numbers(table, wanted, index, where):
    """Numbers by quantity: of several columns the first that is not empty."""
    made, columns = {}, {}
    for key, names in wanted.items():
        if " " in key:
            continue
        for name in names:
            values = _plain(table[name], where)
            if np.isfinite(values).any():
                made[key], columns[key] = values, name
                break
    for key in ("nee", "gpp", "reco"):
        for end in ("qc", "rand", "joint", "p16", "p84"):
            other = wanted.get(f"{columns.get(key)} {end}")
            if other:
                made[f"{key}_{end}"] = _plain(table[other[0]], where)
    return pd.DataFrame(made, index=index), columns


def _plain(column, where):
    if column.dtype.kind not in "fiu":
        bad = pd.to_numeric(column, errors="coerce").isna() & column.notna()
        came = repr(column[bad].iloc[0]) if bad.any() else str(column.dtype)
        raise ValueError(
            _said(f"numbers in column {column.name}", came, where, "correct the cells")
        )
    return without_fills(column.to_numpy())


def site_of(path):
    """Name of the tower out of that of its file, or what the file is called."""
    match = _SITE.search(path.name)
    return match[1] if match else path.stem


def place_in(path, site):
    """Latitude and longitude of a tower from a BADM file.

    Parameters
    ----------
    path : Path
        CSV with VARIABLE and DATAVALUE, and SITE_ID where it is of many sites.
    site : str
        Name of the tower.

    Returns
    -------
    tuple of float
        [degrees]
    """
    where, do = f"file {path}", "save the sheet of the BADM file as CSV, or pass latitude="
    try:
        table = pd.read_csv(path, dtype=str, encoding_errors="replace")
    except (OSError, ValueError) as fault:
        raise ValueError(
            _said("a BADM file as CSV", str(fault).splitlines()[0], where, do)
        ) from fault
    if not {"VARIABLE", "DATAVALUE"} <= set(table):
        raise ValueError(_said("columns VARIABLE and DATAVALUE", ", ".join(table)[:60], where, do))
    if "SITE_ID" in table:
        table = table[table["SITE_ID"] == site]
    values = table.set_index("VARIABLE")["DATAVALUE"]
    place = [
        pd.to_numeric(values.get(f"LOCATION_{end}"), errors="coerce") for end in ("LAT", "LONG")
    ]
    lat, lon = (float(np.ravel(each)[0]) if each is not None else np.nan for each in place)
    if not np.isfinite(lat):
        raise ValueError(_said(f"LOCATION_LAT of {site}", "none", where, do))
    return lat, lon

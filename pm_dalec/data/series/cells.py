"""Cells of a table: a CSV file as text, and columns of any kind as numbers or a sentence."""

import csv
from pathlib import Path

import numpy as np
import pandas as pd

from pm_dalec.data.formats.columns import without_fills
from pm_dalec.data.series.aliases import DATE
from pm_dalec.data.series.headers import columns_of

_GAPS = {"", "na", "n/a", "nan", "null", "none", "<na>", "nat", "-", "--", "."}
_SEPARATORS = (",", ";", "\t")


def table_in(path):
    """Table of a CSV file, every cell as text.

    Parameters
    ----------
    path : Path
        Separated by commas, semicolons or tabs; lines that begin with ``#`` are comments.

    Returns
    -------
    pandas.DataFrame

    Raises
    ------
    FileNotFoundError, ValueError
        A sentence.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"wanted a CSV file, got no file at '{path}'; correct the path")
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as fault:
        raise ValueError(
            f"wanted a CSV file in UTF-8, got other bytes ({path.name}); save it as CSV UTF-8, or read a "
            "spreadsheet with pandas.read_excel and give the DataFrame"
        ) from fault
    lines = [line for line in lines if line.strip() and not line.startswith("#")]
    if len(lines) < 2:
        raise ValueError(
            f"wanted a header and at least one line, got {len(lines)} lines ({path.name}); export it again"
        )
    separator = max(_SEPARATORS, key=lines[0].count)
    header, *rows = csv.reader(lines, delimiter=separator)
    wrong = [number for number, row in enumerate(rows, 2) if len(row) != len(header)]
    if wrong:
        raise ValueError(
            f"wanted {len(header)} cells in every line, as in the header, got {len(rows[wrong[0] - 2])} in "
            f"line {wrong[0]} and {len(wrong) - 1} others ({path.name}); correct the file"
        )
    table = pd.DataFrame(rows, columns=[cell.strip() for cell in header], dtype=object)
    return _with_decimal_points(table) if separator != "," else table


def _with_decimal_points(table):
    """Table whose numbers have points, where they have commas."""
    return table.map(_with_decimal_point)


def _with_decimal_point(cell):
    text = cell.strip()
    whole, comma, rest = text.partition(",")
    is_number = comma and rest.replace("e-", "").isdigit() and whole.lstrip("+-").isdigit()
    return f"{whole}.{rest}" if is_number else cell


def is_table(path):
    """Whether a file is CSV with dates and least and largest temperatures under known names."""
    if not path.is_file() or path.suffix.lower() not in (".csv", ".txt", ".tsv"):
        return False
    try:
        found, _ = columns_of(table_in(path), columns={}, units={}, where=path.name)
    except (ValueError, KeyError):
        return False
    return {"tmin", "tmax"} <= set(found) and bool({DATE, "year"} & set(found))


def numbers_in(column, label, where):
    """Numbers of a column, NaN for gaps and for -9999.

    Parameters
    ----------
    column : pandas.Series
        Of numbers, or of text or objects that are numbers.
    label, where : str
        For the message.

    Returns
    -------
    numpy.ndarray of float64
        In the byte order of this machine.

    Raises
    ------
    TypeError
        Where a cell is no number.
    """
    if isinstance(column, pd.DataFrame):
        raise ValueError(  # noqa: TRY004  (the table has two columns of this label)
            f"wanted one column {label!r}, got {column.shape[1]} ({where}); rename or drop the others"
        )
    if column.dtype == bool or column.dtype.kind in "cMm":
        raise TypeError(
            f"wanted numbers in column {label!r}, got {column.dtype} ({where}); give it as numbers"
        )
    if column.dtype.kind not in "fiu" or not isinstance(column.dtype, np.dtype):
        column = pd.Series([_number(cell, row, label, where) for row, cell in enumerate(column, 1)])
    return without_fills(column.to_numpy().astype(np.float64))


def _number(cell, row, label, where):
    if cell is None or cell is pd.NA or cell is pd.NaT:
        return np.nan
    try:
        if isinstance(cell, str):
            text = cell.strip()
            return np.nan if text.lower() in _GAPS else float(text.replace("\u2212", "-"))
        if isinstance(cell, bool | np.bool_):
            raise TypeError
        return float(cell)
    except (TypeError, ValueError) as fault:
        raise TypeError(
            f"wanted a number in column {label!r}, got {cell!r} in row {row} ({where}); correct it, or "
            "leave it empty where nothing is known"
        ) from fault

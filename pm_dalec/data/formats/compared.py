"""Observations that are kept to compare a fit with, and what a site file holds that is not read."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from pm_dalec.data.formats.streams import is_wanted
from pm_dalec.data.limits import check_numbers
from pm_dalec.data.standardised import standardise
from pm_dalec.tables import dims
from pm_dalec.tables.streams import OBSERVED, STREAMS, WINDOW, WITHHELD
from pm_dalec.tables.variables import DRIVERS

if TYPE_CHECKING:
    from pm_dalec.data.formats.streams import Choice

NOT_READ = "not_read"
"""Attribute of a site that lists what its source holds and is not read."""
_ENDS = ("", "_unc", "_factor", WINDOW)
_BOUNDS = ("_bnds", "_bounds")


def with_withheld(units: xr.Dataset, file: xr.Dataset, choice: Choice) -> xr.Dataset:
    """Site with the observations that its file withholds.

    Parameters
    ----------
    units : xarray.Dataset
        As opened, with the attribute ``source_file``.
    file : xarray.Dataset
        All variables of the file, on the same steps.
    choice : Choice
        Streams that are not wanted are neither kept nor said.

    Returns
    -------
    xarray.Dataset
        With ``{stream}_val`` in the units of the stream, which nothing assimilates.
    """
    kept, faults = {}, []
    for stream in STREAMS:
        name = f"{stream}{WITHHELD}"
        if name not in file or not is_wanted(stream, choice):
            continue
        part = standardise(xr.Dataset({stream: file[name]}))
        try:
            check_numbers(stream, part, gaps=True)
        except (ValueError, TypeError) as fault:
            faults.append(f"{name}: {fault}")
            continue
        if part[stream].dims == (dims.TIME,):
            own = units[name].to_numpy() if name in units else np.nan
            values = part[stream].to_numpy()
            kept[name] = (dims.TIME, np.where(np.isnan(own), values, own), part[stream].attrs)
    for fault in faults:
        _warn(f"not read from {units.attrs['source_file']}: {fault}")
    return units.assign(kept)


def told_unread(units: xr.Dataset, file: xr.Dataset, choice: Choice) -> xr.Dataset:
    """Site as given, with the names of what its file holds and is not read, of which a warning tells.

    Parameters
    ----------
    units, file, choice
        As in `with_withheld`.
    """
    unread = _unread(file, units, choice)
    if unread:
        _warn(
            f"not read from {units.attrs['source_file']}: {', '.join(unread)}; the model has no such "
            "drivers and streams of observations"
        )
    return units.assign_attrs({NOT_READ: ", ".join(unread) or "nothing"})


def _unread(file, units, choice):
    """Names of numbers in a file that a site has no place for."""
    known = {*DRIVERS, *(f"{name}{end}" for name in OBSERVED for end in _ENDS), *units.variables}
    dropped = {f"{name}{WITHHELD}" for name in STREAMS if not is_wanted(name, choice)}
    return sorted(
        str(name)
        for name, values in file.data_vars.items()
        if name not in known | dropped
        and values.dtype.kind in "fiu"
        and not str(name).endswith(_BOUNDS)
    )


def _warn(words):
    warnings.warn(words, UserWarning, stacklevel=4)

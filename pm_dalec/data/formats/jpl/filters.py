"""Observations that a CBF file has as means over time (``opt_filter`` 1 to 3), and how they are written.

The manual of the format says of 1: the mean over all steps with an observation, of model and data; of
2: annual means and monthly anomalies. It does not say what 3 is, from what the anomalies of 2 depart,
or what months weigh. Assumed is that 2 compares the mean of every year and the deviations of its months
from it, and 3 the mean of every year, with that of every month of the year where the file has a sigma
for it. Only steps with an observation count, in data and model alike, each with the weight of its days;
years are blocks of twelve months from the first. What is assumed is said in a warning, and the caller
may say otherwise, in the words of `WAYS`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pm_dalec.data.formats.jpl import names
from pm_dalec.data.land import averages_of, window_values
from pm_dalec.data.messages import sentence
from pm_dalec.physics.observation_operators import averaged
from pm_dalec.tables.streams import ANNUAL, DEVIATION, MEAN, WINDOW, operator_of

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping
    from typing import Any

    import numpy.typing as npt
    import xarray as xr

MONTHS = 12  # of a year


class Part(NamedTuple):
    """One part of what a filter compares.

    Parameters
    ----------
    end : str
        Of the stream's name.
    windows : {"run", "years", "months of the year"}
    compared : {"mean", "deviation"}
    uncertainty : str
        Option that holds one sigma of it.
    """

    end: str
    windows: str
    compared: str
    uncertainty: str


STEPS = "steps"
_YEARS = Part(ANNUAL, "years", MEAN, "single_annual_unc")
_MONTHLY = "single_monthly_unc"
WAYS = {
    STEPS: (),
    "run": (Part("", "run", MEAN, "single_mean_unc"),),
    "years": (_YEARS,),
    "years and deviations": (_YEARS, Part("", "years", DEVIATION, _MONTHLY)),
    "years and months": (_YEARS, Part("", "months of the year", MEAN, _MONTHLY)),
}
"""What may be compared of a stream, by the word for it."""
CODES = {STEPS: 0, "run": 1, "years and deviations": 2, "years and months": 3, "years": 3}
"""Option ``opt_filter`` of a file, by way."""


def way_of(code: int, attrs: Mapping[Hashable, Any]) -> str:
    """Way that is taken for a filter.

    Parameters
    ----------
    code : int
        0 to 3.
    attrs : mapping
        Of the variable.
    """
    if code == CODES["years"] and names.option(attrs, _MONTHLY) is None:
        return "years"
    return next(way for way, number in CODES.items() if number == code)


def labels_of(windows: str, seen: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """Number of the window of each month (time,); NaN where nothing was seen."""
    month = np.arange(seen.size)
    every = {"run": 0 * month, "years": month // MONTHS, "months of the year": month % MONTHS}
    return np.where(seen, every[windows], np.nan)


def parts_of(
    name: str, values: npt.NDArray[np.float64], way: str, length: npt.NDArray[np.float64]
) -> dict[str, tuple[Part, npt.NDArray[np.float64], npt.NDArray[np.float64]]]:
    """What is compared in a way, by the name of its stream.

    Parameters
    ----------
    name : str
        Of the stream in the file.
    values : array (time,)
        As the file has them, NaN where nothing was seen.
    way : str
        Of `WAYS`.
    length : array (time,) [d]
        Of the months.

    Returns
    -------
    dict of str to tuple
        Part, observations and windows (time,).
    """
    found, seen = {}, np.isfinite(values)
    for part in WAYS[way]:
        labels = labels_of(part.windows, seen)
        made = window_values(values, labels, length, part.compared)
        found[f"{name}{part.end}"] = part, made, labels
    return found


def way_in(units: xr.Dataset, name: str) -> str:
    """Way that the windows of a stream are those of.

    Parameters
    ----------
    units : Dataset
    name : str
        Of a stream that the format has.

    Raises
    ------
    ValueError
        If the format has no such windows.
    """
    there = {end: f"{name}{end}" for end in ("", ANNUAL) if f"{name}{end}" in units}
    if list(there) == [""] and operator_of(units, name) is None:
        return STEPS
    for way, parts in WAYS.items():
        if {part.end for part in parts} == set(there) and all(
            _fits(part, there[part.end], units) for part in parts
        ):
            return way
    raise ValueError(
        sentence(
            names.PRODUCT,
            wanted=f"'{name}' at single months, or as means that the format has: over the run; over years, "
            "alone, with deviations from them or with means over months of the year",
            came=f"other windows of {' and '.join(there.values())}",
            where="argument units",
            do="leave it out with drop_vars, or keep the site with to_netcdf for open_site",
        )
    )


def _fits(part, stream, units):
    """Whether a stream is such a part."""
    if operator_of(units, stream) != part.compared:
        return False
    labels = units[f"{stream}{WINDOW}"].to_numpy().astype(float)
    wanted = labels_of(part.windows, np.isfinite(labels))
    pairs = np.unique(np.stack([labels, wanted], axis=1)[np.isfinite(labels)], axis=0)
    return all(np.unique(pairs[:, side]).size == len(pairs) for side in (0, 1))


def series_of(units: xr.Dataset, name: str, way: str) -> npt.NDArray[np.float64]:
    """Series whose means over the windows of a way are the observations: what a file holds.

    Parameters
    ----------
    units : Dataset
    name : str
    way : str
        From `way_in`.

    Returns
    -------
    array (time,)
        NaN where no window is. Of the many such series the one of the least squares.
    """
    steps, rows, sought = np.eye(units.sizes["time"]), [], []
    member = np.zeros(len(steps), dtype=bool)
    for part in WAYS[way]:
        stream = f"{name}{part.end}"
        seen = units[stream].notnull().to_numpy()
        rows.append(averaged(steps, averages_of(units, stream), np)[seen])
        sought.append(units[stream].to_numpy()[seen])
        member |= np.isfinite(units[f"{stream}{WINDOW}"].to_numpy().astype(float))
    rows, sought = np.concatenate(rows), np.concatenate(sought)
    found = np.linalg.lstsq(rows[:, member], sought)[0]
    if not np.allclose(
        rows[:, member] @ found, sought, rtol=1e-9, atol=1e-9 * np.abs(sought).max()
    ):
        raise ValueError(
            sentence(
                names.PRODUCT,
                wanted=f"means of '{name}' over years and over months that are of one series",
                came="means that no series has",
                where="argument units",
                do="leave one of them out with drop_vars; the format keeps the series",
            )
        )
    series = np.full(len(steps), np.nan)
    series[member] = found
    return series

"""Windows of observations in a table: over which rows an observation is a mean, told by a column."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from pm_dalec.tables import dims
from pm_dalec.tables.streams import ANNUAL, COMPARED, DEVIATION, MEAN, STREAMS, WINDOW

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

NUMBERS, DEVIATIONS = ("", "1", "number", "numbers"), ("deviation", "deviations")
_MONTHS = {"month": 1, "months": 1, "mon": 1, "year": 12, "years": 12, "yr": 12, "a": 12}
_DAYS = {"d": 1, "day": 1, "days": 1}


class Windows(NamedTuple):
    """Windows of one stream.

    Parameters
    ----------
    labels : array (time,)
        Number of the window of each step, NaN outside.
    compared : {"mean", "deviation"}
    """

    labels: npt.NDArray[np.float64]
    compared: str

    @property
    def variable(self):
        """Variable of a site: dims, numbers, attributes."""
        return dims.TIME, self.labels, {"units": "1", COMPARED: self.compared}


def is_unit(text: str) -> bool:
    """Whether a word says what the numbers of a column of windows are."""
    return text.strip().lower() in (*NUMBERS, *DEVIATIONS, *_MONTHS, *_DAYS)


def with_windows(
    values: Mapping[str, npt.NDArray[np.float64]],
    told: Mapping[str, str | None],
    periods: pd.PeriodIndex,
    where: str,
) -> tuple[dict[str, npt.NDArray[np.float64]], dict[str, Windows]]:
    """Columns of a table without those of windows, and these by stream.

    Parameters
    ----------
    values : dict of str to array (time,)
        In the order of the steps.
    told : dict of str to str or None
        What the header says the numbers of a column of windows are.
    periods : PeriodIndex
        Steps.
    where : str
        Source, for messages.

    Returns
    -------
    values : dict of str to array
        A mean that is repeated at the steps of its window stands at the first.
    windows : dict of str to Windows
    """
    values, windows = dict(values), {}
    for stream in STREAMS:
        numbers = values.pop(f"{stream}{WINDOW}", None)
        if stream not in values or (numbers is None and not stream.endswith(ANNUAL)):
            continue
        found = (
            Windows(_years(values[stream], stream, periods, where), MEAN)
            if numbers is None
            else _windows(numbers, values[stream], stream, told, periods, where)
        )
        if found.compared == MEAN:
            values[stream] = _once(values, stream, found.labels)
        windows[stream] = found
    return values, windows


def _windows(numbers, observed, stream, told, periods, where):
    """Windows that a column tells."""
    name = f"{stream}{WINDOW}"
    word = str(told.get(name) or "").strip().lower()
    if word in DEVIATIONS:
        return Windows(numbers, DEVIATION)
    if word in NUMBERS:
        _tell_single(numbers, name, where)
        return Windows(numbers, MEAN)
    if not is_unit(word):
        raise ValueError(
            f"wanted {name!r} as numbers of windows, as months, years or days that an observation spans, or as "
            f"numbers of windows of deviations, got units {word!r} ({where}); write '{name} (months)', say"
        )
    return Windows(_spans(numbers, observed, name, word, periods, where), MEAN)


def _tell_single(numbers, name, where):
    """Warn of windows that are one step each: how long they are may be meant."""
    labels, counts = np.unique(numbers[np.isfinite(numbers)], return_counts=True)
    if labels.size and counts.max() == 1:
        warnings.warn(
            f"every window in {name!r} of {where} is one step, as its numbers are taken for those of the windows; "
            f"write '{name} (months)' if they are the months that an observation spans",
            UserWarning,
            stacklevel=6,
        )


def _years(observed, stream, periods, where):
    """Calendar years as windows; each with an observation must be there as a whole."""
    years = np.asarray(periods.year)
    for year in np.unique(years[np.isfinite(observed)]):
        inside = periods[years == year]
        whole = inside[0].start_time.day_of_year == 1 and (inside[-1] + 1).start_time.year > year
        if not whole:
            raise ValueError(
                f"wanted all of {year}, of which {stream!r} is the mean, got {inside[0]} to {inside[-1]} "
                f"({where}); leave the observation out, or say in '{stream}{WINDOW}' over which rows it is"
            )
    return np.where(np.isin(years, years[np.isfinite(observed)]), years.astype(float), np.nan)


def _spans(numbers, observed, name, word, periods, where):
    """Numbers of windows that begin at an observation and are so and so long."""
    edges = periods.to_timestamp().append((periods[-1:] + 1).to_timestamp())
    labels = np.full(len(periods), np.nan)
    for row in np.flatnonzero(np.isfinite(observed)):
        end = _end(edges[row], numbers[row], word)
        last = -1 if end is None else int(np.searchsorted(edges, end))
        if last <= row or last >= len(edges) or edges[last] != end:
            raise ValueError(
                f"wanted {name!r} as {word} from a row to the end of another one of the table, got "
                f"{numbers[row]:g} at {periods[row]} ({where}); an observation stands at the first row of its "
                "window"
            )
        if np.isfinite(labels[row:last]).any():
            raise ValueError(
                f"wanted windows in {name!r} that do not overlap, got one of {numbers[row]:g} {word} at "
                f"{periods[row]} inside another ({where}); an observation stands at the first row of its window"
            )
        labels[row:last] = row
    return labels


def _end(start, number, word):
    """Instant at which a window ends, or None where the number says nothing."""
    if not np.isfinite(number) or number <= 0:
        return None
    if word in _DAYS:
        return start + pd.Timedelta(days=number)
    months = number * _MONTHS[word]
    return start + pd.DateOffset(months=int(months)) if months == int(months) else None


def _once(values, stream, labels):
    """Observations of which one that is repeated all over its window stands at its first step."""
    kept = values[stream].copy()
    beside = [values[name] for name in (f"{stream}_unc", f"{stream}_factor") if name in values]
    for label in np.unique(labels[np.isfinite(labels)]):
        rows = np.flatnonzero((labels == label) & np.isfinite(kept))
        if rows.size and all(np.unique(column[rows]).size == 1 for column in (kept, *beside)):
            kept[rows[1:]] = np.nan
    return kept

"""Target grids of 1.0, 0.5, 0.25 and 0.05 degree, with edges snapped in integers.

The aggregation onto them is in a file of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pm_dalec.tables.constants import EARTH_RADIUS

TICKS_PER_DEGREE = 20
"""Grid edges are integers of 0.05 degree: sums of 0.05 in floating point drop or add cells."""

TICKS = {1.0: 20, 0.5: 10, 0.25: 5, 0.05: 1}
"""Resolution [degree] -> ticks of 0.05 degree across a pixel."""


@dataclass(frozen=True)
class Grid:
    """Regular grid of pixels, south to north, west to east, with edges in integer ticks.

    Attributes
    ----------
    south, west : int
        South-western corner [ticks of 0.05 degree].
    ticks : int
        Width of a pixel [ticks of 0.05 degree].
    rows, columns : int
        Number of pixels along latitude and longitude.
    """

    south: int
    west: int
    ticks: int
    rows: int
    columns: int

    @property
    def resolution(self):
        """Width of a pixel [degree]."""
        return self.ticks / TICKS_PER_DEGREE

    @property
    def attributes(self):
        """What a region says of its units."""
        return {"resolution_degree": self.resolution}

    @property
    def shape(self):
        """Rows and columns."""
        return (self.rows, self.columns)

    @property
    def latitude_edges(self):
        """Edges of the rows, ascending [degrees_north]."""
        return (self.south + self.ticks * np.arange(self.rows + 1)) / TICKS_PER_DEGREE

    @property
    def longitude_edges(self):
        """Edges of the columns, ascending [degrees_east]."""
        return (self.west + self.ticks * np.arange(self.columns + 1)) / TICKS_PER_DEGREE

    @property
    def latitudes(self):
        """Centres of the rows [degrees_north]."""
        return _centres(self.south, self.ticks, self.rows)

    @property
    def longitudes(self):
        """Centres of the columns [degrees_east]."""
        return _centres(self.west, self.ticks, self.columns)

    @property
    def pixels(self):
        """Flat pixel ids, row by row from the south-western corner."""
        return np.arange(self.rows * self.columns)

    @property
    def places(self):
        """Latitude and longitude of the centres of all pixels, flat [degree]."""
        both = np.meshgrid(self.latitudes, self.longitudes, indexing="ij")
        return tuple(each.ravel() for each in both)

    @property
    def areas(self):
        """Area of every pixel, shape (rows, columns) [m2]."""
        heights = np.diff(np.sin(np.deg2rad(self.latitude_edges)))
        return EARTH_RADIUS**2 * np.outer(heights, np.diff(np.deg2rad(self.longitude_edges)))


def _centres(start, ticks, count):
    return (2 * start + ticks * (2 * np.arange(count) + 1)) / (2 * TICKS_PER_DEGREE)


def target_grid(resolution: float, *, south: float, north: float, west: float, east: float) -> Grid:
    """Grid of pixels of one of the four resolutions, snapped in integers of 0.05 degree.

    Parameters
    ----------
    resolution : float
        1.0, 0.5, 0.25 or 0.05 [degree].
    south, north, west, east : float
        Outer edges of the domain [degree], multiples of 0.05.

    Returns
    -------
    Grid

    Examples
    --------
    >>> grid = target_grid(0.5, south=56.0, north=57.0, west=-4.0, east=-2.5)
    >>> grid.shape
    (2, 3)
    >>> grid.latitudes.tolist()
    [56.25, 56.75]
    """
    if not isinstance(resolution, int | float) or resolution not in TICKS:
        raise ValueError(
            f"no grid of {resolution} degree: the resolutions are {', '.join(map(str, TICKS))} "
            "degree; choose one of them"
        )
    ticks = TICKS[resolution]
    first_row, last_row = _tick(south, "south"), _tick(north, "north")
    first_column, last_column = _tick(west, "west"), _tick(east, "east")
    return Grid(
        south=first_row,
        west=first_column,
        ticks=ticks,
        rows=_count(first_row, last_row, ticks, "south and north"),
        columns=_count(first_column, last_column, ticks, "west and east"),
    )


def _tick(edge, side):
    tick = round(edge * TICKS_PER_DEGREE)
    if abs(edge * TICKS_PER_DEGREE - tick) > 1e-6:
        raise ValueError(
            f"{side} edge of the domain is {edge} degree, wanted a multiple of 0.05 degree; "
            f"the nearest is {tick / TICKS_PER_DEGREE}"
        )
    return tick


def _count(first, last, ticks, sides):
    if last <= first or (last - first) % ticks:
        raise ValueError(
            f"the distance between {sides} is {(last - first) / TICKS_PER_DEGREE} degree, wanted a "
            f"positive multiple of the pixel, {ticks / TICKS_PER_DEGREE} degree; move an edge"
        )
    return (last - first) // ticks


def edges_of(centres):
    """Edges of the cells of a regular axis from their centres.

    Parameters
    ----------
    centres : array_like
        Centres of at least two cells, ascending or descending [degree].

    Returns
    -------
    ndarray
        One more value than centres, in the same order [degree].
    """
    centres = np.asarray(centres, dtype=np.float64)
    steps = np.diff(centres)
    if steps.size == 0 or np.ptp(steps) > 0.01 * abs(steps.mean()) or steps.mean() == 0:
        raise ValueError(
            f"an axis of {centres.size} cells from {centres.flat[0]} to {centres.flat[-1]} is not "
            "regular, wanted at least two evenly spaced centres; pass edges instead"
        )
    step = (centres[-1] - centres[0]) / (centres.size - 1)
    return centres[0] + step * (np.arange(centres.size + 1) - 0.5)

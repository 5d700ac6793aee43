"""Polygons as target of an average: exact overlaps of shapes with the cells of a raster.

The cells of a raster of latitude and longitude are rectangles in the plane of longitude and
sin(latitude), which keeps areas; those of an equal-area projection are rectangles in its own plane. The
overlap of a polygon with a cell is there the area of an intersection, partial cells included.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import shapely
from pyproj import Geod, Transformer
from scipy import sparse

from pm_dalec.data.messages import sentence
from pm_dalec.tables.constants import EARTH_RADIUS

WGS84 = "EPSG:4326"
BLOCK = 64  # cells along a side of what is cut out of a polygon at once
LARGEST_ERROR_OF_AREA = 0.02  # [1] spheres of different radius are 0.3 % apart
SLIVER = 1e-9
"""Overlaps below this share of a cell are rounding of edges, not overlap."""


class Parts(NamedTuple):
    """Area of each polygon in each cell of a raster.

    Attributes
    ----------
    matrix : scipy.sparse.csr_array
        (polygon, touched cell) area [m2].
    cells : ndarray of int
        Flat places of the touched cells in the raster.
    raster : tuple of int
        Rows and columns of the raster.
    """

    matrix: sparse.csr_array
    cells: np.ndarray
    raster: tuple

    @property
    def shape(self):
        """Rows and columns of the target: one row of polygons."""
        return (1, self.matrix.shape[0])


@dataclass(frozen=True)
class Polygons:
    """Polygons in the place of the pixels of a `Grid`.

    Attributes
    ----------
    pixels : ndarray
        Ids of the polygons.
    outlines : ndarray of shapely polygons
        Longitude and latitude of WGS84, with so many points that their edges stay where they are in
        other projections [degree].
    """

    pixels: np.ndarray
    outlines: np.ndarray

    @property
    def attributes(self):
        """What a region says of its units."""
        return {"units_are": "polygons"}

    @property
    def shape(self):
        """Rows and columns: one row of polygons."""
        return (1, self.pixels.size)

    @property
    def places(self):
        """Latitude and longitude of the centroids [degree]."""
        middle = shapely.centroid(self.outlines)
        return shapely.get_y(middle), shapely.get_x(middle)

    @cached_property
    def areas(self):
        """Area on the sphere of all pixels of the project, shape (1, polygon) [m2]."""
        return EARTH_RADIUS**2 * np.deg2rad(shapely.area(self._in_sines))[None, :]

    @property
    def geodesic_areas(self):
        """Area on the ellipsoid of WGS84, (polygon) [m2]."""
        earth = Geod(ellps="WGS84")
        turned = shapely.orient_polygons(self.outlines)
        return np.array([abs(earth.geometry_area_perimeter(one)[0]) for one in turned])

    @property
    def bounds(self):
        """West, south, east, north of all polygons [degree]."""
        return shapely.total_bounds(self.outlines)

    @cached_property
    def _in_sines(self):
        def sines(points):
            return np.column_stack([points[:, 0], np.sin(np.deg2rad(points[:, 1]))])

        return shapely.transform(self.outlines, sines)

    def parts(self, latitude_edges, longitude_edges):
        """Overlap with a raster of latitude and longitude.

        Parameters
        ----------
        latitude_edges, longitude_edges : array_like
            Edges of the rows and columns, ascending or descending [degree].

        Returns
        -------
        Parts
        """
        sines = np.sin(np.deg2rad(np.asarray(latitude_edges, dtype=np.float64)))
        scale = EARTH_RADIUS**2 * np.deg2rad(1.0)
        return parts_of(self._in_sines, sines, longitude_edges, scale=scale)

    def projected_parts(self, y_edges, x_edges, crs):
        """Overlap with a raster on an equal-area projection.

        Parameters
        ----------
        y_edges, x_edges : array_like
            Edges of the rows and columns [m].
        crs : str or rasterio.crs.CRS
            Of the raster.

        Returns
        -------
        Parts
        """
        known = crs if isinstance(crs, str) else crs.to_wkt()
        turn = Transformer.from_crs(WGS84, known, always_xy=True)
        placed = shapely.transform(self.outlines, turn.transform, interleaved=False)
        self._check_whole(placed, known)
        return parts_of(placed, y_edges, x_edges, scale=1.0)

    def _check_whole(self, placed, crs):
        """Refuse polygons that a projection cuts into parts, as interrupted ones do over the oceans."""
        torn = ~(np.abs(shapely.area(placed) / self.areas[0] - 1) < LARGEST_ERROR_OF_AREA)
        if torn.any():
            raise ValueError(
                sentence(
                    "polygons",
                    wanted="outlines that lie in one piece on the grid of a product",
                    came=f"{torn.sum()} of {torn.size} across a cut of the projection",
                    where=f"polygon {self.pixels[torn][0]}, {crs}",
                    do="cut it at the meridian of the cut, or leave the product out",
                )
            )


def parts_of(shapes, y_edges, x_edges, *, scale):
    """Overlap of shapes with the rectangles between two sets of edges, in one plane.

    Parameters
    ----------
    shapes : sequence of shapely polygons
    y_edges, x_edges : array_like
        Edges of rows and columns, ascending or descending.
    scale : float
        Square metres of a unit of area of the plane.

    Returns
    -------
    Parts
    """
    y, x = (np.asarray(edges, dtype=np.float64) for edges in (y_edges, x_edges))
    raster = (y.size - 1, x.size - 1)
    found = [_cells_of(shape, y, x) for shape in shapes]
    touched = [cell for cell, _ in found]
    cells, column = np.unique(np.concatenate(touched), return_inverse=True)
    row = np.repeat(np.arange(len(found)), [cell.size for cell in touched])
    area = scale * np.concatenate([area for _, area in found])
    matrix = sparse.csr_array((area, (row, column)), shape=(len(found), cells.size))
    return Parts(matrix, cells, raster)


def _cells_of(shape, y, x):
    """Flat places of the cells that a shape touches, and its area in them."""
    west, south, east, north = shape.bounds
    shapely.prepare(shape)
    rows, columns = _window(y, south, north), _window(x, west, east)
    cells, areas = [np.zeros(0, np.int64)], [np.zeros(0)]
    for top in range(rows.start, rows.stop, BLOCK):
        for left in range(columns.start, columns.stop, BLOCK):
            row = np.arange(top, min(top + BLOCK, rows.stop))
            column = np.arange(left, min(left + BLOCK, columns.stop))
            place, area = _in_block(shape, y, x, row, column)
            cells.append(place)
            areas.append(area)
    return np.concatenate(cells), np.concatenate(areas)


def _window(edges, low, high):
    """Cells of an axis that reach into an interval."""
    lower, upper = np.minimum(edges[1:], edges[:-1]), np.maximum(edges[1:], edges[:-1])
    inside = np.flatnonzero((upper > low) & (lower < high))
    return range(inside[0], inside[-1] + 1) if inside.size else range(0)


def _in_block(shape, y, x, row, column):
    """Flat places and areas in one block of cells: whole cells inside, intersections on the outline."""
    left, right = (side[None, :] for side in _sides(x, column))
    low, high = (side[:, None] for side in _sides(y, row))
    block = shapely.box(left.min(), low.min(), right.max(), high.max())
    place = (row[:, None] * (x.size - 1) + column[None, :]).ravel()
    whole = ((right - left) * (high - low)).ravel()
    if shapely.contains_properly(shape, block):
        return place, whole
    piece = shapely.intersection(shape, block)
    boxes = shapely.box(*np.broadcast_arrays(left, low, right, high)).ravel()
    shapely.prepare(piece)
    inside = shapely.contains_properly(piece, boxes)
    edge = ~inside & shapely.intersects(piece, boxes)
    area = np.where(inside, whole, 0.0)
    area[edge] = shapely.area(shapely.intersection(boxes[edge], piece))
    kept = area > SLIVER * whole
    return place[kept], area[kept]


def _sides(edges, cells):
    """Lower and upper side of cells of an axis."""
    first, last = edges[cells], edges[cells + 1]
    return np.minimum(first, last), np.maximum(first, last)

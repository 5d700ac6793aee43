"""Conservative aggregation from a fine raster to a coarse grid, per stratum.

A latitude/longitude raster is a product of two axes, and so is its overlap with a target grid:
one sparse matrix of overlaps in sin(latitude), one in longitude. Sums over ``rows @ raster @
columns.T`` are then exact areas, partial cells included, whatever the two cell sizes are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import sparse

from pm_dalec.landscape.parts import Parts, Polygons
from pm_dalec.tables.constants import EARTH_RADIUS

if TYPE_CHECKING:
    import numpy.typing as npt

SLIVER = 1e-9
"""Overlaps narrower than this share of a cell are rounding of edges, not overlap."""


class Overlap(NamedTuple):
    """Overlap of a latitude/longitude raster with a grid.

    Attributes
    ----------
    rows : scipy.sparse.csr_array
        (target row, source row), overlap in sin(latitude) [1].
    columns : scipy.sparse.csr_array
        (target column, source column), overlap in longitude [rad].
    """

    rows: sparse.csr_array
    columns: sparse.csr_array


class Centres(NamedTuple):
    """Target pixel in which the centre of each cell of a projected raster lies.

    Attributes
    ----------
    pixel : ndarray of int
        Flat target pixel id of each source cell, -1 outside the grid.
    shape : tuple of int
        Rows and columns of the target grid.
    cell_area : float
        Area of a source cell [m2]; the projection has to be of equal area.
    """

    pixel: np.ndarray
    shape: tuple
    cell_area: float


class Aggregated(NamedTuple):
    """Area-weighted means per stratum and pixel.

    Attributes
    ----------
    mean : ndarray
        (..., stratum, row, column); NaN where nothing was seen.
    coverage : ndarray
        Share of the stratum's area that carried a finite value [1]; NaN where it is absent.
    """

    mean: np.ndarray
    coverage: np.ndarray


def overlap(source_edges, target_edges, *, sine=False):
    """Length of the overlap of each target cell with each source cell along one axis.

    Every elementary interval between neighbouring edges of either axis lies in at most one cell
    of each, so the matrix has no more entries than there are edges.

    Parameters
    ----------
    source_edges, target_edges : array_like
        Edges of the cells, ascending or descending [degree].
    sine : bool
        Measure in sin(latitude) instead of radians of longitude.

    Returns
    -------
    scipy.sparse.csr_array
        Shape (targets, sources) [rad, or 1 with `sine`].
    """
    source, target = (np.asarray(edges, dtype=np.float64) for edges in (source_edges, target_edges))
    breaks = np.unique(np.concatenate([source, target]))
    middles = 0.5 * (breaks[1:] + breaks[:-1])
    cell_width = min(np.abs(np.diff(source)).min(), np.abs(np.diff(target)).min())
    column, row = _cell_of(middles, source), _cell_of(middles, target)
    kept = (column >= 0) & (row >= 0) & (np.diff(breaks) > SLIVER * cell_width)
    radians = np.deg2rad(breaks)
    lengths = np.diff(np.sin(radians) if sine else radians)
    shape = (target.size - 1, source.size - 1)
    return sparse.csr_array((lengths[kept], (row[kept], column[kept])), shape=shape)


def _cell_of(positions, edges):
    """Cell in which each position lies along an axis; -1 outside."""
    ascending = edges[0] < edges[-1]
    sorted_edges = edges if ascending else edges[::-1]
    cell = np.searchsorted(sorted_edges, positions) - 1
    inside = (cell >= 0) & (cell < edges.size - 1)
    return np.where(inside, cell if ascending else edges.size - 2 - cell, -1)


def overlap_with(grid, *, latitude_edges, longitude_edges):
    """Overlap of a latitude/longitude raster with a target grid.

    Parameters
    ----------
    grid : Grid or Polygons
        Target.
    latitude_edges, longitude_edges : array_like
        Edges of the raster's rows and columns [degree].

    Returns
    -------
    Overlap or Parts
    """
    if isinstance(grid, Polygons):
        return _parts_with(grid, latitude_edges, longitude_edges)
    rows = overlap(latitude_edges, grid.latitude_edges, sine=True)
    columns = overlap(longitude_edges, grid.longitude_edges)
    if rows.nnz == 0 or columns.nnz == 0:
        (south, *_, north), (west, *_, east) = grid.latitude_edges, grid.longitude_edges
        raise ValueError(_apart(latitude_edges, longitude_edges, (west, south, east, north)))
    return Overlap(rows, columns)


def _parts_with(polygons, latitude_edges, longitude_edges):
    parts = polygons.parts(latitude_edges, longitude_edges)
    if parts.matrix.nnz == 0:
        bounds = [round(float(edge), 3) for edge in polygons.bounds]
        raise ValueError(_apart(latitude_edges, longitude_edges, bounds))
    return parts


def _apart(latitude_edges, longitude_edges, bounds):
    west, south, east, north = bounds
    return (
        f"the raster spans latitudes {np.min(latitude_edges):.3f} to "
        f"{np.max(latitude_edges):.3f} and longitudes {np.min(longitude_edges):.3f} to "
        f"{np.max(longitude_edges):.3f}, wanted some of {south} to {north} and {west} to {east}; "
        "open the tile that holds the domain"
    )


def centres_in(grid, *, longitude, latitude, cell_area):
    """Place the cells of a projected equal-area raster in pixels by their centres.

    The error is small where the cell is much smaller than the pixel (250 m, 500 m rasters).

    Parameters
    ----------
    grid : Grid
        Target.
    longitude, latitude : ndarray
        Cell centres, transformed from the raster's projection [degree].
    cell_area : float
        Area of a cell [m2].

    Returns
    -------
    Centres
    """
    row = _cell_of(latitude, grid.latitude_edges)
    column = _cell_of(longitude, grid.longitude_edges)
    pixel = np.where((row >= 0) & (column >= 0), row * grid.columns + column, -1)
    return Centres(pixel, grid.shape, float(cell_area))


def stratum_areas(
    strata: npt.ArrayLike, weights: Overlap | Centres, *, stratum_count: int
) -> npt.NDArray[np.float64]:
    """Area of each stratum in each pixel of the target grid.

    Parameters
    ----------
    strata : array_like of int
        Stratum of each cell, 0 to `stratum_count` - 1; any other code counts nowhere.
    weights : Overlap, Centres or Parts
        Where the cells lie on the grid.
    stratum_count : int
        Number of strata.

    Returns
    -------
    ndarray
        (stratum, row, column) [m2].
    """
    return _sums_of(weights)(None, strata, weights, stratum_count)[1]


def _sums_of(weights):
    """Function that adds up value x area and seen area over such overlaps."""
    return {Centres: _centre_sums, Parts: _parts_sums, Overlap: _overlap_sums}[type(weights)]


def stratum_cells(strata, weights, *, stratum_count):
    """Count the cells of each stratum that touch each pixel of the target grid.

    Parameters
    ----------
    strata, weights, stratum_count
        As in `stratum_areas`.

    Returns
    -------
    ndarray of int
        (stratum, row, column); a cell on an edge counts in both pixels.
    """
    if isinstance(weights, Centres):
        counted = _centre_sums(None, strata, weights._replace(cell_area=1.0), stratum_count)[1]
    elif isinstance(weights, Parts):
        touched = weights._replace(matrix=weights.matrix.sign())
        counted = _parts_sums(None, strata, touched, stratum_count)[1]
    else:
        touching = Overlap(*(matrix.sign() for matrix in weights))
        counted = _overlap_sums(None, strata, touching, stratum_count)[1] / EARTH_RADIUS**2
    return np.rint(counted).astype(np.int64)


def aggregate(values, strata, weights, *, stratum_count):
    """Area-weighted mean of a raster per stratum and pixel: linear, conservative, NaN-aware.

    Rows of the target grid are worked off one by one, so that a large raster (or anything
    that can be sliced like one) is never copied whole.

    Parameters
    ----------
    values : array_like
        (..., latitude, longitude), NaN where missing.
    strata : array_like of int
        (latitude, longitude), 0 to `stratum_count` - 1; any other code is masked.
    weights : Overlap, Centres or Parts
        Where the cells lie on the grid.
    stratum_count : int
        Number of strata.

    Returns
    -------
    Aggregated
    """
    if tuple(values.shape[-2:]) != tuple(strata.shape):
        raise ValueError(
            f"the raster has {values.shape[-2:]} cells and its stratum map {tuple(strata.shape)}, "
            "wanted one stratum for each cell; resample the land cover onto the product's grid"
        )
    area = stratum_areas(strata, weights, stratum_count=stratum_count)
    sums = _sums_of(weights)
    leading = values.shape[:-2]
    total, seen = np.empty((2, *leading, *area.shape))
    for index in np.ndindex(leading):
        layer = values if not leading else values[index]
        total[index], seen[index] = sums(layer, strata, weights, stratum_count)
    return Aggregated(mean=_ratio(total, seen), coverage=_ratio(seen, area))


def _ratio(numerator, denominator):
    missing = np.full_like(numerator, np.nan)
    return np.divide(numerator, denominator, out=missing, where=denominator > 0)


def _overlap_sums(layer, strata, weights, stratum_count):
    """Value x area and seen area [m2] by two sparse products, row by row."""
    rows, columns = weights
    _check_shape(strata, (rows.shape[1], columns.shape[1]))
    total, seen = np.zeros((2, stratum_count, rows.shape[0], columns.shape[0]))
    for row in range(rows.shape[0]):
        span = slice(rows.indptr[row], rows.indptr[row + 1])
        if span.start == span.stop:
            continue
        window = slice(rows.indices[span].min(), rows.indices[span].max() + 1)
        heights = np.zeros(window.stop - window.start)
        heights[rows.indices[span] - window.start] = rows.data[span]
        codes = np.asarray(strata[window])
        block = None if layer is None else np.asarray(layer[window], dtype=np.float64)
        finite = None if block is None else np.isfinite(block)
        for stratum in range(stratum_count):
            inside = codes == stratum if block is None else (codes == stratum) & finite
            seen[stratum, row] = columns @ (heights @ inside.astype(np.float64))
            if block is not None:
                total[stratum, row] = columns @ (heights @ np.where(inside, block, 0.0))
    return total * EARTH_RADIUS**2, seen * EARTH_RADIUS**2


def _check_shape(strata, made_for):
    if strata.shape != made_for:
        raise ValueError(
            f"the raster has {strata.shape} cells and its overlap with the grid was made for "
            f"{made_for}; compute the overlap from the raster's own edges"
        )


def _parts_sums(layer, strata, weights, stratum_count):
    """Value x area and seen area [m2] of polygons, of the cells that they touch alone."""
    _check_shape(strata, weights.raster)
    codes = np.asarray(strata).ravel()[weights.cells]
    values = np.ones(codes.shape)
    if layer is not None:
        values = np.asarray(layer).ravel()[weights.cells].astype(np.float64)
    finite, shape = np.isfinite(values), (stratum_count, *weights.shape)
    inside = [(codes == stratum) & finite for stratum in range(stratum_count)]
    total = np.array([weights.matrix @ np.where(here, values, 0.0) for here in inside])
    seen = np.array([weights.matrix @ here.astype(np.float64) for here in inside])
    return total.reshape(shape), seen.reshape(shape)


def _centre_sums(layer, strata, weights, stratum_count):
    """Value x area and seen area [m2] by counting cell centres."""
    codes = np.asarray(strata)
    inside = (weights.pixel >= 0) & (codes >= 0) & (codes < stratum_count)
    values = np.ones(codes.shape) if layer is None else np.asarray(layer, dtype=np.float64)
    inside &= np.isfinite(values)
    pixel_count = weights.shape[0] * weights.shape[1]
    slot = codes[inside].astype(np.int64) * pixel_count + weights.pixel[inside]
    counted = stratum_count * pixel_count
    total = np.bincount(slot, values[inside], minlength=counted)
    seen = np.bincount(slot, minlength=counted).astype(np.float64)
    shape = (stratum_count, *weights.shape)
    return total.reshape(shape) * weights.cell_area, seen.reshape(shape) * weights.cell_area

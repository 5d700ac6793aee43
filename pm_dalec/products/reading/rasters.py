"""GeoTIFF windows: read without loading the file, put together from tiles, and written."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import rasterio
import xarray as xr
from rasterio.crs import CRS
from rasterio.errors import RasterioIOError
from rasterio.transform import from_origin

from pm_dalec.data.messages import sentence
from pm_dalec.products.reading.windows import (
    cells_inside,
    crs_of,
    expect_step,
    overlapping,
    projected_bounds,
)


class Piece(NamedTuple):
    """Part of one file that overlaps a window; x ascending, y descending, cell centres."""

    values: np.ndarray
    x: np.ndarray
    y: np.ndarray
    crs: CRS
    nodata: float | None


def same_crs(came, wanted):
    """Whether two coordinate systems place points alike: projection, figure, origin and units."""
    if came == wanted:
        return True
    first, second = came.to_dict(), wanted.to_dict()
    if came.to_epsg() and came.to_epsg() == wanted.to_epsg():
        return True
    radius = [figure.get("R", figure.get("a", 0.0)) for figure in (first, second)]
    keys = ("proj", "lon_0", "lat_0", "k", "datum", "ellps")
    alike = all(first.get(key, 0) == second.get(key, 0) for key in keys)
    return bool(first) and alike and abs(radius[0] - radius[1]) < 1.0


def read_piece(path, window, *, product, crs, step, bands=(1,), dtypes=("uint8",)):
    """Cells of one GeoTIFF that overlap a window, or None when the file lies outside it.

    Only the blocks under the window are read.

    Parameters
    ----------
    path : Path
        GeoTIFF, or anything else that GDAL reads (VRT).
    window : Window
        [degrees].
    product : str
        For the message.
    crs : str
        Coordinate system of the product.
    step : float
        Cell width of the product [degrees or m].
    bands : tuple of int
        Bands to read, from 1.
    dtypes : tuple of str
        Accepted data types.

    Returns
    -------
    Piece or None
    """
    try:
        source = rasterio.open(path)
    except RasterioIOError as error:
        raise ValueError(
            sentence(
                product,
                wanted="a GeoTIFF",
                came=f"a file that GDAL cannot open: {error}",
                where=f"file {path}",
                do="download it again; it may be an error page, incomplete or HDF4",
            )
        ) from error
    with source:
        _check_raster(source, path, product=product, crs=crs, bands=bands, dtypes=dtypes)
        width, height = abs(source.transform.a), abs(source.transform.e)
        where = f"file {path}"
        expect_step([0.0, width], step, name="x", product=product, where=where)
        expect_step([0.0, height], step, name="y", product=product, where=where)
        left, bottom, right, top = projected_bounds(window, source.crs)
        x = source.bounds.left + (np.arange(source.width) + 0.5) * width
        y = source.bounds.top - (np.arange(source.height) + 0.5) * height
        columns = overlapping(x, left, right, step=width)
        rows = overlapping(y, bottom, top, step=height)
        if not (columns.size and rows.size):
            return None
        part = ((rows[0], rows[-1] + 1), (columns[0], columns[-1] + 1))
        values = source.read(list(bands), window=part)
        return Piece(values, x[columns], y[rows], source.crs, source.nodata)


def _check_raster(source, path, *, product, crs, bands, dtypes):
    system = "a raster without one" if source.crs is None else source.crs.to_string()[:80]
    other_system = source.crs is None or not same_crs(source.crs, crs_of(crs))
    on_native_grid = (
        "use the file on the product's native grid, not a reprojected copy; assign a "
        "coordinate system that was lost with gdal_edit.py -a_srs"
    )
    count, kind = source.count, source.dtypes[0]
    right_file = "check that this is the right file of the product"
    not_rescaled = "use the distributor's file; a rescaled copy has lost its coding"
    faults = (
        (other_system, f"coordinate system {crs}", system, on_native_grid),
        (count < max(bands), f"a raster of at least {max(bands)} bands", f"{count}", right_file),
        (kind not in dtypes, f"values of type {' or '.join(dtypes)}", kind, not_rescaled),
    )
    for wrong, wanted, came, do in faults:
        if wrong:
            raise ValueError(
                sentence(product, wanted=wanted, came=came, where=f"file {path}", do=do)
            )


def read_tiles(paths, window, *, product, crs, step, bands=(1,), dtypes=("uint8",)):
    """Cells of a window put together from the files that overlap it.

    Parameters
    ----------
    paths : list of Path
        Tiles on one common grid.
    window : Window
        [degrees].
    product, crs, step, bands, dtypes
        As in `read_piece`.

    Returns
    -------
    Piece
        Covers the whole window; a hole between the tiles is a `ValueError`.
    """
    arguments = {"product": product, "crs": crs, "step": step, "bands": bands, "dtypes": dtypes}
    pieces = [read_piece(path, window, **arguments) for path in paths]
    pieces = [piece for piece in pieces if piece is not None]
    names = ", ".join(Path(path).name for path in paths[:4])
    where = f"files {names}" + (f" and {len(paths) - 4} more" if len(paths) > 4 else "")
    bounds = projected_bounds(window, pieces[0].crs if pieces else crs_of(crs))
    return joined(pieces, bounds, step=step, product=product, where=where)


def joined(pieces, bounds, *, step, product, where):
    """One piece out of several on a common grid, which have to cover the bounds.

    Parameters
    ----------
    pieces : list of Piece
        Parts of tiles.
    bounds : tuple of float
        Left, bottom, right, top [units of the coordinate system].
    step : float
        Cell width.
    product, where : str
        For the message.

    Returns
    -------
    Piece
    """
    x = _union([piece.x for piece in pieces], step)
    y = _union([piece.y for piece in pieces], step)
    limits = {"step": step, "product": product, "where": where}
    cells_inside(x, bounds[0], bounds[2], name="x", **limits)
    cells_inside(y, bounds[1], bounds[3], name="y", **limits)
    if len(pieces) == 1:
        return pieces[0]
    return _placed(pieces, x, y[::-1], step=step, product=product, where=where)


def _union(axes, step):
    """Regular axis from the first to the last centre, holes between the tiles included."""
    if not axes:
        return np.empty(0)
    joined = np.concatenate(axes)
    count = round((joined.max() - joined.min()) / step) + 1
    return np.linspace(joined.min(), joined.max(), count)


def _placed(pieces, x, y, *, step, product, where):
    values = np.zeros((pieces[0].values.shape[0], y.size, x.size), pieces[0].values.dtype)
    seen = np.zeros((y.size, x.size), bool)
    for piece in pieces:
        column = round((piece.x[0] - x[0]) / step)
        row = round((y[0] - piece.y[0]) / step)
        place = np.s_[row : row + piece.y.size, column : column + piece.x.size]
        values[(slice(None), *place)] = piece.values
        seen[place] = True
    if not seen.all():
        raise ValueError(
            sentence(
                product,
                wanted="tiles that cover the window",
                came=f"a hole of {int((~seen).sum())} cells between them",
                where=where,
                do="add the missing tile",
            )
        )
    return Piece(values, x, y, pieces[0].crs, pieces[0].nodata)


def as_array(values, piece, *, name, units, long_name):
    """Labelled array of one decoded band; dims (lat, lon), or (y, x) when projected.

    Parameters
    ----------
    values : numpy.ndarray
        Decoded band (y, x).
    piece : Piece
        For the axes and the coordinate system.
    name, units, long_name : str
        Labels.

    Returns
    -------
    xarray.DataArray
    """
    geographic = piece.crs.is_geographic
    dims = ("lat", "lon") if geographic else ("y", "x")
    units_of_axes = ("degrees_north", "degrees_east") if geographic else ("m", "m")
    coords = {
        dim: (dim, axis, {"units": text})
        for dim, axis, text in zip(dims, (piece.y, piece.x), units_of_axes, strict=True)
    }
    attrs = {"units": units, "long_name": long_name}
    return xr.DataArray(values, coords, dims, name=name, attrs=attrs)


def write_geotiff(path, bands, *, crs, dtype, nodata=None):
    """Write bands on a regular grid as a compressed, tiled GeoTIFF.

    Parameters
    ----------
    path : str or Path
        Target.
    bands : list of xarray.DataArray
        Coded values on the same two axes, cell centres; y or lat descending.
    crs : str
        Coordinate system.
    dtype : str
        Type on disk.
    nodata : float, optional
        Tag of missing values.

    Returns
    -------
    Path
    """
    first = bands[0]
    y, x = (first[dim].values for dim in first.dims)
    width, height = abs(x[1] - x[0]), abs(y[1] - y[0])
    profile = {
        "driver": "GTiff",
        "width": x.size,
        "height": y.size,
        "count": len(bands),
        "dtype": dtype,
        "crs": crs_of(crs),
        "transform": from_origin(x[0] - width / 2, y[0] + height / 2, width, height),
        "compress": "deflate",
        "tiled": True,
        "nodata": nodata,
    }
    path = Path(path)
    with rasterio.open(path, "w", **profile) as target:
        for number, band in enumerate(bands, start=1):
            target.write(np.asarray(band.values).astype(dtype), number)
    return path

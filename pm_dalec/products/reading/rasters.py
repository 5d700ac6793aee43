"""GeoTIFF windows: read without loading the file, put together from tiles, and written."""

import warnings
from pathlib import Path
from typing import NamedTuple

import numpy as np
import rasterio
import xarray as xr
from rasterio.crs import CRS
from rasterio.errors import NotGeoreferencedWarning, RasterioIOError

from pm_dalec.data.messages import sentence
from pm_dalec.products.reading import told
from pm_dalec.products.reading.windows import (
    cells_inside,
    crs_of,
    expect_step,
    overlapping,
    projected_bounds,
)


class Piece(NamedTuple):
    """Part of one file that overlaps a window; x ascending, y descending, cell centres.

    The tags are those for missing values of all files that it comes from; the units are those that a
    file gives its first band, often none.
    """

    values: np.ndarray
    x: np.ndarray
    y: np.ndarray
    crs: CRS
    tags: tuple[float, ...] = ()
    units: str = ""


class Coding(NamedTuple):
    """How a product keeps its numbers in a GeoTIFF.

    Attributes
    ----------
    bands : tuple of int
        Those that are read, from 1.
    dtypes : tuple of str
        Types that the product has.
    scale : float
        What a tag of the file may scale the numbers by, besides 1.
    of : int, optional
        Bands in the file; as many as are read where it is not given.
    """

    bands: tuple[int, ...] = (1,)
    dtypes: tuple[str, ...] = ("uint8",)
    scale: float = 1.0
    of: int | None = None


def untold(values, tags, *, valid):
    """Cells whose code a file calls missing; a code that the product declares valid never is.

    Tools for maps give crops the tag 0 or 255, whatever the product means by it.

    Parameters
    ----------
    values : numpy.ndarray
        Stored codes.
    tags : tuple of float
        Of a `Piece`.
    valid : tuple of float
        First and last code that the product declares valid.

    Returns
    -------
    numpy.ndarray of bool
    """
    return np.isin(values, [tag for tag in tags if not valid[0] <= tag <= valid[1]])


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


def read_piece(path, window, *, product, crs, step, coding=None):
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
    coding : Coding, optional
        One band of 8-bit codes where it is not given.

    Returns
    -------
    Piece or None
    """
    coding = coding or Coding()
    with told.in_words(product, where=f"file {path}"), opened(path, product) as source:
        _check_raster(source, path, product, crs, coding)
        width, height = abs(source.transform.a), abs(source.transform.e)
        where = f"file {path}"
        expect_step([0.0, width], step, name="x", product=product, where=where)
        expect_step([0.0, height], step, name="y", product=product, where=where)
        left, bottom, right, top = projected_bounds(window, source.crs)
        x = source.transform.c + (np.arange(source.width) + 0.5) * width
        y = source.transform.f - (np.arange(source.height) + 0.5) * height
        columns = overlapping(x, left, right, step=width)
        rows = overlapping(y, bottom, top, step=height)
        if not (columns.size and rows.size):
            return None
        part = ((rows[0], rows[-1] + 1), (columns[0], columns[-1] + 1))
        values = source.read(list(coding.bands), window=part)
        tags = {tag for tag in source.nodatavals if tag is not None and np.isfinite(tag)}
        units = source.units[0] or ""
        return Piece(values, x[columns], y[rows], source.crs, tuple(sorted(tags)), units)


def opened(path, product):
    """Opened raster, to be used as a context manager; a sentence where GDAL cannot open it."""
    try:
        with warnings.catch_warnings():  # a raster without a place is refused in our words
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            return rasterio.open(path)
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


def _check_raster(source, path, product, crs, coding):
    system = "a raster without one" if source.crs is None else source.crs.to_string()[:80]
    other_system = source.crs is None or not same_crs(source.crs, crs_of(crs))
    on_native_grid = (
        "use the file on the product's native grid, not a reprojected copy; assign a "
        "coordinate system that was lost with gdal_edit.py -a_srs"
    )
    count, kind = source.count, source.dtypes[0]
    bands = coding.of or max(coding.bands)
    right_file = "check that this is the right file of the product"
    not_rescaled = "use the distributor's file; a rescaled copy has lost its coding"
    place = source.transform
    upright = place.b == place.d == 0 and place.a > 0 > place.e
    turned = "use the file as distributed, not turned or flipped"
    tag = _rescaled(source, coding) if count == bands else ""
    faults = (
        (other_system, f"coordinate system {crs}", system, on_native_grid),
        (not upright, "rows from north to south", f"a transform {tuple(place)[:6]}", turned),
        (count != bands, f"a raster of {bands} bands", f"{count}", right_file),
        (
            kind not in coding.dtypes,
            f"values of type {' or '.join(coding.dtypes)}",
            kind,
            not_rescaled,
        ),
        (tag, "numbers as the product codes them", f"{tag}", not_rescaled),
    )
    for wrong, wanted, came, do in faults:
        if wrong:
            raise ValueError(
                sentence(product, wanted=wanted, came=came, where=f"file {path}", do=do)
            )


def _rescaled(source, coding):
    """Words for a tag that scales the numbers otherwise than the product does; empty without."""
    inside = [band - 1 for band in coding.bands]
    factors = {source.scales[band] for band in inside} - {1.0}
    wrong = sorted(f for f in factors if not np.isclose(f, coding.scale, rtol=1e-3))
    wrong += sorted({source.offsets[band] for band in inside} - {0.0})
    return f"a tag that scales or shifts them by {wrong[0]:g}" if wrong else ""


def read_tiles(paths, window, *, product, crs, step, coding=None):
    """Cells of a window put together from the files that overlap it.

    Parameters
    ----------
    paths : list of Path
        Tiles on one common grid.
    window : Window
        [degrees].
    product, crs, step, coding
        As in `read_piece`.

    Returns
    -------
    Piece
        Covers the whole window; a hole between the tiles is a `ValueError`.
    """
    arguments = {"product": product, "crs": crs, "step": step, "coding": coding}
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
    _check_alike(pieces, product=product, where=where)
    return _placed(pieces, x, y[::-1], step=step, product=product, where=where)


def _check_alike(pieces, *, product, where):
    kinds = {(str(piece.values.dtype), piece.crs.to_string()[:80]) for piece in pieces}
    if len(kinds) > 1:
        raise ValueError(
            sentence(
                product,
                wanted="tiles of one type on one grid",
                came=" and ".join(sorted(f"{kind} in {system}" for kind, system in kinds)),
                where=where,
                do="keep the tiles of one order or source in a folder of their own",
            )
        )


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
    tags = {tag for piece in pieces for tag in piece.tags}
    return Piece(values, x, y, pieces[0].crs, tuple(sorted(tags)), pieces[0].units)


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

"""Checks, windows and labels that all product readers share.

Every message has four parts: what was wanted, what came, where, and what to do.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from rasterio.crs import CRS
from rasterio.warp import transform_bounds

from pm_dalec.data.messages import sentence

WGS84 = "EPSG:4326"

# Points along each side of a window when its bounds are carried into a projection.
_DENSIFY = 41

# Cells are kept when they overlap the window by more than this share of their width.
_TOUCH = 1e-6


class Window(NamedTuple):
    """Bounds of a region [degrees east and north]."""

    west: float
    south: float
    east: float
    north: float


@dataclass(frozen=True)
class Grid:
    """Regular grid on which the distributor keeps a product.

    Parameters
    ----------
    product : str
        Name for the message.
    steps : tuple of float
        Height and width of a cell [degrees, or m in a projection].
    origin : tuple of float, default (0.0, 0.0)
        Any edge of cells along y and along x; edges lie at integer multiples of the steps from it.
    crs : str, default `WGS84`
        Coordinate system.
    from_north : bool, default True
        Whether the first row is the northernmost.
    """

    product: str
    steps: tuple[float, float]
    origin: tuple[float, float] = (0.0, 0.0)
    crs: str = WGS84
    from_north: bool = True


def checked_window(window, *, product):
    """`Window` of four finite numbers in order, or a `ValueError`.

    Parameters
    ----------
    window : tuple of float
        West, south, east, north [degrees].
    product : str
        Name for the message.

    Returns
    -------
    Window
    """
    wanted = "a window (west, south, east, north) in degrees"
    do = "give four numbers with west < east in -180..180 and south < north in -90..90"
    try:
        checked = Window(*(float(edge) for edge in window))
    except (TypeError, ValueError) as error:
        raise ValueError(
            sentence(product, wanted=wanted, came=repr(window), where="argument window", do=do)
        ) from error
    ordered = checked.west < checked.east and checked.south < checked.north
    inside = -180 <= checked.west and checked.east <= 180
    inside = inside and -90 <= checked.south and checked.north <= 90
    if not (ordered and inside):
        raise ValueError(
            sentence(product, wanted=wanted, came=repr(window), where="argument window", do=do)
        )
    return checked


def expect_step(centres, step, *, name, product, where):
    """Raise a `ValueError` unless an axis is regular with the product's spacing.

    Parameters
    ----------
    centres : numpy.ndarray
        Cell centres, ascending or descending [units of step].
    step : float
        Spacing of the product [degrees or m].
    name, product, where : str
        For the message.
    """
    spacing = np.abs(np.diff(np.asarray(centres, dtype=float)))
    if spacing.size and not np.allclose(spacing, step, rtol=0, atol=0.02 * step):
        raise ValueError(
            sentence(
                product,
                wanted=f"axis '{name}' with a regular spacing of {step:.8g}",
                came=f"spacings of {spacing.min():.8g} to {spacing.max():.8g}",
                where=where,
                do="use the product at its native resolution, not resampled or with gaps",
            )
        )


def overlapping(centres, low, high, *, step):
    """Positions of the cells of an axis that overlap an interval; touching it is not enough.

    Parameters
    ----------
    centres : numpy.ndarray
        Cell centres.
    low, high : float
        The interval [units of centres].
    step : float
        Width of a cell.

    Returns
    -------
    numpy.ndarray of int
    """
    reach = step * (0.5 - _TOUCH)
    return np.flatnonzero((centres + reach > low) & (centres - reach < high))


def cells_inside(centres, low, high, *, step, name, product, where):
    """Slice of the cells of an axis that overlap an interval, which has to be covered whole.

    Parameters
    ----------
    centres : numpy.ndarray
        Cell centres, ascending or descending.
    low, high : float
        The interval [units of centres].
    step : float
        Width of a cell.
    name, product, where : str
        For the message.

    Returns
    -------
    slice
    """
    centres = np.asarray(centres, dtype=float)
    half = step / 2
    first, last = (centres.min() - half, centres.max() + half) if centres.size else (np.nan,) * 2
    if not (first <= low + half and last >= high - half):
        raise ValueError(
            sentence(
                product,
                wanted=f"'{name}' from {low:.6g} to {high:.6g}",
                came=f"{first:.6g} to {last:.6g}",
                where=where,
                do="choose a window inside the files, or add the missing tile or file",
            )
        )
    inside = overlapping(centres, low, high, step=step)
    return slice(int(inside[0]), int(inside[-1]) + 1)


def expect_some(values, *, product, where):
    """Raise a `ValueError` when a window holds nothing but fills.

    Parameters
    ----------
    values : xarray.DataArray
        Decoded, NaN for fills.
    product, where : str
        For the message.
    """
    if not bool(values.notnull().any()):
        raise ValueError(
            sentence(
                product,
                wanted="at least one valid cell in the window",
                came=f"{values.size} cells that are all fill, flag or sea",
                where=where,
                do="choose a window over land, or check that the file is complete",
            )
        )


def snapped_centres(low, high, *, step, origin):
    """Centres of the cells of a regular grid that overlap an interval, ascending.

    Parameters
    ----------
    low, high : float
        The interval.
    step : float
        Width of a cell.
    origin : float
        Any cell edge of the grid; edges lie at integer multiples of step from it.

    Returns
    -------
    numpy.ndarray
    """
    first = int(np.floor((low - origin) / step + _TOUCH))
    last = int(np.ceil((high - origin) / step - _TOUCH))
    return origin + (np.arange(first, last) + 0.5) * step


def grid_axes(grid, window):
    """Cell centres of a product's grid that overlap a window's bounds.

    Parameters
    ----------
    grid : Grid
        Of the product.
    window : tuple of float
        West, south, east, north [degrees].

    Returns
    -------
    tuple of numpy.ndarray
        Latitudes and longitudes [degrees], or y and x of a projection [m], in the order of the files.
    """
    window = checked_window(window, product=grid.product)
    left, bottom, right, top = projected_bounds(window, crs_of(grid.crs))
    y = snapped_centres(bottom, top, step=grid.steps[0], origin=grid.origin[0])
    x = snapped_centres(left, right, step=grid.steps[1], origin=grid.origin[1])
    return (y[::-1] if grid.from_north else y), x


def crs_of(text):
    """Coordinate system of rasterio from a code, a PROJ string or WKT."""
    return CRS.from_user_input(text)


def projected_bounds(window, crs):
    """Bounds of a geographic window in another coordinate system.

    Parameters
    ----------
    window : Window
        [degrees].
    crs : rasterio.crs.CRS
        Target.

    Returns
    -------
    tuple of float
        Left, bottom, right, top [units of the target].
    """
    if crs.is_geographic:
        return tuple(window)
    return transform_bounds(WGS84, crs, *window, densify_pts=_DENSIFY)


def windowed(dataset, window, *, step, product, where):
    """Lazy part of a NetCDF file on a latitude/longitude grid that overlaps a window.

    Parameters
    ----------
    dataset : xarray.Dataset
        From `on_axes`; longitudes from -180 or from 0.
    window : Window
        [degrees].
    step : float or tuple of float
        Spacing of the product, or of its latitudes and longitudes [degrees].
    product, where : str
        For the message.

    Returns
    -------
    xarray.Dataset
        Nothing but the axes has been read.
    """
    steps = (step, step) if isinstance(step, float) else step
    limits = {"product": product, "where": where}
    lat = np.asarray(dataset["lat"].values, dtype=float)
    degrees = np.asarray(dataset["lon"].values, dtype=float)
    signed = np.where(degrees > 180, degrees - 360, degrees)
    order = np.argsort(signed)
    expect_step(lat, steps[0], name="lat", **limits)
    expect_step(signed[order], steps[1], name="lon", **limits)
    rows = cells_inside(lat, window.south, window.north, step=steps[0], name="lat", **limits)
    inside = cells_inside(
        signed[order], window.west, window.east, step=steps[1], name="lon", **limits
    )
    columns = order[inside]
    if np.all(np.diff(columns) == 1):  # a slice is read without an index list
        columns = slice(int(columns[0]), int(columns[-1]) + 1)
    part = dataset.isel(lat=rows, lon=columns)
    return part.assign_coords(lon=("lon", signed[columns], {"units": "degrees_east"}))

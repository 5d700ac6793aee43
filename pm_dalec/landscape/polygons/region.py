"""A region whose units are polygons, from the synthetic twin or from product files."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from pm_dalec.data.formats.polygons import WHAT
from pm_dalec.data.messages import sentence
from pm_dalec.landscape.from_products.plan import read_config
from pm_dalec.landscape.from_products.region import region_of
from pm_dalec.landscape.polygons.target import target_of
from pm_dalec.landscape.region_file import validate_region
from pm_dalec.landscape.twin.region import region_on
from pm_dalec.landscape.twin.twin import Twin
from pm_dalec.products.reading.windows import Window
from pm_dalec.tables import dims

if TYPE_CHECKING:
    from collections.abc import Callable

    import geopandas as gpd


COVER_MARGIN = 0.01
"""How far the land cover is read beyond the polygons [degree of a great circle]: the cells of products, up
to 500 m wide, are then whole at the edge."""


def region_from_polygons(
    polygons: gpd.GeoDataFrame | str | Path,
    source: Twin | str | Path,
    *,
    ids: str | None = None,
    progress: Callable[[str], None] | None = None,
) -> xr.DataTree:
    """Region whose units are polygons instead of pixels: parcels, estates, catchments.

    Cells of land cover, observations and losses count by the share of them that lies in the polygon. In
    ``/pixels`` they are averaged over polygons, in ``/strata`` over the strata of polygons; the weather
    is the mean of the climate cells, by area. The tree goes where any region goes.

    Parameters
    ----------
    polygons : GeoDataFrame or path
        In any coordinate system. Edges are straight in that system.
    source : Twin or path
        The synthetic landscape, or the TOML file of a region, in which the polygons take the place of
        ``resolution`` and ``bounds``.
    ids : str, optional
        Column with the ids of the polygons, whole numbers or text; the index of the table where it is
        not given. They are the coordinate ``pixel``.
    progress : callable, optional
        Called with a sentence before each product.

    Returns
    -------
    DataTree
        Validated. ``area`` is the unmasked area [m2] on the ellipsoid of WGS84. That of pixels is on a
        sphere, which is up to 0.7 % off: shares and means are the same on both.

    Raises
    ------
    ValueError, TypeError, KeyError
        A sentence that names the polygon: see `pm_dalec.data.formats.open_polygons`.

    Warns
    -----
    UserWarning
        Where polygons overlap, and where some have no unmasked land in the data and are left out.
    """
    target = target_of(polygons, ids)
    if isinstance(source, Twin):
        region = region_on(target, source)
    elif isinstance(source, str | Path):
        region = region_of(_plan(target, source), progress)
        region.attrs["region_file"] = Path(source).name
    else:
        raise TypeError(
            sentence(
                WHAT,
                wanted="the twin or the path of a TOML file",
                came=type(source).__name__,
                where="second argument, source",
                do="give make_twin(1), or the file that `pm-dalec region` takes",
            )
        )
    _warn_of_absent(target, region)
    return validate_region(_on_the_ellipsoid(region, target))


def _plan(target, path):
    """Plan of a region file with polygons in the place of pixels."""
    window = Window(*(float(edge) for edge in target.bounds))
    return read_config(path)._replace(grid=target, window=window, cover=_widened(window))


def _widened(window):
    """Window of the land cover: one cell of the widest product more on each side."""
    west, south, east, north = window
    south, north = max(south - COVER_MARGIN, -90.0), min(north + COVER_MARGIN, 90.0)
    narrowest = np.cos(np.deg2rad(max(abs(south), abs(north))))
    aside = min(COVER_MARGIN / max(narrowest, 1e-3), 1.0)
    return Window(max(west - aside, -180.0), south, min(east + aside, 180.0), north)


def _on_the_ellipsoid(region, target):
    """Region whose areas are those that a surveyor measures."""
    ratio = xr.DataArray(
        target.geodesic_areas / target.areas[0], {dims.PIXEL: target.pixels}, (dims.PIXEL,)
    )
    area = region["area"] * ratio.sel({dims.PIXEL: region[dims.PIXEL]}).to_numpy()
    words = "unmasked area on the ellipsoid of WGS84"
    region["area"] = area.assign_attrs(region["area"].attrs, long_name=words)
    return region


def _warn_of_absent(target, region):
    absent = target.pixels[~np.isin(target.pixels, region[dims.PIXEL].to_numpy())]
    if absent.size:
        text = sentence(
            WHAT,
            wanted="unmasked land of the data in each polygon",
            came=f"{absent.size} of {target.pixels.size} without",
            where=f"polygon {', '.join(map(str, absent[:5]))}",
            do="they are left out; they lie outside the data, or are masked land",
        )
        warnings.warn(text, stacklevel=3)

"""Polygons of a table as the target of an average: reprojected, and compared with each other."""

import warnings

import numpy as np
import pyproj
import shapely

from pm_dalec.data.formats.polygons import WHAT, open_polygons
from pm_dalec.data.messages import sentence
from pm_dalec.landscape.parts import WGS84, Polygons

LONGEST_METRES, LONGEST_DEGREES = 200.0, 0.002
"""Longest piece of an edge that is moved as one; a chord of 200 m leaves its arc by 1 mm."""


def target_of(polygons, ids=None):
    """Target of a table of polygons.

    Parameters
    ----------
    polygons : GeoDataFrame or path
        In any coordinate system.
    ids : str, optional
        Column with the ids; the index where it is not given.

    Returns
    -------
    Polygons
    """
    table = open_polygons(polygons, ids)
    outlines = _on_the_globe(table)
    target = Polygons(table.index.to_numpy(), outlines)
    _warn_of_overlaps(target)
    return target


def _on_the_globe(table):
    """Outlines in longitude and latitude, edges cut so that they stay where they are."""
    crs = table.crs
    factor = crs.axis_info[0].unit_conversion_factor if crs.axis_info else 1.0
    longest = LONGEST_DEGREES if crs.is_geographic else LONGEST_METRES / (factor or 1.0)
    if crs.is_geographic:
        longest = np.deg2rad(longest) / (factor or np.deg2rad(1.0))
    table = table.set_geometry(shapely.force_2d(np.asarray(table.geometry.array)), crs=crs)
    _placed(table)  # before edges are cut: outlines of wrong coordinates may have no end of pieces
    cut = shapely.segmentize(np.asarray(table.geometry.array), longest)
    return _placed(table.set_geometry(cut, crs=crs))


def _placed(table):
    """Outlines in longitude and latitude; those that are nowhere on the globe are refused."""
    name = table.crs.name
    try:
        outlines = np.asarray(table.geometry.to_crs(WGS84).array)
    except (pyproj.exceptions.ProjError, pyproj.exceptions.CRSError) as error:
        raise ValueError(_no_place(f"{name!r}: {error}", "the coordinate system")) from error
    west, south, east, north = shapely.bounds(outlines).T
    lost = ~np.isfinite(west + south + east + north) | (south < -90 - 1e-9) | (north > 90 + 1e-9)
    if lost.any():
        came = f"coordinates that {name!r} does not place on the globe"
        raise ValueError(_no_place(came, f"polygon {table.index[lost][0]}"))
    beyond = (east - west > 180) | (west < -180 - 1e-9) | (east > 180 + 1e-9)
    if beyond.any():
        came = "an outline beyond 180 degrees of longitude, or across them"
        raise ValueError(_no_place(came, f"polygon {table.index[beyond][0]}"))
    return outlines


def _no_place(came, where):
    return sentence(
        WHAT,
        wanted="outlines that can be brought to longitude and latitude, -180 to 180 degrees",
        came=came,
        where=where,
        do="correct the coordinate system by gdf.set_crs(..., allow_override=True), or cut the polygon",
    )


def _warn_of_overlaps(target):
    """Say which polygons share land: each is right by itself, and their sum counts the land twice."""
    tree = shapely.STRtree(target.outlines)
    first, second = tree.query(target.outlines, predicate="intersects")
    pairs = first < second
    first, second = first[pairs], second[pairs]
    shared = shapely.area(shapely.intersection(target.outlines[first], target.outlines[second]))
    smaller = np.minimum(*(shapely.area(target.outlines[side]) for side in (first, second)))
    # Neighbours that were reprojected share slivers along their border
    real = np.flatnonzero(shared > 1e-3 * smaller)
    if real.size:
        one, other = (target.pixels[side[real[0]]] for side in (first, second))
        text = sentence(
            WHAT,
            wanted="polygons that share no land",
            came=f"{real.size} pair{'s' if real.size > 1 else ''} that overlap",
            where=f"first {one} and {other}",
            do="each is right by itself, but sums over polygons count the shared land twice",
        )
        warnings.warn(text, stacklevel=4)

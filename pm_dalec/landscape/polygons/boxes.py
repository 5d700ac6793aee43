"""Pixels of a gridded region as polygons, for tables and maps of its results."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import shapely

from pm_dalec.tables import dims

if TYPE_CHECKING:
    import xarray as xr

RESOLUTION = "resolution_degree"


def pixel_boxes(region: xr.DataTree) -> gpd.GeoDataFrame:
    """Outlines of the pixels of a region on a grid.

    Parameters
    ----------
    region : DataTree
        From `pm_dalec.build_region`, or from products; with the width of its pixels in the attributes.

    Returns
    -------
    GeoDataFrame
        A box for every pixel, indexed by their ids, in longitude and latitude; give it to
        `pm_dalec.results_as_polygons` with a fit of the region.

    Raises
    ------
    ValueError
        If the region has no grid: its units are polygons already.
    """
    if RESOLUTION not in region.attrs:
        raise ValueError(
            f"wanted a region on a grid, got one without the attribute {RESOLUTION!r}; where its units "
            "are polygons, use their own outlines"
        )
    units, half = region.to_dataset(), float(region.attrs[RESOLUTION]) / 2
    lon, lat = units["lon"].values, units["lat"].values
    boxes = shapely.box(lon - half, lat - half, lon + half, lat + half)
    index = units[dims.PIXEL].to_index()
    return gpd.GeoDataFrame({"geometry": boxes}, index=index, crs="EPSG:4326")

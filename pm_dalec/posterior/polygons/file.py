"""Tables of polygons on disk: GeoPackage, and GeoJSON in longitude and latitude."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pm_dalec.data.formats.polygons import WHAT
from pm_dalec.data.messages import sentence
from pm_dalec.data.storage import whole

if TYPE_CHECKING:
    import geopandas as gpd

DRIVERS = {".gpkg": "GPKG", ".geojson": "GeoJSON", ".json": "GeoJSON"}


def write_polygons(table: gpd.GeoDataFrame, path: str | Path) -> Path:
    """Write a table of polygons whole or not at all.

    Parameters
    ----------
    table : GeoDataFrame
        Such as `results_as_polygons` gives; the index, where it has a name that is no column, becomes
        a column.
    path : str or Path
        Ends in ``.gpkg``, or in ``.geojson``, whose coordinates are longitude and latitude by its
        standard (RFC 7946), and which knows no infinite number: an R-hat of chains that never moved
        has no value there. What is there is replaced.

    Returns
    -------
    Path
    """
    path = Path(path)
    driver = DRIVERS.get(path.suffix.lower())
    if driver is None:
        raise ValueError(
            sentence(
                WHAT,
                wanted=f"a name that ends in {', '.join(DRIVERS)}",
                came=repr(path.name),
                where=str(path.parent),
                do="rename it",
            )
        )
    if driver == "GeoJSON":
        table = table.to_crs("EPSG:4326")
    named = table.index.name is not None and table.index.name not in table.columns
    with whole(path) as draft:
        # The format tells itself by the end of the name, which a draft has not
        beside = draft.with_name(f"{draft.name}{path.suffix}")
        try:
            finite = _without_infinity(table) if driver == "GeoJSON" else table
            finite.to_file(beside, driver=driver, index=named, engine="pyogrio")
            beside.replace(draft)
        finally:
            beside.unlink(missing_ok=True)
    return path


def _without_infinity(table):
    floats = table.select_dtypes("float")
    return table.assign(**floats.where(np.isfinite(floats)))

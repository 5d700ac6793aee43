"""Tables of polygons: opened, checked, and their ids."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely

from pm_dalec.data.messages import sentence
from pm_dalec.tables.numbers import text_of

WHAT = "polygons"


def open_polygons(
    polygons: gpd.GeoDataFrame | str | Path, ids: str | None = None
) -> gpd.GeoDataFrame:
    """Table of polygons with checked outlines, indexed by their ids.

    Parameters
    ----------
    polygons : GeoDataFrame or path
        In any coordinate system; or a file that GDAL reads, such as GeoPackage, GeoJSON or Shapefile.
    ids : str, optional
        Column with the ids; the index of the table where it is not given.

    Returns
    -------
    GeoDataFrame
        Copy, whose index holds the ids: whole numbers, or text.

    Raises
    ------
    ValueError, TypeError, KeyError, FileNotFoundError
        A sentence that names the polygons: no coordinate system; geometries that are missing, empty,
        invalid or no polygons; ids that are missing or occur twice.
    """
    table = _table(polygons)
    if not len(table):
        raise _fault("at least one polygon", "an empty table", "no rows", "give some")
    if table.crs is None:
        raise _fault(
            "a coordinate system (CRS)",
            "none",
            f"{len(table)} polygons",
            "say which it is by gdf.set_crs, for example 'EPSG:27700'",
        )
    table = table.set_axis(_ids(table, ids), axis=0)
    _check_outlines(table)
    return table


def _fault(wanted, came, where, do, kind=ValueError):
    return kind(sentence(WHAT, wanted=wanted, came=came, where=where, do=do))


def _table(polygons):
    if isinstance(polygons, str | Path):
        return _read(Path(polygons))
    if not isinstance(polygons, gpd.GeoDataFrame):
        came = type(polygons).__name__
        do = "make one by geopandas.GeoDataFrame(table, geometry=..., crs=...)"
        raise _fault("a GeoDataFrame or a path", came, "first argument", do, TypeError)
    if polygons._geometry_column_name not in polygons.columns:
        do = "choose the column by gdf.set_geometry"
        raise _fault("a column of geometries", "none", "the GeoDataFrame", do)
    return polygons.copy()


def _read(path):
    if not path.exists():
        where, do = str(path), "correct the path"
        raise _fault("a file of polygons", "nothing there", where, do, FileNotFoundError)
    try:
        table = gpd.read_file(path, engine="pyogrio")
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, ValueError) as error:
        do = "give a GeoPackage, GeoJSON or Shapefile"
        raise _fault("a file that GDAL reads as polygons", str(error), str(path), do) from error
    if not isinstance(table, gpd.GeoDataFrame):
        do = "give a layer with polygons"
        raise _fault("geometries", "a table without any", str(path), do)
    return table


def _ids(table, column):
    column = column if column is None else text_of("ids", column)
    if column is not None and column not in table.columns:
        raise KeyError(
            sentence(
                WHAT,
                wanted=f"a column of ids {column!r}",
                came="no such column",
                where=f"columns {', '.join(map(str, table.columns))}",
                do="choose one of them as ids",
            )
        )
    if column is None and isinstance(table.index, pd.MultiIndex):
        do = "choose a column as ids, or call gdf.reset_index"
        raise _fault("one id for each polygon", "an index of several levels", "the table", do)
    values = pd.Series(table.index if column is None else table[column].to_numpy())
    where = "its index" if column is None else f"column {column!r}"
    if values.isna().any():
        came = f"{int(values.isna().sum())} missing"
        raise _fault(
            "an id for each polygon", came, where, "fill them in, or choose another column"
        )
    ids = _plain(values)
    twice = values[values.duplicated() | pd.Series(ids).duplicated()].unique()
    if twice.size:
        do = "join the parts by gdf.dissolve, or choose another column"
        raise _fault("ids that occur once", f"{_listed(twice)} twice or more", where, do)
    return pd.Index(ids, name=table.index.name if column is None else column)


def _plain(values):
    """Whole numbers as integers, all else as text."""
    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        numbers = values.to_numpy(dtype=float)
        if (numbers == np.floor(numbers)).all() and (numbers >= 0).all() and (numbers < 1e9).all():
            return numbers.astype(np.int64)
    return values.astype(str).to_numpy(dtype=object)


def _check_outlines(table):
    shapes = np.asarray(table.geometry.array)
    kinds = np.isin(shapely.get_type_id(shapes), (3, 6))  # Polygon, MultiPolygon
    missing = shapely.is_missing(shapes)
    empty = ~missing & shapely.is_empty(shapes)
    other = ~missing & ~empty & ~kinds
    wrong = ~missing & ~empty & kinds & ~shapely.is_valid(shapes)
    for bad, came, do in (
        (missing, "no geometry", "leave them out: gdf[gdf.geometry.notna()]"),
        (empty, "an empty geometry", "leave them out: gdf[~gdf.geometry.is_empty]"),
        (other, "another kind", "give areas; points and lines have none, so buffer them"),
        (wrong, "an invalid outline", "mend it by gdf.geometry.make_valid() and look at it"),
    ):
        if bad.any():
            reasons = shapely.is_valid_reason(shapes[bad][:1])[0] if bad is wrong else ""
            kind = f": {shapes[bad][0].geom_type}" if bad is other else ""
            came = f"{came}{kind or (f': {reasons}' if reasons else '')}"
            where = f"polygon {_listed(table.index[bad])}"
            raise _fault("a valid polygon in each row", came, where, do)


def _listed(names, most=5):
    shown = ", ".join(map(str, list(names)[:most]))
    return shown + (f" and {len(names) - most} others" if len(names) > most else "")

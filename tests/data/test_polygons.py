"""Tables of polygons that are wrong are refused in a sentence."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from pm_dalec.data.formats import open_polygons

SQUARE = shapely.box(-3, 55, -2.9, 55.1)
BOW_TIE = shapely.Polygon([(-3, 55), (-2.9, 55.1), (-2.9, 55), (-3, 55.1)])


def table(shapes=(SQUARE,), crs="EPSG:4326", **columns):
    return gpd.GeoDataFrame(columns, geometry=list(shapes), crs=crs)


TWO = (SQUARE, shapely.box(0, 50, 1, 51))


@pytest.mark.parametrize(
    ("wrong", "ids", "kind", "words"),
    [
        (
            table(crs=None),
            None,
            ValueError,
            r"wanted a coordinate system .CRS., came none.*set_crs",
        ),
        (
            table([SQUARE, BOW_TIE]),
            None,
            ValueError,
            r"invalid outline: Self-intersection.*polygon 1",
        ),
        (table([SQUARE, None]), None, ValueError, r"came no geometry .polygon 1."),
        (table([shapely.Polygon(), SQUARE]), None, ValueError, r"an empty geometry .polygon 0."),
        (
            table([shapely.Point(0, 0)]),
            None,
            ValueError,
            r"another kind: Point .polygon 0.; give areas",
        ),
        (
            table(TWO, name=["a", "a"]),
            "name",
            ValueError,
            r"a twice or more .column 'name'.*dissolve",
        ),
        (table(TWO, name=["1", 1]), "name", ValueError, r"twice or more"),
        (
            table(TWO, name=["a", None]),
            "name",
            ValueError,
            r"an id for each polygon, came 1 missing",
        ),
        (table(name=["a"]), "nme", KeyError, r"column of ids 'nme'.*columns name, geometry"),
        (table([]), None, ValueError, r"at least one polygon, came an empty table"),
        (pd.DataFrame({"a": [1]}), None, TypeError, r"a GeoDataFrame or a path, came DataFrame"),
        (gpd.GeoDataFrame({"a": [1]}), None, ValueError, r"a column of geometries, came none"),
        ("nowhere.gpkg", None, FileNotFoundError, r"a file of polygons, came nothing there"),
    ],
)
def test_what_is_wrong_is_told(wrong, ids, kind, words):
    with pytest.raises(kind, match=words):
        open_polygons(wrong, ids)


def test_a_file_that_is_no_polygons_is_told(tmp_path):
    path = tmp_path / "text.gpkg"
    path.write_text("no polygons")
    with pytest.raises(ValueError, match="wanted a file that GDAL reads as polygons"):
        open_polygons(path)


@pytest.mark.parametrize(
    ("given", "held"),
    [
        ([3, 1], [3, 1]),
        ([3.0, 1.0], [3, 1]),
        ([0.5, 1.0], ["0.5", "1.0"]),
        (["N1", "S2"], ["N1", "S2"]),
        ([-1, 2], ["-1", "2"]),
    ],
)
def test_ids_are_whole_numbers_or_text(given, held):
    assert open_polygons(table(TWO, name=given), "name").index.tolist() == held


def test_the_index_is_the_id_where_no_column_is_named():
    named = table(TWO).set_axis(["a", "b"], axis=0)
    assert open_polygons(named).index.tolist() == ["a", "b"]


def test_the_table_that_was_given_stays_as_it_is():
    given = table(TWO, name=["a", "b"])
    open_polygons(given, "name")
    assert given.index.tolist() == [0, 1]
    assert np.array_equal(given.columns, ["name", "geometry"])

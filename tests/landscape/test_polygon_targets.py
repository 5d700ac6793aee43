"""Outlines that cannot be brought to longitude and latitude are refused; polygons of product files."""

import geopandas as gpd
import pytest
import shapely

from pm_dalec.landscape.polygons.region import region_from_polygons
from pm_dalec.landscape.polygons.target import target_of


def table(shape, crs="EPSG:4326"):
    return gpd.GeoDataFrame(geometry=[shape], crs=crs)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (table(shapely.box(300_000, 500_000, 310_000, 510_000)), "polygon 0.*set_crs"),
        (table(shapely.box(-179, 50, 179, 51)), "beyond 180 degrees of longitude, or across them"),
        (table(shapely.box(190, 50, 191, 51)), "beyond 180 degrees of longitude"),
        (table(shapely.box(1e12, 0, 2e12, 1e12), "EPSG:27700"), "polygon 0"),
    ],
)
def test_outlines_that_are_nowhere_are_refused(wrong, words):
    with pytest.raises(ValueError, match=words):
        target_of(wrong)


def test_heights_are_left_aside():
    flat, high = (shapely.box(-3, 55, -2.9, 55.1), None)
    high = shapely.force_3d(flat, 250.0)
    assert target_of(table(high)).areas == target_of(table(flat)).areas


def test_neighbours_that_share_a_border_are_no_overlap(recwarn):
    two = [shapely.box(-3, 55, -2.9, 55.1), shapely.box(-2.9, 55, -2.8, 55.1)]
    target_of(gpd.GeoDataFrame(geometry=two, crs="EPSG:4326").to_crs("EPSG:27700"))
    assert not recwarn.list


def test_another_source_than_the_twin_or_a_file_is_refused():
    with pytest.raises(TypeError, match="wanted the twin or the path of a TOML file, came int"):
        region_from_polygons(table(shapely.box(-3, 55, -2.9, 55.1)), 1)

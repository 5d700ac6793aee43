"""Outlines that cannot be brought to longitude and latitude are refused; polygons of product files."""

import geopandas as gpd
import numpy as np
import pytest
import shapely

from pm_dalec.data.land import units_of
from pm_dalec.landscape.from_products.region import build_from_config
from pm_dalec.landscape.polygons.region import region_from_polygons
from pm_dalec.landscape.polygons.target import target_of
from pm_dalec.testing import product_files

from .test_from_products import GOOD, WINDOW


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


def test_polygons_that_are_the_pixels_have_their_numbers_from_all_products(twin, tmp_path):
    arrays = product_files.twin_arrays(twin, window=WINDOW, years=(2017,))
    product_files.write_twin_products(tmp_path, arrays)
    (tmp_path / "region.toml").write_text(GOOD)
    region = build_from_config(tmp_path / "region.toml")
    half = region.attrs["resolution_degree"] / 2
    lat, lon = region["lat"].values, region["lon"].values
    squares = shapely.box(lon - half, lat - half, lon + half, lat + half)
    # All pixels, so that both read the same window: at its edge, cells of a product have less land cover
    table = gpd.GeoDataFrame({"name": region["pixel"]}, geometry=squares, crs="EPSG:4326")
    found = region_from_polygons(table, tmp_path / "region.toml", ids="name")
    for each in (("pixel",), ("stratum", "pixel")):
        wanted, made = units_of(region, each), units_of(found, each)
        exact = ("tmin", "vpd", "lai", "lai_unc", "cwood", "forest_loss_fraction")
        for name in exact:
            np.testing.assert_allclose(made[name], wanted[name], rtol=1e-6, atol=1e-9, err_msg=name)

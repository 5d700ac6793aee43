"""Polygons as units: exact overlaps, areas, strata, and a region of them."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from numpy.testing import assert_allclose
from pyproj import Geod

from pm_dalec.data.land import units_of
from pm_dalec.landscape.overlap import aggregate, overlap_with, stratum_areas, stratum_cells
from pm_dalec.landscape.parts import Polygons, parts_of
from pm_dalec.landscape.polygons.estates import forest_estates
from pm_dalec.landscape.polygons.region import region_from_polygons
from pm_dalec.landscape.region_file import open_region, write_region
from pm_dalec.tables.constants import EARTH_RADIUS
from pm_dalec.tables.strata import MASKED

from .conftest import PIXEL, RESOLUTION, STRATUM

WGS84, NATIONAL_GRID = "EPSG:4326", "EPSG:27700"


def table(*shapes, crs=WGS84, names=None):
    names = names or [f"p{number}" for number in range(len(shapes))]
    return gpd.GeoDataFrame({"name": names}, geometry=list(shapes), crs=crs)


def estate():
    """An outline with a hole that follows no line of any raster."""
    outer = [(-3.31, 54.91), (-3.12, 54.87), (-2.93, 55.01), (-3.06, 55.13), (-3.29, 55.07)]
    hole = [(-3.15, 54.98), (-3.08, 54.98), (-3.1, 55.03)]
    return shapely.Polygon(outer, [hole])


def test_a_polygon_that_equals_a_pixel_has_the_numbers_of_the_pixel(twin, region):
    number = 17
    pixel = region.to_dataset().isel(pixel=number)
    lat, lon, half = float(pixel["lat"]), float(pixel["lon"]), RESOLUTION / 2
    square = table(shapely.box(lon - half, lat - half, lon + half, lat + half))
    found = region_from_polygons(square, twin, ids="name")
    for each in (PIXEL, STRATUM):
        wanted, made = units_of(region, each).isel(pixel=[number]), units_of(found, each)
        assert made["pixel"].values.tolist() == ["p0"]
        assert set(wanted.data_vars) == set(made.data_vars)
        for name in set(map(str, wanted.data_vars)) - {"area"}:
            assert_allclose(made[name], wanted[name], rtol=1e-7, atol=1e-9, err_msg=name)
        for name in ("lat", "lon"):
            assert_allclose(made[name], wanted[name], rtol=1e-12)
    # The pixel is measured on a sphere, the polygon on the ellipsoid
    assert_allclose(found["area"], region["area"].isel(pixel=[number]), rtol=7e-3)


@pytest.mark.parametrize("crs", [WGS84, NATIONAL_GRID, "EPSG:3857"])
def test_areas_are_geodesic_areas(twin, crs):
    inland = forest_estates(twin, 4).to_crs(crs)
    found = region_from_polygons(inland, twin, ids="estate").to_dataset()
    earth = Geod(ellps="WGS84")
    wanted = [abs(earth.geometry_area_perimeter(one)[0]) for one in inland.to_crs(WGS84).geometry]
    assert_allclose(found["area"] / (1 - found["masked_fraction"]), wanted, rtol=1e-3)


def test_two_halves_of_a_polygon_add_up_to_the_whole(twin):
    whole = estate()
    west, east = (
        shapely.intersection(whole, shapely.box(*b))
        for b in ((-4, 54, -3.1, 56), (-3.1, 54, -2, 56))
    )
    found = region_from_polygons(table(whole), twin, ids="name")
    halves = region_from_polygons(table(west, east), twin, ids="name")
    # Masked land is a share on the sphere, whose ratio to the ellipsoid differs a little by latitude
    assert_allclose(halves["area"].sum(), found["area"][0], rtol=1e-6)
    area = halves["strata"]["area_fraction"] * halves["area"]
    wanted = (found["strata"]["area_fraction"] * found["area"]).isel(pixel=0)
    assert_allclose(area.sum("pixel"), wanted, rtol=1e-5)
    lai = halves["pixels"]["lai"].weighted(halves["area"]).mean("pixel")
    assert_allclose(lai, found["pixels"]["lai"].isel(pixel=0), rtol=1e-5)


def test_the_coordinate_system_makes_no_difference(twin):
    dense = table(shapely.segmentize(estate(), 0.005))
    one = region_from_polygons(dense, twin, ids="name")
    other = region_from_polygons(dense.to_crs(NATIONAL_GRID), twin, ids="name")
    for name in ("area", "lat", "lon", "tmin", "vpd"):
        assert_allclose(one[name], other[name], rtol=1e-6, atol=1e-6, err_msg=name)
    for node, name in (("strata", "area_fraction"), ("strata", "lai"), ("pixels", "csom_prior")):
        assert_allclose(one[node][name], other[node][name], rtol=1e-5, err_msg=name)


def hand_made():
    """Left half of the first of two cells, all of the second, and the lower half of a third by sine."""
    middle = np.rad2deg(np.arcsin(0.5 * np.sin(np.deg2rad(1.0))))
    shapes = [shapely.box(0.5, 0, 2, 1), shapely.box(2, 0, 3, middle)]
    return Polygons(np.array([1, 2]), np.array(shapes))


def test_the_share_of_a_stratum_is_that_by_hand_on_a_tiny_raster():
    weights = overlap_with(hand_made(), latitude_edges=[0, 1], longitude_edges=[0, 1, 2, 3])
    cell = EARTH_RADIUS**2 * np.deg2rad(1.0) * np.sin(np.deg2rad(1.0))
    strata = np.array([[0, 1, 1]])
    areas = stratum_areas(strata, weights, stratum_count=2)[:, 0]
    assert_allclose(areas / cell, [[0.5, 0.0], [1.0, 0.5]], rtol=1e-10)
    assert stratum_cells(strata, weights, stratum_count=2)[:, 0].tolist() == [[1, 0], [1, 1]]
    values = np.array([[[8.0, 2.0, np.nan]], [[8.0, np.nan, 4.0]]])
    single = aggregate(values, np.zeros((1, 3), int), weights, stratum_count=1)
    assert_allclose(single.mean[:, 0, 0], [[4.0, np.nan], [8.0, 4.0]])
    assert_allclose(single.coverage[:, 0, 0], [[1.0, 0.0], [1 / 3, 1.0]])


def test_masked_land_counts_in_no_stratum():
    weights = overlap_with(hand_made(), latitude_edges=[1, 0], longitude_edges=[0, 1, 2, 3])
    areas = stratum_areas(np.array([[MASKED, 0, 0]]), weights, stratum_count=1)
    whole = EARTH_RADIUS**2 * np.deg2rad(1.0) * np.sin(np.deg2rad(1.0))
    assert_allclose(areas[0, 0] / whole, [1.0, 0.5], rtol=1e-10)


def test_overlaps_are_those_of_exactextract_across_blocks():
    exactextract = pytest.importorskip("exactextract")
    from exactextract.raster import NumPyRasterSource

    rng = np.random.default_rng(1)
    angles = np.sort(rng.uniform(0, 2 * np.pi, 40))
    radii = rng.uniform(40, 95, 40)
    shape = shapely.Polygon(100 + np.column_stack([radii * np.cos(angles), radii * np.sin(angles)]))
    values = rng.uniform(size=(200, 200))
    source = NumPyRasterSource(values, xmin=0, ymin=0, xmax=200, ymax=200, name="value")
    feature = {"type": "Feature", "geometry": shapely.geometry.mapping(shape), "properties": {}}
    found = exactextract.exact_extract(source, [feature], ["mean", "count"])[0]["properties"]

    parts = parts_of([shape], np.arange(200, -1, -1), np.arange(201), scale=1.0)
    area = parts.matrix.sum()
    assert_allclose(area, shape.area, rtol=1e-10)
    assert_allclose(area, found["count"], rtol=1e-5)
    mean = (parts.matrix @ values.ravel()[parts.cells])[0] / area
    assert_allclose(mean, found["mean"], rtol=1e-5)


def test_polygons_outside_the_data_are_left_out_aloud(twin):
    far = shapely.box(10, 50, 11, 51)
    with pytest.warns(UserWarning, match="1 of 2 without .polygon p1.*left out"):
        found = region_from_polygons(table(estate(), far), twin, ids="name")
    assert found["pixel"].values.tolist() == ["p0"]
    with pytest.raises(ValueError, match=r"wanted some of 50.0 to 51.0 and 10.0 to 11.0"):
        region_from_polygons(table(far), twin, ids="name")


def test_polygons_that_overlap_are_right_and_said(twin):
    with pytest.warns(UserWarning, match="1 pair that overlap .first p0 and p1.*count the shared"):
        both = region_from_polygons(table(estate(), estate()), twin, ids="name")
    assert_allclose(both["area"][0], both["area"][1], rtol=1e-12)


def test_a_region_of_polygons_goes_to_a_file_and_back(twin, tmp_path):
    region = region_from_polygons(forest_estates(twin, 2), twin, ids="estate")
    for name in ("estates.nc", "estates.zarr"):
        back = open_region(write_region(region, tmp_path / name))
        assert back["pixel"].values.tolist() == ["estate 1", "estate 2"]
        assert_allclose(back["strata"]["lai"], region["strata"]["lai"])


def test_estates_are_conifer_and_apart_and_the_same_again(twin):
    estates = forest_estates(twin, 6)
    assert estates.geometry.is_valid.all()
    assert estates.geom_equals(forest_estates(twin, 6)).all()
    region = region_from_polygons(estates, twin, ids="estate")
    assert (region["strata"]["area_fraction"].sel(stratum="conifer") > 0.5).all()

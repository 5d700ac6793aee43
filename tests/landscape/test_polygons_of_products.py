"""Polygons of product files on geographic and projected grids, against exactextract on the same grids."""

import warnings

import geopandas as gpd
import numpy as np
import pytest
import shapely
from numpy.testing import assert_allclose

from pm_dalec.landscape.from_products import region as from_products
from pm_dalec.landscape.grid import edges_of
from pm_dalec.landscape.polygons import region as polygon_region
from pm_dalec.landscape.polygons.target import target_of
from pm_dalec.landscape.strata_maps import single_stratum
from pm_dalec.landscape.twin.twin import make_twin
from pm_dalec.products import mcd64a1, soilgrids
from pm_dalec.products.reading.windows import Window
from pm_dalec.testing import product_files

from .test_from_products import GOOD

exactextract = pytest.importorskip("exactextract")
TOLERANCE = 1e-6
WINDOW = (-3.3, 54.8, -3.0, 55.1)  # wider than the polygons
YEAR = 2017


def estates():
    """Three irregular shapes, one with a hole, in metres of the national grid of Great Britain."""
    rng, made = np.random.default_rng(4), []
    for x, y in ((324_000, 566_000), (328_500, 571_000), (326_000, 561_500)):
        angle, radius = np.sort(rng.uniform(0, 2 * np.pi, 14)), rng.uniform(900, 2300, 14)
        corners = np.column_stack([x + radius * np.cos(angle), y + radius * np.sin(angle)])
        made.append(shapely.Polygon(corners))
    made[0] = made[0] - shapely.Point(324_000, 566_000).buffer(400)
    return gpd.GeoDataFrame({"name": ["a", "b", "c"]}, geometry=made, crs="EPSG:27700")


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    """Product files of random numbers, so that every cell counts, and the plan of a region of polygons."""
    folder = tmp_path_factory.mktemp("products")
    arrays = product_files.twin_arrays(make_twin(3), window=WINDOW, years=(YEAR,))
    rng = np.random.default_rng(5)
    soil, burned = arrays.soilgrids, arrays.mcd64a1
    for name in soil:
        noise = rng.uniform(0.5, 1.5, soil[name].shape)
        soil[name] = (soil[name] * noise).assign_attrs(soil[name].attrs)
    burned.values = np.where(burned.notnull(), rng.random(burned.shape) < 0.2, np.nan)
    product_files.write_twin_products(folder, arrays)
    (folder / "region.toml").write_text(GOOD)
    return polygon_region._plan(target_of(estates(), "name"), folder / "region.toml")


@pytest.fixture(scope="module")
def made(plan):
    """What the readers gave."""
    found = {}
    for name, (_, read) in from_products.READERS.items():
        table = getattr(plan.tables, name)
        found[name] = None if table is None else read(plan, table, found)
    return found


@pytest.fixture(scope="module")
def region(plan, made):
    return from_products._assembled(plan, {k: v for k, v in made.items() if v is not None})


def exact_mean(values, land_cover, stratum, layer, crs):
    """Mean of a raster over the part of each polygon that is of a stratum, by exactextract."""
    from exactextract.raster import NumPyRasterSource

    y, x = (edges_of(layer[dim].values) for dim in layer.dims[-2:])
    strata = single_stratum(land_cover.strata) if stratum is None else land_cover.strata
    inside = np.isfinite(values) & (strata == (stratum or 0))
    box = {"xmin": x[0], "xmax": x[-1], "ymin": y.min(), "ymax": y.max()}
    source = NumPyRasterSource(np.ma.masked_invalid(np.where(inside, values, np.nan)), **box)
    outlines = gpd.GeoSeries(shapely.segmentize(estates().geometry.array, 50.0), crs="EPSG:27700")
    features = [
        {"type": "Feature", "properties": {}, "geometry": shapely.geometry.mapping(shape)}
        for shape in outlines.to_crs("EPSG:4326").to_crs(crs)
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says that the raster has no CRS
        found = exactextract.exact_extract(source, features, ["mean"])
    means = [each["properties"]["mean"] for each in found]
    return np.array([np.nan if mean is None else mean for mean in means])


@pytest.mark.parametrize("stratum", [None, 1, 2, 3])
def test_soil_carbon_of_polygons_is_that_of_exactextract(made, plan, region, stratum):
    profile = soilgrids.open_soilgrids(plan.tables.soil.path, window=plan.window)
    (layer,), grid = made["soil"], profile[next(iter(profile.data_vars))]
    for name, values in (("csom_prior", layer.value), ("csom_prior_unc", layer.sigma)):
        expected = exact_mean(values, layer.land_cover, stratum, grid, soilgrids.CRS)
        assert np.isfinite(expected).any()
        assert_allclose(averages(region, name, stratum), expected, rtol=TOLERANCE)


@pytest.mark.parametrize("stratum", [None, 1, 2, 3])
def test_burned_area_of_polygons_is_that_of_exactextract(made, region, stratum):
    layer = made["burned_area"]
    for month in (0, 6):
        values = layer.burned.values[month]
        expected = exact_mean(values, layer.land_cover, stratum, layer.burned, mcd64a1.CRS)
        found = averages(region, "burned_fraction", stratum)[month]
        assert (expected > 0.01).any()
        assert_allclose(found, np.nan_to_num(expected), rtol=0, atol=TOLERANCE)


def averages(region, name, stratum):
    """Averages over polygons, or over their parts of a stratum."""
    if stratum is None:
        return region["pixels"][name].values
    return region["strata"][name].isel(stratum=stratum).values


def test_cells_at_the_edge_of_the_polygons_have_all_of_their_land_cover(plan):
    rectangle = gpd.GeoDataFrame(
        geometry=[shapely.box(-3.1912, 54.9412, -3.1287, 55.0037)], crs=4326
    )
    narrow = plan._replace(
        grid=target_of(rectangle), window=Window(*rectangle.total_bounds), cover=None
    )
    wider = narrow._replace(window=Window(*WINDOW))
    ours = narrow._replace(cover=polygon_region._widened(narrow.window))
    bare, found, whole = (strata_of_leaf_area(each) for each in (narrow, ours, wider))
    assert np.array_equal(found, whole)
    assert np.mean(bare != whole) > 1e-3  # what it would be without


def strata_of_leaf_area(plan):
    """Strata of the cells of the leaf area product that polygons touch."""
    read = from_products.READERS
    found = {"land_cover": read["land_cover"][1](plan, plan.tables.land_cover, {})}
    (layer,) = read["lai"][1](plan, plan.tables.lai, found)
    return layer.land_cover.strata.ravel()[layer.land_cover.weights.cells]


def test_polygons_across_the_cuts_of_a_projection_are_refused():
    across = gpd.GeoDataFrame(geometry=[shapely.box(-41, 60, -39, 61)], crs="EPSG:4326")
    edges = np.arange(-20e6, 20e6, 1e5)
    with pytest.raises(ValueError, match=r"polygon 0.*cut it"):
        target_of(across).projected_parts(edges, edges, soilgrids.CRS)

"""Grids snapped in integers, and conservative aggregation onto them."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from pyproj import Transformer

from pm_dalec.landscape.grid import edges_of, target_grid
from pm_dalec.landscape.overlap import (
    aggregate,
    centres_in,
    overlap,
    overlap_with,
    stratum_areas,
    stratum_cells,
)
from pm_dalec.tables.constants import EARTH_RADIUS

DOMAIN = {"south": 54.5, "north": 55.5, "west": -4.5, "east": -1.5}


def regular_edges(start, count, step):
    return start + step * np.arange(count + 1)


@pytest.fixture
def rng():
    return np.random.default_rng(20)


@pytest.mark.parametrize(("resolution", "shape"), [(1.0, (1, 3)), (0.5, (2, 6)), (0.25, (4, 12))])
def test_coarse_grids_of_the_paper_have_3_12_and_48_pixels(resolution, shape):
    assert target_grid(resolution, **DOMAIN).shape == shape


def test_the_finest_grid_has_1200_pixels_and_every_edge_is_the_nearest_double_to_a_twentieth():
    grid = target_grid(0.05, **DOMAIN)
    assert grid.pixels.size == 1200
    assert_array_equal(grid.latitude_edges, [tick / 20 for tick in range(1090, 1111)])
    assert grid.latitudes[0] == 54.525


def test_edges_of_coarser_grids_are_edges_of_finer_ones():
    fine = set(target_grid(0.05, **DOMAIN).longitude_edges)
    for resolution in (1.0, 0.5, 0.25):
        assert set(target_grid(resolution, **DOMAIN).longitude_edges) <= fine


def test_pixel_areas_add_up_to_the_zone_of_a_sphere():
    area = target_grid(0.05, **DOMAIN).areas.sum()
    heights = np.sin(np.deg2rad(55.5)) - np.sin(np.deg2rad(54.5))
    assert_allclose(area, EARTH_RADIUS**2 * heights * np.deg2rad(3), rtol=1e-12)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"resolution": 0.1}, "the resolutions are 1.0, 0.5, 0.25, 0.05"),
        ({"south": 54.51}, "the nearest is 54.5"),
        ({"north": 55.45}, "positive multiple of the pixel"),
        ({"east": -4.5}, "move an edge"),
    ],
)
def test_a_grid_that_does_not_fit_is_refused_with_a_sentence(change, words):
    asked = {"resolution": 0.5, **DOMAIN, **change}
    with pytest.raises(ValueError, match=words):
        target_grid(asked.pop("resolution"), **asked)


def test_an_irregular_axis_is_refused():
    with pytest.raises(ValueError, match="not regular"):
        edges_of([0.0, 1.0, 3.0])


def test_overlap_of_two_axes_is_what_one_reads_off_a_ruler():
    lengths = overlap([0.0, 2.0, 4.0], [1.0, 3.5]).toarray()
    assert_allclose(np.rad2deg(lengths), [[1.0, 1.5]])


def test_overlap_does_not_care_whether_rows_run_north_or_south():
    source, target = regular_edges(54.4, 400, 1 / 336), regular_edges(54.5, 20, 0.05)
    upward = overlap(source, target, sine=True).toarray()
    downward = overlap(source[::-1], target, sine=True).toarray()
    assert_allclose(downward[:, ::-1], upward, atol=1e-15)


def test_rounding_of_nesting_edges_makes_no_slivers_of_overlap():
    source, target = 54.5 + np.arange(321) / 320, target_grid(0.05, **DOMAIN).latitude_edges
    assert overlap(source, target, sine=True).nnz == 320


def test_a_raster_elsewhere_is_refused_with_a_sentence():
    edges = regular_edges(10.0, 5, 0.1)
    with pytest.raises(ValueError, match="open the tile that holds the domain"):
        overlap_with(target_grid(0.5, **DOMAIN), latitude_edges=edges, longitude_edges=edges)


def nested_raster(rng, missing=0.0):
    """Raster on a grid that nests in no pixel, with four strata, a mask and gaps."""
    values = rng.normal(size=(340, 1014))
    values[rng.random(values.shape) < missing] = np.nan
    strata = rng.integers(0, 5, values.shape)
    edges = regular_edges(54.497, 340, 1 / 336), regular_edges(-4.503, 1014, 1 / 336)
    return values, strata, edges


def means_on(resolution, values, strata, edges):
    grid = target_grid(resolution, **DOMAIN)
    weights = overlap_with(grid, latitude_edges=edges[0], longitude_edges=edges[1])
    area = stratum_areas(strata, weights, stratum_count=4)
    return aggregate(values, strata, weights, stratum_count=4), area


def test_the_mean_of_fine_pixels_over_a_coarse_one_is_the_coarse_mean(rng):
    """T3: aggregation nests, whatever the source grid."""
    fine, fine_area = means_on(0.05, *nested_raster(np.random.default_rng(1)))
    coarse, coarse_area = means_on(1.0, *nested_raster(np.random.default_rng(1)))
    blocks = (4, 1, 20, 3, 20)
    total = (fine.mean * fine_area).reshape(blocks).sum(axis=(2, 4))
    area = fine_area.reshape(blocks).sum(axis=(2, 4))
    assert_allclose(area, coarse_area, rtol=1e-12)
    assert_allclose(total / area, coarse.mean, rtol=1e-12, atol=1e-12)


def test_aggregation_is_linear(rng):
    values, strata, edges = nested_raster(rng)
    other = rng.normal(size=values.shape)
    first, _ = means_on(0.25, values, strata, edges)
    second, _ = means_on(0.25, other, strata, edges)
    both, _ = means_on(0.25, 2 * values + 3 * other, strata, edges)
    assert_allclose(both.mean, 2 * first.mean + 3 * second.mean, atol=1e-12)


def test_missing_cells_lower_the_coverage_and_not_the_mean_of_a_constant(rng):
    values, strata, edges = nested_raster(rng, missing=0.3)
    result, _ = means_on(0.25, np.where(np.isnan(values), np.nan, 7.0), strata, edges)
    assert_allclose(result.mean, 7.0, rtol=1e-12)
    assert_allclose(result.coverage.mean(), 0.7, atol=0.01)


def test_a_stratum_that_is_absent_has_neither_mean_nor_coverage():
    grid = target_grid(1.0, **DOMAIN)
    edges = grid.latitude_edges, grid.longitude_edges
    weights = overlap_with(grid, latitude_edges=edges[0], longitude_edges=edges[1])
    result = aggregate(np.ones((1, 3)), np.zeros((1, 3), int), weights, stratum_count=2)
    assert np.isnan(result.mean[1]).all()
    assert np.isnan(result.coverage[1]).all()


def test_cells_on_an_edge_count_in_both_pixels():
    grid = target_grid(1.0, **DOMAIN)
    weights = overlap_with(grid, latitude_edges=[54.5, 55.5], longitude_edges=[-4.5, -3.0, -1.5])
    assert_array_equal(
        stratum_cells(np.zeros((1, 2), int), weights, stratum_count=1), [[[1, 2, 1]]]
    )


def test_leading_axes_are_aggregated_one_by_one(rng):
    values, strata, edges = nested_raster(rng)
    stacked, _ = means_on(0.5, np.stack([values, 2 * values]), strata, edges)
    single, _ = means_on(0.5, values, strata, edges)
    assert_allclose(stacked.mean[1], 2 * single.mean, rtol=1e-12)


def test_a_stratum_map_of_another_shape_is_refused():
    grid = target_grid(1.0, **DOMAIN)
    weights = overlap_with(
        grid, latitude_edges=grid.latitude_edges, longitude_edges=grid.longitude_edges
    )
    with pytest.raises(ValueError, match="resample the land cover"):
        aggregate(np.ones((2, 3)), np.zeros((1, 3), int), weights, stratum_count=1)


def test_a_projected_equal_area_raster_is_placed_by_its_centres():
    """A plane in longitude on MODIS' sinusoidal grid, against its exact mean in each pixel."""
    grid = target_grid(0.5, **DOMAIN)
    sinusoidal = "+proj=sinu +R=6371007.181 +units=m +no_defs"
    lonlat = "+proj=longlat +R=6371007.181 +no_defs"
    step = 463.3127
    x, y = np.meshgrid(np.arange(-3.0e5, -9.0e4, step), np.arange(6.05e6, 6.18e6, step))
    longitude, latitude = Transformer.from_crs(sinusoidal, lonlat, always_xy=True).transform(x, y)
    weights = centres_in(grid, longitude=longitude, latitude=latitude, cell_area=step**2)
    strata = np.zeros(x.shape, dtype=int)
    mean = aggregate(longitude, strata, weights, stratum_count=1).mean[0]
    assert_allclose(mean, np.broadcast_to(grid.longitudes, grid.shape), atol=0.005)
    area = stratum_areas(strata, weights, stratum_count=1)[0]
    assert_allclose(area, grid.areas, rtol=0.01)

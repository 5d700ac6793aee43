"""Aggregation against exactextract, an independent library for exact overlaps."""

import warnings

import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_allclose

from pm_dalec.landscape.grid import edges_of, target_grid
from pm_dalec.landscape.overlap import aggregate, overlap_with

TOLERANCE = 1e-6
"""Of the largest value: exactextract takes a partial row as a share of degrees, we of sin(lat)."""

exactextract = pytest.importorskip("exactextract")


def exact_means(values, latitude_edges, longitude_edges, grid):
    """Area-weighted means of a north-up raster over the pixels of a grid, by exactextract."""
    from exactextract.raster import NumPyRasterSource

    source = NumPyRasterSource(
        np.ma.masked_invalid(values),
        xmin=longitude_edges[0],
        xmax=longitude_edges[-1],
        ymin=latitude_edges[-1],
        ymax=latitude_edges[0],
    )
    pixels = [
        {"type": "Feature", "properties": {}, "geometry": box(grid, row, column)}
        for row in range(grid.rows)
        for column in range(grid.columns)
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says that the raster has no CRS
        found = exactextract.exact_extract(
            source, pixels, ["mean(coverage_weight=area_spherical_m2)"]
        )
    means = [next(iter(pixel["properties"].values())) for pixel in found]
    return np.array([np.nan if mean is None else mean for mean in means]).reshape(grid.shape)


def box(grid, row, column):
    south, north = grid.latitude_edges[row : row + 2]
    west, east = grid.longitude_edges[column : column + 2]
    corners = [(west, south), (east, south), (east, north), (west, north), (west, south)]
    return {"type": "Polygon", "coordinates": [[list(map(float, corner)) for corner in corners]]}


def compare(values, strata, latitude_edges, longitude_edges, grid, stratum_count):
    weights = overlap_with(grid, latitude_edges=latitude_edges, longitude_edges=longitude_edges)
    ours = aggregate(values, strata, weights, stratum_count=stratum_count).mean
    for stratum in range(stratum_count):
        inside = np.where(strata == stratum, values, np.nan)
        theirs = exact_means(inside, latitude_edges, longitude_edges, grid)
        assert_allclose(ours[stratum], theirs, rtol=0, atol=TOLERANCE * np.max(values))


@pytest.mark.parametrize("resolution", [1.0, 0.05])
def test_means_per_stratum_on_a_grid_of_1_336_degree_are_those_of_exactextract(resolution):
    rng = np.random.default_rng(3)
    grid = target_grid(resolution, south=54.5, north=55.5, west=-4.5, east=-3.5)
    # Half a cell beyond the domain: no edge of the raster is an edge of a pixel
    latitude_edges = 55.5015 - np.arange(338) / 336
    longitude_edges = -4.5013 + np.arange(338) / 336
    values = rng.gamma(2.0, 1.0, size=(337, 337))
    strata = rng.integers(0, 5, values.shape)
    compare(values, strata, latitude_edges, longitude_edges, grid, stratum_count=4)


@pytest.mark.parametrize("resolution", [1.0, 0.5, 0.25, 0.05])
def test_shares_of_land_cover_in_podlasie_are_those_of_exactextract(shared_data, resolution):
    path = shared_data / "data" / "tiles" / "esacci_lc_2015_300m_podlasie.nc"
    if not path.exists():
        pytest.skip(f"no land-cover tile at {path}; set PM_DALEC_DATA to the folder that holds it")
    with xr.open_dataset(path, engine="h5netcdf") as tile:
        strata = tile["stratum"].load()
    latitude_edges, longitude_edges = edges_of(strata["lat"]), edges_of(strata["lon"])
    south = np.ceil(20 * latitude_edges.min()) / 20
    west = np.ceil(20 * longitude_edges.min()) / 20
    grid = target_grid(resolution, south=south, north=south + 1, west=west, east=west + 1)
    everywhere = np.zeros(strata.shape, dtype=int)
    for stratum in np.unique(strata):
        present = (strata.to_numpy() == stratum).astype(float)
        compare(present, everywhere, latitude_edges, longitude_edges, grid, stratum_count=1)

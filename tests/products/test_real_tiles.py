"""Readers on real crops: tree-cover loss, burned area and a land-cover mosaic."""

import numpy as np
import pytest
import xarray as xr
from exactextract import exact_extract
from exactextract.raster import NumPyRasterSource

from pm_dalec.landscape.from_products import land_cover
from pm_dalec.landscape.grid import target_grid
from pm_dalec.landscape.overlap import stratum_areas
from pm_dalec.landscape.strata_maps import strata_from_lcm2015
from pm_dalec.products import hansen, landcover, mcd64a1
from pm_dalec.products.modis import sinusoidal
from pm_dalec.products.reading import windows
from pm_dalec.tables.strata import MASKED, STRATA

CARIBBEAN = (-71.735, 18.635, -71.69, 18.685)
PODLASIE = (22.3, 52.85, 23.3, 53.8)
RELEASE = "GFC-2023-v1.11"


@pytest.fixture(scope="module")
def tiles(shared_data):
    return shared_data / "data" / "tiles"


def test_real_loss_years_are_calendar_years_of_the_release(tiles):
    loss = hansen.open_hansen(tiles, window=CARIBBEAN, version=RELEASE)
    years = np.unique(loss)
    assert years[0] == 0
    assert years[1] >= 2001
    assert years[-1] == 2023
    assert loss.attrs["last_year"] == 2023


def test_real_loss_of_each_year_adds_up_to_all_loss(tiles):
    loss = hansen.open_hansen(tiles, window=CARIBBEAN, version=RELEASE)
    by_year = sum(float(hansen.loss_in_year(loss, year).sum()) for year in range(2001, 2024))
    assert by_year == float((loss > 0).sum())


def test_real_tree_cover_is_a_percentage(tiles):
    trees = hansen.open_hansen(tiles, window=CARIBBEAN, layer="treecover2000", version=RELEASE)
    assert 0 <= float(trees.min()) < float(trees.max()) <= 100
    assert trees.shape == hansen.open_hansen(tiles, window=CARIBBEAN, version=RELEASE).shape


def test_a_real_tile_of_the_wrong_release_is_refused(tiles):
    with pytest.raises(ValueError, match=r"wanted version GFC-2019-v1\.7, came GFC-2023-v1\.11"):
        hansen.open_hansen(tiles, window=CARIBBEAN)


def test_real_burned_area_has_twelve_months_on_the_sinusoidal_grid(tiles):
    burned = mcd64a1.open_mcd64a1(tiles, window=CARIBBEAN)
    assert list(burned["time"].dt.month.values) == list(range(1, 13))
    y, x = windows.grid_axes(mcd64a1.GRID, CARIBBEAN)
    # The distributor's grid is aligned with ours to a millimetre in a cell of 463 m
    np.testing.assert_allclose(burned["x"], x, atol=0.01)
    np.testing.assert_allclose(burned["y"], y, atol=0.01)
    assert set(np.unique(burned.values[np.isfinite(burned.values)])) <= {0.0, 1.0}


def test_a_real_window_off_the_crop_is_refused(tiles):
    with pytest.raises(ValueError, match="add the missing tile or file"):
        mcd64a1.open_mcd64a1(tiles, window=(-70.0, 18.0, -69.9, 18.1))


@pytest.mark.parametrize("resolution", [1.0, 0.5, 0.25, 0.05])
def test_real_land_cover_gives_strata_at_every_resolution(tiles, resolution):
    west, south, east, north = 22.3, 52.8, 23.3, 53.8
    grid = target_grid(resolution, south=south, north=north, west=west, east=east)
    maps = land_cover.land_cover_maps(
        tiles, window=(west, south, east, north), grid=grid, product="esa_cci"
    )
    areas = stratum_areas(maps.reference.strata, maps.reference.weights, stratum_count=4)
    assert areas.shape == (4, *grid.shape)
    assert float(areas.sum()) <= float(grid.areas.sum()) * (1 + 1e-12)
    assert (areas.sum(axis=(1, 2)) > 0).all()


def test_real_strata_are_those_of_the_mosaic_decoded_elsewhere(tiles):
    classes = landcover.open_esa_cci_landcover(tiles, window=PODLASIE)["land_cover"]
    strata = strata_from_lcm2015(classes.values)
    with xr.open_dataset(tiles / "esacci_lc_2015_300m_podlasie.nc", engine="h5netcdf") as stored:
        theirs = stored["stratum"].sel(lat=classes["lat"], lon=classes["lon"], method="nearest")
        theirs = theirs.load().values
    ours_of_theirs = {0: MASKED, 1: 0, 2: 1, 3: 3, 4: 2}
    np.testing.assert_array_equal(strata, np.vectorize(ours_of_theirs.get)(theirs))


def test_shares_of_real_strata_agree_with_exactextract(tiles):
    import geopandas
    from shapely.geometry import box

    window = (22.35, 52.9, 23.1, 53.65)
    west, south, east, north = window
    grid = target_grid(0.25, south=south, north=north, west=west, east=east)
    maps = land_cover.land_cover_maps(tiles, window=window, grid=grid, product="esa_cci")
    strata = maps.reference.strata
    classes = landcover.open_esa_cci_landcover(tiles, window=window)["land_cover"]
    lat, lon = classes["lat"].values, classes["lon"].values
    half = 1 / 720
    weight = np.broadcast_to(
        (np.sin(np.deg2rad(lat + half)) - np.sin(np.deg2rad(lat - half)))[:, None], strata.shape
    )
    edges = (lon[0] - half, lat[-1] - half, lon[-1] + half, lat[0] + half)
    cells = [
        box(left, low, right, high)
        for low, high in zip(grid.latitude_edges[:-1], grid.latitude_edges[1:], strict=True)
        for left, right in zip(grid.longitude_edges[:-1], grid.longitude_edges[1:], strict=True)
    ]
    pixels = geopandas.GeoDataFrame(geometry=cells, crs="EPSG:4326")
    areas = stratum_areas(strata, maps.reference.weights, stratum_count=len(STRATA))
    unmasked = areas.sum(axis=0)

    def summed(values):
        source = NumPyRasterSource(values, *edges, srs_wkt="EPSG:4326")
        table = exact_extract(source, pixels, "sum", output="pandas")
        return table["sum"].to_numpy().reshape(grid.shape)

    land = summed(np.where(strata == MASKED, 0.0, weight))
    for number in range(len(STRATA)):
        theirs = summed(np.where(strata == number, weight, 0.0)) / land
        np.testing.assert_allclose(areas[number] / unmasked, theirs, atol=2e-6)


def test_an_hdf4_archive_is_read_like_its_geotiff(tmp_path):
    pytest.importorskip("pyhdf", reason="pyhdf is an optional extra")
    from pyhdf.SD import SD, SDC

    window = (-3.1, 54.9, -3.0, 55.0)
    y, x = windows.grid_axes(mcd64a1.GRID, window)
    path = tmp_path / "MCD64A1.A2014182.h17v03.061.2021309000505.hdf"
    dates = np.zeros((2400, 2400), np.int16)
    row = round((6 * sinusoidal.TILE - y[3]) / sinusoidal.STEP - 0.5)
    column = round((x[5] + sinusoidal.TILE) / sinusoidal.STEP - 0.5)
    dates[row, column], dates[row, column + 1], dates[row, column + 2] = 190, -1, -2
    archive = SD(str(path), SDC.WRITE | SDC.CREATE)
    layer = archive.create(mcd64a1.BURN_DATE, SDC.INT16, dates.shape)
    layer[:] = dates
    layer.endaccess()
    archive.end()
    burned = mcd64a1.open_mcd64a1(path, window=window).isel(time=0)
    np.testing.assert_allclose(burned["x"], x, atol=1e-6)
    assert burned[3, 5] == 1.0
    assert int(burned.isnull().sum()) == 2
    assert float(burned.sum()) == 1.0

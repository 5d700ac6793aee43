"""A window of a global file is read without loading the globe; its cells are where they should be."""

import tracemalloc
from contextlib import contextmanager
from dataclasses import replace

import h5netcdf
import numpy as np
import pandas as pd
import pytest
import rasterio
import xarray as xr
from rasterio.transform import from_origin

from pm_dalec.products import crujra, hansen, lai300, ukesm
from pm_dalec.products.reading import rasters, windows

WINDOW = (-3.1, 54.9, -3.0, 55.0)


@contextmanager
def peak_memory_below(megabytes):
    tracemalloc.start()
    try:
        yield
        peak = tracemalloc.get_traced_memory()[1] / 2**20
    finally:
        tracemalloc.stop()
    assert peak < megabytes


@pytest.fixture(scope="module")
def global_leaf_area(tmp_path_factory):
    """A global file of the real size, 5.7 billion cells a variable, of which a chunk is written."""
    path = tmp_path_factory.mktemp("globe") / "c_gls_LAI300_201706100000_GLOBE_PROBAV_V1.0.1.nc"
    lat = 80.0 - np.arange(47040) / 336
    lon = -180.0 + np.arange(120960) / 336
    rows, columns = windows.grid_axes(lai300.GRID, WINDOW)
    place = np.s_[
        round((80 - rows[0]) * 336) : round((80 - rows[-1]) * 336) + 1,
        round((columns[0] + 180) * 336) : round((columns[-1] + 180) * 336) + 1,
    ]
    with h5netcdf.File(path, "w") as file:
        file.dimensions = {"lat": lat.size, "lon": lon.size}
        for name, axis in (("lat", lat), ("lon", lon)):
            file.create_variable(name, (name,), "f8", data=axis)
        for name in ("LAI", "RMSE", "QFLAG"):
            variable = file.create_variable(
                name, ("lat", "lon"), "u1", fillvalue=255, chunks=(1207, 3103), compression="gzip"
            )
            variable[place] = np.full((rows.size, columns.size), 60, np.uint8)
    return path


def test_a_window_of_a_global_leaf_area_file_needs_megabytes(global_leaf_area):
    with peak_memory_below(60):
        leaf_area = lai300.open_lai300(global_leaf_area, window=WINDOW)
    assert leaf_area["lai"].sizes["lat"] < 40
    np.testing.assert_allclose(leaf_area["lai"], 2.0)


def test_a_window_of_a_global_file_has_the_cells_of_the_grid(global_leaf_area):
    leaf_area = lai300.open_lai300(global_leaf_area, window=WINDOW)
    for came, wanted in zip(
        (leaf_area["lat"], leaf_area["lon"]), windows.grid_axes(lai300.GRID, WINDOW), strict=True
    ):
        np.testing.assert_allclose(came, wanted, rtol=0, atol=1e-9)


@pytest.fixture(scope="module")
def whole_loss_tile(tmp_path_factory):
    """A whole tile of 1.6 billion cells, almost all of its blocks unwritten."""
    path = tmp_path_factory.mktemp("tile") / "Hansen_GFC-2019-v1.7_lossyear_60N_010W.tif"
    profile = {
        "driver": "GTiff",
        "width": 40000,
        "height": 40000,
        "count": 1,
        "dtype": "uint8",
        "crs": "EPSG:4326",
        "transform": from_origin(-10, 60, 0.00025, 0.00025),
        "tiled": True,
        "blockxsize": 512,
        "blockysize": 512,
        "SPARSE_OK": True,
    }
    with rasterio.open(path, "w", **profile) as target:
        part = rasterio.windows.Window(27600, 20000, 400, 400)
        target.write(np.full((1, 400, 400), 14, np.uint8), window=part)
    return path


def test_a_window_of_a_whole_loss_tile_needs_megabytes(whole_loss_tile):
    with peak_memory_below(20):
        loss = hansen.open_hansen(whole_loss_tile, window=WINDOW)
    assert loss.shape == (400, 400)
    assert (loss == 2014).all()


def test_a_window_reads_no_block_outside_it(whole_loss_tile, monkeypatch):
    parts = []
    original = rasterio.io.DatasetReader.read

    def counted(self, indexes, window):
        parts.append(window)
        return original(self, indexes, window=window)

    class Counting(rasterio.io.DatasetReader):
        read = counted

    monkeypatch.setattr(rasters.rasterio, "open", lambda path: Counting(path, driver="GTiff"))
    hansen.open_hansen(whole_loss_tile, window=WINDOW)
    ((rows, columns),) = parts
    assert (rows[1] - rows[0], columns[1] - columns[0]) == (400, 400)


def test_cells_that_only_touch_a_window_are_not_read():
    part = windows.cells_inside(
        np.array([0.5, 1.5, 2.5, 3.5]), 1.0, 3.0, step=1.0, name="x", product="p", where="w"
    )
    assert (part.start, part.stop) == (1, 3)


def test_cells_cut_by_the_edge_of_a_window_are_read():
    part = windows.cells_inside(
        np.array([3.5, 2.5, 1.5, 0.5]), 0.9, 2.2, step=1.0, name="y", product="p", where="w"
    )
    assert (part.start, part.stop) == (1, 4)


def test_axes_of_a_grid_are_the_centres_of_its_cells_in_the_order_of_the_files():
    grid = windows.Grid("p", (1.0, 0.5), (0.5, 0.0))
    y, x = windows.grid_axes(grid, (0.2, 0.6, 1.0, 2.0))
    np.testing.assert_array_equal(y, [2.0, 1.0])
    np.testing.assert_array_equal(x, [0.25, 0.75])
    y, _ = windows.grid_axes(replace(grid, from_north=False), (0.2, 0.6, 1.0, 2.0))
    np.testing.assert_array_equal(y, [1.0, 2.0])


@pytest.mark.parametrize("module", [lai300, hansen, crujra, ukesm])
def test_axes_of_a_grid_cover_their_window(module):
    lat, lon = windows.grid_axes(module.GRID, WINDOW)
    for axis, low, high in ((lat, WINDOW[1], WINDOW[3]), (lon, WINDOW[0], WINDOW[2])):
        half = abs(axis[1] - axis[0]) / 2 if axis.size > 1 else 1.0
        assert axis.min() - half <= low + 1e-9
        assert axis.max() + half >= high - 1e-9


def test_tiles_side_by_side_become_one_window(tmp_path):
    window = (-0.01, 59.99, 0.01, 60.01)
    lat, lon = windows.grid_axes(hansen.GRID, window)
    whole = np.add.outer(np.arange(lat.size) % 5, np.arange(lon.size) % 7)
    values = np.where(whole > 0, 2000 + whole, 0)
    for north in (True, False):
        for east in (True, False):
            rows, columns = (lat > 60) == north, (lon > 0) == east
            part = values[np.ix_(rows, columns)]
            array = xr.DataArray(part, {"lat": lat[rows], "lon": lon[columns]}, ("lat", "lon"))
            hansen.write_hansen(tmp_path, array)
    assert len(list(tmp_path.iterdir())) == 4
    came = hansen.open_hansen(tmp_path, window=window)
    np.testing.assert_array_equal(came, values)


def test_tiles_with_a_hole_between_them_are_refused():
    def piece(x):
        return rasters.Piece(
            np.zeros((1, 2, 2)), np.array(x), np.array([1.5, 0.5]), windows.crs_of("EPSG:4326")
        )

    with pytest.raises(ValueError, match="hole of 4 cells"):
        rasters.joined(
            [piece([0.5, 1.5]), piece([4.5, 5.5])],
            (0.0, 0.0, 6.0, 2.0),
            step=1.0,
            product="tiles",
            where="here",
        )


def test_a_scenario_with_longitudes_from_zero_is_read_across_greenwich(tmp_path):
    window = (-3.0, 54.0, 3.0, 56.0)
    lat, lon = windows.grid_axes(ukesm.GRID, window)
    time = pd.date_range("2019-01-01", periods=12, freq="MS")
    ramp = np.broadcast_to(280.0 + lon, (12, lat.size, lon.size))
    steady = {"tasmin": ramp, "tasmax": ramp + 5, "rsds": ramp, "sfcWind": ramp / 100}
    steady |= {"huss": ramp * 0 + 0.004, "ps": ramp * 0 + 1e5}
    monthly = xr.Dataset(
        {name: (("time", "lat", "lon"), values) for name, values in steady.items()},
        {"time": time, "lat": lat, "lon": lon},
    )
    monthly["co2mass"] = ("time", np.full(12, 3.2e15))
    files = ukesm.write_ukesm(tmp_path, monthly)
    came = ukesm.open_ukesm(_on_the_globe(files), window=window)
    np.testing.assert_allclose(came["lon"], lon)
    np.testing.assert_allclose(came["tmin"].isel(time=0, lat=0), 280.0 + lon - 273.15, atol=1e-4)


def _on_the_globe(files):
    """The same files with all longitudes from 0 to 360, as distributed."""
    for path in files:
        with xr.open_dataset(
            path, engine="h5netcdf", decode_times=False, mask_and_scale=False
        ) as stored:
            whole = stored.load()
        if "lon" in whole.dims:
            whole = whole.reindex(lon=np.arange(0.9375, 360, 1.875), fill_value=np.float32(1e20))
        path.unlink()
        whole.to_netcdf(path, engine="h5netcdf")
    return files

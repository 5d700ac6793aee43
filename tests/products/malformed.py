"""What the tests of products spoil files with, and what a refusal has to say."""

import shutil
from typing import NamedTuple

import numpy as np
import pytest
import rasterio
import xarray as xr

from pm_dalec.products.reading import windows

WINDOW = (-3.02, 54.99, -3.0, 55.01)
ELSEWHERE = (-6.02, 54.99, -6.0, 55.01)
CLIMATE = (-4.0, 54.5, -3.0, 55.5)


def grid(grid, value, names=("lat", "lon"), dtype=float):
    y, x = windows.grid_axes(grid, WINDOW)
    coords = dict(zip(names, (y, x), strict=True))
    return xr.DataArray(np.full((y.size, x.size), value, dtype), coords, names)


def edited(path, change):
    """Write a NetCDF file again after a change of its stored content."""
    options = {"decode_times": False, "mask_and_scale": False, "engine": "h5netcdf"}
    with xr.open_dataset(path, **options) as stored:
        changed = change(stored.load())
    path.unlink()
    changed.to_netcdf(path, engine="h5netcdf")
    return path


def with_attribute(name, **attributes):
    def change(stored):
        stored[name].attrs.update(attributes)
        return stored

    return change


def raster_again(path, *, crs=None, dtype=None, scale=1.0, bands=None):
    """Write a GeoTIFF again with another coordinate system, type, cell width or band count."""
    with rasterio.open(path) as source:
        values, profile = source.read(), source.profile
    profile.update(tiled=False)
    for key in ("blockxsize", "blockysize"):
        profile.pop(key, None)
    if crs is not None:
        profile["crs"] = crs or None
    if dtype is not None:
        profile["dtype"] = dtype
        values = values.astype(dtype)
    if bands is not None:
        profile["count"], values = bands, values[:bands]
    place = profile["transform"]
    profile["transform"] = rasterio.Affine(place.a * scale, 0, place.c, 0, place.e * scale, place.f)
    path.unlink()
    with rasterio.open(path, "w", **profile) as target:
        target.write(values)
    return path


class Case(NamedTuple):
    """One malformed input: what opens it in a folder, the error, and parts of its sentence."""

    name: str
    act: object
    error: type
    parts: tuple


def moved(path, name):
    return shutil.move(path, path.with_name(name))


def text_file(folder, name):
    (folder / name).write_text("<html>404</html>")
    return folder / name


def assert_refused(case, folder):
    """Assert that a case ends in a sentence: what was wanted, what came, where, what to do."""
    with pytest.raises(case.error) as caught:
        case.act(folder)
    text = str(caught.value)
    for part in case.parts:
        assert part in text, text
    assert ": wanted " in text
    assert ", came " in text
    assert "); " in text

"""Files spoilt at random: each reader gives the numbers of the valid file, or says what is wrong."""

import shutil
import tempfile
import traceback
from pathlib import Path

import numpy as np
import pytest
import rasterio
import xarray as xr
from hypothesis import HealthCheck, given, settings, strategies as st

from pm_dalec.products.reading.told import is_sentence

from .malformed import edited
from .valid import READERS

SETTINGS = {"deadline": None, "suppress_health_check": list(HealthCheck)}
FEW, MANY = 8, 100  # examples of each reader


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    folder = tmp_path_factory.mktemp("valid")
    made = {}
    for name, reader in READERS.items():
        made[name] = folder / name.replace(" ", "_")
        made[name].mkdir()
        reader.write(made[name])
    return made


def longest(stored):
    return max(stored.data_vars, key=lambda name: stored[name].ndim)


def with_axis(length):
    def change(stored, draw):
        name = longest(stored)
        wide = stored[name].expand_dims(layer=length)
        return stored.assign({name: wide.transpose(*draw(st.permutations(wide.dims)))})

    return change


def turned(stored, draw):
    name = longest(stored)
    return stored.assign({name: stored[name].transpose(*draw(st.permutations(stored[name].dims)))})


def flipped(stored, draw):
    return stored.isel(
        {draw(st.sampled_from([d for d in stored.dims if d != "time"])): np.s_[::-1]}
    )


def from_zero(stored, draw):
    return stored.assign_coords(lon=stored["lon"] % 360).sortby("lon")


def whole_names(stored, draw):
    return stored.rename(lat="latitude", lon="longitude")


def without(stored, draw):
    return stored.drop_vars(draw(st.sampled_from(sorted(stored.variables))))


def renamed(stored, draw):
    return stored.rename({draw(st.sampled_from(sorted(stored.variables))): "renamed"})


def other_type(stored, draw):
    kind = draw(st.sampled_from(["float64", "int64", "float32"]))
    name = longest(stored)
    attrs = {key: value for key, value in stored[name].attrs.items() if key != "_FillValue"}
    return stored.assign({name: stored[name].astype(kind).drop_attrs().assign_attrs(attrs)})


def scaled(stored, draw):
    stored[longest(stored)].attrs["scale_factor"] = draw(st.sampled_from([0.01, 0.5, 2.0, 10.0]))
    return stored


def other_units(stored, draw):
    stored[longest(stored)].attrs["units"] = draw(st.sampled_from(["degC", "kg m-2", "percent"]))
    return stored


def holed(stored, draw):
    dim = draw(
        st.sampled_from([d for d in ("lat", "lon") if stored.sizes.get(d, 0) > 2] or ["lat"])
    )
    kept = [0, *range(2, stored.sizes[dim])]
    return stored.isel({dim: kept})


def nothing_along(stored, draw):
    axis = draw(st.sampled_from([d for d in stored.dims if d in ("lat", "lon")]))
    values = stored[axis].values.astype(float)
    values[draw(st.integers(0, values.size - 1))] = np.nan
    return stored.assign_coords({axis: (axis, values, stored[axis].attrs)})


def two_dimensional(stored, draw):
    wide = np.broadcast_to(
        stored["lat"].values[:, None], (stored.sizes["lat"], stored.sizes["lon"])
    )
    moved = stored.drop_vars(["lat", "lon"]).rename(lat="y", lon="x")
    return moved.assign_coords(lat=(("y", "x"), wide), lon=(("y", "x"), wide))


HARMLESS = (with_axis(1), turned, flipped, whole_names)
NETCDF = (
    *HARMLESS,
    from_zero,
    with_axis(2),
    without,
    renamed,
    other_type,
    scaled,
    other_units,
    holed,
)
NETCDF += (nothing_along, two_dimensional)
GRIDDED = {"lat", "lon"}


def spoil_netcdf(path, draw):
    change = draw(st.sampled_from(NETCDF))
    with xr.open_dataset(path, engine="h5netcdf", decode_times=False) as stored:
        gridded = set(stored.dims) >= GRIDDED
    if not gridded:
        change = draw(st.sampled_from((without, renamed, scaled)))
    edited(path, lambda stored: change(stored, draw))
    return change in HARMLESS


def raster(path, *, values=None, **profile):
    with rasterio.open(path) as source:
        stored, kept = source.read(), source.profile
    stored = stored if values is None else values(stored)
    kept.update(tiled=False, **profile)
    for key in ("blockxsize", "blockysize"):
        kept.pop(key, None)
    path.unlink()
    with rasterio.open(path, "w", **kept) as target:
        target.write(stored.astype(kept["dtype"]))


def tagged(path, draw):
    raster(path, nodata=draw(st.integers(0, 255)))


def south_up(path, draw):
    with rasterio.open(path) as source:
        place, height = source.transform, source.height
    place = rasterio.Affine(place.a, 0, place.c, 0, -place.e, place.f + height * place.e)
    raster(path, values=lambda stored: stored[:, ::-1], transform=place)


def with_band(path, draw):
    with rasterio.open(path) as source:
        count = source.count
    raster(path, values=lambda stored: np.concatenate([stored, stored[:1]]), count=count + 1)


def of_type(path, draw):
    raster(path, dtype=draw(st.sampled_from(["float32", "int32", "float64"])), nodata=None)


def with_scale(path, draw):
    with rasterio.open(path, "r+") as target:
        target.scales = [draw(st.sampled_from([0.01, 2.0, 10.0]))] * target.count
        target.offsets = [draw(st.sampled_from([0.0, 5.0]))] * target.count


def elsewhere(path, draw):
    raster(path, crs=draw(st.sampled_from(["EPSG:3857", "EPSG:32630", None])))


RASTER = (tagged, south_up, with_band, of_type, with_scale, elsewhere)


def spoil_raster(path, draw):
    change = draw(st.sampled_from(RASTER))
    change(path, draw)
    return change is tagged


def spoil_text(path, draw):
    lines = path.read_text().splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("year"))
    cells = [line.split(",") for line in lines[start:]]
    kind = draw(
        st.sampled_from(["shuffled", "lost line", "lost cell", "word", "lost column", "dates"])
    )
    row = draw(st.integers(1, len(cells) - 1))
    column = draw(st.integers(0, len(cells[0]) - 1))
    if kind == "shuffled":
        order = [0, *draw(st.permutations(range(1, len(cells[0]))))]
        cells = [[line[i] for i in order] for line in cells]
    elif kind == "lost line":
        del cells[row]
    elif kind == "lost cell":
        del cells[row][column]
    elif kind == "word":
        cells[row][column] = draw(st.sampled_from(["n/a", "", "-99.99", "nan", "x"]))
    elif kind == "lost column":
        cells = [line[:column] + line[column + 1 :] for line in cells]
    else:
        cells = [[f"{line[0]}-{line[1]:0>2}", *line[2:]] for line in cells]
        cells[0][0] = "Date"
    path.write_text("\n".join([*lines[:start], *(",".join(line) for line in cells)]) + "\n")
    return kind in ("shuffled", "dates")


def cut(path, draw):
    whole = path.read_bytes()
    path.write_bytes(whole[: draw(st.integers(0, len(whole) - 1))])
    return False


def spoil(path, draw):
    """Spoil a file; True where it means the same as before."""
    if path.suffix != ".csv" and draw(st.integers(0, 5)) == 0:
        return cut(path, draw)
    spoiler = {".nc": spoil_netcdf, ".tif": spoil_raster, ".csv": spoil_text}[path.suffix]
    return spoiler(path, draw)


def same_numbers(came, valid):
    """Nothing differs where both have something; months at the ends may be gone."""
    for dim, axis in valid.coords.items():
        rounded = axis.dtype.kind == "f" and came.sizes[dim] == axis.size
        if rounded and np.allclose(came[dim], axis, rtol=0, atol=1e-9):  # from 0 to 360 degrees
            came = came.assign_coords({dim: axis})
    came, valid = xr.align(came, valid, join="inner", copy=False)
    xr.testing.assert_equal(came, valid)
    assert 0 not in came.sizes.values(), "nothing is left"


def check(name, place, draw):
    reader = READERS[name]
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(shutil.copytree(place, Path(folder) / "files"))
        path = draw(st.sampled_from(sorted(copy.iterdir())))
        harmless = spoil(path, draw)
        came, fault = attempt(reader.open, copy)
    if fault is None:
        same_numbers(came, reader.open(place))
        return
    assert is_sentence(fault), "".join(traceback.format_exception(fault))
    assert not harmless, f"refused although it means the same: {fault}"


def attempt(function, argument):
    """What a function returns, and what it raises, whatever it is."""
    try:
        return function(argument), None
    except Exception as fault:  # noqa: BLE001
        return None, fault


@pytest.mark.parametrize("name", READERS)
def test_a_spoilt_file_gives_the_same_numbers_or_a_sentence(name, places):
    @settings(max_examples=FEW, derandomize=True, **SETTINGS)
    @given(st.data())
    def spoilt(data):
        check(name, places[name], data.draw)

    spoilt()


@pytest.mark.slow
@pytest.mark.parametrize("name", READERS)
def test_many_spoilt_files_give_the_same_numbers_or_a_sentence(name, places):
    @settings(max_examples=MANY, **SETTINGS)
    @given(st.data())
    def spoilt(data):
        check(name, places[name], data.draw)

    spoilt()

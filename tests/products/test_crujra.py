"""Malformed files of the weather of CRU-JRA: each is refused in a sentence."""

import gzip

import numpy as np
import pytest
import xarray as xr

from pm_dalec.products import crujra
from pm_dalec.products.reading import windows

from .malformed import CLIMATE, Case, assert_refused, edited, moved, with_attribute

FIELDS = {
    "tmin": 275.0,
    "tmax": 285.0,
    "tmp": 280.0,
    "dswrf": 2e6,
    "spfh": 0.004,
    "pres": 1e5,
    "ugrd": 3.0,
    "vgrd": 4.0,
}


def written(folder, **changed):
    lat, lon = windows.grid_axes(crujra.GRID, CLIMATE)
    time = crujra.time_axis(2014)
    shape = (time.size, lat.size, lon.size)
    fields = {
        name: (("time", "lat", "lon"), np.full(shape, value, "float32"))
        for name, value in (FIELDS | changed).items()
    }
    meteorology = xr.Dataset(fields, {"time": time, "lat": lat, "lon": lon})
    for name in crujra.VARIABLES:
        meteorology[name].attrs["units"] = crujra.units_of(name)
    return crujra.write_crujra(folder, meteorology)


def gzipped(folder):
    path = written(folder)[0]
    packed = path.with_name(path.name + ".gz")
    packed.write_bytes(gzip.compress(path.read_bytes()))
    path.unlink()
    return folder


def opened(path):
    return crujra.open_crujra(path, window=CLIMATE, years=(2014,))


CASES = (
    Case(
        "weather still packed",
        lambda f: opened(gzipped(f)),
        ValueError,
        ("a gzip archive", "gunzip"),
    ),
    Case(
        "weather of a year that is not there",
        lambda f: (written(f), crujra.open_crujra(f, window=CLIMATE, years=(2014, 2015))),
        ValueError,
        ("tmin 2015", "8 files of years 2014 to 2014"),
    ),
    Case(
        "weather without wind",
        lambda f: opened([p for p in written(f) if "grd" not in p.name]),
        ValueError,
        ("ugrd 2014", "vgrd 2014"),
    ),
    Case(
        "weather of two versions",
        lambda f: (moved(written(f)[0], "crujra.v2.1.5d.tmin.2014.365d.noc.nc"), opened(f)),
        ValueError,
        ("files of one version", "v1.1, v2.1"),
    ),
    Case(
        "weather with a leap day",
        lambda f: opened([edited(p, lambda d: d.isel(time=slice(0, 1456))) for p in written(f)]),
        ValueError,
        ("1460 six-hourly steps", "1456"),
    ),
    Case(
        "radiation in megajoules",
        lambda f: (
            written(f),
            edited(
                f / "crujra.V1.1.5d.dswrf.2014.365d.noc.nc",
                with_attribute("dswrf", units="MJ m-2 d-1"),
            ),
            opened(f),
        ),
        ValueError,
        ("'dswrf' in 'J m-2'", "'MJ m-2 d-1'"),
    ),
    Case(
        "temperature in Celsius under the name of Kelvin",
        lambda f: (written(f, tmin=5.0), opened(f)),
        ValueError,
        ("'tmin' from 180 to 340 K", "such as 5"),
    ),
    Case(
        "weather of the sea",
        lambda f: (written(f, **dict.fromkeys(FIELDS, np.nan)), opened(f)),
        ValueError,
        ("CRU-JRA", "at least one valid cell"),
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_malformed_product_is_refused_in_a_sentence(case, tmp_path):
    assert_refused(case, tmp_path)

"""Malformed files of the biomass of ESA CCI: each is refused in a sentence."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from pm_dalec.products import biomass
from pm_dalec.products.reading import windows

from .malformed import (
    ELSEWHERE,
    WINDOW,
    Case,
    assert_refused,
    edited,
    grid,
    moved,
    raster_again,
    with_attribute,
)


def written(folder, *, value=100.0, version="2.0"):
    layer = grid(biomass.GRID, value)
    maps = xr.Dataset({"agb": layer, "agb_unc": layer})
    return biomass.write_biomass(folder, maps, year=2017, version=version)


def merged(folder, *, sigma="agb_se", years=(2010, 2017, 2018), step=1.0):
    lat, lon = windows.grid_axes(biomass.GRID, WINDOW)
    shape = (len(years), lat.size, lon.size)
    days = [(pd.Timestamp(year, 1, 1) - pd.Timestamp(1990, 1, 1)).days for year in years]
    dataset = xr.Dataset(
        {n: (("time", "lat", "lon"), np.full(shape, 50, "int16")) for n in ("agb", sigma)},
        {"time": ("time", days, {"units": "days since 1990-01-01"}), "lat": lat * step, "lon": lon},
    )
    path = folder / "ESACCI-BIOMASS-L4-AGB-MERGED-100m-fv2.0.nc"
    dataset.to_netcdf(path, engine="h5netcdf")
    return path


def opened(path):
    return biomass.open_biomass(path, window=WINDOW, year=2017)


CASES = (
    Case(
        "biomass of a year without map",
        lambda f: biomass.open_biomass(written(f), window=WINDOW, year=2015),
        ValueError,
        ("of 2015", "AGB 2017", "download the missing file"),
    ),
    Case(
        "biomass without its deviation",
        lambda f: opened(written(f)[:1]),
        ValueError,
        ("layer AGB_SD", "both layers are needed"),
    ),
    Case(
        "biomass of two versions",
        lambda f: opened(written(f) + written(f, version="3.0")),
        ValueError,
        ("one version", "fv2.0, fv3.0", "pass version="),
    ),
    Case(
        "biomass of a version that is not there",
        lambda f: biomass.open_biomass(written(f), window=WINDOW, year=2017, version="5.01"),
        ValueError,
        ("version fv5.01", "came fv2.0"),
    ),
    Case(
        "biomass of version 1",
        lambda f: opened([moved(p, p.name.replace("2.0", "1.0")) for p in written(f)]),
        ValueError,
        ("from 2 to 7", "fv1.0"),
    ),
    Case(
        "biomass tile absent",
        lambda f: biomass.open_biomass(written(f), window=ELSEWHERE, year=2017),
        ValueError,
        ("'x' from -6.02", "missing tile"),
    ),
    Case(
        "biomass as floats",
        lambda f: opened([raster_again(p, dtype="float32") for p in written(f)]),
        ValueError,
        ("uint16", "float32", "lost its coding"),
    ),
    Case(
        "biomass on another grid",
        lambda f: opened([raster_again(p, scale=2.0) for p in written(f)]),
        ValueError,
        ("regular spacing of 0.00088888889", "native resolution"),
    ),
    Case(
        "biomass of carbon",
        lambda f: opened(edited(merged(f), with_attribute("agb", units="MgC ha-1"))),
        ValueError,
        ("dry matter in Mg ha-1", "'MgC ha-1'", "0.48"),
    ),
    Case(
        "merged biomass without the year",
        lambda f: opened(merged(f, years=(2010, 2018))),
        ValueError,
        ("the map of 2017", "2010, 2018"),
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_malformed_product_is_refused_in_a_sentence(case, tmp_path):
    assert_refused(case, tmp_path)

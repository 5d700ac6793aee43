"""Malformed files of the scenarios of UKESM: each is refused in a sentence."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from pm_dalec.products import ukesm
from pm_dalec.products.reading import windows

from .malformed import CLIMATE, Case, assert_refused, edited, moved, with_attribute


def written(folder, **changed):
    lat, lon = windows.grid_axes(ukesm.GRID, CLIMATE)
    months = pd.date_range("2015-01-01", "2016-12-01", freq="MS")
    values = {"tasmin": 278.0, "tasmax": 286.0, "rsds": 100.0, "huss": 0.005, "ps": 1e5}
    values = values | {"sfcWind": 4.0} | changed
    shape = (months.size, lat.size, lon.size)
    fields = {n: (("time", "lat", "lon"), np.full(shape, v)) for n, v in values.items()}
    fields["co2mass"] = ("time", np.full(months.size, 3.2e15))
    monthly = xr.Dataset(fields, {"time": months, "lat": lat, "lon": lon})
    return {path.name.split("_")[0]: path for path in ukesm.write_ukesm(folder, monthly)}


def opened(path):
    return ukesm.open_ukesm(path, window=CLIMATE)


CASES = (
    Case(
        "scenario of another calendar",
        lambda f: opened(
            [edited(p, with_attribute("time", calendar="noleap")) for p in written(f).values()]
        ),
        ValueError,
        ("'360_day'", "'noleap'"),
    ),
    Case(
        "scenario of another model",
        lambda f: opened(
            [moved(p, p.name.replace("UKESM1-0-LL", "MPI-ESM1-2-LR")) for p in written(f).values()]
        ),
        ValueError,
        ("UKESM1-0-LL", "MPI-ESM1-2-LR"),
    ),
    Case(
        "scenario that is not there",
        lambda f: (written(f), ukesm.open_ukesm(f, window=CLIMATE, scenario="ssp585")),
        ValueError,
        ("for ssp585", "ssp245", "pass scenario="),
    ),
    Case(
        "scenario with a variable of fewer months",
        lambda f: (edited(written(f)["ps"], lambda d: d.isel(time=slice(0, 12))), opened(f)),
        ValueError,
        ("same months", "12 months", "variable ps"),
    ),
    Case(
        "scenario in other units",
        lambda f: (edited(written(f)["tasmin"], with_attribute("tasmin", units="degC")), opened(f)),
        ValueError,
        ("'tasmin' in 'K'", "'degC'"),
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_malformed_product_is_refused_in_a_sentence(case, tmp_path):
    assert_refused(case, tmp_path)

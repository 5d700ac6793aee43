"""Malformed files of the leaf area of Copernicus: each is refused in a sentence."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from pm_dalec.products import lai300

from .malformed import (
    ELSEWHERE,
    WINDOW,
    Case,
    assert_refused,
    edited,
    grid,
    moved,
    text_file,
    with_attribute,
)


def written(folder, *, date="2014-06-10", value=2.0, version="1.0.1"):
    layer = grid(lai300.GRID, value).expand_dims(time=[pd.Timestamp(date)])
    dekads = xr.Dataset({"lai": layer, "lai_unc": layer * 0.2})
    return lai300.write_lai300(folder, dekads, version=version)[0]


def opened(path):
    return lai300.open_lai300(path, window=WINDOW)


CASES = (
    Case(
        "window of text",
        lambda f: lai300.open_lai300(written(f), window="UK"),
        ValueError,
        ("window", "'UK'", "four numbers"),
    ),
    Case(
        "window upside down",
        lambda f: lai300.open_lai300(f, window=(-3, 56, -2, 55)),
        ValueError,
        ("south < north", "(-3, 56, -2, 55)"),
    ),
    Case(
        "window of three numbers",
        lambda f: lai300.open_lai300(f, window=(-3, 55, -2)),
        ValueError,
        ("west, south, east, north", "argument window"),
    ),
    Case(
        "window beyond the pole",
        lambda f: lai300.open_lai300(f, window=(-3, 55, -2, 91)),
        ValueError,
        ("-90..90",),
    ),
    Case(
        "window off the file",
        lambda f: lai300.open_lai300(written(f), window=ELSEWHERE),
        ValueError,
        ("'lon' from -6.02", "add the missing tile"),
    ),
    Case("no path", lambda f: opened(3), TypeError, ("a path or a list", "int")),
    Case("empty list", lambda f: opened([]), ValueError, ("came none", "pass a folder")),
    Case(
        "absent file",
        lambda f: opened(f / "c_gls.nc"),
        FileNotFoundError,
        ("existing file", "correct the path"),
    ),
    Case(
        "empty folder",
        lambda f: opened(f),
        ValueError,
        ("0 files with other names", "keep the distributor's file names"),
    ),
    Case(
        "renamed file",
        lambda f: opened(moved(written(f), "lai_june.nc")),
        ValueError,
        ("'lai_june.nc'", "GLOBE_PROBAV"),
    ),
    Case(
        "version 2",
        lambda f: opened(moved(written(f), "c_gls_LAI300_201406100000_GLOBE_PROBAV_V2.0.1.nc")),
        ValueError,
        ("version 1.0.1", "2.0.1", "coded differently"),
    ),
    Case(
        "date inside a dekad",
        lambda f: opened(moved(written(f), "c_gls_LAI300_201406150000_GLOBE_PROBAV_V1.0.1.nc")),
        ValueError,
        ("10, 20, last day", "20140615"),
    ),
    Case(
        "two versions of a dekad",
        lambda f: opened([written(f), written(f, version="1.1.1")]),
        ValueError,
        ("one file a dekad", "2014-06-10", "near-real-time"),
    ),
    Case(
        "error page for a file",
        lambda f: opened(text_file(f, "c_gls_LAI300_201406100000_GLOBE_PROBAV_V1.0.1.nc")),
        ValueError,
        ("a NetCDF file", "error page"),
    ),
    Case(
        "scaled copy",
        lambda f: opened(edited(written(f), lambda d: d.assign(LAI=d["LAI"].astype("float32")))),
        ValueError,
        ("8-bit", "float32", "rescaled"),
    ),
    Case(
        "other scale factor",
        lambda f: opened(edited(written(f), with_attribute("LAI", scale_factor=0.1))),
        ValueError,
        ("as the product codes it", "scale factor 0.1"),
    ),
    Case(
        "variable absent",
        lambda f: opened(edited(written(f), lambda d: d.drop_vars("RMSE"))),
        KeyError,
        ("RMSE", "only", "QFLAG"),
    ),
    Case(
        "1 km copy",
        lambda f: opened(edited(written(f), lambda d: d.isel(lat=slice(0, 8, 3)))),
        ValueError,
        ("regular spacing of 0.00297619", "native resolution"),
    ),
    Case(
        "sea",
        lambda f: opened(written(f, value=np.nan)),
        ValueError,
        ("at least one valid cell", "over land"),
    ),
    Case(
        "unknown quality name",
        lambda f: lai300.open_lai300(written(f), window=WINDOW, reject=("clouds",)),
        KeyError,
        ("water", "clouds"),
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_malformed_product_is_refused_in_a_sentence(case, tmp_path):
    assert_refused(case, tmp_path)


def test_paths_in_messages_are_whole(tmp_path):
    path = Path(tmp_path) / "lai_june.nc"
    path.write_text("x")
    with pytest.raises(ValueError, match="lai_june") as caught:
        opened(path)
    assert str(path) in str(caught.value)

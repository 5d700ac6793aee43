"""Malformed files of the burned area of MCD64A1: each is refused in a sentence."""

import numpy as np
import pandas as pd
import pytest

from pm_dalec.products import mcd64a1
from pm_dalec.products.modis import sinusoidal

from .malformed import WINDOW, Case, assert_refused, grid, moved, raster_again, text_file


def written(folder, *, value=0.0, date="2014-02-01"):
    layer = grid(mcd64a1.GRID, value, ("y", "x"))
    return mcd64a1.write_mcd64a1(folder, layer.expand_dims(time=[pd.Timestamp(date)]))[0]


def opened(path):
    return mcd64a1.open_mcd64a1(path, window=WINDOW)


CASES = (
    Case(
        "burned area of collection 6",
        lambda f: opened(moved(written(f), "MCD64A1.A2014032.h17v03.006_Burn_Date.tif")),
        ValueError,
        ("collection 061", "006"),
    ),
    Case(
        "burned area of mid-month",
        lambda f: opened(moved(written(f), "MCD64A1.A2014040.h17v03.061_Burn_Date.tif")),
        ValueError,
        ("first day of a month", "A2014040"),
    ),
    Case(
        "burn date outside its month",
        lambda f: opened(moved(written(f, value=1.0), "MCD64A1.A2014060.h17v03.061_Burn_Date.tif")),
        ValueError,
        ("burn dates from 60 to 90", "such as 46"),
    ),
    Case(
        "burned area all missing",
        lambda f: opened(written(f, value=np.nan)),
        ValueError,
        ("at least one valid cell", "flag or sea"),
    ),
    Case(
        "burned area on the wrong sphere",
        lambda f: opened(raster_again(written(f), crs=mcd64a1.CRS.replace("6371007", "6378137"))),
        ValueError,
        ("+R=6371007.181", "reprojected"),
    ),
    Case(
        "broken HDF4 archive",
        lambda f: opened(text_file(f, "MCD64A1.A2014032.h17v03.061.2021309000505.hdf")),
        (ValueError, ModuleNotFoundError),
        ("HDF4",),
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_malformed_product_is_refused_in_a_sentence(case, tmp_path):
    assert_refused(case, tmp_path)


def test_hdf4_without_its_reader_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr(sinusoidal, "find_spec", lambda name: None)
    path = text_file(tmp_path, "MCD64A1.A2014032.h17v03.061.2021309000505.hdf")
    with pytest.raises(ModuleNotFoundError, match=r"pip install pm_dalec\[hdf4\]"):
        opened(path)

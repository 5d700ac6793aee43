"""Malformed files of the soil density of SoilGrids: each is refused in a sentence."""

import numpy as np
import pytest
import xarray as xr

from pm_dalec.products import soilgrids

from .malformed import WINDOW, Case, assert_refused, grid, moved, raster_again


def written(folder, *, value=30.0):
    layer = grid(soilgrids.GRID, value, ("y", "x"))
    layer = layer.expand_dims(depth=list(soilgrids.DEPTHS))
    profile = xr.Dataset({name: layer for name in ("ocd", "ocd_low", "ocd_high")})
    return soilgrids.write_soilgrids(folder, profile)


def opened(path):
    return soilgrids.open_soilgrids(path, window=WINDOW)


CASES = (
    Case(
        "soil of another property",
        lambda f: opened([moved(p, p.name.replace("ocd", "soc")) for p in written(f)]),
        ValueError,
        ("property ocd", "soc", "ocs ends at 30 cm"),
    ),
    Case(
        "soil with layers missing",
        lambda f: opened(written(f)[2:]),
        ValueError,
        ("15 layers", "ocd_0-5cm_mean", "download"),
    ),
    Case(
        "soil in latitude and longitude",
        lambda f: opened([raster_again(p, crs="EPSG:4326") for p in written(f)]),
        ValueError,
        ("+proj=igh", "EPSG:4326", "native grid"),
    ),
    Case(
        "soil under the sea",
        lambda f: opened(written(f, value=np.nan)),
        ValueError,
        ("SoilGrids 2.0", "at least one valid cell"),
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_malformed_product_is_refused_in_a_sentence(case, tmp_path):
    assert_refused(case, tmp_path)

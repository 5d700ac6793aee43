"""Malformed files of the forest loss of Hansen: each is refused in a sentence."""

import pytest

from pm_dalec.products import hansen

from .malformed import WINDOW, Case, assert_refused, grid, raster_again, text_file


def written(folder, *, value=2014, version=hansen.VERSION):
    layer = grid(hansen.GRID, value)
    return hansen.write_hansen(folder, layer, version=version)[0]


def opened(path):
    return hansen.open_hansen(path, window=WINDOW)


CASES = (
    Case(
        "loss of an unknown layer",
        lambda f: hansen.open_hansen(f, window=WINDOW, layer="height"),
        KeyError,
        ("lossyear", "'height'"),
    ),
    Case(
        "loss of another release",
        lambda f: opened(written(f, version="GFC-2023-v1.11")),
        ValueError,
        ("GFC-2019-v1.7", "GFC-2023-v1.11", "pass version="),
    ),
    Case(
        "release that is none",
        lambda f: hansen.open_hansen(f, window=WINDOW, version="1.7"),
        ValueError,
        ("'1.7'", "argument version"),
    ),
    Case(
        "loss without the layer",
        lambda f: hansen.open_hansen(written(f), window=WINDOW, layer="gain"),
        ValueError,
        ("layer gain", "lossyear"),
    ),
    Case(
        "loss tile absent",
        lambda f: hansen.open_hansen(written(f), window=(0.1, 54.9, 0.2, 55.0)),
        ValueError,
        ("tile 60N_000E", "60N_010W", "download the missing tile"),
    ),
    Case(
        "loss after the release",
        lambda f: opened(written(f, value=2021)),
        ValueError,
        ("0 to 19", "21", "another one"),
    ),
    Case(
        "loss in a year before the release",
        lambda f: hansen.loss_in_year(opened(written(f)), 2000),
        ValueError,
        ("2001 to 2019", "2000"),
    ),
    Case(
        "loss without a coordinate system",
        lambda f: opened(raster_again(written(f), crs="")),
        ValueError,
        ("a raster without one", "gdal_edit.py"),
    ),
    Case(
        "error page for a tile",
        lambda f: opened(text_file(f, "Hansen_GFC-2019-v1.7_lossyear_60N_010W.tif")),
        ValueError,
        ("a GeoTIFF", "error page"),
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_malformed_product_is_refused_in_a_sentence(case, tmp_path):
    assert_refused(case, tmp_path)

"""Malformed files of the land cover of LCM2015: each is refused in a sentence."""

import pytest
import xarray as xr

from pm_dalec.products import landcover

from .malformed import ELSEWHERE, WINDOW, Case, assert_refused, grid, raster_again


def written(folder, *, value=2):
    classes = grid(landcover.GRIDS[25], value, ("y", "x"), "uint8")
    probability = grid(landcover.GRIDS[25], 80.0, ("y", "x"))
    maps = xr.Dataset({"land_cover": classes, "probability": probability})
    return landcover.write_lcm2015(folder, maps)[0]


def opened(path):
    return landcover.open_lcm2015(path, window=WINDOW)


CASES = (
    Case(
        "land cover at another resolution",
        lambda f: landcover.open_lcm2015(f, window=WINDOW, resolution=100),
        ValueError,
        ("25 or 300 m", "100"),
    ),
    Case(
        "land cover of 25 m called 300 m",
        lambda f: landcover.open_lcm2015(written(f), window=WINDOW, resolution=300),
        ValueError,
        ("spacing of 300", "25"),
    ),
    Case(
        "land cover of one band",
        lambda f: opened(raster_again(written(f), bands=1)),
        ValueError,
        ("2 bands", "came 1"),
    ),
    Case(
        "land cover with unknown classes",
        lambda f: opened(written(f, value=23)),
        ValueError,
        ("classes of LCM2015", "such as 23", "product and year"),
    ),
    Case(
        "land cover of the sea",
        lambda f: opened(written(f, value=0)),
        ValueError,
        ("at least one valid cell", "over land"),
    ),
    Case(
        "land cover in web mercator",
        lambda f: opened(raster_again(written(f), crs="EPSG:3857")),
        ValueError,
        ("EPSG:27700", "EPSG:3857"),
    ),
    Case(
        "land cover off the window",
        lambda f: landcover.open_lcm2015(written(f), window=ELSEWHERE),
        ValueError,
        ("'x' from", "window inside the files"),
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_malformed_product_is_refused_in_a_sentence(case, tmp_path):
    assert_refused(case, tmp_path)

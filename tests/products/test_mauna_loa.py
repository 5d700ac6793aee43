"""Malformed files of the carbon dioxide of Mauna Loa: each is refused in a sentence."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from pm_dalec.products import mauna_loa

from .malformed import Case, assert_refused


def written(folder, text=None):
    path = folder / "co2_mm_mlo.txt"
    months = pd.date_range("2014-01-01", "2014-12-01", freq="MS")
    mauna_loa.write_mauna_loa(path, xr.DataArray(np.full(12, 400.0), {"time": months}, ("time",)))
    if text is not None:
        path.write_text(text(path.read_text()))
    return path


CASES = (
    Case(
        "annual CO2",
        lambda f: mauna_loa.open_mauna_loa(written(f, lambda _: "# annual\n2014 398.65 0.12\n")),
        ValueError,
        ("7 columns", "8 (present layout)", "rows of 3 columns"),
    ),
    Case(
        "CO2 with a month lost",
        lambda f: mauna_loa.open_mauna_loa(
            written(
                f,
                lambda t: "".join(
                    line for line in t.splitlines(True) if not line.startswith("2014  5 ")
                ),
            )
        ),
        ValueError,
        ("consecutive months", "after 2014-04"),
    ),
    Case(
        "CO2 with words",
        lambda f: mauna_loa.open_mauna_loa(written(f, lambda t: t.replace("400.00", "n/a", 1))),
        ValueError,
        ("wanted numbers", "n/a", "line 2"),
    ),
    Case(
        "CO2 with missing months not filled",
        lambda f: mauna_loa.open_mauna_loa(written(f, lambda t: t.replace("400.00", "-99.99", 1))),
        ValueError,
        ("280 to 1000 ppm", "-99.99 in 2014-01"),
    ),
    Case(
        "CO2 that ends too early",
        lambda f: mauna_loa.open_mauna_loa(written(f), start="2014-01", end="2015-12"),
        ValueError,
        ("2014-01 to 2015-12", "2014-01 to 2014-12", "newer file"),
    ),
    Case(
        "CO2 of an empty file",
        lambda f: mauna_loa.open_mauna_loa(written(f, lambda _: "# nothing\n")),
        ValueError,
        ("no data lines",),
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_malformed_product_is_refused_in_a_sentence(case, tmp_path):
    assert_refused(case, tmp_path)

"""A region of free products alone, from files to an opened region; and months without a file."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from pm_dalec.cli.main import main
from pm_dalec.data.land import units_of
from pm_dalec.landscape.from_products.region import build_from_config
from pm_dalec.landscape.region_file import open_region
from pm_dalec.landscape.twin.twin import make_twin
from pm_dalec.products import lc100, mcd64a1
from pm_dalec.products.modis import leaf_area, mcd12q1
from pm_dalec.products.reading import windows
from pm_dalec.testing import product_files

WINDOW = (-3.2, 54.9, -3.1, 55.0)
DRIVERS = """
[region]
resolution = 0.05
bounds = [-3.2, 54.9, -3.1, 55.0]
years = [2017, 2017]
[meteorology]
path = "crujra"
[co2]
path = "co2_mm_mlo.txt"
"""
LEAVES = '[lai]\nproduct = "modis"\npath = "modis"\n'
IGBP = '[land_cover]\nproduct = "mcd12q1"\npath = "cover"\nyear = 2017\n'
LC100 = '[land_cover]\nproduct = "lc100"\npath = "lc100"\n'
FIRE = '[burned_area]\npath = "fire"\n'


def halves(grid, west, east, names):
    """Map of two classes, the western and the eastern half of the window."""
    y, x = windows.grid_axes(grid, WINDOW)
    columns = np.broadcast_to(
        np.where(np.arange(x.size) < x.size / 2, west, east), (y.size, x.size)
    )
    return xr.DataArray(columns, dict(zip(names, (y, x), strict=True)), names)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("free")
    arrays = product_files.twin_arrays(make_twin(3), window=WINDOW, years=(2017,))
    (place / "twin").mkdir()
    product_files.write_twin_products(place / "twin", arrays)
    for name in ("crujra", "co2_mm_mlo.txt"):
        (place / "twin" / name).rename(place / name)
    for name in ("modis", "cover", "lc100", "fire"):
        (place / name).mkdir()
    # needleleaf forest and grass, leaf area 4 and 1, all of March under cloud
    mcd12q1.write_mcd12q1(place / "cover", halves(mcd12q1.GRID, 1, 10, ("y", "x")), year=2017)
    mcd12q1.write_mcd12q1(place / "cover", halves(mcd12q1.GRID, 12, 12, ("y", "x")), year=2018)
    lc100.write_lc100(place / "lc100", halves(lc100.GRID, 111, 30, ("lat", "lon")))
    days = pd.date_range("2017-01-01", "2017-12-27", freq="8D")
    leaves = halves(leaf_area.GRID, 4.0, 1.0, ("y", "x")).expand_dims(time=days)
    middle = leaves["time"] + np.timedelta64(4, "D")
    cloudy = xr.zeros_like(leaves).where(middle.dt.month != 3, 1 << 3)
    series = xr.Dataset({"lai": leaves, "lai_unc": leaves * 0 + 0.4, "quality_flag": cloudy})
    leaf_area.write_modis_lai(place / "modis", series, tile=None)
    burned = halves(mcd64a1.GRID, 1.0, 0.0, ("y", "x"))
    months = burned.expand_dims(time=pd.to_datetime(["2017-01-01", "2017-02-01", "2017-06-01"]))
    mcd64a1.write_mcd64a1(place / "fire", months)
    return place


def plan(folder, *tables):
    path = folder / "plan.toml"
    path.write_text(DRIVERS + "".join(tables))
    return path


@pytest.mark.parametrize("cover", [IGBP, LC100], ids=["mcd12q1", "lc100"])
def test_a_region_of_free_products_has_their_strata_and_leaf_area(cover, folder, tmp_path):
    out = tmp_path / "region.nc"
    assert not main(["region", str(plan(folder, cover, LEAVES)), "--out", str(out)])
    strata = units_of(open_region(out), ("stratum", "pixel"))
    shares = strata["area_fraction"].sel(stratum=["conifer", "heath"])
    np.testing.assert_allclose(shares.sum("stratum"), 1.0)
    west = (strata["lon"] < -3.15).values
    np.testing.assert_array_less(0.9, shares.sel(stratum="conifer").values[west])
    np.testing.assert_array_less(0.9, shares.sel(stratum="heath").values[~west])
    lai = strata["lai"].mean("pixel")
    seen = lai["time"].dt.month.values != 3
    np.testing.assert_allclose(lai.sel(stratum="conifer")[seen], 4.0, atol=0.2)
    np.testing.assert_allclose(lai.sel(stratum="heath")[seen], 1.0, atol=0.2)
    assert bool(lai[~seen].sel(stratum="conifer").isnull().all()), "March was under cloud"
    assert strata["lai_unc"].min() >= 0.39
    assert strata["lai"].attrs["product_version"] == "MCD15A2H collection 061"


def test_months_without_a_file_are_said_once_and_named(folder):
    with pytest.warns(UserWarning, match="none for 9: 2017-03") as said:
        region = build_from_config(plan(folder, IGBP, FIRE))
    (text,) = [str(each.message) for each in said]
    for month in ("2017-03", "2017-04", "2017-05", "2017-07", "2017-12"):
        assert month in text
    assert "2017-06" not in text
    burned = region["pixels/burned_fraction"]
    assert burned.attrs["months_without_file"] == 9
    assert float(burned.sel(time="2017-06-01").max()) > 0.9


def test_zeros_may_be_asked_for_and_a_refusal_too(folder):
    region = build_from_config(plan(folder, IGBP, FIRE, 'absent = "zero"\n'))
    assert region["pixels/burned_fraction"].attrs["months_without_file"] == 9
    with pytest.raises(ValueError, match="none for 9: 2017-03"):
        build_from_config(plan(folder, IGBP, FIRE, 'absent = "refuse"\n'))


def test_a_folder_of_other_years_is_no_year_without_fire(folder, tmp_path):
    burned = halves(mcd64a1.GRID, 1.0, 0.0, ("y", "x"))
    months = burned.expand_dims(time=pd.to_datetime(["2010-01-01"]))
    mcd64a1.write_mcd64a1(tmp_path, months)
    table = FIRE.replace('"fire"', f'"{tmp_path}"')
    with pytest.raises(ValueError, match="none for 12"):
        build_from_config(plan(folder, IGBP, table))


def test_an_unknown_product_of_leaf_area_is_named(folder):
    with pytest.raises(KeyError, match="lai300, modis"):
        build_from_config(plan(folder, IGBP, LEAVES.replace('"modis"\np', '"avhrr"\np')))


def test_biomass_of_no_year_of_the_region_is_refused(folder):
    table = '[biomass]\npath = "modis"\nyears = [2010]\n'
    with pytest.raises(ValueError, match=r"2017 to 2017, came years = \[2010\]"):
        build_from_config(plan(folder, IGBP, table))

"""Files that look like the product asked for and are another, and tags that lie: right, or refused."""

import numpy as np
import pandas as pd
import pytest
import rasterio
import xarray as xr

from pm_dalec.products import (
    biomass,
    hansen,
    landcover,
    lc100,
    mauna_loa,
    mcd64a1,
    soilgrids,
    ukesm,
)
from pm_dalec.products.modis import leaf_area, mcd12q1
from pm_dalec.products.reading import windows, written

from .malformed import CLIMATE, WINDOW, edited, grid, moved
from .valid import READERS, cells, co2_file, igbp_file, lc100_file, lccs_file, scenario_files


def tagged(path, tag):
    """Give a GeoTIFF another tag for missing values."""
    with rasterio.open(path, "r+") as target:
        target.nodata = tag
    return path


def test_a_tag_of_zero_does_not_turn_unlost_cells_into_missing_ones(tmp_path):
    lost = cells(hansen.GRID, [0] * 9 + [2014])
    path = tagged(hansen.write_hansen(tmp_path, lost)[0], 0)
    came = hansen.loss_in_year(hansen.open_hansen(path, window=WINDOW), 2014)
    assert float(came.mean()) == pytest.approx(float((lost == 2014).mean()))


@pytest.mark.parametrize("layer", ["treecover2000", "gain", "datamask"])
@pytest.mark.parametrize("tag", [0, 1])
def test_no_code_of_a_layer_of_forest_change_is_missing(layer, tag, tmp_path):
    wanted = cells(hansen.GRID, [0, 1])
    path = tagged(hansen.write_hansen(tmp_path, wanted, layer=layer)[0], tag)
    came = hansen.open_hansen(path, window=WINDOW, layer=layer)
    np.testing.assert_array_equal(came, wanted)


def test_a_tag_outside_the_codes_is_missing(tmp_path):
    stored = cells(hansen.GRID, np.array([0, 14, 255], "uint8"))
    path = tmp_path / "Hansen_GFC-2019-v1.7_lossyear_60N_010W.tif"
    written.write_geotiff(path, [stored], crs=windows.WGS84, dtype="uint8", nodata=255)
    came = hansen.open_hansen(path, window=WINDOW)
    np.testing.assert_array_equal(came.isnull(), stored == 255)


def test_a_tag_of_zero_does_not_turn_unburned_cells_into_missing_ones(tmp_path):
    burned = cells(mcd64a1.GRID, [0.0, 1.0], ("y", "x"))
    series = burned.expand_dims(time=[pd.Timestamp("2014-09-01")])
    path = tagged(mcd64a1.write_mcd64a1(tmp_path, series)[0], 0)
    came = mcd64a1.open_mcd64a1(path, window=WINDOW)
    np.testing.assert_array_equal(came[0], burned)
    came = mcd64a1.open_mcd64a1(tagged(path, 258), window=WINDOW)  # the day that burned
    np.testing.assert_array_equal(came[0], burned)


def test_a_tag_of_zero_does_not_turn_bare_land_into_missing_biomass(tmp_path):
    maps = xr.Dataset({name: cells(biomass.GRID, [0.0, 50.0]) for name in ("agb", "agb_unc")})
    paths = [tagged(path, 0) for path in biomass.write_biomass(tmp_path, maps, year=2017)]
    came = biomass.open_biomass(paths, window=WINDOW, year=2017)
    for name in ("agb", "agb_unc"):
        np.testing.assert_array_equal(came[name], maps[name])


def test_a_tag_of_zero_is_missing_soil(tmp_path):
    READERS["soilgrids"].write(tmp_path)
    path = tmp_path / "ocd_0-5cm_mean.tif"
    with rasterio.open(path, "r+") as target:
        stored = target.read(1)
        stored[3, 4] = 0
        target.write(stored, 1)
    assert soilgrids.open_soilgrids(tmp_path, window=WINDOW)["ocd"].notnull().all()
    tagged(path, 0)
    came = soilgrids.open_soilgrids(tmp_path, window=WINDOW)["ocd"]
    assert int(came.isnull().sum()) == 1


@pytest.mark.parametrize("version", ["2.1.1", "2.0.7cds"])
def test_c3s_land_cover_has_a_time_axis_and_signed_bytes(version, tmp_path):
    path = lccs_file(tmp_path, version=version)
    came = landcover.open_esa_cci_landcover(path, window=WINDOW)
    assert came["land_cover"].dims == ("lat", "lon")
    assert set(np.unique(came["lccs_class"])) == {10, 70, 130, 190, 210}
    assert came.attrs["product_version"] == version
    assert came.attrs["year"] == 2018


def test_land_cover_of_several_years_is_asked_about(tmp_path):
    lccs_file(tmp_path, year=2018)
    lccs_file(tmp_path, year=2019)
    with pytest.raises(ValueError, match=r"came 2 files of 2018, 2019 .*pass year="):
        landcover.open_esa_cci_landcover(tmp_path, window=WINDOW)
    came = landcover.open_esa_cci_landcover(tmp_path, window=WINDOW, year=2019)
    assert came.attrs["year"] == 2019
    with pytest.raises(ValueError, match="one map of 2015, came 2 files of 2018, 2019"):
        landcover.open_esa_cci_landcover(tmp_path, window=WINDOW, year=2015)


def test_a_land_cover_file_of_two_times_is_refused(tmp_path):
    path = edited(lccs_file(tmp_path), lambda d: xr.concat([d, d], dim="time"))
    with pytest.raises(ValueError, match=r"'time' of length 2.* keep one entry along 'time'"):
        landcover.open_esa_cci_landcover(path, window=WINDOW)


def lcm(folder, codes, name):
    classes = cells(landcover.GRIDS[25], np.asarray(codes, "uint8"), ("y", "x"))
    maps = xr.Dataset({"land_cover": classes, "probability": grid_of(classes)})
    return moved(landcover.write_lcm2015(folder, maps)[0], name), classes


def grid_of(classes):
    return xr.full_like(classes, 80.0, dtype=float)


def test_bog_and_montane_land_of_2007_are_heath_and_its_sea_is_masked(tmp_path):
    path, stored = lcm(tmp_path, [2, 12, 13, 14, 15, 16, 22, 23], "lcm2007gb25m.tif")
    came = landcover.open_lcm2015(path, window=WINDOW)
    assert came.attrs["product_version"] == "2007"
    pairs = {2: 2, 12: 11, 13: 12, 14: 12, 15: 13, 16: 14, 22: 20, 23: 21}
    np.testing.assert_array_equal(came["land_cover"], np.vectorize(pairs.get)(stored))


@pytest.mark.parametrize(
    "name", ["gblcm25m2020.tif", "gb2018lcm25m.tif", "lcm-2021-25m_4437530.tif"]
)
def test_the_maps_of_2015_on_have_one_table(name, tmp_path):
    path, stored = lcm(tmp_path, [1, 12, 13], name)
    came = landcover.open_lcm2015(path, window=WINDOW)
    np.testing.assert_array_equal(came["land_cover"], stored)
    assert came.attrs["product_version"] in name


def test_a_land_cover_map_of_another_table_or_year_is_refused(tmp_path):
    path, _ = lcm(tmp_path, [1, 2], "LCM2000_25m.tif")
    with pytest.raises(ValueError, match=r"came 2000 .*other codes"):
        landcover.open_lcm2015(path, window=WINDOW)
    path, _ = lcm(tmp_path, [1, 2], "cover.tif")
    with pytest.raises(ValueError, match=r"names without a year .*pass year="):
        landcover.open_lcm2015(path, window=WINDOW)
    assert landcover.open_lcm2015(path, window=WINDOW, year=2019).attrs["product_version"] == "2019"
    path, _ = lcm(tmp_path, [1, 2], "lcm2007gb25m.tif")
    with pytest.raises(ValueError, match=r"a map of 2015, .* came 2007"):
        landcover.open_lcm2015(path, window=WINDOW, year=2015)


def test_scenario_files_of_other_channels_open_by_what_is_inside(tmp_path):
    scenario_files(tmp_path)
    wanted = ukesm.open_ukesm(tmp_path, window=CLIMATE)
    for path in sorted(tmp_path.iterdir()):
        moved(path, path.name.replace("201501-201512", "20150116-20151216_v20190507"))
    came = ukesm.open_ukesm(tmp_path, window=CLIMATE)
    xr.testing.assert_identical(came, wanted)
    assert came.sizes["time"] == 12


def test_co2_is_the_column_that_the_header_calls_average(tmp_path):
    path = co2_file(tmp_path)
    wanted = mauna_loa.open_mauna_loa(path)
    lines = [line.rsplit(",", 1)[0] for line in path.read_text().splitlines()]
    head = lines[1].split(",")
    assert len(head) == 7
    lowered = []
    for line in lines[2:]:
        row = line.split(",")
        row[4] = f"{float(row[4]) - 3:.2f}"
        lowered.append(",".join(row))
    path.write_text("\n".join([*lines[:2], *lowered]))
    xr.testing.assert_equal(mauna_loa.open_mauna_loa(path), wanted)
    path.write_text("\n".join(lowered))  # seven columns, and nobody says which
    xr.testing.assert_equal(mauna_loa.open_mauna_loa(path), wanted)


def test_co2_of_the_data_hub_has_dates_and_a_header_that_is_short(tmp_path):
    path = co2_file(tmp_path)
    wanted = mauna_loa.open_mauna_loa(path)
    rows = [line.split(",") for line in path.read_text().splitlines()[2:]]
    dated = [",".join([f"{row[0]}-{int(row[1]):02d}", *row[2:]]) for row in rows]
    head = "Date,Decimal Date,Average,Interpolated,Trend,Number of Days"
    path.write_text("\n".join([head, *dated]))
    xr.testing.assert_equal(mauna_loa.open_mauna_loa(path), wanted)


def test_the_mean_over_the_globe_is_not_mauna_loa(tmp_path):
    path = tmp_path / "co2_mm_gl.csv"
    head = "year,month,decimal,average,average_unc,trend,trend_unc"
    path.write_text(head + "\n2014,1,2014.042,397.5,0.1,397.1,0.06\n")
    with pytest.raises(ValueError, match="the mean over the globe"):
        mauna_loa.open_mauna_loa(path)
    path.write_text("2014,1,2014.042,397.5,0.1,397.1,0.06\n")
    with pytest.raises(ValueError, match="rows of 7 columns"):
        mauna_loa.open_mauna_loa(path)


def test_a_column_called_interpolated_that_is_another_is_refused(tmp_path):
    path = tmp_path / "co2.csv"
    path.write_text("Date,Decimal Date,Average,Interpolated\n2014-01,2014.042,397.5,399.1\n")
    with pytest.raises(ValueError, match="differs from the averages"):
        mauna_loa.open_mauna_loa(path)


@pytest.mark.parametrize("version", ["3.0", "4.0", "5.01", "6.0", "7.0"])
def test_later_versions_of_biomass_open_and_say_which(version, tmp_path):
    layer = grid(biomass.GRID, 100.0)
    maps = xr.Dataset({"agb": layer, "agb_unc": layer / 2})
    biomass.write_biomass(tmp_path, maps, year=2020, version=version)
    came = biomass.open_biomass(tmp_path, window=WINDOW, year=2020)
    assert came.attrs["product_version"] == f"v{version}"


def test_other_layers_of_modis_land_cover_are_refused(tmp_path):
    igbp_file(tmp_path)
    path = next(tmp_path.iterdir())
    moved(path, path.name.replace("LC_Type1", "LC_Type2"))
    with pytest.raises(ValueError, match=r"wanted the layer LC_Type1 .* came LC_Type2"):
        mcd12q1.open_mcd12q1(tmp_path, window=WINDOW)


def test_cover_fractions_of_lc100_are_refused(tmp_path):
    lc100_file(tmp_path)
    path = next(tmp_path.iterdir())
    moved(path, path.name.replace("Discrete-Classification-map", "Tree-CoverFraction-layer"))
    with pytest.raises(ValueError, match="keep the distributor's file names"):
        lc100.open_lc100(tmp_path, window=WINDOW)


def test_two_products_of_leaf_area_in_a_folder_are_refused(tmp_path):
    READERS["modis"].write(tmp_path)
    for path in sorted(tmp_path.iterdir()):
        path.with_name(path.name.replace("MCD", "MOD")).write_bytes(path.read_bytes())
    with pytest.raises(ValueError, match="files of one product, came MCD15A2H, MOD15A2H"):
        leaf_area.open_modis_lai(tmp_path, window=WINDOW)

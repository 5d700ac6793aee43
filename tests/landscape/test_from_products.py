"""A region built from product files by its TOML file, against the arrays behind the files."""

import numpy as np
import pytest
import xarray as xr

from pm_dalec.cli import region as commands
from pm_dalec.data.land import units_of
from pm_dalec.landscape.from_products import land_cover, weather
from pm_dalec.landscape.from_products.plan import EXAMPLE, read_config
from pm_dalec.landscape.from_products.region import build_from_config, future_from_config
from pm_dalec.landscape.grid import target_grid
from pm_dalec.landscape.overlap import aggregate
from pm_dalec.landscape.region_file import open_region
from pm_dalec.landscape.strata_maps import single_stratum
from pm_dalec.landscape.twin.region import build_region
from pm_dalec.landscape.twin.twin import make_twin
from pm_dalec.products import lai300, ukesm
from pm_dalec.products.soilgrids import CRS
from pm_dalec.testing import product_files

WINDOW = (-3.2, 54.9, -3.1, 55.0)
GOOD = """
[region]
resolution = 0.05
bounds = [-3.2, 54.9, -3.1, 55.0]
years = [2017, 2017]
[land_cover]
product = "lcm2015"
path = "lcm2015/lcm2015gb25m.tif"
[meteorology]
path = "crujra"
[co2]
path = "co2_mm_mlo.txt"
[lai]
path = "lai300"
[biomass]
path = "biomass"
[soil]
path = "soilgrids"
[forest_loss]
path = "hansen"
[burned_area]
path = "mcd64a1"
"""


@pytest.fixture(scope="module")
def twin():
    return make_twin(3)


@pytest.fixture(scope="module")
def arrays(twin):
    return product_files.twin_arrays(twin, window=WINDOW, years=(2017,))


@pytest.fixture(scope="module")
def folder(arrays, tmp_path_factory):
    place = tmp_path_factory.mktemp("region")
    product_files.write_twin_products(place, arrays)
    (place / "region.toml").write_text(GOOD)
    return place


@pytest.fixture(scope="module")
def said():
    return []


@pytest.fixture(scope="module")
def region(folder, said):
    return build_from_config(folder / "region.toml", progress=said.append)


@pytest.fixture(scope="module")
def stratified(region):
    return units_of(region, ("stratum", "pixel"))


@pytest.fixture(scope="module")
def baseline(region):
    return units_of(region, ("pixel",))


@pytest.fixture(scope="module")
def maps(folder):
    grid = target_grid(0.05, west=-3.2, south=54.9, east=-3.1, north=55.0)
    path = folder / "lcm2015" / "lcm2015gb25m.tif"
    return land_cover.land_cover_maps(path, window=WINDOW, grid=grid, product="lcm2015")


def test_leaf_area_of_units_is_that_of_the_arrays_within_the_coding(stratified, arrays, maps):
    lai = lai300.monthly_lai(arrays.lai300)["lai"]
    place = maps.on(lai.assign_attrs(crs="EPSG:4326"))
    direct = aggregate(lai.values, place.strata, place.weights, stratum_count=4).mean
    came = stratified["lai"].values
    seen = np.isfinite(came)
    assert seen.any()
    direct = direct.reshape(12, 4, -1)[seen]
    assert np.abs(came[seen] - direct).max() <= 0.5 / 30 + 1e-6


def test_soil_carbon_of_units_is_that_of_the_arrays_within_the_coding(baseline, arrays, maps):
    stock = arrays.soilgrids["ocd"].isel(depth=0) * 1000.0
    place = maps.on(stock.assign_attrs(crs=CRS))
    strata = single_stratum(place.strata)
    direct = aggregate(stock.values, strata, place.weights, stratum_count=1).mean
    came = baseline["csom_prior"].values
    assert np.abs(came - direct.ravel()).max() <= 0.05 * 1000


def test_units_from_files_are_near_those_of_the_twin_itself(baseline, twin):
    """Product grids sample the landscape anew: pixels agree to a few per cent."""
    whole = units_of(build_region(twin, resolution=0.05), ("pixel",))
    places = {
        (round(float(y), 3), round(float(x), 3)): i
        for i, (y, x) in enumerate(zip(whole["lat"], whole["lon"], strict=True))
    }
    index = [
        places[round(float(y), 3), round(float(x), 3)]
        for y, x in zip(baseline["lat"], baseline["lon"], strict=True)
    ]
    direct = whole.isel(pixel=index).sel(time="2017")
    for name, tolerance in (("lai", 0.05), ("cwood", 0.10), ("csom_prior", 0.05)):
        came, wanted = baseline[name].values, direct[name].values
        seen = np.isfinite(wanted)
        np.testing.assert_array_equal(seen, np.isfinite(came))
        np.testing.assert_allclose(came[seen], wanted[seen], rtol=tolerance, err_msg=name)
    for name in ("tmin", "tmax", "sw_rad", "vpd", "wind", "co2"):
        np.testing.assert_allclose(baseline[name], direct[name], rtol=2e-3, atol=0.02)
    loss, lost = (float((u["forest_loss_fraction"] * u["area"]).sum()) for u in (baseline, direct))
    assert loss == pytest.approx(lost, rel=0.15)


def test_strata_of_a_pixel_average_to_its_baseline_loss(stratified, baseline):
    shares = stratified["area_fraction"]
    for name in ("forest_loss_fraction",):
        recombined = (stratified[name] * shares).sum("stratum")
        total = (recombined * stratified["area"]).sum("pixel")
        wanted = (baseline[name] * baseline["area"]).sum("pixel")
        # Shares come from the map of 300 m, losses from that of 30 m
        np.testing.assert_allclose(total, wanted, rtol=0.1)


def test_one_burned_cell_burns_its_share_of_one_pixel(baseline, arrays):
    burned, cells = baseline["burned_fraction"], arrays.mcd64a1
    assert burned.sizes["time"] == 12
    assert int((burned > 0).sum()) == 1
    assert burned[0].max() == burned.max()
    area = float((burned * baseline["area"]).sum())
    native = abs(float((cells["x"][1] - cells["x"][0]) * (cells["y"][1] - cells["y"][0])))
    # Native cells are counted by their centres, which is rough for the hundred in a pixel
    assert area == pytest.approx(native, rel=0.2)


def test_a_baseline_from_files_has_no_stratum(baseline):
    assert "stratum" not in baseline.dims
    assert "area_fraction" not in baseline


def test_strata_from_files_share_the_unmasked_area(stratified):
    np.testing.assert_allclose(stratified["area_fraction"].sum("stratum"), 1.0, rtol=1e-12)


def test_every_observation_names_its_product_and_rule(stratified):
    for name in ("lai", "cwood", "csom_prior", "forest_loss_fraction", "burned_fraction"):
        assert {"product", "product_version", "rule", "units"} <= set(stratified[name].attrs)
    assert stratified["co2"].attrs["product"] == "Mauna Loa CO2"
    assert stratified["tmin"].attrs["product"] == "CRU-JRA v1.1"


def test_progress_is_told_in_sentences(stratified, said):
    assert len(said) == 9
    assert said[0] == "1 of 9: reading land cover"
    assert said[-1].startswith("9 of 9: averaging")
    assert stratified.attrs["region_file"] == "region.toml"


def test_a_region_file_is_built_and_written_in_one_call(folder, tmp_path):
    text = GOOD.replace('path = "', f'path = "{folder}/')
    for table in ("lai", "burned_area", "soil"):
        head, tail = text.split(f"[{table}]")
        text = head + "[" + tail.split("[", 1)[1] if "[" in tail else head
    (tmp_path / "short.toml").write_text(text)
    commands.region(tmp_path / "short.toml", out=tmp_path / "region.nc")
    came = open_region(tmp_path / "region.nc")
    assert "lai" not in came["strata"]
    assert came["strata/cwood"].notnull().any()


def test_future_drivers_of_a_region_keep_its_strata_and_pixels(region, stratified, folder):
    future = weather.scenario_drivers(folder / "ukesm", region=region)
    pixels = weather.scenario_drivers(folder / "ukesm", region=region, each=("pixel",))
    assert pixels["forest_loss_fraction"].dims == ("time", "pixel")
    assert future["tmin"].dims == ("time", "pixel")
    assert future["forest_loss_fraction"].dims == ("time", "stratum", "pixel")
    assert future["time"].values[0] == np.datetime64("2018-01-01")
    assert future.sizes["time"] == 13 * 12
    later = float(future["tmin"].sel(time="2030").mean() - stratified["tmin"].mean())
    assert 0.0 < later < 2.0


def test_a_scenario_is_read_for_the_pixels_of_the_region_and_no_others(stratified, folder):
    """The same as from a window given by hand, for a region of one pixel too."""
    monthly = ukesm.open_ukesm(folder / "ukesm", window=WINDOW)
    wanted = ukesm.future_drivers(stratified, monthly, reference=(2017, 2017))
    assert weather.scenario_drivers(folder / "ukesm", region=stratified).identical(wanted)
    one = stratified.isel(pixel=[0])
    assert weather.scenario_drivers(folder / "ukesm", region=one).identical(wanted.isel(pixel=[0]))


def test_a_scenario_that_is_not_there_is_refused_with_those_that_are(stratified, folder):
    with pytest.raises(ValueError, match=r"for ssp585, came .*ssp245"):
        weather.scenario_drivers(folder / "ukesm", region=stratified, scenario="ssp585")


def test_a_scenario_becomes_a_region_of_its_own_without_observations(region, folder, tmp_path):
    text = GOOD.replace('path = "', f'path = "{folder}/')
    scenario = f'[scenario]\npath = "{folder}/ukesm"\nreference_year = 2017\nlast_year = 2020\n'
    (tmp_path / "r.toml").write_text(text + scenario)
    commands.region(tmp_path / "r.toml", out=tmp_path / "region.nc")
    xr.testing.assert_allclose(open_region(tmp_path / "region.nc")["tmin"], region["tmin"])
    future = open_region(tmp_path / "region_scenario.nc")
    assert future.sizes["time"] == 36
    assert future["tmin"].dims == ("time", "pixel")
    assert future["strata/forest_loss_fraction"].dims == ("time", "stratum", "pixel")
    for node in ("pixels", "strata"):
        assert not {"lai", "cwood", "csom_prior"} & set(future[node].data_vars)
    np.testing.assert_array_equal(future["strata/area_fraction"], region["strata/area_fraction"])
    whole = weather.scenario_drivers(folder / "ukesm", region=region, reference=(2017, 2017))
    np.testing.assert_array_equal(future["tmin"], whole["tmin"].sel(time=slice(None, "2020")))


def test_a_scenario_that_ends_before_it_begins_is_refused(region, folder, tmp_path):
    scenario = f'[scenario]\npath = "{folder}/ukesm"\nlast_year = 2017\n'
    (tmp_path / "r.toml").write_text(GOOD + scenario)
    with pytest.raises(ValueError, match=r"wanted last_year after .* came 2017 .*\[scenario\]"):
        future_from_config(tmp_path / "r.toml", region)


def test_without_a_scenario_there_is_no_future(region, folder):
    assert future_from_config(folder / "region.toml", region) is None


def test_the_example_of_a_region_file_is_one(tmp_path):
    (tmp_path / "example.toml").write_text(EXAMPLE)
    plan = read_config(tmp_path / "example.toml")
    assert plan.years == (2014, 2015, 2016, 2017, 2018, 2019)
    assert plan.grid.shape == (4, 12)
    assert plan.tables.lai.path == tmp_path / "lai300"


FAULTS = {
    "no TOML": (lambda t: t.replace("=", ":", 1), ValueError, ("wanted TOML", "line 3")),
    "table unknown": (lambda t: t.replace("[soil]", "[soils]"), KeyError, ("'soil'", "[soils]")),
    "key unknown": (
        lambda t: t.replace("resolution =", "resolutoin ="),
        KeyError,
        ("write 'resolution'",),
    ),
    "table absent": (
        lambda t: t.split("[co2]")[0],
        KeyError,
        ("[co2]", "came tables region, land_cover"),
    ),
    "key absent": (
        lambda t: t.replace("years = [2017, 2017]", ""),
        KeyError,
        ("'years' of [region]",),
    ),
    "value for a table": (
        lambda t: (
            "lai = 3\n" + t.replace("[lai]", "[soils]").replace('[soils]\npath = "lai300"', "")
        ),
        TypeError,
        ("a table [lai]", "came 3"),
    ),
    "resolution unknown": (lambda t: t.replace("0.05", "0.1"), ValueError, ("no grid of 0.1",)),
    "bounds off the grid": (
        lambda t: t.replace("-3.2,", "-3.21,"),
        ValueError,
        ("multiple of 0.05",),
    ),
    "bounds reversed": (
        lambda t: t.replace("[-3.2, 54.9, -3.1, 55.0]", "[-3.1, 54.9, -3.2, 55.0]"),
        ValueError,
        ("'bounds'", "west < east"),
    ),
    "years reversed": (
        lambda t: t.replace("[2017, 2017]", "[2018, 2017]"),
        ValueError,
        ("[first, last]", "[2018, 2017]"),
    ),
    "coverage of a percentage": (
        lambda t: t.replace("years", "minimum_coverage = 50\nyears"),
        ValueError,
        ("from 0 to 1", "50"),
    ),
    "path that is a number": (
        lambda t: t.replace('"crujra"', "5"),
        TypeError,
        ("path as text", "[meteorology]"),
    ),
    "half a year": (
        lambda t: t.replace("2017, 2017", "2017.5, 2018"),
        TypeError,
        ("two calendar years", "[2017.5, 2018]"),
    ),
    "list that is a number": (
        lambda t: t.replace("[soil]", "years = 2017\n[soil]"),
        TypeError,
        ("years = [calendar years]", "[biomass]"),
    ),
    "number that is none": (
        lambda t: t.replace("[forest_loss]", "sigmas_in_range = -1\n[forest_loss]"),
        ValueError,
        ("positive number", "came -1"),
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_faulty_region_file_is_refused_before_anything_is_read(name, tmp_path):
    change, error, parts = FAULTS[name]
    path = tmp_path / "region.toml"
    path.write_text(change(GOOD))
    with pytest.raises(error) as caught:
        read_config(path)
    for part in parts:
        assert part in str(caught.value), str(caught.value)


def test_a_region_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"absent\.toml"):
        read_config(tmp_path / "absent.toml")


def test_an_unknown_land_cover_product_is_named(folder, tmp_path):
    text = GOOD.replace('lcm2015"\npath', 'corine"\npath')
    (tmp_path / "r.toml").write_text(text)
    with pytest.raises(KeyError, match="lcm2015, esa_cci"):
        build_from_config(tmp_path / "r.toml")

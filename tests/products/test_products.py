"""A window of the twin written as files of the products and read back, product by product."""

import numpy as np
import pytest

from pm_dalec.landscape.twin.twin import make_twin
from pm_dalec.landscape.twin.weather import future_climate, meteorology
from pm_dalec.products import (
    biomass,
    crujra,
    hansen,
    lai300,
    landcover,
    mauna_loa,
    mcd64a1,
    soilgrids,
    ukesm,
)
from pm_dalec.testing import product_files

WINDOW = (-3.2, 54.9, -3.1, 55.0)
YEARS = (2017,)
CLIMATE_WINDOW = (-4.5, 54.5, -1.5, 55.5)


@pytest.fixture(scope="module")
def twin():
    return make_twin(3)


@pytest.fixture(scope="module")
def arrays(twin):
    return product_files.twin_arrays(twin, window=WINDOW, years=YEARS)


@pytest.fixture(scope="module")
def places(arrays, tmp_path_factory):
    folder = tmp_path_factory.mktemp("products")
    return product_files.write_twin_products(folder, arrays)


@pytest.fixture(scope="module")
def opened(places):
    return {
        "lai300": lai300.open_lai300(places["lai300"], window=WINDOW),
        "biomass": biomass.open_biomass(places["biomass"], window=WINDOW, year=2017),
        "soilgrids": soilgrids.open_soilgrids(places["soilgrids"], window=WINDOW),
        "hansen": hansen.open_hansen(places["hansen"], window=WINDOW),
        "mcd64a1": mcd64a1.open_mcd64a1(places["mcd64a1"], window=WINDOW),
        "lcm2015": landcover.open_lcm2015(places["lcm2015"], window=WINDOW),
        "crujra": crujra.open_crujra(places["crujra"], window=CLIMATE_WINDOW, years=YEARS),
        "mauna_loa": mauna_loa.open_mauna_loa(places["mauna_loa"]),
        "ukesm": ukesm.open_ukesm(places["ukesm"], window=WINDOW),
    }


def assert_within(came, wanted, tolerance):
    """Same cells, same gaps, values within the rounding of the coding."""
    assert came.dims == wanted.dims
    np.testing.assert_array_equal(np.isnan(came), np.isnan(wanted))
    for name in ("lat", "lon", "y", "x"):
        if name in came.dims:
            np.testing.assert_allclose(came[name], wanted[name], rtol=0, atol=1e-6)
    difference = np.abs(came.values - wanted.values)
    assert np.nanmax(difference) <= tolerance * (1 + 1e-3)


def test_leaf_area_read_back_is_within_half_a_digital_number(arrays, opened):
    came = opened["lai300"]
    for name in ("lai", "lai_unc"):
        assert_within(came[name], arrays.lai300[name], 0.5 / 30)


def test_biomass_read_back_is_within_half_a_megagram(arrays, opened):
    came = opened["biomass"]
    for name in ("agb", "agb_unc"):
        assert_within(came[name], arrays.biomass[name].fillna(0.0), 0.5)


def test_soil_density_read_back_is_within_half_a_stored_number(arrays, opened):
    came = opened["soilgrids"]
    for name in ("ocd", "ocd_low", "ocd_high"):
        assert_within(came[name], arrays.soilgrids[name], 0.05)


def test_loss_years_read_back_are_the_same(arrays, opened):
    came = opened["hansen"]
    assert_within(came, arrays.hansen, 0.0)
    assert (came > 0).any()


def test_burned_cells_read_back_are_the_same(arrays, opened):
    came = opened["mcd64a1"]
    assert_within(came, arrays.mcd64a1, 0.0)
    assert float(came.sum()) == 1.0


@pytest.mark.parametrize(("name", "metres"), [("lcm2015", 25), ("lcm2015_modal", 300)])
def test_land_cover_read_back_is_the_same(arrays, places, name, metres):
    came = landcover.open_lcm2015(places[name], window=WINDOW, resolution=metres)
    wanted = getattr(arrays, name)
    np.testing.assert_array_equal(came["land_cover"], wanted["land_cover"])
    assert_within(came["probability"], wanted["probability"], 0.5)


def test_six_hourly_weather_read_back_is_within_single_precision(arrays, opened):
    came = opened["crujra"]
    for name in crujra.VARIABLES:
        scale = float(abs(arrays.crujra[name]).max())
        assert_within(came[name], arrays.crujra[name].transpose("time", "lat", "lon"), 1e-7 * scale)


def test_carbon_dioxide_read_back_is_within_a_hundredth_ppm(arrays, places, tmp_path):
    for layout in ("old", "new", "csv"):
        path = tmp_path / f"{layout}.txt"
        mauna_loa.write_mauna_loa(path, arrays.mauna_loa, layout=layout)
        came = mauna_loa.open_mauna_loa(path, start="2017-01", end="2017-12")
        assert_within(came, arrays.mauna_loa, 0.005)


def test_scenario_read_back_is_the_climate_of_the_twin(twin, arrays, opened):
    came = opened["ukesm"]
    wanted = {
        "tmin": arrays.ukesm["tasmin"] - 273.15,
        "tmax": arrays.ukesm["tasmax"] - 273.15,
        "sw_rad": arrays.ukesm["rsds"] * 0.0864,
        "wind": arrays.ukesm["sfcWind"],
        "co2": arrays.ukesm["co2mass"] / 7.804816e12,
    }
    for name, values in wanted.items():
        assert_within(came[name], values, 1e-6 * float(abs(values).max()) + 3e-5)


def test_scenario_deficit_comes_back_through_humidity(twin, places):
    came = ukesm.open_ukesm(places["ukesm"], window=WINDOW)
    climate = future_climate(twin, last_year=2030)
    wanted = climate["vpd"].sel(lat=came["lat"], lon=came["lon"], method="nearest")
    np.testing.assert_allclose(came["vpd"], wanted, atol=0.05)


def test_six_hourly_weather_reduces_to_the_monthly_weather_behind_it(twin, opened):
    months = crujra.monthly_drivers(opened["crujra"])
    wanted = meteorology(twin).sel(time="2017")
    for name in ("tmin", "tmax", "sw_rad", "vpd", "wind"):
        np.testing.assert_allclose(months[name], wanted[name], rtol=1e-4, atol=0.02, err_msg=name)
    assert months["time"].dtype.kind == "M"


def test_every_reader_names_product_version_and_what_it_was_verified_on(opened):
    for name, dataset in opened.items():
        assert {"product", "product_version", "source", "verified_on"} <= set(dataset.attrs), name


def test_every_variable_of_a_reader_has_units_and_a_long_name(opened):
    for product in ("lai300", "biomass", "soilgrids", "lcm2015", "crujra", "ukesm"):
        for name, variable in opened[product].data_vars.items():
            assert {"units", "long_name"} <= set(variable.attrs) or name == "thickness", name

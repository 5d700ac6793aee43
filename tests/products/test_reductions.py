"""Rules that turn native products into monthly drivers and observations, by hand-checked cases."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from pm_dalec.landscape import losses
from pm_dalec.landscape.from_products import observations, weather
from pm_dalec.products import crujra, hansen, lai300, soilgrids
from pm_dalec.products.reading import windows


def _dekads(lai, sigma, dates):
    time = pd.to_datetime(dates)
    axes = {"time": time, "lat": [55.0], "lon": [-3.0]}
    shape = (len(dates), 1, 1)
    return xr.Dataset(
        {
            "lai": (("time", "lat", "lon"), np.reshape(lai, shape)),
            "lai_unc": (("time", "lat", "lon"), np.reshape(sigma, shape)),
        },
        axes,
    )


JUNE = ("2014-06-10", "2014-06-20", "2014-06-30")


def test_a_month_of_leaf_area_is_the_mean_of_its_dekads_and_their_largest_sigma():
    month = lai300.monthly_lai(_dekads([1.0, 2.0, 6.0], [0.3, 0.9, 0.4], JUNE))
    assert month["lai"].item() == pytest.approx(3.0)
    assert month["lai_unc"].item() == pytest.approx(0.9)
    assert month["time"].values[0] == np.datetime64("2014-06-01")


def test_a_missing_dekad_leaves_mean_and_largest_sigma_of_the_others():
    month = lai300.monthly_lai(_dekads([1.0, np.nan, 5.0], [0.3, 0.9, 0.4], JUNE))
    assert month["lai"].item() == pytest.approx(3.0)
    assert month["lai_unc"].item() == pytest.approx(0.4)
    assert month["dekad_count"].item() == 2


def test_a_month_without_any_dekad_is_missing():
    month = lai300.monthly_lai(_dekads([np.nan] * 3, [0.3] * 3, JUNE))
    assert np.isnan(month["lai"].item())
    assert np.isnan(month["lai_unc"].item())


def test_a_zero_sigma_of_leaf_area_becomes_half_the_value_and_a_small_one_the_floor():
    changed = lai300.cell_sigma(_dekads([4.0, 4.0, 0.2], [0.0, 0.1, 0.0], JUNE))
    np.testing.assert_allclose(changed["lai_unc"].values.ravel(), [2.0, 0.25, 0.25])


def test_flags_above_the_digital_maximum_are_missing_though_they_are_no_fill(tmp_path):
    dekads = _dekads([2.0], [0.5], JUNE[:1])
    axes = windows.grid_axes(lai300.GRID, (-3.01, 55.0, -3.0, 55.01))
    dekads = dekads.reindex(lat=axes[0], lon=axes[1], method="nearest")
    path = lai300.write_lai300(tmp_path, dekads)[0]
    with xr.open_dataset(path, engine="h5netcdf", mask_and_scale=False) as stored:
        changed = stored.load()
    changed["LAI"][0, 0] = 211
    changed["LAI"][0, 1] = 210
    path.unlink()
    changed.to_netcdf(path, engine="h5netcdf")
    lai = lai300.open_lai300(path, window=(-3.01, 55.0, -3.0, 55.01))["lai"].isel(time=0)
    assert np.isnan(lai[0, 0])
    assert float(lai[0, 1]) == pytest.approx(7.0)


@pytest.mark.parametrize(
    ("name", "code"), [("water", 0), ("gap_interpolated", 5), ("gap_from_previous", 9)]
)
def test_cells_of_a_rejected_quality_are_missing(tmp_path, name, code):
    lat, lon = windows.grid_axes(lai300.GRID, (-3.01, 55.0, -3.0, 55.01))
    values = np.full((1, lat.size, lon.size), 2.0)
    flag = np.full(values.shape, 65, np.uint8)
    flag[0, 0, 0] = code
    dekads = xr.Dataset(
        {
            "lai": (("time", "lat", "lon"), values),
            "lai_unc": (("time", "lat", "lon"), values / 4),
            "quality_flag": (("time", "lat", "lon"), flag),
        },
        {"time": pd.to_datetime(JUNE[:1]), "lat": lat, "lon": lon},
    )
    lai300.write_lai300(tmp_path, dekads)
    window = (-3.01, 55.0, -3.0, 55.01)
    kept = lai300.open_lai300(tmp_path, window=window)["lai"]
    refused = lai300.open_lai300(tmp_path, window=window, reject=(name,))["lai"]
    assert int(kept.isnull().sum()) == 0
    assert int(refused.isnull().sum()) == 1
    assert np.isnan(refused[0, 0, 0])


def _maps(agb, sigma):
    cells = {"lat": [55.0], "lon": np.arange(float(len(agb)))}
    return xr.Dataset({"agb": (("lat", "lon"), [agb]), "agb_unc": (("lat", "lon"), [sigma])}, cells)


def test_wood_carbon_follows_the_allometry_in_megagrams_per_hectare():
    wood = observations.wood_carbon_maps(_maps([220.0], [110.0]))
    below = 0.489 * 220.0**0.89
    assert wood["cwood"].item() == pytest.approx(48.0 * (220.0 + below))
    slope = 1 + 0.4352 * 220.0**-0.11
    assert wood["cwood_unc"].item() == pytest.approx(48.0 * 110.0 * slope, rel=1e-4)


def test_the_sigma_of_wood_is_at_most_the_stock_and_zero_where_there_is_none():
    wood = observations.wood_carbon_maps(_maps([10.0, 0.0, np.nan], [50.0, 5.0, 5.0]))
    sigma = wood["cwood_unc"].values.ravel()
    assert sigma[0] == wood["cwood"].values.ravel()[0]
    assert sigma[1] == 0.0
    assert np.isnan(sigma[2])


def _profile(density, low, high):
    layers = {"ocd": density, "ocd_low": low, "ocd_high": high}
    profile = xr.Dataset(
        {name: (("depth", "y", "x"), np.reshape(v, (5, 1, 1))) for name, v in layers.items()},
        {"depth": list(soilgrids.DEPTHS)},
    )
    profile["thickness"] = ("depth", list(soilgrids.DEPTHS.values()))
    return profile


def test_soil_carbon_is_density_times_thickness_of_the_first_metre():
    density = np.array([60.0, 40.0, 30.0, 20.0, 10.0])
    soil = soilgrids.soil_carbon(_profile(density, density / 2, density * 2))
    by_hand = 1000 * (60 * 0.05 + 40 * 0.10 + 30 * 0.15 + 20 * 0.30 + 10 * 0.40)
    assert soil["csom_prior"].item() == pytest.approx(by_hand)
    assert soil["csom_prior_unc"].item() == pytest.approx(0.75 * by_hand)


def test_the_two_readings_of_the_soil_quantiles_differ_by_1_645():
    profile = _profile(np.full(5, 30.0), np.full(5, 20.0), np.full(5, 50.0))
    authors = soilgrids.soil_carbon(profile)["csom_prior_unc"].item()
    normal = soilgrids.soil_carbon(profile, sigmas_in_range=soilgrids.NORMAL_SIGMAS)
    assert authors / normal["csom_prior_unc"].item() == pytest.approx(1.6448536, rel=1e-6)


def test_a_soil_layer_that_is_missing_makes_the_stock_missing():
    density = np.array([60.0, 40.0, np.nan, 20.0, 10.0])
    soil = soilgrids.soil_carbon(_profile(density, density, density))
    assert np.isnan(soil["csom_prior"].item())


def test_the_months_of_a_year_share_its_loss_by_their_days():
    annual = xr.DataArray([[0.0365, 0.0], [0.0366, 0.01]], {"year": [2015, 2016]}, ("year", "x"))
    months = losses.spread_over_months(annual)
    assert months.sizes == {"time": 24, "x": 2}
    assert months[0, 0].item() == pytest.approx(0.0031)
    assert months[13, 0].item() == pytest.approx(0.0029)
    np.testing.assert_allclose(months.groupby("time.year").sum(), annual, rtol=1e-12)


def test_a_loss_mask_keeps_cells_without_data_missing():
    year = xr.DataArray([0.0, 2014.0, 2015.0, np.nan], dims="x", attrs={"last_year": 2019})
    np.testing.assert_array_equal(hansen.loss_in_year(year, 2014), [0.0, 1.0, 0.0, np.nan])


def _weather(**values):
    """One year of steps on one cell; each value is a number or four numbers of every day."""
    time = crujra.time_axis(2015)
    fields = {"tmin": 273.15, "tmax": 283.15, "tmp": 278.15, "dswrf": 0.0, "spfh": 0.004}
    fields |= {"pres": 1e5, "ugrd": 0.0, "vgrd": 0.0} | values
    made = {
        name: (("time", "lat", "lon"), np.resize(value, (time.size, 1, 1)))
        for name, value in fields.items()
    }
    return xr.Dataset(made, {"time": time, "lat": [55.25], "lon": [-3.25]})


def test_daily_extremes_are_those_of_the_four_steps():
    months = crujra.monthly_drivers(
        _weather(tmin=[271.15, 273.15, 276.15, 274.15], tmax=[275.15, 279.15, 285.15, 277.15])
    )
    np.testing.assert_allclose(months["tmin"], -2.0, atol=1e-9)
    np.testing.assert_allclose(months["tmax"], 12.0, atol=1e-9)


def test_radiation_of_the_steps_adds_up_over_the_day():
    months = crujra.monthly_drivers(_weather(dswrf=[0.0, 5e6, 7e6, 1e6]))
    np.testing.assert_allclose(months["sw_rad"], 13.0, rtol=1e-12)


def test_wind_speed_is_taken_at_each_step_and_not_of_the_mean_vector():
    months = crujra.monthly_drivers(_weather(ugrd=[3.0, -3.0, 3.0, -3.0], vgrd=4.0))
    np.testing.assert_allclose(months["wind"], 5.0, rtol=1e-12)


def test_deficit_is_taken_at_each_step_and_not_at_the_mean_temperature():
    warm, cold = 298.15, 278.15
    months = crujra.monthly_drivers(_weather(tmp=[cold, cold, warm, warm], spfh=0.004))
    each = [crujra.vapour_pressure_deficit(np.array(t - 273.15), 0.004, 1e5) for t in (cold, warm)]
    np.testing.assert_allclose(months["vpd"], np.mean(each), rtol=1e-9)
    middle = crujra.vapour_pressure_deficit(np.array(15.0), 0.004, 1e5)
    assert months["vpd"].values.mean() > 1.05 * middle


def test_deficit_of_air_over_saturation_is_zero():
    assert crujra.vapour_pressure_deficit(np.array(0.0), 0.02, 1e5) == 0.0


def test_weather_over_sea_stays_missing_and_is_filled_only_from_land():
    meteorology = _weather(dswrf=1e6).reindex(lon=[-3.25, -2.75])
    months = crujra.monthly_drivers(meteorology)
    assert np.isnan(months["sw_rad"].isel(lon=1)).all()
    filled = months.map(weather._filled_from_nearest)
    np.testing.assert_array_equal(filled["sw_rad"].isel(lon=1), filled["sw_rad"].isel(lon=0))


@pytest.mark.parametrize(("units", "factor"), [("J m-2", 1.0), ("W m-2", 21600.0)])
def test_radiation_is_told_apart_by_its_units(tmp_path, units, factor):
    window = (-3.5, 55.0, -3.0, 55.5)
    meteorology = _weather(dswrf=150.0)
    for name in crujra.VARIABLES:
        meteorology[name].attrs["units"] = units if name == "dswrf" else crujra.units_of(name)
    crujra.write_crujra(tmp_path, meteorology)
    came = crujra.open_crujra(tmp_path, window=window, years=(2015,))
    np.testing.assert_allclose(came["dswrf"], 150.0 * factor)
    assert came["dswrf"].attrs["units"] == "J m-2"

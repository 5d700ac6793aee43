"""Future drivers by anomalies, on made-up climates that are checked by hand."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from pm_dalec.landscape.anomalies import future_drivers


def _months(first, last, **drivers):
    time = pd.date_range(first, last, freq="MS")
    made = {
        name: ("time", np.broadcast_to(np.asarray(v, float), time.size).copy())
        for name, v in drivers.items()
    }
    return xr.Dataset(made, {"time": time})


@pytest.fixture
def observed():
    months = _months(
        "2018-01-01",
        "2019-12-01",
        tmin=2.0,
        tmax=9.0,
        sw_rad=8.0,
        vpd=300.0,
        co2=410.0,
        wind=np.arange(24.0),
        burned_fraction=0.001,
        forest_loss_fraction=0.01,
        doy=31.0,
        step_days=30.0,
    )
    return months.assign_coords(lat=55.0, lon=-3.0)


@pytest.fixture
def scenario():
    time = pd.date_range("2015-01-01", "2023-12-01", freq="MS")
    year = time.year.to_numpy() - 2019.0
    field = np.ones((time.size, 1, 1)) * year[:, None, None]
    made = {
        "tmin": 5.0 + field,
        "tmax": 8.0 + field,
        "sw_rad": 10.0 - 4 * field,
        "vpd": 100.0 + 10 * field,
        "wind": 3.0 + 0 * field,
    }
    esm = xr.Dataset(
        {name: (("time", "lat", "lon"), values) for name, values in made.items()},
        {"time": time, "lat": [54.375], "lon": [-2.8125]},
    )
    return esm.assign(co2=("time", 400.0 + np.arange(time.size)))


def test_the_future_is_the_scenario_plus_the_bias_of_the_reference(observed, scenario):
    future = future_drivers(observed, scenario, reference=(2019, 2019))
    assert future["time"].values[0] == np.datetime64("2020-01-01")
    np.testing.assert_allclose(future["tmin"].sel(time="2020"), 2.0 + 1.0)
    np.testing.assert_allclose(future["vpd"].sel(time="2023"), 300.0 + 40.0)


def test_a_longer_reference_moves_the_bias(observed, scenario):
    future = future_drivers(observed, scenario, reference=(2018, 2019))
    np.testing.assert_allclose(future["tmin"].sel(time="2020"), 2.0 + 1.5)


def test_future_radiation_is_not_negative_and_tmin_not_above_tmax(observed, scenario):
    crossed = scenario.assign(tmin=scenario["tmin"] + 10 * (scenario["time.year"] > 2019))
    future = future_drivers(observed, crossed)
    assert float(future["sw_rad"].min()) == 0.0
    assert bool((future["tmin"] <= future["tmax"]).all())
    # Exchanged, not cut: the mean of the two stays
    np.testing.assert_allclose((future["tmin"] + future["tmax"]).sel(time="2020"), 11.0 + 2 + 10)


def test_future_carbon_dioxide_moves_the_same_month_of_the_reference(observed, scenario):
    future = future_drivers(observed, scenario)
    np.testing.assert_allclose(future["co2"][:3], 410.0 + 12.0)
    observed = observed.assign(co2=("time", 410.0 + np.arange(24.0)))
    np.testing.assert_allclose(future_drivers(observed, scenario)["co2"][:3], [434, 435, 436])


def test_wind_moves_too_and_harvest_and_fire_stop(observed, scenario):
    calm = scenario.assign(wind=scenario["wind"] - 40.0 * (scenario["time.year"] > 2020))
    future = future_drivers(observed, calm)
    np.testing.assert_array_equal(future["wind"][:12], np.arange(12.0, 24.0))
    assert float(future["wind"].sel(time="2021").max()) == 0.0
    assert future["wind"].attrs["clipped_values"] == 36
    for name in ("burned_fraction", "forest_loss_fraction"):
        assert float(abs(future[name]).max()) == 0.0


def test_longitudes_may_run_from_zero(observed, scenario):
    turned = future_drivers(observed, scenario.assign_coords(lon=scenario["lon"] % 360))
    np.testing.assert_array_equal(turned["tmin"], future_drivers(observed, scenario)["tmin"])


def test_a_day_in_the_middle_stands_for_its_month(observed, scenario):
    middle = scenario.assign_coords(time=scenario["time"] + np.timedelta64(14, "D"))
    np.testing.assert_array_equal(
        future_drivers(observed, middle)["tmin"], future_drivers(observed, scenario)["tmin"]
    )


def test_a_climate_without_a_driver_is_refused(observed, scenario):
    with pytest.raises(ValueError, match="got none of vpd, wind"):
        future_drivers(observed, scenario.drop_vars(["vpd", "wind"]))


def test_future_steps_have_the_days_of_the_standard_calendar(observed, scenario):
    future = future_drivers(observed, scenario)
    assert future["step_days"].sel(time="2020-02").item() == 29.0
    assert future["doy"].sel(time="2020-12").item() == 366.0


@pytest.mark.parametrize("reference", [(2017, 2017), (2019, 2020), (2014, 2019)])
def test_a_reference_outside_the_observed_years_is_refused(observed, scenario, reference):
    with pytest.raises(ValueError, match="2018-2019"):
        future_drivers(observed, scenario, reference=reference)

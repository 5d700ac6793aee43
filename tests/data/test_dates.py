"""Dates and places that can be read in two ways are read in the right one, or refused in words."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from numpy.testing import assert_array_equal

from pm_dalec.data.checks import check_units
from pm_dalec.data.site_file import open_site
from pm_dalec.data.standardised import site_from_arrays

DAYS = np.arange("2001-01-01", "2002-03-01", dtype="datetime64[D]")
MONTHS = np.arange("2001-01", "2003-02", dtype="datetime64[M]")
NOON = np.timedelta64(12, "h")
CALM = {
    "tmin": 5.0,
    "tmax": 10.0,
    "sw_rad": 10.0,
    "co2": 390.0,
    "vpd": 500.0,
    "wind": 3.0,
    "forest_loss_fraction": 0.0,
    "burned_fraction": 0.0,
}


def series(steps):
    """Drivers of a site where the weather is always the same."""
    return {name: np.full(steps, value) for name, value in CALM.items()}


def site(edges=DAYS, steps=None, latitude=61.8, **others):
    """Site of steps between edges, checked."""
    steps = len(edges) - 1 if steps is None else steps
    return check_units(site_from_arrays(series(steps) | others, edges, latitude, site="here"))


def reopened(tmp_path, units):
    units.to_netcdf(tmp_path / "site.nc", engine="h5netcdf")
    return open_site(tmp_path / "site.nc")


def without_bounds(units, *others):
    return units.drop_vars(["time_bnds", *others])


@pytest.mark.parametrize("others", [(), ("step_days",)])
@pytest.mark.parametrize("shift", [np.timedelta64(0, "h"), NOON])
def test_a_daily_stamp_without_bounds_is_the_day(tmp_path, others, shift):
    stamped = without_bounds(site(), *others)
    again = reopened(tmp_path, stamped.assign_coords(time=stamped["time"] + shift))
    assert_array_equal(again["time_bnds"], site()["time_bnds"])
    assert_array_equal(again["time"], DAYS[:-1])


def test_first_days_of_months_without_bounds_are_the_months(tmp_path):
    again = reopened(tmp_path, without_bounds(site(MONTHS)))
    assert_array_equal(again["time_bnds"], site(MONTHS)["time_bnds"])


def test_midpoints_of_months_without_bounds_are_the_months(tmp_path):
    units = site(MONTHS)
    middle = units["time_bnds"].isel(bnds=0) + units["step_days"] * np.timedelta64(43200, "s")
    again = reopened(tmp_path, without_bounds(units).assign_coords(time=middle.to_numpy()))
    assert_array_equal(again["time_bnds"], units["time_bnds"])


@pytest.mark.parametrize("order", [[0, 0, 1, 2], [0, 1, 1, 2], [0, 1, 2, 2]])
def test_a_time_that_comes_twice_is_refused_with_its_date(tmp_path, order):
    twice = site().isel(time=[*order, *range(3, 400)])
    for refuse in (check_units, lambda units: reopened(tmp_path, without_bounds(units))):
        with pytest.raises(ValueError, match=r"strictly increasing 'time'.*here, 2001-01-0\d\)"):
            refuse(twice)


def test_periods_as_time_are_refused_with_what_makes_dates_of_them():
    periods = pd.period_range("2001-01", periods=24, freq="M")
    with pytest.raises(TypeError, match=r"got period\[M\] .* to_timestamp"):
        check_units(site(MONTHS).assign_coords(time=periods))


def test_periods_are_the_steps_of_a_site_from_arrays():
    periods = pd.period_range("2001-01", periods=24, freq="M")
    assert site(periods, steps=24).equals(site(MONTHS))


def test_periods_with_a_gap_are_refused():
    periods = pd.period_range("2001-01", periods=25, freq="M").delete(3)
    with pytest.raises(ValueError, match="got periods that do not follow each other"):
        site(periods, steps=24)


@pytest.mark.parametrize(
    "edges",
    [
        MONTHS,
        pd.DatetimeIndex(MONTHS),
        [str(month) for month in MONTHS],
        [month.item() for month in MONTHS.astype("datetime64[s]")],
    ],
)
def test_edges_are_taken_in_every_form_that_says_the_instant(edges):
    assert site(edges).equals(site(MONTHS))


@pytest.mark.parametrize(
    ("edges", "came"),
    [
        (np.arange(25), "int64 of shape"),
        (["spring"] * 25, "<U6 of shape"),
        (
            pd.date_range("2001-01-01", periods=25, freq="MS", tz="UTC"),
            r"Timestamp 2001-01-01 .*\+00",
        ),
        (MONTHS.reshape(5, 5), r"datetime64.* of shape \(5, 5\)"),
        ([], "float64 of shape"),
    ],
)
def test_edges_that_are_no_instants_are_refused(edges, came):
    with pytest.raises(TypeError, match=f"^wanted edges as dates .* got {came}"):
        site(edges, steps=24)


@pytest.mark.parametrize("edges", [MONTHS[:-1], np.arange("2001-01", "2003-03", dtype="M8[M]")])
def test_edges_are_one_more_than_steps(edges):
    with pytest.raises(
        ValueError, match=r"'tmin' with one number .* got shape \(24,\) .* one more"
    ):
        site(edges, steps=24)


@pytest.mark.parametrize("co2", [np.full(23, 390.0), np.full((24, 2), 390.0), 390.0])
def test_a_series_of_another_length_is_refused_by_name(co2):
    with pytest.raises(ValueError, match="wanted 'co2' with one number for each of the 24 steps"):
        site(MONTHS, co2=co2)


def test_a_soil_prior_is_one_number():
    units = site(MONTHS, csom_prior=15000.0, csom_prior_unc=4000.0)
    assert units["csom_prior"].dims == ()


@pytest.mark.parametrize("latitude", [[61.8], np.array(61.8), np.float32(61.5)])
def test_one_number_is_a_latitude_however_it_is_wrapped(latitude):
    assert float(site(latitude=latitude)["lat"]) == float(np.ravel(latitude)[0])


@pytest.mark.parametrize("latitude", ["61.8", "61.8N", [61.8, 62.0], None])
def test_a_latitude_that_is_no_number_is_refused(latitude):
    with pytest.raises(TypeError, match="wanted latitude as one number in degrees north, got"):
        site(latitude=latitude)


@pytest.mark.parametrize("name", ["lat", "lon"])
def test_a_place_as_text_in_a_file_is_refused(tmp_path, name):
    with pytest.raises(TypeError, match=f"wanted '{name}' as a number in degrees, got '61.8N'"):
        reopened(tmp_path, site().assign_coords({name: "61.8N"}))


def on_a_grid(units):
    """All that has a time with latitude and longitude of length one."""
    grid = units.drop_vars(["lat", "time_bnds"]).expand_dims(lat=[61.8], lon=[24.3])
    bounds = units["time_bnds"].variable
    return grid.transpose("time", ...).assign(time_bnds=bounds)


@pytest.mark.parametrize(
    "change",
    [
        lambda units: units.assign_coords(lat=("lat", [61.8])),
        lambda units: units.assign_coords(lat=("station", [61.8])),
        on_a_grid,
    ],
)
def test_dimensions_of_length_one_are_dropped(tmp_path, change):
    again = reopened(tmp_path, change(site()))
    assert again["lat"].dims == ()
    assert float(again["lat"]) == 61.8
    xr.testing.assert_equal(
        again["tmin"].drop_vars(["lat", "lon", "site"], errors="ignore"),
        site()["tmin"].drop_vars(["lat", "site"]),
    )

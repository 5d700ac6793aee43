"""A table with a row for each month or day becomes the site that its numbers say."""

import warnings

import cftime
import numpy as np
import pandas as pd
import pytest

from pm_dalec.data.series.frame import site_from_frame
from pm_dalec.data.synthetic_sites import synthetic_drivers
from pm_dalec.models import baseline

MONTHS = 24
GIVEN = {"latitude": 55.0}
pytestmark = pytest.mark.filterwarnings("ignore:columns of the table")


def drivers(index="time"):
    """Two years of drivers with leaf area, under the names and in the units of the tables."""
    made = synthetic_drivers(seed=3, years=2)
    names = [
        "tmin",
        "tmax",
        "sw_rad",
        "co2",
        "vpd",
        "wind",
        "forest_loss_fraction",
        "burned_fraction",
    ]
    table = pd.DataFrame({name: made[name].to_numpy() for name in names})
    table["lai"] = 2.0 + np.arange(MONTHS) / MONTHS
    table["lai_unc"] = 0.3
    table.insert(0, index, made["time"].to_numpy())
    return table


def assert_same(came, wanted, *, exact=True):
    for name in wanted.data_vars:
        same = np.testing.assert_array_equal if exact else np.testing.assert_allclose
        same(came[name], wanted[name], err_msg=str(name))
    np.testing.assert_array_equal(came["time_bnds"], wanted["time_bnds"])


def test_the_numbers_of_a_table_are_those_of_the_site():
    table, made = drivers(), synthetic_drivers(seed=3, years=2)
    site = site_from_frame(table, **GIVEN)
    for name in ("tmin", "vpd", "co2", "doy", "step_days", "burned_fraction"):
        np.testing.assert_array_equal(site[name], made[name])
    np.testing.assert_array_equal(site["time_bnds"], made["time_bnds"])
    np.testing.assert_array_equal(site["lai"], table["lai"])
    assert "lai" in baseline.build(site).named_vars


@pytest.mark.parametrize(
    ("name", "told", "change"),
    [
        ("tmin", "T_min (K)", lambda v: v + 273.15),
        ("tmin", "tmin [degC]", lambda v: v),
        ("sw_rad", "Rg (W m-2)", lambda v: v / 0.0864),
        ("vpd", "VPD_hPa", lambda v: v / 100),
        ("vpd", "vapour pressure deficit [kPa]", lambda v: v / 1000),
        ("burned_fraction", "burned area (%)", lambda v: v * 100),
        ("wind", "Wind speed (km h-1)", lambda v: v * 3.6),
        ("lai", "LAI", lambda v: v),
    ],
)
def test_units_are_told_by_the_header(name, told, change):
    wanted = site_from_frame(drivers(), **GIVEN)
    table = drivers().assign(**{name: change(drivers()[name])}).rename(columns={name: told})
    assert_same(site_from_frame(table, **GIVEN), wanted, exact=False)


def test_units_are_told_by_a_row_by_argument_and_by_attributes(tmp_path):
    wanted = site_from_frame(drivers(), **GIVEN)
    hot = drivers().assign(tmax=drivers()["tmax"] + 273.15)
    assert_same(site_from_frame(hot, units={"tmax": "K"}, **GIVEN), wanted, exact=False)
    attributed = hot.copy()
    attributed.attrs["units"] = {"tmax": "K"}
    assert_same(site_from_frame(attributed, **GIVEN), wanted, exact=False)
    rows = pd.concat([pd.DataFrame([{"tmax": "K", "vpd": "Pa", "time": ""}]), hot.astype(object)])
    rows.to_csv(tmp_path / "rows.csv", index=False)
    assert_same(site_from_frame(tmp_path / "rows.csv", **GIVEN), wanted, exact=False)
    levels = hot.copy()
    levels.columns = pd.MultiIndex.from_tuples(
        [(name, "K" if name == "tmax" else "") for name in hot.columns]
    )
    assert_same(site_from_frame(levels, **GIVEN), wanted, exact=False)


def test_a_flux_of_substance_weighs_its_carbon():
    table = (
        drivers()
        .assign(nee=-1.0, nee_sd=0.5)
        .rename(columns={"nee": "NEE [umol m-2 s-1]", "nee_sd": "NEE sd [umol m-2 s-1]"})
    )
    site = site_from_frame(table, **GIVEN)
    np.testing.assert_allclose(site["nee"], -12.011e-6 * 86400)
    np.testing.assert_allclose(site["nee_unc"], 0.5 * 12.011e-6 * 86400)


MONTHLY = pd.period_range("2001-01", periods=MONTHS, freq="M")
STARTS = MONTHLY.to_timestamp()


@pytest.mark.parametrize(
    "dates",
    [
        MONTHLY,
        STARTS,
        STARTS + pd.Timedelta(days=14),
        STARTS.tz_localize("America/Lima"),
        STARTS.strftime("%Y-%m"),
        STARTS.strftime("%Y-%m-%d"),
        STARTS.strftime("%Y%m").astype(int),
        STARTS.strftime("%Y%m%d"),
        STARTS.astype("datetime64[s]"),
        STARTS.to_pydatetime(),
        STARTS.date,
        [cftime.Datetime360Day(date.year, date.month, 16) for date in STARTS],
        [cftime.DatetimeNoLeap(date.year, date.month, 15) for date in STARTS],
        (MONTHLY.to_timestamp(how="end")).normalize(),
    ],
    ids=lambda dates: type(dates[0]).__name__ + str(dates[0]),
)
def test_months_are_read_from_what_dates_are_kept_as(dates):
    table = drivers()
    wanted = site_from_frame(table.assign(time=STARTS), **GIVEN)
    assert_same(site_from_frame(table.assign(time=dates), **GIVEN), wanted)
    by_index = table.drop(columns="time").set_index(pd.Index(dates, name="time"))
    assert_same(site_from_frame(by_index, **GIVEN), wanted)


def test_dates_in_columns_are_read():
    table = drivers()
    wanted = site_from_frame(table.assign(time=STARTS), **GIVEN)
    parts = table.drop(columns="time").assign(Year=STARTS.year, Month=STARTS.month)
    assert_same(site_from_frame(parts, **GIVEN), wanted)


def test_days_are_read_with_the_day_of_the_year():
    days = pd.date_range("2004-01-01", periods=366)
    table = pd.DataFrame({"tmin": 1.0, "tmax": 9.0, "sw_rad": 8.0, "vpd": 400.0, "wind": 2.0}, days)
    table = table.assign(co2=380.0, burned_fraction=0.0, forest_loss_fraction=0.0)
    site = site_from_frame(table, **GIVEN)
    np.testing.assert_array_equal(site["doy"], np.arange(1, 367))
    parts = table.assign(year=days.year, doy=days.day_of_year).reset_index(drop=True)
    assert_same(site_from_frame(parts, **GIVEN), site)
    with pytest.raises(ValueError, match=r"29 February is missing.*365 days"):
        site_from_frame(table[days != "2004-02-29"], **GIVEN)


def test_rows_in_any_order_and_numbers_of_any_kind_are_the_same():
    table = drivers()
    wanted = site_from_frame(table, **GIVEN)
    mixed = table.sample(frac=1, random_state=1)
    mixed["tmin"] = mixed["tmin"].to_numpy().astype(">f8")
    mixed["tmax"] = mixed["tmax"].map(repr).astype(object)
    mixed["vpd"] = mixed["vpd"].astype("Float64")
    assert_same(site_from_frame(mixed, **GIVEN), wanted)


@pytest.mark.parametrize("gap", [np.nan, None, pd.NA, "", "NA", -9999, "-9999.0"])
def test_a_gap_of_an_observation_is_not_observed(gap):
    table = drivers().astype({"lai": object})
    table.loc[3, "lai"] = gap
    seen = site_from_frame(table, **GIVEN)["lai"].notnull().to_numpy()
    assert list(np.flatnonzero(~seen)) == [3]


def test_uncertainties_come_from_a_column_a_share_or_a_number():
    table = drivers().drop(columns="lai_unc").assign(spread=0.7)
    for given, wanted in (("spread", 0.7), ("20%", 0.2 * table["lai"]), (0.4, 0.4)):
        site = site_from_frame(table, uncertainties={"lai": given}, **GIVEN)
        np.testing.assert_allclose(site["lai_unc"], wanted)


def test_co2_wind_and_disturbance_that_are_absent_are_told():
    table = drivers().drop(columns=["co2", "wind", "burned_fraction", "forest_loss_fraction"])
    with pytest.warns(UserWarning, match="co2|wind|zero") as told:
        site = site_from_frame(table, fill_wind=True, disturbance="none", **GIVEN)
    words = " ".join(str(each.message) for each in told)
    assert all(name in words for name in ("co2 missing", "wind is missing", "set to zero"))
    assert float(site["co2"][0]) == pytest.approx(371, abs=30)


def test_columns_that_are_not_read_are_told_and_listed():
    with pytest.warns(UserWarning, match=r"not read: rain, LAI_modis; pass columns="):
        site = site_from_frame(drivers().assign(rain=1.0, LAI_modis=2.0), **GIVEN)
    assert site.attrs["not_read"] == "rain, LAI_modis"
    table = drivers().rename(columns={"lai": "LAI_modis"})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        renamed = site_from_frame(table, columns={"LAI_modis": "lai"}, **GIVEN)
    np.testing.assert_array_equal(renamed["lai"], drivers()["lai"])


def test_the_south_and_longitudes_from_0_to_360_are_kept():
    site = site_from_frame(drivers(), latitude=-35.5, longitude=200.25)
    assert (float(site["lat"]), float(site["lon"])) == (-35.5, 200.25)
    placed = site_from_frame(drivers().assign(lat=-35.5, lon=-3.0))
    assert (float(placed["lat"]), float(placed["lon"])) == (-35.5, -3.0)


def test_a_csv_file_with_semicolons_and_decimal_commas_is_the_same(tmp_path):
    wanted = site_from_frame(drivers(), **GIVEN)
    drivers().to_csv(tmp_path / "site.csv", index=False, sep=";", decimal=",")
    came = site_from_frame(tmp_path / "site.csv", **GIVEN)
    assert_same(came, wanted)
    assert came["site"].item() == "site"


BAD = {
    "no latitude": (lambda t: t, {}, r"wanted a latitude.*pass latitude="),
    "no tmin": (lambda t: t.drop(columns="tmin"), GIVEN, r"columns of tmin.*give tmin \[degC\]"),
    "hours": (
        lambda t: t.assign(time=pd.date_range("2001", periods=MONTHS, freq="h")),
        GIVEN,
        r"steps of 1 hours.*average to days",
    ),
    "weeks": (
        lambda t: t.assign(time=pd.date_range("2001", periods=MONTHS, freq="8D")),
        GIVEN,
        r"steps of 8 days",
    ),
    "twice": (lambda t: pd.concat([t, t[:1]]), GIVEN, r"one row a month, got 1 more"),
    "gap": (lambda t: t.drop(index=5), GIVEN, r"got 1 gap, the first between"),
    "no date": (lambda t: t.assign(time=[None, *t["time"][1:]]), GIVEN, r"none in row 1"),
    "slashes": (
        lambda t: t.assign(time=t["time"].dt.strftime("%d/%m/%Y")),
        GIVEN,
        r"may be exchanged",
    ),
    "text": (
        lambda t: t.assign(tmin=["cold", *t["tmin"][1:]]),
        GIVEN,
        r"'tmin', got 'cold' in row 1",
    ),
    "W m-2": (lambda t: t.assign(sw_rad=t["sw_rad"] / 0.0864), GIVEN, r"if it is in W m-2"),
    "units": (lambda t: t.rename(columns={"vpd": "vpd (hpa)"}), GIVEN, r"did you mean 'hPa'"),
    "two": (lambda t: t.assign(Tmin=1.0), GIVEN, r"one column of 'tmin', got 'tmin' and 'Tmin'"),
    "driver": (lambda t: t.assign(wind=np.nan), GIVEN, r"'wind' at every step"),
    "doy": (lambda t: t.assign(doy=1.0), GIVEN, r"day of year inside the step"),
    "lat": (lambda t: t.assign(lat=range(MONTHS)), GIVEN, r"one number in column 'lat'"),
    "yes": (lambda t: t.assign(wind=True), GIVEN, r"numbers in column 'wind', got bool"),
    "empty": (lambda t: t[:0], GIVEN, r"at least one row"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_fault_is_told_in_a_sentence(name):
    spoil, given, words = BAD[name]
    with pytest.raises((ValueError, TypeError, KeyError), match=words):
        site_from_frame(spoil(drivers()), **given)


def test_what_is_no_table_is_refused():
    with pytest.raises(TypeError, match=r"wanted a pandas\.DataFrame.*got Dataset"):
        site_from_frame(synthetic_drivers(seed=3, years=2), **GIVEN)
    with pytest.raises(FileNotFoundError, match="no file at"):
        site_from_frame("nowhere.csv", **GIVEN)

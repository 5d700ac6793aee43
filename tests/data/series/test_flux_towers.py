"""Files of flux towers become the monthly and daily values that are known of them."""

import numpy as np
import pandas as pd
import pytest

from pm_dalec.data import synthetic_sites
from pm_dalec.data.series.flux_towers import open_flux_tower
from pm_dalec.data.site_file import open_site

from .towers import AMPLITUDE, BASE, FULLSET, GRAMS, MIDDLE, half_hours, in_steps, write

CALM = ("ignore:co2 missing", "ignore:.*set to zero", "ignore:reco has no", "ignore:gpp has no")
pytestmark = [pytest.mark.filterwarnings(each) for each in CALM]
GIVEN = {"latitude": 0.0, "disturbance": "none"}
MONTHS = np.tile(np.arange(1, 13), 2)
NEE = -2.0 * GRAMS  # g m-2 d-1, half a day of -6 and half of 2


@pytest.fixture(scope="module")
def table():
    return half_hours()


@pytest.fixture
def hourly(table, tmp_path):
    return write(table, tmp_path / FULLSET.format("HH"))


def crest():
    """Largest of the half-hours above the middle, which the sine has at noon."""
    return AMPLITUDE * np.sin(2 * np.pi * (np.arange(48) / 2 - 6) / 24).max()


def test_months_of_half_hours_are_known_exactly(hourly):
    site = open_flux_tower(hourly, **GIVEN)
    assert site.sizes["time"] == 24
    assert site["site"].item() == "XX-Syn"
    np.testing.assert_allclose(site["tmin"], MIDDLE - crest() + MONTHS, rtol=1e-12)
    np.testing.assert_allclose(site["tmax"], MIDDLE + crest() + MONTHS, rtol=1e-12)
    np.testing.assert_allclose(site["sw_rad"], 200 * 0.0864, rtol=1e-12)
    np.testing.assert_allclose(site["vpd"], 100 * (2 + MONTHS / 2), rtol=1e-12)
    np.testing.assert_allclose(site["nee"], NEE, rtol=1e-12)
    np.testing.assert_allclose(site["gpp"], 4 * GRAMS, rtol=1e-12)
    np.testing.assert_allclose(site["gpp_unc"], 0.5 * GRAMS, rtol=1e-12)


def test_random_errors_average_out_and_common_ones_do_not(hourly):
    site = open_flux_tower(hourly, **GIVEN)
    count = 48 * site["step_days"]
    np.testing.assert_allclose(site["nee_unc"], GRAMS * np.sqrt(1 / count + 0.25), rtol=1e-12)


def test_days_are_read_too(hourly):
    site = open_flux_tower(hourly, step="day", **GIVEN)
    assert site.sizes["time"] == 730
    np.testing.assert_allclose(site["nee"], NEE, rtol=1e-12)
    np.testing.assert_allclose(site["nee_unc"], GRAMS * np.sqrt(1 / 48 + 0.25), rtol=1e-12)


@pytest.mark.parametrize(("kind", "form"), [("DD", "%Y%m%d"), ("MM", "%Y%m")])
def test_daily_and_monthly_files_say_the_same_of_what_they_have(
    table, hourly, tmp_path, kind, form
):
    wanted = open_flux_tower(hourly, **GIVEN)
    path = write(in_steps(table, form), tmp_path / FULLSET.format(kind))
    with pytest.warns(
        UserWarning, match=r"tmin and tmax are derived from the means by day.*TA_F_DAY"
    ):
        came = open_flux_tower(path, **GIVEN)
    for name in ("sw_rad", "vpd", "wind", "nee", "gpp"):
        np.testing.assert_allclose(came[name], wanted[name], rtol=1e-9, err_msg=name)
    for name in ("tmin", "tmax"):  # a sine, with twelve hours of light at the equator
        np.testing.assert_allclose(came[name], wanted[name], atol=0.06, err_msg=name)
    both = open_flux_tower([hourly, path], **GIVEN)
    np.testing.assert_array_equal(both["tmin"], wanted["tmin"])


def test_months_without_day_and_night_take_their_extremes_from_a_second_file(
    table, hourly, tmp_path
):
    monthly = in_steps(table, "%Y%m").drop(columns=["TA_F_DAY", "TA_F_NIGHT"])
    path = write(monthly, tmp_path / FULLSET.format("MM"))
    with pytest.raises(ValueError, match=r"wanted tmin, tmax, got no column.*half-hourly file"):
        open_flux_tower(path, **GIVEN)
    site = open_flux_tower([path, hourly], **GIVEN)
    np.testing.assert_allclose(site["tmax"], MIDDLE + crest() + MONTHS, rtol=1e-12)
    np.testing.assert_allclose(site["nee_unc"], np.sqrt(1.25) * GRAMS, rtol=1e-9)  # of the first


def test_steps_with_little_measured_are_dropped_or_have_a_wider_sigma(table, tmp_path):
    poor = table.copy()
    january = poor["TIMESTAMP_START"].str.startswith("200101").to_numpy()
    poor.loc[january & (np.arange(len(poor)) % 4 != 0), "NEE_VUT_REF_QC"] = 2
    path = write(poor, tmp_path / FULLSET.format("HH"))
    dropped = open_flux_tower(path, **GIVEN)
    assert list(np.flatnonzero(dropped["nee"].isnull())) == [0]
    kept = open_flux_tower(path, least_measured=0.2, **GIVEN)
    assert not kept["nee"].isnull().any()
    wide = open_flux_tower(path, gaps="widen", **GIVEN)
    np.testing.assert_allclose(wide["nee_unc"][0], 2 * kept["nee_unc"][0], rtol=1e-12)
    np.testing.assert_allclose(wide["nee_unc"][1:], kept["nee_unc"][1:], rtol=1e-12)


def test_a_stream_without_an_uncertainty_is_left_out_aloud_or_given_one(hourly):
    with pytest.warns(UserWarning, match=r"reco has no uncertainty and is left out"):
        assert "reco" not in open_flux_tower(hourly, **GIVEN)
    site = open_flux_tower(hourly, uncertainties={"reco": "50%"}, **GIVEN)
    np.testing.assert_allclose(site["reco_unc"], GRAMS, rtol=1e-12)


def base_table(table):
    names = {"TA_F": "TA_1_1_1", "SW_IN_F": "SW_IN_1_1_1", "VPD_F": "VPD_PI_1_1_1"}
    names |= {"WS_F": "WS_1_1_1", "NEE_VUT_REF": "NEE_PI_F"}
    return table.rename(columns=names)[["TIMESTAMP_START", "TIMESTAMP_END", *names.values()]]


def test_ameriflux_base_is_read_with_its_comments_and_places_of_sensors(table, hourly, tmp_path):
    path = write(base_table(table), tmp_path / BASE, ("Site: XX-Syn", "Version: 1-5"))
    wanted = open_flux_tower(hourly, **GIVEN)
    came = open_flux_tower(path, uncertainties={"nee": 0.5}, **GIVEN)
    for name in ("tmin", "tmax", "sw_rad", "vpd", "wind", "nee"):
        np.testing.assert_allclose(came[name], wanted[name], rtol=1e-12, err_msg=name)


def test_nights_that_are_missing_do_not_bias_a_month(table, tmp_path):
    gappy = base_table(table)
    hours = gappy["TIMESTAMP_START"].str[8:10].astype(int)
    lost = (hours < 6) & (np.arange(len(gappy)) // 48 % 2 == 0)  # every other night
    gappy.loc[lost, "NEE_PI_F"] = np.nan
    path = write(gappy, tmp_path / BASE)
    site = open_flux_tower(path, uncertainties={"nee": 0.5}, **GIVEN)
    np.testing.assert_allclose(site["nee"], NEE, rtol=1e-12)


def test_gaps_of_the_weather_are_counted_and_can_be_filled_by_another_site(table, tmp_path):
    gappy = table.copy()
    gappy.loc[gappy["TIMESTAMP_START"].str.startswith("200107"), "SW_IN_F"] = np.nan
    path = write(gappy, tmp_path / FULLSET.format("HH"))
    with pytest.raises(ValueError, match=r"gaps of sw_rad in 1, the first 2001-07.*weather="):
        open_flux_tower(path, **GIVEN)
    weather = synthetic_sites.synthetic_drivers(seed=1, years=2)
    weather = weather.assign_coords(
        time=pd.date_range("2001-01-01", periods=24, freq="MS"),
    )
    site = open_flux_tower(path, latitude=55.0, weather=weather)
    np.testing.assert_array_equal(site["sw_rad"], weather["sw_rad"])
    np.testing.assert_allclose(site["nee"], NEE, rtol=1e-12)


def test_a_month_that_is_not_whole_is_left_out_aloud(table, tmp_path):
    path = write(table[48 * 20 :], tmp_path / FULLSET.format("HH"))
    with pytest.warns(UserWarning, match=r"1 steps at the ends.*from 2001-02 to 2002-12"):
        assert open_flux_tower(path, **GIVEN).sizes["time"] == 23


def test_the_place_comes_from_a_badm_file(hourly, tmp_path):
    badm = tmp_path / "badm.csv"
    badm.write_text(
        "SITE_ID,GROUP_ID,VARIABLE_GROUP,VARIABLE,DATAVALUE\n"
        "YY-Oth,1,GRP_LOCATION,LOCATION_LAT,1.0\n"
        "XX-Syn,2,GRP_LOCATION,LOCATION_LAT,-35.5\nXX-Syn,2,GRP_LOCATION,LOCATION_LONG,148.2\n"
    )
    site = open_flux_tower(hourly, badm=badm, disturbance="none")
    assert (float(site["lat"]), float(site["lon"])) == (-35.5, 148.2)
    with pytest.raises(ValueError, match=r"latitude of XX-Syn.*badm="):
        open_flux_tower(hourly)


def test_open_site_knows_the_file_of_a_tower_and_a_table(hourly, tmp_path):
    wanted = open_flux_tower(hourly, **GIVEN)
    came = open_site(hourly, lat=0.0, disturbance="none")
    np.testing.assert_array_equal(came["nee"], wanted["nee"])
    names = ["tmin", "tmax", "sw_rad", "vpd", "wind", "co2", "nee", "nee_unc"]
    plain = wanted[names].to_dataframe()[names].reset_index()
    plain.to_csv(tmp_path / "plain.csv", index=False)
    again = open_site(tmp_path / "plain.csv", lat=0.0, disturbance="none")
    for name in names:
        np.testing.assert_array_equal(again[name], wanted[name], err_msg=name)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda t: t.assign(TIMESTAMP_START=t["TIMESTAMP_START"].str[:4]), "yearly"),
        (lambda t: t.assign(TIMESTAMP_START=t["TIMESTAMP_START"].str[:8]), "weekly"),
        (lambda t: pd.concat([t, t[:1]]), "one row a time"),
        (lambda t: t.assign(TIMESTAMP_START="2.001E+11"), "spreadsheet"),
        (lambda t: t.assign(TA_F="cold"), "numbers in column TA_F"),
        (lambda t: t.drop(columns="SW_IN_F"), "SW_IN_F"),
        (lambda t: t[:0], "at least one row"),
        (lambda t: t.drop(columns=["TIMESTAMP_START", "TIMESTAMP_END"]), "TIMESTAMP"),
    ],
)
def test_a_fault_is_told_in_a_sentence(table, tmp_path, spoil, words):
    path = write(spoil(table[:2000].copy()), tmp_path / FULLSET.format("HH"))
    with pytest.raises(ValueError, match=words):
        open_flux_tower(path, **GIVEN)

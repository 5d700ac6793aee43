"""CSV files of Edinburgh as their example packs name the columns: steps from doy, stocks by name."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from pm_dalec.data.formats import open_cardamom_csv

START = "2001-01-01"
ENDS = np.cumsum(pd.date_range(START, periods=24, freq="MS").days_in_month.to_numpy())
SEASON = np.cos(2 * np.pi * (np.arange(24) - 6) / 12)


def site(folder, doy, *, obs=None, **more):
    """Files of a site, without a day of the run unless it is given."""
    steps = len(doy)
    season = np.resize(SEASON, steps)
    met = {
        "doy": doy,
        "mint_C": 3 + 5 * season,
        "maxt_C": 11 + 7 * season,
        "airt_C": 7 + 6 * season,
    }
    met |= {"co2_ppm": np.full(steps, 371.0), "swrad_MJm2day": 10 + 7 * season}
    met |= {"vpd_kPa": 0.4 + 0.25 * season, "precip_kgm2s": np.full(steps, 2e-5)}
    pd.DataFrame(met | {"wind_spd_ms": np.full(steps, 3.0)} | more).to_csv(
        folder / "A_timeseries_met.csv", index=False
    )
    if obs is not None:
        pd.DataFrame({"doy": doy} | obs).to_csv(folder / "A_timeseries_obs.csv", index=False)
    return folder / "A_timeseries_met.csv"


def opened(path, **more):
    return open_cardamom_csv(path, start=START, lat=52.0, **more)


YEAR = ENDS[:12].astype(float)
MONTHLY = {
    "last days": np.tile(YEAR, 2),
    "middles": np.tile(YEAR - 15, 2),
    "first days": np.concatenate([[1.0], YEAR[:-1] + 1] * 2),
}


@pytest.mark.parametrize("stamps", MONTHLY)
def test_months_follow_from_days_of_the_year_and_the_start(tmp_path, stamps):
    units = opened(site(tmp_path, MONTHLY[stamps]))
    np.testing.assert_array_equal(units["doy"], np.tile(YEAR, 2))
    np.testing.assert_array_equal(units["step_days"].cumsum(), ENDS)


def test_days_follow_too(tmp_path):
    units = opened(site(tmp_path, np.arange(1.0, 366.0)))
    assert units.sizes["time"] == 365
    np.testing.assert_array_equal(units["step_days"], 1.0)


def test_steps_of_eight_days_end_on_their_days(tmp_path):
    units = opened(site(tmp_path, np.arange(8.0, 361.0, 8.0)))
    np.testing.assert_array_equal(units["step_days"], 8.0)


def test_a_day_of_the_run_goes_before(tmp_path):
    units = opened(site(tmp_path, MONTHLY["last days"], run_day=ENDS))
    np.testing.assert_array_equal(units["step_days"].cumsum(), ENDS)


@pytest.mark.parametrize("doy", [[0.0] * 24, [400.0] * 24, [np.nan] * 24])
def test_days_that_are_none_are_refused(tmp_path, doy):
    with pytest.raises(ValueError, match=r"days of the year from 1 to 366.*run_day"):
        opened(site(tmp_path, doy))


def wood(**more):
    values, sigma = np.full(24, -9999.0), np.full(24, -9999.0)
    values[12], sigma[12] = 7000.0, 900.0
    found = {"Cwood_stock_gCm2": values, "Cwood_stock_unc_gCm2": sigma}
    return found | {"Cwood_stock_obs_unc_gCm2": np.full(24, -9999.0)} | more


def test_the_stock_of_wood_is_the_stream_of_wood(tmp_path):
    units = opened(site(tmp_path, MONTHLY["last days"], obs=wood()))
    assert (float(units["cwood"][12]), float(units["cwood_unc"][12])) == (7000.0, 900.0)
    assert str(units["time"].values[12])[:7] == "2002-01"
    assert int(units["cwood"].notnull().sum()) == 1


def test_a_stream_that_is_not_read_is_warned_about_by_name(tmp_path):
    obs = wood(Evap_kgH2Om2day=np.ones(24), Evap_unc_kgH2Om2day=np.ones(24), woodinc_gCm2day=SEASON)
    path = site(tmp_path, MONTHLY["last days"], obs=obs)
    with pytest.warns(UserWarning, match=r"not read from A_timeseries_obs\.csv: .*woodinc_gCm2day"):
        opened(path)


def test_streams_are_chosen_and_dropped(tmp_path):
    obs = wood(LAI_m2m2=2 + SEASON)
    path = site(tmp_path, MONTHLY["last days"], obs=obs)
    assert "lai" not in opened(path, drop=["lai"])
    assert "lai" not in opened(path, observations=["cwood"])
    assert float(opened(path, uncertainties={"lai": 0.4})["lai_unc"][0]) == 0.4
    with pytest.raises(ValueError, match="'lai_unc'"):
        opened(path)
    with pytest.raises(TypeError, match="wanted drop as a list of names, got 'lai'"):
        opened(path, drop="lai")


CELLS = st.sampled_from(
    ["", "NA", "nan", "inf", "-9999", "-999.9", "1e400", "x", "1,5", "9.97e36", "0x1", "5"]
)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(st.integers(0, 24), st.integers(0, 9), CELLS, st.integers(0, 400))
def test_a_spoiled_table_is_refused_in_a_sentence_or_read_as_it_is(
    tmp_path, row, column, cell, cut
):
    path = site(tmp_path, MONTHLY["last days"], run_day=ENDS)
    lines = [line.split(",") for line in path.read_text().splitlines()]
    lines[row][column] = cell
    text = "\n".join(",".join(line) for line in lines)
    path.write_text(text[: len(text) - cut] if cut > 300 else text)
    fault = None
    try:
        units = opened(path)
    except (ValueError, KeyError, TypeError) as caught:
        fault = str(caught.args[0])
    if fault is not None:
        assert "wanted" in fault, fault
        return
    given = pd.read_csv(path, header=0)
    for name, column_name in (("co2", "co2_ppm"), ("tmin", "mint_C"), ("sw_rad", "swrad_MJm2day")):
        np.testing.assert_allclose(units[name], given[column_name].astype(float), rtol=1e-15)

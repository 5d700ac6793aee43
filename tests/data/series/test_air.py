"""CO2 of Mauna Loa as a function is as near to the measured series as it says."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from pm_dalec.data.series.air import FIRST, LARGEST_ERROR, LAST, mauna_loa_co2

# The file holds measured months to February 2020; what follows in it has no season.
MEASURED = slice("1959-01", "2020-02")


def test_months_are_met_within_the_error_that_is_stated(shared_data):
    stored = xr.open_dataset(shared_data / "data" / "co2_mauna_loa_monthly.nc").load()
    stored = stored.sel(time=MEASURED)
    bounds = stored["time_bnds"]
    middles = bounds.isel(bnds=0) + (bounds.isel(bnds=1) - bounds.isel(bnds=0)) / 2
    error = mauna_loa_co2(middles.to_numpy()) - stored["co2"].to_numpy()
    assert np.abs(error).max() < LARGEST_ERROR
    assert np.sqrt((error**2).mean()) < 0.5
    assert abs(error.mean()) < 0.05


def test_it_rises_every_year_and_goes_on_straight():
    years = pd.date_range(f"{FIRST}-07-01", f"{LAST}-07-01", freq="YS-JUL")
    growth = np.diff(mauna_loa_co2(years))
    assert ((growth > 0.2) & (growth < 3.5)).all()
    assert abs(growth[-1] - growth[-2]) < 0.05


def test_the_season_has_its_crest_in_may_and_its_trough_in_autumn():
    months = pd.date_range("2000-01-16", periods=12, freq="30D")
    season = mauna_loa_co2(months) - np.linspace(0, 1.7, 12)
    assert months[season.argmax()].month == 5
    assert months[season.argmin()].month in (9, 10)


@pytest.mark.parametrize("year", [FIRST - 1, LAST + 1])
def test_other_years_are_refused(year):
    with pytest.raises(ValueError, match=rf"years from {FIRST} to {LAST}.*add a column 'co2'"):
        mauna_loa_co2(pd.DatetimeIndex([f"{year}-06-15"]))

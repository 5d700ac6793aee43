"""Observations of a table that are means over several rows: told by a column, read, and written again."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from pm_dalec.data import average_observations, open_site
from pm_dalec.data.formats import open_cbf, write_cbf
from pm_dalec.data.series.frame import site_from_frame
from pm_dalec.graph import Choices
from pm_dalec.models import baseline
from pm_dalec.posterior import export
from pm_dalec.testing.tiny import tiny_fit

from .test_frame import GIVEN, MONTHS, drivers


def sparse(every, value=2.0):
    """A number at every so many months, NaN between."""
    return np.where(np.arange(MONTHS) % every == 0, value + np.arange(MONTHS) / 10, np.nan)


@pytest.mark.parametrize(
    ("label", "length"),
    [("lai_window (months)", 6), ("LAI window [years]", 0.5), ("lai_window_months", 6)],
)
def test_a_column_says_how_long_an_observation_spans_from_its_row_on(label, length):
    table = drivers().assign(lai=sparse(6))
    table[label] = np.where(table["lai"].notna(), length, np.nan)
    site = site_from_frame(table, **GIVEN)
    assert_array_equal(site["lai"], table["lai"])
    assert_array_equal(site["lai_window"], np.arange(MONTHS) // 6 * 6)
    assert site["lai_window"].attrs["compared"] == "mean"


def test_days_of_a_daily_table_and_a_number_of_each_window_are_the_same():
    days = pd.date_range("2014-01-01", periods=400, freq="D")
    months = drivers().set_index("time").drop(columns=["lai", "lai_unc"])
    table = months.reindex(days, method="ffill")
    table["gpp"] = np.where(np.arange(400) % 8 == 0, 3.0, np.nan)
    table["gpp_sd"] = 0.5
    spans = site_from_frame(table.assign(**{"gpp_window (days)": 8}), **GIVEN)
    numbers = site_from_frame(table.assign(gpp_window=np.arange(400) // 8), **GIVEN)
    for site in (spans, numbers):
        assert_array_equal(np.diff(site["gpp_window"]) != 0, np.arange(1, 400) % 8 == 0)
        assert int(site["gpp"].count()) == 50


def test_means_of_calendar_years_need_no_column_and_may_be_repeated():
    table = drivers().assign(gpp_annual=np.repeat([3.0, 3.5], 12), gpp_annual_sd=0.4)
    site = site_from_frame(table, **GIVEN)
    assert_allclose(site["gpp_annual"].dropna("time"), [3.0, 3.5])
    assert_array_equal(site["gpp_annual_window"], np.repeat([2014, 2015], 12))
    assert "gpp_annual" in baseline.build(site, Choices(streams=["gpp_annual"])).named_vars


def test_a_site_with_windows_goes_through_a_table_a_file_and_a_cbf_file(tmp_path):
    site = average_observations(
        site_from_frame(drivers(), **GIVEN), "lai", over="run", uncertainty=0.2
    )
    path = tmp_path / "table.csv"
    site.drop_vars("time_bnds").reset_coords(drop=True).to_dataframe().drop(
        columns="step_days"
    ).to_csv(path)
    again = site_from_frame(path, **GIVEN)
    site.to_netcdf(tmp_path / "site.nc")
    write_cbf(tmp_path / "site.cbf.nc", site)
    for other in (again, open_site(tmp_path / "site.nc"), open_cbf(tmp_path / "site.cbf.nc")):
        assert_allclose(other["lai"], site["lai"], rtol=1e-12)
        assert_allclose(other["lai_unc"].dropna("time"), site["lai_unc"].dropna("time"), rtol=1e-12)
        assert_array_equal(other["lai_window"], site["lai_window"])


def test_deviations_are_told_in_the_header():
    values = np.tile(np.linspace(-1.0, 1.0, 12), 2)
    table = drivers().assign(gpp=values, gpp_sd=0.3, gpp_window=np.arange(MONTHS) // 12)
    site = site_from_frame(table, **GIVEN, units={"gpp_window": "deviation"})
    assert site["gpp_window"].attrs["compared"] == "deviation"
    assert_array_equal(site["gpp"], values)
    with pytest.raises(ValueError, match="one observation of 'gpp' in each window, got 12"):
        site_from_frame(table.assign(gpp=np.abs(values)), **GIVEN)


def test_results_of_a_fit_to_means_are_exported(tmp_path):
    site = average_observations(
        site_from_frame(drivers(), **GIVEN), "lai", over="run", uncertainty=0.2
    )
    assert export(tiny_fit(site, draws=3), tmp_path / "results.nc", names=["lai"]).is_file()


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"lai_window (months)": 7.0}, "inside another .*first row"),
        (
            {"lai_window (months)": 30.0},
            "to the end of another one of the table, got 30 at 2014-01",
        ),
        ({"lai_window (days)": 45.0}, "wanted 'lai_window' as days from a row to the end"),
        ({"lai_window (months)": np.nan}, "got nan at 2014-01"),
        ({"lai_window (months)": 1.5}, "got 1.5 at"),
        ({"lai_window (hPa)": 6.0}, "got units 'hpa'.*write 'lai_window .months.'"),
        ({"lai_window": 6.0}, "wanted one observation of 'lai' in each window, got 4 in one"),
    ],
)
def test_a_window_that_is_none_is_refused(columns, words):
    table = drivers().assign(lai=sparse(6), **columns)
    with pytest.raises(ValueError, match=words):
        site_from_frame(table, **GIVEN)


def test_a_year_that_is_not_whole_is_refused():
    table = drivers().assign(gpp_annual=3.0, gpp_annual_sd=0.4).iloc[3:]
    with pytest.raises(
        ValueError, match=r"wanted all of 2014.*got 2014-04 to 2014-12.*gpp_annual_window"
    ):
        site_from_frame(table, **GIVEN)


def test_a_length_taken_for_a_number_is_said():
    table = drivers().assign(lai=np.where(np.arange(MONTHS) == 0, 2.0, np.nan))
    table["lai_window"] = np.where(np.arange(MONTHS) == 0, 12.0, np.nan)
    with pytest.warns(
        UserWarning, match="every window in 'lai_window'.*write 'lai_window .months.'"
    ):
        site_from_frame(table, **GIVEN)

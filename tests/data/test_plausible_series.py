"""A whole series tells what one value does not: hours, codes, sums over months, dry air, shifted months."""

import re

import numpy as np
import pytest

from pm_dalec.data.checks import check_units
from pm_dalec.data.site_file import open_site
from pm_dalec.data.standardised import site_from_arrays
from pm_dalec.data.synthetic_sites import synthetic_drivers
from pm_dalec.testing.tiny import tiny_site


def hourly(hours, days=60):
    """Weather of steps of some hours."""
    edges = np.datetime64("2005-05-01", "ns") + np.arange(0, 24 * days + 1, hours) * np.timedelta64(
        1, "h"
    )
    steps = edges.size - 1
    usual = {"tmin": 8.0, "tmax": 16.0, "sw_rad": 15.0, "co2": 375.0, "vpd": 400.0, "wind": 3.0}
    usual |= {"forest_loss_fraction": 0.0, "burned_fraction": 0.0}
    return site_from_arrays(
        {name: np.full(steps, value) for name, value in usual.items()}, edges, 52.0, site="X"
    )


@pytest.mark.parametrize(("hours", "told"), [(1, "1 h"), (3, "3 h"), (12, "12 h")])
def test_steps_shorter_than_a_day_are_refused(tmp_path, hours, told):
    site = hourly(hours)
    with pytest.raises(ValueError, match=f"steps of a day or longer, got a step of {told}.*tmin"):
        check_units(site)
    start, end = (site["time_bnds"].values[:, side] for side in (0, 1))
    site.assign_coords(time=start + (end - start) / 2).to_netcdf(
        tmp_path / "s.nc", engine="h5netcdf"
    )
    with pytest.raises(ValueError, match="steps of a day or longer"):
        open_site(tmp_path / "s.nc")


def test_steps_of_a_day_pass():
    check_units(hourly(24))


@pytest.mark.parametrize("code", [-9999.0, -9999.9, -6999.0, -999.9, -999.0, -99.99])
@pytest.mark.parametrize("kind", ["float64", "float32"])
@pytest.mark.parametrize("name", ["nee", "nee_unc", "lai", "tmin"])
def test_codes_for_missing_values_are_no_data(name, kind, code):
    site = tiny_site(streams=("lai", "nee"))
    values = site[name].values.astype(kind)
    values[4] = code
    site[name] = (site[name].dims, values, site[name].attrs)
    told = f"missing values of '{name}' as NaN, got the fill value {code:g}"
    with pytest.raises(ValueError, match=re.escape(told)):
        check_units(site)


@pytest.mark.parametrize("name", ["gpp", "nee", "nbe", "reco"])
def test_a_flux_beyond_50_is_refused(name):
    site = tiny_site(streams=(name,))
    for value in (50.5, -50.5):
        site[name][4] = value
        with pytest.raises(
            ValueError, match=rf"'{name}' from -50 to 50 g m-2 d-1, got {value:g}.*days"
        ):
            check_units(site)
    site[name][4] = 49.0
    check_units(site)


def test_a_year_of_hectopascals_among_others_is_noticed():
    site = synthetic_drivers(1, years=3)
    vpd = site["vpd"].values.copy()
    vpd[12:24] = np.maximum(vpd[12:24] / 100, 6.0)
    site["vpd"] = ("time", vpd, site["vpd"].attrs)
    with pytest.raises(
        ValueError, match="'vpd' above 20 Pa at some time of every year, got 365 days"
    ):
        check_units(site)


def test_eleven_humid_months_pass():
    site = synthetic_drivers(1, years=3)
    vpd = site["vpd"].values.copy()
    vpd[12:23] = 15.0
    check_units(site.assign(vpd=("time", vpd, site["vpd"].attrs)))


@pytest.mark.parametrize("day", [14, 15, 16])
def test_months_from_middle_to_middle_are_refused(day):
    months = np.arange("2014-01", "2016-02", dtype="datetime64[M]").astype("datetime64[D]")
    edges = (months + np.timedelta64(day - 1, "D")).astype("datetime64[ns]")
    drivers = synthetic_drivers(1, years=2)
    given = (
        "tmin",
        "tmax",
        "sw_rad",
        "co2",
        "vpd",
        "wind",
        "forest_loss_fraction",
        "burned_fraction",
    )
    site = site_from_arrays({name: drivers[name].values for name in given}, edges, 55.0, site="X")
    with pytest.raises(ValueError, match="steps of months that begin with a month"):
        check_units(site)

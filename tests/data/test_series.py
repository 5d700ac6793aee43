"""Wrong units are told by what a whole series can be at its place; real sites and extreme ones pass."""

import re

import numpy as np
import pytest
import xarray as xr

from pm_dalec.data.checks import check_drivers, check_observations
from pm_dalec.data.site_file import open_site
from pm_dalec.data.standardised import site_from_arrays
from pm_dalec.data.synthetic_sites import synthetic_drivers
from pm_dalec.tables.variables import DRIVERS
from pm_dalec.testing.tiny import tiny_region, tiny_site

EDGES = np.arange("2014-01", "2016-02", dtype="datetime64[M]").astype("datetime64[ns]")[:25]
MONTH = np.tile(np.arange(12), 2)


def arrays(**changed):
    """Two years of a temperate site in the units of the tables."""
    season = -np.cos(2 * np.pi * (MONTH + 0.5) / 12)
    usual = {
        "tmin": 5 + 8 * season,
        "tmax": 13 + 10 * season,
        "sw_rad": 10 + 7 * season,
        "co2": np.full(24, 400.0),
        "vpd": 400 + 250 * season,
        "wind": np.full(24, 3.0),
        "forest_loss_fraction": np.zeros(24),
        "burned_fraction": np.zeros(24),
    }
    return usual | {name: change(usual[name]) for name, change in changed.items()}


def made(*, latitude=50.0, **changed):
    return site_from_arrays(arrays(**changed), EDGES, latitude, site="X")


WRONG = {
    "temperature in K": ({"tmin": lambda t: t + 273.15}, "'tmin' from -100 to 70 degC, got"),
    "temperature in F": ({"tmax": lambda t: 1.8 * t + 32}, "'tmax' from -100 to 70 degC, got"),
    "VPD in hPa": ({"vpd": lambda v: v / 100}, "if it is in hPa, multiply by 100 to Pa"),
    "VPD in kPa": ({"vpd": lambda v: v / 1000}, "from 0.01 to 1 of saturation at 'tmax'"),
    "VPD absent": ({"vpd": np.zeros_like}, "got 0 to 0 of it"),
    "VPD ten times": ({"vpd": lambda v: 10 * v}, "from 0.01 to 1 of saturation at 'tmax'"),
    "radiation in W m-2": ({"sw_rad": lambda r: r / 0.0864}, "'sw_rad' from 0 to 50 MJ m-2 d-1"),
    "radiation constant in W m-2": ({"sw_rad": lambda r: 0 * r + 45}, "multiply by 0.0864"),
    "CO2 as a fraction": ({"co2": lambda c: c / 1e6}, "'co2' from 150 to 2000 ppm, got 0.0004"),
    "loss in per cent": ({"burned_fraction": lambda b: b + 5.0}, "not per cent"),
}


@pytest.mark.parametrize("fault", WRONG)
def test_arrays_in_wrong_units_make_no_site(fault):
    changed, sentence = WRONG[fault]
    with pytest.raises(ValueError, match=re.escape(sentence)):
        made(**changed)


def test_a_winter_in_watts_is_found_below_every_limit():
    dark = synthetic_drivers(0, latitude=60.0).isel(time=[10, 11, 12])
    watts = dark["sw_rad"] / 0.0864
    assert watts.max() < 50
    wrong = dark.assign(sw_rad=watts.assign_attrs(dark["sw_rad"].attrs))
    with pytest.raises(ValueError, match="times as much over the whole series"):
        check_drivers(wrong)


def test_radiation_of_the_other_hemisphere_is_not_refused_over_a_year():
    assert made(latitude=-50.0)["lat"] == -50.0


def test_one_pixel_in_other_units_is_named():
    region = tiny_region()
    factor = xr.DataArray([1.0, 0.01, 1.0], dims="pixel")
    region["vpd"] = (region["vpd"] * factor).assign_attrs(region["vpd"].attrs)
    with pytest.raises(ValueError, match="pixel 1001"):
        check_drivers(region)


def test_a_soil_in_kilograms_is_refused():
    site = tiny_site()
    site["csom_prior"] = (site["csom_prior"] / 1000).assign_attrs(site["csom_prior"].attrs)
    with pytest.raises(ValueError, match="if it is in kg m-2, multiply by 1000"):
        check_observations(site)


# Climates [degC, degC, MJ m-2 d-1, Pa]: means and half ranges of the year
CLIMATES = {
    "high Arctic, 80 N": (80.0, (-20, 20), (-14, 19), (7.5, 7.4), (40, 35)),
    "Greenland's ice, 72 N": (72.0, (-34, 17), (-26, 17), (11, 10.9), (12, 10)),
    "Macquarie Island, 54 S": (-54.5, (3, -2), (7, -2), (8, -6), (90, -20)),
    "cloud forest, 0": (0.0, (13, 0.5), (18, 0.5), (9, 1), (60, 15)),
    "Amazon, 3 S": (-3.0, (22, 1), (31, 1), (18, 2), (550, 200)),
    "Sahara, 24 N": (24.0, (18, 9), (33, 11), (21.5, 6), (3300, 1900)),
    "Atacama, 24 S": (-24.0, (6, -4), (22, -4), (25.5, -6.5), (1700, -400)),
    "Death Valley, 36 N": (36.5, (17, 12), (33, 14), (20.5, 8.5), (3000, 2300)),
    "Tibet, 32 N": (32.0, (-6, 10), (8, 9), (20, 5), (500, 250)),
}


@pytest.mark.parametrize("place", CLIMATES)
def test_extreme_climates_pass_and_their_wrong_units_do_not(place):
    latitude, *pairs = CLIMATES[place]
    season = -np.cos(2 * np.pi * (MONTH + 0.5) / 12)
    tmin, tmax, sw_rad, vpd = (mean + half * season for mean, half in pairs)
    usual = {"tmin": tmin, "tmax": tmax, "sw_rad": sw_rad, "vpd": vpd}

    def site(**changed):
        return made(
            latitude=latitude,
            **{name: lambda old, new=series: new for name, series in (usual | changed).items()},
        )

    assert site()["tmax"].notnull().all()
    for wrong in ({"vpd": vpd / 100}, {"vpd": vpd / 1000}, {"sw_rad": sw_rad / 0.0864}):
        with pytest.raises(ValueError, match=r"hPa|W m-2"):
            site(**wrong)


@pytest.mark.filterwarnings("ignore:.*missing")
def test_all_real_sites_pass(shared_data):
    files = sorted((shared_data / "data" / "sites").glob("*.nc"))
    assert len(files) == 10
    for path in files:
        site = open_site(path, observations=(), fill_wind=True, disturbance="none")
        assert set(DRIVERS) <= set(site.variables)


@pytest.mark.filterwarnings("ignore:.*missing")
def test_all_real_sites_are_refused_in_other_units(shared_data):
    for path in sorted((shared_data / "data" / "sites").glob("*.nc")):
        site = open_site(path, observations=(), fill_wind=True, disturbance="none")
        for name, factor in (("vpd", 0.01), ("vpd", 0.001), ("sw_rad", 1 / 0.0864)):
            wrong = site.assign({name: (site[name] * factor).assign_attrs(site[name].attrs)})
            with pytest.raises(ValueError, match=r"hPa|W m-2"):
                check_drivers(wrong)

"""Every malformed site file ends in a sentence that names variable, place and remedy."""

import numpy as np
import pytest
import xarray as xr

from pm_dalec.data import checks, site_file

from .site_files import STEPS, valid_site, without, write


def at(name, value, *steps):
    """Put one value at some steps of one variable."""

    def change(site):
        values = site[name].to_numpy().copy()
        values[list(steps)] = value
        return site.assign({name: (site[name].dims, values, site[name].attrs)})

    return change


def everywhere(name, value):
    return lambda site: site.assign({name: xr.full_like(site[name], value)})


def in_units(name, units):
    return lambda site: site.assign({name: site[name].assign_attrs(units=units)})


def without_units(name):
    def change(site):
        site[name].attrs.pop("units")
        return site

    return change


def exchanged(first, second):
    return lambda site: site.assign({first: site[second], second: site[first]})


def with_time(change):
    return lambda site: site.assign_coords(time=change(site["time"].to_numpy().copy()))


def in_order(order):
    return lambda site: site.isel(time=order)


def with_extra_dimension(name):
    return lambda site: site.assign({name: site[name].expand_dims(height=2, axis=1)})


def as_text(name):
    return lambda site: site.assign({name: ("time", np.array(["cold"] * STEPS), site[name].attrs)})


def lengthened_step(site):
    return at("step_days", 35.0, 4)(site)


def empty_step(site):
    bounds = site["time_bnds"].to_numpy().copy()
    bounds[3, 1] = bounds[3, 0]
    bounds[4, 0] = bounds[3, 0]
    time = site["time"].to_numpy().copy()
    time[3] = bounds[3, 0]
    return site.assign(time_bnds=(("time", "bnds"), bounds)).assign_coords(time=time)


def mid_point_doy(site):
    return site.assign(doy=site["doy"] - site["step_days"] / 2)


def soil_prior_in_time(site):
    prior = site["csom_prior"].expand_dims(time=site["time"])
    sigma = site["csom_prior_unc"].expand_dims(time=site["time"])
    return site.assign(csom_prior=prior, csom_prior_unc=sigma)


def factor_uncertainty(site):
    site = site.drop_vars("lai_unc")
    site["lai"].attrs["uncertainty_type"] = "log-normal factor"
    return site


MONTHS_LOST = [*range(6), *range(8, STEPS)]
BACKWARDS = [0, 1, 3, 2, *range(4, STEPS)]
TWICE = [0, 1, 2, 2, *range(3, STEPS)]
# what is broken: (change of the site, exception, fragments of the sentence)
BAD_FILES = {
    "driver missing": (without("co2"), ValueError, ["'co2'", "UK-Syn", "add co2 [ppm]"]),
    "two drivers missing": (without("vpd", "tmin"), ValueError, ["'tmin', 'vpd'", "UK-Syn"]),
    "wind missing": (without("wind"), ValueError, ["'wind'", "UK-Syn", "fill_wind=True"]),
    "burned fraction missing": (
        without("burned_fraction"),
        ValueError,
        ["'burned_fraction'", "UK-Syn", "disturbance='none'"],
    ),
    "doy missing": (without("doy"), ValueError, ["'doy'", "add doy [d]"]),
    "gap in a driver": (
        at("sw_rad", np.nan, 5, 6, 9),
        ValueError,
        ["driver 'sw_rad'", "gap", "2014-06-01 and 2 others"],
    ),
    "gap in wind": (at("wind", np.nan, 0), ValueError, ["'wind'", "gap", "UK-Syn, 2014-01-01)"]),
    "fill value in a driver": (
        at("vpd", -9999.0, 1),
        ValueError,
        ["'vpd'", "-9999", "2014-02-01", "_FillValue"],
    ),
    "large fill value in a driver": (at("co2", 9.97e36, 1), ValueError, ["'co2'", "fill value"]),
    "infinite driver": (at("tmax", np.inf, 2), ValueError, ["'tmax'", "infinity", "2014-03-01"]),
    "tmin above tmax": (
        exchanged("tmin", "tmax"),
        ValueError,
        ["'tmin'", "'tmax'", "2014-01-01 and 23 others"],
    ),
    "negative radiation": (
        at("sw_rad", -0.2, 0, 11),
        ValueError,
        ["'sw_rad'", "-0.2", "2014-01-01 and 1 other)", "to 0"],
    ),
    "negative vpd": (at("vpd", -5.0, 3), ValueError, ["'vpd'", "-5", "2014-04-01", "clip at 0"]),
    "negative wind": (at("wind", -1.0, 3), ValueError, ["'wind'", "-1", "2014-04-01"]),
    "zero wind": (at("wind", 0.0, 3), ValueError, ["'wind' above 0", "2014-04-01", "fill_wind"]),
    "loss fraction above one": (
        at("forest_loss_fraction", 5.0, 7),
        ValueError,
        ["'forest_loss_fraction'", "5", "2014-08-01", "per cent"],
    ),
    "negative burned fraction": (
        at("burned_fraction", -0.1, 7),
        ValueError,
        ["'burned_fraction'", "-0.1", "2014-08-01"],
    ),
    "latitude beyond the pole": (
        everywhere("latitude", 93.0),
        ValueError,
        ["'lat'", "93", "UK-Syn", "exchanged"],
    ),
    "latitude undefined": (everywhere("latitude", np.nan), ValueError, ["'lat'", "UK-Syn"]),
    "latitude missing": (without("latitude"), ValueError, ["'lat'", "UK-Syn", "day length"]),
    "longitude beyond the globe": (everywhere("longitude", 400.0), ValueError, ["'lon'", "400"]),
    "co2 too low": (everywhere("co2", 40.0), ValueError, ["'co2'", "40", "ppm"]),
    "co2 too high": (everywhere("co2", 4e5), ValueError, ["'co2'", "400000", "ppm"]),
    "kelvin without saying so": (
        lambda site: site.assign(
            {name: (site[name] + 273.15).assign_attrs(units="degC") for name in ("tmin", "tmax")}
        ),
        ValueError,
        ["'tmin'", "kelvin", "and 23 others"],
    ),
    "radiation in W m-2 without saying so": (
        everywhere("sw_rad", 180.0),
        ValueError,
        ["'sw_rad'", "180", "W m-2"],
    ),
    "units of something else": (
        in_units("sw_rad", "umol m-2 s-1"),
        ValueError,
        ["'sw_rad'", "'MJ m-2 d-1'", "'umol m-2 s-1'", "UK-Syn", "no exact conversion"],
    ),
    "units unknown": (in_units("vpd", "torr"), ValueError, ["'vpd'", "'Pa'", "'torr'"]),
    "units missing": (
        without_units("vpd"),
        ValueError,
        ["'vpd'", "'Pa'", "no units attribute", "UK-Syn"],
    ),
    "flux in molar units": (
        in_units("nee", "umol m-2 s-1"),
        ValueError,
        ["'nee'", "'g m-2 d-1'", "no exact conversion"],
    ),
    "text instead of numbers": (as_text("tmin"), TypeError, ["'tmin'", "UK-Syn", "float64"]),
    "extra dimension": (
        with_extra_dimension("tmin"),
        ValueError,
        ["'tmin'", "('time', 'height')", "squeeze"],
    ),
    "driver without time": (
        lambda site: site.assign(co2=site["co2"].isel(time=0, drop=True)),
        ValueError,
        ["'co2'", "got ()", "'time' is missing"],
    ),
    "no time dimension": (
        lambda site: site.drop_vars("time").rename(time="month"),
        ValueError,
        ["'time'", "'month'", "name the time dimension"],
    ),
    "time without dates": (
        with_time(lambda time: np.arange(time.size)),
        TypeError,
        ["'time'", "int64", "days since"],
    ),
    "no steps": (in_order([]), ValueError, ["at least one time step", "UK-Syn"]),
    "time backwards": (in_order(BACKWARDS), ValueError, ["increasing 'time'", "UK-Syn", "sort"]),
    "a month twice": (in_order(TWICE), ValueError, ["increasing 'time'", "duplicates"]),
    "months lost": (
        in_order(MONTHS_LOST),
        ValueError,
        ["without gap", "UK-Syn, 2014-09-01", "complete the series"],
    ),
    "time outside its bounds": (
        with_time(lambda time: time[::-1]),
        ValueError,
        ["inside 'time_bnds'", "24 of 24 steps", "site.nc", "sort"],
    ),
    "bounds missing": (
        without("time_bnds", "step_days"),
        ValueError,
        ["'time_bnds'", "site.nc", "add it"],
    ),
    "bounds with an empty step": (empty_step, ValueError, ["increasing 'time'"]),
    "step length not of the bounds": (
        lengthened_step,
        ValueError,
        ["'step_days'", "31 d, got 35 d", "2014-05-01", "correct one of the two"],
    ),
    "step length zero": (
        at("step_days", 0.0, 2),
        ValueError,
        ["'step_days' above 0", "2014-03-01"],
    ),
    "step length negative": (at("step_days", -30.0, 2), ValueError, ["'step_days'", "-30"]),
    "doy at the mid-point": (
        mid_point_doy,
        ValueError,
        ["'doy'", "END of the step, 31", "got 15.5", "day_of_year_at_end"],
    ),
    "doy beyond the year": (at("doy", 400.0, 2), ValueError, ["'doy'", "400", "2014-03-01"]),
    "observation without uncertainty": (
        without("lai_unc"),
        ValueError,
        ["'lai_unc'", "drop=['lai']", "UK-Syn", "uncertainties={'lai': sigma}"],
    ),
    "uncertainty as a factor": (
        factor_uncertainty,
        ValueError,
        ["'lai_unc'", "log-normal factor", "without its number"],
    ),
    "uncertainty without observation": (
        without("cwood"),
        ValueError,
        ["'cwood'", "'cwood_unc'", "UK-Syn", "drop 'cwood_unc'"],
    ),
    "sigma zero": (
        at("cwood_unc", 0.0, 4),
        ValueError,
        ["'cwood_unc' above 0", "2014-05-01", "exact"],
    ),
    "sigma negative": (at("lai_unc", -1.0, 4, 5), ValueError, ["'lai_unc'", "-1", "1 other)"]),
    "sigma missing where observed": (
        at("nee_unc", np.nan, 4, 5, 6),
        UserWarning,  # the rest of the file is good
        ["3 of 24 observations of 'nee'", "are left out", "uncertainties={'nee': sigma}"],
    ),
    "sigma infinite": (at("nee_unc", np.inf, 4), ValueError, ["'nee_unc'", "infinity"]),
    "fill value in an observation": (
        at("nee", -9999.0, 2),
        ValueError,
        ["'nee'", "-9999", "2014-03-01", "_FillValue"],
    ),
    "infinite observation": (at("cwood", np.inf, 2), ValueError, ["'cwood'", "infinity"]),
    "negative leaf area": (at("lai", -0.1, 2), ValueError, ["'lai'", "-0.1", "2014-03-01"]),
    "soil prior without sigma": (
        without("csom_prior_unc"),
        ValueError,
        ["'csom_prior_unc'", "'csom_prior'", "UK-Syn"],
    ),
    "soil prior with sigma NaN": (
        everywhere("csom_prior_unc", np.nan),
        ValueError,
        ["'csom_prior_unc'", "NaN", "UK-Syn"],
    ),
    "soil prior zero": (everywhere("csom_prior", 0.0), ValueError, ["'csom_prior' above 0"]),
    "soil prior in time": (
        soil_prior_in_time,
        ValueError,
        ["'csom_prior'", "without 'time'", "'csom'"],
    ),
}


@pytest.mark.parametrize("fault", BAD_FILES)
def test_a_malformed_site_file_is_refused_with_its_sentence(fault, tmp_path):
    change, kind, fragments = BAD_FILES[fault]
    path = write(change(valid_site()), tmp_path / "site.nc")
    with pytest.raises(kind) as caught:
        site_file.open_site(path)
    missing = [part for part in fragments if part not in str(caught.value)]
    assert not missing, f"{missing} not in: {caught.value}"


def test_the_unbroken_site_file_is_accepted(tmp_path):
    units = site_file.open_site(write(valid_site(), tmp_path / "site.nc"))
    assert units.sizes["time"] == STEPS


@pytest.mark.parametrize("check", [checks.check_drivers, checks.check_observations])
def test_a_path_is_no_dataset(check):
    with pytest.raises(TypeError, match=r"wanted a units dataset .*, got str .*open_site"):
        check("site.nc")

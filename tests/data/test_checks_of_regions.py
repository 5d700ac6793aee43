"""The checks of a site serve regions and strata, and say which pixel is meant."""

import numpy as np
import pytest
import xarray as xr

from pm_dalec.data import checks, synthetic_sites
from pm_dalec.data.limits import LIMITS
from pm_dalec.tables.streams import STREAMS
from pm_dalec.tables.variables import DRIVERS

STRATA = ["conifer", "broadleaf", "heath", "arable"]


@pytest.fixture
def drivers():
    return synthetic_sites.synthetic_drivers(seed=5, years=2)


def region(drivers, *, pixels=3, strata=None):
    """Region of equal pixels; with strata, disturbance and observations differ by stratum."""
    units = drivers.drop_vars(["lat", "lon", "site"]).expand_dims(pixel=np.arange(pixels) + 1000)
    units["step_days"] = drivers["step_days"].drop_vars(["lat", "lon", "site"])
    units = units.assign_coords(
        time_bnds=drivers["time_bnds"].drop_vars(["lat", "lon", "site"]),
        lat=("pixel", np.linspace(54.0, 55.0, pixels)),
        lon=("pixel", np.full(pixels, -3.0)),
    )
    units["lai"] = xr.full_like(units["tmin"], 2.0).assign_attrs(units="m2 m-2")
    units["lai_unc"] = xr.full_like(units["tmin"], 0.5).assign_attrs(units="m2 m-2")
    if strata is not None:
        for name in ("forest_loss_fraction", "burned_fraction", "lai", "lai_unc"):
            units[name] = units[name].expand_dims(stratum=strata)
        share = np.full((len(strata), pixels), 1.0 / len(strata))
        units["area_fraction"] = (("stratum", "pixel"), share, {"units": "1"})
    return units.transpose("time", "stratum", "pixel", "bnds", missing_dims="ignore").copy(
        deep=True
    )


def test_a_baseline_region_passes_the_checks_of_a_site(drivers):
    units = region(drivers)
    assert checks.check_units(units) is units


def test_a_stratified_region_passes_with_shared_meteorology(drivers):
    units = region(drivers, strata=STRATA)
    assert units["tmin"].dims == ("time", "pixel")
    assert checks.check_units(units) is units


def test_a_fault_in_a_region_names_the_first_pixel_and_counts_the_others(drivers):
    units = region(drivers, pixels=3)
    units["sw_rad"][4:6, 1:] = -1.0
    with pytest.raises(ValueError, match=r"pixel 1001 and 1 other; first at 2014-05-01, 4 values"):
        checks.check_drivers(units)


def test_a_fault_in_a_stratum_names_the_stratum(drivers):
    units = region(drivers, strata=STRATA)
    units["lai_unc"].loc[{"stratum": "heath", "pixel": 1002}] = 0.0
    with pytest.raises(ValueError, match=r"pixel 1002; first at 2014-01-01, stratum heath"):
        checks.check_observations(units)


def test_units_of_a_region_are_named_with_the_factor(drivers):
    units = region(drivers)
    units["sw_rad"].attrs["units"] = "W m-2"
    with pytest.raises(ValueError, match=r"'W m-2' \(all 3 pixels\); multiply by 0\.0864, or"):
        checks.check_drivers(units)


def test_an_observation_without_pixel_belongs_to_no_single_pixel(drivers):
    units = region(drivers)
    units["lai"] = units["lai"].isel(pixel=0, drop=True)
    with pytest.raises(ValueError, match=r"'lai'.*belongs to no single pixel"):
        checks.check_observations(units)


def test_an_observation_of_strata_needs_the_stratum(drivers):
    units = region(drivers, strata=STRATA)
    units["lai"] = units["lai"].isel(stratum=0, drop=True)
    with pytest.raises(ValueError, match=r"'lai'.*'stratum' is missing"):
        checks.check_observations(units)


def test_pixel_is_the_last_dimension(drivers):
    units = region(drivers)
    units["tmin"] = units["tmin"].transpose("pixel", "time")
    with pytest.raises(ValueError, match=r"'tmin'.*in this order, got \('pixel', 'time'\)"):
        checks.check_drivers(units)


def test_a_stratum_of_length_one_is_refused(drivers):
    with pytest.raises(ValueError, match="got one of length 1"):
        checks.check_drivers(region(drivers, strata=["conifer"]))


def test_area_fractions_sum_to_one(drivers):
    units = region(drivers, strata=STRATA)
    units["area_fraction"][0, 2] = 0.5
    with pytest.raises(ValueError, match=r"sums to 1.*got a sum of 1\.25 \(pixel 1002"):
        checks.check_drivers(units)


def test_strata_without_area_fractions_are_refused(drivers):
    units = region(drivers, strata=STRATA).drop_vars("area_fraction")
    with pytest.raises(ValueError, match="'area_fraction'"):
        checks.check_drivers(units)


def test_one_latitude_for_many_pixels_is_accepted_and_one_per_step_is_not(drivers):
    units = region(drivers)
    checks.check_drivers(units.drop_vars("lat").assign_coords(lat=55.0))
    with pytest.raises(ValueError, match="'lat' as one number or one per pixel"):
        checks.check_drivers(units.drop_vars("lat").assign_coords(lat=("time", np.full(24, 55.0))))


def test_every_driver_has_limits():
    assert set(DRIVERS) <= set(LIMITS)
    assert set(STREAMS) <= set(LIMITS)

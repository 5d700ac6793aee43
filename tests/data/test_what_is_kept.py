"""What a file holds beside the model's streams is kept to compare with, or said; sigmas are not swapped unsaid."""

import warnings

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from pm_dalec.data.series.frame import site_from_frame
from pm_dalec.data.site_file import open_site
from pm_dalec.data.synthetic_sites import synthetic_drivers
from pm_dalec.data.uncertainties import one_sigma

from .site_files import STEPS, valid_site, write

FLUX = {"units": "g m-2 d-1"}


def opened(site, path, **given):
    """Site of a file, and the words of its warnings."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        units = open_site(write(site, path / "here.nc"), **given)
    return units, [str(each.message) for each in told]


def table(**columns):
    drivers = synthetic_drivers(seed=3, years=2, harvests=1)
    names = ["tmin", "tmax", "sw_rad", "vpd", "co2", "wind"]
    names += ["forest_loss_fraction", "burned_fraction"]
    found = drivers[names].drop_vars(["lat", "lon", "site"], errors="ignore").to_dataframe()
    return found[names].reset_index().assign(**columns)


def told_of(frame, **given):
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        site = site_from_frame(frame, latitude=55.0, **given)
    return site, [str(each.message) for each in told]


def test_what_a_site_file_holds_and_is_not_read_is_said_by_name(tmp_path):
    site = valid_site()
    site["biomass_total"] = ("time", np.full(STEPS, 9000.0), {"units": "g m-2"})
    site["et"] = ("time", np.ones(STEPS), {"units": "kg m-2 d-1"})
    units, told = opened(site, tmp_path)
    (words,) = told
    assert words.startswith("not read from here.nc: biomass_total, et; the model has no such")
    assert units.attrs["not_read"] == "biomass_total, et"
    assert opened(valid_site(), tmp_path)[1] == []


def test_months_that_a_file_withholds_are_kept_in_the_units_of_their_stream(tmp_path):
    site = valid_site()
    site["nee_val"] = ("time", np.full(STEPS, 2.0), {"units": "umol m-2 s-1"})
    site["gpp_val"] = ("time", np.full(STEPS, 3000.0), {"units": "mg m-2 d-1"})
    units, told = opened(site, tmp_path)
    assert_allclose(units["gpp_val"], 3.0, rtol=1e-6)
    assert "gpp_val_unc" not in units
    assert [words for words in told if "nee_val" in words]  # mol are not g: said, not drawn
    assert "nee_val" not in units
    assert "gpp_val" not in opened(site, tmp_path, observations=["lai"])[0]


def test_a_sigma_given_for_a_stream_whose_file_describes_another_is_told_and_replaces_it(tmp_path):
    site = valid_site().drop_vars("lai_unc")
    site["lai"].attrs |= {"uncertainty_type": "log-normal factor", "uncertainty_factor": 2.0}
    units, told = opened(site, tmp_path, uncertainties={"lai": "20%"})
    (words,) = told
    assert all(part in words for part in ("'20%'", "replaces", "uncertainty_factor 2", "here.nc"))
    assert_allclose(units["lai_unc"], 0.2 * units["lai"])
    assert not [name for name in units["lai"].attrs if name.startswith("uncertainty")]


def test_a_sigma_that_has_no_effect_is_told(tmp_path):
    units, told = opened(valid_site(), tmp_path, uncertainties={"lai": 0.9})
    assert "uncertainties={'lai': 0.9} has no effect: here.nc gives lai_unc" in told[0]
    assert_allclose(units["lai_unc"], 0.5)


@pytest.mark.parametrize("header", ["cwood (Mg/ha)", "cwood (t/ha)", "wood [kg m-2]"])
def test_biomass_whose_header_does_not_say_carbon_is_told(header):
    frame = table(**{header: 90.0, "cwood_unc": 900.0})
    told = told_of(frame)[1]
    assert [words for words in told if "taken as carbon" in words and "0.47" in words]


@pytest.mark.parametrize("header", ["cwood (Mg C/ha)", "cwood (tC/ha)", "wood carbon (Mg/ha)"])
def test_biomass_whose_header_says_carbon_is_taken(header):
    assert told_of(table(**{header: 90.0, "cwood_unc": 900.0}))[1] == []


def test_biomass_of_a_site_file_is_told_too(tmp_path):
    site = valid_site()
    for name in ("cwood", "cwood_unc"):
        site[name] = (site[name] / 100).assign_attrs(units="Mg ha-1")
    units, told = opened(site, tmp_path)
    assert "taken as carbon, which the units do not say: cwood (Mg ha-1)" in told[0]
    assert_allclose(units["cwood"], 5000.0)


def test_wood_of_an_implausible_size_is_told():
    (words,) = told_of(table(cwood=90.0, cwood_unc=9.0))[1]
    assert "at most 90 g m-2" in words
    assert "multiply by 100" in words


def test_a_flux_without_a_sigma_is_kept_to_compare_with_unless_it_is_asked_for():
    frame = table(lai=2.0, lai_unc=0.5, gpp=3.0)
    site, (words,) = told_of(frame)
    assert "gpp of the table without an uncertainty: kept to compare with" in words
    assert_allclose(site["gpp_val"], 3.0)
    assert "gpp" not in site
    with pytest.raises(ValueError, match="wanted one-sigma uncertainties 'gpp_unc'"):
        site_from_frame(frame, latitude=55.0, observations=["lai", "gpp"])
    assert "gpp_val" not in told_of(frame, drop=["gpp"])[0]


def test_all_sigmas_that_are_missing_are_said_at_once():
    with pytest.raises(ValueError, match="uncertainties") as fault:
        site_from_frame(table(lai=2.0, cwood=5000.0), latitude=55.0)
    assert "pass uncertainties={'lai': sigma, 'cwood': sigma}" in str(fault.value)
    assert "drop=['lai', 'cwood']" in str(fault.value)


def test_a_share_may_have_a_floor():
    found = one_sigma(np.array([0.0, -1.0, 8.0, np.nan]), "25%,0.5", name="gpp", where="here")
    assert_allclose(found, [0.5, 0.5, 2.0, np.nan])
    with pytest.raises(ValueError, match=r"'20%,0\.5' for at least 0.5"):
        one_sigma(pd.Series([0.0, 1.0]), "20%", name="gpp", where="here")


@pytest.mark.parametrize("given", ["20%,", "20%,-1", "0.3,0.1", "20%,much"])
def test_a_floor_that_is_none_is_refused(given):
    with pytest.raises(ValueError, match="wanted the uncertainty of 'lai'"):
        one_sigma(np.array([2.0]), given, name="lai", where="here")


def test_a_table_opened_as_a_file_says_each_thing_once(tmp_path):
    path = tmp_path / "table.csv"
    table(lai=2.0, gpp=3.0, cwood=90.0, lat=55.0).to_csv(path, index=False)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        site = open_site(path, uncertainties={"lai": "20%", "cwood": 9.0})
    words = [str(each.message) for each in told]
    assert [sum(part in each for each in words) for part in ("at most 90", "kept to compare")] == [
        1,
        1,
    ]
    assert not [each for each in words if "no effect" in each]
    assert_allclose(site["gpp_val"], 3.0)
    kept = open_site(path, drop=["gpp", "cwood"], uncertainties={"lai": 1.0})
    assert "gpp_val" not in kept

"""Error models of sites: read from files, refused in words, drawn in synthetic ones."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import pm_dalec as pmd
from pm_dalec.data.checks import check_units
from pm_dalec.data.synthetic_sites import synthetic_site
from pm_dalec.data.uncertainties import (
    absolute_sigma,
    described_uncertainties,
    likelihood_by_data,
    prepare_uncertainties,
    without_unknown,
)
from pm_dalec.errors import Likelihood
from pm_dalec.testing.tiny import tiny_site


def described(site, name="lai", **attrs):
    """Site whose uncertainty stands in the attributes of the observations, as in site files."""
    return site.drop_vars(f"{name}_unc").assign({name: site[name].assign_attrs(attrs)})


def of_factors(site, factor=2.0):
    made = described(site, uncertainty_type="log-normal factor", uncertainty_factor=factor)
    return described_uncertainties(made)


def test_a_factor_in_the_attributes_becomes_an_uncertainty_of_that_kind():
    units = check_units(of_factors(tiny_site()))
    seen = units["lai"].notnull()
    assert units["lai_unc"].attrs == {"units": "1", "uncertainty_kind": "factor"}
    assert_array_equal(units["lai_unc"], np.where(seen, 2.0, np.nan))
    assert likelihood_by_data(units, "lai") == Likelihood("lognormal")
    assert likelihood_by_data(units, "cwood") == Likelihood()


def test_a_sigma_in_the_attributes_is_absolute():
    made = described(tiny_site(), uncertainty_type="absolute", uncertainty_sigma="0.4")
    units = check_units(described_uncertainties(made))
    assert float(units["lai_unc"].max()) == 0.4
    assert likelihood_by_data(units, "lai") == Likelihood()


def test_a_factor_of_the_soil_prior_is_a_variable_beside_it():
    site = tiny_site().drop_vars("csom_prior_unc").assign(csom_prior_factor=1.5)
    units = check_units(described_uncertainties(site))
    assert float(units["csom_prior_unc"]) == 1.5
    assert units["csom_prior_unc"].attrs["uncertainty_kind"] == "factor"


def test_the_minimum_of_a_stream_is_that_of_its_log_normal():
    units = of_factors(tiny_site())
    units["lai"].attrs["min_threshold"] = "0.1"
    assert likelihood_by_data(units, "lai").minimum == 0.1
    asked = Likelihood("lognormal", minimum=0.3)
    assert likelihood_by_data(units, "lai", asked) == asked


def first_seen(site, value):
    lai = site["lai"].copy()
    lai[int(np.flatnonzero(lai.notnull())[0])] = value
    return site.assign(lai=lai)


REFUSED = {
    "zero": (lambda: first_seen(of_factors(tiny_site()), 0.0), "'lai' above 0 for a log-normal"),
    "factor of one": (lambda: of_factors(tiny_site(), 1.0), "'lai_unc' above 1"),
    "another kind": (
        lambda: tiny_site().assign(
            lai_unc=tiny_site()["lai_unc"].assign_attrs(uncertainty_kind="variance")
        ),
        "'absolute' or 'factor', got 'variance'",
    ),
}


@pytest.mark.parametrize("fault", REFUSED)
def test_a_factor_that_is_none_is_refused(fault):
    make, words = REFUSED[fault]
    with pytest.raises(ValueError, match=words):
        check_units(make())


def test_observations_below_the_minimum_have_a_logarithm():
    units = first_seen(of_factors(tiny_site()), 0.0)
    units["lai"].attrs["min_threshold"] = 0.1
    check_units(units)


def test_floors_of_sigma_leave_factors_as_they_are():
    units = of_factors(tiny_site())
    assert prepare_uncertainties(units)["lai_unc"].identical(units["lai_unc"])


def test_a_factor_is_shown_as_the_sigma_of_its_log_normal():
    units = of_factors(tiny_site())
    share = np.sqrt(np.expm1(np.log(2.0) ** 2))
    assert_allclose(absolute_sigma(units, "lai"), share * units["lai"])
    assert absolute_sigma(units, "cwood") is units["cwood_unc"] or absolute_sigma(
        units, "cwood"
    ).identical(units["cwood_unc"])


def test_observations_without_an_uncertainty_among_others_are_left_out_and_said():
    site = tiny_site()
    sigma = site["lai_unc"].copy()
    lost = int(np.flatnonzero(site["lai"].notnull())[0])
    sigma[lost] = np.nan
    with pytest.warns(UserWarning, match="observations of 'lai' have no uncertainty and are left"):
        units = without_unknown(site.assign(lai_unc=sigma))
    assert np.isnan(units["lai"][lost])
    assert int(units["lai"].notnull().sum()) == int(site["lai"].notnull().sum()) - 1


def test_a_synthetic_site_has_the_noise_that_is_asked_for():
    plain = synthetic_site(0)
    made = synthetic_site(0, likelihoods={"lai": "lognormal", "cwood": "student"})
    assert made["lai_unc"].attrs["uncertainty_kind"] == "factor"
    assert made["cwood_unc"].attrs == plain["cwood_unc"].attrs
    assert not np.allclose(made["lai"], plain["lai"], equal_nan=True)
    assert made[["csom_prior", "truth_initial_wood"]].identical(
        plain[["csom_prior", "truth_initial_wood"]]
    )
    check_units(made)


def test_a_synthetic_site_has_no_noise_of_streams_that_it_lacks():
    with pytest.raises(KeyError, match="no observations 'nee' in a synthetic site; there are"):
        synthetic_site(0, likelihoods={"nee": "student"})


FLUXVAL = ("CZ-wet", "DE-Geb", "DE-Tha", "DK-Sor")


@pytest.mark.filterwarnings("ignore:wind is missing:UserWarning")
@pytest.mark.parametrize("name", FLUXVAL)
def test_the_sites_of_fluxval_open_with_their_factors(shared_data, name):
    path = shared_data / "data" / "sites" / f"fluxval_{name}_monthly.nc"
    units = pmd.open_site(path)  # names its wind itself
    kinds = {n: units[f"{n}_unc"].attrs["uncertainty_kind"] for n in ("lai", "gpp", "nee")}
    assert kinds == {"lai": "factor", "gpp": "factor", "nee": "absolute"}
    assert likelihood_by_data(units, "gpp").minimum == 0.1
    assert float(units["csom_prior_unc"]) == 1.5


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_all_site_files_open(shared_data):
    for path in sorted((shared_data / "data" / "sites").glob("*.nc")):
        assert pmd.open_site(path, fill_wind=True, disturbance="none")["lai"].notnull().any()

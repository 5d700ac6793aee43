"""The uncertainty rules of the Edinburgh R code, applied once and only when asked."""

import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_allclose, assert_array_equal

from pm_dalec.data import uncertainties


def observed(name, values, sigma):
    values = np.asarray(values, dtype=float)
    spread = np.where(np.isnan(values), np.nan, sigma)
    return xr.Dataset({name: ("time", values), f"{name}_unc": ("time", spread)})


@pytest.mark.parametrize(
    ("name", "values", "sigma", "expected"),
    [
        ("lai", [1.0, 3.0], 0.1, 0.25),  # the floor
        ("lai", [20.0, 40.0, np.nan], 4.0, 5.0),  # sqrt(4^2 + (0.1 * 30)^2)
        ("cwood", [400.0], 30.0, 100.0),
        ("cwood", [4000.0], 300.0, 500.0),
        ("nee", [5.0], 0.0, 1.0),
        ("gpp", [0.0], 0.1, 1.0),
        ("gpp", [30.0], 4.0, 5.0),
        ("csom", [9000.0], 20.0, 1000.0),
        ("reco", [5.0], 0.3, 0.3),  # no rule
    ],
)
def test_uncertainty_rules_of_edinburgh(name, values, sigma, expected):
    prepared = uncertainties.prepare_uncertainties(observed(name, values, sigma))
    assert_allclose(prepared[f"{name}_unc"].dropna("time"), expected, rtol=1e-12)


def test_uncertainty_stays_absent_where_nothing_is_observed():
    prepared = uncertainties.prepare_uncertainties(observed("lai", [1.0, np.nan], 0.1))
    assert_array_equal(np.isnan(prepared["lai_unc"]), [False, True])


def test_uncertainty_rules_use_the_mean_of_each_pixel():
    values = xr.DataArray([[10.0, 30.0]], dims=("time", "pixel"))
    units = xr.Dataset({"lai": values, "lai_unc": xr.zeros_like(values)})
    assert_allclose(uncertainties.prepare_uncertainties(units)["lai_unc"], [[1.0, 3.0]])


def test_uncertainty_rules_are_not_applied_twice():
    prepared = uncertainties.prepare_uncertainties(observed("lai", [1.0], 0.1))
    with pytest.raises(ValueError, match="applied before"):
        uncertainties.prepare_uncertainties(prepared)


def test_unknown_uncertainty_rules_are_named():
    with pytest.raises(KeyError, match="there are edinburgh2021"):
        uncertainties.prepare_uncertainties(xr.Dataset(), rules="edinburgh1999")


@pytest.mark.parametrize(
    ("given", "wanted"),
    [(0.3, [0.3, 0.3]), ("0.3", [0.3, 0.3]), ("20%", [0.4, 0.8]), (" 20 %", [0.4, 0.8])],
)
def test_a_sigma_is_a_number_or_a_share_of_each_value(given, wanted):
    for values in (np.array([2.0, 4.0, np.nan]), xr.DataArray([2.0, 4.0, np.nan])):
        found = uncertainties.one_sigma(values, given, name="lai", where="here")
        assert_allclose(found, [*wanted, np.nan])


@pytest.mark.parametrize("given", ["much", "", "%", 0.0, -1, "-5%", np.nan, np.inf, None, [0.3]])
def test_a_sigma_that_is_no_number_above_zero_is_refused(given):
    with pytest.raises(ValueError, match=r"wanted the uncertainty of 'lai' as a number .*\(here\)"):
        uncertainties.one_sigma(np.array([2.0]), given, name="lai", where="here")


def test_a_share_of_values_around_zero_is_refused():
    with pytest.raises(ValueError, match="got '20%' of each value, and 2 are not above 0"):
        uncertainties.one_sigma(np.array([-1.0, 0.0, 2.0]), "20%", name="nee", where="here")

"""The note that figures bear: what it says, and when there is none."""

import numpy as np
import pytest
import xarray as xr

from pm_dalec.posterior.convergence import doubt, doubt_of_units


def fit(shift, *, draws=1000, **attrs):
    """Four chains of independent draws, one of them shifted."""
    values = np.random.default_rng(0).normal(5.0, 1.0, (4, draws))
    values[0] += shift
    posterior = xr.Dataset(
        {name: (("chain", "draw"), values) for name in ("initial_som", "leaf_lifespan")}
    )
    tree = xr.DataTree.from_dict({"posterior": posterior})
    tree.attrs = attrs
    return tree


def test_a_converged_fit_has_no_note():
    assert doubt(fit(0.0)) == ""


def test_a_fit_whose_chains_differ_says_its_worst_rhat():
    assert doubt(fit(3.0)).startswith("not converged: worst R-hat 1.")


def test_a_fit_is_judged_by_the_targets_it_was_made_with():
    assert doubt(fit(0.0, target_ess=1e6)).startswith("not converged: smallest bulk ESS ")
    assert doubt(fit(0.6)) != ""
    assert doubt(fit(0.6, target_rhat=1.2, target_ess=50)) == ""


@pytest.mark.parametrize("draws", [1, 3])
def test_too_few_draws_are_no_convergence(draws):
    assert doubt(fit(0.0, draws=draws)) == "not converged, or too few draws to tell"


def units(worst, status):
    return xr.Dataset({"worst_rhat": ("pixel", worst), "status": ("pixel", np.array(status))})


def test_many_units_are_counted_and_those_of_which_nothing_is_known_are_not():
    some = units([1.01, 1.5, np.nan, np.nan], ["converged", "budget", "no start", "not run"])
    words = "not converged: 2 of 3 units, worst R-hat 1.50"
    assert doubt_of_units([some], rhat=1.05) == words
    unknown = units([np.nan, 1.02], ["unknown", "unknown"])
    assert doubt_of_units([some, unknown], rhat=1.05) == words.replace("3 units", "4 units")
    assert doubt_of_units([unknown], rhat=1.05) == ""
    assert doubt_of_units([], rhat=1.05) == ""

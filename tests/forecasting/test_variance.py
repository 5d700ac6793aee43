"""Variances add up, known components are found, and orders have probabilities."""

import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_allclose

from pm_dalec.forecasting.variance import (
    difference_of_domains,
    ensembles_by_pairing,
    order_probability,
    partition,
    together,
)

NAMES = ("scenario", "solver", "rank")


def array(*, interaction=0.0, years=3):
    rng = np.random.default_rng(0)
    scenario, solver, rank = (rng.normal(size=n) - 0.0 for n in (4, 2, 50))
    scenario, solver, rank = (part - part.mean() for part in (scenario, solver, rank))
    year = np.arange(years)
    values = (
        scenario[:, None, None, None] * year
        + 2 * solver[None, :, None, None]
        + 3 * rank[None, None, :, None]
        + interaction * scenario[:, None, None, None] * rank[None, None, :, None]
    )
    return xr.DataArray(values, dims=(*NAMES, "year"), coords={"year": year}), (
        scenario,
        solver,
        rank,
    )


def test_known_components_are_found_exactly():
    values, (scenario, solver, rank) = array(interaction=0.5)
    found = partition(values, NAMES)["variance"].isel(year=2)
    assert_allclose(found.sel(effect="scenario"), 4 * scenario.var(), rtol=1e-12)
    assert_allclose(found.sel(effect="solver"), 4 * solver.var(), rtol=1e-12)
    assert_allclose(found.sel(effect="rank"), 9 * rank.var(), rtol=1e-12)
    both = found.sel(effect="scenario x rank")
    assert_allclose(both, 0.25 * scenario.var() * rank.var(), rtol=1e-12)
    assert float(abs(found.sel(effect="scenario x solver x rank"))) < 1e-24


def test_variances_add_up_to_that_of_all_values():
    values = xr.DataArray(
        np.random.default_rng(1).normal(size=(4, 2, 50, 3)), dims=(*NAMES, "year")
    )
    found = partition(values, {"scenario": "scenario", "solver": "structure", "rank": "parameters"})
    assert_allclose(found["variance"].sum("effect"), values.var(list(NAMES)), rtol=1e-12)
    assert_allclose(found["fraction"].sum("effect"), 1.0, rtol=1e-12)
    assert "structure x parameters" in found["effect"].values


def test_an_effect_of_one_level_has_no_share():
    values, _ = array()
    found = partition(values.isel(solver=[0]), NAMES)["fraction"].isel(year=1)
    assert float(found.sel(effect="solver")) == 0.0


def test_what_is_not_balanced_is_refused():
    values, _ = array()
    with pytest.raises(ValueError, match="without 'pairing'"):
        partition(values, (*NAMES, "pairing"))
    values[0, 0, 0, 0] = np.nan
    with pytest.raises(ValueError, match="got 1 that are none"):
        partition(values, NAMES)


def tree_of(strata, *, domain=None):
    """Forecast in form: ranks of strata (stratum) with a spread of 10 around given medians."""
    ranks = (np.arange(100) + 0.5) / 100
    spread = 10 * (ranks - 0.5)
    names = list(strata)
    middle = np.array([strata[name] for name in names], float)
    values = middle[None, :] + spread[:, None]
    lead = ("scenario", "management", "rank", "year")
    coords = {"scenario": ["s"], "management": ["none"], "rank": ranks, "year": [2100]}
    whole = values.mean(axis=1) if domain is None else domain + spread
    share = np.full((1, 1, len(names), 1, 1), 1 / len(names))
    return xr.DataTree.from_dict(
        {
            "domain_ranks": xr.Dataset({"live": (lead, whole[None, None, :, None])}, coords),
            "strata_ranks": xr.Dataset(
                {"live": ((*lead, "stratum"), values[None, None, :, None, :])},
                {**coords, "stratum": names},
            ),
            "carbon": xr.Dataset(
                {
                    "area": ("pixel", [2.0]),
                    "area_fraction": (
                        ("scenario", "management", "stratum", "pixel", "year"),
                        share,
                    ),
                },
                {"stratum": names, "year": [2100]},
            ),
        }
    )


def test_an_order_that_never_turns_is_certain():
    found = order_probability(tree_of({"heath": 0, "conifer": 100, "arable": 50}), "live", 2100)
    assert found["order"].item() == "conifer > arable > heath"
    assert found["order_probability"].item() == 1.0
    assert found["larger"].sel(stratum="conifer", other="heath").item() == 1.0
    assert_allclose(found["larger"].sel(stratum="conifer", other="conifer"), 0.5)
    assert found["place_probability"].sel(stratum="arable", place=2).item() == 1.0


def test_of_two_that_overlap_the_larger_is_as_likely_as_their_triangle_says():
    """Uniform with a width of ten and medians two apart: 1 - (8/10)^2 / 2."""
    found = order_probability(tree_of({"a": 2, "b": 0}), "live", 2100)
    assert_allclose(found["larger"].sel(stratum="a", other="b"), 0.68, atol=0.002)
    assert_allclose(found["order_probability"], 0.68, atol=0.01)


def test_correlated_strata_spread_as_much_as_each_of_them():
    both = ensembles_by_pairing(tree_of({"a": 2, "b": 0}, domain=1.0), "live")
    linked = both.sel(pairing="correlated").squeeze()
    assert_allclose(linked.max() - linked.min(), 9.9)
    assert_allclose(linked.mean(), 1.0)


def test_forecasts_together_have_a_dimension_more():
    one, two = (tree_of({"a": m, "b": 0})["domain_ranks/live"] for m in (0, 8))
    both = together({"baseline": one, "stratified": two}, "approach")
    found = partition(both, {"approach": "approach", "rank": "parameters"})
    assert_allclose(found["variance"].sel(effect="approach").squeeze(), 4.0)


def test_the_difference_of_domains_is_measured_against_the_strata():
    stratified = tree_of({"a": 0, "b": 100}, domain=50.0)
    found = difference_of_domains(tree_of({"a": 0, "b": 1}, domain=45.0), stratified, "live", 2100)
    assert_allclose(found["share"], 0.05)

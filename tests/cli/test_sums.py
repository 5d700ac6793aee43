"""What units of a draw bank share is found where it is known, and sums have of it what theory says."""

import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_allclose

from pm_dalec.cli.bench import command
from pm_dalec.cli.bench.sums import Pair, errors_of, errors_of_sums, shared_error, sums_page
from pm_dalec.paper.reduction import Experiment
from pm_dalec.tables import dims
from pm_dalec.tables.summaries import BUDGET

PIXELS, DRAWS = 400, 500
SPREAD = 3.0


def reduced(shift):
    """Experiment whose posteriors are Gaussian, with means that are off by so many standard deviations."""
    random = np.random.default_rng(3)
    shapes = np.sort(random.normal(size=(DRAWS, PIXELS)), axis=0)
    shapes = (shapes - shapes.mean(axis=0)) / shapes.std(axis=0)
    budget = {
        name: ((dims.POOLED, dims.PIXEL), 10.0 + SPREAD * (shapes + shift[:, place]))
        for place, name in enumerate(BUDGET)
    }
    units = xr.Dataset({"area": (dims.PIXEL, np.ones(PIXELS))}, {dims.PIXEL: np.arange(PIXELS)})
    units = units.assign_attrs(approach="baseline", resolution=0.5, pairing_seed=0)
    return Experiment(units, xr.Dataset(budget), *[xr.Dataset()] * 4)


def pair(shared, alone):
    """Fits whose units are off by an error of their own and by a common one."""
    random = np.random.default_rng(4)
    size = (PIXELS, len(BUDGET))
    off = shared + alone * random.normal(size=size)
    return Pair(reduced(off), reduced(np.zeros(size)), np.ones(PIXELS, dtype=bool))


def test_an_error_that_units_share_is_told_from_their_own():
    errors = errors_of(pair(0.04, 0.1))
    assert set(errors["quantity"]) == set(BUDGET)
    assert_allclose(errors["unit"], np.hypot(0.04, 0.1), rtol=0.15)
    assert_allclose(errors["alone"], 0.1 / np.sqrt(PIXELS), rtol=0.15)
    assert shared_error(errors) == pytest.approx(0.04, abs=0.006)
    assert shared_error(errors_of(pair(0.0, 0.1))) < 0.006


def test_units_that_began_from_nothing_say_nothing_of_the_bank():
    both = pair(0.04, 0.0)
    took = np.arange(PIXELS) < 100
    same = {name: both.begun.budget[name] for name in BUDGET}
    mixed = xr.Dataset(
        {name: xr.where(took, both.carried.budget[name], same[name]) for name in BUDGET}
    )
    mixed = mixed.transpose(dims.POOLED, dims.PIXEL)
    carried = Experiment(both.carried.units, mixed, *[xr.Dataset()] * 4)
    errors = errors_of(both._replace(carried=carried, took=took))
    assert (errors["units"] == 100).all()
    assert_allclose(errors["mean"], 0.04, rtol=1e-9)


def test_a_shared_error_weighs_more_in_sums_of_independent_pixels():
    sums = errors_of_sums(pair(0.04, 0.0))
    assert_allclose(sums["sum_correlated"], 0.04, rtol=0.01)
    assert_allclose(sums["sum_independent"], 0.04 * np.sqrt(PIXELS), rtol=0.15)


def test_the_page_prints_what_was_measured():
    both = pair(0.04, 0.1)
    tables = [found(both).assign(model="baseline") for found in (errors_of, errors_of_sums)]
    page = sums_page(*tables, (0.5,))
    assert f"**{shared_error(tables[0]):.3f}**" in page
    assert f"{tables[1]['sum_independent'].abs().max():.3f}" in page


def test_a_bank_that_narrows_posteriors_is_seen():
    both = pair(0.0, 0.0)
    flat = both.carried.budget.map(lambda values: 10.0 + 0.98 * (values - 10.0))
    errors = errors_of(
        both._replace(carried=Experiment(both.carried.units, flat, *[xr.Dataset()] * 4))
    )
    assert_allclose(np.exp(errors["narrower"]), 0.98, rtol=1e-9)


def test_strata_are_classes_of_their_own():
    both = pair(0.04, 0.0)
    strata = {dims.STRATUM: ["conifer", "heath"]}

    def stratified(one):
        budget = one.budget.expand_dims(strata).transpose(dims.POOLED, dims.STRATUM, dims.PIXEL)
        units = one.units.assign_coords(strata).assign_attrs(approach="stratified")
        return Experiment(units, budget, *[xr.Dataset()] * 4)

    took = np.stack([np.ones(PIXELS, bool), np.arange(PIXELS) < 1])  # of heath too few
    errors = errors_of(Pair(stratified(both.carried), stratified(both.begun), took))
    assert set(errors["kind"]) == {"conifer"}
    assert_allclose(errors["mean"], 0.04, rtol=1e-9)


def test_sums_need_banks(tmp_path):
    with pytest.raises(ValueError, match="wanted --banks with --sums"):
        command.bench(sums=tmp_path / "fits")

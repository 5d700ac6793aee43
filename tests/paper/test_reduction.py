"""Reductions of fits: the same numbers as from whole trajectories, block by block."""

import os

import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_allclose

from pm_dalec.paper import reduction
from pm_dalec.paper.experiments import (
    domain_ensemble,
    load_experiment,
    open_experiments,
    pairs,
    reduce_fits,
    save_experiment,
)
from pm_dalec.paper.reduction import reduce_fit
from pm_dalec.posterior.aggregation import aggregate, stratum_samples
from pm_dalec.posterior.budgets import budget
from pm_dalec.posterior.ensembles import summarise
from pm_dalec.posterior.fit_file import save
from pm_dalec.posterior.trajectory import trajectories


@pytest.fixture(scope="module")
def stratified(fits):
    return fits["stratified", 1.0]


@pytest.fixture(scope="module")
def reduced(experiments):
    return experiments["stratified", 1.0]


def test_the_budget_is_that_of_the_whole_fit(stratified, reduced):
    whole = budget(stratified)
    for name in ("gpp", "harvest", "change_dead", "residence_wood"):
        flat = whole[name].values.reshape(-1, *whole[name].shape[2:])
        assert_allclose(reduced.budget[name], flat, rtol=1e-10)


def test_the_series_of_the_domain_is_the_aggregate_of_whole_trajectories(stratified, reduced):
    """A2 and A3, step by step."""
    whole = trajectories(stratified, names=("gpp",))["gpp"]
    expected = aggregate(whole, reduced.units)
    assert_allclose(reduced.series["gpp"], expected, rtol=1e-10)


def test_the_series_of_a_stratum_is_weighted_by_its_area(stratified, reduced):
    """A5."""
    whole = trajectories(stratified, names=("lai",))["lai"]
    expected = summarise(stratum_samples(whole, reduced.units))
    assert_allclose(reduced.strata_series["lai"], expected, rtol=1e-10)


def test_the_last_step_of_a_change_is_the_change_of_the_budget(reduced):
    last = reduced.series["change_live"].isel(time=-1)
    ensemble = summarise(domain_ensemble(reduced, "change_live"))
    assert_allclose(last, ensemble, rtol=1e-10)


def test_wood_is_matched_at_the_start_of_the_step(stratified, reduced):
    """The first modelled wood is the median of the initial wood."""
    first = stratified["posterior"]["initial_wood"].median(("chain", "draw"))
    assert_allclose(reduced.matched["cwood_modelled"].isel(time=0), first)


def test_blocks_do_not_change_the_result(stratified, reduced, monkeypatch):
    monkeypatch.setattr(reduction, "LANE_RUNS", 1)
    one_by_one = reduce_fit(stratified)
    xr.testing.assert_allclose(one_by_one.series, reduced.series, rtol=1e-12)
    xr.testing.assert_allclose(one_by_one.budget, reduced.budget, rtol=1e-12)


def with_posterior(fit, posterior):
    """Copy of a fit with another posterior."""
    groups = {name: fit[name].to_dataset() for name in fit.children}
    found = xr.DataTree.from_dict(groups | {"posterior": posterior})
    found.attrs = dict(fit.attrs)
    return found


def test_a_unit_that_failed_is_counted_and_its_share_left_to_the_others(stratified, reduced):
    posterior = stratified["posterior"].to_dataset()
    arable = (posterior["stratum"] == "arable") & (posterior["pixel"] == posterior["pixel"][0])
    found = reduce_fit(with_posterior(stratified, posterior.where(~arable)))
    assert found.units.attrs["missing_units"] == 1
    left = reduced.units["area_fraction"].where(~arable, 0.0)
    expected = aggregate(reduced.budget["gpp"], reduced.units.assign(area_fraction=left))
    assert_allclose(summarise(domain_ensemble(found, "gpp")), expected, rtol=1e-10)


def test_a_reduction_comes_back_from_the_disk(reduced, tmp_path):
    again = load_experiment(save_experiment(reduced, tmp_path / "one.nc"))
    assert again.key == ("stratified", 1.0)
    for part in ("units", "budget", "series", "strata_series", "matched", "traits"):
        xr.testing.assert_allclose(getattr(again, part), getattr(reduced, part))


@pytest.fixture
def folder(fits, tmp_path):
    """Folder with one fit."""
    save(fits["baseline", 1.0], tmp_path / "baseline.nc")
    return tmp_path


def test_reductions_of_a_folder_are_made_once(folder, monkeypatch):
    first = open_experiments(folder)
    monkeypatch.setattr("pm_dalec.paper.reduction.reduce_fit", None)
    again = open_experiments(folder)
    assert list(again) == list(first)
    xr.testing.assert_allclose(again["baseline", 1.0].series, first["baseline", 1.0].series)


@pytest.mark.parametrize(
    "place",
    ["baseline_0.5/fit.zarr", "baseline_0.5/fit.nc", "baseline_0.5.zarr", "baseline_0.5.nc"],
)
def test_a_store_of_a_calibrated_region_is_opened_like_a_file(fits, tmp_path, place):
    (tmp_path / place).parent.mkdir(exist_ok=True)
    save(fits["baseline", 0.5], tmp_path / place)
    (tmp_path / "half").mkdir()
    (tmp_path / "half" / "fit.zarr.part").mkdir()
    assert list(open_experiments(tmp_path)) == [("baseline", 0.5)]
    assert (tmp_path / "reduced" / "baseline_0.5.nc").exists()


def test_a_region_beside_the_fits_is_no_fit(fits, tmp_path):
    save(fits["baseline", 1.0], tmp_path / "fit.zarr")
    region = fits["stratified", 1.0]["constant_data"].to_dataset()[["area"]]
    region.to_netcdf(tmp_path / "region.nc", engine="h5netcdf")
    region.to_zarr(tmp_path / "region.zarr", consolidated=False)
    assert list(open_experiments(tmp_path)) == [("baseline", 1.0)]


def test_a_store_that_was_changed_is_reduced_anew(fits, tmp_path):
    """A folder keeps its own time when a file deep in it changes."""
    path = save(fits["baseline", 1.0], tmp_path / "fit.zarr")
    told = []
    open_experiments(tmp_path, progress=told.append)
    deep = path / "posterior" / "initial_som" / "zarr.json"
    later = deep.stat().st_mtime_ns + 3600 * 10**9
    os.utime(deep, ns=(later, later))
    open_experiments(tmp_path, progress=told.append)
    open_experiments(tmp_path, progress=told.append)
    assert told == ["reducing fit"] * 2


def test_reductions_with_other_draws_are_made_anew(folder):
    few, more = (open_experiments(folder, draws=draws) for draws in (8, 16))
    sizes = [found["baseline", 1.0].budget.sizes["sample"] for found in (few, more)]
    assert sizes == [8, 16]


def test_a_folder_without_fits_is_refused(tmp_path):
    with pytest.raises(ValueError, match="wanted fits of regions"):
        open_experiments(tmp_path)


def test_a_fit_that_does_not_name_its_approach_is_refused(stratified):
    groups = {name: stratified[name].to_dataset().copy() for name in stratified.children}
    groups["constant_data"].attrs = {}
    with pytest.raises(ValueError, match="attributes 'approach'"):
        reduce_fit(xr.DataTree.from_dict(groups))


def test_approaches_on_different_pixels_are_not_compared(fits):
    baseline = fits["baseline", 1.0]
    fewer = xr.DataTree.from_dict(
        {
            name: baseline[name].to_dataset().isel(pixel=slice(2), missing_dims="ignore")
            for name in baseline.children
        }
    )
    fewer.attrs = baseline.attrs
    found = reduce_fits({("baseline", 1.0): fewer, ("stratified", 1.0): fits["stratified", 1.0]})
    with pytest.raises(ValueError, match="wanted the same pixels in both approaches"):
        pairs(found)


def test_a_day_of_the_year_is_summarised_on_the_circle(fits):
    fit = fits["baseline", 1.0]
    posterior = fit["posterior"].to_dataset()
    days = xr.where(posterior["draw"] % 2 == 1, 365.25 + 2.0, 365.25 + 363.25)
    name = "labile_release_day"
    posterior[name] = xr.zeros_like(posterior[name]) + days
    middle = reduce_fit(with_posterior(fit, posterior)).traits[name]
    assert_allclose(np.minimum(middle % 365.25, 365.25 - middle % 365.25), 0, atol=1e-6)

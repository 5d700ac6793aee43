"""A forecast is the calibration's own run gone on: by draw, by unit, by pixel, by domain."""

import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_allclose, assert_array_equal

import pm_dalec as pmd
from pm_dalec.forecasting import named_scenario
from pm_dalec.forecasting.continuation import Plan, blocks_of
from pm_dalec.forecasting.management import disturbed
from pm_dalec.forecasting.management_text import management_from
from pm_dalec.forecasting.outputs import quantiles_of
from pm_dalec.physics.records import Drivers, drivers_of
from pm_dalec.posterior.aggregation import stratum_samples
from pm_dalec.posterior.compiled import STATE, after, compiled_dalec
from pm_dalec.posterior.runs import units_to_run
from pm_dalec.tables.variables import DRIVERS
from pm_dalec.testing.parameters import near_feasible

ENDS = (0.0, 0.25, 0.5, 1.0)
NAMES = ("wood", "som", "gpp", "nbe", "harvest", "lai")


def joined(fit, scenario, management="none"):
    """Drivers of calibration and scenario as one dataset."""
    observed = units_to_run(fit, units_to_run(fit, None))
    future = disturbed(management_from(management), scenario, observed)
    bare = [part[list(DRIVERS)] for part in (observed, future)]
    labels = ("time", "stratum", "pixel")
    parts = [part.drop_vars([n for n in part.coords if n not in labels]) for part in bare]
    whole = xr.concat(parts, "time", data_vars="minimal", combine_attrs="drop_conflicts")
    whole = whole.assign_coords(lat=observed["lat"])
    if "area_fraction" in observed:
        whole = whole.assign(area_fraction=observed["area_fraction"])
    return whole


def observed_of(fit):
    return units_to_run(fit, units_to_run(fit, None))


def test_over_the_calibration_a_forecast_is_the_trajectory_of_the_fit(region_fit):
    tree = pmd.forecast(region_fit, ["control"], names=NAMES, every="step", quantiles=ENDS)
    runs = pmd.trajectories(region_fit, names=NAMES)
    for name in NAMES:
        wanted = runs[name].quantile(list(ENDS), ("chain", "draw"))
        came = tree["units"][name].isel(scenario=0, management=0)
        came = came.sel(time=runs["time"])
        assert_allclose(came, wanted.transpose(*came.dims), rtol=1e-12, atol=1e-12)


def test_after_the_calibration_it_is_one_run_over_all_drivers(region_fit):
    scenario = named_scenario("ssp370", observed_of(region_fit), until=2040)
    management = "rate,share=0.02,strata=conifer+felling,years=2020,share=0.5"
    tree = pmd.forecast(
        region_fit, {"ssp370": scenario}, management=management, names=NAMES, quantiles=ENDS
    )
    runs = pmd.trajectories(region_fit, joined(region_fit, scenario, management), names=NAMES)
    wood = runs["wood"].groupby("time.year").last()
    weight = runs["time"].dt.days_in_month
    gpp = (runs["gpp"] * weight).groupby("time.year").sum() / weight.groupby("time.year").sum()
    for name, series in {"wood": wood, "gpp": gpp}.items():
        wanted = series.quantile(list(ENDS), ("chain", "draw"))
        came = tree["units"][name].isel(scenario=0, management=0)
        assert_allclose(came, wanted.transpose(*came.dims), rtol=1e-12)


@pytest.mark.parametrize("month", [1, 5, 12, 35])
def test_a_run_split_at_any_month_is_the_unsplit_run(month, site_fit):
    drivers, latitude = drivers_of(observed_of(site_fit))
    rows = np.stack(near_feasible((11,), np.random.default_rng(2)), axis=1)
    whole = compiled_dalec(36, ("gpp",), "converged").run(rows, drivers, latitude)
    first, second = (
        Drivers(*(values[part] for values in drivers))
        for part in (slice(None, month), slice(month, None))
    )
    short = compiled_dalec(36, ("gpp",), "converged")
    begun = short.run(rows, first, latitude)
    later = rows.copy()
    later[:, STATE] = after(begun)
    ended = short.run(later, second, latitude)
    joined = np.concatenate([begun.fluxes["gpp"], ended.fluxes["gpp"]])
    assert_array_equal(joined, whole.fluxes["gpp"])
    assert_array_equal(after(ended), after(whole))


def test_domain_and_strata_are_those_of_the_rules_of_aggregation(region_fit):
    observed = observed_of(region_fit)
    scenario = named_scenario("ssp245", observed, until=2020)
    tree = pmd.forecast(
        region_fit, {"s": scenario}, names=["wood"], every="step", quantiles=ENDS, seed=3
    )
    units = region_fit["constant_data"].to_dataset()
    wood = pmd.trajectories(region_fit, joined(region_fit, scenario), names=["wood"])["wood"]
    wanted = pmd.aggregate(wood, units, seed=3, quantiles=ENDS)
    came = tree["domain/wood"].isel(scenario=0, management=0)
    assert_allclose(came, wanted.transpose(*came.dims), rtol=1e-12)
    strata = stratum_samples(wood, units).quantile(list(ENDS), "sample")
    came = tree["strata/wood"].isel(scenario=0, management=0)
    assert_allclose(came, strata.transpose(*came.dims), rtol=1e-12)


def test_a_baseline_is_the_area_mean_of_its_pixels(pixel_fit):
    tree = pmd.forecast(pixel_fit, ["control"], names=["wood"], quantiles=ENDS)
    pixels = tree["pixels/wood"]
    mean = (pixels.isel(pixel=0) + 3 * pixels.isel(pixel=1)) / 4
    assert_allclose(tree["domain/wood"], mean, rtol=1e-12)
    assert "strata" not in tree


def test_a_site_is_its_own_domain(site_fit):
    tree = pmd.forecast(site_fit, ["ssp126"], names=["change_live", "harvested"], quantiles=ENDS)
    assert tree["domain/change_live"].dims == ("scenario", "management", "quantile", "year")
    years = tree["domain/year"].values
    assert years[0] == 2014
    assert years[-1] == 2100
    assert_array_equal(tree["domain/change_live"].sel(year=2016), 0.0)
    assert_array_equal(tree["domain/harvested"], 0.0)
    assert "pixels" not in tree


def test_a_unit_without_draws_is_left_out_and_counted(region_fit):
    fit = region_fit.copy(deep=True)
    for values in fit["posterior"].to_dataset().data_vars.values():
        values.values[..., 0, 1] = np.nan
    tree = pmd.forecast(fit, ["control"], names=["wood"], quantiles=ENDS)
    assert tree.attrs["missing_units"] == 1
    units = tree["units/wood"].isel(pixel=1)
    assert units.sel(stratum="conifer").isnull().all()
    assert_allclose(tree["pixels/wood"].isel(pixel=1), units.sel(stratum="arable"), rtol=1e-12)
    assert tree["domain/wood"].notnull().all()


@pytest.mark.parametrize(
    "management",
    ["none", "mean", "rotation,every=20,share=0.9,first=2030+rate,share=0.01,strata=arable"],
)
def test_carbon_closes_over_the_century(management, region_fit):
    tree = pmd.forecast(region_fit, ["ssp585"], management=management, names=["live"])
    assert tree["domain/year"].values[-1] == 2100
    assert float(tree["carbon/closure"].max()) < 1e-10


def test_carbon_closes_when_land_is_planted(region_fit):
    planting = "planting,source=arable,target=conifer,share=0.05,years=2020-2029"
    tree = pmd.forecast(region_fit, ["control"], management=planting, names=["live", "harvest"])
    carbon = tree["carbon"].isel(scenario=0, management=0)
    assert float(carbon["closure"].max()) < 1e-10
    share = carbon["area_fraction"]
    assert_allclose(share.sum("stratum"), 1.0, rtol=1e-12)
    before, left = (share.sel(stratum="arable", year=year) for year in (2019, 2029))
    assert_allclose(left, before * 0.95**10)
    planted = carbon["planted"].sel(year=2020)
    assert_allclose(planted, 50.0 * 0.05 * before)
    assert (carbon["cleared"].sel(year=slice(2020, 2029)) > 0).all()
    assert float(carbon["cleared"].sel(year=slice(2030, None)).max()) == 0.0


def test_blocks_have_whole_years_and_end_with_the_calibration_and_before_planting():
    planting = management_from("planting,source=a,target=b,share=0.1,years=2005").actions
    years = np.repeat(np.arange(2000, 2010), 1)
    plan = Plan((), np.array([0.5]), 12 * np.arange(10), years, np.full(120, 30.0), 36, planting)
    found = [(part.start, part.stop) for part in blocks_of(plan, 48)]
    assert found == [(0, 3), (3, 5), (5, 9), (9, 10)]


def test_quantiles_are_those_of_numpy():
    values = np.random.default_rng(0).normal(size=(4, 101))
    levels = np.array([0.0, 0.025, 0.333, 0.5, 1.0])
    assert_allclose(quantiles_of(values, levels), np.quantile(values, levels, axis=-1), rtol=1e-13)
    values[1, 3] = np.nan
    assert np.isnan(quantiles_of(values, levels)[:, 1]).all()


def test_fewer_draws_are_spread_evenly(site_fit):
    tree = pmd.forecast(site_fit, ["control"], names=["wood"], draws=2)
    assert tree.attrs["draws"] == 4

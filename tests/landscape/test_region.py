"""Regions of the twin: baseline and stratified from the same cells."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from pm_dalec.data.land import units_of
from pm_dalec.landscape.grid import target_grid
from pm_dalec.landscape.twin.region import build_region
from pm_dalec.landscape.twin.table import DOMAIN
from pm_dalec.landscape.twin.twin import make_twin, truth
from pm_dalec.landscape.twin.weather import meteorology
from pm_dalec.tables.strata import MASKED, STRATUM_NAMES
from pm_dalec.tables.variables import DRIVERS

from .conftest import PIXEL, RESOLUTION, STRATUM


@pytest.fixture(scope="module")
def fine(twin):
    return units_of(build_region(twin, resolution=0.05), STRATUM)


def recombined(stratified, name):
    """Mean over the strata of each pixel, absent strata without weight."""
    share = stratified["area_fraction"]
    return (stratified[name].where(share > 0, 0.0) * share).sum("stratum", skipna=False)


def test_a_baseline_has_no_stratum_dimension_at_all(baseline):
    assert "stratum" not in baseline.dims
    assert baseline["lai"].dims == ("time", "pixel")


def test_a_stratified_region_has_its_dimensions_in_order(stratified):
    assert stratified["lai"].dims == ("time", "stratum", "pixel")
    assert tuple(stratified["stratum"].to_numpy()) == STRATUM_NAMES


def test_a_region_has_every_driver_in_its_units(stratified):
    for name, driver in DRIVERS.items():
        assert stratified[name].attrs["units"] == driver.units


@pytest.mark.parametrize(
    "name", ["lai", "lai_unc", "cwood", "cwood_unc", "csom_prior", "csom_prior_unc"]
)
def test_strata_weighted_by_their_shares_are_the_baseline(baseline, stratified, name):
    assert_allclose(recombined(stratified, name), baseline[name], rtol=1e-12)


def test_loss_of_strata_weighted_by_their_shares_is_the_loss_of_the_pixel(baseline, stratified):
    """T15, TRAPS 12: no loss is dropped, wherever it lies."""
    leaky = make_twin(1, leak=0.2)
    name = "forest_loss_fraction"
    land = build_region(leaky, resolution=RESOLUTION)
    strata, pixel = units_of(land, STRATUM), units_of(land, PIXEL)
    assert_allclose(recombined(strata, name), pixel[name], rtol=1e-10, atol=1e-18)
    lost = (pixel[name].sum("time") * pixel["area"]).sum()
    cells = truth(leaky)
    assert_allclose(lost / pixel["area"].sum(), (cells["weight"] * cells["loss_rate"]).sum() * 6)
    outside = strata[name].sel(stratum=["broadleaf", "heath", "arable"])
    share = strata["area_fraction"].sel(stratum=outside["stratum"]) * strata["area"]
    leaked = float((outside.sum("time") * share).sum() / lost)
    assert_allclose(leaked, 0.2, rtol=0.01)


def test_shares_of_strata_add_up_to_one_though_towns_and_sea_are_masked(fine):
    """T16."""
    units = fine
    assert_allclose(units["area_fraction"].sum("stratum"), 1.0, rtol=1e-12)
    assert (units["masked_fraction"] > 0).any()
    kept = target_grid(0.05, **DOMAIN).areas.reshape(-1)[units["pixel"]]
    assert_allclose(units["area"] / kept + units["masked_fraction"], 1.0, rtol=1e-9)


def test_the_area_of_a_region_does_not_depend_on_its_resolution(fine, baseline):
    assert_allclose(fine["area"].sum(), baseline["area"].sum(), rtol=1e-12)
    for name in ("cwood", "lai"):
        pixels = recombined(fine, name).mean("time")
        mean = (baseline[name].mean("time") * baseline["area"]).sum()
        assert_allclose((pixels * fine["area"]).sum(), mean, rtol=1e-12)


def test_what_satellites_see_on_masked_land_reaches_no_unit(twin):
    """Towns report 15 Mg/ha; with any other number the region is the same."""
    towns = twin.fields["stratum"] == MASKED
    changed = twin.fields.assign(agb=twin.fields["agb"].where(~towns, 500.0))
    other = type(twin)(seed=twin.seed, fields=changed)
    vars(other)["leaf_area"] = twin.leaf_area
    first, second = (build_region(t, resolution=1.0) for t in (twin, other))
    assert_array_equal(first["pixels/cwood"], second["pixels/cwood"])


def test_pixels_without_land_are_left_out_and_counted(fine):
    units = fine
    assert units.attrs["pixels_dropped"] == 1200 - units.sizes["pixel"] > 0


def test_absent_strata_have_neither_observations_nor_losses(fine):
    units = fine
    absent = units["area_fraction"] == 0
    assert absent.any()
    for name in ("lai", "lai_unc", "cwood", "cwood_unc"):
        assert units[name].where(absent).isnull().all()
        assert (units[name].notnull().any("time") != absent).all()
    assert (units["forest_loss_fraction"].where(absent, 0) == 0).all()
    assert units["csom_prior"].where(absent).isnull().all()


def test_wood_is_observed_in_january_of_2017_and_2018_and_leaf_area_every_month(baseline):
    seen = baseline["time"][baseline["cwood"].notnull().all("pixel")]
    assert_array_equal(seen, np.array(["2017-01-01", "2018-01-01"], "datetime64[ns]"))
    assert baseline["lai"].notnull().all()


def test_sigma_is_the_mean_of_sigma_and_not_divided_by_the_root_of_cells(stratified):
    conifer = stratified.sel(stratum="conifer").isel(time=36)
    ratio = (conifer["cwood_unc"] / conifer["cwood"]).where(conifer["area_fraction"] > 0.05)
    assert_allclose(ratio.dropna("pixel"), 0.49, rtol=1e-4)
    assert_allclose(stratified["lai_unc"].where(stratified["area_fraction"] > 0).max(), 1.06)


def test_the_day_of_year_is_that_of_the_end_of_the_step(baseline):
    assert_array_equal(baseline["doy"][:3], [31, 59, 90])
    assert baseline["doy"].sel(time="2016-12-01") == 366


def test_pixels_inherit_the_weather_of_their_half_degree_cell(twin, baseline):
    weather = meteorology(twin)
    for pixel in (0, 20, 40):
        here = baseline.isel(pixel=pixel)
        cell = weather.sel(lat=here["lat"], lon=here["lon"], method="nearest")
        assert_allclose(here["tmin"], cell["tmin"], rtol=1e-12)


def test_a_pixel_of_a_degree_has_the_mean_weather_of_its_four_cells(twin):
    weather = meteorology(twin)["vpd"].coarsen(lat=2, lon=2).mean()
    units = units_of(build_region(twin, resolution=1.0), PIXEL)
    # Southern cells are wider by 0.6 %: the area mean differs from the plain one by that at most
    assert_allclose(units["vpd"], weather.isel(lat=0), rtol=1e-3)


def test_every_aggregated_number_says_where_it_comes_from(twin, stratified):
    for name in ("lai", "cwood", "csom_prior", "forest_loss_fraction"):
        attributes = stratified[name].attrs
        assert {"product", "product_version", "rule", "units", "long_name"} <= set(attributes)
    assert_allclose(stratified["lai_coverage"].where(stratified["area_fraction"] > 0, 1), 1.0)
    cells = stratified["lai_cells"].sum()
    assert cells == (twin.fields["stratum"] != MASKED).sum()

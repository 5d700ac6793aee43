"""Regions of units: baseline and stratified from the same cells, validated, written and read."""

import h5netcdf
import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_allclose, assert_array_equal

from pm_dalec.data.land import units_of
from pm_dalec.landscape.assembly import assemble_region
from pm_dalec.landscape.grid import target_grid
from pm_dalec.landscape.layers import LandCover, Layer, Loss
from pm_dalec.landscape.overlap import overlap_with
from pm_dalec.landscape.region_file import open_region, validate_region, write_region
from pm_dalec.landscape.twin.region import build_region
from pm_dalec.landscape.twin.table import DOMAIN, YEARS
from pm_dalec.landscape.twin.twin import make_twin, truth
from pm_dalec.landscape.twin.weather import meteorology
from pm_dalec.tables.strata import MASKED, STRATUM_NAMES
from pm_dalec.tables.variables import DRIVERS

RESOLUTION = 0.25


PIXEL, STRATUM = ("pixel",), ("stratum", "pixel")


@pytest.fixture(scope="module")
def region(twin):
    return build_region(twin, resolution=RESOLUTION)


@pytest.fixture(scope="module")
def baseline(region):
    return units_of(region, PIXEL)


@pytest.fixture(scope="module")
def stratified(region):
    return units_of(region, STRATUM)


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


@pytest.mark.parametrize("suffix", [".nc", ".zarr"])
def test_a_region_is_read_as_it_was_written(region, tmp_path, suffix):
    path = write_region(region, tmp_path / f"region{suffix}")
    xr.testing.assert_identical(open_region(path), region)
    write_region(region, path)
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


def test_the_weather_stands_in_a_file_once(region, tmp_path):
    path = write_region(region, tmp_path / "region.nc")
    with h5netcdf.File(path) as stored:
        assert "tmin" in stored.variables
        assert not {"tmin", "co2"} & {*stored["pixels"].variables, *stored["strata"].variables}


@pytest.mark.parametrize("suffix", [".nc", ".zarr"])
def test_a_file_of_one_average_is_refused_and_says_how_to_make_a_new_one(
    stratified, tmp_path, suffix
):
    path = tmp_path / f"old{suffix}"
    old = stratified.drop_vars(("stratum", "time_bnds"))
    old.to_netcdf(path) if suffix == ".nc" else old.to_zarr(path, consolidated=False)
    with pytest.raises(
        ValueError, match="make it again with `pm-dalec landscape` or `pm-dalec region`"
    ):
        open_region(path)


def test_a_region_is_written_whole_or_not_at_all(region, tmp_path):
    broken = region.copy()
    broken.attrs["unwritable"] = object()
    with pytest.raises(TypeError):
        write_region(broken, tmp_path / "region.nc")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("path", "words"),
    [("region.csv", "wanted '.nc' or '.zarr'"), ("nowhere/region.nc", "create it first")],
)
def test_a_path_that_cannot_be_written_is_refused_with_a_sentence(region, tmp_path, path, words):
    with pytest.raises(ValueError, match=words):
        write_region(region, tmp_path / path)


def test_a_region_that_is_not_there_is_refused_with_a_sentence(tmp_path):
    with pytest.raises(FileNotFoundError, match="write one with"):
        open_region(tmp_path / "none.nc")


def at(node, change):
    """Region one of whose parts is another."""

    def spoil(region):
        parts = {part.path: part.to_dataset(inherit=False) for part in region.subtree}
        return xr.DataTree.from_dict({**parts, node: change(parts[node])})

    return spoil


def without(name):
    return at("/", lambda part: part.drop_vars(name))


def scaled(part, name, factor):
    return part.assign({name: (part[name] * factor).assign_attrs(part[name].attrs)})


FAULTS = {
    "wanted 'area'": without("area"),
    "wanted 'masked_fraction'": without("masked_fraction"),
    "'area' above 0 m2": at("/", lambda u: scaled(u, "area", 0)),
    "'lai_coverage' from 0 to 1": at("/pixels", lambda u: scaled(u, "lai_coverage", 2)),
    "area_fraction": at("/strata", lambda u: scaled(u, "area_fraction", 0.9)),
    "'wind'": without("wind"),
    "lai_unc": at("/strata", lambda u: scaled(u, "lai_unc", 0)),
}


@pytest.mark.parametrize("words", FAULTS)
def test_a_faulty_region_is_refused_with_a_sentence(region, words):
    with pytest.raises(ValueError, match=words):
        validate_region(FAULTS[words](region))


@pytest.mark.parametrize(
    ("ids", "came"), [(lambda count: np.zeros(count, int), "repeated ids"), (None, "none")]
)
def test_pixels_without_ids_of_their_own_are_refused(region, ids, came):
    parts = {
        part.path: part.to_dataset(inherit=False).drop_vars("pixel", errors="ignore")
        for part in region.subtree
    }
    if ids is not None:
        parts["/"] = parts["/"].assign_coords(pixel=ids(parts["/"].sizes["pixel"]))
    with pytest.raises(ValueError, match=f"wanted a 'pixel' coordinate of unique ids, got {came}"):
        validate_region(xr.DataTree.from_dict(parts))


@pytest.mark.parametrize("node", ["pixels", "strata"])
def test_a_region_without_one_of_its_averages_is_refused(region, node):
    with pytest.raises(ValueError, match="wanted a region with the groups 'pixels' and 'strata'"):
        validate_region(region.drop_nodes(node))


def test_units_without_a_tree_are_no_region(stratified):
    with pytest.raises(TypeError, match=r"wanted a region .DataTree., got Dataset"):
        validate_region(stratified)


def small_inputs(resolution=1.0):
    """Two cells of one pixel: conifer with a gap in half its area, and heath."""
    grid = target_grid(resolution, south=54.5, north=55.5, west=-4.5, east=-3.5)
    weights = overlap_with(
        grid, latitude_edges=[54.5, 55.5], longitude_edges=[-4.5, -4.4, -4.0, -3.5]
    )
    strata = np.array([[0, 0, 2]], dtype=np.uint8)
    return grid, LandCover(strata, weights, "map made by hand")


def small_layer(land_cover, **changes):
    layer = Layer(
        name="cwood",
        value=np.array([[[8000.0, np.nan, 1000.0]]]),
        sigma=np.array([[[4000.0, 2000.0, 500.0]]]),
        land_cover=land_cover,
        times=np.array(["2017-01-01"], "datetime64[ns]"),
        product="biomass",
        version="by hand",
        rule="none",
    )
    return layer._replace(**changes)


def assembled(twin, **changes):
    grid, land_cover = small_inputs()
    layers = [small_layer(land_cover, **changes.pop("layer", {}))]
    options = {"losses": [], "weather": meteorology(twin), **changes}
    return units_of(assemble_region(grid, land_cover, layers=layers, **options), STRATUM)


def test_an_observation_with_too_little_coverage_is_dropped(twin):
    kept = assembled(twin, minimum_coverage=0.15)["cwood"].sel(time="2017-01-01", stratum="conifer")
    assert_allclose(kept, 8000.0)
    units = assembled(twin, minimum_coverage=0.25)
    assert units["cwood"].sel(stratum="conifer").isnull().all()
    assert_allclose(units["cwood_coverage"].sel(stratum="conifer"), 0.2)


def test_a_stock_of_zero_with_a_sigma_of_zero_is_no_observation(twin):
    units = assembled(twin, layer={"value": np.zeros((1, 1, 3)), "sigma": np.zeros((1, 1, 3))})
    assert units["cwood"].isnull().all()


def test_a_product_of_other_years_is_refused_with_a_sentence(twin):
    other = np.array(["2010-01-01"], "datetime64[ns]")
    with pytest.raises(ValueError, match="check the years of the product"):
        assembled(twin, layer={"times": other})


def test_a_region_that_is_all_masked_is_refused_with_a_sentence(twin):
    grid, land_cover = small_inputs()
    sea = land_cover._replace(strata=np.full((1, 3), MASKED, dtype=np.uint8))
    with pytest.raises(ValueError, match="check the land-cover classes"):
        assemble_region(grid, sea, layers=[], losses=[], weather=meteorology(twin))


def test_loss_is_a_share_of_the_stratum_and_not_of_the_pixel(twin):
    grid, land_cover = small_inputs()
    loss = Loss(
        name="forest_loss_fraction",
        year=np.array([[2016, 0, 0]]),
        years=YEARS,
        land_cover=land_cover,
        product="loss",
        version="by hand",
    )
    region = assemble_region(grid, land_cover, layers=[], losses=[loss], weather=meteorology(twin))
    for each, share in ((STRATUM, 0.2), (PIXEL, 0.1)):
        lost = units_of(region, each)["forest_loss_fraction"].isel(pixel=0)
        lost = lost.isel(stratum=0) if each == STRATUM else lost
        assert_allclose(lost.sum(), share, rtol=1e-12)
        assert_allclose(lost.sel(time="2016-02-01"), share * 29 / 366, rtol=1e-12)

"""A region of polygons is calibrated, and its results go to GeoPackage and GeoJSON and back."""

import geopandas as gpd
import numpy as np
import pytest
from numpy.testing import assert_allclose

import pm_dalec as pmd
from pm_dalec.landscape.polygons import forest_estates
from pm_dalec.models import baseline, stratified
from pm_dalec.plots import results_map
from pm_dalec.posterior import combine_strata, write_polygons

# Runs are short on purpose.
pytestmark = pytest.mark.filterwarnings(r"ignore:wanted \d+ draws of every chain")

NAMES = ("gpp", "nee", "wood")


@pytest.fixture(scope="module")
def estates(twin):
    return forest_estates(twin, 2)


@pytest.fixture(scope="module")
def fits(twin, estates, tmp_path_factory):
    region = pmd.region_from_polygons(estates, twin, ids="estate")
    quick = {"chains": 4, "proposals": 300, "draws": 8, "progress": False}
    folder = tmp_path_factory.mktemp("fits")
    return {
        name: pmd.calibrate_region(model.build, region, store=folder / name, **quick)
        for name, model in (("baseline", baseline), ("stratified", stratified))
    }


@pytest.mark.parametrize("name", ["baseline", "stratified"])
def test_results_of_a_calibration_go_to_files_and_back(fits, estates, tmp_path, name):
    found = pmd.results_as_polygons(fits[name], estates, ids="estate", names=NAMES)
    for quantity in NAMES:
        low, middle, high = (found[f"{quantity}_q{level}"] for level in ("05", "50", "95"))
        assert (low < middle).all()
        assert (middle < high).all()
    assert found.attrs["units"]["wood_q50"] == "g m-2"
    packed = gpd.read_file(write_polygons(found, tmp_path / "results.gpkg"))
    assert packed.crs == estates.crs
    assert packed["estate"].tolist() == estates["estate"].tolist()
    assert_allclose(packed["nee_q50"], found["nee_q50"])
    assert packed.geom_equals(estates.geometry).all()
    text = gpd.read_file(write_polygons(found, tmp_path / "results.geojson"))
    assert text.crs == "EPSG:4326"
    assert_allclose(text["wood_q95"], found["wood_q95"], rtol=1e-9)


def test_the_median_is_that_of_the_draws_of_the_strata_added_up(fits, estates):
    fit = fits["stratified"]
    found = pmd.results_as_polygons(fit, estates, ids="estate", names=("nee",))
    share = fit["constant_data"]["area_fraction"]
    nee = combine_strata(pmd.budget(fit)["nee"], share).sel(pixel="estate 2")
    assert_allclose(found["nee_q50"].iloc[1], np.median(nee))


def test_the_order_of_the_table_does_not_matter_and_others_have_no_result(fits, twin, estates):
    fit = fits["baseline"]
    wanted = pmd.results_as_polygons(fit, estates, ids="estate", names=("gpp",))
    more = forest_estates(twin, 3).iloc[::-1]
    found = pmd.results_as_polygons(fit, more, ids="estate", names=("gpp",))
    assert np.isnan(found.loc["estate 3", "gpp_q50"])
    assert_allclose(found.loc["estate 1", "gpp_q50"], wanted.loc["estate 1", "gpp_q50"])


def test_a_table_of_other_polygons_and_unknown_names_are_refused(fits, estates, tmp_path):
    fit = fits["baseline"]
    with pytest.raises(ValueError, match="2 that are not: estate 1, estate 2"):
        pmd.results_as_polygons(fit, estates)
    with pytest.raises(KeyError, match="gpp"):
        pmd.results_as_polygons(fit, estates, ids="estate", names=("gppp",))
    with pytest.raises(ValueError, match="the driver 'tmin' in names"):
        pmd.results_as_polygons(fit, estates, ids="estate", names=("tmin",))
    with pytest.raises(ValueError, match=r"ends in .gpkg, .geojson, .json"):
        write_polygons(estates, tmp_path / "estates.shp")


def test_the_map_shows_median_and_width_with_their_units(fits, estates):
    found = pmd.results_as_polygons(fits["baseline"], estates, ids="estate", names=("nee",))
    figure = results_map(found.assign(nee_q50=[-0.1, 0.05]), "nee")
    labels = [axes.get_xlabel() for axes in figure.axes]
    assert any("median" in label and "gC m$^{-2}$ d$^{-1}$" in label for label in labels)
    assert any("width of 5 to 95 %" in label for label in labels)
    assert figure.axes[0].collections[0].get_clim() == (-0.1, 0.1)  # of both signs: centred on zero
    names = {text.get_text() for text in figure.axes[0].texts}
    assert {"estate 1", "estate 2"} <= names
    figure = results_map(found.assign(nee_q50=[-0.1, -0.05]), "nee")
    assert figure.axes[0].collections[0].get_clim() == (-0.1, -0.05)

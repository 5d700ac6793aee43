"""Assembly of a region from layers made by hand."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from pm_dalec.data.land import units_of
from pm_dalec.landscape.assembly import assemble_region
from pm_dalec.landscape.grid import target_grid
from pm_dalec.landscape.layers import LandCover, Layer, Loss
from pm_dalec.landscape.overlap import overlap_with
from pm_dalec.landscape.twin.table import YEARS
from pm_dalec.landscape.twin.weather import meteorology
from pm_dalec.tables.strata import MASKED

from .conftest import PIXEL, STRATUM


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

"""Maps to point at: a page with every number, without anything fetched for the background."""

import sys

import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_allclose

from pm_dalec.landscape import pixel_boxes
from pm_dalec.plots import explore_map


@pytest.fixture
def boxes():
    places = {"lat": ("pixel", [54.5, 54.5]), "lon": ("pixel", [-3.5, -2.5]), "pixel": [4, 7]}
    return pixel_boxes(xr.DataTree(xr.Dataset(places, attrs={"resolution_degree": 1.0})))


@pytest.fixture
def results(boxes):
    table = boxes.assign(nee_q05=[-2.0, np.nan], nee_q50=[-1.25, np.nan], nee_q95=[0.5, np.nan])
    table.attrs["units"] = {"nee_q50": "g m-2 d-1"}
    return table


def test_the_boxes_of_pixels_are_as_wide_as_the_grid_and_meet(boxes):
    assert list(boxes.index) == [4, 7]
    assert_allclose(boxes.total_bounds, [-4, 54, -2, 55])
    assert boxes.geometry.iloc[0].touches(boxes.geometry.iloc[1])


def test_units_that_are_no_grid_have_no_boxes():
    with pytest.raises(ValueError, match="wanted a region on a grid"):
        pixel_boxes(xr.DataTree())


def test_a_pixel_tells_its_numbers_and_no_background_is_fetched(results):
    page = explore_map(results, "nee").get_root().render()
    assert "-1.25" in page
    assert "nee, 50 % (g m-2 d-1)" in page
    assert "tile.openstreetmap" not in page


def test_without_folium_it_is_said_what_to_install(results, monkeypatch):
    monkeypatch.setitem(sys.modules, "folium", None)
    with pytest.raises(ImportError, match="pip install 'pm_dalec"):
        explore_map(results, "nee")

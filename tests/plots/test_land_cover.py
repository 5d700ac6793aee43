"""Maps of the landscape: axes, legend, equal scales."""

import numpy as np
import pytest
import xarray as xr
from matplotlib import pyplot as plt
from numpy.testing import assert_allclose

from pm_dalec.plots.land_cover import fraction_maps, land_cover_map
from pm_dalec.tables.strata import MASKED, STRATA


@pytest.fixture(autouse=True)
def closed_figures():
    plt.switch_backend("agg")
    yield
    plt.close("all")


@pytest.fixture
def strata():
    codes = np.random.default_rng(0).choice([0, 1, 2, 3, MASKED], size=(10, 30))
    latitude, longitude = 54.55 + 0.1 * np.arange(10), -4.45 + 0.1 * np.arange(30)
    return xr.DataArray(codes, {"lat": latitude, "lon": longitude}, ("lat", "lon"))


def region(resolution, rows, columns):
    """Stratified region of random shares with one pixel missing."""
    rng = np.random.default_rng(1)
    latitude, longitude = np.meshgrid(
        54.5 + resolution * (np.arange(rows) + 0.5),
        -4.5 + resolution * (np.arange(columns) + 0.5),
        indexing="ij",
    )
    shares = rng.dirichlet(np.ones(4), size=latitude.size).T
    units = xr.Dataset(
        {"area_fraction": (("stratum", "pixel"), shares)},
        coords={
            "stratum": [s.name for s in STRATA],
            "pixel": np.arange(latitude.size),
            "lat": ("pixel", latitude.ravel()),
            "lon": ("pixel", longitude.ravel()),
        },
    )
    return units.isel(pixel=slice(1, None))


def test_the_land_cover_map_names_every_stratum_and_the_mask(strata):
    labels = [text.get_text() for text in land_cover_map(strata).legends[0].get_texts()]
    assert labels == [*(s.label for s in STRATA), "masked (urban, water, sea)"]


def test_the_land_cover_map_has_equal_scales_and_degrees_on_its_axes(strata):
    axes = land_cover_map(strata).axes[0]
    assert_allclose(axes.get_aspect(), 1 / np.cos(np.deg2rad(55.0)))
    labels = {tick.get_text() for tick in axes.get_xticklabels() + axes.get_yticklabels()}
    assert {"4° W", "3° W", "55° N"} <= labels


def test_the_land_cover_map_looks_the_same_with_rows_from_the_north(strata):
    image = land_cover_map(strata).axes[0].images[0]
    flipped = land_cover_map(strata.isel(lat=slice(None, None, -1))).axes[0].images[0]
    assert (image.get_array() == flipped.get_array()).all()
    assert_allclose(image.get_extent(), flipped.get_extent())


def test_figures_are_183_mm_wide_and_their_text_7_or_8_points(strata):
    figure = land_cover_map(strata)
    assert_allclose(figure.get_figwidth() * 25.4, 183)
    sizes = {text.get_fontsize() for text in figure.findobj(plt.Text) if text.get_text()}
    assert sizes <= {7.0, 8.0}


def test_fraction_maps_have_a_row_a_stratum_and_a_column_a_resolution():
    figure = fraction_maps({0.5: region(0.5, 2, 6), 0.25: region(0.25, 4, 12)})
    panels = [axes for axes in figure.axes if axes.get_label() != "<colorbar>"]
    assert len(panels) == 8
    assert [axes.get_ylabel() for axes in panels[::2]] == [s.label for s in STRATA]
    assert [axes.get_title() for axes in panels[:2]] == ["0.50°", "0.25°"]


def test_a_pixel_that_was_dropped_stays_empty_and_the_others_keep_their_place():
    units = region(0.5, 2, 6)
    image = fraction_maps({0.5: units}).axes[0].images[0].get_array()
    assert image.mask[0, 0]
    conifer = units["area_fraction"].sel(stratum="conifer")
    assert_allclose(image[1, 5], conifer.sel(pixel=11))


def test_no_region_is_refused_with_a_sentence():
    with pytest.raises(ValueError, match="wanted a stratified region for each resolution"):
        fraction_maps({})

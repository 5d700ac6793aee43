"""Samples of pixels and the area that each of them stands for."""

import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_allclose

from pm_dalec.landscape.pixel_sample import (
    effective_number,
    known_totals,
    represented_areas,
    sample_pixels,
)


@pytest.fixture(scope="module")
def region():
    """Hundred pixels of two strata; the first is felled."""
    rng = np.random.default_rng(2)
    conifer = rng.beta(0.5, 1.5, size=100)
    loss = np.stack([rng.uniform(0, 0.01, size=100), np.zeros(100)])
    stock = np.stack([rng.uniform(8e3, 14e3, size=100), rng.uniform(1e3, 3e3, size=100)])
    space = ("time", "stratum", "pixel")
    return xr.Dataset(
        {
            "area_fraction": (space[1:], np.stack([conifer, 1 - conifer])),
            "area": ("pixel", rng.uniform(1, 2, size=100)),
            "forest_loss_fraction": (space, np.stack([loss, loss])),
            "cwood": (space, np.stack([stock, np.full_like(stock, np.nan)])),
        },
        coords={"stratum": ["conifer", "arable"], "pixel": np.arange(100, 200)},
    )


def test_a_sample_meets_the_totals_of_the_region(region):
    pixels = sample_pixels(region, 30, seed=1)
    areas = represented_areas(region, pixels)
    known = known_totals(region)
    whole = (known * region["area"]).sum("pixel")
    assert_allclose((known.sel(pixel=pixels) * areas).sum("pixel"), whole, rtol=1e-8)
    plain = region["area"].sel(pixel=pixels) * float(region["area"].sum())
    plain = plain / float(region["area"].sel(pixel=pixels).sum())
    assert np.abs((known.sel(pixel=pixels) * plain).sum("pixel") / whole - 1).max() > 0.03


def test_areas_of_a_sample_are_positive_and_add_up_to_the_region(region):
    areas = represented_areas(region, sample_pixels(region, 30, seed=1))
    assert (areas > 0).all()
    assert_allclose(areas.sum(), region["area"].sum(), rtol=1e-8)


def test_a_sample_of_all_pixels_stands_for_their_own_areas(region):
    areas = represented_areas(region, sample_pixels(region, 1000))
    assert_allclose(areas, region["area"], rtol=1e-8)


def test_a_sample_is_decided_by_its_seed(region):
    first, again, other = (sample_pixels(region, 10, seed=seed) for seed in (1, 1, 2))
    assert (first == again).all()
    assert not (first == other).all()
    assert np.unique(first).size == 10


def test_a_sample_that_cannot_meet_the_totals_is_refused(region):
    with pytest.raises(ValueError, match="draw more pixels, or another sample"):
        represented_areas(region, [100, 101])


def test_equal_areas_count_in_full():
    assert effective_number(np.full(7, 3.0)) == pytest.approx(7)
    assert effective_number([1.0, 0.0, 0.0]) == pytest.approx(1)

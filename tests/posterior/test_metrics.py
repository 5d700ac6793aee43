"""Metrics K1-K6 on cases small enough to check by hand."""

import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_allclose

from pm_dalec.landscape.twin.table import PAPER_HARVEST
from pm_dalec.posterior.metrics import (
    area_mean,
    convergence_gap,
    determination,
    fit_metrics,
    mean_relative_error,
    recombined,
    scale_variance,
    stratum_metrics,
    unit_metrics,
    weighted_quantile,
)


def series(values, space):
    """(time, ...) array of two instants."""
    return xr.DataArray(np.asarray(values, dtype=float), dims=("time", *space))


@pytest.fixture
def pixels():
    """Two pixels: half of 1000 is missing in the first, nothing of 9000 in the second."""
    observed = series([[1000, 9000], [1000, 9000]], ("pixel",))
    modelled = series([[500, 9000], [500, 9000]], ("pixel",))
    units = xr.Dataset({"area": ("pixel", [1.0, 1.0])})
    return modelled, observed, 0.5 * observed, units


def test_the_root_is_taken_of_the_mean_square():
    """K1: errors 3 and 4 give sqrt(25 / 2)."""
    observed = series([10, 10], ())
    found = unit_metrics(series([13, 14], ()), observed, observed)
    assert_allclose(found["rmse"], np.sqrt(12.5))


def test_bias_is_model_minus_observation(pixels):
    """K2: the model is low and the bias negative."""
    found = fit_metrics(*pixels)
    assert found["bias"] == -250


def test_a_percentage_is_taken_in_each_pixel_first(pixels):
    """K3, T12: -50 % and 0 % are -25 %, not -5 %."""
    found = fit_metrics(*pixels)
    assert_allclose(found["bias_percent"], -25)
    assert_allclose(found["rmse_percent"], 25)
    assert mean_relative_error([-500.0, 0.0], np.array([1000.0, 9000.0]), [1, 1]) == -0.25


def test_an_error_in_sigmas_uses_the_mean_sigma_of_the_pixel(pixels):
    """K4: -500 of 500 and 0 of 4500."""
    assert_allclose(fit_metrics(*pixels)["bias_sigma"], -0.5)


def test_pixels_count_by_area(pixels):
    """K5."""
    modelled, observed, sigma, units = pixels
    units = units.assign(area=("pixel", [3.0, 1.0]))
    assert_allclose(fit_metrics(modelled, observed, sigma, units)["bias"], -375)


def test_instants_without_observation_are_left_out():
    observed = series([10, np.nan], ())
    found = unit_metrics(series([12, 99], ()), observed, 0.1 * observed)
    assert_allclose([found["rmse"], found["bias_percent"], found["bias_sigma"]], [2, 20, 2])


@pytest.fixture
def strata():
    """One pixel, two strata in equal shares whose errors cancel."""
    space = ("stratum", "pixel")
    observed = series([[[100], [100]], [[100], [100]]], space)
    modelled = series([[[110], [90]], [[110], [90]]], space)
    units = xr.Dataset(
        {"area": ("pixel", [2.0]), "area_fraction": (space, [[0.5], [0.5]])},
        coords={"stratum": ["conifer", "arable"]},
    )
    return modelled, observed, 0.2 * observed, units


def test_the_stratified_fit_is_measured_after_the_strata_are_combined(strata):
    """K5: Table 1 combines first, so errors of strata may cancel."""
    assert_allclose(fit_metrics(*strata)["rmse"], 0)


def test_the_fit_of_strata_is_measured_in_each_of_them(strata):
    found = stratum_metrics(*strata)
    assert_allclose(found["rmse"], [10, 10])
    assert_allclose(found["bias_percent"], [10, -10])


def test_a_stratum_without_observation_leaves_its_share_to_the_others(strata):
    modelled, observed, sigma, units = strata
    observed[:, 1, 0] = np.nan
    combined = recombined(modelled, observed, sigma, units["area_fraction"])
    assert_allclose([part[0, 0] for part in combined], [110, 100, 20])


def test_a_stratum_is_averaged_over_the_pixels_that_hold_it():
    values = xr.DataArray([[1.0, np.nan, 4.0]], dims=("stratum", "pixel"))
    weight = xr.DataArray([[2.0, 0.0, 1.0]], dims=("stratum", "pixel"))
    assert_allclose(area_mean(values, weight), [2.0])


def test_printed_harvests_have_the_printed_scale_variance():
    """K6: 51.6 % baseline, 2.3 % stratified."""
    baseline, stratified = (list(PAPER_HARVEST[a].values()) for a in ("baseline", "stratified"))
    assert_allclose(100 * scale_variance(baseline), 51.6, atol=0.05)
    assert_allclose(100 * scale_variance(stratified), 2.3, atol=0.05)


def test_the_gap_is_stratified_minus_baseline():
    assert_allclose(convergence_gap([-5.9, 30.0], [282.6, 164.9]), [-288.5, -134.9])


def test_a_straight_line_explains_everything_and_pixels_without_value_are_left_out():
    first = np.array([1.0, 2.0, 3.0, np.nan])
    assert_allclose(determination(first, 5 - 2 * first), 1.0)
    assert np.isnan(determination(first, np.ones(4)))


def test_equal_weights_give_the_quantiles_of_the_middle_positions():
    found = weighted_quantile([3.0, 1.0, 2.0, np.nan], [1, 1, 1, 9], [0.0, 0.5, 1.0])
    assert_allclose(found, [1, 2, 3])


def test_a_heavy_pixel_draws_the_median_to_itself():
    assert_allclose(weighted_quantile([1.0, 10.0], [1, 99], 0.5), 9.0, atol=1.1)

"""Rules of aggregation A1-A6 on cases small enough to check by hand, and on the twin's mosaic."""

import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_allclose
from scipy.stats import norm

from pm_dalec.landscape.twin.twin import make_twin, truth
from pm_dalec.paper.mosaic import pixel_means
from pm_dalec.posterior.aggregation import (
    aggregate,
    combine_pixels,
    combine_strata,
    comonotone_sum,
    domain_sample,
    stratum_samples,
)
from pm_dalec.posterior.ensembles import pooled, summarise
from pm_dalec.posterior.metrics import interval_width, width_ratio

STRATA = ["conifer", "broadleaf", "heath", "arable"]
RESOLUTIONS = (1.0, 0.5, 0.25, 0.05)


def units_of(fraction, area=None):
    """Units of pixels in a row from west to east, 0.5 degree apart."""
    fraction = np.asarray(fraction, dtype=float)
    strata, pixels = fraction.shape
    return xr.Dataset(
        {
            "area_fraction": (("stratum", "pixel"), fraction),
            "area": ("pixel", np.ones(pixels) if area is None else np.asarray(area, float)),
        },
        coords={
            "stratum": STRATA[:strata],
            "pixel": np.arange(pixels),
            "lat": ("pixel", np.full(pixels, 55.0)),
            "lon": ("pixel", -4.0 + 0.5 * np.arange(pixels)),
        },
    )


def draws_of(array, units):
    """Draws of two chains, from an array (sample[, stratum], pixel)."""
    array = np.asarray(array, dtype=float)
    array = array.reshape(2, -1, *array.shape[1:])
    space = ("stratum", "pixel")[-(array.ndim - 2) :]
    coords = {name: units[name] for name in space}
    return xr.DataArray(array, coords, ("chain", "draw", *space), "gpp")


@pytest.fixture
def two_pixels():
    return units_of([[0.25, 0.5], [0.75, 0.5]], area=[1.0, 3.0])


@pytest.fixture
def random():
    return np.random.default_rng(5)


@pytest.mark.parametrize("across_strata", ["independent", "correlated"])
@pytest.mark.parametrize("across_pixels", ["independent", "correlated", 30.0])
@pytest.mark.parametrize("order", ["pixel_first", "stratum_first"])
def test_the_aggregate_of_constants_is_the_constant(
    two_pixels, across_strata, across_pixels, order
):
    found = aggregate(
        draws_of(np.full((6, 2, 2), 4.2), two_pixels),
        two_pixels,
        across_strata=across_strata,
        across_pixels=across_pixels,
        order=order,
    )
    assert_allclose(found, 4.2)


def test_pixels_count_by_their_area(two_pixels):
    draws = draws_of(np.broadcast_to([10.0, 20.0], (4, 2)), two_pixels)
    assert_allclose(aggregate(draws, two_pixels), 0.25 * 10 + 0.75 * 20)


def test_strata_count_by_their_share_of_the_pixel(two_pixels):
    draws = draws_of(np.broadcast_to([[100.0], [20.0]], (4, 2, 2)), two_pixels)
    assert_allclose(combine_strata(draws, two_pixels["area_fraction"])[0], [40.0, 60.0])


def test_the_domain_median_is_the_mean_of_pixel_medians(random, two_pixels):
    """A3."""
    draws = draws_of(random.lognormal(size=(402, 2)), two_pixels)
    medians = draws.median(("chain", "draw")).to_numpy()
    found = float(aggregate(draws, two_pixels).sel(quantile=0.5))
    assert_allclose(found, medians @ [0.25, 0.75])


def test_the_comonotone_sum_is_the_sum_of_sorted_draws(random):
    """T11: and its quantiles are the sums of quantiles."""
    draws, weight = random.gamma(2.0, size=(101, 7)), random.dirichlet(np.ones(7))
    total = comonotone_sum(draws, weight)
    by_hand = [
        sum(w * sorted(column)[rank] for w, column in zip(weight, draws.T, strict=True))
        for rank in range(101)
    ]
    assert_allclose(total, by_hand)
    levels = [0.05, 0.25, 0.5, 0.75, 0.95]
    assert_allclose(np.quantile(total, levels), np.quantile(draws, levels, axis=0) @ weight)


def test_summarising_before_aggregating_gives_another_interval(random, two_pixels):
    """Adding up the 5 % of independent strata is not the 5 % of their sum."""
    draws = draws_of(random.normal(size=(2000, 2, 2)), two_pixels)
    fraction = two_pixels["area_fraction"]
    right = summarise(combine_strata(draws, fraction)).sel(quantile=0.05)
    wrong = (summarise(pooled(draws)).sel(quantile=0.05) * fraction).sum("stratum")
    # 1.645 sqrt(f1^2 + f2^2) against 1.645 (f1 + f2)
    assert_allclose(right / wrong, np.sqrt((fraction**2).sum("stratum")), rtol=0.06)


def test_quantiles_are_refused_as_draws(random, two_pixels):
    quantiles = summarise(draws_of(random.normal(size=(10, 2)), two_pixels))
    with pytest.raises(ValueError, match="quantiles do not add up"):
        aggregate(quantiles, two_pixels)


def test_drifting_chains_in_stored_order_are_not_paired_by_number(two_pixels):
    """Both strata drift alike: paired by number the sum would be as wide as one of them."""
    drift = np.broadcast_to(np.linspace(-1, 1, 2000)[:, None, None], (2000, 2, 2))
    pixels = combine_strata(draws_of(drift, two_pixels), two_pixels["area_fraction"])
    expected = np.linspace(-1, 1, 2000).std() * np.sqrt([0.25**2 + 0.75**2, 0.5])
    assert_allclose(pixels.std("sample"), expected, rtol=0.05)


def test_the_seed_of_the_pairing_is_recorded_and_decides_it(random, two_pixels):
    draws = draws_of(random.normal(size=(40, 2, 2)), two_pixels)
    first, again, other = (domain_sample(draws, two_pixels, seed=seed) for seed in (7, 7, 8))
    assert (first.attrs["pairing_seed"], other.attrs["pairing_seed"]) == (7, 8)
    assert_allclose(first, again, rtol=0)
    assert not np.allclose(first, other)


def test_the_pairing_of_a_pixel_does_not_depend_on_the_pixels_beside_it(random, two_pixels):
    draws = draws_of(random.normal(size=(40, 2, 2)), two_pixels)
    both = combine_strata(draws, two_pixels["area_fraction"])
    alone = combine_strata(draws.isel(pixel=[1]), two_pixels["area_fraction"])
    assert_allclose(both.isel(pixel=1), alone.isel(pixel=0), rtol=0)


def test_a_trajectory_stays_whole_when_it_is_paired(random, two_pixels):
    """A series that does not change in time is constant in every draw of the pixel, too."""
    draws = draws_of(random.normal(size=(40, 2, 2)), two_pixels)
    series = draws.expand_dims(time=3).transpose("chain", "draw", "time", "stratum", "pixel")
    pixels = combine_strata(series, two_pixels["area_fraction"])
    assert pixels.dims == ("sample", "time", "pixel")
    assert_allclose(pixels.std("time"), 0, atol=1e-15)


@pytest.mark.parametrize("order", ["pixel_first", "stratum_first"])
def test_one_stratum_of_fraction_one_is_the_baseline(random, order):
    units = units_of(np.ones((1, 3)), area=[1.0, 2.0, 5.0])
    values = random.normal(size=(50, 1, 3))
    stratified = aggregate(draws_of(values, units), units, order=order)
    assert_allclose(stratified, aggregate(draws_of(values[:, 0], units), units), rtol=1e-12)


def test_correlated_strata_of_equal_ensembles_are_as_wide_as_the_baseline(random, two_pixels):
    one = random.normal(size=(500, 1, 1))
    shuffled = random.permuted(np.broadcast_to(one, (500, 2, 2)), axis=0)
    found = aggregate(draws_of(shuffled, two_pixels), two_pixels, across_strata="correlated")
    assert_allclose(found, np.quantile(one, found["quantile"]), rtol=1e-12)


def test_a_correlation_length_lies_between_its_two_limits(random):
    """A6: 1 m is independence, 100,000 km is full correlation."""
    units = units_of(np.ones((1, 8)))
    draws = draws_of(random.normal(size=(4000, 8)), units)
    width = [
        interval_width(domain_sample(draws, units, across_pixels=rule))
        for rule in ("independent", 1e-3, 50.0, 1e8, "correlated")
    ]
    assert_allclose(width[1], width[0], rtol=0.05)
    assert_allclose(width[3], width[4], rtol=0.01)
    assert 1.3 * width[0] < width[2] < 0.8 * width[4]


def test_the_width_for_a_correlation_length_is_that_of_correlated_normals(random):
    units = units_of(np.ones((1, 4)))
    draws = draws_of(random.normal(size=(8000, 4)), units)
    apart = 0.5 * 111.195 * np.cos(np.deg2rad(55.0)) * np.abs(np.subtract.outer(*[range(4)] * 2))
    expected = np.sqrt(np.exp(-apart / 60).mean())
    found = float(domain_sample(draws, units, across_pixels=60).std())
    assert_allclose(found, expected, rtol=0.03)


def test_a_failed_stratum_leaves_its_share_to_the_others_and_is_counted(two_pixels):
    values = np.broadcast_to([[100.0], [20.0]], (4, 2, 2)).copy()
    values[0, 0, 1] = np.nan
    found = aggregate(draws_of(values, two_pixels), two_pixels)
    assert_allclose(found, 0.25 * 40 + 0.75 * 20)
    assert found.attrs["missing_units"] == 1


def test_an_absent_stratum_is_not_counted_as_missing():
    units = units_of([[0.0, 0.5], [1.0, 0.5]])
    values = np.ones((4, 2, 2))
    values[:, 0, 0] = np.nan
    found = aggregate(draws_of(values, units), units)
    assert_allclose(found, 1.0)
    assert (found.attrs["missing_units"], found.attrs["missing_area_share"]) == (0, 0.0)


@pytest.mark.parametrize("order", ["pixel_first", "stratum_first"])
def test_a_pixel_without_any_unit_leaves_its_area_to_the_others(two_pixels, order):
    values = np.broadcast_to([10.0, 20.0], (4, 2, 2)).copy()
    values[:, :, 1] = np.nan
    found = aggregate(draws_of(values, two_pixels), two_pixels, order=order)
    assert_allclose(found, 10.0)
    assert found.attrs["missing_units"] == 2


def test_a_domain_without_any_draws_is_refused(two_pixels):
    with pytest.raises(ValueError, match="at least one pixel with finite draws of 'gpp'"):
        aggregate(draws_of(np.full((4, 2, 2), np.nan), two_pixels), two_pixels)


def test_a_stratum_is_weighted_by_its_own_area(two_pixels):
    """A5: conifer has 0.25 of area 1 and 0.5 of area 3."""
    values = np.broadcast_to([10.0, 20.0], (4, 2, 2))
    conifer = stratum_samples(draws_of(values, two_pixels), two_pixels).sel(stratum="conifer")
    assert_allclose(conifer, (0.25 * 10 + 1.5 * 20) / 1.75)


def test_strata_are_matched_by_name(two_pixels):
    draws = draws_of(np.broadcast_to([[100.0], [20.0]], (4, 2, 2)), two_pixels)
    turned = two_pixels.isel(stratum=[1, 0])
    assert_allclose(aggregate(draws, turned), aggregate(draws, two_pixels))


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("across_strata", "yes", "across_strata is 'yes', wanted '"),
        ("across_pixels", "near", "across_pixels is 'near', wanted '"),
        ("across_pixels", -3, "above 0, got across_pixels=-3"),
        ("order", "both", "order is 'both', wanted '"),
    ],
)
def test_an_unknown_rule_is_refused_with_those_that_exist(two_pixels, name, value, words):
    draws = draws_of(np.ones((4, 2, 2)), two_pixels)
    with pytest.raises(
        ValueError, match=f"{name} is {value!r}, wanted '|above 0, got {name}={value!r}"
    ):
        aggregate(draws, two_pixels, **{name: value})


def test_pixels_without_draws_dimensions_are_refused(two_pixels):
    with pytest.raises(ValueError, match="wanted draws with dims 'chain' and 'draw'"):
        combine_pixels(two_pixels["area"], two_pixels)


# Tier B: an emulated posterior on the fractions of the twin, at the paper's four resolutions


@pytest.fixture(scope="module")
def mosaics():
    cells = truth(make_twin(0, mask=False, cv=0.0, biomass="model"))
    return {resolution: pixel_means(cells, resolution) for resolution in RESOLUTIONS}


def emulated(means, *, samples=1000, log_sd=0.16):
    """Lognormal draws of equal spread in every unit, that of printed GPP, and their units."""
    units = units_of(means.fraction, area=means.weight)
    scores = norm.ppf((np.arange(samples) + 0.5) / samples)
    same = np.broadcast_to(scores[:, None, None], (samples, *means.fraction.shape))
    draws = np.random.default_rng(4).permuted(np.exp(log_sd * same), axis=0)
    return draws_of(draws, units), units


@pytest.mark.parametrize("resolution", RESOLUTIONS)
def test_independent_strata_narrow_the_domain_by_the_root_of_squared_shares(mosaics, resolution):
    """T10: TWIN, eq. 11, within 3 %; the paper's widths of GPP say 0.61, 0.66, 0.71, 0.80."""
    means = mosaics[resolution]
    draws, units = emulated(means)
    baseline = interval_width(draws.isel(stratum=0, pixel=0).values.ravel())
    ratio = interval_width(domain_sample(draws, units)) / baseline
    expected = width_ratio(means.fraction, means.weight)
    assert_allclose(ratio, expected, rtol=0.03)


@pytest.mark.parametrize("resolution", RESOLUTIONS)
def test_correlated_strata_do_not_narrow_the_domain(mosaics, resolution):
    """T10."""
    draws, units = emulated(mosaics[resolution])
    baseline = interval_width(draws.isel(stratum=0, pixel=0).values.ravel())
    width = interval_width(domain_sample(draws, units, across_strata="correlated"))
    assert_allclose(width / baseline, 1.0, rtol=0.02)


def test_pixel_first_explains_the_widths_of_the_paper_and_stratum_first_does_not(mosaics):
    """Printed width ratios of GPP grow from 0.608 to 0.804 with finer pixels."""
    printed = np.array([0.608, 0.664, 0.705, 0.804])
    ratios = {}
    for order in ("pixel_first", "stratum_first"):
        ratios[order] = []
        for means in mosaics.values():
            draws, units = emulated(means)
            baseline = interval_width(draws.isel(stratum=0, pixel=0).values.ravel())
            ratios[order].append(interval_width(domain_sample(draws, units, order=order)))
            ratios[order][-1] /= baseline
    # One landscape of this geometry, whose fractions are not those of northern England
    assert_allclose(ratios["pixel_first"], printed, atol=0.06)
    assert (np.diff(ratios["pixel_first"]) > 0).all()
    assert_allclose(ratios["stratum_first"], 0.59, atol=0.03)

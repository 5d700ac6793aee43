"""Theory of harvest on a mosaic against the twin: TWIN, section 5.7."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from pm_dalec.landscape.twin.leaf_area import seasonal_leaf_area
from pm_dalec.landscape.twin.table import CLASSES, CONIFER_LOSS_RATE, PAPER_HARVEST, SMALL_POOLS
from pm_dalec.landscape.twin.twin import make_twin, truth
from pm_dalec.paper import fragmentation, mosaic, theory
from pm_dalec.paper.theory import light_use_bias
from pm_dalec.posterior import aggregation, metrics
from pm_dalec.tables.strata import STRATUM_NAMES

RESOLUTIONS = (1.0, 0.5, 0.25, 0.05)


def harvest_by_resolution(approach, cells):
    return np.array([approach(mosaic.pixel_means(cells, r)) for r in RESOLUTIONS])


@pytest.fixture(scope="module")
def heavy_cells():
    """Cells of a landscape where heavier stands are felled."""
    return truth(make_twin(0, mask=False, gamma=1.0, biomass="model"))


@pytest.fixture(scope="module")
def random_cells():
    """Cells of a landscape with variation within strata, felled at random, with mask."""
    return truth(make_twin(0, biomass="model"))


@pytest.mark.parametrize("resolution", RESOLUTIONS)
def test_baseline_and_both_covariances_add_up_to_the_true_harvest(heavy_cells, resolution):
    """T1: eq. (4) is an identity."""
    parts = theory.decomposition(mosaic.pixel_means(heavy_cells, resolution))
    assert_allclose(sum(parts), heavy_cells["harvest"], rtol=1e-12)
    assert min(parts) > 0


def test_baseline_and_what_stratification_recovers_are_the_stratified_harvest(heavy_cells):
    means = mosaic.pixel_means(heavy_cells, 0.25)
    parts = theory.decomposition(means)
    recovered = parts.baseline + parts.between_strata
    assert_allclose(recovered, theory.stratified_harvest(means), rtol=1e-12)


def test_baseline_harvest_of_six_landscapes_is_the_formula_within_one_per_cent(harvests):
    """T4: eq. (5) with the fragmentation of each landscape."""
    simulated, formula = harvests["baseline"].mean("seed"), harvests["formula"].mean("seed")
    assert_allclose(simulated, formula, rtol=0.01)


def test_the_formula_is_within_one_per_cent_in_a_landscape_of_two_stocks(plain_cells):
    """T4: eq. (5) knows one stock outside conifer; three of them cost up to 1.5 % a landscape."""
    inside, outside = 10937.0, 2600.0
    two = plain_cells.assign(
        harvestable=plain_cells["harvestable"].where(plain_cells["stratum"] == 0, outside)
    )
    for resolution in RESOLUTIONS:
        means = mosaic.pixel_means(two, resolution)
        conifer = means.fraction[0]
        ratio = theory.harvest_ratio(
            np.average(conifer, weights=means.weight),
            fragmentation=fragmentation.variance_ratio(conifer, means.weight),
            stock_ratio=outside / inside,
        )
        simulated = theory.baseline_harvest(means) / theory.stratified_harvest(means)
        assert_allclose(simulated, ratio, rtol=0.01)


def test_fragmentation_grows_towards_finer_pixels_in_every_landscape(harvests):
    """T5."""
    assert (harvests["fragmentation"].diff("resolution") > 0).all()
    assert (harvests["geometry"].diff("resolution") > 0).all()


def test_ratio_of_harvests_is_what_geometry_alone_predicts_within_five_per_cent(harvests):
    """T5: eq. (7) in eq. (5), mean of six landscapes."""
    fractions = np.array([CLASSES[name].fraction for name in STRATUM_NAMES])
    stocks = np.array([CLASSES[name].wood_model + SMALL_POOLS for name in STRATUM_NAMES])
    others = np.average(stocks[1:], weights=fractions[1:])
    predicted = theory.harvest_ratio(
        fractions[0], fragmentation=harvests["geometry"], stock_ratio=others / stocks[0]
    )
    simulated = (harvests["baseline"] / harvests["stratified"]).mean("seed")
    assert_allclose(simulated, predicted, rtol=0.05)


def test_geometry_gives_the_fragmentation_of_the_prototype(harvests):
    """TWIN, eq. (7): 0.037, 0.096, 0.167, 0.396."""
    assert_allclose(harvests["geometry"], [0.037, 0.096, 0.167, 0.396], atol=0.001)


def test_indicators_of_one_place_have_the_variance_of_a_share():
    assert_allclose(fragmentation.indicator_covariance(1.0, 0.19), 0.19 * 0.81, rtol=1e-6)
    assert fragmentation.indicator_covariance(0.0, 0.19) == 0


def test_stratified_harvest_does_not_change_with_resolution_without_variation(harvests):
    """T6."""
    relative = harvests["stratified"] / harvests["truth"]
    assert_allclose(relative, 1.0, rtol=1e-10)


def test_stratified_harvest_varies_less_than_two_per_cent_when_felling_is_random(random_cells):
    """T6."""
    harvest = harvest_by_resolution(theory.stratified_harvest, random_cells)
    assert np.ptp(harvest) / harvest.mean() < 0.02


def test_harvest_of_six_landscapes_is_that_of_the_paper(harvests):
    """T7: 0.052, 0.055, 0.064, 0.085 within 0.006, and 0.129 stratified."""
    printed = harvests[["paper_baseline", "paper_stratified"]]
    assert_allclose(harvests["baseline"].mean("seed"), printed["paper_baseline"], atol=0.006)
    assert_allclose(harvests["stratified"].mean("seed"), printed["paper_stratified"], atol=0.006)


def test_harvest_of_the_baseline_grows_towards_finer_pixels_in_every_landscape(harvests):
    assert (harvests["baseline"].diff("resolution") > 0).all()


@pytest.mark.parametrize("resolution", [0.25, 0.05])
def test_harvest_ratios_of_pixels_lie_on_their_curve(plain_cells, resolution):
    """T8: eq. (6) with the stocks outside conifer in each pixel."""
    means = mosaic.pixel_means(plain_cells, resolution)
    felled = means.loss > 0
    conifer = means.fraction[0, felled]
    outside = (means.fraction * means.stratum_stock)[1:, felled].sum(axis=0)
    inside = means.stratum_stock[0, felled]
    stock_ratio = outside / np.maximum(1 - conifer, 1e-12) / inside
    removed = (means.fraction * means.stratum_loss * means.stratum_stock).sum(axis=0)
    simulated = (removed / np.where(felled, means.loss * means.stock, 1))[felled]
    curve = theory.pixel_harvest_ratio(conifer, stock_ratio=stock_ratio)
    unexplained = np.sum((simulated - curve) ** 2) / np.sum((simulated - simulated.mean()) ** 2)
    assert 1 - unexplained > 0.98


def test_the_curve_of_pixels_has_the_values_of_the_prototype():
    """TWIN, eq. (6), beta 0.23."""
    fractions = [0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0]
    ratios = theory.pixel_harvest_ratio(fractions, stock_ratio=0.23)
    assert_allclose(ratios, [3.73, 3.26, 2.61, 1.86, 1.45, 1.18, 1.0], atol=0.01)


@pytest.mark.parametrize("leak", [0.1, 0.3])
def test_loss_mapped_outside_conifer_lowers_the_harvest_as_the_formula_says(leak):
    """T9: eq. (8)."""
    cells = truth(make_twin(0, mask=False, cv=0.0, leak=leak, biomass="model"))
    means = mosaic.pixel_means(cells, 0.25)
    outside = (means.fraction * means.stratum_stock)[1:]
    expected = theory.leaked_harvest(
        CLASSES["conifer"].fraction,
        CONIFER_LOSS_RATE,
        conifer_stock=means.stratum_stock[0].max(),
        other_stock=np.sum(means.weight * outside) / (1 - CLASSES["conifer"].fraction),
        leak=leak,
    )
    assert_allclose(theory.stratified_harvest(means), expected, rtol=0.01)


def test_stratified_harvest_is_below_the_truth_where_heavy_stands_are_felled(
    heavy_cells, random_cells
):
    """T9, and the caution beside it: insensitive to resolution is not unbiased."""
    stratified = harvest_by_resolution(theory.stratified_harvest, heavy_cells)
    assert (stratified < 0.75 * heavy_cells["harvest"].item()).all()
    assert np.ptp(stratified[:3]) / stratified[:3].mean() < 0.05
    assert heavy_cells["harvest"] > 1.5 * random_cells["harvest"]


def simulated_width(fraction, weight, ranks):
    """Width of the domain's ensemble from draws of strata with the given ranks."""
    draws = np.einsum("kp,dkp->dp", fraction, ranks)
    return np.ptp(np.quantile(aggregation.comonotone_sum(draws, weight), [0.05, 0.95]))


@pytest.mark.parametrize("resolution", RESOLUTIONS)
def test_independent_strata_narrow_the_ensemble_by_the_root_of_squared_shares(
    random_cells, resolution
):
    """T10: eq. (11) within 3 %; fully correlated strata do not narrow it, within 2 %."""
    rng = np.random.default_rng(10)
    means = mosaic.pixel_means(random_cells, resolution)
    # The same thousand normal quantiles in every unit, in random order or in the same order
    quantiles = np.sort(rng.standard_normal(1000))
    pixels = means.weight.size
    independent = np.stack(
        [np.stack([rng.permutation(quantiles) for _ in range(pixels)], axis=1) for _ in range(4)],
        axis=1,
    )
    correlated = np.broadcast_to(quantiles[:, None, None], independent.shape)
    baseline = np.ptp(np.quantile(quantiles, [0.05, 0.95]))
    expected = metrics.width_ratio(means.fraction, means.weight)
    narrowed = simulated_width(means.fraction, means.weight, independent) / baseline
    assert_allclose(narrowed, expected, rtol=0.03)
    unchanged = simulated_width(means.fraction, means.weight, correlated) / baseline
    assert_allclose(unchanged, 1.0, rtol=0.02)


def test_quantiles_of_the_comonotone_sum_are_sums_of_quantiles():
    """T11."""
    rng = np.random.default_rng(11)
    draws, weight = rng.gamma(2.0, 1.0, size=(101, 7)), rng.dirichlet(np.ones(7))
    quantiles = [0.05, 0.25, 0.5, 0.75, 0.95]
    by_pixel = np.quantile(draws, quantiles, axis=0) @ weight
    assert_allclose(np.quantile(aggregation.comonotone_sum(draws, weight), quantiles), by_pixel)


def test_the_order_of_draws_within_a_pixel_does_not_matter_to_the_comonotone_sum():
    rng = np.random.default_rng(12)
    draws, weight = rng.normal(size=(50, 3)), np.array([0.2, 0.3, 0.5])
    shuffled = rng.permuted(draws, axis=0)
    assert_allclose(
        aggregation.comonotone_sum(shuffled, weight), aggregation.comonotone_sum(draws, weight)
    )


def test_a_relative_error_is_taken_in_each_pixel_first():
    """T12: -50 % of 1000 and 0 % of 9000 are -25 %, not -5 %."""
    error, observed = np.array([-500.0, 0.0]), np.array([1000.0, 9000.0])
    equal = np.array([0.5, 0.5])
    assert metrics.mean_relative_error(error, observed, equal) == -0.25
    assert np.average(error, weights=equal) / np.average(observed, weights=equal) == -0.05


@pytest.mark.parametrize(("loss", "turnover"), [(0.0227, 0.02), (0.0043, 0.02), (0.1, 0.3)])
def test_depletion_of_wood_is_that_of_a_pool_stepped_through_72_months(loss, turnover):
    """T13: eq. (9) within 1 %."""
    days = 365.25 / 12
    daily = turnover / 365.25
    wood, stocks = 1.0, []
    for _ in range(72):
        stocks.append(wood)
        # Input of the undisturbed steady state, losses of DALEC, felling on the updated pool
        wood += daily * days - wood * (1 - (1 - daily) ** days)
        wood *= 1 - loss / 12
    assert_allclose(theory.mean_depletion(loss, turnover, years=6.0), np.mean(stocks), rtol=0.01)


def test_monthly_compounding_costs_one_per_cent_of_the_loss():
    assert_allclose(theory.monthly_compounding(CONIFER_LOSS_RATE), 0.990, atol=0.001)


def test_light_from_the_mean_leaf_area_is_half_a_per_cent_too_much():
    """TWIN, eq. (10): -0.5 % over the four strata."""
    leaf_area = [seasonal_leaf_area(np.arange(1, 13), name).mean() for name in STRATUM_NAMES]
    fraction = [CLASSES[name].fraction for name in STRATUM_NAMES]
    assert_allclose(light_use_bias(leaf_area, fraction), -0.005, atol=0.002)


def test_shrinkage_of_stocks_lowers_the_ratio_by_seven_per_cent():
    assert_allclose(theory.shrunk_ratio(1.0), 0.93, atol=0.005)


def test_the_difference_of_stocks_is_harvest_times_six_years():
    printed = PAPER_HARVEST["stratified"][1.0] - PAPER_HARVEST["baseline"][1.0]
    assert_allclose(theory.stock_difference(0.130, 0.052), printed * 2191.5)
    assert_allclose(theory.stock_difference(0.130, 0.052), 171, atol=1)


def test_area_weights_lower_harvest_as_its_centre_of_mass_says(plain_cells):
    """T17: cos(latitude) on or off is -tan(latitude) times how far north the harvest lies."""
    removed = plain_cells["loss_rate"] * plain_cells["harvestable"]
    equal = float(removed.mean()) / theory.DAYS_PER_YEAR
    latitude = np.deg2rad(plain_cells["lat"])
    northing = float((latitude * removed).sum() / removed.sum() - latitude.mean())
    expected = -np.tan(float(latitude.mean())) * northing
    change = float(plain_cells["harvest"]) / equal - 1
    assert_allclose(change, expected, atol=2e-5)
    assert 1e-4 < abs(change) < 0.01

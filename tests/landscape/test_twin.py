"""The synthetic twin has the fractions, stocks, leaf area and felling of its table."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from pm_dalec.landscape.allometry import wood_carbon
from pm_dalec.landscape.twin.leaf_area import seasonal_leaf_area
from pm_dalec.landscape.twin.random_fields import gaussian_field, named_generator, top_share
from pm_dalec.landscape.twin.table import CLASSES, CONIFER_LOSS_RATE, YEARS
from pm_dalec.landscape.twin.twin import grid_spacing, make_twin, truth
from pm_dalec.landscape.twin.weather import future_climate, meteorology
from pm_dalec.tables.strata import MASKED, STRATUM_NAMES


def wood_of(twin):
    biomass = twin.fields["agb"].isel(biomass_year=0)
    return biomass.copy(data=wood_carbon(biomass))


def share_of_stratum(cells, name):
    inside = cells["stratum"] == STRATUM_NAMES.index(name)
    return float(cells["weight"].where(inside).sum())


@pytest.mark.parametrize("name", STRATUM_NAMES)
def test_strata_have_their_share_of_the_unmasked_area(twin, plain_cells, name):
    """T2, with and without mask."""
    for cells in (truth(twin), plain_cells):
        assert_allclose(share_of_stratum(cells, name), CLASSES[name].fraction, atol=1e-3)


def test_the_mask_is_sea_at_either_coast_and_towns(twin):
    stratum = twin.fields["stratum"].to_numpy()
    assert (stratum[:, [0, -1]] == MASKED).all()
    sea = twin.fields["land_cover"] == 13
    assert_allclose(sea.mean(), 0.20, atol=0.04)
    towns = twin.fields["land_cover"] == 20
    assert_allclose(towns.sum() / (~sea).sum(), 0.04, atol=1e-3)


def test_a_landscape_without_mask_has_no_masked_cell(plain_cells):
    assert not (plain_cells["stratum"] == MASKED).any()


def test_the_same_seed_gives_the_same_landscape_and_another_seed_another(twin):
    assert twin.fields.identical(make_twin.__wrapped__(1).fields)  # not the one that is remembered
    assert not (twin.fields["stratum"] == make_twin(2).fields["stratum"]).all()


def test_a_switch_changes_only_the_fields_that_it_is_about(twin):
    other = make_twin(1, gamma=1.0, cv=0.0)
    assert_array_equal(other.fields["land_cover"], twin.fields["land_cover"])


def test_wood_without_variation_is_the_table_of_the_paper():
    twin = make_twin(3, mask=False, cv=0.0)
    wood = wood_of(twin)
    for position, name in enumerate(STRATUM_NAMES):
        inside = wood.where(twin.fields["stratum"] == position)
        assert_allclose(inside.min(), CLASSES[name].wood_observed, rtol=1e-5)
        assert_allclose(inside.max(), CLASSES[name].wood_observed, rtol=1e-5)


def test_wood_varies_within_strata_by_the_coefficient_of_the_table(twin):
    wood = wood_of(twin)
    for position, name in enumerate(STRATUM_NAMES):
        inside = wood.where(twin.fields["stratum"] == position)
        assert_allclose(inside.mean(), CLASSES[name].wood_observed, rtol=0.06)
        assert_allclose(inside.std() / inside.mean(), CLASSES[name].cv, rtol=0.12)


def test_leaf_area_of_the_strata_has_the_mean_of_the_paper():
    """Printed means 2.21, 2.50, 1.75 and 2.44, domain 2.19."""
    means = [seasonal_leaf_area(np.arange(1, 13), name).mean() for name in STRATUM_NAMES]
    assert_allclose(means, [2.21, 2.50, 1.75, 2.44], atol=0.01)
    domain = np.average(means, weights=[CLASSES[name].fraction for name in STRATUM_NAMES])
    assert_allclose(domain, 2.19, atol=0.01)


def test_leaf_area_is_missing_at_sea_only_and_within_the_range_of_the_product(twin):
    leaf_area = twin.leaf_area["lai"]
    sea = (twin.fields["land_cover"] == 13).to_numpy()
    assert_array_equal(leaf_area.isnull().all("time"), sea)
    assert_array_equal(leaf_area.isnull().any("time"), sea)
    assert 0 < leaf_area.min() < leaf_area.max() <= 7


def test_noise_of_leaf_area_in_a_pixel_has_the_size_of_the_paper(twin):
    """Domain-common 0.35 and local 0.27 at 0.05 degree make the printed 0.35 to 0.44."""
    inland = twin.leaf_area["lai"].isel(lon=slice(320, 640))
    pixels = inland.coarsen(lat=16, lon=16).mean().to_numpy().reshape(6, 12, -1)
    noise = pixels - pixels.mean(axis=0)
    spread = noise.std() * np.sqrt(6 / 5)
    assert_allclose(spread, np.hypot(0.35, 0.27), rtol=0.15)


def test_loss_takes_the_same_area_of_conifer_every_year(plain_cells):
    twin = make_twin(0, mask=False, cv=0.0, biomass="model")
    conifer = plain_cells["weight"].where(plain_cells["stratum"] == 0).sum()
    for year in YEARS:
        lost = plain_cells["weight"].where(twin.fields["loss_year"] == year).sum()
        assert_allclose(lost / conifer, CONIFER_LOSS_RATE, rtol=2e-3)


def test_loss_without_leak_is_in_conifer_only(twin):
    lost = twin.fields["loss_year"] > 0
    assert (twin.fields["stratum"].where(lost, 0) == 0).all()


def test_felled_cells_lie_together_in_patches(plain_cells):
    """A felled cell has a felled neighbour more often than if felling were scattered."""
    lost = (plain_cells["loss_rate"] > 0).to_numpy()
    conifer = (plain_cells["stratum"] == 0).to_numpy()
    pairs = conifer[:, 1:] & conifer[:, :-1]
    together = (lost[:, 1:] & lost[:, :-1])[pairs].mean()
    assert together > 2 * lost[conifer].mean() ** 2


def test_a_field_has_the_exponential_covariance_asked_for():
    """Half a million pairs at 5 km of a field with a length of 3 km."""
    spacing = (0.35, 0.2)
    rng = named_generator(0, "covariance")
    fields = [gaussian_field(rng, (300, 500), spacing=spacing, length=3.0) for _ in range(8)]
    lagged = np.mean([(field[:, 25:] * field[:, :-25]).mean() for field in fields])
    assert_allclose(lagged, np.exp(-5.0 / 3.0), atol=0.03)
    assert_allclose(np.var(fields), 1.0, atol=0.05)


def test_the_highest_cells_are_taken_until_the_area_is_reached():
    score = np.array([[1.0, 4.0], [3.0, 2.0]])
    area = np.array([[1.0, 1.0], [2.0, 2.0]])
    candidates = np.array([[True, True], [True, False]])
    taken = top_share(score, candidates, area, wanted=3.0)
    assert_array_equal(taken, [[False, True], [True, False]])


def test_cells_are_as_far_apart_as_on_the_sphere():
    assert_allclose(grid_spacing(), (0.3475, 0.3475 * np.cos(np.deg2rad(55))), rtol=1e-3)


@pytest.mark.parametrize(
    "switches", [{"biomass": "median"}, {"leak": 1.0}, {"gamma": -1.0}, {"cv": -0.1}]
)
def test_a_wrong_switch_is_refused_with_a_sentence(switches):
    with pytest.raises(ValueError, match="wanted"):
        make_twin(0, **switches)


def test_weather_is_possible_and_seasonal(twin):
    weather = meteorology(twin)
    assert weather.sizes == {"time": 72, "lat": 2, "lon": 6, "bnds": 2}
    assert (weather["tmin"] < weather["tmax"]).all()
    assert (weather[["sw_rad", "vpd", "wind"]].to_array() > 0).all()
    summer = weather["sw_rad"].isel(time=weather["time"].dt.month == 6)
    assert (summer.mean() > 5 * weather["sw_rad"].min()).item()


def test_high_ground_is_colder_by_the_lapse_rate(twin):
    weather = meteorology(twin).mean("time")
    temperature = 0.5 * (weather["tmin"] + weather["tmax"])
    inside = twin.fields["elevation"].where(twin.fields["stratum"] != MASKED)
    area = np.cos(np.deg2rad(inside["lat"]))
    for row, column in ((0, 1), (1, 4)):
        cell = inside[160 * row : 160 * (row + 1), 160 * column : 160 * (column + 1)]
        mean = cell.weighted(area).mean()
        lower = temperature[row, column] - 9.3 + 6.5e-3 * (mean - 15)
        # What is left is the mean of 72 months of weather with 1 degC, common to all cells
        assert abs(float(lower)) < 0.4


def test_the_future_is_two_degrees_warmer_at_600_ppm(twin):
    climate = future_climate(twin, first_year=2019)
    by_year = climate[["tmin", "co2"]].groupby("time.year").mean("time").mean(("lat", "lon"))
    warming = by_year["tmin"].sel(year=2100) - by_year["tmin"].sel(year=2019)
    assert_allclose(warming, 2.0, atol=0.02)
    assert_allclose(by_year["co2"].sel(year=2100), 600, atol=2)
    assert "not a projection" in climate.attrs["title"]


def test_carbon_dioxide_passes_from_weather_to_future_without_a_step(twin):
    observed, future = meteorology(twin)["co2"], future_climate(twin)["co2"]
    assert_allclose(future.sel(time=slice("2015", "2019")), observed.sel(time=slice("2015", None)))
    same_month = future.sel(time="2020-01-01") - future.sel(time="2019-01-01")
    assert_allclose(same_month, 2.4, atol=0.1)

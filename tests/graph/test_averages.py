"""Observations that are means over windows of steps: operator, densities, groups, identity, figure."""

import numpy as np
import pytest
import xarray as xr
from matplotlib import pyplot as plt
from numpy.testing import assert_allclose

from pm_dalec.data import average_observations
from pm_dalec.data.checks import check_units
from pm_dalec.data.land import averages_of, window_values
from pm_dalec.data.site_file import open_site
from pm_dalec.errors import Likelihood, log_density
from pm_dalec.graph import Choices
from pm_dalec.lanes import lane_logp
from pm_dalec.models import baseline, constrained_prior, stratified
from pm_dalec.physics.numpy_run import run_numpy
from pm_dalec.physics.observation_operators import averaged, deviations_within, means_over, seen_by
from pm_dalec.physics.records import drivers_of
from pm_dalec.plots import fit_figure
from pm_dalec.plots.fit import band_quantiles
from pm_dalec.posterior import trajectory, with_groups
from pm_dalec.posterior.groups.observed import modelled
from pm_dalec.sampling.identity import identity_of
from pm_dalec.tables.parameters import Theta
from pm_dalec.testing.interpreter import interpreted, interpreted_mode
from pm_dalec.testing.tiny import tiny_fit, tiny_region, tiny_site

LABELS = np.array([1, 1, np.nan, 2, 2, 2.0])
LENGTH = np.array([31, 28, 31, 30, 31, 30.0])


def windowed(units, stream, windows, compared):
    """Units whose observations of a stream are of windows, with values that no model has exactly."""
    labels = np.where(units["time"].dt.month % 5 == 0, np.nan, windows)
    first = np.zeros(labels.size, dtype=bool)
    first[np.unique(labels, return_index=True)[1]] = True
    kept = np.isfinite(labels) & (first | (compared == "deviation"))
    where = xr.DataArray(kept, dims="time")
    number = 0.1 if compared == "deviation" else 1.5
    value = xr.full_like(units[stream], number).where(where)
    attrs = units[stream].attrs
    return units.assign(
        {
            stream: value.assign_attrs(attrs),
            f"{stream}_unc": (0 * value + 0.4).assign_attrs(attrs),
            f"{stream}_window": ("time", labels, {"compared": compared}),
        }
    )


def with_windows(units):
    """Years as one observation each, and deviations of months from them."""
    years = units["time"].dt.year.to_numpy().astype(float)
    annual = windowed(units.assign(lai_annual=units["lai"]), "lai_annual", years, "mean")
    return windowed(annual, "lai", years, "deviation")


@pytest.fixture(scope="module")
def site():
    return check_units(with_windows(tiny_site()))


@pytest.fixture(scope="module")
def model(site):
    return baseline.build(site, Choices(constraints=None))


@pytest.fixture(scope="module")
def fit(site):
    made = tiny_fit(site)
    made.attrs["seed"] = 3
    return with_groups(made, ["log_likelihood", "posterior_predictive"])


def test_means_are_weighted_by_the_days_of_their_steps():
    series = np.array([1.0, 3.0, 7.0, 2.0, 4.0, 6.0])
    means = (31 * 1 + 28 * 3) / 59, (30 * 2 + 31 * 4 + 30 * 6) / 91
    expected = np.array([means[0], means[0], 7.0, *[means[1]] * 3])
    assert_allclose(averaged(series, means_over(LABELS, LENGTH), np), expected, rtol=1e-14)
    found = averaged(series, deviations_within(LABELS, LENGTH), np)
    assert_allclose(found, series - np.where(np.isnan(LABELS), 0.0, expected), rtol=1e-13)
    observed = window_values(series, LABELS, LENGTH)
    assert_allclose(observed, [means[0], np.nan, np.nan, means[1], np.nan, np.nan], rtol=1e-14)


def by_numpy(site, model, place):
    """Log-density of both streams from a loop over windows, without graph or operator."""
    values = {}
    for row, variable in enumerate(model.free_RVs):
        transform = model.rvs_to_transforms[variable]
        values[variable.name] = transform.lower * np.exp(transform.span * place[row])
    run = run_numpy(*drivers_of(site), Theta(*(np.array(values[n]) for n in Theta._fields)))
    lai, days, total = run.fluxes.lai, site["step_days"].to_numpy(), 0.0
    for stream, compared in (("lai_annual", "mean"), ("lai", "deviation")):
        labels = site[f"{stream}_window"].to_numpy()
        for step in np.flatnonzero(site[stream].notnull()):
            inside = labels == labels[step]
            mean = np.average(lai[inside], weights=days[inside])
            said = mean if compared == "mean" else lai[step] - mean
            value, sigma = site[stream].to_numpy()[step], site[f"{stream}_unc"].to_numpy()[step]
            total += log_density(Likelihood(), value, said, sigma, 1.0, np)
    wood = seen_by("cwood", run)
    value, sigma = site["cwood"].to_numpy(), site["cwood_unc"].to_numpy()
    seen = np.isfinite(value)
    terms = log_density(
        Likelihood(), np.where(seen, value, 0), wood, np.where(seen, sigma, 1), seen, np
    )
    return total + terms.sum()


def test_the_lanes_give_the_densities_of_a_loop_over_windows(site, model):
    places = np.random.default_rng(1).uniform(0.2, 0.8, size=(3, len(model.free_RVs)))
    without = lane_logp(constrained_prior.build(site, Choices(constraints=None)))
    found = lane_logp(model)(places) - without(places)
    assert_allclose(np.ravel(found), [by_numpy(site, model, each) for each in places], rtol=1e-10)


def test_jax_and_the_lanes_of_a_region_have_the_same_densities():
    pytest.importorskip("jax")
    land = with_windows(tiny_region(pixels=2, years=2))
    model = baseline.build(land, Choices(constraints=None, streams=("lai", "lai_annual")))
    places = np.random.default_rng(2).uniform(0.2, 0.8, size=(4, len(model.free_RVs)))
    units = np.zeros(4, int)
    found = lane_logp(model).bind(units)(places)
    assert_allclose(lane_logp(model, backend="jax").bind(units)(places), found, rtol=1e-10)


def test_strata_of_pixels_have_the_densities_of_pymc():
    land = with_windows(tiny_region(pixels=2, years=2, strata=("wood", "grass")))
    model = stratified.build(land, Choices(constraints=None, streams=("lai", "lai_annual")))
    place = np.random.default_rng(2).uniform(0.2, 0.8, size=len(model.free_RVs))
    found = np.ravel(lane_logp(model)(np.tile(place, (4, 1))))
    values = zip(model.value_vars, place, strict=True)
    with interpreted():
        terms = model.compile_fn(model.logp(sum=False), mode=interpreted_mode())(
            {v.name: np.full((2, 2), x) for v, x in values}
        )
    assert_allclose(found, sum(np.reshape(each, (-1, 4)).sum(0) for each in terms), rtol=1e-10)


def test_a_year_is_one_observation_in_the_groups_of_a_fit(site, fit):
    years = np.unique(site["time"].dt.year).size
    assert fit["observed_data"]["lai_annual"].size == years
    data = (fit[name].to_dataset() for name in ("posterior", "constant_data", "observed_data"))
    said = modelled(*data, fit.attrs["solver"])["lai_annual"].isel(chain=0, draw=0).to_numpy()
    series = trajectory.trajectories(fit, names=["lai"])["lai"].isel(chain=0, draw=0)
    inside = site["lai_annual_window"].notnull().to_numpy()
    part = series.isel(time=inside).assign_coords(days=("time", site["step_days"].values[inside]))
    by_year = part.groupby(part["time"].dt.year)
    expected = [float(np.average(each, weights=each["days"])) for _, each in by_year]
    assert_allclose(said, expected, rtol=1e-12)
    for group in ("log_likelihood", "posterior_predictive"):
        found = fit[group].to_dataset()
        assert found["lai_annual"].sizes["lai_annual_time"] == years
        assert found.notnull().all().to_array().all()
    density = fit["log_likelihood"]["lai_annual"].isel(chain=0, draw=0)
    value = site["lai_annual"].dropna("time").to_numpy()
    assert_allclose(density, log_density(Likelihood(), value, said, 0.4, 1.0, np), rtol=1e-12)


def test_the_identity_of_a_model_knows_its_windows(site, model):
    other = site["lai_annual_window"].where(site["time"].dt.month != 6)
    others = baseline.build(site.assign(lai_annual_window=other), Choices(constraints=None))
    differences = identity_of(model).differences(identity_of(others))
    assert [text.split(":")[0] for text in differences] == ["windows of lai_annual"]
    plain = identity_of(baseline.build(tiny_site(), Choices(constraints=None)))
    assert not [name for name in plain.parts if name.startswith("windows")]


def test_a_model_says_in_a_notebook_what_is_averaged(model):
    page = model._repr_html_()
    assert "mean over a window of steps" in page
    assert "deviation from the mean of a window of steps" in page


def test_means_over_windows_are_lines_in_the_figure_of_a_fit(site, fit):
    observed = trajectory.observations_of(fit)
    value, _ = observed["lai"]
    assert value.attrs["averaged"] == 1
    assert float(value.min()) == float(value.max()) == 1.5
    assert int(value.isnull().sum()) == 0  # months that were not averaged lie inside their year
    figure = fit_figure(
        trajectory.trajectories(fit, names=["lai"], quantiles=band_quantiles()), observed
    )
    assert any("observed mean" in text.get_text() for text in figure.legends[0].get_texts())
    plt.close(figure)


# ---- sites


def test_a_site_is_averaged_over_years_or_the_run():
    site = tiny_site(streams=("nee", "lai"))
    seen = site["nee"].notnull().to_numpy()
    years = average_observations(site, "nee", over="year", uncertainty=0.2)
    assert "nee" not in years
    assert int(years["nee_annual"].notnull().sum()) == np.unique(site["time"].dt.year).size
    run = average_observations(site, "nee", over="run", uncertainty=0.1)
    mean = np.average(site["nee"].to_numpy()[seen], weights=site["step_days"].to_numpy()[seen])
    assert_allclose(run["nee"].dropna("time"), [mean], rtol=1e-12)
    assert_allclose(run["nee_unc"].dropna("time"), [0.1])
    for each in (years, run):
        check_units(each)
    with pytest.raises(ValueError, match="means already"):
        average_observations(run, "nee", uncertainty=0.1)


def test_windows_come_back_from_a_site_file(tmp_path, site):
    site.to_netcdf(tmp_path / "site.nc", engine="h5netcdf")
    again = open_site(tmp_path / "site.nc")
    for name in ("lai", "lai_annual", "lai_window", "lai_annual_unc", "lai_annual_window"):
        np.testing.assert_array_equal(again[name], site[name])
    assert averages_of(again, "lai").own.all()
    assert not set(open_site(tmp_path / "site.nc", drop=["lai"])) & {"lai", "lai_window"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"lai_annual_window": None}, "wanted 'lai_annual_window'.*got none.*average_observations"),
        ({"lai_annual_window": 0.0}, "one observation of 'lai_annual' in each window, got 3"),
        ({"lai_window": np.nan}, "a window at every observation of 'lai'"),
        ({"lai_window": "words"}, "one number a step"),
        ({"lai_unc": "factor"}, "deviations from means, got a log-normal one"),
    ],
)
def test_windows_that_fit_nothing_are_refused_in_words(site, change, words):
    ((name, value),) = change.items()
    if value is None:
        spoilt = site.drop_vars(name)
    elif value == "factor":
        spoilt = site.assign(
            lai_unc=(site["lai_unc"] + 1).assign_attrs(units="1", uncertainty_kind=value)
        )
    elif isinstance(value, str):
        spoilt = site.assign({name: ("time", np.full(site.sizes["time"], value))})
    else:
        spoilt = site.assign({name: (site[name] * 0.0).fillna(0.0) + value})
        spoilt[name].attrs = site[name].attrs
    with pytest.raises(ValueError, match=words):
        check_units(spoilt)

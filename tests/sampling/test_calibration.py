"""Calibration of a small model: labels, tile invariance, failures."""

import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_array_equal

from pm_dalec.data.synthetic_sites import synthetic_site, truth_of
from pm_dalec.graph import Choices
from pm_dalec.models import baseline, constrained_prior, stratified
from pm_dalec.posterior import convergence
from pm_dalec.posterior.convergence import converged_share, unit_report
from pm_dalec.posterior.intervals import intervals
from pm_dalec.posterior.trajectory import trajectories
from pm_dalec.sampling import state as unit_state, unit
from pm_dalec.sampling.calibration import calibrate
from pm_dalec.sampling.edinburgh import calibrate_edinburgh
from pm_dalec.sampling.identity import identities
from pm_dalec.sampling.region_store import calibrate_region, present
from pm_dalec.sampling.state import Settings, new_state, state_from_arrays, state_to_arrays
from pm_dalec.sampling.target import compile_target
from pm_dalec.sampling.unit import Unit
from pm_dalec.tables.parameters import PARAMETERS
from pm_dalec.tables.priors import Fixed

from .conftest import SHORT, draws_of

pytestmark = [
    pytest.mark.usefixtures("built_once", "short_rounds"),
    pytest.mark.filterwarnings(r"ignore:wanted \d+ draws of every chain"),
]


def test_a_fit_has_every_parameter_by_chain_draw_and_pixel(fit, units):
    for name, parameter in PARAMETERS.items():
        array = fit["posterior"][name]
        assert array.dims == ("chain", "draw", "pixel")
        assert array.attrs["units"] == parameter.units
        lower, upper = parameter.bounds
        assert ((array >= lower) & (array <= upper)).all()
    assert set(fit["observed_data"].data_vars) == {"lai", "cwood"}


def test_every_draw_meets_the_constraints(fit, units):
    from pm_dalec.constraints import forms, sets
    from pm_dalec.constraints.case import Case, windows
    from pm_dalec.physics import numpy_run, records
    from pm_dalec.physics.records import drivers_of
    from pm_dalec.posterior.runs import theta_of

    theta = theta_of(fit["posterior"].to_dataset())
    drivers, latitude = drivers_of(fit["constant_data"].to_dataset(), ("pixel",))
    trajectory = numpy_run.run_numpy(drivers, latitude, theta)
    days = units["step_days"].values
    case = Case(
        theta,
        ((drivers.tmin + drivers.tmax) / 2).mean(axis=0),
        trajectory.pools,
        trajectory.fluxes,
        days[:, None, None, None],
        windows(days),
    )
    with np.errstate(all="ignore"):
        found = forms.margins(sets.EDCS["edinburgh2021"], case, np)
    assert isinstance(trajectory.pools, records.Pools)
    assert min(np.nanmin(margin) for margin in found.values()) >= -1e-9


def test_the_log_probability_of_a_draw_is_that_of_the_model(fit, model, compiled):
    target = compiled(model)
    lower, upper = np.array([PARAMETERS[name].bounds for name in target.rows]).T
    last = np.stack([fit["posterior"][name].values[0, -1] for name in target.rows], axis=-1)
    positions = np.log(last / lower) / np.log(upper / lower)
    found = np.asarray(target.function.bind(np.arange(3))(positions)[0])
    np.testing.assert_allclose(found, fit["sample_stats"]["lp"].values[0, -1], rtol=1e-9)


def test_a_model_without_observations_has_a_fit_without_likelihood(units):
    prior = calibrate(constrained_prior.build(units), **SHORT, only=[0])
    assert np.isfinite(prior["posterior/initial_som"].isel(pixel=0)).all()
    assert "log_likelihood" not in prior.children
    assert not prior["observed_data"].data_vars


def test_the_log_likelihood_adds_up_to_the_part_of_the_streams_in_the_log_probability(fit):
    held = fit["log_likelihood"].to_dataset()
    assert set(held) == {"lai", "cwood"}
    total = 0.0
    for stream in held:
        assert held[stream].notnull().all()
        by_unit = held[stream].groupby(f"{stream}_pixel").sum()
        total = total + by_unit.rename({f"{stream}_pixel": "pixel"})
    prior = fit["sample_stats"]["lp"] - total
    flat = prior.values - sum(
        -0.5 * ((fit["posterior"][name].values - mean) / sigma) ** 2
        for name, mean, sigma in (
            ("autotrophic_fraction", 0.46, 0.12),
            ("canopy_efficiency", 21.1491, 4.267117),
        )
    )
    assert np.ptp(flat) < 1e-6


def test_a_unit_alone_gives_what_it_gives_among_others(fit, model):
    alone = calibrate(model, only=[1], **SHORT)
    assert_array_equal(draws_of(alone)[..., 1], draws_of(fit)[..., 1])
    assert np.isnan(draws_of(alone)[..., 0]).all()
    assert list(alone["sample_stats"]["status"].values) == ["not run", "budget", "not run"]


def test_a_unit_does_not_depend_on_the_number_of_threads(fit, model):
    assert_array_equal(draws_of(calibrate(model, threads=1, **SHORT)), draws_of(fit))


def test_one_unit_shared_by_two_threads_gives_the_same(site):
    settings = {**SHORT, "chains": 16}
    one, two = (calibrate(site, threads=count, **settings) for count in (1, 2))
    assert_array_equal(draws_of(one), draws_of(two))


def test_a_stopped_unit_continues_bit_for_bit(model, compiled):
    target = compiled(model)
    settings = Settings(draws=40, proposals=8000)

    def started(state=None):
        bound = target.function.bind(np.zeros(8, int))
        fresh = new_state(7, len(target.rows), 8, bound.data.blocks * 8, settings, 3)
        return Unit(bound, target, state or fresh, settings)

    whole = started()
    while not whole.finished:
        whole.advance()
    broken = started()
    while not broken.finished:
        broken.advance()
        stored = {name: value.copy() for name, value in state_to_arrays(broken.state).items()}
        broken = started(state_from_arrays(stored))
    assert_array_equal(broken.result(), whole.result())


def test_a_unit_without_time_for_its_search_is_not_said_to_have_no_start(model):
    with pytest.warns(
        UserWarning, match="wanted 40 draws of every chain, got none; stopped before"
    ):
        fit = calibrate(model, only=[0], **SHORT, seconds=1e-9)
    assert str(fit["sample_stats"]["status"].values[0]) == "searching"
    assert fit["posterior"].sizes["draw"] == 0


def test_too_few_chains_are_refused(model):
    with pytest.raises(ValueError, match="wanted a whole number from 4, got chains=2"):
        calibrate(model, chains=2)


def test_a_unit_without_a_start_is_named_and_not_dropped(units, tmp_path):
    # wood that turns over faster than leaves breaks a rule whatever the rest is
    impossible = PARAMETERS.replace("wood_turnover_rate", bounds=(9.9e-4, 1e-3)).replace(
        "leaf_lifespan", bounds=(7.0, 8.0)
    )
    model = baseline.build(units, Choices(impossible))
    target = compile_target(model)
    settings = Settings(draws=10, search=500)
    bound = target.function.bind(np.zeros(8, int))
    unit = Unit(bound, target, new_state(0, 23, 8, 8, settings, 0), settings)
    while not unit.finished:
        unit.advance()
    assert unit.state.phase == "no start"
    assert len(unit.result()) == 0


def test_rules_that_need_no_run_fail_only_where_the_target_is_zero(model, compiled):
    target = compiled(model)
    positions = np.random.default_rng(1).uniform(size=(300, len(target.rows)))
    early = np.asarray(target.early.bind(np.zeros(300, int))(positions))
    logp = np.asarray(target.function.bind(np.zeros(300, int))(positions)[0])
    failed = np.isneginf(early)
    assert 0.1 < failed.mean() < 0.6  # PAPER, section 1.5: .694 of the prior pass
    assert_array_equal(early[~failed], 0.0)
    assert np.isneginf(logp[failed]).all()


def test_what_a_converged_unit_says_of_itself_is_what_its_draws_say(model):
    fit = calibrate(model, only=[0], **{**SHORT, "rhat": 9.0, "ess": 1.0, "proposals": 9000})
    report = convergence.diagnose(fit.isel(pixel=[0]))
    assert str(fit["sample_stats"]["status"].values[0]) == "converged"
    stated = fit["sample_stats"].isel(pixel=0)
    np.testing.assert_allclose(stated["rhat"], report["rhat"].max(), rtol=1e-9)
    np.testing.assert_allclose(stated["ess_bulk"], report["ess_bulk"].min(), rtol=1e-9)


def test_identities_do_not_depend_on_the_neighbours(model, units):
    part = baseline.build(units.isel(pixel=[2]))
    assert identities(model)[2] == identities(part)[0] == 2


def stratified_region(units):
    """Region of two strata made of invented pixels; one stratum is absent in one pixel."""
    pair = xr.concat([units, units], "stratum").transpose("time", ..., "stratum", "pixel")
    keep = {name: units[name] for name in ("step_days",)}
    share = np.array([[0.5, 1.0, 0.25], [0.5, 0.0, 0.75]])
    return (
        pair.assign(keep)
        .assign(
            area_fraction=(("stratum", "pixel"), share, {"units": "1"}),
            area=("pixel", np.full(3, 1e6), {"units": "m2"}),
        )
        .assign_coords(stratum=["conifer", "heath"])
    )


def test_only_strata_that_exist_are_calibrated_and_the_rest_is_nan(units, tmp_path):
    region = stratified_region(units)
    assert list(present(region)) == [0, 1, 2, 3, 5]
    fit = calibrate_region(stratified.build, region, store=tmp_path, **SHORT)
    assert fit["posterior"]["initial_som"].dims == ("chain", "draw", "stratum", "pixel")
    absent = fit["posterior"]["initial_som"].sel(stratum="heath").isel(pixel=1)
    assert np.isnan(absent).all()
    simulated = trajectories(fit, names=["gpp"], draws=3)["gpp"]
    assert np.isnan(simulated.sel(stratum="heath").isel(pixel=1)).all()
    assert np.isfinite(simulated.sel(stratum="conifer")).all()
    assert str(fit["sample_stats"]["status"].sel(stratum="heath").values[1]) == "not run"
    assert 0.0 <= converged_share(fit) <= 1.0
    assert set(unit_report(fit)["status"]) <= {"budget", "no start"}
    again = calibrate_region(stratified.build, region, store=tmp_path, **SHORT)
    assert_array_equal(draws_of(again), draws_of(fit))
    read = calibrate_region(stratified.build, None, store=tmp_path)
    assert_array_equal(draws_of(read), draws_of(fit))
    region["lai"] = (region["lai"] + 0.001).assign_attrs(region["lai"].attrs)
    with pytest.raises(
        ValueError, match=r"wanted the fit of this model, got .* data lai_data: here"
    ):
        calibrate_region(stratified.build, region, store=tmp_path, **SHORT)


def test_the_main_phase_of_edinburgh2021_is_a_random_walk_of_small_steps(site):
    fit = calibrate_edinburgh(site, chains=8, proposals=10_000, draws=8, progress=False)
    assert fit.attrs["sampler"] == "edinburgh2021"
    position = np.log(fit["posterior"]["leaf_lifespan"] / 1.001) / np.log(8 / 1.001)
    step = np.abs(position.diff("draw")).max()
    assert 0 < float(step) < 0.001 * 1000**0.5 * 6


def test_a_fixed_parameter_is_not_sampled(units):
    table = PARAMETERS.replace("leaf_lifespan", prior=Fixed(3.0))
    model = baseline.build(units.isel(pixel=[0]), Choices(table))
    fit = calibrate(model, **SHORT)
    assert "leaf_lifespan" not in [v.name for v in model.free_RVs]
    assert (fit["posterior"]["leaf_lifespan"] == 3.0).all()
    trajectories(fit, names=["gpp"], draws=2)


@pytest.mark.slow
def test_the_truth_of_ten_synthetic_sites_lies_in_the_intervals(monkeypatch):
    for module in (unit, unit_state):
        monkeypatch.setattr(module, "FIRST_ROUND", 40)
    inside = []
    for seed in range(10):
        site = synthetic_site(seed)
        fit = calibrate(
            baseline.build(site),
            proposals=1_000_000,
            rhat=1.05,
            ess=150,
            random_seed=seed,
            progress=False,
        )
        assert float(convergence.diagnose(fit)["rhat"].max()) < 1.1
        inside.extend(intervals(fit["posterior"].to_dataset(), truth=truth_of(site))["inside"])
    assert np.mean(inside) >= 0.85

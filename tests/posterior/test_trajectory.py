"""Trajectories and budgets of a fit are those of its draws."""

import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_allclose
from scipy import stats

from pm_dalec.physics import numpy_run, records
from pm_dalec.physics.summaries import residence_time, summarised
from pm_dalec.posterior import budgets, compiled, fit_file, runs, trajectory
from pm_dalec.posterior.groups import likelihoods
from pm_dalec.tables import summaries
from pm_dalec.tables.parameters import Theta
from pm_dalec.tables.variables import DRIVERS, HARVESTED, LOSSES, POOLS, VARIABLES
from pm_dalec.testing.parameters import FEASIBLE, near_feasible
from pm_dalec.testing.tiny import tiny_fit, tiny_region, tiny_site

SPACES = {
    "site": lambda: tiny_site(),
    "region": lambda: tiny_region(pixels=2),
    "strata": lambda: tiny_region(pixels=2, strata=("conifer", "heath")),
}
SPACE = {"site": (), "region": ("pixel",), "strata": ("stratum", "pixel")}


@pytest.fixture(params=SPACES)
def fitted(request):
    """Name of a space, its units and a fit of them."""
    units = SPACES[request.param]()
    return request.param, units, tiny_fit(units)


def of_one_unit(fit, units, **where):
    """Run of one draw of one unit with NumPy, from plain numbers."""
    draw = fit["posterior"].to_dataset().isel(**where)
    space = {name: place for name, place in where.items() if name in ("stratum", "pixel")}
    drivers = records.Drivers(
        *(
            units[name].isel({d: space[d] for d in space if d in units[name].dims}).values
            for name in DRIVERS
        )
    )
    latitude = units["lat"].isel({d: space[d] for d in space if d in units["lat"].dims})
    theta = Theta(*(float(draw[name]) for name in Theta._fields))
    return numpy_run.run_numpy(drivers, float(latitude), theta)


def test_trajectories_have_the_dimensions_of_the_project(fitted):
    space, _, fit = fitted
    found = trajectory.trajectories(fit, names=("gpp", "wood"))
    assert found["gpp"].dims == ("chain", "draw", "time", *SPACE[space])
    assert found["gpp"].dims == found["wood"].dims


def test_machine_code_gives_the_trajectories_of_numpy(fitted, monkeypatch):
    """Block of steps by block, with draws that are missing, and with units that are."""
    space, _, fit = fitted
    posterior = fit["posterior"].to_dataset()
    posterior["initial_som"][{"chain": 1, "draw": 0}] = np.nan
    if SPACE[space]:
        posterior["initial_som"][dict.fromkeys(SPACE[space], 0)] = np.nan
    fit["posterior"] = xr.DataTree(posterior)
    names = ("wood", "gpp", "lai")
    few = trajectory.trajectories(fit, names=names)
    monkeypatch.setattr(runs, "run_of", None)
    monkeypatch.setattr(runs, "MANY", 0)
    monkeypatch.setattr(compiled, "AT_ONCE", 20)
    found = trajectory.trajectories(fit, names=names)
    for name in names:
        assert 0 < np.isfinite(few[name]).mean() < 1
        assert found[name].dtype == few[name].dtype
    xr.testing.assert_allclose(found, few, rtol=1e-12, atol=0)
    assert [found[name].attrs for name in names] == [few[name].attrs for name in names]


def test_decades_of_two_thousand_draws_are_run_by_numpy_and_a_century_by_machine_code():
    posterior = tiny_fit(tiny_region(pixels=2), chains=4, draws=250)["posterior"].to_dataset()
    lengths = [xr.Dataset(coords={"time": np.arange(months)}) for months in (12, 10 * 12, 100 * 12)]
    assert [runs.many(posterior, of, "converged") for of in lengths] == [False, False, True]
    assert not runs.many(posterior, lengths[-1], "truncated")


def test_trajectories_are_the_runs_of_the_draws(fitted):
    space, units, fit = fitted
    where = {"chain": 1, "draw": 2} | dict.fromkeys(SPACE[space], 1)
    found = trajectory.trajectories(fit, names=("nee", "lai", "som")).isel(where)
    expected = of_one_unit(fit, units, **where)
    assert_allclose(found["nee"], expected.fluxes.nee, rtol=1e-12)
    assert_allclose(found["lai"], expected.fluxes.lai, rtol=1e-12)
    assert_allclose(found["som"], expected.pools.som[1:], rtol=1e-12)


def test_trajectories_carry_units_and_names_from_the_tables():
    found = trajectory.trajectories(tiny_fit(), names=("gpp", "lai"))
    assert found["gpp"].attrs["units"] == "g m-2 d-1"
    assert found["lai"].attrs["long_name"] == VARIABLES["lai"].long_name


def test_trajectories_carry_the_coordinates_of_the_fit():
    region = tiny_region(pixels=2)
    found = trajectory.trajectories(tiny_fit(region), names=("gpp",))
    assert list(found["pixel"]) == list(region["pixel"])
    assert list(found["time"].values) == list(region["time"].values)


def test_batches_of_draws_change_nothing(monkeypatch):
    fit = tiny_fit(draws=7)
    whole = trajectory.trajectories(fit, names=("gpp",)), budgets.budget(fit)
    monkeypatch.setattr(runs, "HELD", 100)
    parts = trajectory.trajectories(fit, names=("gpp",)), budgets.budget(fit)
    for one, other in zip(whole, parts, strict=True):
        xr.testing.assert_allclose(one, other, rtol=1e-12)


@pytest.mark.parametrize(("wanted", "places"), [(1, [0]), (3, [0, 4, 9]), (99, list(range(10)))])
def test_fewer_draws_are_taken_evenly(wanted, places):
    fit = tiny_fit(draws=10)
    found = trajectory.trajectories(fit, names=("gpp",), draws=wanted)
    assert list(found["draw"]) == places


def test_other_drivers_can_be_run_with_the_same_draws():
    fit, other = tiny_fit(), tiny_site(seed=9)
    found = trajectory.trajectories(fit, other, names=("gpp",))
    expected = of_one_unit(fit, other, chain=0, draw=0)
    assert_allclose(found["gpp"].isel(chain=0, draw=0), expected.fluxes.gpp, rtol=1e-12)


def test_the_solver_is_that_of_the_fit():
    exact, coarse = (
        trajectory.trajectories(tiny_fit(solver=solver), names=("gpp",))["gpp"].values
        for solver in ("converged", "truncated")
    )
    assert 1e-6 < np.abs(coarse / exact - 1).max() < 0.2


def test_a_driver_is_no_trajectory():
    with pytest.raises(ValueError, match="got the driver 'tmax' in names"):
        trajectory.trajectories(tiny_fit(), names=("gpp", "tmax"))


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(KeyError, match="no variable 'gpp_total'"):
        trajectory.trajectories(tiny_fit(), names=("gpp_total",))


# --- budgets


def made(**changed):
    """Trajectory of three steps in which every flux is 2 and every pool is 100."""
    pools = {name: np.full(4, 100.0) for name in POOLS}
    fluxes = {name: np.full(3, 2.0) for name in records.Fluxes._fields}
    return records.Trajectory(
        records.Pools(**{name: changed.get(name, value) for name, value in pools.items()}),
        records.Fluxes(**{name: changed.get(name, value) for name, value in fluxes.items()}),
    )


DAYS = np.array([31.0, 28.0, 31.0])


def test_means_of_constants_are_the_constants():
    found = summarised(made(), DAYS)
    for name in ("gpp", "reco", "nee", "harvest", "fire", "lai"):
        assert_allclose(found[name], 2.0)


def test_means_weigh_steps_by_their_length():
    found = summarised(made(gpp=np.array([1.0, 0.0, 0.0])), DAYS)
    assert_allclose(found["gpp"], 31 / 90)


def test_changes_of_stocks_are_the_last_instant_less_the_first():
    found = summarised(
        made(wood=np.array([100.0, 0.0, 0.0, 130.0]), som=np.array([50.0, 9.0, 9.0, 30.0])), DAYS
    )
    assert found["change_live"] == 30.0
    assert found["change_dead"] == -20.0


def test_net_primary_production_is_shared_out_completely():
    fit = tiny_fit()
    found = budgets.budget(fit)
    parts = [found[f"npp_{pool}_fraction"] for pool in ("foliage", "labile", "roots", "wood")]
    assert_allclose(sum(parts), 1.0, rtol=1e-12)
    respired = 1 - fit["posterior"]["autotrophic_fraction"]
    assert_allclose(found["npp"], found["gpp"] * respired, rtol=1e-12)


def test_residence_time_of_a_pool_with_one_steady_loss():
    # 1 % of the pool a day: 100 days
    quiet = dict.fromkeys((*LOSSES["som"], *LOSSES["wood"], "wood_harvest"), np.zeros(3))
    run_ = made(**(quiet | {"som_respiration": np.full(3, 1.0)}))
    assert_allclose(residence_time(run_, "som"), 100 / 365.25)


@pytest.mark.parametrize("pool", HARVESTED)
def test_harvest_shortens_the_residence_time(pool):
    # all losses of the pool at 2 a day, harvest among them
    expected = 100 / (2.0 * (len(LOSSES[pool]) + 1)) / 365.25
    assert_allclose(residence_time(made(), pool), expected)


def test_the_budget_of_a_draw_is_that_of_its_run(fitted):
    space, units, fit = fitted
    where = {"chain": 0, "draw": 3} | dict.fromkeys(SPACE[space], 1)
    found = budgets.budget(fit).isel(where)
    expected = summarised(of_one_unit(fit, units, **where), units["step_days"].values)
    for name, value in expected.items():
        assert_allclose(found[name], value, rtol=1e-12, err_msg=name)


def test_the_carbon_of_the_budget_closes():
    units = tiny_site()
    found = budgets.budget(tiny_fit(units))
    lost = (found["nee"] + found["harvest"] + found["fire"]) * float(units["step_days"].sum())
    assert_allclose(found["change_live"] + found["change_dead"], -lost, rtol=1e-9)


def test_every_number_of_the_budget_has_units():
    for name, array in budgets.budget(tiny_fit()).items():
        assert array.attrs["units"] == summaries.BUDGET_UNITS[name]


def absent(fit):
    """Fit of strata in which one pair of stratum and pixel does not exist."""
    sampled = fit["posterior"].to_dataset()
    there = (sampled["stratum"] == "conifer") | (sampled["pixel"] == 1000)
    fit["posterior"].dataset = sampled.where(there)
    return fit


def test_what_does_not_exist_has_no_fluxes():
    fit = absent(tiny_fit(tiny_region(pixels=2, strata=("conifer", "heath"))))
    for found in (
        trajectory.trajectories(fit, names=("gpp", "wood")),
        budgets.budget(fit)[["gpp", "mean_wood"]],
    ):
        for array in found.values():
            missing = array.sel(stratum="heath", pixel=1001)
            assert missing.isnull().all()
            assert int(array.isnull().sum()) == missing.size


# --- log-likelihood


def test_the_log_likelihood_of_an_observation_is_gaussian(fitted):
    space, units, fit = fitted
    where = {"chain": 1, "draw": 0} | dict.fromkeys(SPACE[space], 1)
    found = likelihoods.log_likelihood(fit).isel(chain=1, draw=0)
    run_ = of_one_unit(fit, units, **where)
    seen = units.isel({d: 1 for d in SPACE[space]})
    for stream, modelled in (("lai", run_.fluxes.lai), ("cwood", run_.pools.wood[:-1])):
        expected = stats.norm.logpdf(seen[stream], modelled, seen[f"{stream}_unc"])
        of_unit = np.ones(found[stream].size, bool)
        for name in SPACE[space]:
            of_unit &= (found[f"{stream}_{name}"] == seen[name]).values
        assert_allclose(found[stream][of_unit], expected[np.isfinite(expected)], rtol=1e-10)
        assert np.isnan(expected).any()


def test_the_log_likelihood_has_no_gap(fitted):
    space, units, fit = fitted
    for stream, array in likelihoods.log_likelihood(fit).items():
        along = f"{stream}_{'observation' if SPACE[space] else 'time'}"
        assert array.dims == ("chain", "draw", along)
        assert array.sizes[along] == int(units[stream].notnull().sum())
        assert array.notnull().all()


# --- files


def test_a_fit_comes_back_from_its_file_as_it_was(tmp_path, fitted):
    fit = fitted[2]
    path = fit_file.save(fit, tmp_path / "fit.nc")
    again = fit_file.load(path)
    assert again.attrs["solver"] == "converged"
    assert set(again.groups) == set(fit.groups)
    for group in ("posterior", "constant_data", "observed_data"):
        assert again[group].to_dataset().equals(fit[group].to_dataset()), group
    assert budgets.budget(again).equals(budgets.budget(fit))


def test_saving_leaves_no_draft_and_replaces_what_was_there(tmp_path):
    first, second = tiny_fit(seed=1), tiny_fit(seed=2)
    fit_file.save(first, tmp_path / "fit.nc")
    fit_file.save(second, tmp_path / "fit.nc")
    assert [path.name for path in tmp_path.iterdir()] == ["fit.nc"]
    again = fit_file.load(tmp_path / "fit.nc")
    assert again["posterior"].to_dataset().equals(second["posterior"].to_dataset())


def test_parameters_come_out_of_a_posterior_in_the_order_of_the_table():
    theta = near_feasible((2, 3), np.random.default_rng(0))
    columns = {name: (("draw", "chain"), value.T) for name, value in theta._asdict().items()}
    found = runs.theta_of(xr.Dataset(dict(reversed(columns.items()))))
    for name in Theta._fields:
        assert np.array_equal(getattr(found, name), getattr(theta, name))
    assert found.leaf_lifespan.mean() == pytest.approx(FEASIBLE.leaf_lifespan, rel=0.02)

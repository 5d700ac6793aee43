"""A study is one tree; what is finished is not done again, and what was killed goes on."""

import logging
import threading

import numpy as np
import pytest
import xarray as xr

from pm_dalec.sampling import state, unit
from pm_dalec.sampling.bank import bank_unit, making
from pm_dalec.sampling.cluster.client import local_cluster
from pm_dalec.sensitivity import Study, effects, open_study
from pm_dalec.sensitivity.studies import fleet, study as module
from pm_dalec.tables.parameters import PARAMETERS

from .conftest import CHOICES, DOUBT, TINY, VARIANTS

pytestmark = pytest.mark.filterwarnings(DOUBT, r"ignore:wanted \d+ draws of every chain")


def without_clock(tree):
    clock = [name for name in tree.data_vars if name.endswith("seconds")]
    found = xr.DataTree.from_dict(
        {n.path: n.to_dataset().drop_vars(clock, errors="ignore") for n in tree.subtree}
    )
    found.attrs = {name: value for name, value in tree.attrs.items() if "seconds" not in name}
    return found


@pytest.fixture
def calibrated(monkeypatch):
    """Stores that were calibrated; after a number of them the run is killed."""
    run, found = module.calibrate_region, []

    def calibrate_region(build, land, *, store, **settings):
        if len(found) == calibrate_region.most:
            raise KeyboardInterrupt
        if not (store / "fit.zarr").exists():
            found.append(store.name)
        return run(build, land, store=store, **settings)

    calibrate_region.most = np.inf
    monkeypatch.setattr(module, "calibrate_region", calibrate_region)
    return found, calibrate_region


def test_every_variable_of_the_result_has_the_variants_in_front(result):
    assert list(result["variant"].values) == list(VARIANTS)
    for node in result.subtree:
        assert all(values.dims[0] == "variant" for values in node.data_vars.values())
    assert {"gpp", "change_live", "residence_wood", *PARAMETERS} <= set(
        result["quantiles"].data_vars
    )
    assert set(result["units"]["status"].values) == {"budget"}
    assert list(result["changes"].values) == ["base", "constraints=none", "sigma=lai:2.0"]


def test_a_killed_study_goes_on_and_gives_the_same_tree(study, result, tmp_path, calibrated):
    found, run = calibrated
    run.most = 1
    with pytest.raises(KeyboardInterrupt):
        study.run(tmp_path, **TINY)
    run.most = np.inf
    again = study.run(tmp_path, **TINY)
    assert [name.split("-")[0] for name in found] == ["base", "no_rules", "LAI_doubled"]
    xr.testing.assert_identical(without_clock(again), without_clock(result))


def test_workers_of_a_cluster_give_the_same_tree(build, site, result, tmp_path):
    distributed, two = pytest.importorskip("distributed"), ["base", "no rules"]
    study = Study(build, site, {name: VARIANTS[name] for name in two}, choices=CHOICES)
    how = {"processes": False, "silence_logs": logging.CRITICAL}
    with (
        local_cluster(2, **how) as cluster,
        distributed.Client(cluster) as client,
        pytest.warns(UserWarning, match="wanted 2 variants that converged"),
    ):
        again = study.run(tmp_path, client=client, **TINY)
    xr.testing.assert_identical(without_clock(again), without_clock(result.sel(variant=two)))


def test_a_changed_variant_is_run_in_a_folder_of_its_own(build, site, result, folder, calibrated):
    found, _ = calibrated
    changed = {**VARIANTS, "LAI doubled": {"sigma": {"lai": 3.0}}, "same as base": {}}
    other = Study(build, site, changed, choices=CHOICES)
    with pytest.warns(UserWarning, match="wanted 4 variants that converged"):
        again = other.run(folder, **TINY)
    assert [name.split("-")[0] for name in found] == ["LAI_doubled"]
    assert again["folder"].values[2] != result["folder"].values[2]
    assert again["folder"].values[3] == result["folder"].values[0]


def test_the_draws_of_a_variant_can_be_opened(study, result):
    fit = study.fit("no rules")
    assert fit.attrs["constraints"] == "None"
    median = float(fit["posterior"]["leaf_lifespan"].median())
    assert (
        float(result["quantiles"]["leaf_lifespan"].sel(variant="no rules", quantile=0.5)) == median
    )
    with pytest.raises(KeyError, match="no variant 'moon'; there are base, no rules, LAI doubled"):
        study.fit("moon")


def test_a_finished_study_is_read_and_opened_as_it_was_written(study, result, folder, calibrated):
    again = study.run(folder, **TINY)
    assert calibrated[0] == []
    xr.testing.assert_identical(without_clock(again), without_clock(result))
    xr.testing.assert_identical(open_study(folder), again)


def test_a_shift_is_in_posterior_sd_of_the_base_and_days_go_round(result):
    tree = result.copy()
    quantiles = tree["quantiles"].to_dataset().copy(deep=True)
    quantiles["gpp"].loc[{"variant": "no rules"}] = quantiles["gpp"].sel(variant="base") * 2
    quantiles["leaf_fall_day"].loc[{"variant": "no rules"}] = (
        quantiles["leaf_fall_day"].sel(variant="base") + 365.25 + 10
    )
    tree["quantiles"] = xr.DataTree(quantiles)
    found, sd = effects(tree), tree["sd"].sel(variant="base")
    moved = found["shift"].sel(variant="no rules")
    expected = quantiles["gpp"].sel(variant="base", quantile=0.5) / sd["gpp"]
    assert float(moved.sel(name="gpp")) == pytest.approx(float(expected))
    assert float(moved.sel(name="leaf_fall_day")) == pytest.approx(10 / float(sd["leaf_fall_day"]))
    assert float(found["width_ratio"].sel(variant="no rules", name="gpp")) == pytest.approx(2)
    assert float(abs(found["shift"].sel(variant="base")).max()) == 0


@pytest.fixture
def piloted(build, site, monkeypatch):
    """Study whose variants begin at the draws of a pilot, which has not converged."""
    monkeypatch.setattr(making, "WORST_RHAT", np.inf)
    monkeypatch.setattr(bank_unit.BankUnit, "_trusted", lambda self: True)
    monkeypatch.setattr(bank_unit, "APART", np.inf)
    for rounds in (unit, state):
        monkeypatch.setattr(rounds, "FIRST_ROUND", 1)
    small = {"chains": 8, "draws": 100, "rhat": 1.0001, "ess": 1e6}
    monkeypatch.setattr(module, "PILOT", fleet.PILOT | small)
    monkeypatch.setattr(fleet, "PILOT", fleet.PILOT | small)
    fixed = {"parameters": {"temperature_exponent": 0.04}}
    return Study(build, site, {"base": {}, "fixed": fixed}, choices=CHOICES)


@pytest.mark.filterwarnings("ignore:wanted 2 variants that converged")
def test_variants_begin_at_the_draws_of_the_first_where_these_have_a_place(piloted, tmp_path):
    found = piloted.run(tmp_path, **TINY | {"pilot": 2500, "threads": 2, "rhat": 1e3, "ess": 0})
    assert list(found["units"]["route"].values) == ["bank", "full"]
    assert found["units"]["khat"].notnull().values.tolist() == [True, False]
    assert len(list((tmp_path / "banks").glob("*.nc"))) == 1


@pytest.mark.filterwarnings("ignore:wanted 1 variants that converged")
def test_a_pilot_that_lacks_draws_goes_on_only_with_a_larger_budget(piloted, tmp_path):
    study = Study(piloted.build, piloted.land, {"base": {}}, choices=CHOICES)
    study.folder, made = tmp_path, []
    for budget in (1500, 3000, 2000):
        bank = study._bank(budget, {"threads": 1, "progress": False, "say": made.append})
        (share,) = bank.classes.values()
        made.append(int(share.proposals.item()))
    found = [one for one in made if isinstance(one, int)]
    assert found[0] < found[1] == found[2]
    assert sum("1 lack the 1000000 that are wanted" in str(one) for one in made) == 2


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:wanted 2 variants that converged")
def test_a_study_does_not_depend_on_threads(piloted, tmp_path):
    one, two = (
        piloted.run(tmp_path / str(threads), **TINY | {"pilot": 2500, "threads": threads})
        for threads in (1, 2)
    )
    xr.testing.assert_identical(without_clock(one), without_clock(two))


def test_the_first_fault_ends_what_runs_beside_it():
    stop = threading.Event()

    def work(name):
        if name == "wrong":
            raise ValueError(name)
        assert stop.wait(10)
        return name

    with pytest.raises(ValueError, match="wrong"):
        fleet.side_by_side(work, ["wrong", "slow"], 2, stop)
    assert fleet.side_by_side(str.upper, ["a", "b"], 2, threading.Event()) == {"a": "A", "b": "B"}

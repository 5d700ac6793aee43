"""Banks of DALEC: made, kept, compared, and what a unit's result depends on."""

import logging
import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from pm_dalec.cli import region
from pm_dalec.cli.bench import banks
from pm_dalec.cli.bench.cost_page import cost_page
from pm_dalec.graph import Choices
from pm_dalec.models import baseline
from pm_dalec.sampling import state as unit_state, unit
from pm_dalec.sampling.bank import (
    bank_unit,
    by_workers,
    load_bank,
    make_bank,
    making,
    pool_banks,
    pooling,
    save_bank,
)
from pm_dalec.sampling.bank.pilots import BASELINE, chosen_pilots, features, representative
from pm_dalec.sampling.bank.wide_target import Width, log_densities, wide_target
from pm_dalec.sampling.calibration import calibrate
from pm_dalec.sampling.cluster import store_hash
from pm_dalec.sampling.cluster.client import local_cluster
from pm_dalec.sampling.region_store import calibrate_region
from pm_dalec.sampling.state import Settings
from pm_dalec.sampling.target import bound_to

from .conftest import SHORT as RUN, draws_of

pytestmark = [
    pytest.mark.usefixtures("built_once", "short_rounds"),
    pytest.mark.filterwarnings(r"ignore:wanted \d+ draws of every chain"),
]
SHORT = RUN | {"groups": ()}
OF_A_PILOT = ("constants", "worth", "pilots", "rhat", "ess", "proposals")
PILOTS = {"pilots": 2, "chains": 8, "draws": 100, "proposals": 6000, "progress": False}


BUILT = {}


def build_again(land):
    """The model of the region, as workers of this process find it too."""
    return BUILT["model"]


@pytest.fixture(scope="module")
def wide(model):
    return wide_target(model, Width())


@pytest.fixture(scope="module", autouse=True)
def any_pilot():
    """Pilots of a few thousand proposals have not converged, and are taken all the same."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(making, "WORST_RHAT", np.inf)
        yield


@pytest.fixture(scope="module")
def made(units, wide, short_rounds, tmp_path_factory):
    """Bank of the region, and its file."""
    path = tmp_path_factory.mktemp("bank") / "bank.nc"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(making, "wide_target", lambda model, width: wide)
        return make_bank(baseline.build, units, path=path, **PILOTS), path


@pytest.fixture(scope="module")
def lenient(short_rounds):
    """Every unit takes draws over, whatever its weights are worth."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bank_unit.BankUnit, "_trusted", lambda self: True)
        yield SHORT | {"ess": 0, "rhat": 1e3}


def test_a_bank_is_read_as_it_was_written(made):
    bank, path = made
    held = load_bank(path)
    assert held.digest == bank.digest
    assert_array_equal(held.classes[BASELINE].positions, bank.classes[BASELINE].positions)


def test_a_bank_is_made_again_bit_for_bit_from_the_states_of_its_pilots(
    made, units, wide, tmp_path, monkeypatch
):
    bank, path = made
    shutil.copytree(path.with_suffix(".pilots"), tmp_path / "again.pilots")
    next((tmp_path / "again.pilots").glob("unit-*.npz")).unlink()
    monkeypatch.setattr(making, "wide_target", lambda model, width: wide)
    again = make_bank(baseline.build, units, path=tmp_path / "again.nc", **PILOTS)
    assert again.digest == bank.digest
    fewer = make_bank(baseline.build, units, path=tmp_path / "again.nc", **PILOTS | {"pilots": 1})
    assert_array_equal(fewer.classes[BASELINE].pilots, bank.classes[BASELINE].pilots[:1])


def test_banks_of_parts_of_the_pilots_are_pooled_to_the_bank_of_all(
    made, units, wide, model, tmp_path, monkeypatch
):
    monkeypatch.setattr(pooling, "wide_target", lambda model, width: wide)
    whole = made[0].classes[BASELINE]
    halves = [
        replace(
            made[0],
            classes={
                BASELINE: replace(
                    whole,
                    **{name: getattr(whole, name)[[pilot]] for name in OF_A_PILOT},
                    positions=whole.positions[whole.origins == pilot],
                    origins=np.zeros((whole.origins == pilot).sum(), int),
                )
            },
        )
        for pilot in range(2)
    ]
    how = {"path": tmp_path / "pooled.nc"}
    found = pool_banks(lambda land: model, [units] * 2, halves, **how)
    assert found.digest == load_bank(how["path"]).digest == made[0].digest
    with pytest.raises(ValueError, match=r"wanted a draw bank of this model.*banks\[0\].*width"):
        pool_banks(lambda land: model, [units] * 2, halves, power=0.5, **how)
    with pytest.raises(ValueError, match=r"wanted banks whose draws are their own, got \d+ of"):
        pool_banks(lambda land: model, [units] * 2, halves[:1] * 2, **how)


def test_workers_of_a_cluster_make_the_same_bank_and_the_same_fit_of_it(
    made, units, wide, model, lenient, tmp_path, monkeypatch
):
    distributed, path = pytest.importorskip("distributed"), tmp_path / "bank.nc"
    for module in (making, by_workers):
        monkeypatch.setattr(module, "wide_target", lambda model, width: wide)
    BUILT["model"] = model
    how = {"processes": False, "silence_logs": logging.CRITICAL}
    with local_cluster(2, **how) as cluster, distributed.Client(cluster) as client:
        again = make_bank(build_again, units, path=path, client=client, **PILOTS)
        assert again.digest == made[0].digest
        store = {"store": tmp_path / "workers", "client": client}
        fit = calibrate_region(build_again, units, bank=path, **store, **lenient)
    calibrate_region(build_again, units, bank=path, store=tmp_path / "threads", **lenient)
    assert store_hash(tmp_path / "workers") == store_hash(tmp_path / "threads")
    assert "bank" in fit["sample_stats"]["route"]


def test_a_pilot_that_has_not_converged_is_left_out(made, units, wide, tmp_path, monkeypatch):
    share, path = made[0].classes[BASELINE], made[1]
    assert np.isfinite(share.rhat).all()
    monkeypatch.setattr(making, "wide_target", lambda model, width: wide)
    shutil.copytree(path.with_suffix(".pilots"), tmp_path / "b.pilots")
    monkeypatch.setattr(making, "WORST_RHAT", share.rhat.mean())
    with pytest.warns(UserWarning, match="left out 1 of 2"):
        bank = make_bank(baseline.build, units, path=tmp_path / "b.nc", **PILOTS)
    assert bank.classes[BASELINE].pilots == share.pilots[share.rhat.argmin()]
    monkeypatch.setattr(making, "WORST_RHAT", 0.5)
    with (
        pytest.warns(UserWarning, match="left out 2 of 2"),
        pytest.raises(ValueError, match="wanted at least one pilot"),
    ):
        make_bank(baseline.build, units, path=tmp_path / "b.nc", **PILOTS)


def test_a_wide_target_reaches_beyond_the_walls_and_is_flatter_within(model, compiled, wide, made):
    positions = made[0].classes[BASELINE].positions
    ours = log_densities(bound_to(compiled(model), 8, 1), positions)
    wider = log_densities(bound_to(wide, 8, 1), positions)
    assert np.isfinite(wider).all()
    inside = np.isfinite(ours)
    assert 0 < inside.sum() < inside.size
    posterior = wide_target(model, Width(power=1.0, slack=0.05))
    at_full_power = log_densities(bound_to(posterior, 8, 1), positions)
    assert_allclose(at_full_power[inside], ours[inside], rtol=1e-9)
    assert (wider[inside] >= ours[inside] - 10.0).all()


def test_a_fit_with_a_bank_says_so(model, made, lenient):
    fit = calibrate(model, bank=made[0], **lenient)
    assert fit.attrs["bank"] == made[0].digest
    assert set(fit["sample_stats"]["route"].values) <= {"bank", "full"}
    assert "bank" in fit["sample_stats"]["route"].values
    assert (fit["sample_stats"]["bank_runs"] > 0).all()


def test_a_unit_depends_on_neither_order_nor_neighbours_nor_threads(model, made, lenient):
    whole = draws_of(calibrate(model, bank=made[0], threads=1, **lenient))
    other = draws_of(calibrate(model, bank=made[1], threads=2, only=[2, 0], **lenient))
    alone = draws_of(calibrate(model, bank=made[0], threads=2, only=[0], **lenient))
    assert_array_equal(other[..., [0, 2]], whole[..., [0, 2]])
    assert_array_equal(alone[..., 0], whole[..., 0])


@pytest.mark.parametrize("windows", [0, 1, 2])
def test_a_run_that_was_killed_goes_on_bit_for_bit(
    model, made, tmp_path, monkeypatch, windows, short_rounds
):
    whole = draws_of(calibrate(model, bank=made[0], only=[1], **SHORT))
    with monkeypatch.context() as patch:
        patch.setattr(bank_unit.BankUnit, "finished", property(lambda self: _ran(self, windows)))
        calibrate(model, bank=made[0], only=[1], checkpoint=tmp_path, **SHORT)
    again = calibrate(model, bank=made[0], only=[1], checkpoint=tmp_path, resume=True, **SHORT)
    assert_array_equal(draws_of(again), whole)


def _ran(unit_at_work, windows):
    unit_at_work.looked = getattr(unit_at_work, "looked", -1) + 1
    return unit_at_work.looked >= windows


def test_a_run_with_another_bank_is_not_resumed(units, made, tmp_path):
    bank, _ = made
    land, share = units.isel(pixel=[0]), bank.classes[BASELINE]
    calibrate_region(baseline.build, land, store=tmp_path, bank=bank, **SHORT)
    other = replace(bank, classes={BASELINE: replace(share, worth=share.worth / 2)})
    for wrong, words in ((other, other.digest), (None, "bank: here none")):
        with pytest.raises(ValueError, match=words):
            calibrate_region(baseline.build, land, store=tmp_path, bank=wrong, **SHORT)
    shutil.rmtree(tmp_path / "fit.zarr")
    with pytest.raises(ValueError, match=f"bank: here {other.digest}"):
        calibrate_region(baseline.build, land, store=tmp_path, bank=other, **SHORT)


def test_a_bank_of_other_parameters_or_narrower_bounds_is_refused(model, made, compiled):
    bank, target = made[0], compiled(model)
    assert bank.carried_to(target) is bank
    with pytest.raises(ValueError, match="wanted a draw bank of the 23 parameters"):
        replace(bank, parameters=bank.parameters[1:]).carried_to(target)
    moved = bank.bounds.copy()
    moved[2] += (0.1, -0.1)
    with pytest.raises(ValueError, match=f"got narrower ones for {bank.parameters[2]!r}"):
        replace(bank, bounds=moved).carried_to(target)


def test_a_bank_of_wider_bounds_is_cut_and_its_draws_keep_their_values(model, made, compiled):
    bank, target = made[0], compiled(model)
    wide = bank.bounds.copy()
    wide[2] += (-0.5 * wide[2, 0], np.log(2.0))  # half of the lower bound, the same upper one
    carried, share = (
        replace(bank, bounds=wide).carried_to(target).classes[BASELINE],
        bank.classes[BASELINE],
    )
    values = np.log(wide[2, 0]) + wide[2, 1] * share.positions[:, 2]
    kept = values > np.log(bank.bounds[2, 0])
    assert 0 < kept.sum() < kept.size
    assert_allclose(
        np.log(bank.bounds[2, 0]) + bank.bounds[2, 1] * carried.positions[:, 2], values[kept]
    )
    assert_array_equal(carried.log_mixture, share.log_mixture[kept])


def test_a_unit_that_was_a_pilot_by_itself_has_its_own_draws(model, made):
    share, other = made[0].classes[BASELINE], object()
    bank = replace(made[0], classes={BASELINE: share, "2": other})
    assert bank.share_of(BASELINE, 2) is other
    assert bank.share_of(BASELINE, 1) is share
    assert bank.share_of("heath", 1) is None
    assert making._chosen(model, making.EACH) == {"0": [0], "1": [1], "2": [2]}


def test_a_file_with_other_numbers_than_it_says_is_refused(made, tmp_path):
    bank, _ = made
    path = save_bank(bank, tmp_path / "bank.nc")
    held = bytearray(path.read_bytes())
    held[len(held) // 2] ^= 1
    path.write_bytes(held)
    with pytest.raises(ValueError, match=r"bank\.nc"):
        load_bank(path)


def test_pilots_stand_for_most_others(units, model):
    points = np.array([[0.0], [0.1], [-1.0], [-1.1], [-1.2], [1.9], [0.0], [0.2]])
    assert representative(points, 3) == [0, 3, 5]
    assert len(representative(np.zeros((4, 2)), 3)) == 1
    table = features(units)
    assert table.shape[0] == units.sizes["pixel"]
    assert np.isfinite(table).all()
    chosen = chosen_pilots(model, units, np.arange(3), 2)
    assert list(chosen) == [BASELINE]
    assert len(set(chosen[BASELINE])) == 2


def test_the_bench_runs_units_with_a_bank_and_without(model, made, compiled, monkeypatch):
    monkeypatch.setattr(banks, "compile_target", compiled)
    held = {"baseline": made[0]}
    settings = Settings(draws=40, rhat=1e3, ess=0, proposals=1500)
    table = banks.compare_banks({"baseline": model}, held, units=2, settings=settings)
    assert table["unit"].tolist() == [
        pixel for pixel in range(3) if pixel not in made[0].classes[BASELINE].pilots
    ]
    assert (table[["runs_before", "runs_after"]] > 0).all(axis=None)
    assert (
        table["kept_before"].between(0.0, 1.0, inclusive="neither").all()
    )  # some are for the search
    carried = table["route"] == "bank"
    assert (table["median_shift"].notna() == carried).all()  # the others are the same twice
    assert (table["width_least"] <= table["width_most"])[carried].all()
    alone = banks.cost_of_sites({"somewhere": model}, settings=settings)
    table = pd.concat([table, alone], ignore_index=True)
    by_class, hours = banks.summary(table, held.values())
    assert_allclose(by_class[["bank", "full"]].sum(axis=1), 1.0)
    assert hours["pilots"] > 0
    page = cost_page(table, by_class, hours)
    assert f"{hours['before']:.1f} core-hours before" in page
    assert "somewhere" in page.split("Real sites")[1]
    assert f"of these ({(table['route'] == 'bank').sum()}); in those" in page


def test_the_command_says_how_good_the_pilots_are(made, monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(region, "open_region", lambda file: None)
    monkeypatch.setattr(region, "make_bank", lambda build, land, **choices: made[0])
    region.bank(tmp_path / "region.nc", out=tmp_path / "bank.nc", approach="baseline")
    told = capsys.readouterr().out
    assert told.startswith("baseline: worst R-hat (ESS) of the pilots")
    assert made[0].digest in told


@pytest.mark.slow
def test_draws_of_a_bank_are_those_of_the_full_sampler(units, tmp_path, monkeypatch):
    """Two units that are like the pilot, without constraints that slow their references."""
    for module in (unit, unit_state):
        monkeypatch.setattr(module, "FIRST_ROUND", 40)
    alike = units.isel(pixel=[0, 0, 0]).assign_coords(pixel=units["pixel"])
    alike["lai"] = alike["lai"] * [1.0, 1.05, 0.95]

    def build(land):
        return baseline.build(land, Choices(constraints=None))

    more = PILOTS | {"pilots": 1, "draws": 4000, "ess": 6000, "proposals": 4_000_000}
    bank = make_bank(build, alike, path=tmp_path / "b.nc", **more)
    settings = {"proposals": 2_000_000, "progress": False, "ess": 600, "groups": ()}
    carried = calibrate(build(alike), bank=bank, **settings)
    others = [place for place in range(3) if place != bank.classes[BASELINE].pilots[0]]
    assert (carried["sample_stats"]["route"].values[others] == "bank").all()
    full = calibrate(build(alike), only=others, random_seed=1, **settings)
    assert (full["sample_stats"]["status"].values[others] == "converged").all()
    for name in carried["posterior"]:
        fits = [fit["posterior"][name].isel(pixel=others) for fit in (carried, full)]
        low, middle, high = np.stack(
            [fit.quantile([0.05, 0.5, 0.95], ("chain", "draw")) for fit in fits], axis=1
        )
        spread = fits[1].std(("chain", "draw"))
        assert_allclose((middle[0] - middle[1]) / spread, 0.0, atol=0.25, err_msg=name)
        assert_allclose((high - low)[0] / (high - low)[1], 1.0, atol=0.15, err_msg=name)

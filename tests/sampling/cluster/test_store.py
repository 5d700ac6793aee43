"""Blocks, shards and what a store tells."""

from types import SimpleNamespace

import numpy as np
import pytest
import zarr
from hypothesis import given, settings, strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from pm_dalec.sampling.cluster import open_quantiles, part_of, status
from pm_dalec.sampling.cluster.blocks import blocks_of
from pm_dalec.sampling.cluster.shards import DRAWS
from pm_dalec.sampling.cluster.store import found_in, prepare, undone
from pm_dalec.sampling.cluster.work import sample_block

from .conftest import expected_draws

# Runs are short on purpose.
pytestmark = pytest.mark.filterwarnings(r"ignore:wanted \d+ draws of every chain")

SIZES = st.integers(1, 3000), st.integers(1, 12)


@given(*SIZES)
@settings(max_examples=60, deadline=None)
def test_every_unit_is_in_one_block_and_no_two_blocks_share_a_shard(pixels, strata):
    blocks = blocks_of(pixels, strata)
    exist = np.ones(pixels * strata, bool)
    places = np.concatenate([blocks.places(number, exist) for number in range(blocks.count)])
    assert_array_equal(np.sort(places), np.arange(pixels * strata))
    starts = [blocks.extent(number).start for number in range(blocks.count)]
    assert_array_equal(np.array(starts) % blocks.size, 0)
    assert len(blocks.slots(0).ravel()) <= max(64, strata)


@given(*SIZES, st.integers(1, 40))
@settings(max_examples=60, deadline=None)
def test_the_parts_of_a_job_array_have_every_block_once(pixels, strata, count):
    blocks = blocks_of(pixels, strata)
    parts = [blocks.part((part, count)) for part in range(1, count + 1)]
    assert sorted(number for part in parts for number in part) == list(range(blocks.count))


@pytest.mark.parametrize("text", ["0/3", "4/3", "1", "a/b", "1/0", "-1/3", "1/3/5"])
def test_a_part_that_is_none_is_refused(text):
    with pytest.raises(ValueError, match=r"wanted part as i/n"):
        part_of(text)


def test_a_block_is_one_file_an_array_and_is_read_back_bit_for_bit(run):
    for number in (0, 3):
        sample_block(run, number, run.places(number))
    shards = [file for file in (run.store / DRAWS / "c").rglob("*") if file.is_file()]
    assert len(shards) == 2
    wanted = expected_draws(run)
    found = found_in(run)
    assert sorted(found) == [0, 1, 6, 7]
    for place, (drawn, line) in found.items():
        assert_array_equal(drawn, wanted[place])
        assert line.identity == place


def test_quantiles_of_a_unit_are_there_as_soon_as_its_block_is(run):
    sample_block(run, 1, run.places(1))
    found, drawn = open_quantiles(run.store), expected_draws(run)[2][..., :-1].reshape(-1, 33)
    assert np.isnan(found["quantiles"].sel(pixel=0)).all()
    unit = found.sel(pixel=2).isel(stratum=0)
    assert_allclose(unit["quantiles"].sel(quantile=0.5), np.median(drawn, axis=0), rtol=1e-15)
    assert_allclose(unit["mean"], drawn.mean(axis=0), rtol=1e-14)
    assert_allclose(unit["sd"], drawn.std(axis=0), rtol=1e-14)


def test_draws_that_were_changed_on_the_disk_are_not_given_out(run):
    sample_block(run, 0, run.places(0))
    zarr.open_array(run.store / DRAWS, mode="r+")[0, 0, 0, 0, 0] = 0.5
    with pytest.raises(ValueError, match=r"wanted the draws of unit 0 .* as they were written"):
        found_in(run)


def test_a_block_that_is_done_is_not_done_again_unless_more_is_asked(run, monkeypatch):
    sample_block(run, 0, run.places(0))
    monkeypatch.setattr("pm_dalec.cli.cluster.scale.UNIT", None)  # no stub can run
    assert [line.place for line in sample_block(run, 0, run.places(0))] == [0, 1]
    assert 0 not in undone(run)
    run.settings.__dict__["proposals"] *= 2
    assert 0 in undone(run)


def test_status_counts_what_is_done_running_and_left(run, monkeypatch):
    monkeypatch.setattr(
        "pm_dalec.sampling.cluster.reading.time", SimpleNamespace(time=lambda: 1e10)
    )
    assert status(run.store).done == 0
    for number in range(5):
        sample_block(run, number, run.places(number))
    told = status(run.store)
    assert (told.units, told.done, told.blocks, told.blocks_done) == (130, 10, 65, 5)
    assert told.phases == {"budget": 10}
    assert told.core_seconds == pytest.approx(0.01)
    assert told.left.total_seconds() == pytest.approx(120 / told.rate * 3600, rel=1e-6)
    assert not told.closed


def test_a_store_that_is_not_there_has_no_status(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"wanted a store of a region"):
        status(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"wanted quantiles of units"):
        open_quantiles(tmp_path)


def test_preparing_a_store_again_keeps_what_is_done(run):
    sample_block(run, 0, run.places(0))
    names = tuple(f"parameter {row}" for row in range(33))
    prepare(run, names, {"pixel": np.arange(130)})
    assert 0 not in undone(run)

"""What is done is kept, what is not is done once, and the end is the same, whatever dies."""

import errno
import os
import signal
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

import pm_dalec as pmd
from pm_dalec.data.storage import WriteError, locked
from pm_dalec.sampling.cluster import shards, work
from pm_dalec.sampling.cluster.client import Watch, by_dask
from pm_dalec.sampling.cluster.reading import status
from pm_dalec.sampling.cluster.region import expect_all
from pm_dalec.sampling.cluster.store import found_in, undone

from .conftest import SHORT, build, expected_draws

# Runs are short on purpose.
pytestmark = pytest.mark.filterwarnings(r"ignore:wanted \d+ draws of every chain")


def calibrated(run, client, done=lambda lines: None):
    tasks = work.tasks_of(run)
    return by_dask(tasks, client, undone(run), done=done, stopped=lambda: False)


def rows_of(run):
    """Content of all rows, by file."""
    folder = run.store / work.UNITS / work.ROWS
    return {file.name: file.read_text() for file in folder.glob("*.json")}


def expect_the_draws_of_an_undisturbed_run(run):
    found, wanted = found_in(run), expected_draws(run)
    assert list(found) == sorted(wanted)
    assert all(np.array_equal(found[place][0], wanted[place]) for place in wanted)


@pytest.mark.parametrize("times", [1, pytest.param(3, marks=pytest.mark.slow)])
def test_workers_that_are_killed_change_nothing(run, workers, times):
    dask = pytest.importorskip("dask")
    kept, killed, nannies = {}, [], dict(workers.cluster.workers)

    def kill_now_and_then(lines):
        if len(rows_of(run)) // 15 > len(killed) and len(killed) < times:
            kept.update(rows_of(run))
            alive = [nanny.pid for nanny in nannies.values() if nanny.pid]
            killed.append(alive[len(killed) % len(alive)])
            os.kill(killed[-1], signal.SIGKILL)

    # what needs longer than this to come back would be dropped with the task that it has begun
    with dask.config.set({"distributed.deploy.lost-worker-timeout": "50ms"}):
        assert calibrated(run, workers, kill_now_and_then) == {}
    assert len(killed) == times
    assert dict(workers.cluster.workers) == nannies
    assert kept.items() <= rows_of(run).items()  # nothing that was done is done again
    expect_the_draws_of_an_undisturbed_run(run)


def test_processes_that_dask_has_dropped_are_started_again(workers):
    cluster, (name, *_) = workers.cluster, workers.cluster.workers
    workers.sync(cluster.workers[name].close)  # as after a kill while it came back
    watch = Watch(workers, print)
    assert len(workers.nthreads()) == 1
    watch._looked -= 6.0
    watch.look()
    workers.wait_for_workers(2, timeout=30)
    assert all(nanny.status.name == "running" for nanny in cluster.workers.values())


@pytest.mark.slow
def test_a_block_that_kills_every_worker_is_told_and_the_others_are_kept(run, workers):
    def deadly(run, places):
        if 4 in places:
            os._exit(9)
        return work_as_usual(run, places)

    work_as_usual = run.sample
    failed = calibrated(replace(run, sample=deadly), workers)
    assert list(failed) == [2]
    assert "its worker died" in failed[2]
    assert status(run.store).failed == failed
    assert status(run.store).done == 128
    with pytest.raises(
        RuntimeError, match=r"got 1 that failed with 2 units: its worker died .* again"
    ):
        expect_all(run, failed)
    assert calibrated(run, workers) == {}
    assert status(run.store).failed == {}
    expect_the_draws_of_an_undisturbed_run(run)


@pytest.mark.filterwarnings("ignore")  # Dask complains of what is taken away
@pytest.mark.slow  # half a minute until the client gives up
def test_a_scheduler_that_is_lost_is_told_and_another_goes_on(run, inside, workers):
    kept = {}

    def lose_it(lines):
        if not kept:
            kept.update(rows_of(run))
            inside.cluster.scheduler.loop.add_callback(inside.cluster.scheduler.close)

    with pytest.raises(
        ConnectionError, match=r"lost it; finished units are kept: .* again to go on"
    ):
        calibrated(run, inside, lose_it)
    assert undone(run)
    assert calibrated(run, workers) == {}
    assert kept.items() <= rows_of(run).items()
    expect_the_draws_of_an_undisturbed_run(run)


def test_workers_that_are_gone_for_good_are_told():
    told, gone = [], SimpleNamespace(status="running", nthreads=dict, cluster=None)
    watch = Watch(gone, told.append)
    watch.patience = 60.0
    watch._looked -= 6.0
    watch.look()
    watch._looked -= 6.0
    watch.look()
    assert told == ["no worker at present; waiting"]
    watch._looked, watch._seen = watch._looked - 6.0, watch._seen - 61.0
    with pytest.raises(ConnectionError, match=r"lost all of them; .* call again to go on"):
        watch.look()


def test_a_full_disk_is_told_in_words_and_what_was_done_is_kept(run, inside, monkeypatch):
    real = shards.zarr.open_array

    def full(path, **how):
        if len(rows_of(run)) >= 20:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(path, **how)

    with monkeypatch.context() as patch:
        patch.setattr(shards.zarr, "open_array", full)
        failed = calibrated(run, inside)
        kept = rows_of(run)
        with pytest.raises(
            WriteError, match=r"No space left on device; make room.* again to go on"
        ):
            expect_all(run, failed)
    assert len(kept) >= 20
    assert status(run.store).failed
    assert calibrated(run, inside) == {}
    assert kept.items() <= rows_of(run).items()
    expect_the_draws_of_an_undisturbed_run(run)


@pytest.mark.parametrize("other", [{"client": "local"}, {}])
def test_a_second_client_of_a_store_is_refused_in_words(region, tmp_path, other):
    (tmp_path / "state").mkdir()
    with (
        locked(tmp_path / "state", inside=True),
        pytest.raises(WriteError, match=r"wanted to write '.*state' alone, got another process"),
    ):
        pmd.calibrate_region(build, region, store=tmp_path, **(SHORT | other))


def test_a_part_at_work_keeps_clients_and_itself_away(region, tmp_path):
    parts = tmp_path / "state" / "parts"
    parts.mkdir(parents=True)
    with (
        locked(parts / "2-of-3"),
        pytest.raises(WriteError, match=r"wanted to write '.*2-of-3' alone"),
    ):
        pmd.calibrate_region(build, region, store=tmp_path, **SHORT)


def test_a_worker_with_another_version_is_refused(run, inside):
    other = replace(run, versions={**run.versions, "pm_dalec": "0.0.9"})
    with pytest.raises(ValueError, match=r"got pm_dalec .* instead of 0\.0\.9 on inproc"):
        calibrated(other, inside)
    with pytest.raises(ValueError, match="install the same versions there"):
        work.sample_block(other, 0, run.places(0))
    assert len(undone(run)) == run.shards.blocks.count

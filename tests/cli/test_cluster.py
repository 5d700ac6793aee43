"""The parts of a job array run one after another are the scheduler's simulation; status and plan print."""

import pytest

from pm_dalec.cli.bench.case import region
from pm_dalec.cli.cluster import land, report
from pm_dalec.cli.cluster.runs import RUNS
from pm_dalec.cli.cluster.scale import measure_scale, stub_run
from pm_dalec.cli.console import NOT_CONVERGED
from pm_dalec.cli.main import main
from pm_dalec.models import baseline
from pm_dalec.sampling import calibration
from pm_dalec.sampling.cluster import store_hash
from pm_dalec.sampling.cluster.tasks import write_json
from pm_dalec.sampling.cluster.work import note_fault, sample_block
from pm_dalec.sampling.target import compile_target

# Runs are short on purpose.
pytestmark = pytest.mark.filterwarnings(r"ignore:wanted \d+ draws of every chain")

TINY = ["--chains", "8", "--draws", "40", "--proposals", "600"]


@pytest.fixture(scope="module")
def two_pixels():
    """Two invented pixels, their model, and its target."""
    units = region(2, 24)
    model = baseline.build(units)
    return units, model, compile_target(model)


@pytest.fixture
def region_file(two_pixels, monkeypatch, tmp_path):
    """A file, in place of which the pixels are opened."""
    units, model, target = two_pixels
    monkeypatch.setattr(calibration, "compile_target", lambda model: target)
    monkeypatch.setitem(land.BUILD, "baseline", lambda land: model)
    monkeypatch.setattr(land, "open_region", lambda path: units)
    return tmp_path / "region.nc"


def calibrated(file, store, *more):
    command = ["calibrate-region", str(file), "--model", "baseline", "--store", str(store)]
    return main([*command, "--threads", "1", *TINY, *more])


def test_a_job_array_that_is_submitted_twice_gives_the_store_of_threads(
    region_file, tmp_path, capsys
):
    assert calibrated(region_file, tmp_path / "threads") == NOT_CONVERGED
    for _ in range(2):
        first = [calibrated(region_file, tmp_path / "array", "--part", f"{n}/3") for n in (2, 3, 1)]
    assert first == [NOT_CONVERGED] * 3  # of the second time: all is there
    assert "1 blocks of other parts are not" in " ".join(capsys.readouterr().out.split())
    assert store_hash(tmp_path / "array") == store_hash(tmp_path / "threads")
    assert main(["status", str(tmp_path / "array")]) == 0
    told = capsys.readouterr().out
    assert "2 of 2 units done: 2 budget" in told
    assert store_hash(tmp_path / "threads") in told


def test_a_part_that_is_none_is_refused_by_its_flag(region_file, tmp_path, capsys):
    assert calibrated(region_file, tmp_path / "store", "--part", "4/3") == 2
    assert "wanted part as i/n" in capsys.readouterr().err
    assert calibrated(region_file, tmp_path / "store", "--part", "1/3", "--dask", "local") == 2
    assert "wanted --part or --dask, got both" in capsys.readouterr().err


def test_a_plan_prints_its_strata_and_its_workers(region_file, capsys):
    command = ["plan", str(region_file), "--model", "baseline", "--pilot", "2", *TINY]
    assert main(command) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "2 units:" in told
    assert "core-hours" in told
    assert "workers of one core end in" in told


def test_what_a_cluster_was_measured_to_do_becomes_a_page(tmp_path, monkeypatch, capsys):
    row = {
        "resolution": 1.0,
        "wall_seconds": 10.0,
        "core_seconds": 20.0,
        "units": 4,
        "unit_seconds": 8.0,
        "hash": "ab" * 32,
    }
    runs = {
        "baseline, threads": row,
        "baseline, two workers": row | {"core_seconds": 22.0},
        "baseline, two workers, three kills": row | {"killed_after_seconds": [1.0, 2.0, 3.0]},
        "baseline, plan": {"unit_seconds": 9.0, "error_seconds": 1.0, "core_seconds": 3.0},
    }
    write_json(tmp_path / RUNS, runs)
    monkeypatch.setattr(report, "measure_runs", lambda folder, progress: runs)
    page = tmp_path / "page.md"
    assert main(["bench", "--cluster", str(tmp_path), "--page", str(page)]) == 0
    told = page.read_text()
    assert "hashes of each approach are identical" in told
    assert "| 500 " in told  # core ms a unit more than threads
    assert "| 1, 2, 3 " in told
    assert "| 9 ± 1 " in told
    assert "| +12% " in told
    capsys.readouterr()
    assert main(["bench", "--scale", "10", "--page", str(page)]) == 2
    assert "wanted --cluster with --page" in capsys.readouterr().err


def test_status_prints_what_failed_and_why(tmp_path, capsys):
    run = stub_run(tmp_path, 130)
    sample_block(run, 0, run.places(0))
    note_fault(run, 7, "its worker died 4 times [out of memory]")
    assert main(["status", str(tmp_path)]) == 0
    told = capsys.readouterr().out
    assert "2 of 130 units done: 2 budget" in told
    assert "block 7 failed: its worker died 4 times [out of memory]" in told
    assert main(["status", str(tmp_path / "nothing")]) == 2
    assert "wanted a store of a region" in capsys.readouterr().err


@pytest.mark.slow
def test_ten_thousand_units_are_listed_in_two_seconds_and_memory_stays_flat():
    found = measure_scale(10_000, workers=2, progress=lambda words: None)
    assert found["units"] == 10_000
    assert found["opened"]
    assert found["listing_seconds"] < 2
    assert found["opening_seconds"] < 2
    first, *_, last = found["worker_memory_bytes"]
    assert last < 1.05 * first

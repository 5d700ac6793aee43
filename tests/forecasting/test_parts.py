"""A forecast that was killed goes on to the same bytes; that of something else is refused."""

import hashlib
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import xarray as xr

import pm_dalec as pmd
from pm_dalec.forecasting import load_forecast, pixels
from pm_dalec.forecasting.parts import DONE, PARTS
from pm_dalec.posterior import compiled
from pm_dalec.posterior.fit_file import load

SETTINGS = {"names": ["live", "gpp"], "management": ["none", "mean"], "threads": 1}


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_finished_forecast_is_read_and_its_parts_are_gone(region_fit, tmp_path):
    made = pmd.forecast(region_fit, ["control"], store=tmp_path, **SETTINGS)
    before = digest(tmp_path / DONE)
    assert not (tmp_path / PARTS).exists()
    again = pmd.forecast(region_fit, ["control"], store=tmp_path, **SETTINGS)
    xr.testing.assert_identical(again["domain"].to_dataset(), made["domain"].to_dataset())
    assert digest(tmp_path / DONE) == before
    assert load_forecast(tmp_path / DONE).attrs["draws"] == 16


def test_one_that_stopped_in_the_middle_goes_on_to_the_same_bytes(
    region_fit, tmp_path, monkeypatch
):
    pmd.forecast(region_fit, ["control", "ssp245"], store=tmp_path / "whole", **SETTINGS)
    run, count = pixels.continued, []

    def stopping(*given):
        count.append(1)
        if len(count) == 4:
            raise KeyboardInterrupt
        return run(*given)

    monkeypatch.setattr(pixels, "continued", stopping)
    with pytest.raises(KeyboardInterrupt):
        pmd.forecast(region_fit, ["control", "ssp245"], store=tmp_path / "part", **SETTINGS)
    kept = sorted(path.name for path in (tmp_path / "part" / PARTS).glob("*.npz"))
    assert kept == ["0-0-0.npz", "0-0-1.npz", "0-1-0.npz"]
    pmd.forecast(region_fit, ["control", "ssp245"], store=tmp_path / "part", **SETTINGS)
    assert len(count) == 4 + 5, "what was made is not made again"
    assert digest(tmp_path / "part" / DONE) == digest(tmp_path / "whole" / DONE)


def test_a_killed_process_leaves_parts_that_another_goes_on_with(region_fit, tmp_path, monkeypatch):
    monkeypatch.setattr(pixels, "AT_ONCE", compiled.AT_ONCE)  # as in the other process
    pmd.save(region_fit, tmp_path / "fit.nc")
    code = (
        "import sys, pm_dalec as pmd; from pathlib import Path; from pm_dalec.posterior import load\n"
        "where = Path(sys.argv[1])\n"
        "pmd.forecast(load(where / 'fit.nc'), ['control', 'ssp245'],"
        " names=['live'], threads=1, store=where / 'killed')"
    )

    def here(name):
        given = {"names": ["live"], "threads": 1, "store": tmp_path / name}
        pmd.forecast(load(tmp_path / "fit.nc"), ["control", "ssp245"], **given)

    started = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)])
    parts = tmp_path / "killed" / PARTS
    for _ in range(6000):
        if len(list(parts.glob("*.npz"))) >= 2 or started.poll() is not None:
            break
        time.sleep(0.01)
    os.kill(started.pid, signal.SIGKILL)
    started.wait()
    assert not (tmp_path / "killed" / DONE).exists(), "killed in the middle"
    here("killed")
    here("whole")
    assert digest(tmp_path / "killed" / DONE) == digest(tmp_path / "whole" / DONE)


@pytest.mark.parametrize("stage", ["finished", "in parts"])
def test_a_store_of_another_forecast_is_refused(stage, region_fit, tmp_path, monkeypatch):
    from pm_dalec.forecasting import projection

    if stage == "in parts":
        monkeypatch.setattr(projection, "finish", lambda tree, store: None)
    pmd.forecast(region_fit, ["control"], store=tmp_path, **SETTINGS)
    with pytest.raises(ValueError, match=r"scenario names: here .*ssp245.*, there .*control"):
        pmd.forecast(region_fit, ["ssp245"], store=tmp_path, **SETTINGS)
    other = region_fit.copy(deep=True)
    other["posterior/initial_wood"].values[0, 0] += 1.0
    with pytest.raises(ValueError, match="draws: here"):
        pmd.forecast(other, ["control"], store=tmp_path, **SETTINGS)


def test_a_part_that_is_damaged_is_named(region_fit, tmp_path, monkeypatch):
    from pm_dalec.forecasting import projection

    monkeypatch.setattr(projection, "finish", lambda tree, store: None)
    pmd.forecast(region_fit, ["control"], store=tmp_path, **SETTINGS)
    part = tmp_path / PARTS / "0-0-1.npz"
    part.write_bytes(part.read_bytes()[:100])
    with pytest.raises(ValueError, match=r"0-0-1.npz.*remove it"):
        pmd.forecast(region_fit, ["control"], store=tmp_path, **SETTINGS)


def test_results_do_not_depend_on_threads(region_fit):
    one, four = (
        pmd.forecast(region_fit, ["ssp245"], names=["live"], threads=n)["domain/live"]
        for n in (1, 4)
    )
    np.testing.assert_array_equal(one, four)

"""Runs that stop and go on: the states of another run are refused, and what goes on is the same."""

import signal
import subprocess
import sys
import time
from unittest import mock

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from pm_dalec.models import baseline
from pm_dalec.posterior import fit_file
from pm_dalec.sampling import calibration, unit
from pm_dalec.sampling.calibration import calibrate

from .conftest import SHORT, draws_of

pytestmark = [
    pytest.mark.usefixtures("short_rounds"),
    pytest.mark.filterwarnings(r"ignore:wanted \d+ draws of every chain"),
]


def test_a_resumed_run_equals_an_undisturbed_one(fit, model, tmp_path):
    calibrate(model, only=[2], checkpoint=tmp_path, **SHORT)
    resumed = calibrate(model, checkpoint=tmp_path, resume=True, **SHORT)
    assert_array_equal(draws_of(resumed), draws_of(fit))


def test_a_store_of_another_run_is_refused(model, tmp_path):
    calibrate(model, only=[0], checkpoint=tmp_path, **SHORT)
    with pytest.raises(ValueError, match=r"wanted an empty folder .* pass resume=True"):
        calibrate(model, checkpoint=tmp_path, **SHORT)
    with pytest.raises(ValueError, match=r"got those of another .*: seed: here 1, there 0;"):
        calibrate(model, checkpoint=tmp_path, resume=True, random_seed=1, **SHORT)


@pytest.mark.parametrize("text", ["{}", "not JSON", '{"chains": 8, "parameters": []}'])
def test_states_that_do_not_say_what_they_are_of_are_refused(model, tmp_path, text):
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(ValueError, match="wanted the states of this model, got"):
        calibrate(model, checkpoint=tmp_path, resume=True, **SHORT)


def test_states_of_another_site_are_refused_before_anything_is_compiled(site, units, tmp_path):
    other = baseline.build(units.isel(pixel=[1]))
    calibrate(site, checkpoint=tmp_path, **SHORT)
    with (
        mock.patch.object(calibration, "compile_target", side_effect=AssertionError),
        pytest.raises(ValueError, match=r"wanted the states of this model, .* data .*: here"),
    ):
        calibrate(other, checkpoint=tmp_path, resume=True, **SHORT)


def test_a_run_that_used_up_its_budget_goes_on_with_a_larger_one(model, tmp_path):
    short = {**SHORT, "draws": 20}
    longer = {**short, "proposals": 4000}
    calibrate(model, only=[0], checkpoint=tmp_path, **short)
    resumed = calibrate(model, only=[0], checkpoint=tmp_path, resume=True, **longer)
    whole = calibrate(model, only=[0], **longer)
    assert_array_equal(draws_of(resumed), draws_of(whole))
    assert resumed["sample_stats"]["proposals"][0] >= 4000


def test_a_converged_unit_goes_on_when_more_is_asked(model, tmp_path):
    easy = {**SHORT, "rhat": 9.0, "ess": 1.0, "proposals": 9000}
    first = calibrate(model, only=[0], checkpoint=tmp_path, **easy)
    assert str(first["sample_stats"]["status"].values[0]) == "converged"
    strict = {**easy, "rhat": 1.0001, "proposals": 20_000}
    more = calibrate(model, only=[0], checkpoint=tmp_path, resume=True, **strict)
    assert more["sample_stats"]["proposals"][0] > first["sample_stats"]["proposals"][0]
    assert str(more["sample_stats"]["status"].values[0]) == "budget"


def test_a_damaged_state_is_refused_by_its_name(model, tmp_path):
    calibrate(model, only=[0], checkpoint=tmp_path, **SHORT)
    (tmp_path / "unit-0.npz").write_bytes(b"PK")
    with pytest.raises(ValueError, match=r"unit-0\.npz', got a file that cannot be read"):
        calibrate(model, only=[0], checkpoint=tmp_path, resume=True, **SHORT)


def test_an_interrupt_gives_the_draws_until_then_and_the_run_goes_on(model, tmp_path, monkeypatch):
    endless = {**SHORT, "proposals": 10**9, "rhat": 1.0001}
    whole, interrupted = unit.Unit.advance, []

    def advance(self):
        whole(self)
        if self.state.proposed > 2000 and not interrupted:
            interrupted.append(True)
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(unit.Unit, "advance", advance)
    with pytest.warns(
        UserWarning, match="interrupted: the fit holds the draws until then; go on with"
    ):
        fit = calibrate(model, only=[0], checkpoint=tmp_path, **endless)
    assert fit.attrs["interrupted"] == 1
    made = int(fit["sample_stats"]["proposals"][0])
    assert 0 < made < 10**9
    resumed = calibrate(
        model, only=[0], checkpoint=tmp_path, resume=True, **{**endless, "proposals": made + 600}
    )
    assert int(resumed["sample_stats"]["proposals"][0]) >= made + 600
    assert resumed.attrs["interrupted"] == 0


KILLED = """
import sys
from pm_dalec.cli.bench.case import region
from pm_dalec.sampling.calibration import calibrate
from pm_dalec.graph import Choices
from pm_dalec.models import baseline
from pm_dalec.posterior import fit_file
from pm_dalec.sampling import calibration, state, unit
from pm_dalec.testing.tiny import tiny_site

calibration.SAVE_EVERY = 0.0
unit.FIRST_ROUND = state.FIRST_ROUND = 2
land, asked = region(40, 24), {"proposals": 8000}
if sys.argv[3] == "site":
    land, asked = tiny_site(), {"rhat": 1.2, "ess": 20, "scouts": 512}
model = baseline.build(land)
print("ready", flush=True)
fit = calibrate(model, chains=8, draws=40, progress=False, checkpoint=sys.argv[1], resume=True, **asked)
fit_file.save(fit, sys.argv[2])
"""


@pytest.mark.slow
@pytest.mark.parametrize("land", ["region", "site"])
def test_a_run_killed_ten_times_equals_an_undisturbed_one(land, tmp_path):
    """Of a site nearly all of it is the second look."""
    script = tmp_path / "run.py"
    script.write_text(KILLED)
    random = np.random.default_rng()

    def start(name):
        arguments = [sys.executable, script, tmp_path / name, tmp_path / f"{name}.nc", land]
        process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)
        assert process.stdout.readline() == "ready\n"
        return process

    undisturbed = start("whole")
    undisturbed.communicate()
    assert undisturbed.returncode == 0
    killed = 0
    while not (tmp_path / "broken.nc").exists():
        process = start("broken")
        if killed < 10:
            time.sleep(random.uniform(0.5, 5.0))
            process.send_signal(signal.SIGKILL)
            killed += 1
        process.communicate()
    whole, broken = (fit_file.load(tmp_path / f"{name}.nc") for name in ("whole", "broken"))
    assert killed == 10
    assert_array_equal(draws_of(broken), draws_of(whole))
    for name in {"proposals", "search_proposals", "looked"} & set(whole["sample_stats"]):
        assert_array_equal(broken["sample_stats"][name], whole["sample_stats"][name])


def test_a_run_of_a_fresh_seed_goes_on_with_the_seed_of_its_folder(model, tmp_path):
    settings = SHORT | {"random_seed": None}
    first = calibrate(model, only=[0], checkpoint=tmp_path, **settings)
    resumed = calibrate(model, only=[0], checkpoint=tmp_path, resume=True, **settings)
    assert resumed.attrs["seed"] == first.attrs["seed"]
    assert_array_equal(draws_of(resumed), draws_of(first))


def test_a_fresh_seed_is_fresh_where_nothing_is_resumed(model):
    settings = SHORT | {"random_seed": None, "only": [0]}
    seeds = {calibrate(model, **settings).attrs["seed"] for _ in range(2)}
    assert len(seeds) == 2

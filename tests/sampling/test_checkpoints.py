"""A folder of states belongs to one run at a time, and what is wrong with it is said at once."""

import errno
import os
from unittest import mock

import pytest

from pm_dalec.models import baseline
from pm_dalec.sampling import calibration, checkpoints
from pm_dalec.sampling.calibration import calibrate
from pm_dalec.sampling.identity import identity_of
from pm_dalec.testing.tiny import tiny_site

# Runs are short on purpose.
pytestmark = pytest.mark.filterwarnings(r"ignore:wanted \d+ draws of every chain")

SHORT = {"chains": 4, "draws": 10, "proposals": 200, "progress": False}


@pytest.fixture(scope="module")
def model():
    return baseline.build(tiny_site())


def test_a_second_run_into_a_folder_is_refused_before_anything_is_compiled(model, tmp_path):
    folder = tmp_path / "states"
    with (
        mock.patch.object(calibration, "compile_target", side_effect=AssertionError),
        checkpoints.open_store(folder, False, identity_of(model)),
        pytest.raises(OSError, match=r"wanted to write '.*states' alone, got another process"),
    ):
        calibrate(model, checkpoint=folder, resume=True, **SHORT)
    assert [path.name for path in folder.iterdir()] == ["manifest.json"]


def test_a_checkpoint_that_is_a_file_is_refused_before_anything_is_compiled(model, tmp_path):
    (tmp_path / "out").write_text("mine")
    with (
        mock.patch.object(calibration, "compile_target", side_effect=AssertionError),
        pytest.raises(OSError, match=r"wanted a folder at '.*out', got a file"),
    ):
        calibrate(model, checkpoint=tmp_path / "out", **SHORT)
    assert (tmp_path / "out").read_text() == "mine"


def test_a_disk_that_fills_up_in_a_run_ends_in_a_sentence_with_the_file(model, tmp_path):
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    with (
        mock.patch.object(checkpoints.np, "savez", side_effect=full),
        pytest.raises(OSError, match=r"wanted to write '.*unit-\d+.npz', got: No space left"),
    ):
        calibrate(model, checkpoint=tmp_path, **SHORT)
    assert [path.name for path in tmp_path.iterdir()] == ["manifest.json"]


def test_a_run_goes_on_from_a_folder_alone(model):
    with (
        pytest.raises(ValueError, match="wanted a folder to resume from"),
        checkpoints.open_store(None, True, identity_of(model)),
    ):
        pass

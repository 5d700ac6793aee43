"""Targets with known answers: what agrees is said to agree, and what does not is not."""

import json

import numpy as np
import pymc as pm
import pytest
import xarray as xr

from pm_dalec.testing.samplers.foreign import MODELS, foreign_targets
from pm_dalec.testing.samplers.known import KNOWN
from pm_dalec.testing.samplers.verdicts import (
    MEAN_LIMIT,
    QUANTILE_LIMIT,
    Reference,
    Target,
    compared,
    judge_targets,
)

NORMAL = Reference(0.0, 1.0, -1.6448536, 1.6448536)


def drawn(shift=0.0, width=1.0):
    rng = np.random.default_rng(0)
    return xr.Dataset(
        {"x": (("chain", "draw", "part"), shift + width * rng.normal(size=(4, 9000, 2)))}
    )


def test_draws_of_a_density_agree_with_it():
    mean, quantile = compared(drawn(), Target(None, {"x[1]": NORMAL, "x[2]": NORMAL}, first=1))
    assert mean < MEAN_LIMIT
    assert quantile < QUANTILE_LIMIT


@pytest.mark.parametrize(("shift", "width"), [(0.08, 1.0), (0.0, 1.1), (0.0, 0.9)])
def test_draws_that_are_shifted_or_of_another_width_differ(shift, width):
    mean, quantile = compared(drawn(shift, width), Target(None, {"x[0]": NORMAL}))
    assert mean > MEAN_LIMIT or quantile > QUANTILE_LIMIT


def test_a_target_is_sampled_and_judged():
    def build():
        with pm.Model() as model:
            pm.Normal("x")
        return model

    targets = {
        "right": Target(build, {"x": NORMAL}),
        "wrong": Target(build, {"x": NORMAL._replace(mean=1.0)}),
    }
    table = judge_targets(targets, threads=1, draws=500, ess=3000)
    assert list(table["verdict"]) == ["agrees", "differs, unnoticed"]
    assert (table["ess"] > 3000).all()  # more than a look at 500 draws of a chain could see


def test_known_targets_are_as_wide_as_their_formulas_say():
    half = KNOWN["Gaussian of 23, cut by a half-space"]().references
    total = sum(known.mean for known in half.values())
    spread = np.sqrt((0.75 ** np.abs(np.subtract.outer(range(23), range(23)))).sum())
    assert abs(total - spread * np.sqrt(2 / np.pi)) < 0.02 * spread  # of a half-normal
    two = KNOWN["two modes 12 sd apart"]().references["x0"]
    assert abs(two.mean - 0.4 * 6) < 0.03
    assert abs(two.sd - np.sqrt(1 + 36 * (1 - 0.4**2))) < 0.03


@pytest.fixture
def folder(tmp_path):
    told = {"mean": 0.0, "sd": 1.0, "q05": -1.6, "q95": 1.6}
    text = json.dumps({"data": {"size": 3}, "reference": {"x": told}})
    (tmp_path / "mine.json").write_text(text)
    return tmp_path


def test_a_target_of_ones_own_is_a_file_and_a_function(folder):
    target = foreign_targets(folder, MODELS | {"mine": lambda data: data["size"]})["mine"]
    assert target.build() == 3
    assert target.references["x"] == Reference(0.0, 1.0, -1.6, 1.6)


def test_a_file_without_a_model_and_a_folder_without_files_are_refused(folder, tmp_path):
    with pytest.raises(ValueError, match=r"none for mine in .*models=MODELS"):
        foreign_targets(folder)
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(ValueError, match=r"wanted files NAME\.json"):
        foreign_targets(empty)


@pytest.mark.slow
def test_the_sampler_agrees_with_the_reference_draws_of_posteriordb(shared_data):
    if not (shared_data / "posteriordb").is_dir():
        pytest.skip("no posteriordb")
    table = judge_targets(foreign_targets(shared_data / "posteriordb"), threads=1)
    assert (table["verdict"] == "agrees").all(), table.to_string()

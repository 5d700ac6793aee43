"""What the command line names for a site is what the model gets, and its status says how it ended."""

import errno
import os
import sys
from importlib import import_module
from inspect import signature
from pathlib import Path
from typing import get_args
from unittest import mock

import numpy as np
import pytest
import xarray as xr

from pm_dalec.cli import site
from pm_dalec.cli.bench.command import bench
from pm_dalec.cli.main import main
from pm_dalec.cli.site_options import ModelOptions, model_chosen
from pm_dalec.constraints.forms import Soft
from pm_dalec.constraints.sets import EDCS
from pm_dalec.data import storage
from pm_dalec.graph.choices import PAPER, Choices
from pm_dalec.lanes.backends import BACKENDS
from pm_dalec.models import baseline
from pm_dalec.sampling.target import compile_target
from pm_dalec.tables.parameters import PARAMETERS, PRIOR_SETS
from pm_dalec.testing.tiny import tiny_site

pytestmark = pytest.mark.usefixtures(
    "built_once"
)  # what is looked at comes before or behind a model

PLAIN = {
    "priors": "edinburgh2021",
    "constraints": "edinburgh2021",
    "soft": None,
    "streams": None,
    "solver": "converged",
}


def chosen(**changes):
    return model_chosen(ModelOptions(**(PLAIN | changes)))[1]


def offered(name):
    return set(get_args(signature(ModelOptions).parameters[name].annotation))


def test_the_choices_of_the_paper_are_the_default():
    defaults = {name: signature(ModelOptions).parameters[name].default for name in PLAIN}
    assert defaults == PLAIN
    assert chosen() == PAPER


def test_all_sets_of_priors_and_of_constraints_are_offered():
    assert offered("priors") == set(PRIOR_SETS)
    assert offered("constraints") == {name or "none" for name in EDCS}


@pytest.mark.parametrize("name", PRIOR_SETS)
def test_priors_are_chosen_by_name(name):
    assert chosen(priors=name).parameters is PRIOR_SETS[name]


def test_constraints_are_a_set_none_or_soft():
    assert chosen(constraints="none").constraints is None
    assert chosen(constraints="edinburgh2024").constraints == "edinburgh2024"
    assert chosen(soft=0.1) == Choices(constraints=Soft("edinburgh2021", 0.1))


def test_no_constraints_cannot_be_soft():
    with pytest.raises(ValueError, match="leave out --soft"):
        chosen(constraints="none", soft=0.1)


def test_a_model_with_soft_constraints_is_compiled_for_the_default_sampler():
    model = baseline.build(tiny_site(), chosen(soft=0.1))
    assert len(compile_target(model).rows) == 23


def finished(status, width):
    """A fit whose chains agree to a width of their spread, as if it had been sampled."""
    rng = np.random.default_rng(0)
    draws, chains = rng.normal(size=(23, 4, 500)), rng.normal(size=(23, 4, 1))
    shape = ("chain", "draw")
    posterior = {
        name: (shape, parameter.bounds[0] + 1e-3 * (10 + one + width * other))
        for (name, parameter), one, other in zip(PARAMETERS.items(), draws, chains, strict=True)
    }
    statistics = {"status": status, "search_proposals": 900}
    parts = {"posterior": posterior, "sample_stats": statistics, "observed_data": {}}
    fit = xr.DataTree.from_dict({f"/{name}": xr.Dataset(part) for name, part in parts.items()})
    fit.attrs |= {"sampler": "lanes", "solver": "converged", "interrupted": 0}
    return fit


@pytest.fixture
def sampled(monkeypatch, tmp_path):
    """Command whose sampler gives a fit in hand, and whose figures are empty."""
    monkeypatch.chdir(tmp_path)
    for name in ("save_figure", "fit_figure", "parameter_figure"):
        monkeypatch.setattr(site, name, mock.Mock())

    def run(status, width, *command):
        monkeypatch.setattr(site, "calibrate_lanes", lambda *_, **__: finished(status, width))
        return main([*(command or ("calibrate", "synthetic")), "--out", "out"])

    return run


@pytest.mark.parametrize("command", [("calibrate", "synthetic"), ("demo",)])
@pytest.mark.parametrize(
    ("width", "status", "words"), [(0.0, 0, "converged: worst"), (3.0, 3, "not converged: worst")]
)
def test_the_status_says_whether_a_calibration_has_converged(
    sampled, capsys, command, width, status, words
):
    assert sampled("budget", width, *command) == status
    assert words in capsys.readouterr().out


@pytest.mark.parametrize("status", ["no start", "searching"])
def test_a_calibration_without_draws_is_no_result(sampled, status, capsys):
    assert sampled(status, 0.0) == 2
    assert capsys.readouterr().err.count("\n") == 1


COMMANDS = {
    "demo": ["demo"],
    "calibrate": ["calibrate", "synthetic"],
    "landscape": ["landscape"],
    "region": ["region", "any.toml"],
    "paper": ["paper", "--quick"],
}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("place", ["a file", "below a file", "read-only"])
def test_an_out_that_cannot_be_written_is_said_before_anything_is_computed(
    command, place, tmp_path, monkeypatch, capsys
):
    def computed(*_, **__):
        raise AssertionError("computed before it was clear where to")

    for name in (
        "site:calibrate_lanes",
        "region:make_twin",
        "region:build_from_config",
        "studies:repeat",
    ):
        module, _, function = name.partition(":")
        monkeypatch.setattr(import_module(f"pm_dalec.cli.{module}"), function, computed)
    if place == "read-only":
        monkeypatch.setattr(storage.tempfile, "TemporaryFile", denied)
    else:
        (tmp_path / "file").write_text("mine")
    out = {"a file": "file", "below a file": "file/out", "read-only": "out"}[place]
    end = "/region.nc" if command in ("landscape", "region") else ""
    assert main([*COMMANDS[command], "--out", f"{tmp_path / out}{end}"]) == 2
    told = capsys.readouterr().err
    assert told.startswith(f"pm-dalec {command}: wanted ")
    assert str(tmp_path / out) in told
    assert told.count("\n") == 1


def denied(**_):
    raise OSError(errno.EROFS, os.strerror(errno.EROFS))


def test_every_back_end_is_called_llvm_on_the_command_line():
    found = signature(bench).parameters["backend"]
    assert found.default == "llvm"
    assert set(get_args(found.annotation)) == set(BACKENDS) - {"auto"}


def test_a_parameter_piled_at_its_bound_is_said(sampled, capsys):
    assert sampled("budget", 0.0) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "initial_som (lower)" in told.partition("at its bound: ")[2]


@pytest.mark.parametrize("draws", [0, 500])
def test_an_interrupted_calibration_says_where_its_draws_are(sampled, draws, capsys, monkeypatch):
    fit = finished("budget", 0.0)
    fit["posterior"] = fit["posterior"].to_dataset().isel(draw=slice(draws))
    fit.attrs["interrupted"] = 1
    monkeypatch.setattr(sys.modules[__name__], "finished", lambda *_: fit)
    assert sampled("budget", 0.0) == 130
    told = capsys.readouterr().err
    assert ("the draws until then are in out/fit.nc" in told) == bool(draws)
    assert "--resume" in told
    assert Path("out/fit.nc").is_file() == bool(draws)

"""What README.md says can be done is done here, with less of it."""

import re
import shlex
from pathlib import Path

import numpy as np
import pytest

from pm_dalec.cli.console import NOT_CONVERGED
from pm_dalec.cli.main import command_line, main
from pm_dalec.data.synthetic_sites import synthetic_site
from pm_dalec.tables.variables import DRIVERS

# Runs are short on purpose.
pytestmark = pytest.mark.filterwarnings(r"ignore:wanted \d+ draws of every chain")

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
LONGEST = 150  # lines
SMALLER = {
    "chains=16": "chains=8, draws=20",
    "seconds=60": "proposals=2_000",
    "proposals=60_000": "proposals=1_000, draws=50",
}
"""What README asks for, and what the tests make of it."""
NOT_OURS = ("git clone ", "python3 -m venv ", "source ", "pip install ")
LANDSCAPE = "## A landscape"


def blocks(language, text=README):
    """Code of the fences of a language, in their order."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def namespace_of(code):
    """What blocks of Python leave behind, run in their order with less of everything."""
    known = {}
    for block in code:
        for told, made in SMALLER.items():
            block = block.replace(told, made)
        exec(compile(block, "README.md", "exec"), known)  # noqa: S102  (it is our own page)
    return known


def commands():
    """Arguments of every line that calls the command line."""
    lines = [line for block in blocks("bash") for line in block.splitlines()]
    return [shlex.split(line, comments=True)[1:] for line in lines if line.startswith("pm-dalec ")]


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """Folder of a newcomer, who has a site file and a table without wind, harvest and fire."""
    monkeypatch.chdir(tmp_path)
    site = synthetic_site(0)
    bounds = site["time_bnds"]
    middle = bounds.isel(bnds=0) + (bounds.isel(bnds=1) - bounds.isel(bnds=0)) / 2
    absent = ["wind", "forest_loss_fraction", "burned_fraction"]
    truth = [name for name in site.data_vars if str(name).startswith("truth_")]
    file = site.drop_vars([*absent, *truth]).assign_coords(time=middle.values)
    file.to_netcdf("my_site.nc", engine="h5netcdf")
    table = site[
        ["tmin", "tmax", "sw_rad", "vpd", "lai", "lai_unc", "cwood", "cwood_unc"]
    ].to_dataframe()
    table = table.drop(columns=["lat", "lon", "site"], errors="ignore").reset_index()
    table["sw_rad"] /= 0.0864
    told = {"tmin": "tmin (degC)", "sw_rad": "sw_rad (W m-2)", "lai_unc": "lai_sd"}
    table.rename(columns=told).to_csv("my_table.csv", index=False)
    assert set(DRIVERS) - set(file) == set(absent)
    return tmp_path


def test_the_readme_is_short():
    assert len(README.splitlines()) <= LONGEST


def test_every_replacement_is_of_something_that_is_there():
    code = "".join(blocks("python"))
    assert all(told in code for told in SMALLER)


@pytest.mark.filterwarnings("ignore:wind is missing", "ignore:.* missing in (my_site.nc|the table)")
def test_what_is_said_of_a_site_runs(elsewhere):
    known = namespace_of(blocks("python", README.split(LANDSCAPE)[0]))
    assert {"fit.nc", "fit.png", "parameters.pdf", "parameters.png"} <= {
        path.name for path in elsewhere.iterdir()
    }
    assert known["other"]["posterior"]["leaf_lifespan"].max() <= 4.0
    assert set(known["fit"]["observed_data"]) >= {"lai", "cwood"}
    assert "cwood" not in known["other"]["observed_data"]
    assert not known["prior"]["observed_data"].data_vars
    assert np.isfinite(known["fluxes"]["nee"]).all()


@pytest.mark.slow
def test_what_is_said_of_a_landscape_runs(elsewhere, capsys):
    namespace_of(blocks("python", README.split(LANDSCAPE)[1]))
    told = re.findall(r"^(baseline|stratified) \[(.+)\]$", capsys.readouterr().out, re.MULTILINE)
    numbers = {name: [float(value) for value in values.split()] for name, values in told}
    assert set(numbers) == {"baseline", "stratified"}
    assert all(0 < low < middle < high for low, middle, high in numbers.values())


@pytest.mark.slow
def test_the_demo_runs(elsewhere):
    assert main(["demo", "--seconds", "5", "--out", "demo"]) in (0, NOT_CONVERGED)
    made = {path.name for path in (elsewhere / "demo").iterdir()}
    assert made == {"fit.nc", "fit.pdf", "fit.png", "parameters.pdf", "parameters.png"}


@pytest.mark.parametrize("arguments", commands(), ids=" ".join)
def test_a_command_is_one_of_the_command_line(arguments):
    command, bound, *_ = command_line().parse_args(
        arguments, exit_on_error=False, print_error=False
    )
    assert command.__module__.startswith("pm_dalec.cli.")
    assert command.__name__.replace("_", "-") == arguments[0]
    assert isinstance(bound.arguments, dict)


def test_every_command_is_shown():
    named = {name for name in command_line() if not name.startswith("-")}
    assert {arguments[0] for arguments in commands()} == named


def test_every_other_line_of_a_shell_is_known():
    lines = [line for block in blocks("bash") for line in block.splitlines()]
    assert all(line.startswith(("pm-dalec ", *NOT_OURS)) for line in lines)


def test_every_fence_is_run():
    assert set(re.findall(r"^```(\w+)$", README, re.MULTILINE)) == {"bash", "python"}

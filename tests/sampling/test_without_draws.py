"""A budget that ends with the tuning gives no draws, and every face says so and what to do."""

import pytest

from pm_dalec.cli import site as commands
from pm_dalec.cli.main import main
from pm_dalec.models import baseline
from pm_dalec.posterior.convergence import diagnose
from pm_dalec.posterior.groups.complete import with_groups
from pm_dalec.sampling.calibration import calibrate
from pm_dalec.sampling.region_store import calibrate_region
from pm_dalec.testing.tiny import tiny_site

from .conftest import SHORT

pytestmark = [
    pytest.mark.usefixtures("built_once", "short_rounds"),
    pytest.mark.filterwarnings("ignore:wanted .* draws of every chain"),
]
TUNING = 512  # proposals of a chain, of the short rounds
ENDED = "its budget ended with the tuning, 512 proposals of each chain; resume it with more"
BARE = {"draws": 8, "proposals": TUNING, "progress": False}


def test_calibrate_warns_and_diagnose_refuses(model):
    with pytest.warns(UserWarning, match=f"wanted 8 draws of every chain, got none; {ENDED}"):
        fit = calibrate(model, chains=4, **BARE, only=[0], groups=("log_prior",))
    with pytest.raises(ValueError, match=f"4 draws, got 4 of 0: {ENDED}"):
        diagnose(fit)
    with pytest.raises(ValueError, match="got a fit without draws; resume it"):
        with_groups(fit, ("log_prior",))


def test_a_region_says_it_and_goes_on(units, tmp_path):
    region, store = units.isel(pixel=[0, 1]), tmp_path / "store"
    asked = SHORT | {"proposals": TUNING}
    with pytest.raises(ValueError, match=f"got none: {ENDED} .*states in '.*state'"):
        calibrate_region(baseline.build, region, store=store, **asked)
    assert not (store / "fit.zarr").exists()
    fit = calibrate_region(baseline.build, region, store=store, **SHORT)
    assert fit["posterior"].sizes["draw"] == SHORT["draws"]


def test_the_command_line_says_it_in_flags(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(commands, "site_named", lambda *named: tiny_site())
    line = ["calibrate", "FI-Hyy", "--out", str(tmp_path), "--proposals", str(TUNING)]
    assert main(line) == 2
    told = capsys.readouterr().err
    assert "got none in 512 proposals of each chain, which were tuning; give more --seconds" in told

"""The command `pm-dalec towers`."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from pm_dalec.cli.main import main
from pm_dalec.testing.tiny import tiny_site

# Runs are short on purpose.
pytestmark = pytest.mark.filterwarnings(r"ignore:wanted \d+ draws of every chain")

FLUX = {"units": "g m-2 d-1"}


def write(folder, *, years=3):
    site = tiny_site(years=years)
    nee = xr.DataArray(np.cos(np.arange(site.sizes["time"])), dims="time", attrs=FLUX)
    sigma = xr.full_like(nee, 1.0).assign_attrs(FLUX)
    site.assign(nee=nee, nee_unc=sigma).to_netcdf(folder / "tower_X_monthly.nc", engine="h5netcdf")


@pytest.mark.slow
def test_a_folder_of_sites_becomes_a_table_and_fits_are_used_again(tmp_path, capsys):
    write(tmp_path)
    given = ["towers", str(tmp_path), "--out", str(tmp_path / "out"), "--proposals", "3000"]
    assert main(given) == 0
    table = pd.read_csv(tmp_path / "out" / "towers.csv")
    assert list(dict.fromkeys(table["run"])) == ["stocks", "stocks and fluxes"]
    assert list(dict.fromkeys(table["streams"])) == ["lai cwood", "lai cwood nee"]
    assert set(table["flux"]) == {"nee", "lai"}
    assert "What the fluxes change" in (tmp_path / "out" / "towers.md").read_text()
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "out" / "fits").iterdir()}
    assert len(kept) == 2
    assert main(given) == 0
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    assert pd.read_csv(tmp_path / "out" / "towers.csv").equals(table)


def test_a_folder_without_sites_is_refused(tmp_path, capsys):
    assert main(["towers", str(tmp_path), "--out", str(tmp_path / "out")]) == 2
    assert "wanted site files (*.nc), got none" in capsys.readouterr().err


def test_sites_that_no_file_is_named_after_are_told_with_those_that_are(tmp_path, capsys):
    (tmp_path / "fluxval_DE-Tha_monthly.nc").touch()
    assert (
        main(["towers", str(tmp_path), "--sites", "DE-Thar", "--out", str(tmp_path / "out")]) == 2
    )
    told = capsys.readouterr().err
    assert "got none" in told
    assert "there are fluxval_DE-Tha_monthly" in told

"""The command of forecasts writes a file, a table and figures, and goes on where it was."""

import pandas as pd
import pytest
import xarray as xr

import pm_dalec as pmd
from pm_dalec.cli.main import BAD_INPUT, main
from pm_dalec.forecasting import load_forecast, named_scenario
from pm_dalec.posterior.runs import units_to_run
from pm_dalec.testing.tiny import tiny_fit, tiny_region, tiny_site


@pytest.fixture(scope="module")
def fits(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fits")
    region = tiny_region(pixels=2, strata=["conifer", "arable"])
    fit = tiny_fit(region)
    area = xr.DataArray([1.0, 3.0], dims="pixel", attrs={"units": "m2"})
    fit["constant_data"] = xr.DataTree(fit["constant_data"].to_dataset().assign(area=area))
    pmd.save(fit, folder / "region.nc")
    pmd.save(tiny_fit(tiny_site()), folder / "site.nc")
    return folder


def test_a_region_goes_on_under_several_scenarios_and_managements(fits, tmp_path, capsys):
    arguments = ["forecast", str(fits / "region.nc"), "--out", str(tmp_path / "out")]
    arguments += ["--scenario", "ssp245", "control", "--management", "none"]
    arguments += ["rate,share=0.02,strata=conifer", "--draws", "2"]
    assert main(arguments) == 0
    told = capsys.readouterr().out
    assert "carbon closes to" in told
    assert "0 values of drivers clipped" in told
    table = pd.read_csv(tmp_path / "out" / "forecast.csv")
    assert set(table["scenario"]) == {"ssp245", "control"}
    assert set(table["management"]) == {"none", "rate,share=0.02,strata=conifer"}
    assert (table["5 %"] <= table["median"]).all()
    made = {path.name for path in (tmp_path / "out").iterdir()}
    assert {"forecast.nc", "living_carbon.png", "management.pdf"} <= made
    before = (tmp_path / "out" / "forecast.nc").stat().st_mtime_ns
    assert main(arguments) == 0
    assert (tmp_path / "out" / "forecast.nc").stat().st_mtime_ns == before


def test_a_site_takes_a_file_of_drivers(fits, tmp_path):
    fit = pmd.load(fits / "site.nc")
    observed = units_to_run(fit, units_to_run(fit, None))
    future = named_scenario("ssp126", observed, until=2020)
    future.to_netcdf(tmp_path / "mine.nc", engine="h5netcdf")
    arguments = ["forecast", str(fits / "site.nc"), "--scenario", str(tmp_path / "mine.nc")]
    arguments += ["--names", "live", "--every", "step", "--out", str(tmp_path / "out")]
    assert main(arguments) == 0
    tree = load_forecast(tmp_path / "out" / "forecast.nc")
    assert tree["domain/live"].sizes["time"] == 36 + 48
    assert tree["domain/scenario"].values.tolist() == ["mine"]


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--scenario", "rcp45"], "got 'rcp45' in --scenario"),
        (["--management", "burn"], "wanted a management out of none"),
        (["--names", "tmin"], "got the driver 'tmin'"),
        (["--every", "month"], "got --every 'month'; choose one"),
        (["--draws", "0"], "--draws 0"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(flags, words, fits, tmp_path, capsys):
    arguments = ["forecast", str(fits / "site.nc"), "--out", str(tmp_path), *flags]
    assert main(arguments) == BAD_INPUT
    assert words in capsys.readouterr().err

"""Every site of a data folder and every format can be opened from the command line."""

import numpy as np
import pytest

from pm_dalec.cli import site
from pm_dalec.cli.main import main
from pm_dalec.cli.site_options import SiteOptions, site_named
from pm_dalec.data.formats import (
    open_cardamom_csv,
    open_edinburgh_binary,
    write_cardamom_csv,
    write_edinburgh_binary,
)
from pm_dalec.testing.tiny import tiny_site

INCOMPLETE = pytest.mark.filterwarnings(
    "ignore:wind is missing", "ignore:burned_fraction missing", "ignore:UK-Syn has 2 monthly files"
)
FILES = ("gcel_UK-Syn_monthly.nc", "fluxval_UK-Syn_monthly.nc", "gcel_UK-Syn_daily.nc")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Data folder with a site from two sources in two resolutions, without uncertainties."""
    (tmp_path / "data" / "sites").mkdir(parents=True)
    for name in FILES:
        bare(tiny_site()).to_netcdf(tmp_path / "data" / "sites" / name, engine="h5netcdf")
    monkeypatch.setenv("PM_DALEC_DATA", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def bare(units):
    return units.drop_vars(["lai_unc", "cwood_unc", "wind", "burned_fraction"])


def opened(monkeypatch, *arguments):
    """Site that a command line opens; nothing is calibrated."""
    found = []

    def build(units, choices):
        found.append(units)
        raise ValueError("stop here")

    monkeypatch.setattr(site.baseline, "build", build)
    assert main(["calibrate", *arguments]) == 2
    return found[0] if found else None


COMPLETE = ("--fill-wind", "--no-disturbance", "--sigma", "lai=0.3", "cwood=20%")


@INCOMPLETE
@pytest.mark.parametrize(
    ("options", "file"),
    [
        ((), FILES[0]),
        (("--source", "fluxval"), FILES[1]),
        (("--resolution", "daily"), FILES[2]),
        (("--source", "gcel", "--resolution", "monthly"), FILES[0]),
    ],
)
def test_source_and_resolution_choose_the_file_of_a_site(folder, monkeypatch, options, file):
    units = opened(monkeypatch, "UK-Syn", *options, *COMPLETE)
    assert units.attrs["source_file"] == file


@INCOMPLETE
def test_sigma_is_a_number_or_a_share_of_each_value(folder, monkeypatch):
    units = opened(monkeypatch, "UK-Syn", *COMPLETE)
    seen = units["lai"].notnull()
    assert (units["lai_unc"].where(seen, 0.3) == 0.3).all()
    np.testing.assert_allclose(
        units["cwood_unc"].dropna("time"), 0.2 * units["cwood"].dropna("time")
    )


@INCOMPLETE
def test_only_the_wanted_observations_need_a_sigma(folder, monkeypatch):
    given = ("--observations", "lai", "--sigma", "lai=0.3", "--fill-wind", "--no-disturbance")
    units = opened(monkeypatch, "UK-Syn", *given)
    assert "lai_unc" in units
    assert "cwood" not in units


@INCOMPLETE
def test_a_folder_of_the_name_of_a_site_does_not_hide_it(folder, monkeypatch):
    (folder / "UK-Syn").mkdir()  # what --out UK-Syn leaves
    assert opened(monkeypatch, "UK-Syn", *COMPLETE) is not None


def test_a_csv_file_takes_its_start_and_place_from_the_options(folder, monkeypatch):
    (folder / "site").mkdir()
    paths = write_cardamom_csv(folder / "site", tiny_site().drop_vars("lon"), site="site")
    for name in ("site", str(paths[0])):
        units = opened(monkeypatch, name, "--start", "1998-01-01", "--lat", "-12.5", "--lon", "-60")
        assert str(units["time"].values[0])[:10] == "1998-01-01"
        assert float(units["lon"]) == -60.0


def test_a_binary_file_takes_its_start_from_the_options(folder, monkeypatch):
    (path,) = write_edinburgh_binary(folder / "site.bin", tiny_site())
    units = opened(monkeypatch, str(path), "--start", "1998-01-01", "--lon=-3.2")
    assert str(units["time"].values[0])[:10] == "1998-01-01"
    assert float(units["lon"]) == -3.2


WRONG = {
    "--start for a site by name": (
        "UK-Syn",
        {"start": "2001-01-01"},
        "no --start with the site UK",
    ),
    "--source for a file": ("a.nc", {"source": "gcel"}, "no --source with the file a.nc"),
    "--lat for the built-in site": (
        "synthetic",
        {"lat": 3.0},
        "no --lat with the site 'synthetic'",
    ),
    "--sigma without a value": ("UK-Syn", {"sigma": ["lai"]}, "STREAM=PERCENT%, got 'lai'"),
    "--sigma without a stream": ("UK-Syn", {"sigma": ["=3"]}, "STREAM=PERCENT%, got '=3'"),
    "--sigma twice": ("UK-Syn", {"sigma": ["lai=1", "lai=2"]}, "one --sigma of 'lai', got two"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_options_without_effect_or_meaning_are_refused(wrong):
    name, given, words = WRONG[wrong]
    with pytest.raises(ValueError, match=words):
        site_named(name, 0, SiteOptions(**given))


@pytest.mark.parametrize("command", ["calibrate", "edc-report"])
def test_the_help_shows_the_options_of_a_site_and_the_statuses(command, capsys):
    assert main([command, "--help"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    for flag in (
        "--source",
        "--resolution",
        "--sigma",
        "--observations",
        "--start",
        "--lat",
        "--lon",
    ):
        assert f"{flag} " in told
    assert "3 a calibration is done and has not converged" in told
    assert told.count("[default: ") >= 4


def without_sigma(folder, kind):
    """Site in a peer's format, whose observations have no uncertainty."""
    site = tiny_site()
    site = site.assign({name: site[name] * np.nan for name in ("lai_unc", "cwood_unc")})
    if kind == "binary":
        return write_edinburgh_binary(folder / "site.bin", site)[0]
    return write_cardamom_csv(folder, site, site="site")[0]


@pytest.mark.parametrize("kind", ["csv", "binary"])
def test_sigma_serves_files_of_every_format(folder, monkeypatch, kind):
    path = str(without_sigma(folder, kind))
    units = opened(monkeypatch, path, "--start", "1998-01-01", "--sigma", "lai=0.3", "cwood=20%")
    seen = units["lai"].notnull()
    assert seen.any()
    assert (units["lai_unc"].where(seen, 0.3) == 0.3).all()


@pytest.mark.parametrize("kind", ["csv", "binary"])
def test_observations_that_are_not_wanted_need_no_sigma_in_any_format(folder, monkeypatch, kind):
    path = str(without_sigma(folder, kind))
    given = ("--start", "1998-01-01", "--observations", "lai", "--sigma", "lai=0.3")
    assert "cwood" not in opened(monkeypatch, path, *given)


@pytest.mark.parametrize("kind", ["csv", "binary"])
def test_an_absent_sigma_is_refused_with_the_flag_that_gives_it(folder, monkeypatch, capsys, kind):
    path = str(without_sigma(folder, kind))
    assert opened(monkeypatch, path, "--start", "1998-01-01") is None
    told = capsys.readouterr().err
    assert "--sigma lai=sigma" in told
    assert "uncertainties" not in told


def test_readers_of_the_formats_refuse_an_absent_sigma_themselves(folder):
    with pytest.raises(ValueError, match="'lai_unc'"):
        open_cardamom_csv(without_sigma(folder, "csv"), start="1998-01-01")
    with pytest.raises(ValueError, match="'lai_unc'"):
        open_edinburgh_binary(without_sigma(folder, "binary"), start="1998-01-01")

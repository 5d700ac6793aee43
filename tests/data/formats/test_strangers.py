"""A file that no reader takes is told what it is, at the command line too."""

import gzip

import numpy as np
import pytest

from pm_dalec.cli.main import main
from pm_dalec.data.site_file import open_site

STRANGERS = {
    "mixed.csv": (
        b"station,reading\nA,1\nB,2\n",
        "a table of text .columns station, reading.*site_from_frame",
    ),
    "logger.csv": (b"TIMESTAMP,sensor\n200101,1\n", "a CSV of a flux tower.*open_flux_tower"),
    "page.nc": (b"<!DOCTYPE html><html>Login</html>", "a web page.*login"),
    "site.nc.gz": (gzip.compress(b"CDF"), "a gzip archive.*gunzip"),
    "site.xlsx": (b"PK\x03\x04" + bytes(30), "a zip archive or an Excel file"),
    "site.grib": (b"GRIB" + bytes(30), "a GRIB file"),
    "site.tif": (b"II*\x00" + bytes(30), "a GeoTIFF"),
    "site.mat": (b"MATLAB 5.0 MAT-file" + bytes(30), "a MATLAB file"),
    "site.nc": (b"", "an empty file"),
}


@pytest.mark.parametrize("name", STRANGERS)
def test_a_file_of_another_kind_is_told_what_it_is(tmp_path, name):
    content, words = STRANGERS[name]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=f"another format .*{words}"):
        open_site(tmp_path / name)


def refused(path, capsys):
    assert main(["calibrate", str(path), "--out", str(path.parent / "out")]) == 2
    return capsys.readouterr().err


def test_the_command_line_names_the_format_and_the_flags_that_it_needs(tmp_path, capsys):
    old = np.full(684, -9999.0)
    old[:6] = [809, 51.25, 24, 9, 7, 1]
    old.astype("<f8").tofile(tmp_path / "old.cbf")
    told = refused(tmp_path / "old.cbf", capsys)
    assert "JPL CBF, binary" in told
    assert "--start '2001-01-01'" in told
    met = tmp_path / "B_timeseries_met.csv"
    met.write_text("run_day,doy,mint_C\n31,31,-2\n")
    told = refused(met, capsys)
    assert "CARDAMOM site CSV" in told
    assert "--start '2001-01-01'" in told
    name = "FLX_XX-Syn_FLUXNET2015_FULLSET_MM_2001-2002_1-4.csv"
    (tmp_path / name).write_text("TIMESTAMP,TA_F,SW_IN_F,VPD_F\n200101,1.00,35.0,1.50\n")
    assert "--lat" in refused(tmp_path / name, capsys)

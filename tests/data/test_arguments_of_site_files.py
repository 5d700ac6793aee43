"""What is no site file, and wrong arguments, are refused in sentences."""

import pytest
import xarray as xr

from pm_dalec.data import site_file

from .site_files import valid_site, without, write

BAD_ARGUMENTS = {
    "disturbance misspelt": ({"disturbance": "zero"}, ValueError, ["'file' or 'none'", "'zero'"]),
    "one name instead of a list": ({"observations": "lai"}, TypeError, ["'lai'", "list of names"]),
    "stream that is none": (
        {"observations": ["lia"]},
        KeyError,
        ["observation stream 'lia'", "the nearest are"],
    ),
    "stream that is not in the file": (
        {"observations": ["gpp"]},
        KeyError,
        ["'gpp'", "site.nc", "'cwood'"],
    ),
    "sigma of no stream": ({"uncertainties": {"gpp": 1.0}}, KeyError, ["'gpp'", "'lai'"]),
    "sigma without a name": ({"uncertainties": 0.5}, TypeError, ["mapping", "0.5"]),
}


@pytest.mark.parametrize("fault", BAD_ARGUMENTS)
def test_a_wrong_argument_is_refused_with_its_sentence(fault, tmp_path):
    arguments, kind, fragments = BAD_ARGUMENTS[fault]
    path = write(valid_site(), tmp_path / "site.nc")
    with pytest.raises(kind) as caught:
        site_file.open_site(path, **arguments)
    assert all(part in str(caught.value) for part in fragments), caught.value


def test_a_sigma_of_zero_as_argument_is_refused(tmp_path):
    path = write(without("lai_unc")(valid_site()), tmp_path / "site.nc")
    with pytest.raises(ValueError, match="of 'lai' as a number above 0"):
        site_file.open_site(path, uncertainties={"lai": 0.0})


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no such file .*nowhere\.nc"):
        site_file.open_site(tmp_path / "nowhere.nc")


def test_a_folder_is_not_a_site_file(tmp_path):
    with pytest.raises(FileNotFoundError, match="a folder"):
        site_file.open_site(tmp_path)


def test_a_text_file_is_not_a_site_file(tmp_path):
    path = tmp_path / "site.csv"
    path.write_text("time,tmin\n2014-01-01,1.0\n")
    with pytest.raises(ValueError, match=r"another format .*site\.csv.*NetCDF"):
        site_file.open_site(path)


def test_a_truncated_netcdf_file_is_refused(tmp_path):
    path = write(valid_site(), tmp_path / "site.nc")
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(ValueError, match="cut off, damaged"):
        site_file.open_site(path)


def test_time_units_that_mean_nothing_are_refused(tmp_path):
    path = write(valid_site(), tmp_path / "valid.nc")
    with xr.open_dataset(path, engine="h5netcdf", decode_times=False) as file:
        file.load()["time"].attrs["units"] = "parsecs since 1990"
        file.to_netcdf(tmp_path / "site.nc", engine="h5netcdf")
    with pytest.raises(ValueError, match=r"parsecs.*site\.nc.*'days since"):
        site_file.open_site(tmp_path / "site.nc")

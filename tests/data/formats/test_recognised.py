"""One door for every format of a site: told from names and content, refused where it is unknown."""

import numpy as np
import pytest

from pm_dalec.data import synthetic_sites
from pm_dalec.data.formats import cardamom_csv, edinburgh_binary, recognised
from pm_dalec.data.site_file import DEFAULT_WIND, open_site
from pm_dalec.tables.variables import DRIVERS

START = "2014-01-01"


@pytest.fixture
def site():
    """Two years with leaf area in every step."""
    drivers = synthetic_sites.synthetic_drivers(seed=5, years=2)
    months = np.arange(24.0)
    return drivers.assign(
        lai=("time", 2 + months / 24, {"units": "m2 m-2"}),
        lai_unc=("time", 0.5 + 0 * months, {"units": "m2 m-2"}),
    )


@pytest.fixture
def csv(site, tmp_path):
    folder = tmp_path / "csv"
    folder.mkdir()
    cardamom_csv.write_cardamom_csv(folder, site, site="Twin")
    return folder


@pytest.fixture
def cbf_file(site, tmp_path):
    """The drivers under the names of the format, as months in the middle of which values stand."""
    names = {"tmin": "T2M_MIN", "tmax": "T2M_MAX", "sw_rad": "SSRD", "co2": "CO2", "vpd": "VPD"}
    names |= {"burned_fraction": "BURNED_AREA", "lai": "LAI", "lai_unc": "LAIunc"}
    stored = site[list(names)].rename(names).drop_vars(["site", "lat", "lon"])
    stored = stored.assign(LAT=float(site["lat"]))
    stored["time"].attrs = {}
    path = tmp_path / "site.cbf.nc"
    stored.to_netcdf(path, engine="h5netcdf")
    return path


def assert_same(came, site):
    for name in (*DRIVERS, "lai", "lai_unc"):
        np.testing.assert_array_equal(came[name], site[name], err_msg=name)
    np.testing.assert_array_equal(came["time_bnds"], site["time_bnds"])


@pytest.mark.parametrize(
    "name",
    ["", "Twin", "Twin_timeseries_met.csv", "Twin_timeseries_obs.csv", "Twin_initial_obs.csv"],
)
def test_a_site_opens_by_any_of_its_csv_files_their_folder_or_their_beginning(csv, site, name):
    came = open_site(csv / name, start=START)
    assert_same(came, site)
    assert came["site"].item() == "Twin"


def test_a_site_opens_from_the_binary_file_whatever_its_name(site, tmp_path):
    (path,) = edinburgh_binary.write_edinburgh_binary(tmp_path / "site.dat", site)
    came = open_site(path, start=START, lon=12.5)
    assert_same(came, site)
    assert float(came["lon"]) == 12.5


def test_a_site_opens_from_cbf_with_warnings_of_what_it_lacks(site, cbf_file):
    with pytest.warns(UserWarning, match=r"(wind|forest_loss_fraction) missing in site\.cbf\.nc"):
        came = open_site(cbf_file, fill_wind=True, disturbance="none")
    np.testing.assert_allclose(came["vpd"], site["vpd"], rtol=1e-12)
    np.testing.assert_array_equal(came["lai"], site["lai"])
    np.testing.assert_array_equal(came["wind"], DEFAULT_WIND)
    np.testing.assert_array_equal(came["forest_loss_fraction"], 0.0)


def test_what_cbf_lacks_is_asked_for(cbf_file):
    with pytest.raises(ValueError, match=r"wanted wind and forest_loss_fraction.*fill_wind=True"):
        open_site(cbf_file)


def test_observations_are_chosen_alike_in_every_format(csv):
    assert "lai" not in open_site(csv, start=START, observations=())


def test_a_date_is_asked_for_where_the_format_has_none(csv, site, tmp_path):
    (path,) = edinburgh_binary.write_edinburgh_binary(tmp_path / "site.bin", site)
    for each in (csv, path):
        with pytest.raises(
            ValueError, match=r"date on which the first step starts.*no dates.*start="
        ):
            open_site(each)


def test_a_date_is_refused_where_the_file_has_its_own(cbf_file):
    with pytest.raises(ValueError, match=r"wanted no start and lat .* got '2014-01-01'"):
        open_site(cbf_file, start=START, lat=55.0)


def test_a_folder_of_two_sites_is_refused_with_their_names(csv, site):
    cardamom_csv.write_cardamom_csv(csv, site, site="Other")
    with pytest.raises(ValueError, match=r"Other_timeseries_met\.csv, Twin_timeseries_met\.csv"):
        open_site(csv, start=START)


def test_a_folder_without_a_site_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"got a folder without CSV files of one"):
        open_site(tmp_path)


@pytest.mark.parametrize("content", [b"gpp,nee\n1,2\n", b"\x01" * 8000, b"CDF\x05" + b"\0" * 4996])
def test_an_unknown_format_is_refused_with_the_list_of_those_that_are_known(tmp_path, content):
    path = tmp_path / "site.xyz"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="another format") as caught:
        open_site(path)
    for known in recognised.KNOWN:
        assert known in str(caught.value)

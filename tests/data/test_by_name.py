"""Data by name: site files of a folder, groups of reference files."""

import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_allclose, assert_array_equal

from pm_dalec.data import by_name, checks, site_file, uncertainties
from pm_dalec.tables.variables import DRIVERS
from pm_dalec.testing import reference_file

from .site_files import valid_site, write


@pytest.fixture
def inputs(shared_data):
    return reference_file.from_reference(
        shared_data / "reference" / "posterior_FI-Hyy.nc", "inputs"
    )


def test_drivers_of_a_reference_group_are_exactly_those_stored(shared_data, inputs):
    path = shared_data / "reference" / "posterior_FI-Hyy.nc"
    with xr.open_datatree(path, engine="h5netcdf", decode_times=False) as tree:
        stored = tree["inputs"].to_dataset().load()
    assert_array_equal(inputs["vpd"], stored["driver_vpd"])
    assert_array_equal(inputs["forest_loss_fraction"], stored["driver_clearance_fraction"])
    assert_array_equal(np.cumsum(inputs["step_days"]), stored["driver_run_day"])


def test_observations_of_a_reference_group_are_absent_where_coded_missing(inputs):
    assert int(inputs["lai"].count()) == 119
    assert int(inputs["cwood"].count()) == 6
    assert_array_equal(inputs["lai"].isnull(), inputs["lai_unc"].isnull())
    assert float(inputs["csom_prior"]) == 17347.0


def test_a_reference_group_passes_the_checks(inputs):
    assert checks.check_units(inputs) is inputs
    assert str(inputs["time"].to_numpy()[0])[:10] == "1999-01-01"


def test_the_site_file_with_the_rules_of_edinburgh_is_what_the_reference_used(
    shared_data, inputs, monkeypatch
):
    monkeypatch.setenv("PM_DALEC_DATA", str(shared_data))
    if not by_name.available_sites():
        pytest.skip(f"no site files in {shared_data / 'data' / 'sites'}")
    site = uncertainties.prepare_uncertainties(by_name.load_site("FI-Hyy"))
    for name in ("tmin", "vpd", "wind", "lai", "lai_unc", "cwood_unc", "csom_prior_unc"):
        assert_allclose(site[name], inputs[name], rtol=1e-6, atol=1e-6, err_msg=name)


def test_groups_that_hold_no_drivers_are_named(shared_data):
    path = shared_data / "reference" / "posterior_FI-Hyy.nc"
    with pytest.raises(KeyError, match="not a driver set"):
        reference_file.from_reference(path, "reference_population")
    with pytest.raises(KeyError, match="there are inputs, ap_mcmc_executable"):
        reference_file.from_reference(path, "FI-Hyy")


@pytest.mark.parametrize("source", by_name.SOURCES)
@pytest.mark.filterwarnings("ignore:wind is missing", "ignore:forest_loss_fraction")
def test_site_files_of_each_source_open(source, shared_data, monkeypatch):
    monkeypatch.setenv("PM_DALEC_DATA", str(shared_data))
    files = [file for file in by_name.available_sites() if file.source == source]
    if not files:
        pytest.skip(f"no site files of {source} in {shared_data / 'data' / 'sites'}")
    for file in files:
        units = site_file.open_site(file.path, fill_wind=True, disturbance="none", observations=())
        assert set(DRIVERS) <= set(units.data_vars)


def test_an_unknown_site_name_lists_what_exists(tmp_path, monkeypatch):
    folder = tmp_path / "data" / "sites"
    folder.mkdir(parents=True)
    write(valid_site(), folder / "gcel_UK-Syn_monthly.nc")
    monkeypatch.setenv("PM_DALEC_DATA", str(tmp_path))
    with pytest.raises(KeyError, match=r"no site 'FI-Hyy'.*UK-Syn \(gcel, monthly\)"):
        by_name.load_site("FI-Hyy")


def test_a_site_name_without_a_data_folder_says_how_to_set_it(monkeypatch):
    monkeypatch.delenv("PM_DALEC_DATA", raising=False)
    with pytest.raises(KeyError, match="PM_DALEC_DATA is not set; set it to the folder"):
        by_name.load_site("FI-Hyy")


@pytest.mark.parametrize("name", ["FI-Hyx", "fi-hyy", "FIHyy"])
def test_a_site_with_a_slip_is_guessed(name, monkeypatch, tmp_path):
    (tmp_path / "data" / "sites").mkdir(parents=True)
    (tmp_path / "data" / "sites" / "gcel_FI-Hyy_monthly.nc").touch()
    monkeypatch.setenv(by_name.DATA_VARIABLE, str(tmp_path))
    with pytest.raises(KeyError, match="did you mean FI-Hyy"):
        by_name.load_site(name)
    with pytest.raises(KeyError, match="there are FI-Hyy") as fault:
        by_name.load_site("FI-Hyy", resolution="daily")
    assert "did you mean" not in str(fault.value)

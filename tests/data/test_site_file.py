"""Site files become one dataset of units, checked and labelled."""

import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_allclose, assert_array_equal

from pm_dalec.data import by_name, site_file, synthetic_sites, time_axis
from pm_dalec.tables.variables import DRIVERS


@pytest.fixture
def drivers():
    return synthetic_sites.synthetic_drivers(seed=5, years=2)


@pytest.fixture
def site_path(tmp_path, drivers):
    """Two years with leaf area observed in three months, in single precision."""
    site = drivers.reset_coords("time_bnds").rename(lat="latitude", lon="longitude")
    half = (site["step_days"] * 43200).astype("timedelta64[s]").drop_attrs()
    site = site.assign_coords(time=site["time"] + half)
    site["time"].attrs["bounds"] = "time_bnds"
    lai = np.full(24, np.nan)
    lai[[5, 6, 7]] = [2.0, 3.0, 4.0]
    site["lai"] = ("time", lai, {"units": "m2 m-2"})
    site["lai_unc"] = ("time", np.where(np.isnan(lai), np.nan, 0.5), {"units": "m2 m-2"})
    path = tmp_path / "gcel_UK-Syn_monthly.nc"
    encoding = {name: {"dtype": "float32"} for name in site.data_vars}
    hours = {"units": "hours since 1990-01-01", "dtype": "float64"}
    site.to_netcdf(
        path, engine="h5netcdf", encoding={**encoding, "time": hours, "time_bnds": hours}
    )
    return path


def rewritten(path, change):
    with xr.open_dataset(path, engine="h5netcdf", decode_timedelta=False) as file:
        site = change(file.load())
    site.to_netcdf(path, engine="h5netcdf")
    return path


def test_time_is_the_start_of_the_step(site_path):
    units = site_file.open_site(site_path)
    assert_array_equal(units["time"], units["time_bnds"].isel(bnds=0))
    assert str(units["time"].to_numpy()[1])[:10] == "2014-02-01"


def test_numbers_of_a_file_are_promoted_without_change(site_path):
    with xr.open_dataset(site_path, decode_timedelta=False, engine="h5netcdf") as file:
        stored = file["tmin"].to_numpy()
    units = site_file.open_site(site_path)
    assert stored.dtype == np.float32
    assert all(units[name].dtype == np.float64 for name in units.data_vars)
    assert_array_equal(units["tmin"], stored.astype(np.float64))


def test_coordinates_are_named_as_in_regions(site_path):
    units = site_file.open_site(site_path)
    assert {"lat", "lon", "site", "time", "time_bnds"} == set(units.coords)
    assert set(DRIVERS) <= set(units.data_vars)


def test_a_site_file_has_no_pixel_and_no_stratum(site_path):
    units = site_file.open_site(site_path)
    assert set(units.dims) == {"time", "bnds"}


def test_uncertainties_are_those_of_the_file(site_path):
    units = site_file.open_site(site_path)
    assert_array_equal(units["lai_unc"].dropna("time"), 0.5)


def test_missing_wind_is_filled_only_when_asked_and_with_a_warning(site_path):
    rewritten(site_path, lambda site: site.drop_vars("wind"))
    with pytest.raises(ValueError, match="fill_wind=True"):
        site_file.open_site(site_path)
    with pytest.warns(UserWarning, match=r"24 of 24 steps .* 3\.23 m s-1"):
        units = site_file.open_site(site_path, fill_wind=True)
    assert_array_equal(units["wind"], 3.23)


def test_gaps_in_wind_are_filled_and_the_rest_is_kept(site_path):
    rewritten(site_path, lambda site: site.assign(wind=site["wind"].where(site["doy"] != 31)))
    with pytest.warns(UserWarning, match="2 of 24 steps"):
        units = site_file.open_site(site_path, fill_wind=True)
    assert float(units["wind"][0]) == 3.23
    assert float(units["wind"][1]) != 3.23


def test_wind_that_is_there_is_not_filled(site_path):
    assert float(site_file.open_site(site_path, fill_wind=True)["wind"][0]) == 6.0


def test_missing_disturbance_is_zero_only_when_asked_and_with_a_warning(site_path):
    rewritten(site_path, lambda site: site.drop_vars("burned_fraction"))
    with pytest.raises(ValueError, match="disturbance='none'"):
        site_file.open_site(site_path)
    with pytest.warns(UserWarning, match="burned_fraction missing"):
        units = site_file.open_site(site_path, disturbance="none")
    assert_array_equal(units["burned_fraction"], 0.0)
    assert float(units["forest_loss_fraction"].max()) > 0.0  # the file has it: kept


def test_radiation_in_watts_is_converted(site_path):
    before = site_file.open_site(site_path)["sw_rad"]

    def to_watts(site):
        watts = (site["sw_rad"] / 0.0864).assign_attrs(units="W m-2")
        return site.assign(sw_rad=watts)

    after = site_file.open_site(rewritten(site_path, to_watts))["sw_rad"]
    assert_allclose(after, before, rtol=1e-6)
    assert after.attrs["units"] == "MJ m-2 d-1"


def test_temperature_in_kelvin_is_converted(site_path):
    before = site_file.open_site(site_path)["tmin"]

    def to_kelvin(site):
        return site.assign(
            {n: (site[n] + 273.15).assign_attrs(units="K") for n in ("tmin", "tmax")}
        )

    after = site_file.open_site(rewritten(site_path, to_kelvin))["tmin"]
    assert_allclose(after, before, atol=1e-4)


def test_a_file_without_step_lengths_gets_them_from_the_bounds(site_path):
    rewritten(site_path, lambda site: site.drop_vars("step_days"))
    assert_array_equal(site_file.open_site(site_path)["step_days"][:3], [31.0, 28.0, 31.0])


def test_a_file_without_bounds_gets_them_from_the_step_lengths(site_path):
    before = site_file.open_site(site_path)

    def without_bounds(site):
        site["time"].attrs.pop("bounds", None)
        site["time"].encoding.pop("bounds", None)
        return site.drop_vars("time_bnds")

    after = site_file.open_site(rewritten(site_path, without_bounds))
    assert_array_equal(after["time_bnds"], before["time_bnds"])


def test_only_the_wanted_observations_are_kept(site_path):
    assert "lai" not in site_file.open_site(site_path, observations=())
    assert "lai_unc" in site_file.open_site(site_path, observations=["lai"])


def test_a_given_sigma_is_used_only_where_the_file_has_none(site_path):
    def lose_one(site):
        sigma = site["lai_unc"].copy()
        sigma[5] = np.nan
        return site.assign(lai_unc=sigma)

    rewritten(site_path, lose_one)
    with pytest.warns(UserWarning, match="1 of 3 observations of 'lai' have no uncertainty"):
        assert int(site_file.open_site(site_path)["lai"].notnull().sum()) == 2
    units = site_file.open_site(site_path, uncertainties={"lai": 0.9})
    assert_array_equal(units["lai_unc"].dropna("time"), [0.9, 0.5, 0.5])


def test_day_of_year_is_counted_at_the_end_of_the_step():
    edges = np.array(["2015-12-31", "2016-01-01", "2016-03-01", "2017-01-01"], "datetime64[ns]")
    bounds = xr.DataArray(np.stack([edges[:-1], edges[1:]], axis=1), dims=("time", "bnds"))
    assert_array_equal(time_axis.day_of_year_at_end(bounds), [365.0, 60.0, 366.0])
    assert_array_equal(time_axis.step_lengths(bounds), [1.0, 60.0, 306.0])


def test_a_site_is_loaded_by_name(site_path, monkeypatch):
    folder = site_path.parent / "data" / "sites"
    folder.mkdir(parents=True)
    for source in ("differland", "gcel"):
        (folder / f"{source}_UK-Syn_monthly.nc").write_bytes(site_path.read_bytes())
    monkeypatch.setenv("PM_DALEC_DATA", str(site_path.parent))
    assert [file.source for file in by_name.available_sites()] == ["gcel", "differland"]
    with pytest.warns(UserWarning, match="gcel_UK-Syn_monthly.nc is taken; for diff.*source='diff"):
        assert by_name.load_site("UK-Syn").attrs["source_file"] == "gcel_UK-Syn_monthly.nc"
    other = by_name.load_site("UK-Syn", source="differland")
    assert other.attrs["source_file"] == "differland_UK-Syn_monthly.nc"


def test_a_dataset_of_units_comes_back_from_the_disk(site_path, tmp_path):
    units = site_file.open_site(site_path)
    units.to_netcdf(tmp_path / "units.nc", engine="h5netcdf")
    assert site_file.open_site(tmp_path / "units.nc").equals(units)


def test_a_netcdf_3_file_opens_too(site_path, tmp_path):
    units = site_file.open_site(site_path)
    units.to_netcdf(tmp_path / "units.nc", engine="scipy")
    assert site_file.open_site(tmp_path / "units.nc")["tmin"].equals(units["tmin"])

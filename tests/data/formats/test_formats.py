"""Peers' files: CARDAMOM site CSV, Edinburgh binary input, JPL CBF NetCDF."""

from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from pm_dalec.data import site_file
from pm_dalec.data.formats import cardamom_csv, cbf, edinburgh_binary
from pm_dalec.data.formats.columns import site_units
from pm_dalec.tables.parameters import PARAMETERS
from pm_dalec.tables.variables import DRIVERS


@pytest.fixture
def site():
    """Two years of a made-up site with gaps in its observations."""
    starts = pd.date_range("2014-01-01", "2015-12-01", freq="MS")
    days = starts.days_in_month.to_numpy().astype(float)
    run_days = np.cumsum(days)
    season = np.cos(2 * np.pi * (np.arange(24) - 6) / 12)
    lai = np.where(np.arange(24) % 3 == 0, np.nan, 2.0 + season)
    cwood = np.full(24, np.nan)
    cwood[12] = 5000.0
    columns = {
        "tmin": 4.0 + 6 * season,
        "tmax": 11.0 + 7 * season,
        "sw_rad": 10.0 + 8 * season,
        "co2": 400.0 + np.arange(24) / 6,
        "doy": np.where(np.arange(24) < 12, run_days, run_days - 365),
        "vpd": 300.0 + 200 * season,
        "wind": 4.0 - season,
        "forest_loss_fraction": np.where(np.arange(24) == 5, 0.1, 0.0),
        "burned_fraction": np.where(np.arange(24) == 18, 0.05, 0.0),
        "lai": lai,
        "lai_unc": np.where(np.isnan(lai), np.nan, 0.5),
        "cwood": cwood,
        "cwood_unc": cwood / 4,
        "nbe": np.where(np.isnan(lai), 0.3, np.nan),
        "nbe_unc": np.where(np.isnan(lai), 1.0, np.nan),
        "csom_prior": 17000.0,
        "csom_prior_unc": 4000.0,
    }
    return site_units(
        columns,
        run_days=run_days,
        start="2014-01-01",
        place=(55.0, -3.0),
        product="made up",
        where="here",
        attrs={},
    )


def assert_same_site(came, wanted):
    for name in (*DRIVERS, "lai", "lai_unc", "cwood", "nbe", "csom_prior", "csom_prior_unc"):
        np.testing.assert_array_equal(came[name], wanted[name], err_msg=name)
    np.testing.assert_array_equal(came["time_bnds"], wanted["time_bnds"])
    for name in ("lat", "lon"):
        assert float(came[name]) == float(wanted[name])


def test_a_site_survives_the_csv_files(site, tmp_path):
    met, *_ = cardamom_csv.write_cardamom_csv(tmp_path, site, site="Twin")
    assert_same_site(cardamom_csv.open_cardamom_csv(met, start="2014-01-01"), site)


def test_a_site_survives_the_binary_file(site, tmp_path):
    (path,) = edinburgh_binary.write_edinburgh_binary(tmp_path / "site.bin", site)
    came = edinburgh_binary.open_edinburgh_binary(path, start="2014-01-01", lon=-3.0)
    assert_same_site(came, site)


def test_the_real_site_survives_both(shared_data, tmp_path):
    site = site_file.open_site(shared_data / "data" / "sites" / "gcel_FI-Hyy_monthly.nc")
    met, *_ = cardamom_csv.write_cardamom_csv(tmp_path, site, site="FI-Hyy")
    (path,) = edinburgh_binary.write_edinburgh_binary(tmp_path / "FI-Hyy.bin", site)
    for came in (
        cardamom_csv.open_cardamom_csv(met, start="1999-01-01"),
        edinburgh_binary.open_edinburgh_binary(path, start="1999-01-01"),
    ):
        for name in (*DRIVERS, "lai", "cwood", "gpp", "nee", "reco", "csom_prior"):
            np.testing.assert_array_equal(came[name], site[name], err_msg=name)


def test_the_binary_file_has_the_layout_of_the_executable(site, tmp_path):
    (path,) = edinburgh_binary.write_edinburgh_binary(tmp_path / "site.bin", site)
    numbers = np.fromfile(path, "<f8")
    assert numbers.size == 500 + 24 * (16 + 36)
    assert list(numbers[:6]) == [25.0, 55.0, 24.0, 16.0, 36.0, 1.0]
    assert numbers[9] == 23.0
    step = numbers[500 + 12 * 52 :][:52]
    # Rows of MODEL.md section 1, from 1: day of run, ..., doy, removed, burned, wind, VPD
    assert step[0] == 365 + 31
    assert step[5] == 31.0
    assert step[14] == site["wind"][12]
    assert step[15] == site["vpd"][12]
    # Cwood in observation columns 13 and 14, LAI (missing in this step) in 3 and 4
    assert list(step[16 + 12 : 16 + 14]) == [5000.0, 1250.0]
    assert list(step[16 + 2 : 16 + 4]) == [-9999.0, -9999.0]


def test_the_binary_file_carries_the_priors_of_the_paper(site, tmp_path):
    (path,) = edinburgh_binary.write_edinburgh_binary(tmp_path / "site.bin", site)
    numbers = np.fromfile(path, "<f8")
    means, sigmas = numbers[100:200], numbers[200:300]
    assert (means[1], sigmas[1]) == (0.46, 0.12)
    assert (means[10], sigmas[10]) == (21.1491, 4.267117)
    assert (means[22], sigmas[22]) == (17000.0, 4000.0)
    assert np.count_nonzero(means > -9999) == 3


def test_priors_of_a_binary_file_are_read_by_parameter_name(site, tmp_path):
    (path,) = edinburgh_binary.write_edinburgh_binary(tmp_path / "site.bin", site)
    came = edinburgh_binary.open_edinburgh_binary(path, start="2014-01-01")
    assert list(came["parameter"].values) == list(PARAMETERS)
    assert float(came["parameter_prior"].sel(parameter="canopy_efficiency")) == 21.1491
    assert np.isnan(came["parameter_prior"].sel(parameter="leaf_lifespan"))
    (again,) = edinburgh_binary.write_edinburgh_binary(tmp_path / "again.bin", came)
    np.testing.assert_array_equal(np.fromfile(path, "<f8"), np.fromfile(again, "<f8"))


def test_csv_columns_may_stand_in_other_units_case_and_order(site, tmp_path):
    met, *_ = cardamom_csv.write_cardamom_csv(tmp_path, site, site="Twin")
    table = pd.read_csv(met)
    table["vpd"] /= 1000
    table["tmin"] += 273.15
    table = table.rename(
        columns={"vpd": "VPD_kPa", "tmin": "mint_K", "sw_rad": "SWRAD", "doy": "DOY"}
    )
    table[table.columns[::-1]].to_csv(met, index=False)
    came = cardamom_csv.open_cardamom_csv(met, start="2014-01-01")
    np.testing.assert_allclose(came["vpd"], site["vpd"], rtol=1e-12)
    np.testing.assert_allclose(came["tmin"], site["tmin"], atol=1e-9)


def test_csv_columns_that_are_not_known_are_named(site, tmp_path):
    met, *_ = cardamom_csv.write_cardamom_csv(tmp_path, site, site="Twin")
    pd.read_csv(met).assign(precip=1.0).to_csv(met, index=False)
    came = cardamom_csv.open_cardamom_csv(met, start="2014-01-01")
    assert came.attrs["not_read"] == "precip"


def _cbf(site, path, **changed):
    """File of the CBF conventions: mid-month dates, hPa, missing -9999."""
    middle = site["time"].values + np.timedelta64(15, "D")
    days = (middle - np.datetime64("2001-01-01")) / np.timedelta64(1, "D")
    stored = {
        "T2M_MIN": (site["tmin"], "deg C"),
        "T2M_MAX": (site["tmax"], "deg C"),
        "SSRD": (site["sw_rad"], "MJ m-2 d-1"),
        "CO2": (site["co2"], "ppm"),
        "VPD": (site["vpd"] / 100, "hPa"),
        "BURNED_AREA": (site["burned_fraction"], "1"),
        "LAI": (site["lai"].fillna(-9999.0), "m2 m-2"),
        "LAIunc": (site["lai_unc"].fillna(-9999.0), "m2 m-2"),
    }
    dataset = xr.Dataset(
        {n: ("time", v.values, {"units": u}) for n, (v, u) in stored.items()},
        {"time": ("time", days, {"units": "days since 2001-01-01"})},
    )
    dataset["LAT"] = 55.0
    dataset["LON"] = -3.0
    dataset = dataset.assign(changed)
    dataset.to_netcdf(path, engine="h5netcdf")
    return path


def test_a_cbf_file_becomes_a_site(site, tmp_path):
    came = cbf.open_cbf(_cbf(site, tmp_path / "site.cbf.nc"), wind=4.0)
    for name in ("tmin", "tmax", "sw_rad", "co2", "doy", "step_days", "burned_fraction", "lai"):
        np.testing.assert_allclose(came[name], site[name], rtol=1e-12, err_msg=name)
    np.testing.assert_allclose(came["vpd"], site["vpd"])
    np.testing.assert_array_equal(came["wind"], 4.0)
    np.testing.assert_array_equal(came["time"], site["time"])
    assert "not in the file" in came.attrs["wind_comment"]


def _csv(site, folder, change=None, part="met"):
    paths = cardamom_csv.write_cardamom_csv(folder, site, site="Twin")
    if change is not None:
        path = paths[("met", "obs", "initial").index(part)]
        path.write_text(change(path.read_text()))
    return cardamom_csv.open_cardamom_csv(paths[0], start="2014-01-01")


def _binary(site, folder, change, start="2014-01-01"):
    (path,) = edinburgh_binary.write_edinburgh_binary(folder / "site.bin", site)
    change(np.fromfile(path, "<f8")).tofile(path)
    return edinburgh_binary.open_edinburgh_binary(path, start=start)


def _set(position, value):
    def change(numbers):
        numbers[position] = value
        return numbers

    return change


class Case(NamedTuple):
    """One malformed file of a peer."""

    name: str
    act: object
    error: type
    parts: tuple


CASES = (
    Case("meteorology under another name",
         lambda s, f: cardamom_csv.open_cardamom_csv(f / "met.csv", start="2014"),
         ValueError, ("_timeseries_met.csv", "'met.csv'")),
    Case("meteorology that is not there",
         lambda s, f: cardamom_csv.open_cardamom_csv(f / "x_timeseries_met.csv", start="2014"),
         FileNotFoundError, ("existing file", "correct the path")),
    Case("column lost", lambda s, f: _csv(s, f, lambda t: t.replace("wind", "gust")),
         KeyError, ("columns wind", "wind as wind")),
    Case("column twice", lambda s, f: _csv(s, f, lambda t: t.replace("wind", "vpd_kPa")),
         ValueError, ("one column of 'vpd'", "'vpd_kPa'")),
    Case("word among numbers", lambda s, f: _csv(s, f, lambda t: t.replace("400.0", "many")),
         ValueError, ("numbers, as in the header", "line 2")),
    Case("header only", lambda s, f: _csv(s, f, lambda t: t.splitlines()[0]),
         ValueError, ("at least one line", "1 lines")),
    Case("fewer observations than steps",
         lambda s, f: _csv(s, f, lambda t: t.rsplit("\n", 3)[0], "obs"),
         ValueError, ("24 lines", "-9999 where nothing")),
    Case("no latitude", lambda s, f: _csv(s, f, lambda t: t.replace("lat,", "height,"), "initial"),
         ValueError, ("a latitude", "pass lat=")),
    Case("days that run backwards",
         lambda s, f: _csv(s, f, lambda t: t.replace("59.0,", "19.0,", 1)),
         ValueError, ("increasing", "1 do not increase")),
    Case("start that is no date",
         lambda s, f: _binary(s, f, lambda n: n, start="some day"),
         ValueError, ("a start date", "'some day'")),
    Case("start in another month",
         lambda s, f: _binary(s, f, lambda n: n, start="2014-02-01"),
         ValueError, ("day of year at the END",)),
    Case("binary of another model", lambda s, f: _binary(s, f, _set(0, 30)),
         ValueError, ("model 25", "model 30")),
    Case("binary of 28 parameters", lambda s, f: _binary(s, f, _set(9, 28)),
         ValueError, ("23 parameters", "28", "use 2021's")),
    Case("binary of 14 drivers", lambda s, f: _binary(s, f, _set(3, 14)),
         ValueError, ("16 drivers", "14")),
    Case("binary cut off", lambda s, f: _binary(s, f, lambda n: n[:-7]),
         ValueError, ("1748 numbers", "1741", "cut off")),
    Case("binary in the other byte order", lambda s, f: _binary(s, f, lambda n: n.byteswap()),
         ValueError, ("model 25",)),
    Case("binary too short", lambda s, f: _binary(s, f, lambda n: n[:30]),
         ValueError, ("500 little-endian doubles", "240 bytes")),
    Case("cbf without deficit",
         lambda s, f: cbf.open_cbf(_renamed(_cbf(s, f / "a.nc"), "VPD"), wind=3.0),
         KeyError, ("variables VPD", "only")),
    Case("cbf with a factor for an uncertainty",
         lambda s, f: cbf.open_cbf(
             _cbf(s, f / "a.nc", ABGB=("time", np.full(24, 5e3), {"opt_unc_type": 1.0})),
             wind=3.0),
         ValueError, ("log-normal factor", "uncertainties={'cwood': sigma}")),
    Case("cbf without uncertainty",
         lambda s, f: cbf.open_cbf(
             _cbf(s, f / "a.nc", GPP=("time", np.full(24, 5.0))), wind=3.0),
         ValueError, ("uncertainty of 'GPP'", "came none")),
    Case("cbf in other units",
         lambda s, f: cbf.open_cbf(
             _cbf(s, f / "a.nc", SSRD=("time", np.full(24, 5.0), {"units": "ppm"})), wind=3.0),
         ValueError, ("'SSRD' in 'MJ m-2 d-1'", "'ppm'")),
    Case("cbf of days",
         lambda s, f: cbf.open_cbf(
             _cbf(s, f / "a.nc",
                  time=("time", np.arange(24.0), {"units": "days since 2001-01-01"})), wind=3.0),
         ValueError, ("one value in each month", "24 values in 1 months")),
)  # fmt: skip


def _renamed(path, name):
    with xr.open_dataset(path, engine="h5netcdf", decode_times=False) as stored:
        changed = stored.load().rename({name: name.lower()})
    path.unlink()
    changed.to_netcdf(path, engine="h5netcdf")
    return path


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_malformed_file_of_a_peer_is_refused_in_a_sentence(case, site, tmp_path):
    with pytest.raises(case.error) as caught:
        case.act(site, tmp_path)
    for part in case.parts:
        assert part in str(caught.value), str(caught.value)


def test_an_uncertainty_given_by_the_caller_takes_the_place_of_a_factor(site, tmp_path):
    path = _cbf(site, tmp_path / "a.nc", ABGB=("time", np.full(24, 5e3), {"opt_unc_type": 1.0}))
    came = cbf.open_cbf(path, wind=3.0, uncertainties={"cwood": 900.0})
    np.testing.assert_array_equal(came["cwood_unc"], 900.0)


def test_a_region_is_not_written_as_a_site(site, tmp_path):
    region = site.expand_dims(pixel=2)
    with pytest.raises(ValueError, match="one site"):
        edinburgh_binary.write_edinburgh_binary(tmp_path / "x.bin", region)
    with pytest.raises(ValueError, match="one site"):
        cardamom_csv.write_cardamom_csv(tmp_path, region, site="x")


def test_a_stream_outside_the_schema_is_named_and_not_read(site, tmp_path):
    (path,) = edinburgh_binary.write_edinburgh_binary(tmp_path / "site.bin", site)
    numbers = np.fromfile(path, "<f8")
    numbers[500 + 16 + 20] = 80.0  # above-ground biomass, column 21
    numbers.tofile(path)
    with pytest.warns(UserWarning, match="not read from site.bin: agb"):
        came = edinburgh_binary.open_edinburgh_binary(path, start="2014-01-01")
    assert came.attrs["not_read"] == "agb"

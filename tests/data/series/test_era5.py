"""Files of ERA5 become the drivers that are known of them."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from pm_dalec.data.series.era5 import open_era5

CALM = ("ignore:co2 missing", "ignore:.*set to zero")
pytestmark = [pytest.mark.filterwarnings(each) for each in CALM]
LAT, LON = [52.25, 52.0, 51.75], [0.0, 0.25, 359.5, 359.75]
UNITS = {"t2m": "K", "d2m": "K", "u10": "m s**-1", "v10": "m s**-1", "ssrd": "J m**-2"}
PLACE = {"latitude": 52.02, "longitude": -0.2}
DEW = 278.0


def tetens(kelvin):
    """Saturation [Pa] by the formula of Tetens: another than the reader's."""
    celsius = kelvin - 273.15
    return 610.8 * np.exp(17.27 * celsius / (celsius + 237.3))


def hourly(first="2009-12-31", last="2010-04-02"):
    """Days of a sine; wind that turns about every hour, whose components have no mean."""
    time = pd.date_range(first, last, freq="h", inclusive="left")
    hours = time.hour.to_numpy()
    ended = np.where(hours == 0, 24, hours) - 0.5  # middle of the hour that ends at the stamp
    series = {
        "t2m": 283.0 + 5.0 * np.sin(2 * np.pi * (hours - 9) / 24),
        "d2m": np.full(hours.size, DEW),
        "u10": np.where(hours % 2, 3.0, -3.0),
        "v10": np.where(hours % 2, 4.0, -4.0),
        "ssrd": 1e6 * np.clip(np.sin(np.pi * (ended - 6) / 12), 0, None),
    }
    shape = (hours.size, len(LAT), len(LON))
    here = np.full(shape[1:], np.nan)
    here[1, 3] = 1.0  # the cell around the site has numbers, the others none
    data = {
        name: (
            ("valid_time", "latitude", "longitude"),
            values[:, None, None] * here,
            {"units": UNITS[name]},
        )
        for name, values in series.items()
    }
    return xr.Dataset(data, {"valid_time": time, "latitude": LAT, "longitude": LON}), series


def assert_known(site, series):
    day = slice(24, 48)
    assert list(site["time"].dt.strftime("%Y-%m").to_numpy()) == ["2010-01", "2010-02", "2010-03"]
    np.testing.assert_allclose(site["tmin"], 283.0 - 5.0 - 273.15, atol=1e-4)
    np.testing.assert_allclose(site["tmax"], 283.0 + 5.0 - 273.15, atol=1e-4)
    np.testing.assert_allclose(site["sw_rad"], series["ssrd"][day].sum() / 1e6, rtol=1e-5)
    np.testing.assert_allclose(site["wind"], 5.0, rtol=1e-5)
    deficit = (tetens(series["t2m"][day]) - tetens(DEW)).clip(0).mean()
    np.testing.assert_allclose(site["vpd"], deficit, rtol=0.02)


def test_hours_become_months_that_are_known():
    stored, series = hourly()
    site = open_era5(stored, **PLACE)
    assert_known(site, series)
    of_360 = open_era5(stored, latitude=52.02, longitude=359.8)
    np.testing.assert_array_equal(of_360["tmin"], site["tmin"])


def split(stored, folder):
    """As the CDS gives them: instants and sums in two files, packed, of float32."""
    parts = {"instant": ["t2m", "d2m", "u10", "v10"], "accum": ["ssrd"]}
    paths = []
    for part, names in parts.items():
        path = folder / f"data_stream-oper_stepType-{part}.nc"
        stored[names].astype("f4").to_netcdf(path, engine="h5netcdf")
        paths.append(path)
    return paths


def test_files_of_instants_and_of_sums_are_read_together(tmp_path):
    stored, series = hourly()
    assert_known(open_era5(split(stored, tmp_path), **PLACE), series)
    with pytest.raises(KeyError, match=r"wanted ssrd.*download them as well"):
        open_era5(split(stored, tmp_path)[0], **PLACE)


def test_classic_files_are_big_endian_and_the_same(tmp_path):
    stored, series = hourly()
    path = tmp_path / "era5.nc"
    stored.rename(valid_time="time").to_netcdf(path, engine="scipy", format="NETCDF3_64BIT")
    assert_known(open_era5(path, **PLACE), series)


def test_final_data_go_before_preliminary_ones():
    stored, series = hourly()
    late = stored["valid_time"] >= np.datetime64("2010-03-01")
    final, preliminary = (
        stored.where(~late),
        (stored + 1.0).where(stored["valid_time"] < np.datetime64("2010-02-01")),
    )
    preliminary = preliminary.where(~late, stored)
    both = xr.concat([preliminary, final], pd.Index([5, 1], name="expver"))
    for name, units in UNITS.items():
        both[name].attrs["units"] = units
    assert_known(open_era5(both, **PLACE), series)
    beside = stored.assign_coords(
        expver=("valid_time", np.full(stored.sizes["valid_time"], "0001")), number=0
    )
    assert_known(open_era5(beside, **PLACE), series)


def test_sums_of_era5_land_begin_anew_every_day():
    stored, series = hourly()
    hours = stored["ssrd"]
    days = (hours["valid_time"] - np.timedelta64(1, "h")).dt.floor("D")
    summed = hours.groupby(days.rename("day")).cumsum().assign_attrs(units="J m-2")
    assert_known(
        open_era5(stored.assign(ssrd=summed.drop_vars("day", errors="ignore")), **PLACE), series
    )


def test_days_are_those_of_the_sun():
    """Ten hours east, the warmest hour of UTC lies in the evening of the same day there."""
    stored, _ = hourly()
    east = stored.assign_coords(longitude=[149.0, 149.25, 149.5, 149.75])
    day = open_era5(east, latitude=52.0, longitude=149.75, step="day")
    assert day.sizes["time"] >= 90
    np.testing.assert_allclose(day["tmax"] - day["tmin"], 10.0, atol=1e-4)


def test_daily_statistics_are_read_where_their_names_tell_them(tmp_path):
    stored, _ = hourly()
    days = stored.sel(latitude=52.0, longitude=359.75).resample(valid_time="1D")
    least, largest = days.min()[["t2m"]], days.max()[["t2m"]]
    rest = days.mean()[["d2m"]].assign(ssrd=days.sum()["ssrd"], si10=days.mean()["d2m"] * 0 + 5.0)
    paths = []
    for part, name in (
        (least, "t2m_daily_minimum"),
        (largest, "t2m_daily_maximum"),
        (rest, "rest"),
    ):
        for variable in part:
            part[variable].attrs["units"] = UNITS.get(variable, "m s-1")
        paths.append(tmp_path / f"{name}.nc")
        part.to_netcdf(paths[-1], engine="h5netcdf")
    site = open_era5(paths, **PLACE)
    np.testing.assert_allclose(site["tmin"], 283.0 - 5.0 - 273.15, atol=1e-4)
    np.testing.assert_allclose(site["wind"], 5.0)
    small = rest.assign(ssrd=rest["ssrd"] / 24)
    small["ssrd"].attrs["units"] = "J m-2"
    small.to_netcdf(paths[-1], engine="h5netcdf")
    with pytest.raises(ValueError, match=r"daily sum of ssrd.*multiply ssrd by 24"):
        open_era5(paths, **PLACE)


def other_calendar(stored):
    return stored.isel(valid_time=slice(0, 24 * 20)).convert_calendar("noleap", dim="valid_time")


def of_units(stored):
    return stored.assign(t2m=stored["t2m"].assign_attrs(units="hPa"))


@pytest.mark.parametrize(
    ("spoil", "given", "words"),
    [
        (lambda d: d, {"latitude": -52.0}, r"cell around lat -52.*check the sign"),
        (lambda d: d, {"longitude": 5.0}, r"cell around lon 5"),
        (lambda d: d, {"point": "exact"}, r"centre at lat 52\.02.*point='nearest'"),
        (lambda d: d, {"step": "week"}, r"step 'month' or 'day'"),
        (other_calendar, {}, r"dates of the standard calendar"),
        (of_units, {}, r"'t2m' in 'degC'.*'hPa'"),
        (lambda d: d[["t2m"]].rename(t2m="skt"), {}, r"t2m, d2m, ssrd.*only skt"),
        (lambda d: d.isel(valid_time=slice(None, None, 3)), {}, r"hours or days"),
        (lambda d: d.isel(valid_time=slice(0, 30)), {}, r"a whole month"),
        (lambda d: d.rename(valid_time="step"), {}, r"dimension valid_time or time"),
        (lambda d: xr.concat([d, d], pd.Index([0, 1], name="number")), {}, r"select a member"),
    ],
)
def test_a_fault_is_told_in_a_sentence(spoil, given, words):
    with pytest.raises((ValueError, KeyError, TypeError), match=words):
        open_era5(spoil(hourly()[0]), **{**PLACE, **given})


def test_an_archive_is_to_be_unpacked(tmp_path):
    path = tmp_path / "download.nc"
    path.write_bytes(b"PK\x03\x04" + bytes(100))
    with pytest.raises(ValueError, match=r"got a zip archive|came a zip archive"):
        open_era5(path, **PLACE)

"""CBF as its files are: spellings, times by meaning, options that are not set, the binary, written."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import HealthCheck, given, settings, strategies as st
from numpy.testing import assert_allclose

from pm_dalec.data.formats import open_cbf, write_cbf
from pm_dalec.data.site_file import open_site
from pm_dalec.data.uncertainties import kind_of
from pm_dalec.graph import Choices
from pm_dalec.testing.tiny import tiny_site

MONTHS = np.arange(24)
SEASON = np.cos(2 * np.pi * (MONTHS - 6) / 12)
UNSET = {"opt_unc_type": -9999.0, "single_unc": -9999.0, "opt_filter": -9999.0}


def stored(dim="time", **changed):
    """Two years in the spellings of the format's own files."""
    columns = {
        "T2M_MIN": (4 + 6 * SEASON, "deg C"),
        "T2M_MAX": (11 + 7 * SEASON, "deg C"),
        "SSRD": (10 + 8 * SEASON, "MJ/m2/d"),
        "CO2": (370 + MONTHS / 6, "ppm"),
        "VPD": (4 + SEASON, "hPA"),
        "BURNED_AREA": (0 * SEASON, "m2/m2"),
        "DOY": (np.tile(np.linspace(15, 350, 12), 2), "Days"),
        "TOTAL_PREC": (1 + 0 * SEASON, "mm/day"),
    }
    file = xr.Dataset({name: (dim, v, {"units": u}) for name, (v, u) in columns.items()})
    days = 15.21875 + 30.4375 * MONTHS
    file["time"] = (dim, days, {"units": "days since 2001-01-01", "calendar": "standard"})
    return file.assign({"LAT": 51.25, "ID": 1100.0, "EDC": 1.0}).assign(changed)


def write(file, path):
    fills = {name: {"_FillValue": -9999.0} for name in file.data_vars if file[name].ndim}
    file.to_netcdf(path, engine="h5netcdf", encoding=fills)
    return path


@pytest.fixture
def path(tmp_path):
    return tmp_path / "site.cbf.nc"


def test_the_spellings_of_units_and_of_the_longitude_are_read(path):
    file = stored(lon=((), -1.75, {"units": "degrees_east"}))
    units = open_cbf(write(file, path), wind=3.0)
    assert float(units["vpd"].mean()) == pytest.approx(400.0)
    assert (float(units["lat"]), float(units["lon"])) == (51.25, -1.75)


@pytest.mark.parametrize("names", [("LON",), ("LON", "lon")])
def test_a_fill_is_no_longitude(path, names):
    file = stored(**dict.fromkeys(names, 9.969209968386869e36))
    assert "lon" not in open_cbf(write(file, path), wind=3.0)
    assert float(open_cbf(write(file.assign(lon=7.5), path), wind=3.0)["lon"]) == 7.5


@pytest.mark.parametrize("dim", ["time_dim", "month", "T"])
def test_time_is_told_by_its_meaning(path, dim):
    units = open_cbf(write(stored(dim), path), wind=3.0)
    assert units.sizes["time"] == 24
    assert str(units["time"].values[0])[:10] == "2001-01-01"


@pytest.mark.parametrize("calendar", ["noleap", "360_day", "proleptic_gregorian"])
def test_months_are_those_of_any_calendar(path, calendar):
    file = stored()
    file["time"] = (
        "time",
        15.0 + 30.4 * MONTHS,
        {"units": "days since 2001-01-01", "calendar": calendar},
    )
    assert str(open_cbf(write(file, path), wind=3.0)["time"].values[-1])[:7] == "2002-12"


def test_a_count_of_days_needs_a_start(path):
    file = stored("time_dim").rename(time="TIME_INDEX")
    file["TIME_INDEX"].attrs = {}
    write(file, path)
    units = open_cbf(path, wind=3.0, start="2001-01-01")
    assert str(units["time"].values[-1])[:10] == "2002-12-01"
    with pytest.raises(ValueError, match=r"first day of the first month.*start="):
        open_cbf(path, wind=3.0)


def with_streams():
    return stored(
        LAI=("time", 2 + SEASON, UNSET | {"opt_unc_type": 0.0, "single_unc": 0.5}),
        GPP=("time", 5 + 4 * SEASON, UNSET | {"opt_unc_type": 2.0, "single_unc": 0.2}),
        ABGB=("time", np.where(MONTHS == 12, 5000.0, np.nan), UNSET),
    )


def test_minus_9999_is_an_option_that_is_not_set(path):
    write(with_streams(), path)
    with pytest.raises(ValueError, match=r"'ABGB', came none.*cwood.*drop=\('cwood',\)") as caught:
        open_cbf(path, wind=3.0)
    assert "-9999" not in str(caught.value)
    for chosen in ({"drop": ["cwood"]}, {"observations": ["lai", "gpp"]}):
        units = open_cbf(path, wind=3.0, **chosen)
        assert "cwood" not in units
        np.testing.assert_array_equal(units["lai_unc"], 0.5)
        np.testing.assert_allclose(units["gpp_unc"], 0.2 * units["gpp"], rtol=1e-15)
    units = open_cbf(path, wind=3.0, uncertainties={"cwood": "20%"})
    assert float(units["cwood_unc"][12]) == 1000.0
    assert float(units["lai_unc"][0]) == 0.5  # what the file has stays


def test_a_factor_needs_an_uncertainty_of_the_caller(path):
    file = with_streams().drop_vars("ABGB")
    file["LAI"].attrs["opt_unc_type"] = 1.0
    write(file, path)
    with pytest.raises(ValueError, match="log-normal factor"):
        open_cbf(path, wind=3.0)
    assert float(open_cbf(path, wind=3.0, uncertainties={"lai": 0.7})["lai_unc"][0]) == 0.7


def test_factors_make_the_likelihood_log_normal_and_are_written_as_such(path, tmp_path):
    file = with_streams().drop_vars("ABGB")
    file["LAI"].attrs |= {"opt_unc_type": 1.0, "single_unc": 1.5}
    units = open_cbf(write(file, path), wind=3.0)
    assert units["lai_unc"].attrs["uncertainty_kind"] == "factor"
    assert_allclose(units["lai_unc"], 1.5)
    streams = Choices(streams=("lai", "gpp")).streams_in(units)
    assert {name: str(model) for name, model in streams.items()} == {
        "lai": "lognormal",
        "gpp": "gaussian",
    }
    again = tmp_path / "again.nc"
    write_cbf(again, units)
    assert_allclose(open_cbf(again)["lai_unc"], 1.5)
    assert kind_of(open_cbf(again), "lai") == "factor"


def test_a_single_uncertainty_has_the_units_of_its_stream(path):
    attrs = {"units": "kgC/m2", "opt_unc_type": 0.0, "single_unc": 0.5}
    file = stored(SOM=("time", np.full(24, 12.0), attrs))
    units = open_cbf(write(file, path), wind=3.0)
    assert (float(units["csom"][0]), float(units["csom_unc"][0])) == (12000.0, 500.0)


def test_what_is_not_read_is_warned_about_by_name(path):
    file = stored(
        ET=("time", 2 + SEASON, {"opt_unc_type": 0.0, "single_unc": 1.0}), PEQ_CUE=((), 0.5, {})
    )
    with pytest.warns(UserWarning, match=r"not read from site\.cbf\.nc: ET, PEQ_CUE"):
        open_cbf(write(file, path), wind=3.0)


def test_a_site_survives_the_file(path):
    site = tiny_site(streams=("lai", "cwood", "gpp", "nbe", "csom"))
    site = site.drop_vars(["csom_prior", "csom_prior_unc"])
    write_cbf(path, site)
    came = open_site(path)
    for name in site.data_vars:
        np.testing.assert_allclose(came[name], site[name], rtol=1e-14, err_msg=name)
    np.testing.assert_array_equal(came["time_bnds"], site["time_bnds"])
    assert float(came["lat"]) == float(site["lat"])


def test_what_the_format_cannot_hold_is_named(path):
    with pytest.warns(UserWarning, match=r"not written to site\.cbf\.nc: reco .*csom_prior"):
        write_cbf(path, tiny_site(streams=("lai", "reco")))


def binary(tmp_path, *, observed=(), steps=24, change=lambda numbers: numbers):
    """Older file: 9 drivers, 7 observations, months of 30.4375 days."""
    static = np.full(100, -9999.0)
    static[:6] = [809, 51.25, steps, 9, 7, 1]
    table = np.full((steps, 16), -9999.0)
    table[:, 0] = 15.2 + 30.4375 * np.arange(steps)
    file = stored()
    for column, name in (
        (1, "T2M_MIN"),
        (2, "T2M_MAX"),
        (3, "SSRD"),
        (4, "CO2"),
        (6, "BURNED_AREA"),
    ):
        table[:, column] = file[name].values[:steps]
    table[:, 5], table[:, 7], table[:, 8] = 15.0, file["VPD"].values[:steps], 1.0
    for column, values in observed:
        table[:, 9 + column] = values
    path = tmp_path / "old.cbf"
    change(np.concatenate([static, np.full(200, -9999.0), table.ravel()])).astype("<f8").tofile(
        path
    )
    return path


def test_the_binary_is_read_as_calendar_months(tmp_path):
    path = binary(tmp_path, observed=[(1, 2 + SEASON)])
    units = open_cbf(path, wind=3.0, start="2001-01-01", uncertainties={"lai": 0.5})
    assert float(units["vpd"].mean()) == pytest.approx(400.0)
    np.testing.assert_array_equal(units["lai"], 2 + SEASON)
    assert str(units["time_bnds"].values[-1, 1])[:10] == "2003-01-01"
    with pytest.raises(ValueError, match=r"uncertainty of 'lai'.*no column"):
        open_cbf(path, wind=3.0, start="2001-01-01")


def test_columns_of_a_binary_that_are_not_read_are_named(tmp_path):
    with pytest.warns(UserWarning, match=r"not read from old\.cbf: column 5 of the observations"):
        open_cbf(binary(tmp_path, observed=[(4, 2.0)]), wind=3.0, start="2001-01-01")


def test_a_binary_that_is_cut_off_is_refused(tmp_path):
    path = binary(tmp_path, change=lambda numbers: numbers[:584])
    with pytest.raises(
        ValueError, match=r"JPL CBF, binary: wanted 684 numbers.*came 584.*open_cbf"
    ):
        open_cbf(path, wind=3.0, start="2001-01-01")


NAMES = ("T2M_MIN", "T2M_MAX", "SSRD", "CO2", "VPD", "BURNED_AREA", "LAI", "time", "LAT", "DOY")
WORDS = st.text("abCdmgkh %/*^.-0123456789()[]", max_size=12)
ODD = st.sampled_from([np.nan, np.inf, -np.inf, -9999.0, -999.0, 9.97e36, 1e300, -1.0, 0.0, 1e5])


@st.composite
def spoiled(draw):
    """A valid file with one to three faults."""
    file = with_streams().drop_vars("ABGB")
    for _ in range(draw(st.integers(1, 3))):
        name = draw(st.sampled_from([each for each in NAMES if each in file.variables]))
        how = draw(st.sampled_from(["number", "units", "drop", "option", "dims", "text", "cut"]))
        numeric = file[name].dtype.kind == "f"
        if how == "number" and numeric:
            values = file[name].values.copy()
            values.flat[draw(st.integers(0, values.size - 1))] = draw(ODD)
            file[name] = (file[name].dims, values, file[name].attrs)
        elif how == "units":
            file[name].attrs["units"] = draw(WORDS)
        elif how == "drop":
            file = file.drop_vars(name)
        elif how == "option":
            key = draw(
                st.sampled_from(["opt_unc_type", "opt_filter", "single_unc", "min_threshold"])
            )
            file[name].attrs[key] = draw(ODD)
        elif how == "dims" and not {"a", "b"} & set(file[name].dims):
            wider = file[name].expand_dims(draw(st.sampled_from([{"a": 1}, {"b": 2}])))
            file = file.drop_vars(name).assign({name: wider.drop_vars("time", errors="ignore")})
        elif how == "text":
            file[name] = (file[name].dims, np.full(file[name].shape, "x", dtype=object))
        elif how == "cut" and "time" in file.sizes:
            file = file.isel(time=slice(draw(st.integers(0, file.sizes["time"] - 1)), None))
    return file


def opened(path, **chosen):
    """Site of a file, or None where a sentence refuses it, or warns of what is not read."""
    fault = None
    try:
        return open_cbf(path, wind=3.0, **chosen)
    except (ValueError, KeyError, TypeError, UserWarning) as caught:
        fault = caught
    words = str(fault.args[0])
    assert ("not read from" if isinstance(fault, UserWarning) else "wanted") in words, words
    return None


def check_spoiled(file, path):
    """A sentence, or the numbers that are in the file; NaN where one is missing."""
    path.unlink(missing_ok=True)
    file.to_netcdf(path, engine="h5netcdf")
    units = opened(path)
    if units is None:
        return
    for name, source in (("co2", "CO2"), ("tmin", "T2M_MIN"), ("sw_rad", "SSRD")):
        given = np.ravel(file[source].values)
        rule = {"deg C": 1.0, "MJ/m2/d": 1.0, "ppm": 1.0}.get(file[source].attrs.get("units"))
        if rule:
            np.testing.assert_array_equal(units[name], given)


SLOW = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]


@settings(max_examples=40, deadline=None, suppress_health_check=SLOW)
@given(spoiled())
def test_a_spoiled_file_is_refused_in_a_sentence_or_read_as_it_is(tmp_path, file):
    check_spoiled(file, tmp_path / "spoiled.nc")


@pytest.mark.slow
@settings(max_examples=200, deadline=None, suppress_health_check=SLOW)
@given(spoiled())
def test_many_spoiled_files_are_refused_in_a_sentence_or_read_as_they_are(tmp_path, file):
    check_spoiled(file, tmp_path / "spoiled.nc")


@settings(max_examples=40, deadline=None, suppress_health_check=SLOW)
@given(st.integers(0, 683), ODD | st.floats(), st.integers(-8, 8))
def test_a_spoiled_binary_is_refused_in_a_sentence_or_read_as_it_is(tmp_path, place, value, cut):
    def change(numbers):
        numbers[place] = value
        return numbers[: numbers.size + min(cut, 0)]

    path = binary(tmp_path, change=change)
    units = opened(path, start="2001-01-01")
    if units is not None:
        held = np.fromfile(path, "<f8")[300:].reshape(24, 16)
        np.testing.assert_array_equal(units["co2"], held[:, 4])
        np.testing.assert_array_equal(units["vpd"], 100 * held[:, 7])

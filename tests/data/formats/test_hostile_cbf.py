"""CBF files in ways that their writers have: each is right, or refused in one sentence."""

import numpy as np
import pytest
import xarray as xr

from pm_dalec.data.formats import open_cbf

from .test_cbf_files import MONTHS, SEASON, stored, with_streams, write

ONE = np.ones(24)
FILL = 9.969209968386869e36
YEARS = MONTHS // 12


def driver(name, values, units):
    return stored(**{name: ("time", values, {"units": units})})


def observed(name, values, units, **options):
    attrs = {"units": units, "opt_unc_type": 0.0, "single_unc": 0.5} | options
    return stored(**{name: ("time", values, attrs)})


def timed(numbers, **attrs):
    return stored().assign(time=("time", np.asarray(numbers, float), attrs))


def placed(**given):
    return stored().assign(given)


def mean_of(name):
    return lambda units: float(units[name].mean())


def months(units):
    return str(units["time"].values[0])[:7], str(units["time"].values[-1])[:7]


WHOLE = ("2001-01", "2002-12")
RIGHT = {
    "radiation in W": (
        driver("SSRD", (10 + 8 * SEASON) / 0.0864, "W m-2"),
        mean_of("sw_rad"),
        10.0,
    ),
    "glued units": (driver("SSRD", (10 + 8 * SEASON) / 0.0864, "Wm-2"), mean_of("sw_rad"), 10.0),
    "joules a day": (driver("SSRD", 1e7 + 8e6 * SEASON, "J m-2 day-1"), mean_of("sw_rad"), 10.0),
    "kelvin": (driver("T2M_MIN", 277.15 + 6 * SEASON, "K"), mean_of("tmin"), 4.0),
    "kilopascal": (driver("VPD", 0.4 + 0.1 * SEASON, "kPa"), mean_of("vpd"), 400.0),
    "mole fraction": (driver("CO2", 371e-6 * ONE, "mol mol-1"), mean_of("co2"), 371.0),
    "per cent burned": (driver("BURNED_AREA", ONE, "percent"), mean_of("burned_fraction"), 0.01),
    "months since": (timed(MONTHS + 0.5, units="months since 2001-01-01"), months, WHOLE),
    "months counted": (timed(MONTHS, units="months since 2001-01-15"), months, WHOLE),
    "decimal years": (timed(2001 + (MONTHS + 0.5) / 12, units="years"), months, WHOLE),
    "year and month": (timed(200101 + MONTHS % 12 + 100 * YEARS, units="YYYYMM"), months, WHOLE),
    "all leap": (
        timed(15 + 30.4 * MONTHS, units="days since 2001-1-1", calendar="all_leap"),
        months,
        WHOLE,
    ),
    "julian": (
        timed(15 + 30.4 * MONTHS, units="days since 2001-1-1", calendar="julian"),
        months,
        WHOLE,
    ),
    "a grid of one": (
        stored().drop_vars("LAT").expand_dims(lat=[51.25], lon=[358.25]),
        lambda units: (float(units["lat"]), float(units["lon"]), units["vpd"].dims),
        (51.25, 358.25, ("time",)),
    ),
    "the south": (placed(LAT=-33.5), lambda units: float(units["lat"]), -33.5),
    "one latitude in an array": (placed(LAT=("site", [51.25])), lambda u: float(u["lat"]), 51.25),
    "fills of NetCDF": (
        observed("LAI", np.where(MONTHS % 2, FILL, 2.0), "m2/m2"),
        mean_of("lai"),
        2.0,
    ),
    "whole numbers": (
        observed("LAI", np.where(MONTHS % 2, -9999, 2).astype("int16"), "m2/m2"),
        mean_of("lai"),
        2.0,
    ),
    "an option as text": (observed("LAI", 2 * ONE, "1", opt_unc_type="2"), mean_of("lai_unc"), 1.0),
    "an option in an array": (
        observed("LAI", 2 * ONE, "1", opt_unc_type=np.array([2.0]), single_unc=np.array([0.1])),
        mean_of("lai_unc"),
        0.2,
    ),
    "a filter that is a fill": (
        observed("LAI", 2 * ONE, "1", opt_filter=FILL),
        mean_of("lai"),
        2.0,
    ),
    "kilograms": (observed("ABGB", 5 * ONE, "kgC m-2"), mean_of("cwood_unc"), 500.0),
    "tonnes a hectare": (observed("ABGB", 50 * ONE, "tC/ha"), mean_of("cwood"), 5000.0),
    "a mean in kilograms": (
        observed("ABGB", 5 * ONE, "kg m-2", opt_filter=1.0, single_mean_unc=0.2),
        mean_of("cwood_unc"),
        200.0,
    ),
    "a flux a second": (observed("GPP", 5e-8 * ONE, "kgC m-2 s-1"), mean_of("gpp"), 4.32),
}


@pytest.mark.parametrize("name", RIGHT)
def test_a_file_of_another_spelling_is_right(name, tmp_path):
    file, look, wanted = RIGHT[name]
    found = look(open_cbf(write(file, tmp_path / "site.cbf.nc"), wind=3.0))
    assert found == (pytest.approx(wanted, rel=1e-9) if isinstance(wanted, float) else wanted)


REFUSED = {
    "kelvin without units": (
        driver("T2M_MIN", 277 + 6 * SEASON, ""),
        "'tmin' from -100 to 70 degC",
    ),
    "pascal that say hPa": (driver("VPD", 400 + SEASON, "hPa"), "'vpd' from 0 to 15000 Pa"),
    "burned km2": (
        driver("BURNED_AREA", ONE, "km2"),
        "no exact conversion from length2 to a plain number",
    ),
    "backwards": (stored().isel(time=slice(None, None, -1)), "one value in each month"),
    "a month lost": (stored().drop_isel(time=[7]), "one value in each month, without a gap"),
    "two latitudes": (placed(LAT=("site", [51.25, 52.0])), "came 2 in 'LAT'"),
    "a fill as latitude": (placed(LAT=FILL), "wanted one latitude.*came 1 in 'LAT'"),
    "beyond the pole": (placed(LAT=95.0), "'lat' from -90 to 90 degrees"),
    "an option in words": (
        observed("LAI", 2 * ONE, "1", opt_unc_type="factor"),
        "option opt_unc_type of 'LAI' as a number, came 'factor'",
    ),
    "half a filter": (
        observed("LAI", 2 * ONE, "1", opt_filter=1.5),
        r"opt_filter 1.5.*drop=\('lai'",
    ),
    "dry matter": (
        observed("ABGB", 50 * ONE, "Mg ha-1", long_name="biomass, dry matter"),
        "'ABGB' in grams of carbon, came dry matter",
    ),
    "carbon dioxide": (
        observed("GPP", 5 * ONE, "gCO2 m-2 d-1"),
        "mass of CO2, of which 0.2729 is carbon",
    ),
    "a substance": (observed("GPP", 5 * ONE, "umol m-2 s-1"), "the substance is not said"),
    "a month's sum": (
        observed("GPP", 150 * ONE, "gC m-2 month-1"),
        "no exact conversion from mass",
    ),
    "a sum without units": (observed("GPP", 150 * ONE, ""), "if it is a sum over a month"),
    "no sigma": (observed("LAI", 2 * ONE, "1", single_unc=0.0), r"came 0 \(single_unc\)"),
    "a sigma below": (observed("LAI", 2 * ONE, "1", single_unc=-1.0), r"came -1 \(single_unc\)"),
    "per cent of leaf area": (observed("LAI", 200 * ONE, "%"), "a percentage is no m2 m-2"),
    "zeros among sigmas": (
        observed("LAI", 2 * ONE, "1").assign(LAIunc=("time", np.where(MONTHS % 2, 0.0, 0.5))),
        "'lai_unc' above 0",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_that_means_another_thing_is_refused_in_a_sentence(name, tmp_path):
    file, words = REFUSED[name]
    with pytest.raises(ValueError, match=words) as caught:
        open_cbf(write(file, tmp_path / "site.cbf.nc"), wind=3.0)
    assert "wanted" in str(caught.value)
    assert ";" in str(caught.value)


def test_a_classic_file_is_big_endian_and_the_same(tmp_path):
    file = with_streams().drop_vars("ABGB")
    file.to_netcdf(tmp_path / "classic.nc", engine="scipy")
    again = open_cbf(write(file, tmp_path / "site.cbf.nc"), wind=3.0)
    classic = open_cbf(tmp_path / "classic.nc", wind=3.0)
    xr.testing.assert_equal(classic, again)

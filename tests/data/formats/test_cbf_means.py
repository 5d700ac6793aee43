"""Means over time in a CBF file (opt_filter 1 to 3): read, refused where not known, and written."""

import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose

from pm_dalec.data.formats import open_cbf, write_cardamom_csv, write_cbf
from pm_dalec.data.uncertainties import kind_of
from pm_dalec.tables.streams import STREAMS, operator_of

from .test_cbf_files import MONTHS, SEASON, UNSET, with_streams, write

MEANS = {"single_mean_unc": 0.1, "single_annual_unc": 0.2, "single_monthly_unc": 0.3}


def with_filter(code, **options):
    """Two years whose GPP has gaps and is compared by means [gC m-2 d-1]."""
    file = with_streams().drop_vars(["ABGB", "LAI"])
    values = np.where(MONTHS % 7 == 3, np.nan, 5 + 4 * SEASON + MONTHS / 24)
    attrs = UNSET | {"units": "gC/m2/day", "opt_unc_type": 0.0, "opt_filter": code} | MEANS
    return file.assign(GPP=("time", values, attrs | options))


def opened(file, path, **more):
    """The file written and read; what is assumed of it is said, which other tests look at."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*leaves open")
        return open_cbf(write(file, path), **({"wind": 3.0} | more))


def days_of(units):
    return units["step_days"].to_numpy()


@pytest.mark.parametrize(
    ("code", "streams"),
    [(1.0, {"gpp"}), (2.0, {"gpp", "gpp_annual"}), (3.0, {"gpp", "gpp_annual"})],
)
def test_means_over_time_are_observations_of_windows(path, code, streams):
    file = with_filter(code)
    units = opened(file, path)
    assert {name for name in units if name in STREAMS} == streams
    stored, days = file["GPP"].to_numpy(), days_of(units)
    seen = np.isfinite(stored)

    def mean(part):
        return np.average(stored[part & seen], weights=days[part & seen])

    years = [mean(MONTHS // 12 == year) for year in range(2)]
    months = [mean(MONTHS % 12 == month) for month in range(12)]
    if code == 1:
        assert_allclose(units["gpp"].dropna("time"), [mean(seen)], rtol=1e-12)
        assert set(units["gpp_unc"].dropna("time").values) == {0.1}
    else:
        assert_allclose(units["gpp_annual"].dropna("time"), years, rtol=1e-12)
        assert set(units["gpp_annual_unc"].dropna("time").values) == {0.2}
        assert set(units["gpp_unc"].dropna("time").values) == {0.3}
    if code == 2:
        assert_allclose(units["gpp"], stored - np.repeat(years, 12), rtol=1e-10, atol=1e-12)
        assert operator_of(units, "gpp") == "deviation"
    if code == 3:
        assert_allclose(np.sort(units["gpp"].dropna("time")), np.sort(months), rtol=1e-12)


@pytest.mark.parametrize("code", [1.0, 2.0, 3.0])
def test_means_over_time_are_written_as_they_were_read(path, tmp_path, code):
    units = opened(with_filter(code), path)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*leaves open")
        again = open_cbf(write_cbf(tmp_path / "again.nc", units)[0])
    for name in (name for name in units if str(name).startswith("gpp")):
        assert_allclose(again[name], units[name], rtol=1e-9, atol=1e-9, err_msg=name)
        assert again[name].attrs.get("compared") == units[name].attrs.get("compared")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"opt_filter": 4.0}, r"'GPP'.*opt_filter 4.*drop=\('gpp',\)"),
        ({"opt_normalization": 1.0}, r"'GPP'.*opt_normalization 1.*drop="),
        ({"opt_unc_type": 1.0}, r"came 0.2 .*no factor above 1.*uncertainties=.'gpp_annual'"),
        (
            {"opt_unc_type": 1.0, "single_annual_unc": 1.5},
            r"'GPP'.*no share or factor of a deviation.*drop=\('gpp'",
        ),
        (
            {"single_annual_unc": -9999.0},
            r"single_annual_unc, came none.*uncertainties=.'gpp_annual'",
        ),
    ],
)
def test_means_that_are_not_known_are_refused_in_words(path, change, words):
    write(spoilt(change), path)
    with pytest.raises(ValueError, match=words):
        open_cbf(path, wind=3.0)
    assert "gpp" not in open_cbf(path, wind=3.0, drop=["gpp"])


def spoilt(change):
    file = with_filter(2.0)
    file["GPP"].attrs |= change
    return file


def test_an_uncertainty_of_means_may_be_the_callers(path):
    file = spoilt({"single_annual_unc": -9999.0})
    units = opened(file, path, uncertainties={"gpp_annual": 0.7})
    assert set(units["gpp_annual_unc"].dropna("time").values) == {0.7}


def test_formats_without_windows_refuse_means(path, tmp_path):
    units = open_cbf(write(with_filter(1.0), path), wind=3.0)
    with pytest.raises(ValueError, match=r"single steps.*means over windows of gpp"):
        write_cardamom_csv(tmp_path, units, site="means")
    halves = np.where(MONTHS % 6 == 0, 2.0, np.nan)
    other = units.assign(
        gpp=("time", halves, units["gpp"].attrs),
        gpp_unc=("time", halves, units["gpp"].attrs),
        gpp_window=("time", MONTHS // 6, units["gpp_window"].attrs),
    )
    with pytest.raises(ValueError, match="other windows of gpp"):
        write_cbf(tmp_path / "halves.nc", other)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (2.0, "'GPP' .opt_filter 2. as means of years and deviations of the months from them"),
        (3.0, "'GPP' .opt_filter 3. as means of years, and of every month of the year"),
    ],
)
def test_what_the_manual_leaves_open_is_said_and_how_to_say_otherwise(path, code, words):
    with pytest.warns(UserWarning, match=f"{words}.*pass means="):
        open_cbf(write(with_filter(code), path), wind=3.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        same = open_cbf(path, wind=3.0, means={"gpp": "years"})
        steps = open_cbf(path, wind=3.0, means={"gpp": "steps"}, uncertainties={"gpp": 0.5})
    assert "gpp" not in same
    assert same["gpp_annual"].count() == 2
    assert_allclose(steps["gpp"], with_filter(code)["GPP"])


def test_a_mean_over_the_run_is_in_the_manual_and_said_by_nobody(path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        open_cbf(write(with_filter(1.0), path), wind=3.0)


@pytest.mark.parametrize("code", [1.0, 3.0])
def test_a_factor_is_that_of_a_mean_and_written_so(path, tmp_path, code):
    """As files hold biomass: means of years, of which one factor is known."""
    end, unset = ("", -9999.0) if code == 1 else ("_annual", 1.5)
    options = {"single_monthly_unc": -9999.0, "single_annual_unc": unset, "single_mean_unc": 1.5}
    file = with_filter(code, opt_unc_type=1.0, **options)
    with pytest.warns(UserWarning, match="factor as that of a mean of numbers"):
        units = open_cbf(write(file, path), wind=3.0)
    assert {name for name in units if name in STREAMS} == {f"gpp{end}"}
    assert kind_of(units, f"gpp{end}") == "factor"
    assert set(units[f"gpp{end}_unc"].dropna("time").values) == {1.5}
    with pytest.warns(UserWarning, match="factor"):
        again = open_cbf(write_cbf(tmp_path / "again.nc", units)[0])
    assert_allclose(again[f"gpp{end}"], units[f"gpp{end}"], rtol=1e-9)
    assert_allclose(again[f"gpp{end}_unc"], units[f"gpp{end}_unc"], rtol=1e-9)


@pytest.mark.parametrize(
    ("means", "fault", "words"),
    [
        ({"gpp": "annual"}, ValueError, "wanted means of 'gpp' as one of 'steps'.*got 'annual'"),
        ({"reco": "years"}, KeyError, "no observations 'reco' in a CBF"),
        ({"lai": "years"}, KeyError, "no observations 'lai'"),
        ("years", TypeError, "wanted means as a mapping"),
    ],
)
def test_a_way_that_is_none_is_refused(path, means, fault, words):
    write(with_filter(2.0), path)
    with pytest.raises(fault, match=words):
        open_cbf(path, wind=3.0, means=means)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "site.cbf.nc"

"""An uncertainty given as a factor by text, "x1.5", in every reader and on the command line."""

import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_array_equal

from pm_dalec.data.formats import (
    open_cbf,
    open_edinburgh_binary,
    write_cardamom_csv,
    write_cbf,
    write_edinburgh_binary,
)
from pm_dalec.data.series.frame import site_from_frame
from pm_dalec.data.site_file import open_site
from pm_dalec.data.uncertainties import kind_of, likelihood_by_data, uncertainty_of
from pm_dalec.testing.tiny import tiny_site

pytestmark = pytest.mark.filterwarnings("ignore:columns of the table", "ignore:.*not read")


@pytest.fixture
def site():
    """Site whose leaf area has no uncertainty, and whose wood has one."""
    units = tiny_site().drop_vars(["csom_prior", "csom_prior_unc"])
    return units.assign(lai_unc=(units["lai_unc"] * np.nan).assign_attrs(units="m2 m-2"))


def by_netcdf(site, folder, given):
    site.to_netcdf(folder / "site.nc", engine="h5netcdf")
    return open_site(folder / "site.nc", uncertainties=given)


def by_cbf(site, folder, given):
    whole = site.assign(lai_unc=(site["lai"] * 0 + 0.3).assign_attrs(units="m2 m-2"))
    with xr.open_dataset(write_cbf(folder / "all.nc", whole)[0], decode_times=False) as file:
        file.load().drop_vars("LAIunc").to_netcdf(folder / "site.cbf.nc", engine="h5netcdf")
    return open_cbf(folder / "site.cbf.nc", uncertainties=given)


def by_csv(site, folder, given):
    write_cardamom_csv(folder, site.drop_vars("lai_unc"), site="x")
    return open_site(folder / "x", start="2014-01-01", uncertainties=given)


def by_binary(site, folder, given):
    path = write_edinburgh_binary(folder / "site.bin", site)[0]
    return open_edinburgh_binary(path, start="2014-01-01", uncertainties=given)


def by_frame(site, folder, given):
    table = site.drop_vars(["lai_unc", "doy", "step_days"]).drop_dims("bnds").to_dataframe()
    table = table.drop(columns=["site", "lat", "lon"]).rename(
        columns={"burned_fraction": "burned_area"}
    )
    return site_from_frame(table, latitude=55.0, uncertainties=given)


READERS = (by_netcdf, by_cbf, by_csv, by_binary, by_frame)


@pytest.mark.parametrize("given", [{"lai": "x1.5"}, "x1.5"])
@pytest.mark.parametrize("reader", READERS)
def test_every_reader_takes_a_factor_by_text(site, tmp_path, reader, given):
    units = reader(site, tmp_path, given)
    seen = units["lai"].notnull()
    assert kind_of(units, "lai") == "factor"
    assert units["lai_unc"].attrs["units"] == "1"
    assert_array_equal(units["lai_unc"].where(seen, drop=True), 1.5)
    assert likelihood_by_data(units, "lai").kind == "lognormal"
    assert kind_of(units, "cwood") == "absolute"


@pytest.mark.parametrize("reader", READERS)
def test_a_share_of_all_streams_is_taken_where_there_is_none(site, tmp_path, reader):
    units = reader(site, tmp_path, "20%")
    assert np.allclose(units["lai_unc"].dropna("time"), 0.2 * units["lai"].dropna("time"))
    assert not np.allclose(units["cwood_unc"].dropna("time"), 0.2 * units["cwood"].dropna("time"))


@pytest.mark.parametrize("text", ["x1.5", " X 1.5", "\N{MULTIPLICATION SIGN}1.5"])
def test_a_factor_is_written_with_a_sign_of_times(text):
    found, attrs = uncertainty_of(np.array([2.0, np.nan]), text, name="lai", where="here")
    assert_array_equal(found, [1.5, np.nan])
    assert attrs["uncertainty_kind"] == "factor"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"lai": "x0.9"}, r"factor of 'lai' as a number above 1 behind an x.*'x0.9'"),
        ({"lai": "xyz"}, r"factor of 'lai' as a number"),
        ({"cwood": "x1.5"}, None),
        ("0.5", r"uncertainty of all streams as a share like '20%' or a factor like 'x1.5'"),
    ],
)
def test_other_texts_are_refused_in_words(site, tmp_path, given, words):
    site = site.assign(lai_unc=(site["lai"] * 0 + 0.3).assign_attrs(units="m2 m-2"))
    if (
        words is None
    ):  # the file has sigmas of wood: nothing is lacking, and a factor is another kind
        words = r"no further uncertainty of 'cwood', got 'x1.5', and the file has sigmas"
    else:
        site = site.drop_vars("lai_unc")
    with pytest.raises(ValueError, match=words):
        by_netcdf(site, tmp_path, given)

"""Tables and site files in ways that people keep them: each is right, or refused in one sentence."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from pm_dalec.data.series.frame import site_from_frame
from pm_dalec.data.site_file import open_site
from pm_dalec.models import baseline
from pm_dalec.testing.tiny import tiny_site

pytestmark = pytest.mark.filterwarnings("ignore:columns of the table")
SITE = tiny_site()
STEPS = SITE.sizes["time"]
DAY = pd.Timedelta(days=1)


def table():
    kept = SITE.drop_vars(
        ["doy", "step_days", "csom_prior", "csom_prior_unc", "site", "lat", "lon"]
    )
    return kept.drop_dims("bnds").to_dataframe()


def dated(make):
    """Table whose dates are in a column, made from the months by a function."""
    return table().assign(time=[make(each) for each in table().index]).reset_index(drop=True)


def calendar(name, freq, start="2014-01-16"):
    return xr.date_range(start, periods=STEPS, freq=freq, calendar=name, use_cftime=True)


def shown(units):
    return units.sizes["time"], str(units["time"].values[0])[:10], float(units["vpd"].mean())


TABLES = {
    "no leap days": lambda: table().set_axis(calendar("noleap", "MS", "2014-01-01")),
    "years of 360 days": lambda: table().set_axis(calendar("360_day", "30D")),
    "periods": lambda: table().set_axis(pd.period_range("2014-01", periods=STEPS, freq="M")),
    "middles": lambda: table().set_axis(table().index + 14 * DAY),
    "ends": lambda: table().set_axis(table().index + pd.offsets.MonthEnd(0)),
    "a zone": lambda: table().set_axis(table().index.tz_localize("UTC")),
    "201401": lambda: dated(lambda each: int(f"{each:%Y%m}")),
    "20140101": lambda: dated(lambda each: int(f"{each:%Y%m%d}")),
    "decimal years": lambda: dated(lambda each: each.year + (each.month - 0.5) / 12),
    "big-endian": lambda: table().apply(lambda c: pd.Series(c.values.astype(">f8"), index=c.index)),
    "nullable": lambda: table().convert_dtypes(),
    "any order": lambda: table().sample(frac=1, random_state=0),
    "hPA": lambda: table().assign(vpd=table()["vpd"] / 100).rename(columns={"vpd": "VPD (hPA)"}),
    "glued": lambda: table().assign(wind=table()["wind"]).rename(columns={"wind": "wind (ms-1)"}),
}


@pytest.mark.parametrize("name", TABLES)
def test_a_table_of_another_form_is_right(name):
    found = shown(site_from_frame(TABLES[name](), latitude=55.0))
    assert found == (STEPS, "2014-01-01", pytest.approx(float(SITE["vpd"].mean())))


REFUSED_TABLES = {
    "quarters": (
        lambda: table().set_axis(pd.period_range("2014", periods=STEPS, freq="Q")),
        "periods of a month or a day",
    ),
    "words": (
        lambda: dated(lambda each: f"{each:%b %Y}"),
        "day and month of others may be exchanged",
    ),
    "serial numbers": (
        lambda: dated(lambda each: (each - pd.Timestamp(1899, 12, 30)).days),
        "wanted dates",
    ),
    "weeks": (
        lambda: table().set_axis(pd.date_range("2014", periods=STEPS, freq="7D")),
        "steps of 7 days",
    ),
    "decimal weeks": (
        lambda: dated(lambda each: 2014 + each.month / 53),
        "decimal years a month apart",
    ),
    "two columns": (
        lambda: table().assign(vapour_pressure_deficit=1.0),
        "one column of 'vpd', got 'vpd' and 'vapour_pressure_deficit'",
    ),
    "carbon dioxide": (
        lambda: table().assign(**{"gpp (gCO2 m-2 d-1)": 5.0, "gpp_sd": 1.0}),
        "a mass of CO2, of which 0.2729 is carbon",
    ),
    "dry matter": (
        lambda: table().drop(columns=["cwood", "cwood_unc"]).assign(**{"cwood (MgDM/ha)": 50.0}),
        "a mass of dry matter",
    ),
    "a sigma in per cent": (
        lambda: table().rename(columns={"lai_unc": "lai_sd (%)"}),
        "a percentage is no m2 m-2; one of each value is given as uncertainties=",
    ),
    "a code": (lambda: table().assign(lai=table()["lai"].fillna(-6999)), "the fill value -6999"),
    "truth": (lambda: table().assign(vpd=True), "wanted numbers in column 'vpd', got bool"),
    "below detection": (lambda: table().assign(vpd=["<LOD"] * STEPS), "got '<LOD' in row 1"),
}


@pytest.mark.parametrize("name", REFUSED_TABLES)
def test_a_table_that_means_another_thing_is_refused_in_a_sentence(name):
    make, words = REFUSED_TABLES[name]
    with pytest.raises((ValueError, TypeError), match=words):
        site_from_frame(make(), latitude=55.0)


# ---- site files


def written(units, folder):
    units.to_netcdf(folder / "site.nc", engine="h5netcdf")
    return folder / "site.nc"


def test_names_in_capitals_are_the_same_names(tmp_path):
    units = SITE.rename(lai="LAI", lai_unc="LAI_unc", vpd="VPD")
    xr.testing.assert_allclose(
        open_site(written(units, tmp_path))["lai"], open_of(SITE, tmp_path)["lai"]
    )


def open_of(units, folder):
    return open_site(written(units, folder))


def test_an_observation_of_another_name_is_said(tmp_path):
    units = SITE.rename(lai="leaf_area_index").drop_vars("lai_unc")
    with pytest.warns(
        UserWarning, match=r"not read from site.nc: 'leaf_area_index' \(rename it 'lai'\)"
    ):
        assert "lai" not in open_of(units, tmp_path)


def test_single_precision_and_a_place_from_0_to_360_are_read(tmp_path):
    units = SITE.map(lambda each: each.astype("float32") if each.dtype.kind == "f" else each)
    found = open_of(units.assign_coords(SITE.coords).assign_coords(lon=357.0, lat=-33.5), tmp_path)
    assert (float(found["lon"]), float(found["lat"])) == (357.0, -33.5)
    assert found["vpd"].dtype == np.float64


def grid_of(lat):
    return SITE.drop_vars(["lat", "lon"]).expand_dims(lat=lat, lon=[-3.0])


SITES = {
    "two latitudes": (lambda: grid_of([55.0, 56.0]), "wanted one site, got 2 lat .*isel"),
    "a sigma in per cent": (
        lambda: SITE.assign(lai_unc=(SITE["lai"] * 0 + 20).assign_attrs(units="%")),
        "a percentage is no m2 m-2; one of each value",
    ),
    "dry wood": (
        lambda: SITE.assign(cwood=SITE["cwood"].assign_attrs(long_name="dry biomass of wood")),
        "'cwood' in grams of carbon, got 'dry biomass of wood'",
    ),
    "a place in words": (
        lambda: SITE.assign_coords(lat="55N"),
        "'lat' as a number in degrees, got '55N'",
    ),
    "steps counted": (
        lambda: SITE.drop_vars("time_bnds").assign_coords(time=np.arange(STEPS)),
        "'time' as dates of the standard calendar",
    ),
    "two cases": (
        lambda: SITE.assign(LAI=SITE["lai"]).drop_vars("lai").assign(Lai=SITE["lai"]),
        "case only",
    ),
}


@pytest.mark.parametrize("name", SITES)
def test_a_site_file_that_means_another_thing_is_refused_in_a_sentence(name, tmp_path):
    make, words = SITES[name]
    with pytest.raises((ValueError, TypeError), match=words):
        open_of(make(), tmp_path)


def test_big_endian_arrays_make_the_same_model():
    turned = SITE.copy()
    for name in turned.data_vars:
        turned[name] = turned[name].copy(data=turned[name].to_numpy().astype(">f8"))
    found, wanted = (baseline.build(each)["lai_data"].get_value() for each in (turned, SITE))
    np.testing.assert_array_equal(found, wanted)


def test_arrays_of_dask_make_the_same_model():
    pytest.importorskip("dask", reason="dask is no dependency")
    model = baseline.build(SITE.chunk(time=5))
    np.testing.assert_array_equal(model["lai_data"].get_value(), SITE["lai"].fillna(0.0))

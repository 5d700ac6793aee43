"""Arrays that no site can have are refused where they come in; a number that is no fill is kept."""

import numpy as np
import pandas as pd
import pytest

from pm_dalec.data.checks import check_units
from pm_dalec.data.series.frame import site_from_frame
from pm_dalec.data.standardised import site_from_arrays
from pm_dalec.testing.tiny import tiny_site

STREAMS = ("lai", "gpp", "reco", "csom")
SITE = tiny_site(streams=STREAMS)
NAMES = [name for name in SITE.data_vars if not str(name).startswith("csom_prior")]
BOUNDS = SITE["time_bnds"].values
EDGES = np.concatenate([BOUNDS[:, 0], BOUNDS[-1:, 1]])


def made(edges=EDGES, latitude=50.0, **changed):
    values = {name: SITE[name].values for name in NAMES} | changed
    return site_from_arrays(values, edges, latitude, site="here")


def times(name, factor):
    return {name: SITE[name].values * factor}


IMPOSSIBLE = {
    "an edge twice": ({"edges": np.where(EDGES == EDGES[3], EDGES[2], EDGES)}, "wanted edges one after"),
    "backwards": ({"edges": EDGES[::-1]}, "sort them"),
    "no date": ({"edges": np.where(EDGES == EDGES[3], np.datetime64("NaT", "ns"), EDGES)}, "no date"),
    "temperatures exchanged": ({"tmin": SITE["tmax"].values, "tmax": SITE["tmin"].values}, "tmin > tmax"),
    "a negative sigma": (times("lai_unc", -1.0), "wanted 'lai_unc' above 0"),
    "days of another year": ({"doy": SITE["doy"].values[::-1]}, "'doy' as the day of year at the END"),
    "lengths in weeks": (times("step_days", 1 / 7), "wanted 'step_days' equal to the length"),
    "latitude of 100": ({"latitude": 100.0}, "'lat' from -90 to 90"),
}  # fmt: skip


@pytest.mark.parametrize("fault", IMPOSSIBLE)
def test_what_no_site_can_be_is_refused_where_the_arrays_come_in(fault):
    given, sentence = IMPOSSIBLE[fault]
    with pytest.raises(ValueError, match=sentence):
        made(**given)


NOWHERE = {
    "radiation": (times("sw_rad", 0.1), "'sw_rad' above 0.12 of what arrives"),
    "wind": (times("wind", 1e-3), "'wind' above 0.1 m s-1"),
    "gpp": (times("gpp", -1.0), "'gpp' above 0 in its mean.*change its sign"),
    "reco": (times("reco", -1.0), "'reco' above 0 in its mean"),
}


@pytest.mark.parametrize("fault", NOWHERE)
def test_a_series_that_no_place_has_is_refused(fault):
    given, sentence = NOWHERE[fault]
    with pytest.raises(ValueError, match=sentence):
        made(**given)


def test_soil_carbon_in_kilograms_is_refused():
    attrs = SITE["csom"].attrs
    changed = {name: (SITE[name] / 1000).assign_attrs(attrs) for name in ("csom", "csom_unc")}
    with pytest.raises(ValueError, match=r"'csom' in g m-2, got at most .* multiply by 1000"):
        check_units(SITE.assign(changed))


def test_the_right_arrays_make_the_site():
    assert np.array_equal(made()["gpp"], SITE["gpp"], equal_nan=True)


@pytest.mark.parametrize("value", [np.inf, -np.inf, -20_000.0])
def test_a_number_that_is_no_fill_is_not_left_out(value):
    table = pd.DataFrame(
        {name: SITE[name].values for name in NAMES if name not in ("doy", "step_days")}
    )
    table["time"] = SITE["time"].values
    table.loc[4, "csom"] = value
    with pytest.raises(ValueError, match="csom"):
        site_from_frame(table, latitude=50.0)


@pytest.mark.parametrize("value", [-9999.0, 1e20, 9.96921e36, -3.4e38])
def test_a_fill_is_a_gap(value):
    table = pd.DataFrame(
        {name: SITE[name].values for name in NAMES if name not in ("doy", "step_days")}
    )
    table["time"] = SITE["time"].values
    table.loc[4, ["csom", "csom_unc"]] = value
    assert np.isnan(site_from_frame(table, latitude=50.0)["csom"].values[4])

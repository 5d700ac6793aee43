"""Spoilt tables end in a sentence, or in the numbers of the table: never in others, never in a traceback."""

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from pm_dalec.data.series.flux_towers import open_flux_tower
from pm_dalec.data.series.frame import site_from_frame

from .test_frame import GIVEN, MONTHS, drivers
from .towers import FULLSET, half_hours, write

TOLD = (ValueError, TypeError, KeyError)
NAMES = [name for name in drivers() if name != "time"]
CELLS = (
    None,
    "",
    "x",
    np.nan,
    np.inf,
    -np.inf,
    -9999,
    "-9999",
    -999.0,
    9.97e36,
    "1,5",
    "0x1",
    True,
    pd.NA,
    1e9,
    [1],
)


def pick(draw, of):
    return draw(st.sampled_from(list(of)))


def cell(draw, table):
    name, row = pick(draw, table), draw(st.integers(0, len(table) - 1))
    spoilt = table.astype({name: object})
    spoilt.iat[row, spoilt.columns.get_loc(name)] = pick(draw, CELLS)
    return spoilt


def kind(draw, table):
    name = pick(draw, NAMES)
    return table.assign(
        **{name: table[name].astype(pick(draw, ("str", ">f8", "Float64", "object", "f4")))}
    )


def rows(draw, table):
    table = table.astype(object)  # pandas takes no rows of other byte orders
    chosen = draw(st.lists(st.integers(0, len(table) - 1), min_size=1, max_size=MONTHS + 2))
    return table.iloc[chosen]


def rename(draw, table):
    name = pick(draw, table)
    new = pick(
        draw,
        (
            "tmin",
            "Tmax (K)",
            "vpd [hPa]",
            "sw_rad (W m-2)",
            "nee",
            "",
            "lai (kg)",
            "x (",
            "2",
            "year",
        ),
    )
    return table.rename(columns={name: new})


def dates(draw, table):
    first = pick(draw, ("2001-01-01", "2001-01-31", "1900-01-01", "2099-06-01"))
    step = pick(draw, ("MS", "ME", "D", "h", "7D", "YS", "36h", "QS"))
    return table.assign(time=pd.date_range(first, periods=len(table), freq=step))


def index(draw, table):
    return table.set_index(pick(draw, table))


SPOIL = (cell, kind, rows, rename, dates, index)


def opened(make):
    """Site, or None where a sentence says why there is none."""
    fault = None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return make()
        except (*TOLD, FileNotFoundError) as raised:
            fault = raised
    words = str(fault.args[0])
    assert len(words.split()) > 6, words
    assert any(word in words for word in ("wanted", "no ", "got")), words
    return None


CALM = settings(deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)


@settings(CALM, max_examples=40)
@given(st.data())
def test_a_spoilt_frame_is_told_or_has_its_own_numbers(data):
    table = drivers()
    for spoil in data.draw(st.lists(st.sampled_from(SPOIL), min_size=1, max_size=2)):
        table = spoil(data.draw, table)
    site = opened(lambda: site_from_frame(table, **GIVEN))
    for name in ("tmin", "vpd", "wind", "burned_fraction", "lai"):
        if site is not None and name in table and name in site:
            stored = pd.to_numeric(table[name], errors="coerce").astype(float).to_numpy()
            assert set(site[name].to_numpy()[~np.isnan(site[name])]) <= set(stored)


@pytest.fixture(scope="module")
def tower(tmp_path_factory):
    path = tmp_path_factory.mktemp("tower") / FULLSET.format("HH")
    return write(half_hours(last="2001-02-01"), path)


LINE = st.sampled_from(("", "#", ",,,", "x,y", "-9999", "2001", "\x00", "TIMESTAMP"))


@pytest.mark.slow
@settings(CALM, max_examples=60)
@given(
    at=st.integers(0, 60),
    line=LINE,
    how=st.sampled_from(("insert", "replace", "cut", "drop")),
)
def test_a_spoilt_file_of_a_tower_is_told_or_changes_nothing(tower, at, line, how):
    lines = tower.read_text().splitlines()
    if how == "insert":
        lines.insert(at, line)
    elif how == "replace":
        lines[at] = line
    elif how == "cut":
        lines = [*lines[:at], lines[at][: len(lines[at]) // 2]]
    else:
        del lines[at]
    spoilt = tower.with_name("spoilt_" + tower.name)
    spoilt.write_text("\n".join(lines))
    known = {"latitude": 0.0, "disturbance": "none"}
    wanted = opened(lambda: open_flux_tower(tower, **known))
    came = opened(lambda: open_flux_tower(spoilt, **known))
    for name in ("tmin", "tmax", "sw_rad", "vpd", "nee"):
        if came is not None:  # a row of 1488 less is a gap of the month
            np.testing.assert_allclose(came[name], wanted[name], rtol=2e-2, atol=2e-2, err_msg=name)

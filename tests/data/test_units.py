"""Unit strings are compared by meaning and converted only where the conversion is exact."""

import pytest

from pm_dalec.data.units import conversion, describe, same_units
from pm_dalec.tables.streams import STREAMS, wanted_units
from pm_dalec.tables.variables import VARIABLES

SAME = [
    ("gC m-2 d-1", "g m-2 d-1"),
    ("g C m-2 day-1", "g m-2 d-1"),
    ("MJ/m2/day", "MJ m-2 d-1"),
    ("MJ m^-2 d^-1", "MJ m-2 d-1"),
    ("MJ m**-2 d**-1", "MJ m-2 d-1"),
    ("deg C", "degC"),
    ("°C", "degC"),
    ("umol mol-1", "ppm"),
    ("1e-6", "ppm"),
    ("m2/m2", "m2 m-2"),
    ("", "1"),
    ("fraction", "1"),
    ("days", "d"),
    ("m.s-1", "m s-1"),
]
CONVERTED = [
    ("W m-2", "MJ m-2 d-1", 0.0864, 0.0),
    ("J m-2 d-1", "MJ m-2 d-1", 1e-6, 0.0),
    ("K", "degC", 1.0, -273.15),
    ("hPa", "Pa", 100.0, 0.0),
    ("kPa", "Pa", 1000.0, 0.0),
    ("kgC m-2", "g m-2", 1000.0, 0.0),
    ("Mg C ha-1", "g m-2", 100.0, 0.0),
    ("gC m-2 s-1", "g m-2 d-1", 86400.0, 0.0),
    ("percent", "1", 0.01, 0.0),
    ("mol mol-1", "ppm", 1e6, 0.0),
    ("km h-1", "m s-1", 1 / 3.6, 0.0),
    ("h", "d", 1 / 24, 0.0),
]
REFUSED = [
    ("umol m-2 s-1", "g m-2 d-1"),  # of which substance
    ("gC m-2 yr-1", "g m-2 d-1"),  # how long a year
    ("MJ m-2", "MJ m-2 d-1"),
    ("furlong", "m"),
    ("C", "degC"),  # coulomb, or carbon
    ("degrees_north", "1"),
]


@pytest.mark.parametrize(("left", "right"), SAME)
def test_spellings_of_one_unit_are_the_same(left, right):
    assert same_units(left, right)
    assert same_units(right, left)


@pytest.mark.parametrize(("given", "wanted", "scale", "offset"), CONVERTED)
def test_exact_conversions_are_known(given, wanted, scale, offset):
    rule = conversion(given, wanted)
    assert rule.scale == pytest.approx(scale, rel=1e-15)
    assert rule.offset == offset
    assert not same_units(given, wanted)


@pytest.mark.parametrize(("given", "wanted", "scale", "offset"), CONVERTED)
def test_a_conversion_and_its_inverse_cancel(given, wanted, scale, offset):
    there, back = conversion(given, wanted), conversion(wanted, given)
    value = 287.0
    assert back.scale * (there.scale * value + there.offset) + back.offset == pytest.approx(value)


@pytest.mark.parametrize(("given", "wanted"), REFUSED)
def test_conversions_that_need_an_assumption_are_refused(given, wanted):
    assert conversion(given, wanted) is None
    assert not same_units(given, wanted)


def test_the_advice_tells_what_to_do_by_hand():
    assert describe(conversion("W m-2", "MJ m-2 d-1")) == "multiply by 0.0864"
    assert describe(conversion("K", "degC")) == "subtract 273.15"
    assert describe(conversion("degC", "K")) == "add 273.15"
    assert describe(conversion("g", "gC")) == "nothing to do"


@pytest.mark.parametrize("name", VARIABLES)
def test_units_of_the_table_of_variables_are_understood(name):
    units = VARIABLES[name].units
    assert conversion(units, units) == (1.0, 0.0)


@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_and_its_uncertainty_have_the_units_of_what_is_observed(name):
    assert wanted_units(name) == wanted_units(f"{name}_unc")
    assert wanted_units(name) == VARIABLES[STREAMS[name].observes].units

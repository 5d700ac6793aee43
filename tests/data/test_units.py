"""Unit strings are compared by meaning and converted only where the conversion is exact."""

import time

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from pm_dalec.data.units import conversion, describe, same_units, why_not
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
    ("Days", "d"),
    ("m.s-1", "m s-1"),
    ("m/s", "m s-1"),
    ("W m^-2", "W m-2"),
    ("W/m²", "W m-2"),
    ("g m**-2", "g m-2"),
    ("degrees_celsius", "degC"),
    ("Celsius", "degC"),
    ("C", "degC"),
    ("mb", "hPa"),
    ("hPA", "hPa"),
    ("µmol mol-1", "ppm"),
    ("umolCO2 mol-1", "ppm"),
    ("ppmv", "ppm"),
    ("%", "percent"),
    ("-", "1"),
    ("unitless", "1"),
    ("degrees C", "degC"),
    ("Deg C", "degC"),
    ("degree Celsius", "degC"),
    ("℃", "degC"),
    ("W m⁻²", "W m-2"),
    ("W m^{-2}", "W m-2"),
    ("Watts/m2", "W m-2"),
    ("gC/m2/day", "g m-2 d-1"),
    ("g C m⁻² d⁻¹", "g m-2 d-1"),
    ("g(C) m-2 d-1", "g m-2 d-1"),
    ("kg m**(-2) s**(-1)", "kg m-2 s-1"),
    ("umol(CO2) mol-1", "ppm"),
    ("micromol/mol", "ppm"),
    ("day of year", "d"),
]
ABSURD = [
    "m99999999",
    "kg9999999999",
    "kg**-99999999",
    "kg**(10*10*10*10*10*10*10)",
    "kg^-1e9",
    "2**(9**9**9)",
    "99**99**99",
    "1e999999999 m",
    "9" * 5000,
    "(" * 3000,
    "0-1",
    "kg + kg",
    "-1",
    "0",
    "nan",
    "1/0",
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
    ("10 g m-2", "g m-2", 10.0, 0.0),
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
    ("degrees_north", "1"),
    ("ton", "kg"),  # of 907 or of 1000 kg
]


@pytest.mark.parametrize(("left", "right"), SAME)
def test_spellings_of_one_unit_are_the_same(left, right):
    assert same_units(left, right)
    assert same_units(right, left)


@pytest.mark.parametrize(("given", "wanted", "scale", "offset"), CONVERTED)
def test_exact_conversions_are_known(given, wanted, scale, offset):
    assert conversion(given, wanted) == (scale, offset)  # the nearest double of the exact fraction
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


@pytest.mark.parametrize("text", ABSURD)
def test_an_absurd_unit_is_refused_at_once(text):
    begun = time.perf_counter()
    assert conversion(text, "1") is None
    assert conversion(text, "g") is None
    assert "does not read as units" in why_not(text, "g")
    assert len(why_not(text, "g")) < 200
    assert time.perf_counter() - begun < 1.0


@settings(max_examples=300, deadline=2000)
@given(st.text("gkmsdhPaWJCK0123456789*^/-+(). eE%°", max_size=20))
def test_any_text_has_an_exact_rule_or_none(text):
    rule = conversion(text, "g m-2 d-1")
    assert rule is None or 0 < rule.scale < np.inf
    assert why_not(text, "g m-2 d-1")


def test_the_advice_tells_what_to_do_by_hand():
    assert describe(conversion("W m-2", "MJ m-2 d-1")) == "multiply by 0.0864"
    assert describe(conversion("K", "degC")) == "subtract 273.15"
    assert describe(conversion("degC", "K")) == "add 273.15"
    assert describe(conversion("g", "gC")) == "nothing to do"


WHY_NOT = [
    ("hpa", "Pa", "the unit 'hpa' is not known, did you mean 'hPa'?"),
    ("g m-2 dayly", "g m-2 d-1", "the unit 'dayly' is not known, did you mean 'day'?"),
    ("bananas", "1", "the unit 'bananas' is not known"),
    ("W m-2", "degC", "no exact conversion from energy length-2 time-1 to temperature"),
    ("gC m-2 yr-1", "g m-2 d-1", "from mass length-2 year-1 to mass length-2 time-1"),
    ("J m-2", "MJ m-2 d-1", "an amount without its time; divide it by the days of the step"),
    ("umol/m2/s", "g m-2 d-1", "where it is CO2, a umol m-2 s-1 is 1.0377 g m-2 d-1 of carbon"),
    ("degC", "1", "from temperature to a plain number"),
    ("(m", "m", "'(m' does not read as units"),
]


@pytest.mark.parametrize(("given", "wanted", "words"), WHY_NOT)
def test_a_refused_unit_is_told_why(given, wanted, words):
    assert conversion(given, wanted) is None
    assert words in why_not(given, wanted)


@pytest.mark.parametrize("name", VARIABLES)
def test_units_of_the_table_of_variables_are_understood(name):
    units = VARIABLES[name].units
    assert conversion(units, units) == (1.0, 0.0)


@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_and_its_uncertainty_have_the_units_of_what_is_observed(name):
    assert wanted_units(name) == wanted_units(f"{name}_unc")
    assert wanted_units(name) == VARIABLES[STREAMS[name].observes].units


@pytest.mark.parametrize(
    ("given", "wanted", "value", "right"),
    [
        ("degF", "degC", 212.0, 100.0),
        ("°F", "degC", 32.0, 0.0),
        ("Fahrenheit", "degC", -40.0, -40.0),
        ("ppb", "ppm", 415_000.0, 415.0),
    ],
)
def test_units_of_other_countries_and_sizes_are_converted_exactly(given, wanted, value, right):
    rule = conversion(given, wanted)
    assert value * rule.scale + rule.offset == pytest.approx(right, abs=1e-12)

"""Unit strings: which of them mean the same, and the exact factors between them.

Parsed by pint, in fractions, with the definitions below and no others. pint's own file and that of
cf-xarray take a ton for 907 kg, a degree for 0.017 and a year for 365.25 days. What needs an
assumption (a molar mass, the length of a year) is refused here, and the caller says so to the user.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from fractions import Fraction
from functools import cache
from tokenize import TokenError
from typing import NamedTuple

import pint

from pm_dalec.tables.constants import FREEZING

# Definitions of the SI. Carbon is counted in grams of carbon: 'gC' is 'g' in the files of the field.
# A line is: name = size in others, or [dimension] = symbol (_ for none) = other spellings.
_DEFINITIONS = """
fraction = []
percent = 0.01
ppm = 1e-6 = _ = ppmv
ppb = 1e-9 = _ = ppbv
mole = [substance] = mol
millimole = 1e-3 mol = mmol
micromole = 1e-6 mol = umol
joule = [energy] = J = Joule
kilojoule = 1e3 J = kJ
megajoule = 1e6 J = MJ
watt = J / s = W = Watt
gram = [mass] = g = gC
milligram = 1e-3 g = mg = mgC
kilogram = 1e3 g = kg = kgC
megagram = 1e6 g = Mg = MgC = t = tC = tonne
meter = [length] = m = metre
kilometer = 1e3 m = km
centimeter = 0.01 m = cm
millimeter = 1e-3 m = mm
hectare = 1e4 m**2 = ha
second = [time] = s = sec
minute = 60 s = min
hour = 3600 s = h = hr
day = 86400 s = d = Day
month = [month]
year = [year] = yr
pascal = [pressure] = Pa = Pascal
hectopascal = 100 Pa = hPa = hPA = mbar = mb = millibar
kilopascal = 1e3 Pa = kPa
kelvin = [temperature] = K = Kelvin
fahrenheit = 5 / 9 * K = degF = Fahrenheit = degFahrenheit = degfahrenheit
celsius = K = degC = Celsius = C = degCelsius = degcelsius
degrees_north = [latitude] = _ = degree_north
degrees_east = [longitude] = _ = degree_east
""".strip().splitlines()
_REGISTRY = pint.UnitRegistry(None, non_int_type=Fraction, cache_folder=None)
_REGISTRY.load_definitions(_DEFINITIONS)
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")
_REWRITTEN = (  # what pint does not read, and what it does
    (r"^(-|unitless|dimensionless)?$", "1"),
    (r"[·⋅.](?=[A-Za-z])", " "),
    (r"[\u2212\u2010-\u2013]", "-"),
    (r"[\u00b5\u03bc]|\bmicro(?=mol)", "u"),
    (r"[{}$\\]", ""),  # of LaTeX: m^{-2}
    (r"%", "percent"),
    (r"℃|º[Cc]\b", "degC"),
    (r"(?i:(°|\bdeg(s|rees?)?)[ _.]?)(?=[Cc](elsius)?\b)", "deg"),
    (r"(?i:(°|\bdeg(s|rees?)?)[ _.]?)(?=[Ff](ahrenheit)?\b)", "deg"),
    (r"(?i:(°|\bdeg(s|rees?)?)[ _.]?)(?=[Kk](elvin)?\b)", ""),
    (r"(?i:^(day of (the )?year|doy|julian day)$)", "d"),
    (r"\b(g|kg|Mg|t) ?(\(C\)|\[C\])", r"\1"),
    (r"\b(g|kg|Mg|t|tonnes?|grams?) C\b(?![\d^*-])", r"\1"),
    (r"mol(e|es)? ?(CO2|\(CO2\)|\[CO2\])(?![A-Za-z\d])", "mol"),
    (r"(?<=[A-Za-z])(?<!\d[eE])(?=[-+]?\d)", "**"),
)
# Units that files write without anything between them, as in Wm-2 and gCm-2d-1
_GLUED = re.compile(
    r"(umol|mmol|mol|MJ|kJ|J|W|kgC|kg|gC|MgC|Mg|g|tC|t|hPa|kPa|Pa|mm|m|ha|days?|d|s|h|yr|K)([-+]?\d+)?"
)
# Masses that are none of carbon, and what makes them one
_OTHER_MASSES = (
    (re.compile(r"(?<![A-Za-z])(k|M|m)?[gt] ?-?CO2"), "of CO2, of which 0.2729 is carbon"),
    (
        re.compile(r"(?i)([gt]|tonnes?|grams?)[ _-]?(dm\b|dry[ _-]?(matter|mass|weight|biomass))"),
        "of dry matter, of which about 0.48 is carbon",
    ),
)
_PERCENT = re.compile(r"(?i)%|per ?cent")
_DRY = re.compile(r"(?i)\bdry[ _-]?(matter|mass|weight|biomass)\b")
# A power or a factor beyond these is no unit, and pint would take hours over its digits.
_LONGEST, _SMALLEST = 100, Fraction(1, 10**100)
_LONG_NUMBER = re.compile(r"\d{20}|[eE][-+]?\d{3}")
_POWER = re.compile(r"\*\*|\^")
_SMALL_POWER = re.compile(
    r"(\*\*|\^)\s*(\(\s*)?[-+]?\d{1,2}(?(2)\s*\))(?!\s*([\d.^(]|[eE]\d|\*\*))"
)
_SUM = re.compile(r"[\w)]\s*[-+]\s*[\w(]|[\n;=]")
# What is missing for a conversion, by dimension, and what a user can do about it.
_HINTS = {
    (("[mass]", 1), ("[substance]", -1)): ", as the substance is not said; where it is CO2, a umol "
    "m-2 s-1 is 1.0377 g m-2 d-1 of carbon",
    (("[time]", -1),): ", as it is an amount without its time; divide it by the days of the step",
}
# what pint's parser ends in when a text is no unit string
_UNREADABLE = (
    pint.PintError,
    TokenError,
    ArithmeticError,
    AssertionError,
    AttributeError,
    TypeError,
    ValueError,
    RecursionError,
)


_ZEROS = {("celsius", 1): Fraction(str(FREEZING)), ("fahrenheit", 1): Fraction("459.67") * 5 / 9}
"""What zero of a scale is above zero kelvin [K]."""


class Conversion(NamedTuple):
    """Exact rule ``wanted = scale * given + offset``."""

    scale: float
    offset: float


@cache
def _meaning(text):
    """Size in base units, dimension and zero point [K]; one of `_UNREADABLE` where it has none."""
    text = _parted(text.strip().translate(_SUPERSCRIPTS))
    for pattern, plain in _REWRITTEN:
        text = re.sub(pattern, plain, text)
    _check_size(text)
    read = _REGISTRY.parse_expression(text)
    base = read.to_base_units() if isinstance(read, pint.Quantity) else _REGISTRY.Quantity(read)
    if not base.magnitude > 0:  # "0-1" of a share is no unit
        raise ValueError(text)
    zero = _ZEROS.get(next(iter(read.unit_items()), None), Fraction(0))
    zero = zero if len(dict(read.unit_items())) == 1 else Fraction(0)
    return Fraction(base.magnitude), base.dimensionality, zero


def _is_share_of_area(text):
    """Whether a unit is an area per area written out, as that of leaf area, whose values are no shares."""
    return "m" in text and not _meaning(text)[1]


def _parted(text):
    """Units that are written without anything between them, with spaces; others as they are."""
    parts = [match.group() for match in _GLUED.finditer(text)]
    whole = "".join(parts) == text and len(parts) > 1
    return " ".join(parts) if whole and text[-1:].isdigit() else text


def is_dry_matter(words: str) -> bool:
    """Whether a description says that a mass is one of dry matter, and not of carbon."""
    return bool(_DRY.search(words)) and "carbon" not in words.lower()


def _check_size(text):
    """Refuse what is a sum, a tower of powers, or a number of thousands of digits."""
    powers = len(_POWER.findall(text)), sum(1 for _ in _SMALL_POWER.finditer(text))
    plain = re.sub(r"(?<=\d)[eE][-+]?\d", "", _SMALL_POWER.sub("", text))
    if (
        len(text) > _LONGEST
        or powers[0] != powers[1]
        or _LONG_NUMBER.search(text)
        or _SUM.search(plain)
    ):
        raise ValueError(text[:_LONGEST])


def conversion(given: str, wanted: str) -> Conversion | None:
    """Exact rule from one unit to another, or None when there is none.

    Parameters
    ----------
    given, wanted : str
        Unit strings such as ``'W m-2'``, ``'MJ/m2/day'``, ``'gC m-2 d-1'``, ``'K'``.

    Returns
    -------
    Conversion or None
        Scale [wanted/given] and offset [wanted].

    Examples
    --------
    >>> conversion("W m-2", "MJ m-2 d-1")
    Conversion(scale=0.0864, offset=0.0)
    >>> conversion("K", "degC")
    Conversion(scale=1.0, offset=-273.15)
    >>> conversion("umol m-2 s-1", "g m-2 d-1") is None
    True
    """
    try:
        (ours, to_dimension, to_zero), (theirs, dimension, zero) = map(_meaning, (wanted, given))
    except _UNREADABLE:
        return None
    if _is_share_of_area(wanted) and _PERCENT.search(given):
        return None
    if dimension != to_dimension or not _SMALLEST < theirs / ours < 1 / _SMALLEST:
        return None
    return Conversion(float(theirs / ours), float((zero - to_zero) / ours))


def same_units(left, right):
    """Whether two unit strings mean the same, so that numbers need no change.

    Parameters
    ----------
    left, right : str
        Unit strings.

    Returns
    -------
    bool

    Examples
    --------
    >>> same_units("gC m-2 day-1", "g m-2 d-1"), same_units("K", "degC")
    (True, False)
    """
    return left == right or conversion(left, right) == Conversion(1.0, 0.0)


def describe(rule):
    """Sentence part that tells by hand how to convert.

    Parameters
    ----------
    rule : Conversion
        What :func:`conversion` gave.

    Returns
    -------
    str
        For instance ``'multiply by 0.0864'``.
    """
    parts = []
    if rule.scale != 1.0:
        parts.append(f"multiply by {rule.scale:.10g}")
    if rule.offset > 0:
        parts.append(f"add {rule.offset:.10g}")
    if rule.offset < 0:
        parts.append(f"subtract {-rule.offset:.10g}")
    return " and ".join(parts) or "nothing to do"


def why_not(given, wanted):
    """Sentence part that says why there is no conversion of what is given to what is wanted.

    Examples
    --------
    >>> why_not("hpa", "Pa")
    "the unit 'hpa' is not known, did you mean 'hPa'?"
    >>> why_not("MJ m-2", "degC")
    'there is no exact conversion from energy length-2 to temperature'
    """
    if _PERCENT.search(given) and wanted != "1":
        return f"a percentage is no {wanted}; one of each value is given as uncertainties={{...: '20%'}}"
    for pattern, words in _OTHER_MASSES:
        if pattern.search(given):
            return f"{_short(given)} is a mass {words}"
    try:
        there, here = (_meaning(text)[1] for text in (wanted, given))
    except pint.UndefinedUnitError as fault:
        name = min(fault.unit_names)
        alike = [known for known in _REGISTRY if known.lower() == name.lower()]
        alike = alike or get_close_matches(name, _REGISTRY, n=1)
        hint = f", did you mean {alike[-1]!r}?" if alike else ""
        return f"the unit {_short(name)} is not known{hint}"
    except _UNREADABLE:
        return f"{_short(given)} does not read as units"
    words = f"there is no exact conversion from {_in_words(here)} to {_in_words(there)}"
    return words + _HINTS.get(tuple(sorted((there / here).items())), "")


def _short(text):
    return repr(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}...")


def _in_words(dimension):
    powers = sorted(dimension.items(), key=lambda item: (item[1] < 0, item[0]))
    words = (name.strip("[]") + ("" if power == 1 else str(power)) for name, power in powers)
    return " ".join(words) or "a plain number"

"""Unit strings: which of them mean the same, and the exact factors between them.

Only exact conversions are known here. What needs an assumption (a molar mass, the length of a
year) is refused, and the caller says so to the user.
"""

import re
from fractions import Fraction
from typing import NamedTuple

# Size in the base units J, g, m, s, Pa, K, and the exponents of these. All are definitions (SI).
# Carbon is counted in grams of carbon: 'gC' is written 'g' in driver and observation files.
_SYMBOLS = {
    "1": (1, {}),
    "-": (1, {}),
    "percent": (Fraction(1, 100), {}),
    "%": (Fraction(1, 100), {}),
    "ppm": (Fraction(1, 10**6), {}),
    "ppmv": (Fraction(1, 10**6), {}),
    "mol": (1, {"mol": 1}),
    "mmol": (Fraction(1, 10**3), {"mol": 1}),
    "umol": (Fraction(1, 10**6), {"mol": 1}),
    "J": (1, {"J": 1}),
    "kJ": (10**3, {"J": 1}),
    "MJ": (10**6, {"J": 1}),
    "W": (1, {"J": 1, "s": -1}),
    "g": (1, {"g": 1}),
    "kg": (10**3, {"g": 1}),
    "Mg": (10**6, {"g": 1}),
    "t": (10**6, {"g": 1}),
    "m": (1, {"m": 1}),
    "km": (10**3, {"m": 1}),
    "cm": (Fraction(1, 100), {"m": 1}),
    "mm": (Fraction(1, 10**3), {"m": 1}),
    "ha": (10**4, {"m": 2}),
    "s": (1, {"s": 1}),
    "h": (3600, {"s": 1}),
    "d": (86400, {"s": 1}),
    "Pa": (1, {"Pa": 1}),
    "hPa": (10**2, {"Pa": 1}),
    "mbar": (10**2, {"Pa": 1}),
    "kPa": (10**3, {"Pa": 1}),
    "K": (1, {"K": 1}),
    "degC": (1, {"K": 1}),
    "degrees_north": (1, {"latitude": 1}),
    "degrees_east": (1, {"longitude": 1}),
}
_SPELLINGS = {
    "day": "d",
    "days": "d",
    "hour": "h",
    "hours": "h",
    "hr": "h",
    "sec": "s",
    "second": "s",
    "seconds": "s",
    "gC": "g",
    "kgC": "kg",
    "MgC": "Mg",
    "tC": "t",
    "tonne": "t",
    "kelvin": "K",
    "Kelvin": "K",
    "celsius": "degC",
    "Celsius": "degC",
    "°C": "degC",
    "degrees_C": "degC",
    "degree_Celsius": "degC",
    "degrees_Celsius": "degC",
    "degree_north": "degrees_north",
    "degree_east": "degrees_east",
    "fraction": "1",
    "dimensionless": "1",
}
_KELVIN_OF_FREEZING = Fraction(27315, 100)  # [K], 0 degC by definition
_TOKEN = re.compile(r"(?P<symbol>[A-Za-z%°_]+|1|-)(?:\^|\*\*)?(?P<power>[+-]?\d+)?$")


class Conversion(NamedTuple):
    """Exact rule ``wanted = scale * given + offset``."""

    scale: float
    offset: float


def _factors(text):
    """(token, sign of its exponent) of a unit string; carbon markers left out."""
    text = re.sub(r"\bdeg(ree|rees)? ?C(elsius)?\b", "degC", text.strip())
    text = re.sub(r"\b(g|kg|Mg|t) ?C\b", r"\1", text)
    text = re.sub(r"\s*/\s*", " /", text.replace("·", " ").replace("\u2212", "-"))
    for token in re.split(r"[\s.](?!\d)|\s", text):
        if token:
            yield token.lstrip("/"), -1 if token.startswith("/") else 1


def _parse(text):
    """Size and exponents of a unit string, or None when a token is not known."""
    size, exponents = Fraction(1), {}
    for token, sign in _factors(text or "1"):
        match = _TOKEN.match(token)
        if match is None:
            try:
                size *= Fraction(token) ** sign
            except ValueError:
                return None
            continue
        symbol = _SPELLINGS.get(match["symbol"], match["symbol"])
        if symbol not in _SYMBOLS:
            return None
        power = sign * int(match["power"] or 1)
        unit_size, unit_exponents = _SYMBOLS[symbol]
        size *= Fraction(unit_size) ** power
        for base, exponent in unit_exponents.items():
            exponents[base] = exponents.get(base, 0) + exponent * power
    return size, {base: exponent for base, exponent in exponents.items() if exponent}


def _zero_point(text):
    """Kelvin at the zero of a temperature scale, 0 for everything that is not degC."""
    tokens = [_SPELLINGS.get(token, token) for token, _ in _factors(text)]
    return _KELVIN_OF_FREEZING if tokens == ["degC"] else Fraction(0)


def conversion(given, wanted):
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
    ours, theirs = _parse(wanted), _parse(given)
    if ours is None or theirs is None or ours[1] != theirs[1]:
        return None
    offset = (_zero_point(given) - _zero_point(wanted)) / ours[0]
    return Conversion(float(theirs[0] / ours[0]), float(offset))


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

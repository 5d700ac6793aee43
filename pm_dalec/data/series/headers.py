"""What the columns of a table are: names and units told from its header, a row of units, or by argument."""

import re
import warnings
from typing import NamedTuple

import numpy as np
import pandas as pd

from pm_dalec.data.messages import everywhere
from pm_dalec.data.series import aliases, windows
from pm_dalec.data.units import conversion, why_not
from pm_dalec.tables.constants import CARBON_MOLAR_MASS
from pm_dalec.tables.streams import STREAMS, WINDOW, wanted_units
from pm_dalec.tables.variables import CARBON_FLUX

SECONDS_PER_DAY = 86400.0
_AMOUNT_FLUX = "mol m-2 s-1"
_BRACKETS = re.compile(r"^(?P<name>.*?)\s*[\(\[](?P<units>[^()\[\]]*)[\)\]]\s*$")


class Found(NamedTuple):
    """A column of a table that is of use.

    Parameters
    ----------
    label : hashable
        Label of the column in the table.
    units : str or None
        As stated; None where they are not.
    """

    label: object
    units: str | None


def columns_of(table, *, columns, units, where):
    """Columns of a table by their names in a site.

    Parameters
    ----------
    table : pandas.DataFrame
    columns : dict of str to str
        Name in a site by label of a column, where the table of aliases does not know it.
    units : dict of str to str
        Units by label or by name in a site.
    where : str
        Source, for the message.

    Returns
    -------
    found : dict of str to Found
    rest : list of str
        Labels of the others.

    Raises
    ------
    KeyError, ValueError
        If a label does not exist, or two columns are the same thing.
    """
    labels = list(table.columns)
    _check_labels(columns, labels, where, "columns")
    found, rest = {}, []
    for label in labels:
        text = _text(label)
        name, told = _name_and_units(text)
        name = columns.get(label, columns.get(text, name))
        if name is None:
            rest.append(text)
            continue
        _check_name(name, text, where)
        if name in found:
            raise ValueError(
                f"wanted one column of {name!r}, got {_text(found[name].label)!r} and {text!r} "
                f"({where}); drop one of them, or pass columns={{...}} for what they are"
            )
        found[name] = Found(label, units.get(label, units.get(text, units.get(name, told))))
    known = {*labels, *map(_text, labels), *found}
    unknown = [key for key in units if key not in known]
    if unknown:
        raise KeyError(
            f"no column {unknown[0]!r} whose units are given ({where}); there are "
            f"{', '.join(map(_text, labels))}"
        )
    return found, rest


def _check_labels(given, labels, where, argument):
    there = {*labels, *map(_text, labels)}
    unknown = [key for key in given if key not in there]
    if unknown:
        raise KeyError(
            f"no column {unknown[0]!r}, which {argument} names ({where}); there are "
            f"{', '.join(map(_text, labels))}"
        )


def _check_name(name, text, where):
    if aliases.name_of(str(name)) != name:
        raise KeyError(
            f"no {name!r} in a site, which column {text!r} is said to be ({where}); there are "
            f"{', '.join(aliases.SERIES)}, <stream>_unc, <stream>_annual and <stream>_window"
        )


def _text(label):
    """Label of a column as text; of two levels the second is the units, as in a file of two headers."""
    if isinstance(label, tuple):
        name, *more = (str(part).strip() for part in label)
        more = [part for part in more if part and not part.startswith("Unnamed")]
        return f"{name} [{more[0].strip('()[]')}]" if more else name
    return str(label).strip()


def _name_and_units(text):
    """Name in a site and units out of the text of a header; None for what it does not tell."""
    match = _BRACKETS.match(text)
    if match:
        return aliases.name_of(match["name"]), match["units"].strip() or None
    name = aliases.name_of(text)
    if name is not None:
        return name, None
    # vpd_kPa, tmin K: the last word is units that fit
    base, _, last = re.sub(r"[\s.]", "_", text).rpartition("_")
    name = aliases.name_of(base) if base else None
    if name is not None and name.endswith(WINDOW):
        return (name, last) if windows.is_unit(last) else (None, None)
    if name in (*aliases.SERIES, *STREAMS) and rule_to(name, last) is not None:
        return name, last
    return None, None


def row_of_units(table, found):
    """Table without a first row that holds units, and these by label.

    Parameters
    ----------
    table : pandas.DataFrame
    found : dict of str to Found

    Returns
    -------
    table : pandas.DataFrame
    units : dict
        Empty where the first row is one of numbers.
    """
    if len(table) < 2:
        return table, {}
    first = table.iloc[0]
    told = {}
    for name, column in found.items():
        cell = first[column.label]
        known = name.removesuffix("_unc") in (*aliases.SERIES, *STREAMS)
        if not known or not isinstance(cell, str):
            continue
        text = cell.strip().strip("()[]")
        if text and not _is_number(text) and rule_to(name, text) is not None:
            told[column.label] = text
    return (table.iloc[1:], told) if told else (table, {})


def _is_number(text):
    return not pd.isna(pd.to_numeric(text, errors="coerce"))


def rule_to(name, units):
    """Factor and offset from stated units to those of a variable, or None where there are none.

    Parameters
    ----------
    name : str
        Driver, stream or ``<stream>_unc``.
    units : str

    Returns
    -------
    tuple of float or None
        A flux of substance is taken for one of CO2, whose carbon weighs `CARBON_MOLAR_MASS`.
    """
    if name.endswith(f"_{aliases.FACTOR}"):
        return (1.0, 0.0) if conversion(units, "1") == (1.0, 0.0) else None
    wanted = wanted_units(name)
    rule = conversion(units, wanted)
    if rule is None and wanted == CARBON_FLUX:
        amount = conversion(units.replace("CO2", ""), _AMOUNT_FLUX)
        if amount is not None:
            return amount.scale * CARBON_MOLAR_MASS * SECONDS_PER_DAY, 0.0
    if rule is None:
        return None
    return rule.scale, 0.0 if name.endswith("_unc") else rule.offset


def in_units(values, name, column, where):
    """Numbers of a column in the units of its variable.

    Parameters
    ----------
    values : numpy.ndarray
    name : str
    column : Found
    where : str

    Returns
    -------
    numpy.ndarray

    Raises
    ------
    ValueError
        If its units do not convert.
    """
    if column.units is None or name.endswith((f"_{aliases.FACTOR}", WINDOW)):
        return values
    rule = rule_to(name, str(column.units))
    if rule is None:
        raise ValueError(
            f"wanted {name!r} in {wanted_units(name)!r} or units that convert to it, got "
            f"{str(column.units)!r} of column {_text(column.label)!r} ({where}); "
            f"{why_not(str(column.units), wanted_units(name))}; pass units={{{name!r}: ...}}"
        )
    scale, offset = rule
    return values if rule == (1.0, 0.0) else values * scale + offset


_BIOMASS = ("cwood", "cfol", "croots")
_CARBON = re.compile(r"carbon|(?<![a-z])(?:[kmt]?g|t)? ?c(?![a-z])")
_SHARE = 0.47  # [1] of carbon in dry matter of wood, IPCC 2006 guidelines, volume 4, table 4.3
_LEAST_WOOD = 500.0  # g m-2; 5 Mg of carbon per hectare, less than any stand of trees


def tell_biomass(found, where):
    """Warn of stocks of plants whose units are those of biomass and do not say that it is carbon.

    Parameters
    ----------
    found : mapping of str to (label, units)
        Columns or variables by name.
    where : str
        Source, for the warning.
    """
    doubtful = [
        f"{name} ({units})"
        for name in _BIOMASS
        for label, units in ([found[name]] if name in found else ())
        if _may_be_dry(name, _text(label), units)
    ]
    if doubtful:
        warnings.warn(
            f"taken as carbon, which the units do not say: {', '.join(doubtful)} of {where}; write "
            f"'Mg C/ha', say, where it is carbon, and multiply dry matter by {_SHARE:g} before",
            UserWarning,
            stacklevel=4,
        )


def _may_be_dry(name, label, units):
    """Whether units are others than those of the tables, and neither they nor the label say carbon."""
    if units is None or rule_to(name, str(units)) in (None, (1.0, 0.0)):
        return False
    return not (_CARBON.search(str(units).lower()) or "carbon" in label.lower())


def told_wood(site):
    """Site as given, and a warning where its wood is less than that of any stand of trees.

    Parameters
    ----------
    site : xarray.Dataset
        Checked, of one site.
    """
    most = float(site["cwood"].max()) if "cwood" in site else np.nan
    if 0 < most < _LEAST_WOOD:
        warnings.warn(
            f"'cwood' is at most {most:g} g m-2 of carbon ({everywhere(site)}), less than a stand of trees "
            f"has; if it is in Mg/ha of carbon multiply by 100, in kg m-2 by 1000, or state its units",
            UserWarning,
            stacklevel=4,
        )
    return site

"""Observations of a CBF file as its options mean them: uncertainty, filter, what is not set.

``opt_unc_type`` 0 is absolute, 1 a factor of a log-normal, 2 a fraction of each value; ``opt_filter``
1 to 3 compare means over time instead of steps (`means`). -9999, NaN and fills mean that an option is not set.
"""

import re

import numpy as np

from pm_dalec.data.formats.jpl import names
from pm_dalec.data.formats.jpl.filters import STEPS
from pm_dalec.data.formats.jpl.means import (
    FACTORS,
    FRACTIONS,
    averaged_columns,
    taken,
    tell_assumed,
)
from pm_dalec.data.formats.jpl.values import numbers_of, rule_of
from pm_dalec.data.formats.streams import is_wanted
from pm_dalec.data.messages import sentence
from pm_dalec.data.series.stand_ins import ForAll
from pm_dalec.tables.streams import ANNUAL

_USED = ("opt_unc_type", "opt_filter", "opt_normalization", "single_unc")
_NO_OPTION = ("none", "nan", "n/a", "na", "unset")
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?")
_OF_FILTERS = ("single_mean_unc", "single_annual_unc", "single_monthly_unc")


def observed(stored, dim, length, *, choice, where):
    """Observations and their sigma, in the units of the schema.

    Parameters
    ----------
    stored : xarray.Dataset
        The file in memory, fills as NaN.
    dim : str
        Its dimension of time.
    length : array (time,) [d]
        Of its months.
    choice : Choice
        Streams that are wanted, and uncertainties from the caller.
    where : str
        For the message.

    Returns
    -------
    dict of str to array
        NaN in ``<name>_unc`` where the caller's uncertainty is to be filled in; with ``<name>_window``
        where observations are means.
    """
    columns, said = {}, []
    for name, (source, assumed, wanted) in names.OBSERVATIONS.items():
        kept = is_wanted(name, choice) or is_wanted(f"{name}{ANNUAL}", choice)
        if source not in stored or not kept or name in choice.drop:
            continue
        if dim not in stored[source].dims:
            continue
        _check_words(stored[source].attrs, source, where)
        values = numbers_of(stored[source], assumed, wanted, where)
        if not np.isfinite(values).any():
            continue
        way, unsure = taken(stored[source].attrs, source, name, choice, where)
        if way != STEPS:
            said += [unsure] if unsure else []
            scale = rule_of(stored[source], assumed, wanted, where).scale
            columns |= averaged_columns(
                stored[source],
                values,
                name,
                way=way,
                length=length,
                scale=scale,
                choice=choice,
                where=where,
            )
            continue
        sigma = _sigma(stored, source, name, values, where)
        if has_factors(stored, name, choice) or name not in choice.uncertainties:
            _check_sigma(sigma, stored[source].attrs, source, name, where)
        elif names.option(stored[source].attrs, "opt_unc_type") == FACTORS:
            sigma = np.nan
        columns[name] = values
        columns[f"{name}_unc"] = np.where(np.isfinite(values), sigma, np.nan)
    tell_assumed(said, where)
    return columns


def _check_words(attrs, source, where):
    """Refuse options in words: what they mean is not known, and none would be taken for 0."""
    for name in (*_USED, *_OF_FILTERS):
        value = attrs.get(name)
        value = value.decode(errors="replace") if isinstance(value, bytes) else value
        text = value.strip().lower() if isinstance(value, str) else ""
        if text and text not in _NO_OPTION and not _NUMBER.fullmatch(text):
            raise ValueError(
                sentence(
                    names.PRODUCT,
                    wanted=f"the option {name} of '{source}' as a number",
                    came=repr(value),
                    where=where,
                    do="write its number, or -9999 where it is not set",
                )
            )


def unread(stored, dim, choice):
    """Names of observations, priors and options that hold values and are not read."""
    known = {source for source, _, _ in names.OBSERVATIONS.values()}
    found = []
    for name in map(str, stored.variables):
        attrs, values = stored[name].attrs, np.asarray(stored[name].values)
        if values.dtype.kind not in "fiu" or not np.isfinite(values).any():
            continue
        if name in known:
            if is_wanted(_stream_of(name), choice):
                found += [f"{name}:{each}" for each in attrs if _is_left(each, attrs)]
                found += [name] if dim not in stored[name].dims else []
        elif (
            name in names.NOT_READ
            or name.startswith(names.NOT_READ_BEGINNINGS)
            or any(names.option(attrs, each) is not None for each in _USED)
        ):
            found.append(name)
    return found


def _stream_of(source):
    return next(name for name, row in names.OBSERVATIONS.items() if row[0] == source)


def _is_left(name, attrs):
    """Whether an option is set to something that is not taken into account."""
    kind = name.startswith(("opt_", "single_", "min_")) and name not in (*_USED, *_OF_FILTERS)
    return kind and names.option(attrs, name) not in (None, 0.0)


def _sigma(stored, source, name, values, where):
    """One sigma of each value as the file has it, or its factor; NaN where it has none."""
    _, assumed, wanted = names.OBSERVATIONS[name]
    attrs, sigma = stored[source].attrs, np.full(values.shape, np.nan)
    kind = names.option(attrs, "opt_unc_type") or 0.0
    if kind not in (0.0, FACTORS, FRACTIONS):
        return sigma
    single = names.option(attrs, "single_unc")
    column = next((source + end for end in names.UNCERTAINTY if source + end in stored), None)
    scale = rule_of(stored[source], assumed, wanted, where).scale if kind == 0 else 1.0
    if single is not None and single > 0:
        sigma = np.full(values.shape, single * scale)
    if column is not None:
        each = "1" if kind else assumed
        given = numbers_of(
            stored[column], each, "1" if kind else wanted, where, like=stored[source]
        )
        sigma = np.where(np.isfinite(given), given, sigma)
    if kind == FACTORS:
        return np.where(sigma > 1.0, sigma, np.nan)  # others are none
    return sigma * np.abs(values) if kind else sigma


def has_factors(stored, name, choice):
    """Whether the uncertainty of a stream is a factor, and the caller gives it no other by name."""
    attrs = stored[names.OBSERVATIONS[name][0]].attrs
    named = name in choice.uncertainties and not isinstance(choice.uncertainties, ForAll)
    return not named and names.option(attrs, "opt_unc_type") == FACTORS


def _check_sigma(sigma, attrs, source, name, where):
    if np.isfinite(sigma).any():
        return
    kind = names.option(attrs, "opt_unc_type") or 0.0
    single = names.option(attrs, "single_unc")
    came = "none" if single is None else f"{single:g} (single_unc)"
    if kind == FACTORS:
        came = "no log-normal factor above 1 (opt_unc_type 1)"
    elif kind not in (0.0, FRACTIONS):
        came = f"an unknown kind (opt_unc_type {kind:g})"
    raise ValueError(
        sentence(
            names.PRODUCT,
            wanted=f"a one-sigma uncertainty of '{source}'",
            came=came,
            where=where,
            do=f"pass uncertainties={{'{name}': sigma}} in its units or as '20%', or leave the stream "
            f"out with drop=('{name}',)",
        )
    )

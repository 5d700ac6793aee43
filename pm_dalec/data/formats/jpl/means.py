"""Observed means of a CBF file: which way is taken for its filter, with which sigma, and what is assumed."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pm_dalec.data.formats.jpl import names
from pm_dalec.data.formats.jpl.filters import CODES, STEPS, WAYS, parts_of, way_of
from pm_dalec.data.formats.streams import is_wanted
from pm_dalec.data.messages import sentence
from pm_dalec.data.series.stand_ins import ForAll
from pm_dalec.errors.scales import FACTOR, KIND
from pm_dalec.tables.streams import ANNUAL, COMPARED, MEAN, WINDOW

if TYPE_CHECKING:
    from collections.abc import Hashable
    from typing import Any

    import numpy.typing as npt
    import xarray as xr

    from pm_dalec.data.formats.streams import Choice

ABSOLUTE, FACTORS, FRACTIONS = 0.0, 1.0, 2.0  # opt_unc_type
_WORDS = {
    "run": "the mean over the run",
    "years": "means of years, one observation each",
    "years and deviations": "means of years and deviations of the months from them",
    "years and months": "means of years, and of every month of the year over all years",
}
_KINDS = {
    FACTORS: "its factor as that of a mean of numbers, not of logarithms",
    FRACTIONS: "its sigma as a share of each mean",
}
_IN_MANUAL = ("run",)


class Taken(NamedTuple):
    """How observations of a file are taken.

    Parameters
    ----------
    way : str
        Of `filters.WAYS`.
    assumed : str or None
        What the manual of the format does not say, in words.
    """

    way: str
    assumed: str | None


def checked_ways(means: Mapping[str, str] | None, file: str) -> Mapping[str, str]:
    """Argument ``means`` of a reader, or a sentence.

    Parameters
    ----------
    means : mapping of str to str, or None
        Way by stream.
    file : str
        For the message.
    """
    if means is None:
        return {}
    if not isinstance(means, Mapping):
        raise TypeError(
            f"wanted means as a mapping of stream to a way, got {means!r} (opening {file}); write "
            "{'gpp': 'years'}"
        )
    for name, way in means.items():
        if name not in names.OBSERVATIONS:
            raise KeyError(
                f"no observations {name!r} in a CBF, which means names (opening {file}); there are "
                f"{', '.join(names.OBSERVATIONS)}"
            )
        if not isinstance(way, str) or way not in WAYS:
            raise ValueError(
                f"wanted means of {name!r} as one of {', '.join(map(repr, WAYS))}, got {way!r} (opening "
                f"{file}); say what the file's observations are compared with"
            )
    return means


def taken(
    attrs: Mapping[Hashable, Any], source: str, name: str, choice: Choice, where: str
) -> Taken:
    """How the observations of a variable are taken; what is not read is refused.

    Parameters
    ----------
    attrs : mapping
        Of the variable.
    source, name : str
        Its name, and that of its stream.
    choice : Choice
        With the caller's ways.
    where : str
        For the message.
    """
    for option, known in (("opt_filter", CODES.values()), ("opt_normalization", (0,))):
        code = names.option(attrs, option) or 0.0
        if code not in known and not (option == "opt_filter" and name in choice.means):
            raise ValueError(
                sentence(
                    names.PRODUCT,
                    wanted=f"values of '{source}' that are those of the steps or of known means ({option} 0)",
                    came=f"{option} {code:g}",
                    where=where,
                    do=f"leave the stream out with drop=('{name}',), or set {option} to 0 where each "
                    "value belongs to its step",
                )
            )
    kind = names.option(attrs, "opt_unc_type")
    about = [_KINDS[kind]] if kind in _KINDS else []
    if name in choice.means:
        way = choice.means[name]
        return Taken(way, _said(source, "means", about) if about and way != STEPS else None)
    code = int(names.option(attrs, "opt_filter") or 0)
    way = way_of(code, attrs)
    if way == STEPS or (way in _IN_MANUAL and not about):
        return Taken(way, None)
    return Taken(way, _said(source, f"opt_filter {code}", [_WORDS[way], *about]))


def _said(source, option, about):
    return f"'{source}' ({option}) as {', and '.join(about)}"


def averaged_columns(
    variable: xr.DataArray,
    values: npt.NDArray[np.float64],
    name: str,
    *,
    way: str,
    length: npt.NDArray[np.float64],
    scale: float,
    choice: Choice,
    where: str,
) -> dict[str, npt.NDArray[np.float64]]:
    """Means and deviations of a series, their sigma and their windows.

    Parameters
    ----------
    variable : DataArray
        As stored.
    values : array (time,)
        In the units of the stream.
    name, way : str
    length : array (time,) [d]
    scale : float
        From the units of the file to those of the stream.
    choice : Choice
    where : str

    Returns
    -------
    dict of str to array
        By names of a site.
    """
    columns = {}
    for stream, (part, observed, labels) in parts_of(name, values, way, length).items():
        if not is_wanted(stream, choice):
            continue
        sigma = _sigma(variable.attrs, part, stream, choice)
        if sigma is None and stream not in choice.uncertainties:
            raise ValueError(_no_sigma(variable, part, stream, where))
        kind = names.option(variable.attrs, "opt_unc_type") or ABSOLUTE
        times = {ABSOLUTE: scale, FACTORS: 1.0, FRACTIONS: np.abs(observed)}.get(kind, 1.0)
        sigmas = (np.nan if sigma is None else sigma) * times
        columns[stream] = observed
        columns[f"{stream}_unc"] = np.where(np.isfinite(observed), sigmas, np.nan)
        columns[f"{stream}{WINDOW}"] = labels
    return columns


def _sigma(attrs, part, stream, choice):
    """Number of the option that holds the uncertainty of a part; None where there is none of use."""
    kind = names.option(attrs, "opt_unc_type") or ABSOLUTE
    sigma = names.option(attrs, part.uncertainty)
    if sigma is None and part.windows == "run":  # the manual names both
        sigma = names.option(attrs, "single_unc")
    if sigma is None or kind not in (ABSOLUTE, FACTORS, FRACTIONS):
        return None
    if kind != ABSOLUTE and part.compared != MEAN:
        return None  # a share or factor of what departs from a mean is none
    if kind == FACTORS and (sigma <= 1.0 or _is_named(stream, choice)):
        return None
    return sigma if sigma > 0 else None


def _is_named(stream, choice):
    return stream in choice.uncertainties and not isinstance(choice.uncertainties, ForAll)


def _no_sigma(variable, part, stream, where):
    kind = names.option(variable.attrs, "opt_unc_type") or ABSOLUTE
    came = names.option(variable.attrs, part.uncertainty)
    why = ", no factor above 1" if kind == FACTORS and came is not None else ""
    why = (
        why if kind == ABSOLUTE or part.compared == MEAN else ", no share or factor of a deviation"
    )
    return sentence(
        names.PRODUCT,
        wanted=f"a one-sigma uncertainty of the {part.compared} over {part.windows} of "
        f"'{variable.name}', {part.uncertainty}",
        came=f"{'none' if came is None else f'{came:g}'} (opt_unc_type {kind:g}{why})",
        where=where,
        do=f"pass uncertainties={{'{stream}': sigma}} in its units, or leave the stream out with "
        f"drop=('{stream}',)",
    )


def labelled(units: xr.Dataset, stored: xr.Dataset, choice: Choice, where: str) -> xr.Dataset:
    """Site whose windows say what is compared, and whose uncertainties say where they are factors.

    Parameters
    ----------
    units : Dataset
        With what `averaged_columns` gave.
    stored : Dataset
        The file.
    choice : Choice
    where : str
    """
    for name, (source, _, _) in names.OBSERVATIONS.items():
        there = [f"{name}{end}{WINDOW}" in units for end in ("", ANNUAL)]
        if not any(there):
            continue
        attrs = stored[source].attrs
        for part in WAYS[taken(attrs, source, name, choice, where).way]:
            stream = f"{name}{part.end}"
            if f"{stream}{WINDOW}" not in units:
                continue
            units[f"{stream}{WINDOW}"].attrs |= {"units": "1", COMPARED: part.compared}
            if names.option(attrs, "opt_unc_type") == FACTORS and not _is_named(stream, choice):
                units[f"{stream}_unc"].attrs |= {"units": "1", KIND: FACTOR}
    return units


def tell_assumed(assumed: list[str], where: str) -> None:
    """Warn of what is assumed of observations, in one sentence.

    Parameters
    ----------
    assumed : list of str
        From `taken`.
    where : str
        The file.
    """
    if assumed:
        ways = ", ".join(map(repr, WAYS))
        warnings.warn(
            f"{names.PRODUCT}: {where} is read with {'; '.join(assumed)}, which the manual of the format "
            f"leaves open; pass means={{'gpp': way}} with a way out of {ways} to "
            "pm_dalec.data.formats.open_cbf where it is otherwise",
            UserWarning,
            stacklevel=6,
        )

"""Stand-ins for what the source of a site lacks: wind, disturbance, uncertainties."""

import warnings
from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr

from pm_dalec.data.checks import DISTURBANCES
from pm_dalec.data.limits import check_numbers
from pm_dalec.data.uncertainties import is_factor, kind_of, uncertainty_of
from pm_dalec.errors.scales import FACTOR
from pm_dalec.tables import dims
from pm_dalec.tables.streams import OBSERVED, STREAMS, WITHHELD, operator_of

DEFAULT_WIND = 3.23  # [m s-1] what the Edinburgh R code uses where a file has no wind


def checked_disturbance(disturbance, where):
    """Refuse what is neither "file" nor "none"."""
    if not isinstance(disturbance, str) or disturbance not in ("file", "none"):
        raise ValueError(
            f"wanted disturbance 'file' or 'none', got {disturbance!r} (opening {where}); "
            "'none' means no harvest and no fire"
        )


def with_wind(units, where):
    """Units with 3.23 m s-1 where wind is missing, and a warning.

    Parameters
    ----------
    units : xarray.Dataset
    where : str
        Name of the source, for messages; so below.
    """
    if "wind" not in units:
        missing = units.sizes[dims.TIME]
        like = xr.zeros_like(units[dims.TIME], dtype=float).reset_coords(drop=True)
        wind = (like + DEFAULT_WIND).assign_attrs(units="m s-1")
    else:
        missing = int(units["wind"].isnull().sum())
        wind = units["wind"].fillna(DEFAULT_WIND).assign_attrs(units["wind"].attrs)
    if missing:
        warnings.warn(
            f"wind is missing at {missing} of {units.sizes[dims.TIME]} steps of {where}: "
            f"filled with {DEFAULT_WIND} m s-1",
            UserWarning,
            stacklevel=3,
        )
    return units.assign(wind=wind)


def without_disturbance(units, where):
    """Units with zeros for harvest and fire that are missing, and a warning."""
    absent = [name for name in DISTURBANCES if name not in units]
    if absent:
        warnings.warn(
            f"{' and '.join(absent)} missing in {where}: set to zero, no such disturbance",
            UserWarning,
            stacklevel=3,
        )
    zero = xr.zeros_like(units[dims.TIME], dtype=float).reset_coords(drop=True)
    return units.assign({name: zero.assign_attrs(units="1") for name in absent})


class ForAll(Mapping):
    """The same uncertainty of all streams that have none.

    Parameters
    ----------
    given : float or str
    """

    def __init__(self, given):
        self.given = given

    def __getitem__(self, name):
        """What was given, of any stream."""
        if name not in OBSERVED:
            raise KeyError(name)
        return self.given

    def __iter__(self):
        """Names of all streams."""
        return iter(OBSERVED)

    def __len__(self):
        """Number of all streams."""
        return len(OBSERVED)


def checked_sigmas(uncertainties, where):
    """Mapping of uncertainties by stream, or a sentence; nothing is an empty one, a number one of all."""
    if uncertainties is None:
        return {}
    if isinstance(uncertainties, Mapping):
        return uncertainties
    if not isinstance(uncertainties, str):
        raise TypeError(
            f"wanted uncertainties as a mapping of stream to sigma, got {uncertainties!r} "
            f"(opening {where}); write {{'lai': 0.5}}, or one of all streams as '20%' or 'x1.5'"
        )
    if not (is_factor(uncertainties) or uncertainties.strip().endswith("%")):
        raise ValueError(
            f"wanted the uncertainty of all streams as a share like '20%' or a factor like 'x1.5', got "
            f"{uncertainties!r} (opening {where}); streams have different units: write {{'lai': 0.5}}"
        )
    return ForAll(uncertainties)


def with_uncertainties(units, uncertainties, where):
    """Units with the given uncertainties of streams wherever there are none."""
    there = [stream for stream in OBSERVED if stream in units]
    names = there if isinstance(uncertainties, ForAll) else list(uncertainties)
    changed = {}
    for name in names:
        expect_observed([name], there, where)
        known = units.get(f"{name}_unc", xr.full_like(units[name], np.nan))
        lacking = units[name].notnull() & known.isnull()
        if isinstance(uncertainties, ForAll) and not bool(lacking.any()):
            continue
        given = uncertainties[name]
        _check_kinds(units, name, given, lacking, where)
        if f"{name}_unc" not in units:
            changed[name] = units[name].copy(deep=False)
            kept = {key: told for key, told in units[name].attrs.items() if key not in _DESCRIBED}
            changed[name].attrs = kept
        wide, attrs = uncertainty_of(units[name], given, name=name, where=where)
        changed[f"{name}_unc"] = known.fillna(wide).where(units[name].notnull()).assign_attrs(attrs)
    return units.assign(changed)


_DESCRIBED = ("uncertainty_type", "uncertainty_factor", "uncertainty_sigma")


def tell_both(units, uncertainties, where):
    """Warn of streams that have an uncertainty by argument and another one in their file."""
    for name, given in () if isinstance(uncertainties, ForAll) else uncertainties.items():
        if name in units:
            _tell_both(units, name, given, where)


def _tell_both(units, name, given, where):
    argument = f"uncertainties={{{name!r}: {given!r}}}"
    described = [
        f"{key} {units[name].attrs[key]}" for key in _DESCRIBED if key in units[name].attrs
    ]
    words = None
    sigma = units.get(f"{name}_unc")
    alike = (kind_of(units, name) == FACTOR) == is_factor(given)  # other kinds are refused later
    if sigma is not None and alike and bool((units[name].isnull() | sigma.notnull()).all()):
        words = (
            f"{argument} has no effect: {where} gives {name}_unc at every observation of {name!r}; leave "
            f"{name}_unc out of it to use the other"
        )
    elif sigma is None and described:
        words = (
            f"{argument} replaces the uncertainty of {name!r} that {where} describes: "
            f"{', '.join(described)}"
        )
    if words:
        warnings.warn(words, UserWarning, stacklevel=5)


def without_sigma(units, asked, where):
    """Units in which a stream on request without any uncertainty is kept to compare with, and a warning.

    Parameters
    ----------
    units : xarray.Dataset
    asked : collection of str
        Streams that the caller named: without an uncertainty they are refused later.
    where : str
    """
    found = [
        name
        for name, stream in STREAMS.items()
        if name in units
        and not (stream.default or name in asked or f"{name}_unc" in units)
        and operator_of(units, name) is None
    ]
    for name in found:
        check_numbers(name, units, gaps=True)
    if found:
        sigmas = ", ".join(f"{name!r}: sigma" for name in found)
        warnings.warn(
            f"{', '.join(found)} of {where} without an uncertainty: kept to compare with, not assimilated; "
            f"pass uncertainties={{{sigmas}}} to assimilate",
            UserWarning,
            stacklevel=4,
        )
    return units.rename({name: f"{name}{WITHHELD}" for name in found})


def _check_kinds(units, name, given, lacking, where):
    """Refuse a factor beside sigmas of the file, and a sigma beside its factors."""
    held = units[name].notnull() & ~lacking
    alike = (kind_of(units, name) == FACTOR) == is_factor(given)
    if not alike and (bool(held.any()) or kind_of(units, name) == FACTOR):
        kind = "factors" if kind_of(units, name) == FACTOR else "sigmas"
        raise ValueError(
            f"wanted no further uncertainty of {name!r}, got {given!r}, and the file has {kind} "
            f"({where}); leave it out, or choose the error model with likelihoods"
        )


def expect_observed(names, there, where):
    """Refuse names that are not among the observations that are there."""
    absent = [name for name in names if name not in there]
    if absent:
        raise KeyError(f"no observations {absent[0]!r} in {where}; there are {there}")


def checked_observations(observations, there, where):
    """Names of the observations that are wanted, out of those that are there: all, or a list of them."""
    if isinstance(observations, str) and observations == "all":
        return there
    listed = isinstance(observations, Sequence) and not isinstance(observations, str)
    if not listed or not all(isinstance(name, str) for name in observations):
        raise TypeError(
            f"wanted observations as 'all' or a list of names, got {observations!r} ({where}); write "
            "['lai', 'cwood']"
        )
    expect_observed(observations, there, where)
    return list(observations)

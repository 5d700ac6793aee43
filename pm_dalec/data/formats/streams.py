"""Which observations of a file are kept, and with which uncertainty: the same in every format."""

import warnings
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from pm_dalec.data.checks import check_units
from pm_dalec.data.series import stand_ins
from pm_dalec.tables.numbers import names_of
from pm_dalec.tables.streams import OBSERVED, SOIL_PRIOR, STREAMS, WINDOW


class Choice(NamedTuple):
    """Observations that are wanted of a file.

    Parameters
    ----------
    observations : "all" or tuple of str
        Streams to keep.
    drop : tuple of str
        Streams to leave out.
    uncertainties : mapping of str to float or str
        One sigma, or a share of each value, where the file has none.
    means : mapping of str to str
        What observations are compared with, where the caller says so; of CBF files.
    """

    observations: str | tuple[str, ...]
    drop: tuple[str, ...]
    uncertainties: Mapping[str, float | str]
    means: Mapping[str, str] = MappingProxyType({})


def choice_of(observations, drop, uncertainties, file):
    """Arguments of a reader, checked before a file is read.

    Parameters
    ----------
    observations : "all" or sequence of str
    drop : sequence of str
    uncertainties : mapping of str to float or str, or None
    file : str
        Name, for the message.

    Returns
    -------
    Choice
    """
    if observations != "all":
        observations = _names("observations", observations, file)
    sigmas = stand_ins.checked_sigmas(uncertainties, file)
    drop = _names("drop", drop, file)
    both = [name for name in drop if observations != "all" and name in observations]
    if both:
        raise ValueError(
            f"wanted {both[0]!r} kept or left out, got it in observations and in drop (opening {file}); name "
            "it once"
        )
    return Choice(observations, drop, sigmas)


def _names(argument, given, file):
    if isinstance(given, str) or not isinstance(given, Iterable):
        words = "'all' or a list of names" if argument == "observations" else "a list of names"
        raise TypeError(
            f"wanted {argument} as {words}, got {given!r} (opening {file}); write ['lai', 'cwood']"
        )
    named = [name if name == SOIL_PRIOR else STREAMS[name].name for name in given]
    return names_of(argument, named)


def is_wanted(name, choice):
    """Whether a stream is to be kept."""
    kept = choice.observations == "all" or name in choice.observations
    return kept and name not in choice.drop


def wanted_in(units, choice, file):
    """Names of the streams of a dataset that are wanted.

    Parameters
    ----------
    units : xarray.Dataset
    choice : Choice
    file : str
        Name, for the message.

    Returns
    -------
    list of str
    """
    there = [name for name in OBSERVED if name in units or f"{name}_unc" in units]
    named = there if choice.observations == "all" else choice.observations
    stand_ins.expect_observed(named, there, file)
    return [name for name in named if is_wanted(name, choice)]


def with_uncertainties(units, choice, file):
    """Dataset in which the caller's uncertainties stand wherever the file has none.

    Parameters
    ----------
    units : xarray.Dataset
    choice : Choice
    file : str
        Name, for the message.

    Returns
    -------
    xarray.Dataset
    """
    return stand_ins.with_uncertainties(units, choice.uncertainties, file)


def without_sigma(units, choice, file):
    """Dataset in which a stream on request that nobody asked for and that has no uncertainty is apart.

    Parameters
    ----------
    units : xarray.Dataset
    choice : Choice
    file : str
        Name, for the warning.

    Returns
    -------
    xarray.Dataset
        Such a stream is ``{stream}_val``: kept to compare with, never assimilated.
    """
    asked = {*(() if choice.observations == "all" else choice.observations), *choice.uncertainties}
    return stand_ins.without_sigma(units, asked, file)


def finished(units, choice, file):
    """Units of a site with the observations that are wanted, checked.

    Parameters
    ----------
    units : xarray.Dataset
        As a reader made it; variables that are no observations stay.
    choice : Choice
    file : str
        Name, for the message.

    Returns
    -------
    xarray.Dataset
    """
    wanted = wanted_in(units, choice, file)
    others = [
        f"{name}{end}" for name in OBSERVED if name not in wanted for end in ("", "_unc", WINDOW)
    ]
    units = units.drop_vars(others, errors="ignore")
    units = without_sigma(with_uncertainties(units, choice, file), choice, file)
    check_units(units.drop_dims("parameter", errors="ignore"))
    return units


def warn_of_unread(names: Sequence[str], product: str, path) -> None:
    """Warn of what a file holds and the model cannot take."""
    if names:
        warnings.warn(
            f"{product}: not read from {path.name}: {', '.join(names)}; the model has no such streams, "
            "or the readers no such options",
            UserWarning,
            stacklevel=5,
        )

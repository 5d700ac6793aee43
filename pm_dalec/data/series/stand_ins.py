"""Stand-ins for what the source of a site lacks: wind, disturbance, uncertainties."""

import warnings
from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr

from pm_dalec.data.checks import DISTURBANCES
from pm_dalec.data.uncertainties import kind_of, one_sigma
from pm_dalec.errors.scales import ABSOLUTE
from pm_dalec.tables import dims
from pm_dalec.tables.streams import OBSERVED, wanted_units

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


def checked_sigmas(uncertainties, where):
    """Mapping of uncertainties by stream, or a sentence; nothing is an empty one."""
    if uncertainties is None:
        return {}
    if not isinstance(uncertainties, Mapping):
        raise TypeError(
            f"wanted uncertainties as a mapping of stream to sigma, got {uncertainties!r} "
            f"(opening {where}); write {{'lai': 0.5}}"
        )
    return uncertainties


def with_uncertainties(units, uncertainties, where):
    """Units with the given uncertainties of streams wherever there are none."""
    changed = {}
    for name, sigma in uncertainties.items():
        expect_observed([name], [stream for stream in OBSERVED if stream in units], where)
        if kind_of(units, name) != ABSOLUTE:
            raise ValueError(
                f"wanted no further uncertainty of {name!r}, got {sigma!r}, and the file has factors "
                f"({where}); leave it out, or choose the error model with likelihoods"
            )
        given = units.get(f"{name}_unc", xr.full_like(units[name], np.nan))
        filled = given.fillna(one_sigma(units[name], sigma, name=name, where=where))
        filled = filled.where(units[name].notnull())
        changed[f"{name}_unc"] = filled.assign_attrs(units=wanted_units(name))
    return units.assign(changed)


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

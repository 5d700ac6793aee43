"""Table of observation streams, and the units that each variable of a dataset has."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pm_dalec.tables.table import Table
from pm_dalec.tables.variables import DRIVERS, VARIABLES

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True)
class Stream:
    """One stream of observations and the model quantity it is compared with.

    Parameters
    ----------
    name : str
        Name of the observation in `units`; its one-sigma uncertainty is ``{name}_unc``. With
        ``{name}_window`` it is averaged over the steps that have the same number there.
    observes : str
        The variable of `VARIABLES` that it observes. Stocks and LAI are compared at the START of the
        step, fluxes as means over it (MODEL, section 10).
    default : bool
        Whether the paper assimilates it.
    source : str
        Key of `pm_dalec.tables.SOURCES`.
    """

    name: str
    observes: str
    default: bool
    source: str


ANNUAL = "_annual"
"""End of a stream of means over years, which may stand beside one of single steps or of deviations."""

_STREAMS = (
    Stream("lai", "lai", True, "milodowski2023"),
    Stream("cwood", "wood", True, "milodowski2023"),
    Stream("gpp", "gpp", False, "bloom2015"),
    Stream("nee", "nee", False, "bloom2015"),
    Stream("nbe", "nbe", False, "bloom2016"),
    Stream("reco", "reco", False, "bloom2015"),
    Stream("cfol", "foliage", False, "bloom2015"),
    Stream("croots", "roots", False, "bloom2015"),
    Stream("csom", "som", False, "bloom2015"),
)
STREAMS = Table(
    "observation stream",
    (*_STREAMS, *(replace(each, name=f"{each.name}{ANNUAL}") for each in _STREAMS)),
)
SOIL_PRIOR = "csom_prior"
SOIL_PRIOR_UNITS = "g m-2"

WINDOW = "_window"
"""End of the variable (time) that says over which steps the observations of a stream are averaged."""

COMPARED = "compared"
"""Attribute of ``{stream}_window``: what an observation is of its window."""

MEAN, DEVIATION = OPERATORS = ("mean", "deviation")
"""Values of the attribute: the mean over the window (also where it is absent), or what departs from it."""


def operator_of(units: xr.Dataset, stream: str) -> str | None:
    """How a stream is compared: "mean", "deviation", or None where it is step by step."""
    window = f"{stream}{WINDOW}"
    return str(units[window].attrs.get(COMPARED, MEAN)) if window in units else None


def wanted_units(name: str) -> str:
    """Units that a variable of a units dataset has.

    Parameters
    ----------
    name : str
        Driver, observation stream, its uncertainty ``{stream}_unc``, or the soil prior.

    Returns
    -------
    str
    """
    name = name.removesuffix("_unc")
    if name == SOIL_PRIOR:
        return SOIL_PRIOR_UNITS
    return VARIABLES[STREAMS[name].observes].units if name in STREAMS else DRIVERS[name].units


OBSERVED = (*STREAMS, SOIL_PRIOR)

WITHHELD = "_val"
"""End of the variable of observations of a stream that are kept to compare with, never assimilated."""

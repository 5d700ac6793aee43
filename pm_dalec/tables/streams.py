"""Table of observation streams, and the units that each variable of a dataset has."""

from dataclasses import dataclass

from pm_dalec.tables.table import Table
from pm_dalec.tables.variables import DRIVERS, VARIABLES


@dataclass(frozen=True)
class Stream:
    """One stream of observations and the model quantity it is compared with.

    Parameters
    ----------
    name : str
        Name of the observation in `units`; its one-sigma uncertainty is ``{name}_unc``.
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


STREAMS = Table(
    "observation stream",
    (
        Stream("lai", "lai", True, "milodowski2023"),
        Stream("cwood", "wood", True, "milodowski2023"),
        Stream("gpp", "gpp", False, "bloom2015"),
        Stream("nee", "nee", False, "bloom2015"),
        Stream("nbe", "nbe", False, "bloom2016"),
        Stream("reco", "reco", False, "bloom2015"),
        Stream("cfol", "foliage", False, "bloom2015"),
        Stream("croots", "roots", False, "bloom2015"),
        Stream("csom", "som", False, "bloom2015"),
    ),
)
SOIL_PRIOR = "csom_prior"
SOIL_PRIOR_UNITS = "g m-2"


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

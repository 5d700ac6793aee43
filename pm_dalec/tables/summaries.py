"""Table of the scalar summaries and domain series that tables and figures of the paper show.

One value a draw each; `pm_dalec.budget` says how they are made.
"""

from dataclasses import dataclass

from pm_dalec.tables.table import Table
from pm_dalec.tables.variables import CARBON, CARBON_FLUX, POOLS, VARIABLES


@dataclass(frozen=True)
class Quantity:
    """One summary of a trajectory.

    Parameters
    ----------
    name : str
        Name in datasets.
    symbol : str
        Symbol on figure axes (mathtext).
    units : str
        UDUNITS spelling; carbon masses are grams of carbon.
    long_name : str
        What it is, as in a table.
    """

    name: str
    symbol: str
    units: str
    long_name: str


_SHORT = {
    "labile": "lab",
    "foliage": "fol",
    "roots": "root",
    "wood": "wood",
    "litter": "lit",
    "som": "som",
}


def _mean(name: str) -> Quantity:
    record = VARIABLES[name]
    return Quantity(name, record.symbol, record.units, f"{record.long_name}, mean over the period")


QUANTITIES = Table(
    "quantity",
    (
        *(_mean(name) for name in ("gpp", "reco", "nee", "harvest", "fire")),
        Quantity("lai", "LAI", "m2 m-2", "leaf area index, mean over the period"),
        Quantity("mean_wood", "$C_{wood}$", CARBON, "wood carbon, mean over the period"),
        Quantity("stock", "$C_{harv}$", CARBON, "labile, foliar and wood carbon, mean"),
        Quantity("change_live", r"$\Delta C_{bio}$", CARBON, "change of living carbon"),
        Quantity("change_dead", r"$\Delta C_{soil}$", CARBON, "change of litter and soil carbon"),
        Quantity("npp", "NPP", CARBON_FLUX, "net primary production, mean over the period"),
        *(
            Quantity(
                f"residence_{pool}",
                f"MRT$_{{{_SHORT[pool]}}}$",
                "yr",
                f"mean residence time of {POOLS[pool].long_name}",
            )
            for pool in POOLS
        ),
        *(
            Quantity(
                f"npp_{pool}_fraction",
                f"$f_{{NPP,{_SHORT[pool]}}}$",
                "1",
                f"share of net primary production that goes to {POOLS[pool].long_name}",
            )
            for pool in ("foliage", "labile", "roots", "wood")
        ),
        Quantity("npp_wood", "NPP$_{wood}$", CARBON_FLUX, "net primary production of wood, mean"),
    ),
)

BUDGET = ("gpp", "reco", "change_live", "change_dead", "harvest")
"""Summaries of the paper's Table 2, in its order."""

BUDGET_UNITS = {
    **dict.fromkeys(("gpp", "reco", "nee", "harvest", "fire", "npp"), "g m-2 d-1"),
    "lai": "m2 m-2",
    "mean_wood": "g m-2",
    "change_live": "g m-2",
    "change_dead": "g m-2",
    **{f"residence_{pool}": "yr" for pool in POOLS},
    **{f"npp_{pool}_fraction": "1" for pool in ("foliage", "labile", "roots", "wood")},
}

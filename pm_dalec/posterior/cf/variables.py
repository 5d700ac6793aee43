"""Quantities of an export: their names, what they are made of, and their CF attributes."""

from typing import NamedTuple

from pm_dalec.tables.table import Table
from pm_dalec.tables.variables import LIVE

FLUX, STOCK = "kg m-2 s-1", "kg m-2"
_MEAN = "time: mean"
_START, _END = (f"time: point (at the {side} of the step)" for side in ("start", "end"))


class Quantity(NamedTuple):
    """One quantity of an export.

    Parameters
    ----------
    name : str
        As in the C4MIP tables.
    terms : dict of str to float
        Variables of `pm_dalec.VARIABLES` and their signs.
    units : str
    long_name : str
    cell_methods : str
    standard_name : str
        Of CF; empty where CF has none.
    comment : str
    """

    name: str
    terms: dict[str, float]
    units: str
    long_name: str
    cell_methods: str
    standard_name: str = ""
    comment: str = ""


def _sum(*names):
    return dict.fromkeys(names, 1.0)


QUANTITIES = Table(
    "exported quantity",
    (
        Quantity(
            "gpp",
            _sum("gpp"),
            FLUX,
            "carbon mass flux out of the atmosphere due to gross primary production on land",
            _MEAN,
            "gross_primary_productivity_of_biomass_expressed_as_carbon",
        ),
        Quantity(
            "nbp",
            {"nbe": -1.0},
            FLUX,
            "carbon mass flux out of the atmosphere due to net biospheric production on land",
            _MEAN,
            "surface_net_downward_mass_flux_of_carbon_dioxide_expressed_as_carbon_due_to_all_land_"
            "processes",
            "gpp - ra - rh - fFire, positive into the land; harvested carbon leaves the land as fHarvest "
            "and is not in nbp",
        ),
        Quantity(
            "ra",
            _sum("autotrophic_respiration"),
            FLUX,
            "carbon mass flux into the atmosphere due to autotrophic respiration on land",
            _MEAN,
            "surface_upward_mass_flux_of_carbon_dioxide_expressed_as_carbon_due_to_plant_respiration",
        ),
        Quantity(
            "rh",
            _sum("litter_respiration", "som_respiration"),
            FLUX,
            "carbon mass flux into the atmosphere due to heterotrophic respiration on land",
            _MEAN,
            "surface_upward_mass_flux_of_carbon_dioxide_expressed_as_carbon_due_to_heterotrophic_"
            "respiration",
        ),
        Quantity(
            "fFire",
            _sum("fire"),
            FLUX,
            "carbon mass flux into the atmosphere due to fire",
            _MEAN,
            "surface_upward_mass_flux_of_carbon_dioxide_expressed_as_carbon_due_to_emission_from_"
            "natural_fires",
        ),
        Quantity(
            "fHarvest",
            _sum("harvest"),
            FLUX,
            "carbon mass flux out of the land due to harvest",
            _MEAN,
        ),
        Quantity(
            "cVeg",
            _sum(*LIVE),
            STOCK,
            "carbon mass in vegetation",
            _END,
            "vegetation_carbon_content",
        ),
        Quantity(
            "cLitter",
            _sum("litter"),
            STOCK,
            "carbon mass in litter pool",
            _END,
            "litter_mass_content_of_carbon",
        ),
        Quantity(
            "cSoil",
            _sum("som"),
            STOCK,
            "carbon mass in soil pool",
            _END,
            "soil_mass_content_of_carbon",
        ),
        Quantity("lai", _sum("lai"), "1", "leaf area index", _START, "leaf_area_index"),
    ),
)

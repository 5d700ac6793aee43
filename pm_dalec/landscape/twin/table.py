"""Table of the synthetic landscape: domain, strata and what each of them holds.

Marks of the source (TWIN, section 5.2): stocks and leaf area are anchored in the paper's tables;
variation within strata, seasonal curves and soil carbon are assumed.
"""

from typing import NamedTuple

DOMAIN = {"south": 54.5, "north": 55.5, "west": -4.5, "east": -1.5}
"""Edges of the domain [degree]."""

CELLS_PER_DEGREE = 320
YEARS = tuple(range(2014, 2020))
BIOMASS_YEARS = (2017, 2018)

SMALL_POOLS = 130.0
"""Labile and foliar carbon that is felled with the wood [g m-2]."""

CONIFER_LOSS_RATE = 0.0227
"""Share of the conifer area felled in a year [yr-1]: harvest 0.129 g m-2 d-1, rotation 44 years."""

LEAF_AREA_SIGMA = 1.06
"""Uncertainty of leaf area index, RMSE / (RMSE / sigma) of the paper's Table A2 [m2 m-2]."""

MONTHLY_NOISE, PIXEL_NOISE = 0.35, 0.27
"""Noise of leaf area common to the domain, and of a pixel of 0.05 degree [m2 m-2]."""

NOISE_LENGTH, BIOMASS_LENGTH, SOIL_LENGTH, PATCH_LENGTH = 6.0, 1.5, 10.0, 0.5
"""Correlation lengths [km] of leaf-area noise, biomass, soil carbon and felled patches."""

PATCH_SHARE = 0.8
"""Share of the correlated field in the variance that decides what is felled [1]."""

SOIL_CV, SOIL_RELATIVE_SIGMA = 0.2, 0.35
"""Variation within a stratum and uncertainty of soil carbon [1], assumed."""

URBAN = {"agb": 15.0, "lai": 1.0, "soil_carbon": 8000.0}
"""What satellites report on masked land: it must never reach a unit."""


class ClassTruth(NamedTuple):
    """What a stratum holds (TWIN, table 5.2).

    Attributes
    ----------
    fraction : float
        Share of the unmasked area [1].
    wood_model, wood_observed : float
        Wood carbon as in the paper's model medians and observed means [g m-2].
    cv : float
        Coefficient of variation of wood carbon between cells [1].
    relative_sigma : float
        Uncertainty of observed wood carbon [1].
    leaf_low, leaf_high, leaf_peak, leaf_power : float
        Leaf area index: lowest, highest [m2 m-2], month of the peak, sharpness of the season.
    soil_carbon : float
        Soil organic carbon [g m-2].
    """

    fraction: float
    wood_model: float
    wood_observed: float
    cv: float
    relative_sigma: float
    leaf_low: float
    leaf_high: float
    leaf_peak: float
    leaf_power: float
    soil_carbon: float


CLASSES = {
    "conifer": ClassTruth(0.19, 10807, 13417, 0.55, 0.49, 1.3, 3.44, 6.8, 1.5, 17000),
    "broadleaf": ClassTruth(0.04, 6712, 9083, 0.60, 0.59, 0.9, 4.67, 6.7, 1.5, 13000),
    "heath": ClassTruth(0.30, 1727, 1667, 0.60, 0.75, 0.9, 2.60, 7.2, 1.0, 26000),
    "arable": ClassTruth(0.47, 2615, 2581, 0.50, 0.67, 1.3, 3.58, 5.7, 1.0, 12000),
}

PAPER_HARVEST = {
    "baseline": {1.0: 0.052, 0.5: 0.055, 0.25: 0.064, 0.05: 0.085},
    "stratified": {1.0: 0.130, 0.5: 0.127, 0.25: 0.129, 0.05: 0.129},
}
"""Harvest printed in the paper's Table 2 [g m-2 d-1], by approach and resolution [degree]."""

"""Wood carbon from above-ground biomass, its uncertainty, and the inverse."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pm_dalec.tables.numbers import real_numbers

if TYPE_CHECKING:
    import numpy.typing as npt

BELOW_GROUND_FACTOR = 0.489
"""Below-ground biomass = 0.489 AGB^0.89 [Mg ha-1], the paper's eq. (3)."""

BELOW_GROUND_EXPONENT = 0.89

CARBON_FRACTION = 0.48
"""Carbon in dry biomass [1]."""

GRAMS_PER_SQUARE_METRE = 100.0
"""1 Mg ha-1 = 100 g m-2."""


def wood_carbon(above_ground_biomass: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Carbon in wood above and below ground.

    Parameters
    ----------
    above_ground_biomass : array_like
        Dry mass [Mg ha-1], at a native cell.

    Returns
    -------
    ndarray
        [g m-2] of carbon.

    Examples
    --------
    >>> round(float(wood_carbon(100.0)))  # 100 Mg of dry mass above ground on a hectare
    6214
    """
    above = real_numbers(
        "above_ground_biomass",
        above_ground_biomass,
        advice="NaN is for cells without it",
        gaps=True,
    )
    if np.asarray(above_ground_biomass).dtype == np.float32:  # maps of products stay as small
        above = above.astype(np.float32)
    below = BELOW_GROUND_FACTOR * above**BELOW_GROUND_EXPONENT
    return (above + below) * CARBON_FRACTION * GRAMS_PER_SQUARE_METRE


def wood_carbon_sigma(above_ground_biomass, sigma):
    """Sigma of carbon in wood, by the derivative of the allometry.

    Parameters
    ----------
    above_ground_biomass, sigma : array_like
        Dry mass and its standard deviation [Mg ha-1], at a native cell.

    Returns
    -------
    ndarray
        [g m-2] of carbon, at most the value itself.
    """
    # CARDAMOM: puts sigma through the power law like a mass, 4 % more at 220 +- 110 Mg ha-1
    above = np.asarray(above_ground_biomass)
    with np.errstate(divide="ignore", invalid="ignore"):
        power = np.where(above > 0, above ** (BELOW_GROUND_EXPONENT - 1), 0.0)
    slope = 1 + BELOW_GROUND_FACTOR * BELOW_GROUND_EXPONENT * power
    return np.minimum(sigma * slope * CARBON_FRACTION * GRAMS_PER_SQUARE_METRE, wood_carbon(above))


def above_ground_biomass(carbon):
    """Dry mass above ground that carries a given wood carbon: the inverse of `wood_carbon`.

    Parameters
    ----------
    carbon : array_like
        Carbon in wood above and below ground [g m-2].

    Returns
    -------
    ndarray
        [Mg ha-1].
    """
    carbon = np.asarray(carbon, dtype=np.float64)
    mass = carbon / (1.3 * CARBON_FRACTION * GRAMS_PER_SQUARE_METRE)
    for _ in range(8):  # Newton from within 30 %: quadratic, at rounding after five
        excess = wood_carbon(mass) - carbon
        with np.errstate(divide="ignore"):
            power = np.where(mass > 0, mass ** (BELOW_GROUND_EXPONENT - 1), 0.0)
        slope = 1 + BELOW_GROUND_FACTOR * BELOW_GROUND_EXPONENT * power
        mass = np.maximum(mass - excess / (slope * CARBON_FRACTION * GRAMS_PER_SQUARE_METRE), 0)
    return mass

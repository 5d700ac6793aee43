"""Vapour pressure from humidity, with the numbers of the Edinburgh code."""

import numpy as np

MOLAR_MASS_RATIO = 0.62197
"""Of water to dry air [1]."""


def saturation(celsius):
    """Vapour pressure of air that is saturated [Pa], from its temperature [degC]."""
    return 613.75 * np.exp(17.502 * celsius / (240.97 + celsius))


def vapour_pressure(humidity, pressure):
    """Vapour pressure of air [Pa], from specific humidity [kg kg-1] and pressure [Pa]."""
    return humidity * pressure / MOLAR_MASS_RATIO

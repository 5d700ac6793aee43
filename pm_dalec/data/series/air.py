"""Air of a site: CO2 of Mauna Loa where a source has none, and vapour pressure from humidity."""

import warnings

import numpy as np
import pandas as pd
from scipy.interpolate import CubicSpline

FIRST, LAST = 1958, 2028
"""Calendar years that the function serves: two years to either side of what it was fitted to."""
MOLAR_MASS_RATIO = 0.62197
"""Of water to dry air [1], a number of the Edinburgh code, as those of `saturation`."""
LARGEST_ERROR = 2.0
"""Of a monthly mean of 1959 to 2025 [ppm]; the root of the mean square is 0.46 ppm."""

# Least squares of the monthly means of NOAA GML and Scripps, 1959 to 2025: the mean of a year as a natural
# cubic spline through these, which is a straight line after the last,
_YEARS = np.arange(1960.0, 2027.0, 6.0)
_MEANS = (
    316.54,
    320.86,
    327.16,
    334.66,
    343.85,
    353.35,
    361.48,
    372.74,
    384.58,
    397.57,
    412.59,
    428.28,
)
# and a season of two harmonics: cosine and sine in 1990 [ppm], and what each gains in 30 years.
_SEASON = (
    (1, np.cos, -1.005, 0.144),
    (1, np.sin, 2.640, 0.264),
    (2, np.cos, 0.665, 0.039),
    (2, np.sin, -0.440, -0.115),
)


def mauna_loa_co2(times):
    """CO2 mole fraction at Mauna Loa.

    Parameters
    ----------
    times : array of datetime64
        Middles of steps.

    Returns
    -------
    numpy.ndarray
        [ppm]. Means over months of 1959 to 2025 are met within `LARGEST_ERROR`.

    Raises
    ------
    ValueError
        Outside `FIRST` to `LAST`.
    """
    when = pd.DatetimeIndex(np.asarray(times))
    if not len(when) or when.min().year < FIRST or when.max().year > LAST:
        came = f"{when.min():%Y-%m} to {when.max():%Y-%m}" if len(when) else "no time"
        raise ValueError(
            f"wanted CO2 of years from {FIRST} to {LAST}, which the built-in series has, got {came} "
            "(no column of CO2 is given); add a column 'co2' [ppm]"
        )
    midnight = when.normalize()
    days = 365 + when.is_leap_year
    year = when.year + (when.day_of_year - 1 + (when - midnight) / pd.Timedelta(days=1)) / days
    year = np.asarray(year, dtype=float)
    found = CubicSpline(_YEARS, _MEANS, bc_type="natural")(year)
    # a natural spline has no curvature at its end; beyond it the polynomial would gain some again
    slope = CubicSpline(_YEARS, _MEANS, bc_type="natural")(_YEARS[-1], 1)
    found = np.where(year > _YEARS[-1], _MEANS[-1] + slope * (year - _YEARS[-1]), found)
    for harmonic, wave, size, growth in _SEASON:
        amplitude = size + growth * (year - 1990) / 30
        found = found + amplitude * wave(2 * np.pi * harmonic * year)
    return found


def told_co2(middles, where):
    """CO2 of Mauna Loa for a site that has none, with a notice.

    Parameters
    ----------
    middles : array of datetime64
        Middles of steps.
    where : str
        Source of the site, for the notice.

    Returns
    -------
    numpy.ndarray
        [ppm]
    """
    found = mauna_loa_co2(middles)
    warnings.warn(
        f"co2 missing in {where}: taken from the built-in series of Mauna Loa, "
        f"{found[0]:.1f} to {found[-1]:.1f} ppm; give a column of CO2 for another",
        UserWarning,
        stacklevel=4,
    )
    return found


def saturation(celsius):
    """Vapour pressure of air that is saturated [Pa], from its temperature [degC]."""
    return 613.75 * np.exp(17.502 * celsius / (240.97 + celsius))


def vapour_pressure(humidity, pressure):
    """Vapour pressure of air [Pa], from specific humidity [kg kg-1] and pressure [Pa]."""
    return humidity * pressure / MOLAR_MASS_RATIO

"""Leaf onset and leaf fall: Gaussian pulses in time that return every year.

Bloom and Williams (2015); MODEL, section 7. Pure functions, ``xp`` is the array module.
"""

from pm_dalec.tables.constants import DAYS_PER_YEAR
from pm_dalec.tables.kinds import Array, ArrayModule
from pm_dalec.tables.parameters import Theta

PI = 3.1415927  # CARDAMOM: rounded; the pulses are not normalised again
YEAR_SCALE = DAYS_PER_YEAR / PI  # d
ONSET_LIFESPAN = 1.001  # yr, of labile carbon: nearly all is released in one pulse
OFFSET_COEFFICIENTS = (
    2.359978471e-5,
    3.32730053021e-4,
    9.01865258885e-4,
    -5.437736864888e-3,
    -2.0836027517787e-2,
    0.126972018064287,
    -0.188459767342504,
)


def pulse_offset(lifespan: Array, width: Array, xp: ArrayModule) -> Array:
    """Shift that puts the largest daily loss on the day of the parameter [d].

    Parameters
    ----------
    lifespan : array [yr]
        Above one; singular at one.
    width : array [d]
    """
    logarithm = xp.log(lifespan - 1)
    polynomial = 0.0
    for coefficient in OFFSET_COEFFICIENTS:
        polynomial = polynomial * logarithm + coefficient
    return polynomial * width


def pulse_rate(doy: Array, day: Array, period: Array, lifespan: Array, xp: ArrayModule) -> Array:
    """Rate of a pool that is emptied once a year around a day [d-1].

    Parameters
    ----------
    doy : array [d]
        Day of year at the END of the step.
    day : array [d]
        Day of the largest loss; acts modulo 365.25.
    period : array [d]
        Length of the pulse.
    lifespan : array [yr]
        Of the carbon in the pool.
    """
    width = period * (2**0.5 / 2)
    strength = (xp.log(lifespan) - xp.log(lifespan - 1)) / 2
    distance = xp.sin((doy - day + pulse_offset(lifespan, width, xp)) / YEAR_SCALE)
    return (2 / PI**0.5) * (strength / width) * xp.exp(-((distance * YEAR_SCALE / width) ** 2))


def leaf_fall_rate(doy: Array, theta: Theta, xp: ArrayModule) -> Array:
    """Rate at which foliage falls [d-1]; ``doy`` [d] is at the end of the step."""
    return pulse_rate(doy, theta.leaf_fall_day, theta.leaf_fall_period, theta.leaf_lifespan, xp)


def labile_release_rate(doy: Array, theta: Theta, xp: ArrayModule) -> Array:
    """Rate at which labile carbon becomes foliage [d-1]; ``doy`` [d] is at the end of the step."""
    # a constant lifespan needs no array module, but the logarithms must come from somewhere
    lifespan = ONSET_LIFESPAN + 0.0 * theta.labile_release_period
    return pulse_rate(doy, theta.labile_release_day, theta.labile_release_period, lifespan, xp)

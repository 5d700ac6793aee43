"""Photosynthesis at a stomatal conductance, and the conductance at which it is best.

The optimum is the conductance at which one more increment no longer pays: ``A(g + delta) - A(g) = w``
(MODEL, section 6). `converged` is its root in closed form and a fixed number of Newton steps, smooth
and without a search; `stomatal_search` repeats the eight-pass search of CARDAMOM, for parity.
"""

from typing import NamedTuple

from pm_dalec.physics.canopy import (
    GRAM_PER_MICROMOL,
    LARGEST_CONDUCTANCE,
    LIGHT_YIELD,
    MICROMOL_PER_GRAM,
    Light,
    Weather,
)
from pm_dalec.tables.kinds import Array, ArrayModule

CO2_CONDUCTANCE = 142.2368  # CARDAMOM: 1.646259 * 86.4 multiplies where H2O -> CO2 should divide
LEAST_CONDUCTANCE = 1.0  # mmol m-2 s-1 per unit of leaf area
BRACKET_CONDUCTANCE = 1.0  # mmol m-2 s-1. CARDAMOM: the bracket is tested here, not at LAI times it
INCREMENT = 0.001  # mmol m-2 s-1 per unit of leaf area
WATER_PRICE = 6.43115e-6  # gC m-2 d-1 per increment and unit of leaf area, over a whole day
NEWTON_STEPS = 3  # keeps photosynthesis within 1e-9 of the exact root
CHORD_INTERCEPT, CHORD_INCLINE = 0.92, 0.70  # relative to the chord between its ends
SMALLEST_GRADIENT = 1e-12  # ppm, least leaf-internal CO2 above the compensation point


class Leaves(NamedTuple):
    """What photosynthesis needs to know about the canopy in a step."""

    lai: Array  # m2 m-2
    capacity: Array  # umol m-2 d-1, metabolic (Pm)
    light_limit: Array  # gC m-2 d-1 (Pl)
    boundary_resistance: Array  # d m-2 umol-1 (rb)
    co2: Array  # ppm
    kc: Array  # ppm
    compensation: Array  # ppm
    daylight_fraction: Array  # 1
    potential: Array  # mmol m-2 s-1, the largest conductance that the water supply allows


def leaves(
    lai: Array,
    canopy_efficiency: Array,
    apar: Array,
    boundary: Array,
    potential: Array,
    weather: Weather,
) -> Leaves:
    """Canopy as photosynthesis sees it.

    Parameters
    ----------
    lai : array [m2 m-2]
    canopy_efficiency : array [gC m-2 d-1 per leaf area]
    apar : array [MJ m-2 d-1]
    boundary : array [m s-1]
    potential : array [mmol m-2 s-1]
    weather : Weather

    Returns
    -------
    Leaves
    """
    return Leaves(
        lai=lai,
        capacity=MICROMOL_PER_GRAM * lai * canopy_efficiency * weather.temperature_scale,
        light_limit=LIGHT_YIELD * apar,
        boundary_resistance=1 / (86400 * 1.37 * weather.molar_density * boundary),
        co2=weather.co2,
        kc=weather.kc,
        compensation=weather.compensation,
        daylight_fraction=weather.daylight_fraction,
        potential=potential,
    )


def potential_conductance(
    lai: Array, light: Light, boundary: Array, supply: Array, weather: Weather, xp: ArrayModule
) -> Array:
    """Largest stomatal conductance that the water supply allows, by Penman-Monteith inverted.

    Parameters
    ----------
    lai : array [m2 m-2]
    light : Light
    boundary : array [m s-1]
    supply : array [mmol m-2 s-1]
    weather : Weather

    Returns
    -------
    array [mmol m-2 s-1]
        At most 2000 per unit of leaf area.
    """
    radiation = light.shortwave * 1e6 / weather.daylight_seconds + light.longwave
    demand = weather.slope * radiation + weather.heating * boundary
    deficit = demand / (weather.latent * supply) - weather.slope
    potential = boundary / (deficit / weather.psychrometric) * 1000 * weather.molar_density
    largest = LARGEST_CONDUCTANCE * lai
    return xp.where((potential <= 0) | (potential > largest), largest, potential)


def internal_co2(conductance: Array, leaves: Leaves, xp: ArrayModule) -> tuple[Array, Array]:
    """Leaf-internal CO2 at this conductance [ppm], and the total resistance [d m-2 umol-1]."""
    resistance = 1 / (CO2_CONDUCTANCE * conductance) + leaves.boundary_resistance
    pull = leaves.capacity * resistance
    offset = leaves.compensation - leaves.kc
    middle = leaves.co2 + offset - pull
    product = leaves.co2 * offset - pull * leaves.compensation
    return (middle + xp.sqrt(middle**2 - 4 * product)) / 2, resistance


def assimilation(conductance: Array, leaves: Leaves, xp: ArrayModule) -> Array:
    """Photosynthesis at this stomatal conductance [gC m-2 d-1]; zero where it is not positive."""
    internal, resistance = internal_co2(conductance, leaves, xp)
    diffusion = (leaves.co2 - internal) / resistance * GRAM_PER_MICROMOL * leaves.daylight_fraction
    gain = leaves.light_limit * diffusion / (leaves.light_limit + diffusion)
    return xp.where(gain > 0, gain, 0.0)


def price_less_gain(conductance: Array, leaves: Leaves, xp: ArrayModule) -> Array:
    """Price of water less the gain of one more increment: negative while opening still pays."""
    gain = assimilation(conductance + INCREMENT * leaves.lai, leaves, xp) - assimilation(
        conductance, leaves, xp
    )
    return WATER_PRICE * leaves.daylight_fraction - gain / leaves.lai


def optimal_root(leaves: Leaves, xp: ArrayModule) -> tuple[Array, Array]:
    """Unbounded stomatal optimum in closed form and Newton steps [mmol m-2 s-1].

    In ``x = ci - compensation`` the two conditions of the optimum become one smooth equation of the
    midpoint of two neighbouring states, which a chord and a quadratic almost solve.

    Returns
    -------
    tuple of array
        The root (zero where none is positive), and whether photosynthesis is possible at all.
    """
    yield_per_capacity = GRAM_PER_MICROMOL * leaves.daylight_fraction
    productive = (
        (leaves.light_limit > 0)
        & (leaves.capacity > 0)
        & (leaves.daylight_fraction > 0)
        & (leaves.co2 > leaves.compensation)
    )
    capacity = xp.where(productive, yield_per_capacity * leaves.capacity, 1.0)
    light_limit = xp.where(productive, leaves.light_limit, 1.0)
    share = light_limit / (light_limit + capacity)
    kappa, ceiling = leaves.kc * share, capacity * share
    drop = xp.where(productive, leaves.co2 - leaves.compensation, 1.0)
    drag = leaves.boundary_resistance * leaves.capacity
    linear = drop - leaves.kc - drag
    product = drop * leaves.kc
    price = xp.where(productive, WATER_PRICE * leaves.daylight_fraction * leaves.lai, 1.0)
    weight = INCREMENT * CO2_CONDUCTANCE * GRAM_PER_MICROMOL / WATER_PRICE * kappa * share
    half_step = price / (2 * ceiling * kappa)
    start = _chord_start(xp.sqrt(weight), product, linear, drop, kappa, half_step, xp)
    middle = xp.maximum(start, SMALLEST_GRADIENT)
    for _ in range(NEWTON_STEPS):
        step = _newton(middle, half_step, weight, product, linear, kappa, xp)
        middle = xp.maximum(middle - step, SMALLEST_GRADIENT)
    lower = middle - _half_distance(middle + kappa, half_step)[0]
    slack = product + linear * lower - lower**2
    root = leaves.capacity * lower / (CO2_CONDUCTANCE * slack)
    return xp.where(lower > 0, root, 0.0), productive


def _chord_start(
    pull: Array,
    product: Array,
    linear: Array,
    drop: Array,
    kappa: Array,
    half_step: Array,
    xp: ArrayModule,
) -> Array:
    """Root with the square root of the equation replaced by a chord [ppm].

    Of the finite increment, only what it adds where the gain falls steeply is kept.
    """
    low, high = xp.sqrt(product), xp.sqrt(drop**2 + product)
    intercept = xp.sqrt((CHORD_INTERCEPT * low) ** 2 + (pull * half_step * kappa * linear) ** 2)
    incline = CHORD_INCLINE * (high - low) / drop
    square = pull + incline
    middle = intercept + incline * kappa - pull * linear
    constant = intercept * kappa - pull * product
    spread = xp.sqrt(xp.maximum(middle**2 - 4 * square * constant, 0.0))
    return (spread - middle) / (2 * square)


def _half_distance(shifted: Array, half_step: Array) -> tuple[Array, Array]:
    """Half the distance of the two neighbouring states [ppm], and it times its derivative [ppm].

    The positive root of ``eta = half_step * (shifted**2 - eta**2)``; the square root in it is of one
    plus a small number and is expanded.
    """
    turn = 2 * half_step * shifted
    root = 1 + turn * turn / 2
    inverse = 1 / (root * (1 + root))
    distance = turn * shifted * root * inverse
    return distance, distance * turn * (1 + root) * inverse


def _newton(
    middle: Array,
    half_step: Array,
    weight: Array,
    product: Array,
    linear: Array,
    kappa: Array,
    xp: ArrayModule,
) -> Array:
    """Newton step for the midpoint of the two neighbouring states [ppm].

    The equation is ``gain = cost``, STOMATA's squared: two polynomials, so that it stays defined where
    the upper state is beyond the reach of any conductance. Where both grow, Newton's step is taken on
    ``(gain - cost) / (gain + cost)``, which is nearly linear in the midpoint however far the root is;
    where the boundary layer is so still that the gain falls from the start, on ``gain - cost``.
    """
    shifted = middle + kappa
    distance, drift = _half_distance(shifted, half_step)
    square = distance * distance
    slack = product + linear * middle - middle * middle - square
    incline = linear - 2 * middle
    steepness = square * incline
    chord, reach = product + middle * middle - square, shifted * shifted - square
    gain, cost = weight * (slack * slack - steepness * incline), chord * reach
    gain_slope = weight * (
        slack * (incline - 2 * drift) - drift * incline * incline + 2 * steepness
    )
    cost_slope = (middle - drift) * reach + (shifted - drift) * chord
    ratio = xp.where(linear > 0, gain / cost, 1.0)
    return (gain - cost) * (1 + ratio) / (4 * (gain_slope - ratio * cost_slope))


def converged(leaves: Leaves, xp: ArrayModule) -> Array:
    """Stomatal optimum between its least and its potential value (MODEL, section 12).

    Where opening pays even at the potential conductance, that is the answer; where it does not pay at
    1 mmol m-2 s-1 either, the least one; otherwise the root, at most clipped to the two.
    """
    root, productive = optimal_root(leaves, xp)
    least = LEAST_CONDUCTANCE * leaves.lai
    lowest, highest = xp.minimum(least, leaves.potential), xp.maximum(least, leaves.potential)
    pays_at_potential = root > leaves.potential
    pays_at_bracket = root > BRACKET_CONDUCTANCE
    inside = xp.maximum(lowest, xp.minimum(highest, root))
    end = xp.where(pays_at_potential, leaves.potential, least)
    chosen = xp.where(pays_at_potential ^ pays_at_bracket, inside, end)
    # CARDAMOM: in polar night the daylight fraction is -1e-13, and so is the price of water
    idle = xp.where(leaves.daylight_fraction < 0, leaves.potential, least)
    return xp.where(productive, chosen, idle)


def unbracketed(leaves: Leaves, xp: ArrayModule) -> Array:
    """Whether the root lies where CARDAMOM's search between its two ends cannot see it.

    The bracket is tested at 1 mmol m-2 s-1 but searched from LAI times that (MODEL, section 12): in
    these few steps the reference's own answer is arbitrary.
    """
    root, productive = optimal_root(leaves, xp)
    least = LEAST_CONDUCTANCE * leaves.lai
    outside = (root < xp.minimum(least, leaves.potential)) | (
        root > xp.maximum(least, leaves.potential)
    )
    searched = (root > leaves.potential) ^ (root > BRACKET_CONDUCTANCE)
    return productive & searched & outside

"""The canopy of ACM2: light, heat, wind and water around the leaves.

Pure functions of arrays; ``xp`` is the array module (numpy, pytensor.tensor or jax.numpy).
`weather` holds all that depends on the drivers alone and is computed once, outside the time loop;
the other functions need the leaf area or the roots of the moment. Equations: Smallman and Williams
(2019), with the constants of the paper's version (MODEL, sections 4 to 6).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pm_dalec.tables.kinds import Array, ArrayModule

if TYPE_CHECKING:
    from pm_dalec.physics.records import Drivers

from pm_dalec.tables.constants import FREEZING

# CARDAMOM: these constants are rounded as in the reference; parity to 1e-6 needs them so.
PI = 3.1415927
TWO_PI = 6.283185
INVERSE_PI = 0.3183099
RADIANS_PER_DEGREE = 0.01745329
SINE_OF_OBLIQUITY = 0.3979486
YEARS_PER_DAY = 0.002739726
DAYS_PER_HOUR = 0.04166667
DAYS_PER_SECOND = 1.157407e-5

GAS_CONSTANT = 8.3144  # J mol-1 K-1
PRESSURE = 101325.0  # Pa
CANOPY_HEIGHT = 9.0  # m
SMALLEST_FLOW = 1000 * 2.2250738585072014e-308  # below this, the stomata have nothing to do
SIGMA_EMISSIVITY = 5.443584e-8  # W m-2 K-4, emissivity 0.96
MICROMOL_PER_GRAM = 83333.33  # umol CO2 per gC
GRAM_PER_MICROMOL = 1.2e-5  # gC per umol CO2

LIGHT_YIELD = 3.661204  # gC per MJ of absorbed PAR
WARMEST_PHOTOSYNTHESIS = 68.42942  # degC
BEST_PHOTOSYNTHESIS = 31.5596  # degC
COLDEST_PHOTOSYNTHESIS = -1e6  # degC; CARDAMOM: no cold limit in this version
PHOTOSYNTHESIS_KURTOSIS = 0.1889026

FROZEN_BELOW = 1.0  # degC, mean air temperature at which the top soil layer is taken as frozen
DRIVING_POTENTIAL = 1.808224 - 0.009807 * CANOPY_HEIGHT  # MPa, leaf minimum less gravity
LAYER_DEPTH = 0.15  # m, of each of the two upper soil layers
LARGEST_CONDUCTANCE = 2000.0  # mmol m-2 s-1 per unit of leaf area


class Weather(NamedTuple):
    """What the drivers alone decide about a step; every field has the shape of the drivers."""

    daylight_seconds: Array  # s
    daylight_fraction: Array  # d per d
    half_shortwave: Array  # MJ m-2 d-1, PAR and NIR each
    sky_longwave: Array  # W m-2
    emitted_longwave: Array  # W m-2
    molar_density: Array  # mol m-3, converts m s-1 to mol m-2 s-1
    boundary_factor: Array  # m s-1 per unit of leaf area at unit relative wind
    slope: Array  # kPa K-1, of the saturation vapour pressure
    psychrometric: Array  # kPa K-1
    heating: Array  # W m-2 per (m s-1), vapour deficit term of Penman-Monteith
    latent: Array  # J m-2 per mmol m-2 s-1 of supply over the day, per daylight second
    temperature_scale: Array  # 1, of the metabolic capacity
    co2: Array  # ppm
    kc: Array  # ppm, half saturation of carboxylation
    compensation: Array  # ppm, CO2 compensation point
    thawed: Array  # 1 where the top soil layer supplies water


def day_length(doy: Array, step_days: Array, latitude: Array, xp: ArrayModule) -> Array:
    """Hours of daylight in the middle of a step.

    Parameters
    ----------
    doy : array [d]
        Day of year at the END of the step.
    step_days : array [d]
    latitude : array [degrees_north]

    Returns
    -------
    array [h]
        Slightly negative (-5e-7) in polar night, because ``INVERSE_PI`` is rounded up; the sign
        decides the stomatal rule there and is kept.
    """
    middle = doy - step_days / 2
    declination = -xp.arcsin(SINE_OF_OBLIQUITY * xp.cos(TWO_PI * (middle + 10) * YEARS_PER_DAY))
    phi = RADIANS_PER_DEGREE * latitude
    sunset = xp.sin(phi) * xp.sin(declination) / (xp.cos(phi) * xp.cos(declination))
    sunset = xp.maximum(-1.0, xp.minimum(1.0, sunset))
    return 12 * (1 + 2 * xp.arcsin(sunset) * INVERSE_PI)


def photosynthesis_temperature(tmax: Array, xp: ArrayModule) -> Array:
    """Temperature response of the metabolic capacity, one at 31.6 degC.

    Parameters
    ----------
    tmax : array [degC]
    """
    warm = WARMEST_PHOTOSYNTHESIS - BEST_PHOTOSYNTHESIS
    cold = BEST_PHOTOSYNTHESIS - COLDEST_PHOTOSYNTHESIS
    below_limit = xp.maximum(WARMEST_PHOTOSYNTHESIS - tmax, 1e-300)
    response = xp.exp(PHOTOSYNTHESIS_KURTOSIS * warm * xp.log(below_limit / warm)) * xp.exp(
        PHOTOSYNTHESIS_KURTOSIS * cold * xp.log((tmax - COLDEST_PHOTOSYNTHESIS) / cold)
    )
    return xp.where(tmax >= WARMEST_PHOTOSYNTHESIS, 0.0, response)


def weather(drivers: Drivers, latitude: Array, xp: ArrayModule) -> Weather:
    """Quantities that depend on the drivers alone (MODEL, section 4).

    Parameters
    ----------
    drivers : Drivers
        Fields of any common shape, with time in front.
    latitude : array [degrees_north]
        Broadcasts against the drivers.
    xp : module
        numpy, pytensor.tensor or jax.numpy.

    Returns
    -------
    Weather
    """
    tmax, tmin, vpd = drivers.tmax, drivers.tmin, drivers.vpd / 1000  # kPa
    kelvin = tmax + FREEZING
    tmean = (tmin + tmax) / 2
    hours = day_length(drivers.doy, drivers.step_days, latitude, xp)
    seconds = 3600 * hours
    density = 353 / kelvin  # kg m-3
    molar_density = PRESSURE / (GAS_CONSTANT * kelvin)
    diffusivity = 2.42e-5 * (kelvin / 293.15) ** 1.75
    viscosity = 1.4963e-6 * kelvin**1.5 / (kelvin + 120) / density
    return Weather(
        daylight_seconds=seconds,
        daylight_fraction=DAYS_PER_HOUR * hours,
        half_shortwave=drivers.sw_rad / 2,
        sky_longwave=SIGMA_EMISSIVITY * (kelvin - 20) ** 4,
        emitted_longwave=SIGMA_EMISSIVITY * (tmean + FREEZING) ** 4,
        molar_density=molar_density,
        boundary_factor=diffusivity * 1.018537 * 25 * xp.sqrt(0.02 * drivers.wind / viscosity),
        slope=2502.935945 * xp.exp(17.269 * tmax / (tmax + 237.3)) / (tmax + 237.3) ** 2,
        psychrometric=0.0646 * xp.exp(0.00097 * tmax),
        heating=1004.6 * density * vpd,
        latent=(2501000 - 2364 * tmax) * 86400 * 1.8e-5 / seconds,
        temperature_scale=photosynthesis_temperature(tmax, xp),
        co2=drivers.co2,
        kc=310 * xp.exp(23.956 * (tmax - 25) / kelvin),
        compensation=36.5 * xp.exp(9.46 * (tmax - 25) / kelvin),
        thawed=xp.where(tmean < FROZEN_BELOW, 0.0, 1.0),
    )


class Light(NamedTuple):
    """Radiation absorbed by the canopy in a step."""

    apar: Array  # MJ m-2 d-1
    shortwave: Array  # MJ m-2 d-1, PAR and NIR
    longwave: Array  # W m-2, net of the isothermal correction


def _absorbed(
    incoming: Array, transmitted: Array, reflectance: Array, transmittance: Array
) -> Array:
    """Shortwave of one band absorbed by the canopy, with one reflection from the soil [MJ m-2 d-1]."""
    absorbance = 1 - reflectance - transmittance
    direct = incoming * transmitted
    intercepted = incoming - direct
    downward = direct + intercepted * transmittance
    soil = 0.9989852 * downward
    returned = (downward - soil) * (1 - transmitted)
    return (intercepted + returned) * absorbance


def light(lai: Array, weather: Weather, xp: ArrayModule) -> Light:
    """Radiation absorbed by a canopy of this leaf area (MODEL, section 4).

    Parameters
    ----------
    lai : array [m2 m-2]
    weather : Weather

    Returns
    -------
    Light
    """
    eighth = xp.exp(-lai / 8)
    clumped = eighth * eighth
    transmitted = clumped * clumped
    apar = _absorbed(weather.half_shortwave, transmitted, 0.1629133 * clumped, 0.1628077 * clumped)
    nir = _absorbed(weather.half_shortwave, transmitted, 0.4284365 * clumped, 0.279366 * clumped)
    shortwave = apar + nir

    through = 0.02 * clumped
    absorbance = 1 - 2 * through
    released = (1 - 0.9516639 * lai / (lai + 4.693329)) * (1 - eighth) * 4
    direct = weather.sky_longwave * transmitted
    intercepted = weather.sky_longwave - direct
    soil_in = direct + through * intercepted
    from_soil = (weather.emitted_longwave + soil_in * (1 - 0.96)) * (1 - transmitted) * absorbance
    longwave = (
        intercepted * absorbance
        + from_soil
        - 2 * weather.emitted_longwave * released
        + 2.455582 * lai
        + 0.01480105 * (shortwave * 1e6 * DAYS_PER_SECOND)
        + 0.003753067
    )
    return Light(apar, shortwave, longwave)


def boundary_conductance(lai: Array, weather: Weather, xp: ArrayModule) -> Array:
    """Leaf boundary-layer conductance of the whole canopy to water vapour [m s-1].

    Parameters
    ----------
    lai : array [m2 m-2]
    weather : Weather
    """
    drag_area = xp.maximum(0.1, lai)
    root = xp.sqrt(7.5 * drag_area)
    displacement = CANOPY_HEIGHT * (1 - (1 - xp.exp(-root)) / root)
    roughness = CANOPY_HEIGHT * (1 - displacement / CANOPY_HEIGHT) * ROUGHNESS_SUBLAYER
    mixing_length = 2 * 0.3**3 * (36 / drag_area)
    relative_wind = (
        0.3
        * 2.439024
        * xp.log((CANOPY_HEIGHT - displacement) / roughness)
        * xp.exp(0.3 * (6.75 - CANOPY_HEIGHT) / mixing_length)
    )
    return weather.boundary_factor * xp.sqrt(relative_wind) * lai


# exp(-0.41 * 0.3 - 0.19314718056), of the roughness length
ROUGHNESS_SUBLAYER = 2.718281828459045 ** (-0.41 * 0.3 - 0.19314718056)


def water_supply(roots: Array, lai: Array, weather: Weather, xp: ArrayModule) -> Array:
    """Water that the roots can bring to the leaves from saturated soil (MODEL, section 5).

    Parameters
    ----------
    roots : array [g m-2]
        Fine-root carbon.
    lai : array [m2 m-2]
    weather : Weather

    Returns
    -------
    array [mmol m-2 s-1]
    """
    biomass = xp.maximum(5.0, 2 * roots)
    reach = 2 * biomass / (100 + biomass)  # m
    half_depth = reach / 4  # m, above which half of the roots lie
    upper, middle, lower = _layer_roots(biomass, reach, half_depth, xp)
    plant = CANOPY_HEIGHT / (5 * xp.maximum(0.1, lai))

    def supply(mass: Array, depth: Array, open_above: Array) -> tuple[Array, Array]:
        rooted = xp.where(mass > 0, open_above, 0.0)
        safe = xp.where(mass > 0, mass, 1.0)
        return rooted, rooted * DRIVING_POTENTIAL / (plant + 25 / (safe * depth))

    has_upper, from_upper = supply(upper, xp.minimum(reach, LAYER_DEPTH), 1.0)
    has_middle, from_middle = supply(middle, xp.minimum(reach, LAYER_DEPTH), has_upper)
    deep = xp.maximum(0.03, reach - 2 * LAYER_DEPTH)
    _, from_lower = supply(lower, xp.minimum(reach, deep), has_middle)
    return weather.thawed * from_upper + from_middle + from_lower


def _layer_roots(
    biomass: Array, reach: Array, half_depth: Array, xp: ArrayModule
) -> tuple[Array, Array, Array]:
    """Root biomass in the three soil layers [g m-2].

    CARDAMOM: for roots shallower than 0.15 m the first layer holds more than all roots and the second
    less than none; it then supplies nothing. Kept, the calibration absorbed it.
    """
    half = biomass / 2
    below = half * (1 / (reach - half_depth))  # per m, between half depth and reach
    shallow_upper = half + below * (LAYER_DEPTH - half_depth)
    shallow_middle = xp.where(
        reach > 2 * LAYER_DEPTH,
        (biomass - shallow_upper) * LAYER_DEPTH / (reach - LAYER_DEPTH),
        biomass - shallow_upper,
    )
    mixed_upper = half * (LAYER_DEPTH / half_depth)
    mixed_part = half * ((half_depth - LAYER_DEPTH) / half_depth)
    mixed_middle = mixed_part + (biomass - mixed_upper - mixed_part) * (
        2 * LAYER_DEPTH - half_depth
    ) / (reach - half_depth)
    shallow = half_depth <= LAYER_DEPTH
    deep = half_depth > 2 * LAYER_DEPTH
    upper = xp.where(shallow, shallow_upper, mixed_upper)
    middle = xp.where(shallow, shallow_middle, xp.where(deep, mixed_upper, mixed_middle))
    rest = biomass - upper - middle
    lower = xp.where(shallow & (reach <= 2 * LAYER_DEPTH), 0.0, rest)
    return upper, middle, lower

"""Synthetic monthly weather on cells of 0.5 degree, and a synthetic climate to 2100.

Seasonal curves of northern England and southern Scotland (TWIN, section 5.4), all assumed.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pm_dalec.data.time_axis import attributes, monthly_axis
from pm_dalec.landscape.grid import target_grid
from pm_dalec.landscape.overlap import aggregate, overlap_with
from pm_dalec.landscape.strata_maps import single_stratum
from pm_dalec.landscape.twin.random_fields import named_generator
from pm_dalec.landscape.twin.table import DOMAIN, YEARS
from pm_dalec.tables import dims

if TYPE_CHECKING:
    import xarray as xr

    from pm_dalec.landscape.twin.twin import Twin

CLIMATE_RESOLUTION = 0.5
LAPSE_RATE = 6.5e-3
"""Cooling with elevation [degC m-1]."""

TEMPERATURE_NOISE = 1.0
"""Standard deviation of a month's temperature around its climate [degC]."""

LOWLAND = 15.0
"""Elevation for which the seasonal curve of temperature holds [m]."""

FINAL_YEAR = 2100


class Pathway(NamedTuple):
    """A climate of the future, synthetic: no projection.

    Parameters
    ----------
    warming : float
        Between the end of the observed years and the end of 2100 [degC].
    co2 : float
        At the end of 2100 [ppm].
    warming_bow, co2_bow : float
        What is added to the straight lines half-way [degC, ppm].
    """

    warming: float
    co2: float
    warming_bow: float = 0.0
    co2_bow: float = 0.0


PATHWAYS = {
    "ssp126": Pathway(0.7, 446.0, 0.25, 44.0),
    "ssp245": Pathway(2.0, 600.0),
    "ssp370": Pathway(3.1, 867.0, -0.3, -40.0),
    "ssp585": Pathway(4.1, 1135.0, -0.4, -135.0),
}
"""CO2 of 2100 and half-way like Meinshausen et al. (2020), SSP2-4.5 a straight line to 600 ppm (TWIN,
5.4); warming after 2020 like the assessed means of AR6, SSP2-4.5 as in TWIN."""


def meteorology(twin: Twin) -> xr.Dataset:
    """Monthly weather of 2014-2019 on the cells of 0.5 degree of the domain.

    Parameters
    ----------
    twin : Twin
        The landscape; its elevation cools, its seed draws the weather.

    Returns
    -------
    xarray.Dataset
        (time, lat, lon) tmin, tmax, sw_rad, co2, vpd, wind in the units of the table of drivers.
    """
    axis = monthly_axis(YEARS[0], YEARS[-1])
    rng = named_generator(twin.seed, "weather")
    anomaly = TEMPERATURE_NOISE * rng.standard_normal(axis.sizes[dims.TIME])
    weather = _seasonal_weather(twin, axis, warmer=anomaly, co2_trend=_observed_co2)
    weather.attrs["title"] = "synthetic monthly weather"
    return weather


def future_climate(twin, *, first_year=2015, last_year=FINAL_YEAR, pathway="ssp245"):
    """Synthetic climate: seasons without weather, with warming and CO2 of a pathway.

    Parameters
    ----------
    twin : Twin
        The landscape.
    first_year, last_year : int
        First and last calendar year.
    pathway : str
        In `PATHWAYS`.

    Returns
    -------
    xarray.Dataset
        As `meteorology`.
    """
    axis = monthly_axis(first_year, last_year)
    chosen = PATHWAYS[pathway]
    warming = _warming(chosen, _decimal_year(axis))
    weather = _seasonal_weather(twin, axis, warmer=warming, co2_trend=partial(_future_co2, chosen))
    weather.attrs["title"] = (
        f"synthetic climate, warming of {chosen.warming:g} degC by 2100, not a projection"
    )
    return weather


def pathway_climate(
    pathway: str, *, first_year: int = 2014, last_year: int = FINAL_YEAR
) -> xr.Dataset:
    """Climate of a pathway without a place: only its anomalies mean anything.

    Parameters
    ----------
    pathway : str
        In `PATHWAYS`.
    first_year, last_year : int
        First and last calendar year.

    Returns
    -------
    Dataset
        (time) ``tmin``, ``tmax``, ``co2``; ``sw_rad``, ``vpd`` and ``wind`` without any change.
    """
    axis = monthly_axis(first_year, last_year)
    year = _decimal_year(axis)
    warming = _warming(PATHWAYS[pathway], year)
    same = {"sw_rad": 10.0, "vpd": 300.0, "wind": 5.0}
    values = {name: np.full(year.size, value) for name, value in same.items()}
    values |= {"tmin": warming, "tmax": warming, "co2": _future_co2(PATHWAYS[pathway], year)}
    layers = {name: (dims.TIME, series, attributes(name)) for name, series in values.items()}
    return axis.assign(layers).assign_attrs(title=f"synthetic {pathway}, not a projection")


def _decimal_year(axis):
    start = axis[dims.TIME].dt
    return (start.year + (start.month - 0.5) / 12).to_numpy()


def _progress(year):
    """Share of the change between the end of the observed years and the end of 2100."""
    first = YEARS[-1] + 1
    return np.clip((year - first) / (FINAL_YEAR + 1 - first), 0.0, 1.0)


def _observed_co2(year):
    return 397.0 + 2.4 * (year - 2014)


def _warming(pathway, year):
    """Warming since the end of the observed years [degC]."""
    share = _progress(year)
    return pathway.warming * share + _bow(pathway.warming_bow, share)


def _future_co2(pathway, year):
    observed = _observed_co2(np.minimum(year, YEARS[-1] + 1))
    share = _progress(year)
    straight = observed + (pathway.co2 - _observed_co2(YEARS[-1] + 1)) * share
    return straight + _bow(pathway.co2_bow, share)


def _bow(middle, share):
    """Parabola that is zero at both ends of the way."""
    return 4 * middle * share * (1 - share)


def _seasonal_weather(twin, axis, *, warmer, co2_trend):
    cells = target_grid(CLIMATE_RESOLUTION, **DOMAIN)
    elevation = _mean_elevation(twin, cells)
    month = axis[dims.TIME].dt.month.to_numpy()[:, None, None]
    east = (cells.longitudes - DOMAIN["west"]) / (DOMAIN["east"] - DOMAIN["west"])

    def season(peak):
        return np.cos(2 * np.pi * (month - peak) / 12)

    mean = 9.3 + 5.6 * season(7.1) - LAPSE_RATE * (elevation - LOWLAND) + warmer[:, None, None]
    half_range = 3.4 + 1.2 * season(6.5)
    year = _decimal_year(axis)[:, None, None]
    values = {
        "tmin": mean - half_range,
        "tmax": mean + half_range,
        "sw_rad": (9.3 + 8.0 * season(6.0)) * (0.95 + 0.10 * east),
        "co2": co2_trend(year) + 3.0 * season(4.5),
        "vpd": (260 + 190 * season(6.8)) * (0.90 + 0.25 * east),
        "wind": 5.5 - 1.0 * east + 0.5 * (1 + season(1.0)),
    }
    full = partial(np.broadcast_to, shape=(month.shape[0], *cells.shape))
    layers = {
        name: ((dims.TIME, "lat", "lon"), full(cells_of).copy(), attributes(name))
        for name, cells_of in values.items()
    }
    return axis.assign(layers).assign_coords(lat=cells.latitudes, lon=cells.longitudes)


def _mean_elevation(twin, cells):
    """Mean elevation of unmasked land in each cell; of the whole cell where there is none."""
    weights = overlap_with(
        cells, latitude_edges=twin.latitude_edges, longitude_edges=twin.longitude_edges
    )
    elevation = twin.fields["elevation"].to_numpy()
    land = single_stratum(twin.fields["stratum"])
    on_land, anywhere = (
        aggregate(elevation, codes, weights, stratum_count=1).mean[0]
        for codes in (land, np.zeros_like(land))
    )
    return np.where(np.isfinite(on_land), on_land, anywhere)

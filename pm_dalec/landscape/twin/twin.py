"""Synthetic landscape twin: northern England and southern Scotland as a known truth.

A seeded landscape at 1/320 degree with the fractions, stocks, leaf area and felling that make the
paper's tables consistent with each other (TWIN, sections 5.1-5.3). Everything is synthetic.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import xarray as xr

from pm_dalec.landscape.allometry import above_ground_biomass, wood_carbon, wood_carbon_sigma
from pm_dalec.landscape.strata_maps import strata_from_lcm2015
from pm_dalec.landscape.twin.land_cover import land_cover_map
from pm_dalec.landscape.twin.leaf_area import leaf_area
from pm_dalec.landscape.twin.random_fields import (
    covariance_spectrum,
    field_from_spectrum,
    gaussian_field,
    named_generator,
    top_share,
)
from pm_dalec.landscape.twin.table import (
    BIOMASS_LENGTH,
    BIOMASS_YEARS,
    CELLS_PER_DEGREE,
    CLASSES,
    CONIFER_LOSS_RATE,
    DOMAIN,
    PATCH_LENGTH,
    PATCH_SHARE,
    SMALL_POOLS,
    SOIL_CV,
    SOIL_LENGTH,
    SOIL_RELATIVE_SIGMA,
    URBAN,
    YEARS,
)
from pm_dalec.tables.constants import DAYS_PER_YEAR, EARTH_RADIUS
from pm_dalec.tables.numbers import LARGEST_SEED, flag, number, whole_number
from pm_dalec.tables.strata import MASKED, STRATA


@dataclass(frozen=True)
class Twin:
    """A synthetic landscape on its fine grid, rows from south to north.

    Attributes
    ----------
    seed : int
        Seed of every field.
    fields : xarray.Dataset
        (lat, lon) land_cover (LCM2015 classes), stratum, elevation [m], agb and agb_sd
        (biomass_year, lat, lon) [Mg ha-1], soil_carbon and its sigma [g m-2], loss_year;
        attributes hold the switches.
    """

    seed: int
    fields: xr.Dataset

    @property
    def latitude_edges(self):
        """Edges of the rows, ascending [degrees_north]."""
        return DOMAIN["south"] + np.arange(self.fields.sizes["lat"] + 1) / CELLS_PER_DEGREE

    @property
    def longitude_edges(self):
        """Edges of the columns, ascending [degrees_east]."""
        return DOMAIN["west"] + np.arange(self.fields.sizes["lon"] + 1) / CELLS_PER_DEGREE

    @property
    def areas(self):
        """Area of the cells, shape (lat, 1) [m2]."""
        heights = np.diff(np.sin(np.deg2rad(self.latitude_edges)))
        return EARTH_RADIUS**2 * heights[:, None] * np.deg2rad(1 / CELLS_PER_DEGREE)

    @cached_property
    def leaf_area(self):
        """Monthly leaf area index and its sigma, (time, lat, lon) [m2 m-2]; made when first asked.

        Returns
        -------
        xarray.Dataset
        """
        land = self.fields["soil_carbon"].notnull().to_numpy()
        return leaf_area(self.fields["stratum"], land=land, seed=self.seed, spacing=grid_spacing())


def make_twin(
    seed: int,
    *,
    mask: bool = True,
    cv: float | None = None,
    gamma: float = 0.0,
    leak: float = 0.0,
    biomass: str = "obs",
) -> Twin:
    """Synthetic landscape of 54.5-55.5 degrees north by 3 degrees, 320 x 960 cells.

    Parameters
    ----------
    seed : int
        Seed; every field has its own stream of random numbers.
    mask : bool
        Whether there are sea and towns, masked from all analyses.
    cv : float, optional
        Coefficient of variation of biomass and soil carbon within strata [1]; 0 makes them
        constant. Default: the values of `CLASSES`.
    gamma : float
        Preference of felling for heavier stands, in standard deviations [1].
    leak : float
        Share of the loss that the maps put outside conifer [1].
    biomass : {"obs", "model"}
        Stocks as observed (for model-data fusion), or as the paper's model medians (for theory).

    Returns
    -------
    Twin
    """
    whole_number("seed", seed, least=0, most=LARGEST_SEED, advice="every field draws from it")
    mask = flag("mask", mask)
    _check_switches(cv, gamma, leak, biomass)
    degrees = (DOMAIN["north"] - DOMAIN["south"], DOMAIN["east"] - DOMAIN["west"])
    shape = tuple(round(d * CELLS_PER_DEGREE) for d in degrees)
    spacing = grid_spacing()
    classes, elevation = land_cover_map(seed, shape, spacing=spacing, mask=mask)
    stratum = strata_from_lcm2015(classes)
    anomaly = gaussian_field(
        named_generator(seed, "biomass"), shape, spacing=spacing, length=BIOMASS_LENGTH
    )
    fields = xr.Dataset(coords=_coordinates(shape), attrs=_switches(seed, mask, cv, gamma, leak))
    fields.attrs["biomass"] = biomass
    twin = Twin(seed, fields)
    cells = ("lat", "lon")
    fields["land_cover"] = (cells, classes, {"long_name": "class of LCM2015"})
    fields["stratum"] = (cells, stratum, {"flag_meanings": " ".join(s.name for s in STRATA)})
    fields["elevation"] = (cells, elevation, {"units": "m", "long_name": "elevation"})
    sea = classes == 13
    _add_biomass(fields, stratum, anomaly, sea=sea, cv=cv, mode=biomass)
    _add_soil(fields, stratum, spacing, seed, sea=sea, cv=cv)
    year = _felled(twin, stratum, anomaly, gamma=gamma, leak=leak)
    fields["loss_year"] = (cells, year, {"long_name": "year of tree-cover loss, 0 for none"})
    return twin


def _check_switches(cv, gamma, leak, biomass):
    if not isinstance(biomass, str) or biomass not in ("obs", "model"):
        raise ValueError(
            f"biomass is {biomass!r}, wanted 'obs' or 'model': observed means or model medians"
        )
    advice = "it is a number of the synthetic landscape; leave it out for the usual one"
    number("gamma", gamma, least=0.0, advice=advice)
    number("leak", leak, least=0.0, advice=advice)
    if cv is not None:
        number("cv", cv, least=0.0, advice=advice)
    if leak >= 1:
        raise ValueError(
            f"switches of the landscape are cv={cv}, gamma={gamma}, leak={leak}, wanted cv and "
            "gamma not negative and leak at least 0 and below 1; change them"
        )


def grid_spacing():
    """Distance between rows and between columns of the fine grid.

    Returns
    -------
    tuple of float
        [km], in the middle of the domain.
    """
    middle = np.deg2rad(0.5 * (DOMAIN["south"] + DOMAIN["north"]))
    row = EARTH_RADIUS / 1000 * np.deg2rad(1 / CELLS_PER_DEGREE)
    return (row, row * np.cos(middle))


def _coordinates(shape):
    origins = {"lat": DOMAIN["south"], "lon": DOMAIN["west"]}
    units = {"lat": "degrees_north", "lon": "degrees_east"}
    return {
        name: (
            name,
            origins[name] + (np.arange(n) + 0.5) / CELLS_PER_DEGREE,
            {"units": units[name]},
        )
        for name, n in zip(("lat", "lon"), shape, strict=True)
    }


def _switches(seed, mask, cv, gamma, leak):
    return {
        "title": "synthetic landscape twin",
        "seed": seed,
        "mask": int(mask),
        "cv": "by class" if cv is None else cv,
        "gamma": gamma,
        "leak": leak,
    }


def _by_class(stratum, values, *, elsewhere):
    table = np.full(256, elsewhere, dtype=np.float64)
    table[: len(STRATA)] = [values(CLASSES[s.name]) for s in STRATA]
    return table[stratum]


def _lognormal(anomaly, cv):
    """Factor of mean 1 with coefficient of variation `cv`."""
    log_sd = np.sqrt(np.log1p(np.square(cv)))
    return np.exp(log_sd * anomaly - 0.5 * log_sd**2)


def _add_biomass(fields, stratum, anomaly, *, sea, cv, mode):
    wanted = "wood_observed" if mode == "obs" else "wood_model"
    urban = float(wood_carbon(URBAN["agb"]))
    mean = _by_class(stratum, lambda c: getattr(c, wanted), elsewhere=urban)
    spread = _by_class(stratum, lambda c: c.cv if cv is None else cv, elsewhere=0.0)
    above = above_ground_biomass(mean * _lognormal(anomaly, spread))
    relative = _by_class(stratum, lambda c: c.relative_sigma, elsewhere=0.5)
    # Sigma of wood is the given share of wood; above ground it is less by the allometry's slope
    slope = wood_carbon_sigma(above, 0.1 * above) / (0.1 * above)
    sd = relative * wood_carbon(above) / slope
    for name, values, text in (("agb", above, ""), ("agb_sd", sd, ", one sigma")):
        cells = np.where(sea, np.nan, values).astype(np.float32)
        # One map serves both years: their retrieval errors are the same, growth is below them
        both = np.broadcast_to(cells, (len(BIOMASS_YEARS), *cells.shape))
        attributes = {"units": "Mg ha-1", "long_name": f"above-ground biomass{text}"}
        fields[name] = (("biomass_year", "lat", "lon"), both, attributes)
    fields.coords["biomass_year"] = list(BIOMASS_YEARS)


def _add_soil(fields, stratum, spacing, seed, *, sea, cv):
    mean = _by_class(stratum, lambda c: c.soil_carbon, elsewhere=URBAN["soil_carbon"])
    anomaly = gaussian_field(
        named_generator(seed, "soil"), stratum.shape, spacing=spacing, length=SOIL_LENGTH
    )
    carbon = mean * _lognormal(anomaly, 0.0 if cv == 0 else SOIL_CV)
    carbon = np.where(sea, np.nan, carbon).astype(np.float32)
    attributes = {"units": "g m-2", "long_name": "soil organic carbon, 0-100 cm"}
    fields["soil_carbon"] = (("lat", "lon"), carbon, attributes)
    sigma = SOIL_RELATIVE_SIGMA * carbon
    fields["soil_carbon_sigma"] = (("lat", "lon"), sigma, {**attributes})


def _felled(twin, stratum, anomaly, *, gamma, leak):
    """Year of felling of each cell: connected patches, six years without replacement."""
    area = np.broadcast_to(twin.areas, stratum.shape)
    conifer, other = stratum == 0, (stratum > 0) & (stratum != MASKED)
    rng = named_generator(twin.seed, "loss")
    spectrum, padded = covariance_spectrum(
        stratum.shape, spacing=grid_spacing(), length=PATCH_LENGTH
    )
    yearly = CONIFER_LOSS_RATE * area[conifer].sum()
    felled = np.zeros(stratum.shape, dtype=np.int16)
    for year in YEARS:
        patches = field_from_spectrum(rng, stratum.shape, amplitude=spectrum, padded=padded)
        white = rng.standard_normal(stratum.shape, dtype=np.float32)
        score = np.sqrt(PATCH_SHARE) * patches + np.sqrt(1 - PATCH_SHARE) * white + gamma * anomaly
        for candidates, share in ((conifer, 1 - leak), (other, leak)):
            standing = candidates & (felled == 0)
            felled[top_share(score, standing, area, wanted=share * yearly)] = year
    return felled


def truth(twin):
    """Cells of the landscape as the theory needs them.

    Parameters
    ----------
    twin : Twin
        The landscape.

    Returns
    -------
    xarray.Dataset
        (lat, lon) weight (share of the unmasked area, sum 1), stratum, loss_rate [yr-1],
        harvestable (wood, labile and foliage) [g m-2]; and the scalar harvest [g m-2 d-1],
        TWIN, eq. (1).
    """
    stratum = twin.fields["stratum"]
    unmasked = (stratum != MASKED).to_numpy()
    area = np.where(unmasked, twin.areas, 0.0)
    stock = wood_carbon(twin.fields["agb"].isel(biomass_year=0).to_numpy().astype(np.float64))
    cells = xr.Dataset(coords=stratum.coords)
    cells["stratum"] = stratum
    cells["weight"] = (("lat", "lon"), area / area.sum(), {"units": "1"})
    loss = np.where(unmasked & (twin.fields["loss_year"] > 0), 1 / len(YEARS), 0.0)
    cells["loss_rate"] = (("lat", "lon"), loss, {"units": "yr-1"})
    harvestable = np.where(unmasked, stock + SMALL_POOLS, 0.0)
    cells["harvestable"] = (("lat", "lon"), harvestable, {"units": "g m-2"})
    harvest = (
        float((cells["weight"] * cells["loss_rate"] * cells["harvestable"]).sum()) / DAYS_PER_YEAR
    )
    cells["harvest"] = ((), harvest, {"units": "g m-2 d-1", "long_name": "true harvest"})
    return cells

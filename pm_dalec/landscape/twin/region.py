"""Regions of units: the synthetic twin as one, and regions on disk.

Real products become a region by `assemble_region`, with a `LandCover`, a `Layer` for each stream
of observations and a `Loss` for felling and fire.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from pm_dalec.landscape.allometry import wood_carbon, wood_carbon_sigma
from pm_dalec.landscape.assembly import assemble_region
from pm_dalec.landscape.grid import edges_of, target_grid
from pm_dalec.landscape.layers import LandCover, Layer, Loss
from pm_dalec.landscape.overlap import overlap_with, stratum_areas
from pm_dalec.landscape.twin.table import DOMAIN, YEARS
from pm_dalec.landscape.twin.weather import meteorology
from pm_dalec.tables import dims
from pm_dalec.tables.strata import STRATUM_NAMES

if TYPE_CHECKING:
    from pm_dalec.landscape.grid import Grid
    from pm_dalec.landscape.parts import Polygons
    from pm_dalec.landscape.twin.twin import Twin

VERSION = "synthetic landscape twin, version 1"


def build_region(twin: Twin, *, resolution: float) -> xr.DataTree:
    """Region of the twin, straight from its fine arrays.

    Parameters
    ----------
    twin : Twin
        The landscape.
    resolution : float
        1.0, 0.5, 0.25 or 0.05 [degree].

    Returns
    -------
    DataTree
        The land averaged over pixels (``/pixels``) and over strata (``/strata``).
    """
    if not hasattr(twin, "latitude_edges"):
        raise TypeError(
            f"wanted a landscape as twin, got {type(twin).__name__}; make one with pm_dalec.make_twin(1)"
        )
    return region_on(target_grid(resolution, **DOMAIN), twin)


def region_on(grid: Grid | Polygons, twin: Twin) -> xr.DataTree:
    """Region of the twin on any target.

    Parameters
    ----------
    grid : Grid or Polygons
        Pixels, or what stands in their place.
    twin : Twin
        The landscape.

    Returns
    -------
    DataTree
    """
    weights = overlap_with(
        grid, latitude_edges=twin.latitude_edges, longitude_edges=twin.longitude_edges
    )
    land_cover = LandCover(twin.fields["stratum"].to_numpy(), weights, VERSION)
    felled = Loss(
        name="forest_loss_fraction",
        year=twin.fields["loss_year"].to_numpy(),
        years=YEARS,
        land_cover=land_cover,
        product="synthetic tree-cover loss",
        version=VERSION,
    )
    region = assemble_region(
        grid,
        land_cover,
        layers=[_leaf_area(twin, land_cover), _wood(twin, land_cover), _soil(twin, land_cover)],
        losses=[felled],
        weather=meteorology(twin),
    )
    switches = {f"twin_{name}": value for name, value in twin.fields.attrs.items()}
    region.attrs |= {"title": "synthetic region", **switches}
    return region


def _leaf_area(twin, land_cover):
    observed = twin.leaf_area
    return Layer(
        name="lai",
        value=observed["lai"].to_numpy(),
        sigma=observed["lai_sigma"].to_numpy(),
        land_cover=land_cover,
        times=observed["time"].to_numpy(),
        product="synthetic leaf area index",
        version=VERSION,
        rule="mean of dekads, largest sigma of the month; area mean of value and of sigma",
    )


def _wood(twin, land_cover):
    fields = twin.fields
    above, sd = (fields[name].to_numpy().astype(np.float64) for name in ("agb", "agb_sd"))
    return Layer(
        name="cwood",
        value=wood_carbon(above),
        sigma=wood_carbon_sigma(above, sd),
        land_cover=land_cover,
        times=np.array([f"{year}-01" for year in fields["biomass_year"].values], "datetime64[ns]"),
        product="synthetic above-ground biomass",
        version=VERSION,
        rule="allometry on native cells, sigma by its derivative; area mean of value and of sigma",
    )


def _soil(twin, land_cover):
    return Layer(
        name="csom_prior",
        value=twin.fields["soil_carbon"].to_numpy(),
        sigma=twin.fields["soil_carbon_sigma"].to_numpy(),
        land_cover=land_cover,
        times=None,
        product="synthetic soil organic carbon",
        version=VERSION,
        rule="0-100 cm; area mean of value and of sigma",
    )


def fractions_of(landscape: xr.DataArray, resolution: float) -> xr.Dataset:
    """Shares of the strata in the pixels of a resolution, from a map of strata.

    Parameters
    ----------
    landscape : DataArray
        (lat, lon) stratum of every cell.
    resolution : float
        [degree].

    Returns
    -------
    Dataset
        ``area_fraction`` (stratum, pixel) with ``lat``, ``lon``; pixels without unmasked land are
        left out.
    """
    grid = target_grid(resolution, **DOMAIN)
    weights = overlap_with(
        grid, latitude_edges=edges_of(landscape["lat"]), longitude_edges=edges_of(landscape["lon"])
    )
    strata = landscape.transpose("lat", "lon").to_numpy()
    area = stratum_areas(strata, weights, stratum_count=len(STRATUM_NAMES))
    area = area.reshape(len(STRATUM_NAMES), -1)
    kept = area.sum(axis=0) > 0
    latitude, longitude = np.meshgrid(grid.latitudes, grid.longitudes, indexing="ij")
    return xr.Dataset(
        {"area_fraction": ((dims.STRATUM, dims.PIXEL), area[:, kept] / area[:, kept].sum(axis=0))},
        coords={
            dims.STRATUM: list(STRATUM_NAMES),
            dims.PIXEL: grid.pixels[kept],
            "lat": (dims.PIXEL, latitude.ravel()[kept]),
            "lon": (dims.PIXEL, longitude.ravel()[kept]),
        },
    )

"""Assembly of a region: fine rasters of land cover, observations and losses become units.

A region holds the same land twice, averaged over pixels and over the strata of each pixel. Both are made
by the same code; they differ only in which fine cells are averaged (the paper, section 1.2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import xarray as xr

from pm_dalec.data.land import NODES, STRATA
from pm_dalec.landscape.grid import edges_of
from pm_dalec.landscape.layers import MINIMUM_COVERAGE
from pm_dalec.landscape.losses import spread_over_year
from pm_dalec.landscape.overlap import aggregate, overlap_with, stratum_areas, stratum_cells
from pm_dalec.landscape.region_file import validate_region
from pm_dalec.landscape.strata_maps import single_stratum
from pm_dalec.tables import dims
from pm_dalec.tables.strata import STRATUM_NAMES
from pm_dalec.tables.streams import STREAMS, wanted_units
from pm_dalec.tables.variables import DRIVERS, VARIABLES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pm_dalec.landscape.grid import Grid
    from pm_dalec.landscape.layers import LandCover, Layer, Loss
    from pm_dalec.landscape.parts import Polygons

WEATHER = ("tmin", "tmax", "sw_rad", "co2", "vpd", "wind")
"""Drivers that come from the weather and are the same for all strata of a pixel."""


class Frame(NamedTuple):
    """What every layer is averaged into: the dimensions of the units, the kept pixels, what exists.

    Parameters
    ----------
    dims : tuple of str
        Of the units.
    kept : array of int
        Flat places of the pixels with unmasked land.
    present : array of bool
        ([stratum,] pixel) units that have an area.
    """

    dims: tuple
    kept: np.ndarray
    present: np.ndarray

    @property
    def count(self):
        """Strata that are told apart."""
        return len(STRATUM_NAMES) if dims.STRATUM in self.dims else 1

    def strata(self, land_cover):
        """Stratum of every cell; one for all unmasked land where pixels are not divided."""
        return land_cover.strata if self.count > 1 else single_stratum(land_cover.strata)

    def units(self, values):
        """(..., stratum, row, column) -> (..., [stratum,] pixel) of the kept pixels."""
        flat = values.reshape(*values.shape[:-2], -1)[..., self.kept]
        return flat if self.count > 1 else flat[..., 0, :]


def frames_of(kept, shares):
    """Frame of each average of a region, by its group.

    Parameters
    ----------
    kept : array of int
        Flat places of the pixels with unmasked land.
    shares : array (stratum, pixel)
        Of the unmasked area [1].
    """
    return {
        node: Frame(each, kept, shares > 0 if dims.STRATUM in each else np.ones(kept.size, bool))
        for each, node in NODES.items()
    }


def assemble_region(
    grid: Grid | Polygons,
    land_cover: LandCover,
    *,
    layers: Sequence[Layer],
    losses: Sequence[Loss],
    weather: xr.Dataset,
    minimum_coverage: float = MINIMUM_COVERAGE,
) -> xr.DataTree:
    """Region from fine rasters.

    Parameters
    ----------
    grid : Grid or Polygons
        Target pixels, or the polygons in their place.
    land_cover : LandCover
        The reference map: fractions, areas and masks come from it.
    layers : sequence of Layer
        Observations and priors.
    losses : sequence of Loss
        Felling, and fire; an absent ``burned_fraction`` is zero.
    weather : Dataset
        (time, lat, lon) drivers on a coarse regular grid, with time_bnds, step_days and doy.
    minimum_coverage : float
        Observations with less are dropped [1].

    Returns
    -------
    DataTree
        Validated: at the root the weather and the pixels, in ``/pixels`` and ``/strata`` the
        observations and losses, averaged over such units. Pixels without unmasked land are left out
        and counted in the attributes.
    """
    shared, kept, shares = _pixels(grid, land_cover)
    weather = weather.assign_coords({dims.TIME: weather[dims.TIME].drop_attrs()})
    shared = shared.assign_coords({name: weather[name] for name in (dims.TIME, "time_bnds")})
    shared[["step_days", "doy"]] = weather[["step_days", "doy"]]
    _add_weather(shared, weather, grid, kept)
    nodes = {}
    for node, frame in frames_of(kept, shares).items():
        nodes[node] = _averages(shared, frame, layers, losses, minimum_coverage)
    attributes = {"units": "1", "long_name": "share of the unmasked area"}
    nodes[STRATA]["area_fraction"] = (dims.SPACE, shares, attributes)
    nodes[STRATA] = nodes[STRATA].assign_coords({dims.STRATUM: list(STRATUM_NAMES)})
    return validate_region(xr.DataTree.from_dict({"/": shared, **nodes}))


def _averages(shared, frame, layers, losses, minimum_coverage):
    """Observations and losses averaged over one kind of units."""
    units = xr.Dataset(coords=shared.drop_vars(("lat", "lon")).coords)
    for layer in layers:
        _add_layer(units, layer, frame, minimum_coverage)
    for loss in losses:
        _add_loss(units, loss, frame)
    for name in ("forest_loss_fraction", "burned_fraction"):
        if name not in units:
            zero = np.zeros((units.sizes[dims.TIME], *frame.present.shape))
            units[name] = ((dims.TIME, *frame.dims), zero, _attributes(name))
            units[name].attrs["rule"] = "none in the region"
    return units.drop_vars("time_bnds")


def _pixels(grid, land_cover):
    """Dataset of the pixels with unmasked land, their flat places, and the shares of their strata."""
    total = stratum_areas(
        np.zeros_like(land_cover.strata), land_cover.weights, stratum_count=1
    ).reshape(-1)
    area = stratum_areas(land_cover.strata, land_cover.weights, stratum_count=len(STRATUM_NAMES))
    area = area.reshape(len(STRATUM_NAMES), -1)
    unmasked = area.sum(axis=0)
    kept = np.flatnonzero(unmasked > 0)
    if kept.size == 0:
        raise ValueError(
            f"all {unmasked.size} pixels of the region are masked, wanted some unmasked land; "
            "check the land-cover classes and the edges of the domain"
        )
    shared = xr.Dataset(
        coords=_pixel_coordinates(grid, kept),
        attrs={
            **grid.attributes,
            "pixels_dropped": int(unmasked.size - kept.size),
            "land_cover": land_cover.source,
            "masked_share": float(1 - unmasked.sum() / total.sum()),
        },
    )
    shared["area"] = (dims.PIXEL, unmasked[kept], {"units": "m2", "long_name": "unmasked area"})
    masked = np.maximum(1 - unmasked[kept] / grid.areas.flat[kept], 0.0)
    shared["masked_fraction"] = (
        dims.PIXEL,
        masked,
        {"units": "1", "long_name": "share of the pixel that is masked or outside the map"},
    )
    return shared, kept, area[:, kept] / unmasked[kept]


def _pixel_coordinates(grid, kept):
    latitude, longitude = grid.places
    return {
        dims.PIXEL: (dims.PIXEL, grid.pixels[kept], {"long_name": "id of the pixel or polygon"}),
        "lat": (dims.PIXEL, latitude[kept], {"units": "degrees_north"}),
        "lon": (dims.PIXEL, longitude[kept], {"units": "degrees_east"}),
    }


def _attributes(name):
    if name in DRIVERS:
        long_name = DRIVERS[name].long_name
    elif name in STREAMS:
        long_name = VARIABLES[STREAMS[name].observes].long_name
    else:
        long_name = "soil organic carbon before the first step"
    return {"units": wanted_units(name), "long_name": long_name}


def _add_weather(shared, weather, grid, kept):
    """Pixels inherit the weather of their climate cell, or the area mean of several."""
    weights = overlap_with(
        grid,
        latitude_edges=edges_of(weather["lat"]),
        longitude_edges=edges_of(weather["lon"]),
    )
    cells = np.zeros((weather.sizes["lat"], weather.sizes["lon"]), dtype=np.uint8)
    for name in WEATHER:
        layer = weather[name].transpose(dims.TIME, "lat", "lon").to_numpy()
        mean = aggregate(layer, cells, weights, stratum_count=1).mean
        flat = mean.reshape(mean.shape[0], -1)[:, kept]
        shared[name] = ((dims.TIME, dims.PIXEL), flat, _attributes(name))
        shared[name].attrs["rule"] = "area mean of climate cells"
        shared[name].attrs["product"] = weather.attrs.get("title", "unnamed weather")


def _add_layer(units, layer, frame, minimum_coverage):
    """Mean of value and mean of sigma: errors inside a unit are taken as fully correlated."""
    strata, weights = frame.strata(layer.land_cover), layer.land_cover.weights
    value, sigma = (
        aggregate(raster, strata, weights, stratum_count=frame.count)
        for raster in (layer.value, layer.sigma)
    )
    covered = frame.units(np.minimum(value.coverage, sigma.coverage))
    mean, spread = frame.units(value.mean), frame.units(sigma.mean)
    seen = (covered >= max(minimum_coverage, 1e-12)) & (spread > 0) & frame.present
    mean, spread = np.where(seen, mean, np.nan), np.where(seen, spread, np.nan)
    provenance = {"product": layer.product, "product_version": layer.version, "rule": layer.rule}
    for name, values in ((layer.name, mean), (f"{layer.name}_unc", spread)):
        attributes = {**_attributes(layer.name), **provenance}
        if layer.times is None:
            units[name] = (frame.dims, values, attributes)
        else:
            units[name] = _on_steps(units, layer, values, frame, attributes)
    _add_provenance(units, layer.name, covered, layer.land_cover, frame)


def _on_steps(units, layer, values, frame, attributes):
    """Observations at their steps of the time axis, NaN at all others."""
    times = np.asarray(layer.times, dtype="datetime64[ns]")
    outside = ~np.isin(times, units[dims.TIME].to_numpy())
    if outside.all():
        raise ValueError(
            f"none of the {times.size} times of '{layer.name}' (first {times.min()}) starts a step, "
            f"wanted some between {units[dims.TIME].to_numpy()[0]} and "
            f"{units[dims.TIME].to_numpy()[-1]}; check the years of the product"
        )
    observed = xr.DataArray(
        values[~outside], dims=(dims.TIME, *frame.dims), coords={dims.TIME: times[~outside]}
    )
    return observed.reindex({dims.TIME: units[dims.TIME]}).assign_attrs(attributes)


def _add_loss(units, loss, frame):
    """Share of the stratum lost in a year, spread evenly over the days of that year."""
    strata, weights = frame.strata(loss.land_cover), loss.land_cover.weights
    annual = np.stack(
        [
            aggregate(loss.year == year, strata, weights, stratum_count=frame.count).mean
            for year in loss.years
        ]
    )
    # A stratum that the product's own grid does not resolve has no area that could be lost
    annual = np.where(frame.present, np.nan_to_num(frame.units(annual)), 0.0)
    fraction = spread_over_year(annual, loss.years, time_bounds=units["time_bnds"].to_numpy())
    attributes = {
        **_attributes(loss.name),
        "product": loss.product,
        "product_version": loss.version,
        "rule": "lost area over area of the unit by year, spread evenly over its days",
    }
    units[loss.name] = ((dims.TIME, *frame.dims), fraction, attributes)
    _add_provenance(units, loss.name, None, loss.land_cover, frame)


def _add_provenance(units, name, coverage, land_cover, frame):
    stem = "forest_loss" if name == "forest_loss_fraction" else name
    cells = stratum_cells(frame.strata(land_cover), land_cover.weights, stratum_count=frame.count)
    text = "native cells of the unit that touch the pixel"
    units[f"{stem}_cells"] = (frame.dims, frame.units(cells), {"units": "1", "long_name": text})
    if coverage is None:
        return
    if coverage.ndim > len(frame.dims):
        coverage = coverage.mean(axis=0)
    text = "share of the unit's area that was seen, mean over the times of the product"
    shares = np.where(frame.present, coverage, np.nan)
    units[f"{stem}_coverage"] = (frame.dims, shares, {"units": "1", "long_name": text})

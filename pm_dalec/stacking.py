"""Sites and regions as one flat row of pixels, and back: what lanes are made of.

Strata are calibrated independently of each other, so a stratified region is a baseline region whose
pixels are the pairs (stratum, pixel) that exist.
"""

import numpy as np
import xarray as xr

from pm_dalec import dims

NO_PIXEL = ("step_days", "time_bnds")
STRATUM_OF, PIXEL_OF = "stratum_of_unit", "pixel_of_unit"
IDENTITY = "unit_id"
STRIDE = 10**9  # identity of a stratum's units is its number times this, plus the pixel


def as_pixels(units):
    """Units dataset with a flat pixel dimension, whatever the space of the given one.

    Parameters
    ----------
    units : Dataset
        Site, baseline region or stratified region.

    Returns
    -------
    Dataset
        Dims (time, pixel). Of a stratified region only the pairs with ``area_fraction > 0`` are
        kept; coordinates ``stratum_of_unit`` and ``pixel_of_unit`` say where each came from. ``unit_id``
        seeds the random streams.
    """
    if dims.STRATUM in units.dims:
        return _stacked(units)
    if dims.PIXEL in units.dims:
        return units.assign_coords({IDENTITY: (dims.PIXEL, _numbers(units))})
    held = [name for name in NO_PIXEL if name in units.variables]
    kept = {name: units[name].variable for name in held}
    rest = units.drop_vars([*held, *(n for n in units.coords if units[n].dtype.kind in "OUS")])
    rest = rest.reset_coords([name for name in ("lat", "lon") if name in rest.coords])
    flat = rest.expand_dims({dims.PIXEL: [0]}, axis=-1)
    return _tidied(flat.assign(kept)).assign_coords({IDENTITY: (dims.PIXEL, [0])})


def _numbers(units):
    """Number of each pixel: its label where that is a whole number, its place otherwise."""
    labels = units[dims.PIXEL].values
    return labels if labels.dtype.kind in "iu" else np.arange(labels.size)


def _stacked(units):
    fraction = units["area_fraction"].transpose(dims.STRATUM, dims.PIXEL)
    places = np.argwhere(fraction.values > 0)
    stratum = xr.DataArray(places[:, 0], dims="unit")
    pixel = xr.DataArray(places[:, 1], dims="unit")
    flat = units.reset_coords(["lat", "lon"]).isel({dims.STRATUM: stratum, dims.PIXEL: pixel})
    named = {
        STRATUM_OF: ("unit", fraction[dims.STRATUM].values[places[:, 0]]),
        PIXEL_OF: ("unit", fraction[dims.PIXEL].values[places[:, 1]]),
        IDENTITY: ("unit", STRIDE * (places[:, 0] + 1) + _numbers(units)[places[:, 1]]),
    }
    flat = flat.drop_vars([dims.STRATUM, dims.PIXEL, "area_fraction"], errors="ignore")
    flat = flat.rename({"unit": dims.PIXEL}).assign_coords({dims.PIXEL: np.arange(len(places))})
    named = {name: (dims.PIXEL, values) for name, (_, values) in named.items()}
    return _tidied(flat).assign_coords(named)


def _tidied(flat):
    """Dataset with pixel last everywhere and places among the coordinates."""
    flat = flat.transpose(dims.TIME, ..., dims.PIXEL)
    if "time_bnds" in flat:
        flat = flat.assign(time_bnds=flat["time_bnds"].transpose(dims.TIME, ...))
    return flat.set_coords([n for n in ("lat", "lon", "time_bnds") if n in flat.variables])


def in_space(flat, units):
    """Dataset over flat pixels, put back into the space of the units it was made of.

    Parameters
    ----------
    flat : Dataset
        With a dimension ``pixel`` in the order of `as_pixels`.
    units : Dataset
        What was given to `as_pixels`.

    Returns
    -------
    Dataset
        Dims of ``units``; NaN for pairs of stratum and pixel that do not exist.
    """
    if dims.STRATUM in units.dims:
        return _unstacked(flat, units)
    if dims.PIXEL in units.dims:
        return flat.assign_coords({dims.PIXEL: units[dims.PIXEL]})
    return flat.isel({dims.PIXEL: 0}, drop=True)


def _unstacked(flat, units):
    fraction = units["area_fraction"].transpose(dims.STRATUM, dims.PIXEL)
    places = np.argwhere(fraction.values > 0)

    def spread(array):
        if dims.PIXEL not in array.dims:
            return array
        array = array.transpose(..., dims.PIXEL)
        values = array.values
        kind = values.dtype if values.dtype.kind == "f" else float
        whole = np.full((*values.shape[:-1], *fraction.shape), np.nan, kind)
        whole[..., places[:, 0], places[:, 1]] = values
        return xr.DataArray(
            whole, dims=(*array.dims[:-1], dims.STRATUM, dims.PIXEL), attrs=array.attrs
        )

    kept = {name: c for name, c in flat.coords.items() if dims.PIXEL not in c.dims}
    out = xr.Dataset({name: spread(flat[name]) for name in flat.data_vars}, coords=kept)
    return out.assign_coords(
        {name: fraction[name] for name in (dims.STRATUM, dims.PIXEL) if name in fraction.coords}
    )

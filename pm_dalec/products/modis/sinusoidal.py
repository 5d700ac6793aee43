"""The sinusoidal grid of 500 m: windows of its tiles from GeoTIFF, NetCDF, HDF4 and HDF5.

Samples of AppEEARS come on this grid ("native projection") or on one of 1/240 degree ("geographic"); both
are read, codes unchanged. HDF4 needs the package pyhdf (``pip install pm_dalec[hdf4]``) or a GDAL with
that driver, which the wheels of rasterio lack.
"""

from importlib.util import find_spec

import h5py
import numpy as np
import rasterio

from pm_dalec.data.messages import sentence
from pm_dalec.products.modis.granules import days_inside
from pm_dalec.products.reading import axes, rasters, stored, told, windows

RADIUS = 6371007.181  # [m] sphere of the sinusoidal grid
CRS = f"+proj=sinu +lon_0=0 +x_0=0 +y_0=0 +R={RADIUS} +units=m +no_defs"
CELLS = 2400  # cells along a side of a tile
TILE = 2 * np.pi * RADIUS / 36  # [m]
STEP = TILE / CELLS  # 463.3127 m
_STORED = [((CELLS, CELLS), kind) for kind in (20, 21, 22)]
"""Shapes and HDF4 types of the layers that are read: DFNT_INT8, DFNT_UINT8, DFNT_INT16."""
GEOGRAPHIC_STEP = 1 / 240  # [degree] of the geographic samples of AppEEARS


def window_of(granules, layer, window, *, product, coding):
    """Cells of a window in one layer of one day, put together from its granules.

    Parameters
    ----------
    granules : list of Granule
        Of one day.
    layer : str
        As in the archive, for instance "Burn Date" or "Lai_500m".
    window : Window
        [degrees].
    product : str
        For the message.
    coding : pm_dalec.products.reading.rasters.Coding
        Of the layer.

    Returns
    -------
    Piece
        Stored numbers on the sinusoidal or the geographic grid.
    """
    told_layer = layer.replace(" ", "_")
    here = [each for each in granules if each.layer in (None, told_layer, "")]
    where = _words(granules)
    if not here:
        raise ValueError(
            sentence(
                product,
                wanted=f"the layer {told_layer} of {granules[0].day:%Y-%m-%d}",
                came=", ".join(sorted({str(each.layer) for each in granules})),
                where=where,
                do=f"order or convert the layer {told_layer}, too",
            )
        )
    pieces = [_piece(each, layer, window, product=product, coding=coding) for each in here]
    pieces = [piece for piece in pieces if piece is not None]
    crs = pieces[0].crs if pieces else windows.crs_of(CRS)
    step = GEOGRAPHIC_STEP if crs.is_geographic else STEP
    bounds = windows.projected_bounds(window, crs)
    return rasters.joined(pieces, bounds, step=step, product=product, where=where)


def _words(granules):
    names = sorted({each.path.name for each in granules})
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    folder = granules[0].path.parent
    return f"files {', '.join(names[:3])}{more} in {folder}"


def _piece(granule, layer, window, *, product, coding):
    path, suffix = granule.path, granule.path.suffix
    if suffix == ".nc":
        return _from_series(granule, layer.replace(" ", "_"), window, product)
    with told.in_words(product, where=f"file {path}"):
        if suffix == ".h5":
            return _from_hdf5(granule, layer, window, product)
        if suffix == ".hdf" and find_spec("pyhdf"):
            return _from_hdf4(granule, layer, window, product)
        source = _subdataset(path, layer, product) if suffix == ".hdf" else path
        with rasters.opened(source, product) as raster:
            geographic = raster.crs is not None and raster.crs.is_geographic
    crs, step = (windows.WGS84, GEOGRAPHIC_STEP) if geographic else (CRS, STEP)
    return rasters.read_piece(source, window, product=product, crs=crs, step=step, coding=coding)


def _subdataset(path, layer, product):
    """Name of a layer in a HDF4 file for a GDAL that has the driver; a sentence where it has not."""
    try:
        with rasterio.open(path) as archive:
            names = [
                name for name in archive.subdatasets if name.split(":")[-1].strip('"') == layer
            ]
    except rasterio.errors.RasterioIOError as error:
        raise ModuleNotFoundError(
            sentence(
                product,
                wanted="the package pyhdf, or a GDAL with the driver HDF4, for HDF4 files",
                came="neither",
                where=f"file {path}",
                do="pip install pm_dalec[hdf4], or order the product as GeoTIFF or NetCDF from AppEEARS",
            )
        ) from error
    if not names:
        raise ValueError(_no_layer(layer, "others", path, product))
    return names[0]


def _no_layer(layer, came, path, product):
    return sentence(
        product,
        wanted=f"an HDF4 or HDF5 file with the layer '{layer}'",
        came=came,
        where=f"file {path}",
        do="check that this is the file of this product, or download it again",
    )


def _cells_of(granule, window):
    """Axes of the cells of a tile that overlap a window and their places, None outside it."""
    left, bottom, right, top = windows.projected_bounds(window, windows.crs_of(CRS))
    x = (granule.tile[0] - 18) * TILE + (np.arange(CELLS) + 0.5) * STEP
    y = (9 - granule.tile[1]) * TILE - (np.arange(CELLS) + 0.5) * STEP
    columns = windows.overlapping(x, left, right, step=STEP)
    rows = windows.overlapping(y, bottom, top, step=STEP)
    return (x, y, columns, rows) if columns.size and rows.size else None


def _from_hdf4(granule, layer, window, product):
    from pyhdf.error import HDF4Error
    from pyhdf.SD import SD

    place = _cells_of(granule, window)
    if place is None:
        return None
    x, y, columns, rows = place
    try:
        archive = SD(str(granule.path))
        held = {name: (shape, kind) for name, (_, shape, kind, _) in archive.datasets().items()}
        if layer not in held or held[layer] not in _STORED:
            archive.end()
            came = f"the layers {', '.join(sorted(held)) or 'none'}"
            if layer in held:
                came = f"'{layer}' of {held[layer][0]} numbers of HDF4 type {held[layer][1]}"
            raise ValueError(_no_layer(layer, came, granule.path, product))
        start = (int(rows[0]), int(columns[0]))
        values = np.asarray(archive.select(layer).get(start=start, count=(rows.size, columns.size)))
        archive.end()
    except HDF4Error as error:
        came = f"one that does not open so: {error}"
        raise ValueError(_no_layer(layer, came, granule.path, product)) from error
    values = values.reshape(1, rows.size, columns.size)
    return rasters.Piece(values, x[columns], y[rows], windows.crs_of(CRS))


def _from_hdf5(granule, layer, window, product):
    place = _cells_of(granule, window)
    if place is None:
        return None
    x, y, columns, rows = place
    with h5py.File(granule.path) as archive:
        grids = archive.get("HDFEOS/GRIDS", {})
        held = {
            name: f"{grid}/Data Fields/{name}"
            for grid in grids
            for name in grids[grid].get("Data Fields", {})
        }
        if layer not in held or grids[held[layer]].shape[-2:] != (CELLS, CELLS):
            came = f"the layers {', '.join(sorted(held)) or 'none'}"
            raise ValueError(_no_layer(layer, came, granule.path, product))
        part = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        values = np.asarray(grids[held[layer]][part])
    return rasters.Piece(values[None], x[columns], y[rows], windows.crs_of(CRS))


def _from_series(granule, layer, window, product):
    """Cells of one day of a NetCDF file of AppEEARS, native or geographic."""
    where = f"file {granule.path}"
    position = days_inside(granule.path, product).index(granule.day)
    with told.opened(granule.path, product=product) as dataset:
        native = {"ydim", "xdim"} <= set(dataset.dims)
        if native:
            dataset = dataset.rename(ydim="lat", xdim="lon")
            for name, units in (("lat", "degrees_north"), ("lon", "degrees_east")):
                dataset[name].attrs = {
                    "units": units
                }  # metres by name only, so that they are found
        order = ("time", "lat", "lon")
        part = axes.on_axes(dataset, [layer], product=product, where=where, axes=order)
        part = axes.north_first(part.isel(time=position, drop=True))
        if native:
            part, crs = _native_part(part, window, product, where), windows.crs_of(CRS)
        else:
            crs, step = windows.crs_of(windows.WGS84), GEOGRAPHIC_STEP
            part = windows.windowed(part, window, step=step, product=product, where=where)
        scale = float(np.ravel(part[layer].attrs.get("scale_factor", 1.0))[0])
        allowed = scale if np.isclose(scale, 0.1, rtol=1e-3) else 1.0  # of leaf area alone
        numbers = stored.stored_numbers(part[layer], product=product, where=where, scale=allowed)
        values = numbers.load().values
        return rasters.Piece(values[None], part["lon"].values, part["lat"].values, crs)


def _native_part(part, window, product, where):
    left, bottom, right, top = windows.projected_bounds(window, windows.crs_of(CRS))
    limits = {"step": STEP, "product": product, "where": where}
    places = {}
    for dim, name, low, high in (("lat", "ydim", bottom, top), ("lon", "xdim", left, right)):
        centres = part[dim].values
        windows.expect_step(centres, STEP, name=name, product=product, where=where)
        places[dim] = windows.cells_inside(centres, low, high, name=name, **limits)
    return part.sortby("lon").isel(places)

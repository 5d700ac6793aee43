"""NetCDF windows: opened without reading values, with checks of names, units and axes."""

from pathlib import Path

import numpy as np
import xarray as xr

from pm_dalec.products.common import cells_inside, expect_step, sentence

_SIGNATURES = {
    b"\x89HDF": "h5netcdf",
    b"CDF\x01": "scipy",
    b"CDF\x02": "scipy",
}


def opened_netcdf(path, *, product):
    """Lazily opened NetCDF file: no value is read, decoded or scaled yet.

    Parameters
    ----------
    path : Path
        NetCDF4 or classic NetCDF.
    product : str
        Name for the message.

    Returns
    -------
    xarray.Dataset
        To be used as a context manager, so that the file is closed.
    """
    with Path(path).open("rb") as file:
        start = file.read(4)
    engine = _SIGNATURES.get(start)
    if engine is None:
        came, do = "a file of another kind", "download it again; it may be an error page or a part"
        if start[:2] == b"\x1f\x8b":
            came = "a gzip archive"
            do = "unpack it with gunzip first, a packed file cannot be read in windows"
        if start == b"\x0e\x03\x13\x01":
            came, do = "an HDF4 file", "convert it, or use the reader of a HDF4 product"
        raise ValueError(
            sentence(product, wanted="a NetCDF file", came=came, where=f"file {path}", do=do)
        )
    try:
        return xr.open_dataset(
            path, engine=engine, mask_and_scale=False, decode_times=False, cache=False
        )
    except OSError as error:
        raise ValueError(
            sentence(
                product,
                wanted="a NetCDF file",
                came=f"one that cannot be opened: {error}",
                where=f"file {path}",
                do="download it again, it may be incomplete",
            )
        ) from error


def expect_names(dataset, names, *, product, where):
    """Raise a `KeyError` with the list of what exists when a variable is absent.

    Parameters
    ----------
    dataset : xarray.Dataset
        An opened file.
    names : iterable of str
        Variables or coordinates that are needed.
    product, where : str
        For the message.
    """
    absent = [name for name in names if name not in dataset.variables]
    if absent:
        raise KeyError(
            sentence(
                product,
                wanted=f"variables {', '.join(absent)}",
                came=f"only {', '.join(sorted(map(str, dataset.variables)))}",
                where=where,
                do="check that this is the product and version that the reader names",
            )
        )


def expect_units(variable, accepted, *, product, where):
    """Units of a variable, when they are among those accepted; otherwise a `ValueError`.

    Parameters
    ----------
    variable : xarray.DataArray
        With the attribute ``units``.
    accepted : iterable of str
        Spellings that mean the same or that the caller distinguishes.
    product, where : str
        For the message.

    Returns
    -------
    str
    """
    units = str(variable.attrs.get("units", "none"))
    if units not in accepted:
        raise ValueError(
            sentence(
                product,
                wanted=f"'{variable.name}' in {' or '.join(map(repr, accepted))}",
                came=repr(units),
                where=where,
                do="convert the file, or correct its units attribute",
            )
        )
    return units


def windowed(dataset, window, *, step, product, where, lat="lat", lon="lon"):
    """Lazy part of a NetCDF file on a latitude/longitude grid that overlaps a window.

    Parameters
    ----------
    dataset : xarray.Dataset
        From `opened_netcdf`; longitudes from -180 or from 0.
    window : Window
        [degrees].
    step : float or tuple of float
        Spacing of the product, or of its latitudes and longitudes [degrees].
    product, where : str
        For the message.
    lat, lon : str
        Names of the axes in the file.

    Returns
    -------
    xarray.Dataset
        Nothing but the axes has been read.
    """
    steps = (step, step) if isinstance(step, float) else step
    limits = {"product": product, "where": where}
    degrees = np.asarray(dataset[lon].values, dtype=float)
    signed = np.where(degrees > 180, degrees - 360, degrees)
    order = np.argsort(signed)
    expect_step(dataset[lat].values, steps[0], name=lat, **limits)
    expect_step(signed[order], steps[1], name=lon, **limits)
    rows = cells_inside(
        dataset[lat].values, window.south, window.north, step=steps[0], name=lat, **limits
    )
    inside = cells_inside(
        signed[order], window.west, window.east, step=steps[1], name=lon, **limits
    )
    columns = order[inside]
    if np.all(np.diff(columns) == 1):  # a slice is read without an index list
        columns = slice(int(columns[0]), int(columns[-1]) + 1)
    part = dataset.isel({lat: rows, lon: columns})
    return part.assign_coords({lon: (lon, signed[columns], {"units": "degrees_east"})})

"""Axes of NetCDF files by what they are: latitude, longitude, time; anything else has length one."""

import numpy as np

from pm_dalec.data.formats import netcdf
from pm_dalec.data.messages import sentence

_NAMES = {
    "lat": ("lat", "latitude"),
    "lon": ("lon", "longitude"),
    "time": ("time", "valid_time", "t"),
}
_STANDARD = {"lat": "latitude", "lon": "longitude", "time": "time"}
_UNITS = {
    "lat": ("degrees_north", "degree_north", "degrees_n", "degree_n"),
    "lon": ("degrees_east", "degree_east", "degrees_e", "degree_e"),
    "time": (),
}


def on_axes(dataset, names, *, product, where, axes=("lat", "lon")):
    """Variables of a file on named axes, whatever the file calls them and in whatever order.

    An axis of length one that is none of them is taken away; a longer one is refused.

    Parameters
    ----------
    dataset : xarray.Dataset
        From `opened_netcdf`.
    names : iterable of str
        Variables that are needed; they have to be there.
    product, where : str
        For the message.
    axes : tuple of str, default ("lat", "lon")
        Those of the result, in order: of "time", "lat", "lon".

    Returns
    -------
    xarray.Dataset
        The variables on the axes, with the coordinates of these alone. No value has been read.
    """
    netcdf.expect_names(dataset, names, product=product, where=where)
    part = dataset[list(names)]
    found = {}
    for axis in axes:
        name = _named(dataset, axis, product=product, where=where)
        found[name] = axis
        if name not in part.dims:
            part = part.expand_dims({name: [dataset[name].values.item()]})
            part[name].attrs = dataset[name].attrs
    for name in names:
        _check_dims(part[name], found, product=product, where=where)
    spare = [dim for dim in part.dims if dim not in found]
    part = part.isel(dict.fromkeys(spare, 0), drop=True)
    part = part.drop_vars([name for name in part.coords if name not in found])
    part = part.rename({old: new for old, new in found.items() if old != new})
    return part.transpose(*axes)


def _named(dataset, axis, *, product, where):
    """Name of the one-dimensional coordinate that is an axis: by its attributes, else by its name."""
    known = [name for name in dataset.variables if _is(dataset[name], axis)]
    plain = [name for name in known if dataset[name].ndim == 1 and dataset[name].dims == (name,)]
    plain = plain or [name for name in known if dataset[name].size == 1]
    if len(plain) != 1:
        shapes = [f"'{name}' with axes {dataset[name].dims}" for name in plain or known]
        raise KeyError(
            sentence(
                product,
                wanted=f"one axis that is {_STANDARD[axis]}, as variables {axis}",
                came=" and ".join(shapes) or _listed(dataset),
                where=where,
                do="use the file as distributed, on a regular grid of latitude and longitude",
            )
        )
    values = np.asarray(dataset[plain[0]].values)
    if values.dtype.kind not in "iufM" or not np.isfinite(values.astype("float64")).all():
        raise ValueError(
            sentence(
                product,
                wanted=f"numbers along the axis '{plain[0]}'",
                came=f"values of type {values.dtype}, not all of them numbers",
                where=where,
                do="use the file as distributed",
            )
        )
    return plain[0]


def _is(variable, axis):
    told = str(variable.attrs.get("standard_name", "")).lower()
    units = str(variable.attrs.get("units", "")).lower()
    by_name = str(variable.name).lower() in _NAMES[axis]
    return told == _STANDARD[axis] or units in _UNITS[axis] or (by_name and not told)


def _check_dims(variable, found, *, product, where):
    long = [dim for dim in variable.dims if dim not in found and variable.sizes[dim] != 1]
    absent = [axis for dim, axis in found.items() if dim not in variable.dims]
    if not long and not absent:
        return
    came = ", ".join(f"'{dim}' of length {variable.sizes[dim]}" for dim in variable.dims)
    raise ValueError(
        sentence(
            product,
            wanted=f"'{variable.name}' with the axes {', '.join(found.values())}, others of length one",
            came=came or "no axis",
            where=where,
            do=f"keep one entry along '{long[0]}' in a file" if long else "use the gridded file",
        )
    )


def _listed(dataset):
    return f"only {', '.join(sorted(map(str, dataset.variables))) or 'nothing'}"


def north_first(part):
    """Part of a file with its rows from north to south, as the distributors keep them."""
    return part.sortby("lat", ascending=False)

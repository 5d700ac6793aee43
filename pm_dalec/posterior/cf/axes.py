"""Axes of an export: the middle and the bounds of each step, and the place."""

import numpy as np

from pm_dalec.posterior.runs import with_bounds
from pm_dalec.tables import dims

BOUNDS = "time_bnds"
_LABELS = {
    "lat": {"standard_name": "latitude", "long_name": "latitude", "units": "degrees_north"},
    "lon": {"standard_name": "longitude", "long_name": "longitude", "units": "degrees_east"},
}


def with_axes(file, units):
    """Dataset whose time is the middle of each step, with bounds and place.

    Parameters
    ----------
    file : xarray.Dataset
        Time is the start of the step.
    units : xarray.Dataset
        Drivers of the fit.

    Returns
    -------
    xarray.Dataset
    """
    bounds = with_bounds(units[["step_days"]])[BOUNDS].values
    middle = bounds[:, 0] + (bounds[:, 1] - bounds[:, 0]) / 2
    file = file.assign_coords({dims.TIME: (dims.TIME, middle)})
    file[dims.TIME].attrs = {
        "standard_name": "time",
        "long_name": "middle of the step",
        "axis": "T",
        "bounds": BOUNDS,
    }
    file[BOUNDS] = ((dims.TIME, "bnds"), bounds)
    for name, labels in _LABELS.items():
        if name in units.coords:
            where = units[name].dims
            file = file.assign_coords(
                {name: (where, np.asarray(units[name].values, float), labels)}
            )
    return file.drop_vars([name for name in file.coords if name not in _kept(file)])


def _kept(file):
    return {*file.dims, *_LABELS, BOUNDS}


def encoding_of(file):
    """How time and numbers are written.

    Parameters
    ----------
    file : xarray.Dataset

    Returns
    -------
    dict
    """
    first = str(file[BOUNDS].values[0, 0])[:10]
    dates = {"units": f"days since {first}", "calendar": "standard", "dtype": "float64"}
    numbers = {str(name): {"_FillValue": 1e20} for name in file.data_vars if name != BOUNDS}
    none = {name: {"_FillValue": None} for name in _LABELS if name in file.coords}
    return numbers | none | {name: dates | {"_FillValue": None} for name in (dims.TIME, BOUNDS)}

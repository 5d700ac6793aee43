"""Monthly weather and CO2 of a region: CRU-JRA and Mauna Loa, and UKESM for what comes after."""

import numpy as np
import xarray as xr

from pm_dalec.data.land import units_of
from pm_dalec.data.time_axis import monthly_axis
from pm_dalec.landscape.anomalies import future_drivers
from pm_dalec.products import crujra, mauna_loa, ukesm
from pm_dalec.products.reading import windows
from pm_dalec.tables import dims


def weather(path, *, window, years):
    """Monthly weather of CRU-JRA, filled at sea from the nearest land cell.

    Parameters
    ----------
    path : Path
        Folder of the product.
    window : Window
        [degrees].
    years : sequence of int
        Calendar years.

    Returns
    -------
    xarray.Dataset
        tmin, tmax, sw_rad, vpd, wind (time, lat, lon), with time_bnds, step_days and doy.
    """
    axis = monthly_axis(years[0], years[-1])
    wide = _two_cells_wide(window)
    months = crujra.monthly_drivers(crujra.open_crujra(path, window=wide, years=years))
    months = months.assign_coords(time=axis[dims.TIME])
    filled = months.map(_filled_from_nearest, keep_attrs=True)
    empty = int(months["tmin"].isel(time=0).isnull().sum())
    attrs = {
        "title": f"{crujra.PRODUCT} {months.attrs['product_version']}",
        "weather_cells_filled_from_nearest": empty,
    }
    return xr.merge([axis, filled], compat="override").drop_attrs(deep=False).assign_attrs(attrs)


def _two_cells_wide(window):
    """Window of at least two climate cells along each axis, so that their width is known."""
    edges = list(window)
    for low, high in ((0, 2), (1, 3)):
        cells = np.ceil(edges[high] / crujra.STEP) - np.floor(edges[low] / crujra.STEP)
        edges[high] += crujra.STEP * (cells < 2)
    return windows.Window(*edges)


def _filled_from_nearest(layer):
    """Values of cells without any (sea) from the nearest cell with them, at every time."""
    lat, lon = np.meshgrid(layer["lat"].values, layer["lon"].values, indexing="ij")
    empty = layer.isel(time=0).isnull().values
    if not empty.any():
        return layer
    values = layer.values.copy()
    squeeze = np.cos(np.deg2rad(lat))
    for row, column in np.argwhere(empty):
        distance = (lat - lat[row, column]) ** 2
        distance += ((lon - lon[row, column]) * squeeze[row, column]) ** 2
        nearest = np.unravel_index(np.where(empty, np.inf, distance).argmin(), lat.shape)
        values[:, row, column] = values[:, nearest[0], nearest[1]]
    return layer.copy(data=values)


def carbon_dioxide(path, *, years):
    """Monthly CO2 of Mauna Loa, one series for all pixels.

    Parameters
    ----------
    path : Path
        File of the product.
    years : sequence of int
        Calendar years.

    Returns
    -------
    numpy.ndarray
        (time) [ppm].
    """
    series = mauna_loa.open_mauna_loa(path, start=f"{years[0]}-01", end=f"{years[-1]}-12")
    return series.values


_AROUND = 0.01  # [degree] around the outermost centres, so that one pixel has a window too


def scenario_drivers(path, *, region, each=dims.SPACE, scenario="ssp245", reference=None):
    """Drivers of a region after its last month, from a climate model.

    Parameters
    ----------
    path : str, Path or list of them
        Folder or files of UKESM, monthly, with CMIP6 names.
    region : DataTree or Dataset
        Region, or its units, with drivers of whole years.
    each : tuple of str, default ("stratum", "pixel")
        Units whose drivers are wanted, as in `units_of`.
    scenario : str, default "ssp245"
        As in the file names.
    reference : tuple of int, optional
        First and last year over which model and observations are compared; the last observed year
        where it is not given, which is the paper's 2019.

    Returns
    -------
    Dataset
        Drivers (time[, stratum], pixel) of the months of the scenario after the last observed one, as
        `future_drivers` makes them.
    """
    observed = units_of(region, each)
    lat, lon = (observed[name].values for name in ("lat", "lon"))
    window = windows.Window(
        lon.min() - _AROUND, lat.min() - _AROUND, lon.max() + _AROUND, lat.max() + _AROUND
    )
    monthly = ukesm.open_ukesm(path, window=window, scenario=scenario)
    return future_drivers(observed, monthly, reference=reference)

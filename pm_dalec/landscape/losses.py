"""Annual losses of forest spread over the steps of a year."""

import numpy as np
import pandas as pd
import xarray as xr


def spread_over_year(annual, years, *, time_bounds):
    """Fraction lost in each step when a year's loss falls evenly on its days.

    Parameters
    ----------
    annual : array_like
        (year, ...), fraction of the area lost in the year [1].
    years : sequence of int
        The calendar years.
    time_bounds : array_like of datetime64
        (time, 2), start and end of each step.

    Returns
    -------
    ndarray
        (time, ...), fraction lost in the step [1]; a year's steps add up to its loss.
    """
    annual = np.asarray(annual, dtype=np.float64)
    bounds = np.asarray(time_bounds).astype("datetime64[D]").astype(np.int64)
    shares = np.zeros((bounds.shape[0], len(years)))
    for position, year in enumerate(years):
        first, last = np.array([f"{year}-01-01", f"{year + 1}-01-01"], "datetime64[D]").astype(int)
        days = np.minimum(bounds[:, 1], last) - np.maximum(bounds[:, 0], first)
        # CARDAMOM: divides by 365.25, so that a year's loss is not quite conserved
        shares[:, position] = np.maximum(days, 0) / (last - first)
    return np.tensordot(shares, annual, axes=1)


def spread_over_months(annual):
    """Loss fraction of each month, from annual fractions spread evenly over the days of the year.

    Parameters
    ----------
    annual : xarray.DataArray
        Dimension ``year`` (calendar years) and any others [1 in the year].

    Returns
    -------
    xarray.DataArray
        Dimension ``time`` (start of the month) in place of ``year`` [1 in the month]; the months of a
        year sum to its annual fraction.
    """
    years = annual["year"].values
    edges = pd.date_range(f"{years.min()}-01-01", f"{years.max() + 1}-01-01", freq="MS")
    bounds = np.stack([edges[:-1], edges[1:]], axis=1)
    ordered = annual.transpose("year", ...)
    spread = spread_over_year(ordered.values, years, time_bounds=bounds)
    others = [name for name in ordered.dims if name != "year"]
    coords = {name: ordered[name] for name in others if name in ordered.coords}
    monthly = xr.DataArray(spread, {"time": edges[:-1], **coords}, ("time", *others))
    monthly.attrs = {"units": "1", "long_name": "tree-cover loss in the month"}
    return monthly

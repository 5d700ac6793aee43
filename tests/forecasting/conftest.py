"""Fits in form only, whose draws meet the constraints, and constant weather."""

import numpy as np
import pytest
import xarray as xr

from pm_dalec.data.synthetic_sites import synthetic_drivers
from pm_dalec.landscape.anomalies import on_axis
from pm_dalec.testing.tiny import tiny_fit, tiny_region, tiny_site

STRATA = ["conifer", "arable"]


@pytest.fixture(scope="module")
def site_fit():
    return tiny_fit(tiny_site(), draws=3)


@pytest.fixture(scope="module")
def region_fit():
    """Two pixels of two strata, the second pixel with three times the area."""
    region = tiny_region(pixels=2, strata=STRATA)
    region["area_fraction"].values[:] = [[0.25, 0.5], [0.75, 0.5]]
    fit = tiny_fit(region, draws=8)
    area = xr.DataArray([1.0, 3.0], dims="pixel", attrs={"units": "m2"})
    fit["constant_data"] = xr.DataTree(fit["constant_data"].to_dataset().assign(area=area))
    return fit


@pytest.fixture(scope="module")
def pixel_fit():
    fit = tiny_fit(tiny_region(pixels=2), draws=8)
    area = xr.DataArray([1.0, 3.0], dims="pixel", attrs={"units": "m2"})
    fit["constant_data"] = xr.DataTree(fit["constant_data"].to_dataset().assign(area=area))
    return fit


def constant_site(years, *, loss=0.0):
    """Site whose weather never changes, every month of it the same."""
    units = synthetic_drivers(0, years=years, harvests=0)
    for name in ("tmin", "tmax", "sw_rad", "vpd", "wind", "co2"):
        units[name] = units[name].copy(data=np.full(units.sizes["time"], float(units[name].mean())))
    units["forest_loss_fraction"].values[:] = loss
    return units


def going_on(units, years):
    """The months after a site with the weather of its last step."""
    import pandas as pd

    last = pd.Timestamp(units["time_bnds"].values[-1, 1])
    months = pd.date_range(last, periods=12 * years, freq="MS").as_unit("ns")
    made = {
        name: units[name]
        .isel(time=-1, drop=True)
        .drop_vars("time_bnds", errors="ignore")
        .expand_dims(time=months)
        for name in ("tmin", "tmax", "sw_rad", "vpd", "wind", "co2")
    }
    return on_axis(made, {}, units, months)

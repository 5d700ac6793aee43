"""A site file of two years without a fault, which tests spoil."""

from functools import cache

import numpy as np

from pm_dalec.data import synthetic_sites

STEPS = 24


def valid_site():
    """Site file of two years as it would be in memory: time at mid-point."""
    return unbroken_site().copy(deep=True)


@cache
def unbroken_site():
    drivers = synthetic_sites.synthetic_drivers(seed=3, years=2, harvests=1)
    drivers = drivers.reset_coords("time_bnds")
    start, end = (drivers["time_bnds"].isel(bnds=side).to_numpy() for side in (0, 1))
    site = drivers.assign_coords(time=start + (end - start) / 2)
    site = site.rename(lat="latitude", lon="longitude").assign_coords(site="UK-Syn")
    for name, value, sigma, units in (
        ("lai", 2.0, 0.5, "m2 m-2"),
        ("cwood", 5000.0, 800.0, "g m-2"),
        ("nee", -0.5, 1.0, "g m-2 d-1"),
    ):
        site[name] = ("time", np.full(STEPS, value), {"units": units})
        site[f"{name}_unc"] = ("time", np.full(STEPS, sigma), {"units": units})
    site["csom_prior"] = ((), 15000.0, {"units": "g m-2"})
    site["csom_prior_unc"] = ((), 4000.0, {"units": "g m-2"})
    return site


def write(site, path):
    floats = [name for name in site.data_vars if site[name].dtype == "float64"]
    encoding = {name: {"dtype": "float32", "_FillValue": None} for name in floats}
    for name in ("time", "time_bnds"):
        if name in site.variables and site[name].dtype.kind == "M":
            encoding[name] = {"units": "hours since 1990-01-01", "dtype": "float64"}
    if "time" in site.variables:
        site["time"].attrs["bounds"] = "time_bnds"
    site.to_netcdf(path, engine="h5netcdf", encoding=encoding)
    return path


def without(*names):
    return lambda site: site.drop_vars(names)

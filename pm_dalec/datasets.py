"""Data by name: site files of a data folder, built-in synthetic drivers, reference files.

The data folder is named by the environment variable ``PM_DALEC_DATA``; site files lie in its
``data/sites`` as ``<source>_<site>_<resolution>.nc``. The synthetic drivers need no file.
"""

import os
from pathlib import Path
from typing import NamedTuple

import numpy as np

from pm_dalec.checks import check_drivers
from pm_dalec.data import open_site, site_from_arrays
from pm_dalec.reference_site import from_reference

__all__ = ["SiteFile", "available", "from_reference", "load", "synthetic_drivers"]

DATA_VARIABLE = "PM_DALEC_DATA"
# Complete drivers first (gcel has wind and disturbance), then gridded, then towers without wind
SOURCES = ("gcel", "fluxval", "differland")


class SiteFile(NamedTuple):
    """One site file of the data folder.

    Parameters
    ----------
    site, source, resolution : str
        Parts of the file name.
    path : pathlib.Path
        The file.
    """

    site: str
    source: str
    resolution: str
    path: Path


def available():
    """Site files of the data folder, the preferred source of each site first.

    Returns
    -------
    tuple of SiteFile
        Empty when ``PM_DALEC_DATA`` is not set or has no ``data/sites``.
    """
    folder = Path(os.environ.get(DATA_VARIABLE, ""), "data", "sites")
    if not os.environ.get(DATA_VARIABLE) or not folder.is_dir():
        return ()
    found = []
    for path in sorted(folder.glob("*_*_*.nc")):
        source, rest = path.stem.split("_", 1)
        site, resolution = rest.rsplit("_", 1)
        found.append(SiteFile(site, source, resolution, path))
    return tuple(sorted(found, key=_preference))


def _preference(file):
    known = SOURCES.index(file.source) if file.source in SOURCES else len(SOURCES)
    return file.site, known, file.source


def load(
    name,
    *,
    source=None,
    resolution="monthly",
    fill_wind=False,
    disturbance="file",
    observations="all",
    uncertainties=None,
):
    """Units dataset of a site by its name.

    Parameters
    ----------
    name : str
        For instance ``"FI-Hyy"``.
    source : {"gcel", "fluxval", "differland"}, optional
        Where the site file comes from; the first of these that has the site when not given.
    resolution : {"monthly", "daily"}, default "monthly"
        Length of the steps.
    fill_wind, disturbance, observations, uncertainties
        As in `pm_dalec.data.open_site`.

    Returns
    -------
    xarray.Dataset

    Raises
    ------
    KeyError
        With the list of what exists, and how to set ``PM_DALEC_DATA``.
    """
    files = available()
    matches = [
        file
        for file in files
        if file.site == name and file.resolution == resolution and source in (None, file.source)
    ]
    if not matches:
        raise KeyError(_nothing(name, source, resolution, files))
    return open_site(
        matches[0].path,
        fill_wind=fill_wind,
        disturbance=disturbance,
        observations=observations,
        uncertainties=uncertainties,
    )


def _nothing(name, source, resolution, files):
    folder = os.environ.get(DATA_VARIABLE)
    if not files:
        state = f"has no data/sites/*.nc ({folder})" if folder else "is not set"
        return (
            f"no site {name!r}: the environment variable {DATA_VARIABLE} {state}; set it to the "
            "folder that holds data/sites, or open a file with pm_dalec.data.open_site"
        )
    there = ", ".join(f"{file.site} ({file.source}, {file.resolution})" for file in files)
    wanted = f"{name!r} {resolution}" + (f" from {source!r}" if source else "")
    return f"no site {wanted} in {folder} ({DATA_VARIABLE}); there are {there}"


def synthetic_drivers(seed=0, *, years=6, start_year=2014, latitude=55.0, harvests=3):
    """Monthly drivers of an invented site with a climate like that of northern England.

    Parameters
    ----------
    seed : int, default 0
        Of the monthly temperature anomalies and of the harvests.
    years : int, default 6
        Number of years from ``start_year``.
    start_year : int, default 2014
        First calendar year.
    latitude : float, default 55.0
        In degrees north.
    harvests : int, default 3
        Number of months in which 2 to 15 % of the living carbon is removed.

    Returns
    -------
    xarray.Dataset
        Units dataset with drivers only; no fire, no observations.

    Notes
    -----
    The seasonal curves are cosines of the month, wind and radiation those of the middle of the
    domain between west and east, CO2 rises linearly. All numbers are invented, none is measured.
    """
    if years < 1 or not 0 <= harvests <= 12 * years:
        raise ValueError(
            f"wanted at least one year and 0 to {12 * max(years, 0)} harvests, got {years} years and "
            f"{harvests} harvests (synthetic drivers); ask for one harvest per month at most"
        )
    random = np.random.default_rng(np.random.SeedSequence(seed))
    edges = np.arange(
        np.datetime64(f"{start_year}-01"), np.datetime64(f"{start_year + years}-02")
    ).astype("datetime64[ns]")[: 12 * years + 1]
    month = np.tile(np.arange(1, 13), years)
    values = _uk_weather(month, start_year + np.arange(12 * years) // 12, random)
    values["forest_loss_fraction"] = np.zeros(month.size)
    felled = random.choice(month.size, size=harvests, replace=False)
    values["forest_loss_fraction"][felled] = random.uniform(0.02, 0.15, size=harvests)
    values["burned_fraction"] = np.zeros(month.size)
    units = site_from_arrays(values, edges, latitude, site="synthetic UK")
    units = units.assign_coords(lon=((), -3.0, {"units": "degrees_east"}))
    return check_drivers(units.assign_attrs(title="synthetic drivers, UK-like", seed=seed))


def _uk_weather(month, year, random):
    """Monthly weather of the middle of an invented British landscape (units of the tables)."""

    def season(peak):
        return np.cos(2 * np.pi * (month - peak) / 12)

    mean = 9.3 + 5.6 * season(7.1) + random.normal(0.0, 1.0, month.size)
    half_range = 3.4 + 1.2 * season(6.5)
    return {
        "tmin": mean - half_range,
        "tmax": mean + half_range,
        "sw_rad": 9.3 + 8.0 * season(6.0),
        "co2": 397.0 + 2.4 * (year - 2014) + 3.0 * season(4.5),
        "vpd": (260.0 + 190.0 * season(6.8)) * 1.025,
        "wind": 5.0 + 0.5 * (1.0 + season(1.0)),
    }

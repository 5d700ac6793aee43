"""Doors by which arrays come in: how each takes a valid site or region, changed in one thing.

Every door takes the same valid data. What it makes of a change is compared with what it makes of the
right ones; `shown` says whether all of a change, and nothing else, is in what it gives.
"""

from functools import cache
from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

import pm_dalec as pmd
from pm_dalec.data import site_from_arrays
from pm_dalec.forecasting.scenarios import recycled
from pm_dalec.models import baseline
from pm_dalec.tables import variables
from pm_dalec.testing.tiny import tiny_fit, tiny_region, tiny_site

from .damage import site_file
from .perturbations import KINDS, OTHER, REGIONS, STEPS, VALUES, with_array

STREAMS = ("lai", "cwood", "gpp", "nee", "csom")
FROM_DATES = ("doy", "step_days")
DRIVERS = tuple(name for name in variables.DRIVERS if name not in FROM_DATES)
SEEN = tuple(name for stream in STREAMS for name in (stream, f"{stream}_unc"))
NAMES = (*DRIVERS, *SEEN, *FROM_DATES)
TITLES = {"tmin": "tmin (degC)", "lai_unc": "LAI sd", "cwood": "wood (g m-2)"}


class Change(NamedTuple):
    """A change: the dataset with it where there is one, the arrays with it, and what it may be."""

    units: xr.Dataset | None
    values: dict
    kind: str


@cache
def land(place):
    """The valid site or region."""
    if place == "region":
        return tiny_region(pixels=2, streams=STREAMS)
    site = tiny_site(streams=STREAMS)
    return site if place == "site" else recycled(site, until=2018)


@cache
def fit(place):
    """Fit in form of it."""
    return tiny_fit(land(place), draws=3)


def arrays(change, place, folder):
    """Arrays and edges of a site."""
    units = land(place) if change.units is None else change.units
    bounds = units["time_bnds"].values
    edges = np.concatenate([bounds[:, 0], bounds[-1:, 1]])
    return site_from_arrays(change.values, edges, units["lat"].values, site="here")


def frame(change, place, folder):
    """Table of pandas with a row a month."""
    units = land(place) if change.units is None else change.units
    return pmd.site_from_frame(table_of(change, place), latitude=float(units["lat"]))


def table_of(change, place):
    """Table of a change; its lengths and days of the year follow from the dates."""
    units = land(place) if change.units is None else change.units
    table = pd.DataFrame({"time": units["time"].values})
    for name, column in change.values.items():
        if name not in ("doy", "step_days"):
            table[TITLES.get(name, name)] = column
    return table


def taken_by_pandas(change, place):
    """Change with the columns as a table has them; None where pandas refuses them.

    One number is then a constant series, and a series of other labels is put into their order.
    """
    try:
        table = table_of(change, place)
    except (TypeError, ValueError):
        return None
    held = {
        name: table[TITLES.get(name, name)].values
        for name in NAMES
        if TITLES.get(name, name) in table
    }
    return change._replace(values=held)


def written(change, place, folder):
    """Site file."""
    path = folder / "changed.nc"
    site_file(change.units, path)
    return pmd.open_site(path)


def run(change, place, folder):
    """Drivers of `trajectories`."""
    return pmd.trajectories(fit(place), change.units, names=("gpp", "wood"))


def summed(change, place, folder):
    """Drivers of `budget`."""
    return pmd.budget(fit(place), drivers=change.units)


def built(change, place, folder):
    """Model: its data, its coordinates."""
    model = baseline.build(change.units)
    data = {variable.name: np.asarray(variable.get_value()) for variable in model.data_vars}
    return {"data": data, "coords": {k: np.asarray(v) for k, v in model.coords.items()}}


def continued(change, place, folder):
    """Drivers of a scenario of `forecast`."""
    names = ("gpp", "wood")
    return pmd.forecast(fit("site"), {"mine": change.units}, names=names, every="step", threads=1)


DOORS = {
    "site_from_arrays": arrays, "site_from_frame": frame, "open_site": written,
    "trajectories": run, "budget": summed, "build": built, "forecast": continued,
}  # fmt: skip
SITES = ("site_from_arrays", "site_from_frame", "open_site")  # give a dataset of a site
TABLES = ("site_from_arrays", "site_from_frame")  # take arrays of any kind, one by one
PLACES = [(door, "site") for door in DOORS if door != "forecast"]
PLACES += [(door, "region") for door in ("trajectories", "budget", "build")]
PLACES += [("forecast", "future")]


def right(place):
    """The change that changes nothing."""
    units = land(place)
    return Change(units, values_of(units), OTHER)


def values_of(units):
    return {name: units[name].variable._data for name in NAMES if name in units}


def change_of(door, place, label):
    """Change by its label: name and how, or how alone; None where it cannot be made for a door."""
    whole = land(place)
    name, how = label
    if name is None:
        make, kind = (STEPS | REGIONS)[how]
        try:
            units = make(whole)
        except (KeyError, ValueError):
            return None  # what it changes is not there
        if door == "open_site" and not {"time", "time_bnds"} <= set(units.variables):
            return None
        return (
            None
            if door in TABLES and "time" not in units.dims
            else Change(units, values_of(units), kind)
        )
    if how == "absent":
        units = whole.drop_vars(name)
        return Change(units, values_of(units), OTHER)
    make, kind = (VALUES | KINDS)[how]
    try:
        array = make(whole[name].values)
    except (TypeError, ValueError):
        return None  # pandas has no series of two dimensions
    if door in TABLES and how in KINDS:
        kind = OTHER if door == "site_from_frame" and how in ("one number", "labelled") else kind
        change = Change(None, values_of(whole) | {name: array}, kind)
        return change if door == "site_from_arrays" else taken_by_pandas(change, place)
    if door == "open_site" and how == "durations":
        return None  # xarray writes none beside units
    units = with_array(whole, name, array)
    return None if units is None else Change(units, values_of(units), kind)


def labels(place):
    """Labels of all changes of a place."""
    hows = (*VALUES, *KINDS, "absent")
    found = [(name, how) for name in NAMES if name in land(place) for how in hows]
    return found + [(None, how) for how in (STEPS | (REGIONS if place == "region" else {}))]


def shown(door, place, change, came):
    """Whether all of a change, and nothing else, is in what a door gives.

    Parameters
    ----------
    door, place : str
    change : Change
    came : Dataset, DataTree or dict
    """
    units = change.units
    if door in SITES:
        order = np.argsort(land(place)["time"].values if units is None else units["time"].values)
        names = [name for name in NAMES if name in came and name in change.values]
        if door == "site_from_frame":  # its lengths follow from the months
            names = [name for name in names if name not in ("doy", "step_days")]
        return all(same(came[name].values, change.values[name], order) for name in names)
    if door == "build":
        there = [name for name in DRIVERS if name in came["data"]]
        return all(same(came["data"][name], units[name].values) for name in there)
    if door in ("trajectories", "budget"):  # as of a fit whose own dataset is the changed one
        own = fit(place).copy()
        own["constant_data"] = xr.DataTree(units)
        again = (
            pmd.budget(own) if door == "budget" else pmd.trajectories(own, names=("gpp", "wood"))
        )
        return again.equals(came)
    labels = came["drivers"]["time"].values if "time" in came["drivers"] else None
    return labels is None or len(labels) == units.sizes["time"]


def same(ours, theirs, order=slice(None)):
    """Whether numbers are equal, whatever they are kept as; a fill of files is NaN."""
    if np.ndim(theirs) == 0:
        theirs = np.full(ours.shape, theirs)
    theirs = np.ma.filled(np.ma.asarray(theirs).astype(float), np.nan)[order]
    theirs = np.where((theirs == -9999.0) | (np.abs(theirs) >= 1e15), np.nan, theirs)
    return ours.shape == theirs.shape and np.array_equal(ours, theirs, equal_nan=True)

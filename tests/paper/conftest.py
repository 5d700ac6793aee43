"""Experiments made up for tests, whose draws are symmetric about given medians."""

import functools

import numpy as np
import pytest
import xarray as xr

from pm_dalec.paper.forecasts import runs
from pm_dalec.paper.reduction import Experiment

STRATA = ["conifer", "broadleaf", "heath", "arable"]


@pytest.fixture(scope="session", autouse=True)
def _forecasts_are_read_once():
    """A file of forecasts is read once; everybody gets a copy."""
    whole = runs.load_forecast
    read = functools.cache(lambda path, written: whole(path))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            runs, "load_forecast", lambda path: read(path, path.stat().st_mtime_ns).copy(deep=True)
        )
        yield


def made_up(approach, resolution, medians, *, conifer=(0.2, 0.8)):
    """Experiment of pixels in a row whose draws are symmetric about given medians.

    Parameters
    ----------
    medians : mapping of str to array
        (pixel), or (stratum, pixel), of the quantities.
    conifer : sequence of float
        Share of conifer in each pixel; the rest is arable.
    """
    conifer = np.asarray(conifer, dtype=float)
    pixels = conifer.size
    coords = {
        "pixel": np.arange(pixels),
        "lat": ("pixel", np.full(pixels, 55.0)),
        "lon": ("pixel", -4.0 + resolution * np.arange(pixels)),
    }
    units = xr.Dataset({"area": ("pixel", np.ones(pixels)), "days": 2191.0}, coords)
    space = ("pixel",)
    if approach == "stratified":
        zero = np.zeros(pixels)
        space = ("stratum", "pixel")
        units = units.assign_coords(stratum=STRATA)
        units["area_fraction"] = (space, np.stack([conifer, zero, zero, 1 - conifer]))
    units.attrs = {"approach": approach, "resolution": resolution, "pairing_seed": 0}
    spread = np.linspace(-0.1, 0.1, 41)
    shape = [units.sizes[name] for name in space]
    budget = xr.Dataset(coords=units[space[0]].coords if approach == "baseline" else units.coords)
    for name, middle in medians.items():
        middle = np.broadcast_to(np.asarray(middle, dtype=float), shape)
        budget[name] = (("sample", *space), middle + np.multiply.outer(spread, np.abs(middle)))
    empty = xr.Dataset()
    return Experiment(units, budget, empty, empty, empty, empty)

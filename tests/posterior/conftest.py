"""Emulated fits of the synthetic landscape, small enough to be made once for all tests."""

import numpy as np
import pytest
import xarray as xr

from pm_dalec.landscape.twin.twin import make_twin
from pm_dalec.paper.experiments import reduce_fits
from pm_dalec.paper.reduction import Experiment
from pm_dalec.posterior.fit_file import save as save_fit
from pm_dalec.testing.emulated import emulated_fits

RESOLUTIONS = (1.0, 0.5, 0.25)
STRATA = ["conifer", "broadleaf", "heath", "arable"]


@pytest.fixture(scope="session")
def landscape():
    """Twin whose strata the figures map."""
    return make_twin(1)


@pytest.fixture(scope="session")
def fits(landscape):
    """Emulated fits of both approaches; a sample of 16 pixels at the finest resolution."""
    return emulated_fits(landscape, RESOLUTIONS, draws=8, chains=2, pixels=16)


@pytest.fixture(scope="session")
def experiments(fits):
    """Their reductions."""
    return reduce_fits(fits)


@pytest.fixture(scope="session")
def fit_folder(fits, landscape, tmp_path_factory):
    """Folder with the fits, zarr and NetCDF, and the landscape, as scripts read it."""
    from pm_dalec.paper.items import save_landscape

    folder = tmp_path_factory.mktemp("fits")
    for (approach, resolution), fit in fits.items():
        if resolution > min(RESOLUTIONS):
            suffix = ".zarr" if approach == "stratified" else ".nc"
            save_fit(fit, folder / f"{approach}_{resolution:g}{suffix}")
    save_landscape(landscape, folder)
    return folder


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

"""A file that is no site file, or half of one, is refused in a sentence with its name."""

import pickle

import pytest
import xarray as xr

from pm_dalec.data.formats import trees
from pm_dalec.data.site_file import open_site
from pm_dalec.landscape.region_file import open_region
from pm_dalec.posterior import fit_file
from pm_dalec.testing.tiny import tiny_fit, tiny_site


@pytest.fixture
def site(tmp_path):
    """Path of a site file."""
    tiny_site().to_netcdf(tmp_path / "site.nc", engine="h5netcdf")
    return tmp_path / "site.nc"


def region(path):
    """Path of what has the groups of a region."""
    made = xr.DataTree.from_dict(dict.fromkeys(["/pixels", "/strata"], tiny_site()))
    if trees.is_netcdf(path, what="a region"):
        made.to_netcdf(path, engine="h5netcdf")
    else:
        trees.write_zarr(made.map_over_datasets(trees.with_text_objects), path)
    return path


def cut(share):
    return lambda path: path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])


def as_netcdf3(share):
    def write(path):
        tiny_site().to_netcdf(path, engine="scipy")
        cut(share)(path)

    return write


OTHERS = {
    "cut off": cut(0.9),
    "cut off in its head": cut(0.01),
    "NetCDF 3, cut off": as_netcdf3(0.9),
    "NetCDF 3, cut off in its head": as_netcdf3(0.02),
    "empty": cut(0.0),
    "text": lambda path: path.write_text("year,month,tmin\n"),
    "a pickle": lambda path: path.write_bytes(pickle.dumps({"tmin": [1.0]})),
}


@pytest.mark.parametrize("other", OTHERS)
def test_a_file_that_is_no_whole_site_file_is_refused(site, other):
    OTHERS[other](site)
    with pytest.raises(ValueError, match=r"^wanted .*site\.nc") as caught:
        open_site(site)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("suffix", [".nc", ".zarr"])
def test_a_fit_is_no_site_and_no_region(tmp_path, suffix):
    path = fit_file.save(tiny_fit(), tmp_path / f"fit{suffix}")
    for opened in (open_site, open_region):
        with pytest.raises((ValueError, OSError), match=r"got a fit, which pm_dalec\.load reads"):
            opened(path)


@pytest.mark.parametrize("suffix", [".nc", ".zarr"])
def test_a_region_is_no_site_and_no_fit(tmp_path, suffix):
    path = region(tmp_path / f"region{suffix}")
    for opened in (open_site, fit_file.load):
        with pytest.raises(
            (ValueError, OSError), match=r"got a region, which pm_dalec\.open_region"
        ):
            opened(path)


def test_a_site_is_no_fit_and_no_region(site):
    for opened in (fit_file.load, open_region):
        with pytest.raises(ValueError, match=r"the file of a site, which pm_dalec\.open_site"):
            opened(site)

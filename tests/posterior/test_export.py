"""Results as a CF file: units, signs, members that keep what belongs together, quantiles, bounds."""

import cftime
import numpy as np
import pytest
import xarray as xr

import pm_dalec as pmd
from pm_dalec.cli.main import main
from pm_dalec.testing.tiny import tiny_fit, tiny_region

ALL = ("gpp", "nbp", "ra", "rh", "fFire", "fHarvest", "cVeg", "cLitter", "cSoil", "lai")
SECONDS = 86400


@pytest.fixture(scope="module")
def fit():
    return tiny_fit()


@pytest.fixture(scope="module")
def written(fit, tmp_path_factory):
    path = pmd.export(fit, tmp_path_factory.mktemp("export") / "results.nc", members=3)
    with xr.open_dataset(path, engine="h5netcdf") as file:
        return file.load()


def test_fluxes_are_kilograms_a_second_and_stocks_kilograms(fit, written):
    held = pmd.trajectories(fit, names=["gpp", "wood", "labile", "foliage", "roots", "lai"])
    mean = held.mean(("chain", "draw"))
    np.testing.assert_allclose(written["gpp"] * SECONDS * 1000, mean["gpp"], rtol=1e-12)
    live = mean["wood"] + mean["labile"] + mean["foliage"] + mean["roots"]
    np.testing.assert_allclose(written["cVeg"] * 1000, live, rtol=1e-12)
    np.testing.assert_allclose(written["lai"], mean["lai"], rtol=1e-12)
    for name in ALL:
        wanted = {"c": "kg m-2", "l": "1"}.get(name[0], "kg m-2 s-1")
        assert written[name].attrs["units"] == wanted


def test_fluxes_add_up_to_nbp_and_stocks_change_by_it(fit, written):
    total = written["gpp"] - written["ra"] - written["rh"] - written["fFire"]
    np.testing.assert_allclose(written["nbp"], total, atol=1e-18)
    land = written["cVeg"] + written["cLitter"] + written["cSoil"]
    days = fit["constant_data"]["step_days"].to_numpy()
    gained = (written["nbp"] - written["fHarvest"]).to_numpy() * days * SECONDS
    np.testing.assert_allclose(np.diff(land), gained[1:], atol=1e-10)


def test_members_are_draws_and_quantiles_are_theirs(fit, written):
    held = pmd.trajectories(fit, names=["gpp"])["gpp"].stack(sample=("chain", "draw"))
    scale = 1000 * SECONDS
    np.testing.assert_allclose(written["gpp_members"][0] * scale, held.isel(sample=0), rtol=1e-12)
    assert written.sizes["realization"] == 3
    wanted = held.quantile([0.05, 0.95], "sample")
    found = written["gpp_quantiles"].sel(quantile=[0.05, 0.95])
    np.testing.assert_allclose(found * scale, wanted, rtol=1e-10)


def test_time_is_the_middle_of_a_step_with_its_bounds(written):
    assert written["time"].attrs["bounds"] == "time_bnds"
    inside = (written["time"] > written["time_bnds"][:, 0]) & (
        written["time"] < written["time_bnds"][:, 1]
    )
    assert inside.all()
    assert cftime.num2date(0, written["time"].encoding["units"]).day == 1
    assert written.attrs["Conventions"].startswith("CF-")
    assert written["lat"].attrs["standard_name"] == "latitude"
    assert written["gpp"].attrs["cell_methods"] == "time: mean"
    assert written["gpp"].attrs["standard_name"].endswith("expressed_as_carbon")


def test_strata_are_added_up_within_pixels(tmp_path):
    units = tiny_region(strata=["forest", "other"])
    fit = tiny_fit(units)
    path = pmd.export(fit, tmp_path / "r.nc", names=["cSoil"], members=0, quantiles=())
    with xr.open_dataset(path, engine="h5netcdf") as file:
        assert set(file.data_vars) == {"cSoil", "time_bnds"}
        held = pmd.trajectories(fit, names=["som"])["som"].mean(("chain", "draw"))
        wanted = (held * units["area_fraction"]).sum("stratum") / 1000
        np.testing.assert_allclose(file["cSoil"], wanted.transpose("time", "pixel"), rtol=1e-10)


FAULTS = {
    "suffix": ({"path": "x.zarr"}, "'.nc' at the end of the path of an export"),
    "name": ({"names": ["npp"]}, "npp"),
    "members": ({"members": -1}, "members"),
    "quantiles": ({"quantiles": [5]}, "0.05, not 5 per cent"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_wrong_argument_is_refused(fit, tmp_path, fault):
    given, words = FAULTS[fault]
    path = tmp_path / given.get("path", "x.nc")
    with pytest.raises((ValueError, KeyError, TypeError), match=words):
        pmd.export(fit, path, **{key: value for key, value in given.items() if key != "path"})


def test_the_command_writes_the_file(fit, tmp_path):
    pmd.save(fit, tmp_path / "fit.nc")
    out = tmp_path / "out.nc"
    given = ("--names", "gpp", "lai", "--quantiles", "0.1", "0.9", "--members", "0")
    assert main(["export", str(tmp_path / "fit.nc"), "--out", str(out), *given]) == 0
    with xr.open_dataset(out, engine="h5netcdf") as file:
        assert set(file.data_vars) == {"gpp", "gpp_quantiles", "lai", "lai_quantiles", "time_bnds"}
        np.testing.assert_array_equal(file["quantile"], [0.1, 0.9])


def test_a_fit_whose_steps_have_no_dates_is_refused(fit, tmp_path):
    bare = fit.copy()
    bare["constant_data"] = xr.DataTree(fit["constant_data"].to_dataset().drop_vars("time"))
    with pytest.raises(
        ValueError, match="wanted dates along 'time' of the drivers of a fit, got no"
    ):
        pmd.export(bare, tmp_path / "results.nc")

"""Fits on disk: whole or not at all, the same in NetCDF and zarr, few files for few units."""

import numpy as np
import pytest
import xarray as xr

from pm_dalec.graph import notes
from pm_dalec.models import stratified
from pm_dalec.posterior import fit_file
from pm_dalec.sampling import region_store
from pm_dalec.sampling.identity import identity_of
from pm_dalec.testing.tiny import tiny_fit, tiny_region

STRATA = ("conifer", "heath")


@pytest.fixture
def region():
    """Two pixels of two strata, of which one has no heath."""
    units = tiny_region(pixels=2, strata=STRATA)
    share = xr.DataArray([[0.4, 1.0], [0.6, 0.0]], dims=("stratum", "pixel"))
    return units.assign(area_fraction=share).assign_attrs(resolution_degree=1.0)


def sampled(units):
    """Fit in form only, with the statistics that a calibration leaves."""
    fit = tiny_fit(units)
    place = ("stratum", "pixel")
    status = np.array([["converged", "budget"], ["no start", "not run"]])
    numbers = {name: (place, np.full((2, 2), 0.25)) for name in ("acceptance", "proposals")}
    fit["sample_stats"] = xr.DataTree(xr.Dataset({"status": (place, status), **numbers}))
    fit.attrs |= {"seed": np.int64(7), "target_rhat": 1.05, "constraints": "edinburgh2021"}
    return fit


@pytest.mark.parametrize("suffix", [".nc", ".zarr"])
def test_a_fit_is_read_as_it_was_written(region, tmp_path, suffix):
    """Groups, attributes, times and strings; strings keep their type."""
    fit = sampled(region)
    again = fit_file.load(fit_file.save(fit, tmp_path / f"fit{suffix}"))
    assert again.identical(fit)
    assert again["sample_stats"]["status"].dtype.kind == "U"
    assert again["posterior"]["stratum"].dtype.kind == "U"


def test_a_fit_goes_from_one_format_to_the_other_and_back(region, tmp_path):
    fit, path = sampled(region), tmp_path / "fit.zarr"
    for name in ("first.nc", "fit.zarr", "fit.zarr", "second.nc"):
        path = fit_file.save(fit, tmp_path / name)
        fit = fit_file.load(path)
    assert fit.identical(fit_file.load(tmp_path / "first.nc"))


@pytest.mark.parametrize("suffix", [".nc", ".zarr"])
def test_a_fit_replaces_what_was_there_and_the_draft_of_a_killed_run(tmp_path, suffix):
    path = tmp_path / f"fit{suffix}"
    fit_file.save(tiny_fit(seed=1), path)
    draft = tmp_path / f"fit{suffix}.part"
    if suffix == ".zarr":
        (draft / "posterior" / "leaf_lifespan").mkdir(parents=True)
    else:
        draft.write_bytes(b"half a file")
    fit_file.save(tiny_fit(seed=2), path)
    assert list(tmp_path.iterdir()) == [path]
    assert fit_file.load(path)["posterior"].equals(tiny_fit(seed=2)["posterior"])


@pytest.mark.parametrize("suffix", [".nc", ".zarr"])
def test_a_call_that_fails_leaves_the_fit_that_was_there(tmp_path, suffix):
    path = fit_file.save(tiny_fit(seed=1), tmp_path / f"fit{suffix}")
    broken = tiny_fit(seed=2)
    broken["posterior"].attrs["unwritable"] = object()
    with pytest.raises(TypeError):
        fit_file.save(broken, path)
    assert fit_file.load(path)["posterior"].equals(tiny_fit(seed=1)["posterior"])


def chunks(path, name):
    with xr.open_datatree(path, engine="zarr", consolidated=False) as fit:
        return dict(zip(fit[name].dims, fit[name].encoding["chunks"], strict=True))


def test_a_small_region_is_one_chunk_a_variable(region, tmp_path):
    path = fit_file.save(sampled(region), tmp_path / "fit.zarr")
    whole = {"chain": 2, "draw": 4, "stratum": 2, "pixel": 2}
    assert chunks(path, "posterior/leaf_lifespan") == whole
    variables = [path.parent for path in path.rglob("zarr.json") if (path.parent / "c").is_dir()]
    assert len([part for part in path.rglob("*") if "c" in part.parts and part.is_file()]) == len(
        variables
    )


@pytest.mark.parametrize(
    ("limit", "block"),
    [(1, (1, 1)), (64, (1, 1)), (128, (1, 2)), (192, (1, 3)), (384, (2, 3)), (10**6, (2, 3))],
)
def test_a_chunk_is_a_block_of_whole_units(tmp_path, monkeypatch, limit, block):
    """2 chains of 4 draws are 64 bytes a unit; pixels are joined first, then strata."""
    monkeypatch.setattr(fit_file, "CHUNK", limit)
    fit = tiny_fit(tiny_region(pixels=3, strata=STRATA))
    path = fit_file.save(fit, tmp_path / "fit.zarr")
    found = chunks(path, "posterior/leaf_lifespan")
    assert tuple(found.values()) == (2, 4, *block)
    assert fit_file.load(path).identical(fit)


def test_a_path_of_another_kind_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"to tell the format, got 'fit\.pickle'"):
        fit_file.save(tiny_fit(), tmp_path / "fit.pickle")


def test_a_fit_that_is_not_there_is_refused_with_its_place(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"wanted a fit at '.*fit\.zarr'"):
        fit_file.load(tmp_path / "fit.zarr")


# --- stores of regions


@pytest.fixture
def calls(monkeypatch, built_once):
    """What `calibrate` was asked for; it samples nothing."""
    found = []

    def calibrate(model, **settings):
        found.append(settings)
        fit = sampled(notes.of(model).units)
        fit.attrs |= {
            "identity": identity_of(model).as_json(),
            "seed": settings["random_seed"],
            "target_rhat": 1.0,
        }
        return fit

    monkeypatch.setattr(region_store, "calibrate", calibrate)
    return found


def calibrated(region, store):
    return region_store.calibrate_region(stratified.build, region, store=store, progress=False)


def test_a_finished_region_is_a_zarr_folder_and_is_not_calibrated_again(region, tmp_path, calls):
    store = tmp_path / "new" / "stratified_1"
    first = calibrated(region, store)
    assert [path.name for path in store.iterdir()] == ["fit.zarr"]
    again = calibrated(region, store)
    assert len(calls) == 1
    assert again.identical(first)
    assert again.attrs["approach"] == "stratified"
    assert again["diagnostics"]["rhat"].dims == ("parameter", "stratum", "pixel")


def test_a_region_that_was_killed_while_it_was_written_is_not_finished(region, tmp_path, calls):
    (tmp_path / "fit.zarr.part" / "posterior").mkdir(parents=True)
    fit = calibrated(region, tmp_path)
    assert len(calls) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["fit.zarr"]
    assert fit_file.load(tmp_path / region_store.FIT).identical(fit)

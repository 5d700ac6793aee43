"""Parity with the reference runs: what the files say comes out, and what they do not is noticed."""

import numpy as np
import pytest
import xarray as xr

from pm_dalec.testing import reference_parity

KINDS = {
    "forward_visible.nc": 1e-6,
    "forward_visible_daily.nc": 1e-6,
    "edc_visible.nc": 1e-6,
    "likelihood_visible.nc": 1e-8,
}


@pytest.fixture
def copied(shared_data, tmp_path):
    """Function that copies part of one group of a reference file, changed, to a file of its own."""

    def copy(name, group, *, samples=slice(None), outputs=None, change=lambda held: held):
        path = shared_data / "reference" / name
        with xr.open_dataset(path, group=group, engine="h5netcdf", decode_timedelta=False) as held:
            results = [n for n in held if n.startswith(("flux_", "pool_", "mean_"))]
            dropped = [] if outputs is None else [n for n in results if n not in outputs]
            part = change(held.drop_vars(dropped).isel(sample=samples).load())
        target = tmp_path / name
        for variable in part.variables.values():
            variable.encoding = {}
        part.to_netcdf(target, group=group, engine="h5netcdf")
        return target

    return copy


def failed(lines):
    """Lines that did not pass; there must be lines at all."""
    lines = list(lines)
    assert lines
    return [line for line in lines if not line.passed]


@pytest.mark.slow
@pytest.mark.parametrize("name", KINDS)
def test_whole_reference_files_are_reproduced(shared_data, name):
    path = shared_data / "reference" / name
    assert failed(reference_parity.parity(path, rtol=KINDS[name])) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", ["forward_visible.nc", "likelihood_visible.nc"])
def test_jax_reproduces_the_reference_files(shared_data, name):
    path = shared_data / "reference" / name
    assert failed(reference_parity.parity(path, runner="jax", rtol=KINDS[name])) == []


@pytest.mark.parametrize("group", ["uk_fire", "edge_polar"])
def test_forward_runs_are_reproduced(copied, group):
    path = copied("forward_visible.nc", group, samples=slice(25, 35))
    assert failed(reference_parity.parity(path)) == []


@pytest.mark.parametrize("group", ["hot", "frozen"])
def test_flags_of_constraints_are_reproduced(copied, group):
    path = copied("edc_visible.nc", group)
    assert failed(reference_parity.parity(path)) == []


def test_likelihoods_are_reproduced(copied):
    path = copied("likelihood_visible.nc", "US-Ha1", samples=slice(0, 60))
    assert failed(reference_parity.parity(path, rtol=1e-8)) == []


def test_an_error_of_a_hundred_thousandth_is_noticed(copied):
    def planted(held):
        held = held.isel(solver=slice(0, 1))
        held["flux_GPP"][{"sample": 1, "solver": 0, "time": 30}] *= 1 + 1e-5
        return held

    path = copied(
        "forward_visible.nc",
        "uk_harvest",
        samples=slice(30, 33),
        outputs=("flux_GPP",),
        change=planted,
    )
    lines = failed(reference_parity.parity(path))
    assert [(line.group, line.quantity) for line in lines] == [("uk_harvest truncated", "gpp")]
    assert lines[0].where == "sample 1, time 30"
    assert 5e-6 < lines[0].worst < 2e-5


def test_a_wrong_flag_is_noticed(copied):
    def planted(held):
        place = {"sample": 2, "edc": int(np.flatnonzero(held["edc_number"].values == 5)[0])}
        held["edc_pass"][place] = 1 - held["edc_pass"][place]
        return held

    path = copied("edc_visible.nc", "frozen", samples=slice(0, 8), change=planted)
    lines = failed(reference_parity.parity(path))
    assert [line.quantity for line in lines] == ["edc leaves_balance_roots"]
    assert lines[0].where == "sample 2"


def test_a_wrong_likelihood_is_noticed(copied):
    def planted(held):
        place = {"sample": 0, "stream": list(held["stream"].values).index("LAI"), "variant": 0}
        held["log_likelihood_stream"][place] *= 1 + 1e-6
        return held

    path = copied("likelihood_visible.nc", "US-Ha1", samples=slice(0, 3), change=planted)
    lines = failed(reference_parity.parity(path, rtol=1e-8))
    assert [line.quantity for line in lines] == ["log_likelihood lai"]


def test_a_renamed_group_with_other_sample_counts_is_read(copied, tmp_path):
    path = copied("forward_visible.nc", "uk_harvest", samples=slice(5, 7), outputs=("pool_wood",))
    with xr.open_dataset(path, group="uk_harvest", engine="h5netcdf") as held:
        held.isel(solver=slice(1, 2)).load().to_netcdf(
            tmp_path / "other.nc", group="somewhere", engine="h5netcdf"
        )
    assert reference_parity.groups_of(tmp_path / "other.nc") == ["somewhere"]
    assert failed(reference_parity.parity(tmp_path / "other.nc")) == []


def test_a_file_without_groups_is_refused(tmp_path):
    xr.Dataset({"a": ("x", np.arange(3.0))}).to_netcdf(tmp_path / "plain.nc", engine="h5netcdf")
    with pytest.raises(ValueError, match="wanted a reference file with a group per driver set"):
        reference_parity.groups_of(tmp_path / "plain.nc")


def test_a_group_without_results_is_refused(copied):
    path = copied("forward_visible.nc", "uk_harvest", samples=slice(0, 2), outputs=())
    with pytest.raises(ValueError, match="got none in 'uk_harvest'"):
        list(reference_parity.parity(path))

"""Threads, workers of a cluster and the parts of a job array give the same store."""

import pytest
from numpy.testing import assert_allclose

import pm_dalec as pmd
from pm_dalec.models import baseline
from pm_dalec.sampling.cluster import calibrate_part, open_quantiles, status, store_hash

from .conftest import SHORT, build

# Runs are short on purpose.
pytestmark = pytest.mark.filterwarnings(r"ignore:wanted \d+ draws of every chain")


def test_tasks_of_dask_give_the_store_of_threads_bit_for_bit(region, of_threads, inside, tmp_path):
    fit = pmd.calibrate_region(build, region, store=tmp_path, client=inside, **SHORT)
    assert store_hash(tmp_path) == store_hash(of_threads)
    found = open_quantiles(tmp_path)["quantiles"].sel(parameter="leaf_lifespan", quantile=0.5)
    wanted = fit["posterior"]["leaf_lifespan"].median(("chain", "draw"))
    assert_allclose(found.isel(stratum=0), wanted, rtol=1e-14)
    told = status(tmp_path)
    assert (told.done, told.closed, told.failed, told.running) == (2, True, {}, {})


def test_parts_in_any_order_give_the_store_of_threads_bit_for_bit(region, of_threads, tmp_path):
    left = [
        calibrate_part(build, region, store=tmp_path, part=(part, 2), threads=1, **SHORT)
        for part in (2, 1)
    ]
    assert left == [1, 0]
    pmd.calibrate_region(build, region, store=tmp_path, client="local", **SHORT)
    assert store_hash(tmp_path) == store_hash(of_threads)


def test_another_seed_gives_another_hash(region, of_threads, tmp_path):
    pmd.calibrate_region(build, region, store=tmp_path, random_seed=3, **SHORT)
    assert store_hash(tmp_path) != store_hash(of_threads)


@pytest.mark.parametrize(
    ("client", "kind", "came"), [(3, TypeError, "int"), ("lokal", ValueError, "'lokal'")]
)
def test_a_client_that_is_none_is_refused(client, kind, came, region, tmp_path):
    with pytest.raises(kind, match=rf"wanted client as a distributed\.Client.* got {came}"):
        pmd.calibrate_region(build, region, store=tmp_path, client=client, **SHORT)


def test_seconds_are_no_budget_of_a_cluster(region, tmp_path):
    with pytest.raises(ValueError, match=r"wanted no seconds= with client="):
        pmd.calibrate_region(build, region, store=tmp_path, client="local", seconds=1.0, **SHORT)


@pytest.mark.slow
def test_processes_of_this_machine_give_the_store_of_threads_bit_for_bit(units, tmp_path):
    for name, how in {"threads": {}, "processes": {"client": "local", "threads": 2}}.items():
        pmd.calibrate_region(baseline.build, units, store=tmp_path / name, **(SHORT | how))
    assert store_hash(tmp_path / "threads") == store_hash(tmp_path / "processes")

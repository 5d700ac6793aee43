"""Two workers, and the fit of threads that theirs must be."""

import logging
from contextlib import contextmanager

import numpy as np
import pytest

import pm_dalec as pmd
from pm_dalec.cli.cluster.scale import stub_run
from pm_dalec.models import baseline
from pm_dalec.sampling.cluster.client import local_cluster

SHORT = {"chains": 8, "draws": 40, "proposals": 1500, "progress": False}
BUILT = {}


@pytest.fixture(scope="module")
def region(units, short_rounds):
    """Two pixels, whose model is compiled once in this process."""
    return units.isel(pixel=[0, 1])


def build(land):
    """Model of a land, the same one for the same pixels."""
    key = (*land["pixel"].values, land.sizes["time"])
    if key not in BUILT:
        BUILT[key] = baseline.build(land)
    return BUILT[key]


@pytest.fixture(scope="module")
def of_threads(region, tmp_path_factory):
    """Store of threads."""
    store = tmp_path_factory.mktemp("threads")
    pmd.calibrate_region(build, region, store=store, **SHORT)
    return store


@contextmanager
def cluster_of(*, processes):
    """Client of two workers that keep their thoughts to themselves."""
    distributed = pytest.importorskip("distributed")
    with (
        local_cluster(2, silence_logs=logging.CRITICAL, processes=processes) as cluster,
        distributed.Client(cluster, timeout=3) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def workers():
    """Client of two processes."""
    with cluster_of(processes=True) as client:
        yield client


@pytest.fixture
def inside():
    """Client of two workers in this process, which a test can spoil."""
    with cluster_of(processes=False) as client:
        yield client


@pytest.fixture
def run(tmp_path):
    """Run of stubs: 130 units of 10 ms in 65 blocks."""
    return stub_run(tmp_path / "store", 130)


def expected_draws(run):
    """Draws of all stubs, by place."""
    draws, chains, parameters = run.shards.lengths
    shape = (draws, chains, parameters + 1)
    return {place: np.random.default_rng(place).random(shape) for place in range(run.exist.size)}

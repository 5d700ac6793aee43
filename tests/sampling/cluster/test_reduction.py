"""What is reduced by blocks is what all draws together give."""

import logging
import shutil

import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_allclose

import pm_dalec as pmd
from pm_dalec.posterior.fit_file import FIT_OF_STORE
from pm_dalec.sampling.cluster import (
    domain_quantiles,
    open_reduced,
    ranked_draws,
    reduce_region,
)
from pm_dalec.sampling.cluster.client import local_cluster
from pm_dalec.testing.tiny import tiny_fit, tiny_region

NAMES = ("gpp", "residence_wood", "leaf_lifespan")


@pytest.fixture(scope="module", params=[("conifer", "arable"), ()], ids=["strata", "pixels"])
def fit(request):
    """Three pixels in form only, one stratum of the second without draws."""
    strata = list(request.param)
    region = tiny_region(pixels=3, **({"strata": strata} if strata else {}))
    if strata:
        region["area_fraction"].values[:] = [[0.25, 0.5, 1.0], [0.75, 0.5, 0.0]]
    made = tiny_fit(region, draws=8)
    area = xr.DataArray([1.0, 3.0, 2.0], dims="pixel", attrs={"units": "m2"})
    made["constant_data"] = xr.DataTree(made["constant_data"].to_dataset().assign(area=area))
    for values in made["posterior"].data_vars.values():
        values.values[(..., 0, 1) if strata else (..., 1)] = np.nan
    return made


@pytest.fixture(scope="module")
def kept(fit, tmp_path_factory):
    """Folder of the fit."""
    folder = tmp_path_factory.mktemp("kept")
    pmd.save(fit, folder / FIT_OF_STORE)
    return folder


@pytest.fixture(scope="module")
def reduced(kept, tmp_path_factory):
    return reduce_region(copied(kept, tmp_path_factory.mktemp("reduced")), NAMES).load()


@pytest.fixture
def store(kept, tmp_path):
    """Folder of the fit, and of nothing else."""
    return copied(kept, tmp_path)


def copied(kept, folder):
    return shutil.copytree(kept, folder, dirs_exist_ok=True)


def drawn_of(fit):
    return fit["posterior"].to_dataset().assign(pmd.budget(fit))


def test_the_domain_is_that_of_all_draws(fit, store):
    found = domain_quantiles(reduce_region(store, NAMES, seed=3))
    units = fit["constant_data"].to_dataset()
    for name in NAMES:
        wanted = pmd.aggregate(drawn_of(fit)[name], units, seed=3)
        assert_allclose(found[name], wanted, rtol=1e-12)


def test_units_have_the_quantiles_of_their_draws_and_strata_their_own(fit, reduced):
    found, drawn = reduced, drawn_of(fit)["residence_wood"]
    median = found["units"].sel(name="residence_wood", quantile=0.5)
    wanted = drawn.median(("chain", "draw"), skipna=False)
    assert_allclose(median.values.squeeze(), wanted.transpose("pixel", ...).values)
    if "stratum" in drawn.dims:
        strata = domain_quantiles(found, by_stratum=True)["residence_wood"].sel(quantile=0.5)
        assert_allclose(
            strata.sel(stratum="conifer"), (0.25 * median[0, 0] + 2 * median[2, 0]) / 2.25
        )


def test_ranks_stand_for_the_draws_of_a_pixel_under_other_rules(fit, reduced):
    units, drawn = fit["constant_data"].to_dataset(), drawn_of(fit)["leaf_lifespan"]
    draws = ranked_draws(reduced)["leaf_lifespan"]
    rule = {"across_pixels": "independent", "quantiles": [0.25, 0.5, 0.75]}
    found, wanted = (pmd.aggregate(values, units, **rule) for values in (draws, drawn))
    assert_allclose(found, wanted, atol=0.5 * float(drawn.std()))
    assert draws.sizes["sample"] == 4000


def test_workers_of_a_cluster_reduce_to_the_same_bits(reduced, store):
    distributed = pytest.importorskip("distributed")
    how = {"processes": False, "silence_logs": logging.CRITICAL}
    with local_cluster(2, **how) as cluster, distributed.Client(cluster) as client:
        found = reduce_region(store, NAMES, client=client, seed=0, draws=100)
    xr.testing.assert_identical(found.load(), reduced)


def test_what_is_reduced_is_read_again_and_made_anew_where_more_is_asked(store, monkeypatch):
    first = reduce_region(store, ["gpp"]).load()
    with monkeypatch.context() as patch:
        patch.setattr("pm_dalec.sampling.cluster.reduction.budget", None)  # nothing is run
        xr.testing.assert_identical(reduce_region(store, ["gpp"]).load(), first)
    assert list(reduce_region(store, ["gpp", "lai"])["name"].values) == ["gpp", "lai"]


def test_what_cannot_be_reduced_is_refused_in_words(store, tmp_path):
    with pytest.raises(KeyError, match="no quantity 'gppp'; there are gpp"):
        reduce_region(store, ["gppp"])
    with pytest.raises(FileNotFoundError, match="reduce_region"):
        open_reduced(tmp_path / "nothing")

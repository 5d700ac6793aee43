"""A finished store is read where it is what was asked, goes on where more is asked, or is refused."""

import shutil

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from pm_dalec.models import baseline
from pm_dalec.sampling.region_store import calibrate_region, is_finished

from .conftest import SHORT, draws_of

pytestmark = [
    pytest.mark.usefixtures("built_once", "short_rounds"),
    pytest.mark.filterwarnings(r"ignore:wanted \d+ draws of every chain"),
]


@pytest.fixture(scope="module")
def stores(tmp_path_factory):
    return tmp_path_factory.mktemp("stores")


@pytest.fixture
def kept(units, stores, tmp_path):
    """Finished store of two pixels, and its fit."""
    region = units.isel(pixel=[0, 1])
    fit = calibrate_region(baseline.build, region, store=stores / "first", **SHORT)
    shutil.copytree(stores / "first", tmp_path / "store")
    return region, tmp_path / "store", fit


def asked(kept, **changes):
    region, store, _ = kept
    return calibrate_region(baseline.build, region, store=store, **(SHORT | changes))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"random_seed": 7}, "seed: here 7, there 0"),
        ({"draws": SHORT["draws"] + 1}, "draws: here"),
        ({"chains": SHORT["chains"] + 8}, "chains: here"),
    ],
)
def test_a_finished_store_of_another_seed_or_size_is_refused(kept, changes, words):
    with pytest.raises(ValueError, match=rf"wanted a fit of this run, got .*{words}"):
        asked(kept, **changes)
    with pytest.raises(ValueError, match=words):
        is_finished(kept[1], **(SHORT | changes))


@pytest.mark.parametrize(
    "changes", [{}, {"random_seed": None}, {"proposals": SHORT["proposals"] - 1}, {"rhat": 5.0}]
)
def test_a_finished_store_is_read_where_it_holds_no_less_than_was_asked(kept, changes):
    assert_array_equal(draws_of(asked(kept, **changes)), draws_of(kept[2]))
    assert is_finished(kept[1], **{k: v for k, v in (SHORT | changes).items() if k != "progress"})


def test_a_finished_store_goes_on_with_a_larger_budget(kept):
    more = asked(kept, proposals=2 * SHORT["proposals"])
    made = "proposals"
    assert np.all(more["sample_stats"][made] > kept[2]["sample_stats"][made])
    assert more.attrs["proposals_per_chain"] == 2 * SHORT["proposals"]
    assert_array_equal(draws_of(asked(kept, proposals=2 * SHORT["proposals"])), draws_of(more))


def test_the_groups_of_a_region_are_chosen_and_checked(units, tmp_path):
    region = units.isel(pixel=[0])
    fit = calibrate_region(baseline.build, region, store=tmp_path, groups=["log_prior"], **SHORT)
    assert "log_prior" in fit.children
    assert "posterior_predictive" not in fit.children
    with pytest.raises(ValueError, match="log_pior"):
        calibrate_region(baseline.build, region, store=tmp_path / "b", groups=["log_pior"], **SHORT)


def test_a_store_whose_states_are_gone_says_that_it_cannot_go_on(kept):
    shutil.rmtree(kept[1] / "state")
    with pytest.raises(ValueError, match="wanted the states of the units"):
        asked(kept, proposals=2 * SHORT["proposals"])


def test_groups_that_a_finished_store_lacks_are_added_and_kept(kept):
    before = set(kept[2].children)
    assert "log_likelihood" in before
    assert "prior" not in before
    assert set(asked(kept, groups=()).children) == before
    assert not is_finished(
        kept[1], **{n: v for n, v in SHORT.items() if n != "progress"}, groups=("prior",)
    )
    more = asked(kept, groups=("prior",))
    assert set(more.children) == before | {"prior"}
    assert_array_equal(draws_of(more), draws_of(kept[2]))
    shutil.rmtree(kept[1] / "state")  # the others are made of the draws
    again = asked(kept, groups=("prior_predictive",))
    assert set(again.children) == before | {"prior", "prior_predictive"}
    assert set(asked(kept).children) == set(again.children)


def test_a_store_that_ended_by_time_goes_on_with_more_of_it(kept):
    fit = asked(kept, seconds=1e-6, proposals=2 * SHORT["proposals"])
    assert fit.attrs["seconds"] == 1e-6
    as_it_is = asked(kept, seconds=1e-9, proposals=2 * SHORT["proposals"])
    assert as_it_is.attrs["seconds"] == 1e-6
    more = asked(kept, seconds=1000.0, proposals=2 * SHORT["proposals"])
    assert (more["sample_stats"]["proposals"] > fit["sample_stats"]["proposals"]).all()


def test_an_empty_folder_is_no_finished_store(tmp_path):
    assert not is_finished(tmp_path)

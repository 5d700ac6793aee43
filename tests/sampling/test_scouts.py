"""Scouts before the chains begin, and leaps between parts of a posterior."""

import numpy as np
import pymc as pm
import pytensor.tensor as pt
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import pm_dalec as pmd
from pm_dalec.models import baseline
from pm_dalec.sampling.kernels import blocks, leaps, proposals
from pm_dalec.sampling.kernels.lanes import Lanes, go, stay
from pm_dalec.sampling.kernels.streams import streams
from pm_dalec.sampling.kernels.surrogate import (
    EDGE,
    KNOTS,
    fit_surrogate,
    log_density,
    whitened,
)
from pm_dalec.sampling.kernels.walk import empty_walk, enter, move
from pm_dalec.sampling.starts import chosen
from pm_dalec.sampling.state import Settings

pytestmark = pytest.mark.filterwarnings(r"ignore:wanted \d+ draws of every chain")
SHORT = {"chains": 8, "draws": 40, "groups": (), "progress": False, "threads": 1}
SIZE, RARE = 3, 0.3


@pytest.fixture(scope="module")
def two_parts():
    """Likeness of two parts, in which parameters go together in other ways, a third of it in one."""
    random = np.random.default_rng(4)
    rare = random.uniform(size=4000) < RARE
    tied = random.normal(0.25, 0.04, (4000, 1)) * np.ones(SIZE)
    free = random.normal(0.75, 0.05, (4000, SIZE))
    return fit_surrogate(
        np.where(rare[:, None], tied + random.normal(0, 0.01, free.shape), free), 2
    )


def share_below_half(likeness):
    """Share of a likeness in which the mean of the parameters is below a half, by independent draws."""
    random, share, weights = np.random.default_rng(0), 0.0, []
    grid = np.linspace(-EDGE, EDGE, KNOTS)
    for mean, precision, level in zip(
        likeness.means, likeness.precisions, likeness.log_weights, strict=False
    ):
        weights.append(np.exp(level - np.linalg.slogdet(precision)[1] / 2))
        scores = random.multivariate_normal(mean, np.linalg.inv(precision), 20_000)
        values = [
            np.interp(one, grid, knots) for one, knots in zip(scores.T, likeness.knots, strict=True)
        ]
        share += weights[-1] * (np.mean(values, axis=0) < 0.5).mean()
    return share / sum(weights)


@pytest.mark.parametrize("processes", [(0, 0, 0), (0, 0, 1)])
def test_leaps_leave_the_likeness_alone_and_weigh_its_parts(two_parts, processes):
    """Chains that leap and make no other step come to the shares of both parts, wherever they begin."""
    position = np.full((SIZE, 1), 0.75)
    lanes = Lanes(position, position.copy(), np.zeros(1), streams(5, [0], 1))
    walk = empty_walk(1, two_parts)
    enter(walk, 0, position, two_parts)
    pivots, years = np.arange(1, SIZE + 1) / SIZE, np.zeros(SIZE)
    guide = proposals.Guide(
        two_parts, pivots, np.array(processes), years, years, position.T, 1, 1.0, 0.0, 1.0
    )
    memory = blocks.Memory(np.empty((SIZE, SIZE)), *np.empty((2, SIZE)))
    random, seen = np.random.default_rng(1), []
    present = log_density(two_parts, position.T)[0]
    for _ in range(8_000):
        stay(lanes, 0)
        ratio = leaps.leap(0, lanes, walk, guide, memory)
        if not np.isnan(ratio):
            proposed = log_density(two_parts, lanes.proposal.T)[0]
            if np.log(random.uniform()) < proposed - present + ratio:
                present = proposed
                move(walk, 0, two_parts)
                go(lanes, 0, 0.0)
        seen.append(position[:, 0].copy())
    seen = np.array(seen)
    low = seen.mean(axis=1) < 0.5
    assert_allclose(low.mean(), share_below_half(two_parts), atol=0.03)
    assert np.count_nonzero(np.diff(low.astype(int))) > 200


def test_scouts_find_a_part_that_few_starts_lead_to_and_chains_weigh_it():
    """Two starts of a hundred lead to the part that holds seven tenths."""
    with pm.Model() as model:
        place = pm.Uniform("place", 0.0, 1.0, shape=SIZE)

        def part(weight, centre, sd):
            square = pt.sum(((place - centre) / sd) ** 2)
            return np.log(weight) - SIZE * np.log(sd) - square / 2

        pm.Potential("parts", pt.logaddexp(part(0.3, 0.3, 0.1), part(0.7, 0.85, 0.03)))
    fit = pmd.calibrate(model, chains=8, scouts=256, ess=1000, progress=False, threads=1)
    assert float(fit["sample_stats"]["rhat"].max()) < 1.01
    share = (fit["posterior"]["place"].mean("place_dim_0") > 0.6).mean()
    assert_allclose(float(share), 0.7, atol=0.05)
    assert fit.attrs["scouts"] == 256


def test_starts_are_the_best_places_and_those_far_from_all_others():
    random = np.random.default_rng(2)
    places = random.normal(0.4, 0.03, (60, 4))
    places[7] = [0.9, 0.1, 0.9, 0.1]
    found = np.column_stack([places, -random.uniform(1, 2, 60)])
    found[7, -1], found[20, -1] = -50.0, 0.0
    taken = chosen(found, 6)
    assert_array_equal(taken[0], places[20])
    assert_array_equal(taken[3], places[7])
    assert len(np.unique(taken, axis=0)) == 6
    assert_allclose(np.cov(whitened(places), rowvar=False), np.eye(4), atol=1e-3)


def test_a_fit_with_scouts_is_continued_bit_for_bit_and_says_how_many_there_were(tmp_path):
    model = baseline.build(pmd.synthetic_site(0, years=3))
    whole = pmd.calibrate(model, **SHORT, scouts=20, proposals=2048)
    folder = tmp_path / "state"
    part = pmd.calibrate(model, **SHORT, scouts=20, proposals=512, checkpoint=folder)
    assert int(part["sample_stats"]["search_proposals"]) > 4096
    again = pmd.calibrate(model, **SHORT, scouts=20, proposals=2048, checkpoint=folder, resume=True)
    for name, values in whole["posterior"].data_vars.items():
        assert_array_equal(values, again["posterior"][name])
    assert whole.attrs["scouts"] == 20
    with pytest.raises(ValueError, match="scouts"):
        pmd.calibrate(model, **SHORT, checkpoint=folder, resume=True)


def test_halves_that_share_nothing_have_no_scouts():
    with pytest.raises(ValueError, match="halves=True and scouts=8; choose one"):
        Settings(halves=True, scouts=8)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
def test_scouts_find_the_larger_part_of_three_years_of_hyytiala(seed, shared_data):
    """What the guide says; bridge sampling of each part by itself gives .73."""
    site = pmd.open_site(shared_data / "data" / "sites" / "gcel_FI-Hyy_monthly.nc")
    model = baseline.build(site.isel(time=slice(0, 36)))
    fit = pmd.calibrate(model, chains=16, scouts=256, random_seed=seed, groups=(), progress=False)
    assert str(fit["sample_stats"]["status"].values) == "converged"
    day = np.mod(fit["posterior"]["labile_release_day"], 365.25)
    assert_allclose(float(((day > 250) & (day < 340)).mean()), 0.745, atol=0.03)

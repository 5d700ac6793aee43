"""The second look by scouts, and chains that leap between the parts of a posterior."""

from types import SimpleNamespace

import numpy as np
import pymc as pm
import pytensor.tensor as pt
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import pm_dalec as pmd
from pm_dalec.models import baseline
from pm_dalec.posterior.chain_statistics import lie_apart
from pm_dalec.sampling.any_model.compiled import compile_any
from pm_dalec.sampling.bank import make_bank, making
from pm_dalec.sampling.bank.pilots import BASELINE
from pm_dalec.sampling.kernels.acceptance import LOGP, results_at
from pm_dalec.sampling.starts import (
    ANOTHER_PART,
    LOOKING,
    NOTHING_NEW,
    SCOUTING,
    Known,
    SecondLook,
)
from pm_dalec.sampling.state import (
    WINDOW,
    Settings,
    lanes_of,
    new_state,
    place,
    state_from_arrays,
    state_to_arrays,
)
from pm_dalec.sampling.target import bound_to, compile_target
from pm_dalec.sampling.unit import Unit

pytestmark = pytest.mark.filterwarnings(r"ignore:wanted \d+ draws of every chain")
SHORT = {"chains": 8, "draws": 40, "groups": (), "progress": False, "threads": 1}
SIZE, WIDE = 3, 5


def model_of_two_parts(size, spread):
    """Model with seven tenths in a narrow part, and a wide one whose spread is given."""
    with pm.Model() as model:
        position = pm.Uniform("place", 0.0, 1.0, shape=size)

        def part(weight, centre, sd):
            square = pt.sum(((position - centre) / sd) ** 2)
            return np.log(weight) - size * np.log(sd) - square / 2

        pm.Potential("parts", pt.logaddexp(part(0.3, 0.3, spread), part(0.7, 0.85, 0.03)))
    return model


@pytest.fixture(scope="module")
def two_places():
    """Model in which one start of some hundred leads to the part that holds seven tenths."""
    return model_of_two_parts(WIDE, 0.1)


def share_of_the_second(fit):
    return float((fit["posterior"]["place"].mean("place_dim_0") > 0.6).mean())


def test_a_second_look_finds_a_part_that_few_starts_lead_to_and_chains_weigh_it(two_places):
    asked = {"chains": 8, "ess": 1000, "progress": False, "threads": 1}
    missed = pmd.calibrate(two_places, **asked, scouts=0)
    assert str(missed["sample_stats"]["status"].values) == "converged"
    assert share_of_the_second(missed) == 0.0
    assert "looked" not in missed["sample_stats"]
    fit = pmd.calibrate(two_places, **asked)
    assert str(fit["sample_stats"]["looked"].values) == "another part"
    assert float(fit["sample_stats"]["rhat"].max()) < 1.01
    assert_allclose(share_of_the_second(fit), 0.7, atol=0.05)
    assert fit.attrs["scouts"] == 256


def test_a_pilot_of_a_bank_is_looked_at_again_so_that_units_miss_nothing(
    two_places, units, tmp_path, monkeypatch
):
    target = compile_any(two_places)[1]
    monkeypatch.setattr(making, "wide_target", lambda model, width: target)
    how = {"path": tmp_path / "bank.nc", "pilots": 1, "chains": 8, "progress": False, "threads": 1}
    for scouts, share in ((0, 0.0), (256, 0.7)):  # the states of the first are looked at
        bank = make_bank(baseline.build, units, scouts=scouts, **how)
        found = bank.classes[BASELINE].positions.mean(axis=1)
        assert_allclose((found > 0.6).mean(), share, atol=0.05)


def test_a_second_look_that_finds_nothing_leaves_the_draws_as_they_are(two_places):
    asked = {"chains": 8, "progress": False, "threads": 1}
    with pm.Model() as model:
        pm.Normal("place", 0.0, 1.0, shape=SIZE)
    first, second = (pmd.calibrate(model, **asked, scouts=scouts) for scouts in (0, None))
    assert_array_equal(first["posterior"]["place"], second["posterior"]["place"])
    assert str(second["sample_stats"]["looked"].values) == "nothing new"
    made = [int(fit["sample_stats"]["search_proposals"]) for fit in (first, second)]
    assert made[1] >= made[0] + SCOUTING * 256 // 8


def draws_in(*centres, share=0.5):
    """Draws of chains about centres; of the last chain, which comes from one to another, a share."""
    random = np.random.default_rng(6)
    middle = np.resize(centres, 8) * np.ones((300, 1))
    middle[: int(300 * share), -1] = centres[0]
    drawn = middle[..., None] + random.normal(0, 0.02, (300, 8, 5))
    return np.dstack([drawn, np.zeros((300, 8))])


def test_draws_lie_apart_where_groups_of_them_do():
    assert not lie_apart(draws_in(0.4))
    assert lie_apart(draws_in(0.4, 0.8))
    assert lie_apart(draws_in(0.4, 0.8, share=0.0))
    near = draws_in(0.4, 0.45)
    assert not lie_apart(near)
    near[7, 3, 0] = 0.9  # one draw is no part
    assert not lie_apart(near)


def test_draws_of_more_chains_than_are_compared_can_be_looked_at():
    many = np.repeat(draws_in(0.4, 0.8), 150, axis=1)
    many[..., :-1] += np.random.default_rng(7).normal(0, 0.02, many[..., :-1].shape)
    assert lie_apart(many[:20])


def test_draws_that_are_collinear_can_be_looked_at():
    drawn = draws_in(0.4)
    drawn[..., 1], drawn[..., 2] = 2 * drawn[..., 0], 0.5
    assert not lie_apart(drawn)
    places = drawn[0].copy()
    places[0, :2] += 0.4, 0.8
    assert_array_equal(Known(drawn).distances(places) > 1, [True] + 7 * [False])


def test_chains_that_begin_in_parts_of_their_own_leap_and_weigh_these():
    size, settings = 12, Settings(200, proposals=200_000)
    unit = units_of(compile_any(model_of_two_parts(size, 0.06))[1])(0, 8, settings)
    state = unit.state
    while state.phase == "search":
        unit.advance()
    place(state, np.repeat([[0.85], [0.3]], [2, 6], axis=0) * np.ones(size))
    unit.begin()
    while not unit.finished:
        unit.advance()
    assert state.leaping
    assert state.phase == "converged"
    assert_allclose((unit.result()[..., 0] > 0.6).mean(), 0.7, atol=0.05)


@pytest.fixture(scope="module")
def known():
    random = np.random.default_rng(2)
    return Known(
        np.dstack([random.normal(0.4, 0.03, (500, 8, 4)), random.uniform(-2, -1, (500, 8))])
    )


def test_news_are_far_from_all_draws_and_as_dense(known):
    places = np.full((4, 5), 0.4)
    places[:, -1] = [-1.5, -1.5, -2.3, -9.0]
    places[1:, :-1] = [0.9, 0.1, 0.9, 0.1]
    assert_array_equal(known.news(places), [False, True, False, False])
    assert_array_equal(known.suspects(places), [False, True, True, False])


def test_settlers_are_the_densest_of_groups_that_are_far_from_each_other(known):
    random = np.random.default_rng(3)
    found = np.column_stack([random.normal(0.9, 0.03, (60, 4)), -random.uniform(1, 2, 60)])
    found[7:9, :-1] = [[0.9, 0.1, 0.9, 0.1], [0.89, 0.1, 0.9, 0.1]]
    found[9, :-1] = [0.1, 0.9, 0.1, 0.9]
    found[8, -1], found[20, -1] = -0.9, -0.5
    taken = known.scattered(found, 3)
    assert {tuple(place) for place in taken} == {tuple(found[row]) for row in (8, 9, 20)}
    few = known.scattered(found[:10], 16)
    assert len(np.unique(few[:10], axis=0)) == 10
    assert len(few) == 16


def units_of(target):
    """Makes units of a target as a second look asks for them."""

    def beside(identity, lanes, settings, late=0.0, state=None):
        bound = bound_to(target, lanes, 0, None)
        if state is None:
            state = new_state(identity, len(target.rows), lanes, bound.padded, settings, 1)
        return Unit(bound, target, state, settings, late=late)

    return beside


def converged(unit):
    while unit.state.phase != "converged":
        unit.advance()
    return unit


@pytest.fixture(scope="module")
def look(two_places):
    """A second look, at chains that have missed one of the places."""
    beside = units_of(compile_any(two_places)[1])
    unit = converged(beside(9, 8, Settings(100, scouts=64)))

    def begun():
        unit.state.look = {}
        return SecondLook(unit, beside)

    return begun, unit


def present(unit):
    return np.column_stack([unit.state.position[:, : unit.state.logp.size].T, unit.state.logp])


def test_scouts_stay_outside_of_what_is_known_and_keep_their_density(look):
    look, far, tuned = look[0](), None, []
    while look.advance() == LOOKING and look.again is None:
        party = look.settlers or look.scouts
        if party.state.phase != "tune":
            continue
        far = far if tuned and tuned[-1] is party else False
        places = present(party)
        assert look.known.far(places)[far].all()
        far = look.known.far(places)
        tuned.append(party)
        there = results_at(party.bound.call(), lanes_of(party.state), LOGP)
        assert_allclose(there, places[:, -1])
    assert [party.state.logp.size for party in (tuned[0], tuned[-1])] == [64, 16]
    assert far.sum() >= 8


def test_scouts_that_have_just_met_the_rules_are_not_put_back_to_where_they_did_not(units):
    """While rules are searched for, a lane holds what it lacks in place of a density."""
    beside = units_of(compile_target(baseline.build(units)))
    unit = converged(beside(9, 8, Settings(100, rhat=9.0, ess=0, scouts=64)))
    look = SecondLook(unit, beside)
    look.known.far = lambda places: places[:, 0] > 0.5  # which is crossed all the time
    while look.scouts.state.proposed < 2 * WINDOW:
        look.advance()
        if look.scouts.state.phase == "tune":
            there = results_at(look.scouts.bound.call(), lanes_of(look.scouts.state), LOGP)
            assert_allclose(there, look.scouts.state.logp)


def test_a_second_look_ends_where_all_chains_are_back_at_the_draws(look):
    """Their tuning need not come to its end."""
    look, unit = look[0](), look[1]
    look.scouts = look.settlers = SimpleNamespace(finished=True)
    state = SimpleNamespace(
        position=unit.result()[-1, :, :-1].T,
        logp=unit.state.logp.copy(),
        phase="tune",
        visited=unit.state.visited,
    )
    look.again = SimpleNamespace(state=state, advance=lambda: None)
    state.position[:, 0] = 0.99
    assert [look.advance() for _ in range(6)] == 6 * [LOOKING]
    state.position[:, 0] = state.position[:, 1]
    assert [look.advance() for _ in range(4)] == 3 * [LOOKING] + [NOTHING_NEW]


def run_to_its_end(unit, *stops):
    """Windows of a second look, in which the state is saved and read at some."""
    windows = 0
    while not unit.finished:
        unit.advance()
        windows += unit.state.looked == LOOKING
        if windows in stops and unit.state.looked == LOOKING:
            state = state_from_arrays(state_to_arrays(unit.state))
            unit = Unit(unit.bound, unit.target, state, unit.settings)
    return unit, windows


def test_a_second_look_goes_on_after_stops_in_its_midst_as_if_there_had_been_none(two_places):
    """With scouts, with settlers, and with chains that have begun again."""
    beside, settings = units_of(compile_any(two_places)[1]), Settings(100, scouts=64)
    (one, windows), (other, as_many) = (
        run_to_its_end(converged(beside(0, 8, settings)), *stops) for stops in ((), (5, 30, 60))
    )
    assert windows == as_many
    assert 60 < windows < 8 + 32 + 40 + 20
    for unit in (one, other):
        assert unit.state.looked == ANOTHER_PART
        assert not unit.state.look
        assert not unit.state.visited.size
    assert_array_equal(one.result(), other.result())
    assert one.state.searched == other.state.searched


def test_chains_that_begin_again_have_a_budget_of_their_own(two_places):
    """What was left of the first one does not hold their tuning."""
    beside = units_of(compile_any(two_places)[1])
    spent = converged(beside(0, 8, Settings(100))).state.proposed
    unit = converged(beside(0, 8, Settings(100, scouts=64, proposals=spent)))
    run_to_its_end(unit)
    assert unit.state.looked == ANOTHER_PART
    assert unit.state.proposed <= spent < unit.state.searched
    assert len(unit.settled().result()) >= 8


def test_news_are_told_where_all_places_are_equally_dense():
    """As under constraints alone, with nothing but bounds beside them."""
    drawn = draws_in(0.2)
    drawn[..., -1] = 0.0
    places = np.array([[0.2] * 5 + [0.0], [0.8] * 5 + [0.0], [0.8] * 5 + [-np.inf]])
    for told in (Known(drawn).news, Known(drawn).suspects):
        assert_array_equal(told(places), [False, True, False])


def test_a_look_at_draws_that_are_no_longer_good_enough_is_given_up(two_places):
    unit = converged(units_of(compile_any(two_places)[1])(0, 8, Settings(100, scouts=64)))
    unit.advance()
    assert unit.state.looked == LOOKING
    stricter = Settings(100, ess=1e6, scouts=64)
    unit = Unit(unit.bound, unit.target, unit.state, stricter)
    assert unit.state.phase == "sample"
    assert unit.state.looked == ""
    assert not unit.state.look


def test_halves_that_share_nothing_have_no_scouts():
    with pytest.raises(ValueError, match="halves=True and scouts=8; choose one"):
        Settings(halves=True, scouts=8)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("months", "share", "error", "seed"),
    [(36, 0.745, 0.03, seed) for seed in range(10)]
    + [(72, 0.785, 0.04, seed) for seed in range(5)],
)
def test_chains_weigh_the_larger_part_of_some_years_of_hyytiala(
    months, share, error, seed, shared_data
):
    """Bridge sampling of each part of three years by itself gives .73; few chains begin there, or none.

    Of six years .787, .792 and .778 are shares of long chains of which half began in either part. The error of
    a share of 1,000 effective draws is .014.
    """
    site = pmd.open_site(shared_data / "data" / "sites" / "gcel_FI-Hyy_monthly.nc")
    model = baseline.build(site.isel(time=slice(0, months)))
    fit = pmd.calibrate(model, chains=16, ess=1000, random_seed=seed, groups=(), progress=False)
    assert bool(fit["sample_stats"]["leaping"])
    assert str(fit["sample_stats"]["status"].values) == "converged"
    day = np.mod(fit["posterior"]["labile_release_day"], 365.25)
    assert_allclose(float(((day > 250) & (day < 340)).mean()), share, atol=error)

"""What a person's moves do to lamps, score and scales, without a browser."""

import threading
import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose

from pm_dalec.constraints.sets import EDCS
from pm_dalec.explore.explorer import Explorer
from pm_dalec.explore.lamps import words_of
from pm_dalec.explore.overlay import overlay_of
from pm_dalec.explore.scales import Scale
from pm_dalec.explore.score import TOTAL, score_of
from pm_dalec.tables.parameters import PARAMETERS, with_three_year_days
from pm_dalec.testing.parameters import FEASIBLE
from pm_dalec.testing.tiny import tiny_fit


def lamp(explorer, name):
    return next(each for each in explorer.lamps if each.name == name)


def test_there_is_a_lamp_for_every_rule_and_the_truth_lights_all(explorer):
    assert [each.name for each in explorer.lamps] == list(EDCS["edinburgh2021"])
    assert all(each.holds for each in explorer.lamps)


def test_wood_that_turns_over_twice_as_fast_as_leaves_is_short_by_a_factor_of_two(explorer):
    rate = 2 / (365.25 * FEASIBLE.leaf_lifespan)
    explorer.move("wood_turnover_rate", rate)
    found = lamp(explorer, "wood_outlives_leaves")
    assert not found.holds
    assert found.words == "short by a factor 2"
    assert "posterior is zero" in explorer.score.words


@pytest.mark.parametrize(
    ("margin", "words"),
    [
        (0.0, "a factor 1 to spare"),
        (np.log(2), "a factor 2 to spare"),
        (-np.inf, "far outside"),
        (744.0, "far within"),
        (np.nan, "no number, counts as held"),
    ],
)
def test_a_margin_is_told_in_words(margin, words):
    assert words_of(margin) == words


@pytest.mark.parametrize("table", [PARAMETERS, with_three_year_days(PARAMETERS)], ids=["1", "3"])
@pytest.mark.parametrize("name", PARAMETERS)
def test_a_slider_goes_where_a_value_is_and_back(name, table):
    scale = Scale(table[name])
    places = np.linspace(0.01, 0.99, 9)
    assert_allclose(scale.place(scale.value(places)), places, rtol=1e-9)
    low, high = table[name].bounds
    assert np.all((scale.value(places) >= low) & (scale.value(places) <= high))
    assert scale.prior(1.0, np.inf, False).sum() == pytest.approx(1.0)


def test_the_prior_above_a_slider_is_where_its_draws_are(bench):
    from pm_dalec.constraints.prior_draws import draw_prior

    drawn = draw_prior(bench.units, 40_000, rng=np.random.default_rng(0))
    for name in ("canopy_efficiency", "autotrophic_fraction", "leaf_lifespan", "leaf_fall_day"):
        scale = Scale(PARAMETERS[name])
        known = scale.histogram(getattr(drawn, name))
        assert_allclose(scale.prior(*bench.factors[name]), known, atol=0.006, err_msg=name)


def test_a_fit_brings_bands_and_its_best_draw_beats_the_others(bench, fit):
    overlay = overlay_of(bench, fit)
    low, *_, high = overlay.bands["lai"]
    assert low.shape == bench.times.shape
    assert np.all(low <= high)
    at_best = bench.look(bench.rows(overlay.best))
    assert at_best.log_posterior == pytest.approx(overlay.draws.log_posterior.max())
    assert overlay.doubt.startswith("not converged")


def test_the_score_says_by_how_much_the_best_draw_is_ahead(bench, fit):
    fit = fit.copy(deep=True)
    fit["posterior"]["leaf_carbon_per_area"] *= 1.1  # all of them a little off
    explorer = Explorer(bench, fit)
    explorer.put(explorer.overlay.best)
    assert explorer.score.words == "You stand where the best draw of the sampler is."
    low = explorer.score.total.low
    explorer.put(FEASIBLE._asdict())
    assert explorer.score.words.startswith("You beat the best draw"), (
        "it is the truth, without noise"
    )
    explorer.move("leaf_carbon_per_area", 1.3 * FEASIBLE.leaf_carbon_per_area)
    found = score_of(explorer.outlook, explorer.overlay.draws)
    assert found.total.yours == pytest.approx(sum(row.yours for row in found.rows[:-1]))
    assert found.total.name == TOTAL
    assert found.total.yours < low
    assert found.words == f"The best draw is {-found.ahead:.1f} ahead of you; go on."


def test_a_fit_without_draws_is_refused(bench):
    with pytest.raises(ValueError, match="wanted a fit with draws, got none"):
        overlay_of(bench, tiny_fit().isel(draw=slice(0)))


def test_a_play_beside_a_fit_begins_at_its_best_draw(bench, fit):
    begun = Explorer(bench, fit)
    assert begun.theta == begun.overlay.best
    highest = begun.overlay.draws.log_posterior.max()
    assert begun.outlook.log_posterior[0] == pytest.approx(highest, rel=1e-12)


def test_a_calibration_on_its_way_leaves_the_filters_of_warnings_alone(explorer, monkeypatch):
    before, on_its_way, go_on = list(warnings.filters), threading.Event(), threading.Event()

    def waits(*given, **named):
        on_its_way.set()
        go_on.wait(5)

    monkeypatch.setattr("pm_dalec.explore.trial.calibrate", waits)
    trial = explorer.begin(1.0)
    assert on_its_way.wait(5)
    assert list(warnings.filters) == before
    go_on.set()
    trial.wait(5)
    assert trial.done

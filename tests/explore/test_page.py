"""The page shows what the explorer says; a slider moves it, and a calibration lays its fit over it."""

import numpy as np
import pytest

pytest.importorskip("panel", reason="wants pip install 'pm_dalec[explore]'")

from pm_dalec.explore import opening, page as pages
from pm_dalec.explore.page import Page
from pm_dalec.testing.parameters import FEASIBLE


@pytest.fixture
def page(explorer):
    return Page(explorer)


class Finished:
    """A calibration that is done."""

    def __init__(self, fit=None, fault=None):
        self.fit, self.fault = fit, fault
        self.words, self.share, self.done = "done", 1.0, True


def test_every_parameter_has_a_slider_in_the_group_of_its_process(page):
    assert len(page.sliders) == 23
    assert {name: len(some) for name, some in page.groups.items()} == {
        "photosynthesis": 2,
        "canopy": 10,
        "roots": 3,
        "wood": 2,
        "soil": 6,
    }


def test_a_slider_that_is_moved_changes_run_lamp_and_score(page):
    before = page.figures._run.data["wood"].copy()
    assert "All 26 rules hold" in page._lamps.object
    page.sliders["wood_turnover_rate"].slider.value = 1.0
    assert page.explorer.theta["wood_turnover_rate"] == pytest.approx(1e-3)
    broken = [lamp.name for lamp in page.explorer.lamps if not lamp.holds]
    assert "slow_change_wood" in broken
    for name in broken:
        assert f"class='lamp broken' data-rule='{name}'" in page._lamps.object
    assert "A rule is broken" in page._score.object
    assert not np.array_equal(page.figures._run.data["wood"], before)


def test_a_jump_moves_all_sliders_and_is_looked_at_once(page, monkeypatch):
    seen = []
    look = type(page.explorer.bench).look
    monkeypatch.setattr(
        type(page.explorer.bench), "look", lambda bench, rows: seen.append(1) or look(bench, rows)
    )
    page.jump(lambda: page.explorer.put({"leaf_lifespan": 4.0, "root_fraction": 0.5}))
    assert page.sliders["leaf_lifespan"].slider.value == pytest.approx(2.999 / 6.999)
    assert len(seen) == 1


def test_a_calibration_that_is_done_is_laid_over_the_page(page, fit):
    assert page.places["Best draw"].disabled
    page.explorer.trial = Finished(fit)
    page.look()
    assert "Not converged" in page.status.object
    assert "best draw" in page._score.object
    assert "the posterior" in page._slider_key.object
    assert np.isfinite(page.figures._bands["gpp"].data["q50%"]).all()
    assert not page.places["Best draw"].disabled


def test_a_calibration_that_failed_says_why(page):
    page.explorer.trial = Finished(fault=ValueError("wanted more, got less"))
    page.look()
    assert "wanted more, got less" in page.status.object
    assert page.explorer.overlay is None


def test_observations_that_are_assimilated_are_in_their_figures(page):
    drawn = {name: len(each.renderers) for name, each in page.figures.all.items()}
    assert drawn["lai"] == drawn["wood"] == drawn["gpp"] + 2


def test_the_first_sentence_says_what_to_do(model):
    shown = opening.explore(model)
    assert "Move a slider" in shown.view[0].object
    assert shown.explorer.theta.keys() == FEASIBLE._asdict().keys()


def test_a_port_that_is_taken_is_told(monkeypatch):
    import socket

    with socket.socket() as door:
        door.bind((opening.HOST, 0))
        taken = door.getsockname()[1]
        with pytest.raises(OSError, match=f"wanted a port that is free, got port={taken}"):
            opening.free_port(taken)


def test_without_panel_the_extra_is_named(monkeypatch):
    import sys

    monkeypatch.delitem(sys.modules, pages.__name__)
    monkeypatch.setitem(sys.modules, "panel", None)
    with pytest.raises(
        ImportError, match=r"no package 'panel' .*pip install 'pm_dalec\[explore\]'"
    ):
        opening._pages()

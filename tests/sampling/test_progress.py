"""Progress of a calibration: how many units are done and how long the rest will take."""

from threading import Event
from types import SimpleNamespace

import numpy as np
import pytest

from pm_dalec.sampling import progress
from pm_dalec.sampling.progress import Progress
from pm_dalec.sampling.state import Settings

CHAINS = 8


class Clock:
    """Time that passes when it is told to [s]."""

    def __init__(self):
        self.now = 1000.0

    def monotonic(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    made = Clock()
    monkeypatch.setattr(progress.time, "monotonic", made.monotonic)
    return made


def state(proposed, *, phase="sample"):
    return SimpleNamespace(
        phase=phase,
        looked="",
        proposed=proposed,
        searched=0,
        accepted=np.full(CHAINS, proposed // 4),
        in_round=proposed,
        worst_rhat=1.234,
        least_ess=0.0,
    )


def begun(units):
    shown = Progress(True)
    shown.begin(units, Settings(proposals=100_000))
    return shown


def run(shown, clock, identity, *, seconds, proposed):
    """Sample one unit from its beginning to its end."""
    shown.enter(identity)
    clock.now += seconds
    shown.report(identity, state(proposed), CHAINS)
    shown.leave(identity, state(proposed, phase="converged"))


def said(capsys):
    """Lines on standard error since the last call."""
    return capsys.readouterr().err.splitlines()


def line(capsys):
    """Words of the only line that was said."""
    (only,) = said(capsys)
    return " ".join(only.split())


def test_nothing_is_said_about_the_time_left_before_a_unit_is_done(clock, capsys):
    shown = begun(48)
    shown.enter(0)
    clock.now += 11
    shown.report(0, state(5_000), CHAINS)
    words = "0 of 48 units done, 3,636 proposals/s, acceptance 25%, worst R-hat 1.234 -:--:-- left"
    assert line(capsys).endswith(words)


def test_the_time_left_is_that_of_the_units_done_carried_on(clock, capsys):
    """12 units in 180 s; of the 36 others one is half way: 35.5 units of 14.4 s each."""
    shown = begun(48)
    for identity in range(12):
        run(shown, clock, identity, seconds=14, proposed=20_000)
    shown.enter(12)
    clock.now += 12
    said(capsys)
    shown.report(12, state(10_000), CHAINS)
    told = line(capsys)
    assert "12 of 48 units done, " in told
    assert told.endswith("0:08:32 left")


def test_units_on_their_way_count_by_the_proposals_of_those_done(clock, capsys):
    """One of 2 done in 600 s, the other at 1.5 times its proposals: it is taken as nearly done."""
    shown = begun(2)
    shown.enter(1)
    run(shown, clock, 0, seconds=600, proposed=20_000)
    said(capsys)
    clock.now += 10
    shown.report(1, state(30_000), CHAINS)
    assert line(capsys).endswith("0:00:33 left")


def test_units_that_were_done_in_a_run_before_do_not_hasten_the_estimate(clock, capsys):
    """9 of 12 were finished; this run needs 300 s for one of the last three."""
    shown = begun(12)
    for identity in range(9):
        shown.enter(identity)
        shown.leave(identity, state(20_000, phase="converged"))
    run(shown, clock, 9, seconds=300, proposed=20_000)
    said(capsys)
    shown.enter(10)
    clock.now += 10
    shown.report(10, state(0), CHAINS)
    told = line(capsys)
    assert "10 of 12 units done, " in told
    assert told.endswith("0:10:20 left")


def test_the_time_left_of_a_site_is_that_of_its_budget_of_seconds(clock, capsys):
    shown = Progress(True)
    shown.begin(1, Settings(proposals=10**9), seconds=600.0)
    shown.enter(0)
    for _ in range(2):
        said(capsys)
        clock.now += 60
        shown.report(0, state(5_000), CHAINS)
    told = line(capsys)
    assert "20%" in told
    assert told.endswith("0:08:00 left")


def test_a_line_is_printed_every_second_and_less_often_in_a_long_run(clock, capsys):
    shown = begun(3)
    shown.enter(0)
    for _ in range(100):
        clock.now += 0.25
        shown.report(0, state(1_000), CHAINS)
    assert len(said(capsys)) == 25
    clock.now += 3600
    shown.report(0, state(1_000), CHAINS)
    said(capsys)
    for _ in range(600):
        clock.now += 1
        shown.report(0, state(1_000), CHAINS)
    assert 10 <= len(said(capsys)) <= 20


def test_a_site_tells_when_it_may_converge(clock, capsys):
    """R-hat 1.234 after 20,000 proposals in 20 s, wanted 1.01: 23.4 times as many, 448 s more."""
    shown = begun(1)
    shown.enter(0)
    clock.now += 20
    judged = state(20_000)
    judged.least_ess = 100.0
    shown.report(0, judged, CHAINS)
    assert "worst R-hat 1.234, convergence in about 0:07:28" in line(capsys)


def test_a_single_site_has_no_count_of_units(clock, capsys):
    shown = begun(1)
    shown.enter(0)
    clock.now += 11
    shown.report(0, state(5_000), CHAINS)
    words = "5% 3,636 proposals/s, acceptance 25%, worst R-hat 1.234 0:03:29 left"
    assert line(capsys).endswith(words)


def test_a_chain_of_edinburgh_is_counted_by_its_proposals(clock, capsys):
    shown = Progress(True)
    shown.count("edinburgh2021", 1000)
    clock.now += 10
    shown.advance(500, 0.25, CHAINS)
    assert line(capsys).endswith("50% 400 proposals/s, acceptance 25% 0:00:10 left")


def test_units_without_a_start_are_counted(clock, capsys):
    shown = begun(3)
    shown.enter(0)
    shown.report(0, state(0, phase="search"), CHAINS)
    shown.leave(0, state(0, phase="no start"))
    shown.enter(1)
    clock.now += 11
    shown.report(1, state(5_000), CHAINS)
    assert "worst R-hat 1.234, 1 without a start" in line(capsys)


def test_the_bar_of_a_terminal_says_the_same_words_and_prints_no_lines(clock, monkeypatch, capsys):
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    shown = begun(4)
    run(shown, clock, 0, seconds=300, proposed=20_000)
    shown.enter(1)
    clock.now += 1
    shown.report(1, state(10_000), CHAINS)
    (task,) = shown._bar.tasks
    assert task.fields["words"].startswith("1 of 4 units done, ")
    assert task.completed == pytest.approx(1.5)
    assert said(capsys) == []


def test_nothing_is_said_where_progress_is_switched_off(clock, capsys):
    shown = Progress(False)
    shown.begin(2, Settings())
    run(shown, clock, 0, seconds=60, proposed=20_000)
    assert said(capsys) == []


def test_the_pace_after_a_resume_is_that_of_this_run(clock, capsys):
    """50,000 proposals of each chain were made before; 5,000 in these 10 s."""
    shown = begun(1)
    shown.enter(0, proposed=50_000, made=50_000 * CHAINS)
    clock.now += 10
    shown.report(0, state(55_000), CHAINS)
    assert f"{5_000 * CHAINS / 10:,.0f} proposals/s" in line(capsys)


def test_a_function_is_told_words_and_share_and_ends_the_run(clock):
    told, stop = [], Event()
    shown = progress.shown_as(lambda *each: told.append(each) or len(told) < 3, stop)
    shown.message("compiling")
    shown.begin(1, Settings(proposals=100_000), seconds=20.0)
    shown.enter(0)
    for proposed in (25_000, 50_000):
        assert not stop.is_set()
        clock.now += 5
        shown.report(0, state(proposed), CHAINS)
    assert [share for _, share in told] == [0.0, 0.25, 0.5]
    assert told[0][0] == "compiling"
    assert "acceptance 25%, worst R-hat 1.234" in told[2][0]
    assert stop.is_set()


def test_what_a_unit_without_convergence_still_needs_is_told_of_its_rate(clock):
    """R-hat 1.05 after 100 s is five times as far from 1 as it may be: 400 s more."""
    shown = begun(1)
    shown.enter(0)
    clock.now += 100
    ended = state(10_000, phase="budget")
    ended.worst_rhat, ended.least_ess = 1.05, 200.0
    shown.leave(0, ended)
    assert shown.until_converged() == pytest.approx(400)
    ended.worst_rhat, ended.least_ess = 1.005, 900.0
    shown.leave(0, ended)
    assert np.isnan(shown.until_converged())


def test_the_prior_has_a_line_of_its_own(clock, capsys):
    shown = begun(1)
    run(shown, clock, 0, seconds=10, proposed=1000)
    after = shown.following("prior", 1, Settings(proposals=5000), 20.0)
    after.enter(7)
    clock.now += 5
    after.report(7, state(2000), CHAINS)
    line = said(capsys)[-1]
    assert line.startswith("prior")
    assert "25%" in line

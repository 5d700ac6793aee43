"""The command of the paper prints what the run has made, and computes nothing."""

from pathlib import Path

from pm_dalec.cli import studies as commands
from pm_dalec.paper.run import FULL, QUICK, Done


def test_what_was_made_is_told_with_the_units_of_the_hypotheses(monkeypatch, tmp_path, capsys):
    asked = []

    def repeat(models, out, *, plan, seed, tell):
        asked.append((set(models), out, plan, seed))
        tell("baseline at 1 degree [quickly]")
        (out / "hypotheses.csv").write_text("statistic\nsmallest rise [g m-2 d-1]\n")
        doubtful = {Path("units_baseline_1.csv"): 3, Path("units_stratified_1.csv"): 0}
        return Done(20, 61.2, 118.0, doubtful, {"table1_fit": [out / "t.csv"], "fig08": "no truth"})

    monkeypatch.setattr(commands, "repeat", repeat)
    commands.paper(out=tmp_path, quick=True, seed=4)
    told = capsys.readouterr().out
    assert asked == [({"baseline", "stratified"}, tmp_path, QUICK, 4)]
    assert "baseline at 1 degree [quickly]" in told
    assert "20 units calibrated or read in 61 s wall, 118 s of processor time" in told
    assert "3 units in doubt, listed in units_baseline_1.csv" in told
    assert "units_stratified_1.csv" not in told
    assert "1 tables and figures in" in told
    assert "smallest rise [g m-2 d-1]" in told


def test_the_whole_experiment_has_all_resolutions():
    assert set(QUICK["resolutions"]) < set(FULL["resolutions"])

"""Table 2 under other choices: what moves it, what comes near the printed numbers, and how that is said."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from numpy.testing import assert_allclose

from pm_dalec.cli import studies as commands
from pm_dalec.paper.tables import closest, plain_answer, table_2_sensitivity
from pm_dalec.paper.tables.layout import PAPER
from pm_dalec.paper.tables.rules import worth_of_rules
from pm_dalec.tables.summaries import BUDGET

from .conftest import made_up

PRINTED = 282.6  # change of live carbon, baseline, 1 degree


@pytest.fixture(scope="module")
def table():
    """Two variants, of which the second is the first with its live carbon moved to the printed median."""
    made = made_up("baseline", 1.0, dict.fromkeys(BUDGET, 5.0))
    table = table_2_sensitivity({"as the paper": {made.key: made}, "moved": {made.key: made}})
    moved = (table["variant"] == "moved") & (table["quantity"] == "change_live")
    first = (table["variant"] == "as the paper") & (table["quantity"] == "change_live")
    by = PRINTED - table.loc[first & (table["statistic"] == "median"), "ours"].item()
    table.loc[moved, ["ours", "moved"]] += by
    table.loc[moved & (table["statistic"] == "median"), "off_sd"] = 0.0
    return table


def test_a_number_off_the_printed_one_is_in_standard_deviations_of_its_interval(table):
    row = table[(table["variant"] == "as the paper") & (table["statistic"] == "median")]
    row = row.set_index("quantity").loc["change_live"]
    sd = (1708.0 + 1755.1) / 3.29
    assert_allclose(row["off_sd"], (row["ours"] - PRINTED) / sd)
    assert (table.loc[table["variant"] == "as the paper", "moved"] == 0).all()


def test_the_nearest_variant_is_first(table):
    order = closest(table)
    assert list(order.index) == ["moved", "as the paper"]
    medians = table[(table["variant"] == "as the paper") & (table["statistic"] == "median")]
    assert_allclose(order.loc["as the paper", "rms"], np.sqrt((medians["off_sd"] ** 2).mean()))


def test_the_answer_says_ours_the_printed_and_what_comes_nearest(table):
    (told,) = plain_answer(table)
    assert "printed is 283 (-1755 to 1708) g m-2" in told
    assert "'moved' moves the median most" in told
    assert "'moved' comes nearest, with 283" in told


def test_the_worth_of_rules_is_the_error_and_the_range_that_they_take_away():
    names, truth = ["ruled", "free"], 4e-3
    where = ("variant", "quantile", "stratum", "pixel")
    medians = np.array([truth * np.e, truth * np.e**2]).reshape(2, 1, 1, 1)
    widths = np.array([1.0, 4.0]).reshape(2, 1, 1, 1) * np.array([-1, 0, 1]).reshape(1, 3, 1, 1)
    drawn = {
        "root_turnover_rate": (where, np.broadcast_to(medians, (2, 3, 1, 2))),
        "nee": (where, np.broadcast_to(widths, (2, 3, 1, 2))),
    }
    at = {"variant": names, "quantile": [0.05, 0.5, 0.95]}
    status = np.array([["converged", "converged"], ["converged", "budget"]])[:, None]
    units = xr.Dataset({"status": (("variant", "stratum", "pixel"), status)}, {"variant": names})
    study = xr.DataTree.from_dict({"quantiles": xr.Dataset(drawn, at), "units": units})
    known = {"truth_root_turnover_rate": (("stratum", "pixel"), [[truth, truth]])}
    region = xr.Dataset(known | {"truth_nee": (("stratum", "pixel"), [[0.0, 0.0]])})
    region = xr.DataTree.from_dict({"strata": region})
    found = worth_of_rules(study, region, within="ruled", without="free")
    assert list(found.values()) == pytest.approx([1, 50.0, 75.0])


def test_the_command_writes_tables_and_answer_and_names_what_did_not_converge(
    table, tmp_path, monkeypatch, capsys
):
    cost = {"approach": "baseline", "resolution": 1.0, "units": 3, "variants": 2, "calibrations": 6}
    cost |= {
        "converged": 5,
        "core_seconds": 60.0,
        "wall_seconds": 30.0,
        "not converged": {"moved": "of 3 units 1 not converged"},
    }
    costs = pd.DataFrame([cost])
    monkeypatch.setattr(commands, "budget_studies", lambda *_, **__: [({}, costs)])
    monkeypatch.setattr(commands, "table_2_sensitivity", lambda _: table)
    assert commands.paper(out=tmp_path, quick=True, sensitivity=True) == commands.NOT_CONVERGED
    told = capsys.readouterr().out
    assert "printed is 283" in told
    assert "6 calibrations of the twin, of which 5 converged, in 1 core-minutes" in told
    assert "moved: of 3 units 1 not converged" in told
    assert "| moved *" in told
    text = (tmp_path / "table2_sensitivity.md").read_text()
    assert "moved" in text
    assert PAPER in text
    assert (tmp_path / "table2_closest.csv").exists()

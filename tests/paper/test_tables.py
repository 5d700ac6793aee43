"""Tables of the paper: printed numbers as in the inventory, ours as aggregated."""

import re

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from pm_dalec.landscape.twin.table import PAPER_HARVEST
from pm_dalec.paper import printed
from pm_dalec.paper.experiments import domain_ensemble
from pm_dalec.paper.tables.budget import table_2, table_harvest, table_widths
from pm_dalec.paper.tables.fit import table_1, table_a2
from pm_dalec.paper.tables.layout import PAPER, as_markdown, save_table, wide
from pm_dalec.paper.tables.parameters import table_a1
from pm_dalec.tables import constants

MINUS, DASH = "\N{MINUS SIGN}", "\N{EN DASH}"
NAMES = {
    "GPP": "gpp",
    "Reco": "reco",
    "dC_bio": "change_live",
    "dC_soil": "change_dead",
    "harvest": "harvest",
}
APPROACHES = {"base": "baseline", "strat": "stratified"}
STRATA = {
    "conifer": "conifer",
    "broadleaf": "broadleaf",
    "non-forest": "heath",
    "arable/pasture": "arable",
}


@pytest.fixture(scope="module")
def inventory(shared_data):
    path = shared_data / "PAPER.md"
    if not path.exists():
        pytest.skip(f"no inventory of the paper at {path}")
    return path.read_text(encoding="utf-8").replace(MINUS, "-").replace(DASH, "-")


def numbers(text):
    return [float(part) for part in re.findall(r"(?<![\d.])-?\d*\.?\d+", text)]


def test_printed_budgets_are_those_of_the_inventory(inventory):
    seen = 0
    for line in inventory.split("**Table 2**")[1].split("**Table A2**")[0].splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if cells[0] not in NAMES:
            continue
        ours = printed.TABLE_2[NAMES[cells[0]], APPROACHES[cells[1]]]
        for cell, row in zip(cells[2:], ours.values(), strict=True):
            median, interval = cell.split(" (")
            low, high = re.fullmatch(r"(-?[\d.]+)-(-?[\d.]+)\)", interval).groups()
            assert [float(median), float(low), float(high)] == list(row)
            seen += 1
    assert seen == 40


def test_printed_fits_of_strata_are_those_of_the_inventory(inventory):
    seen = 0
    for line in inventory.split("**Table A2**")[1].split("**Internal")[0].splitlines():
        found = re.match(r"- \*(C_wood|LAI) ([a-z/-]+).*?\* (.*)", line)
        if not found:
            continue
        stream = {"C_wood": "cwood", "LAI": "lai"}[found[1]]
        ours = printed.TABLE_A2[stream, STRATA[found[2]]]
        for resolution, part in zip(constants.RESOLUTIONS, found[3].split("|"), strict=True):
            rmse, rmse_percent, rmse_sigma, bias, bias_percent, bias_sigma, median = numbers(part)
            expected = (rmse, rmse_percent, rmse_sigma, bias, bias_percent, bias_sigma, median)
            assert tuple(ours[name][resolution] for name in printed.FIT_ROWS) == expected
            seen += 1
    assert seen == 32


def test_the_landscape_knows_the_same_harvests():
    for approach, rows in PAPER_HARVEST.items():
        medians = {r: row[0] for r, row in printed.TABLE_2["harvest", approach].items()}
        assert rows == medians


def test_the_printed_harvest_ratio_is_that_of_the_printed_harvests():
    for resolution, ratio in printed.HARVEST_RATIO.items():
        stratified, baseline = (
            printed.TABLE_2["harvest", name][resolution][0] for name in ("stratified", "baseline")
        )
        assert_allclose(stratified / baseline, ratio, atol=0.01)


def test_table_2_holds_the_quantiles_of_the_domain_and_the_printed_ones(experiments):
    table = table_2(experiments).set_index(["quantity", "approach", "resolution", "statistic"])
    row = table.loc[("gpp", "stratified", 0.5, "95 %")]
    sample = domain_ensemble(experiments["stratified", 0.5], "gpp")
    assert_allclose(row["ours"], np.quantile(sample, 0.95))
    assert row[PAPER] == 5.84


def test_table_1_has_seven_numbers_for_each_stream_approach_and_resolution(experiments):
    table = table_1(experiments)
    assert (table.groupby(["stream", "approach", "resolution"]).size() == 7).all()
    assert len(table) == 7 * 2 * 2 * 3
    assert np.isfinite(table["ours"]).all()


def test_table_a2_shows_wood_of_conifer_above_that_of_heath(experiments):
    table = table_a2(experiments)
    medians = table[(table["metric"] == "median") & (table["stream"] == "cwood")]
    by_stratum = medians.groupby("stratum")["ours"].mean()
    assert by_stratum["conifer"] > 4 * by_stratum["heath"]


def test_table_a1_has_a_row_a_parameter_with_the_printed_bounds():
    table = table_a1().set_index("parameter")
    assert len(table) == 23
    same = table["maximum"] == table[f"maximum, {PAPER}"]
    # One year for the days, where the paper has three
    assert list(table.index[~same]) == ["labile_release_day", "leaf_fall_day"]


def test_widths_of_correlated_strata_are_close_to_those_of_the_baseline(experiments):
    table = table_widths(experiments).set_index(["quantity", "rule"])
    assert_allclose(table.loc[("gpp", "correlated strata"), "ours"], 1.0, atol=0.35)
    assert (table.loc[("gpp", "pixel first"), "ours"] < 0.9).all()


def test_harvest_of_emulated_fits_is_near_theory(experiments):
    table = table_harvest(experiments)
    assert_allclose(table["ratio"], table["theory_ratio"], rtol=0.15)
    assert_allclose(table["baseline"], table["theory_baseline"], rtol=0.15)


def test_a_laid_out_table_has_ours_above_the_paper_and_a_column_a_resolution(experiments):
    laid_out = wide(table_2(experiments))
    assert list(laid_out["from"][:2]) == ["ours", PAPER]
    assert list(laid_out.columns[-3:]) == ["1.00°", "0.50°", "0.25°"]
    assert laid_out.iloc[1, -3] == "5.04 (3.69 to 6.32)"


def test_a_bar_inside_a_cell_does_not_break_the_markdown_table():
    text = as_markdown(pd.DataFrame({"what": ["a|b"], "value": [1.0]}))
    assert text == "| what   | value   |\n|:-------|:--------|\n| a\\|b   | 1       |\n"


def test_numbers_of_a_markdown_table_have_four_digits_and_text_is_kept():
    table = pd.DataFrame({"ours": [123.456, np.nan], "text": ["0.10", None], "count": [12345, 0]})
    rows = as_markdown(table).splitlines()[2:]
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    assert cells == [["123.5", "0.10", "12345"], [DASH, DASH, "0"]]


def test_a_table_is_written_as_csv_in_full_and_as_markdown(experiments, tmp_path):
    table = table_2(experiments)
    csv, markdown = save_table(table, tmp_path / "new", "table2", title="Table 2")
    assert_allclose(pd.read_csv(csv)["ours"], table["ours"])
    assert markdown.read_text(encoding="utf-8").startswith("# Table 2\n\n| quantity ")

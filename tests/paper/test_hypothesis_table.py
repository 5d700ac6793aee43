"""Hypotheses: the paper's printed numbers fulfil them, and made-up experiments decide them."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from pm_dalec.paper.claims.statistics import printed_numbers
from pm_dalec.paper.claims.verdicts import COLUMNS, HYPOTHESES, PAPER, hypotheses
from pm_dalec.paper.forecasts import open_forecasts
from pm_dalec.tables import constants

from .conftest import made_up

FROM_TABLES = [h for h in HYPOTHESES if h.from_tables and "correlated" not in h.statement]
STEADY = {"gpp": 5.0, "reco": 4.6, "change_dead": 500.0}
TRAITS = {"residence_wood": 20.0, "residence_som": 50.0, "npp_wood": 0.5, "mean_wood": 4000.0}


@pytest.mark.parametrize("hypothesis", FROM_TABLES, ids=lambda h: f"{h.id}: {h.statement}")
def test_the_printed_numbers_of_the_paper_fulfil_its_hypotheses(hypothesis):
    value = hypothesis.measure(printed_numbers(constants.RESOLUTIONS), None)
    assert hypothesis.lower < value < hypothesis.upper


def experiments(*, harvest, live, resolutions=(1.0, 0.05)):
    """Pairs of made-up experiments of two pixels; numbers are (baseline, stratified) conifer."""
    found = {}
    for place, resolution in enumerate(resolutions):
        baseline = {**STEADY, **TRAITS, "harvest": harvest[0][place], "change_live": live[0][place]}
        removed = np.zeros((4, 1))
        removed[0] = harvest[1][place]
        shares = {**STEADY, **TRAITS, "harvest": removed, "change_live": live[1][place]}
        found["baseline", resolution] = made_up("baseline", resolution, baseline)
        found["stratified", resolution] = made_up("stratified", resolution, shares)
    return found


@pytest.fixture
def as_in_the_paper():
    return experiments(harvest=((0.05, 0.08), (0.26, 0.26)), live=((280, 160), (0, 30)))


def verdict(table, statement):
    return table.set_index("statement").loc[statement, "verdict"]


def test_the_table_has_a_row_a_hypothesis(as_in_the_paper):
    table = hypotheses(as_in_the_paper)
    assert tuple(table.columns) == COLUMNS
    assert {f"H{n}" for n in ("1a", "1b", "1c", "1d", "2a", "2b", "2c", "2d", "2e", "2f")} <= set(
        table["id"]
    )
    assert {"H3a", "H3b", "H3c"} <= set(table["id"])


def test_a_bound_that_is_no_sign_and_no_side_of_one_says_where_it_comes_from():
    unsaid = [h for h in HYPOTHESES if h.grounds == "the statement"]
    assert {abs(bound) for h in unsaid for bound in (h.lower, h.upper)} <= {0.0, 1.0, np.inf}


def test_harvest_as_in_the_paper_fulfils_h1_and_h2(as_in_the_paper):
    table = hypotheses(as_in_the_paper)
    for statement in (
        "baseline GPP does not change with resolution",
        "baseline harvest rises with every finer resolution",
        "stratified harvest does not change with resolution",
        "stratified over baseline harvest falls with every finer resolution",
        "the gap in living carbon closes by more than half",
    ):
        assert verdict(table, statement) == "holds"


def test_harvest_that_stratification_does_not_steady_is_told():
    table = hypotheses(experiments(harvest=((0.05, 0.05), (0.1, 0.2)), live=((9, 9), (9, 0))))
    for statement in (
        "baseline harvest rises with every finer resolution",
        "stratified harvest does not change with resolution",
    ):
        assert verdict(table, statement) == "does not hold"


def test_statistics_are_those_of_the_made_up_numbers(as_in_the_paper):
    ours = hypotheses(as_in_the_paper).set_index("statement")["ours"]
    # Half of the domain is conifer with a harvest of 0.26
    ratio = ours["stratified harvest is larger even at the finest resolution"]
    assert_allclose(ratio, 0.5 * 0.26 / 0.08)
    closed = ours["the gap in living carbon closes by more than half"]
    # Strata are paired at random, so the median of their sum is theirs to a tenth of a per cent
    assert_allclose(closed, 100 * (1 - 130 / 280), atol=0.1)


def test_the_value_of_the_paper_is_computed_from_its_table(as_in_the_paper):
    paper = hypotheses(as_in_the_paper).set_index("statement")[PAPER]
    closed = paper["the gap in living carbon closes by more than half"]
    assert_allclose(closed, 53.2, atol=0.05)


def test_one_resolution_cannot_test_what_needs_two():
    one = experiments(harvest=((0.05,), (0.26,)), live=((280,), (0,)), resolutions=(1.0,))
    found = verdict(hypotheses(one), "baseline harvest rises with every finer resolution")
    assert found == "cannot be tested: wanted at least two resolutions"


def test_a_statement_about_the_finest_resolution_is_not_tested_without_it(experiments_of_the_twin):
    found = verdict(
        hypotheses(experiments_of_the_twin), "harvest explains differences in living carbon"
    )
    assert found == "cannot be tested: the statement is about 0.05 degree"


def test_the_baseline_alone_tests_nothing(as_in_the_paper):
    alone = {key: e for key, e in as_in_the_paper.items() if key[0] == "baseline"}
    assert hypotheses(alone)["verdict"].str.startswith("cannot be tested").all()


@pytest.fixture(scope="module")
def experiments_of_the_twin(request):
    return request.getfixturevalue("experiments")


@pytest.fixture(scope="module")
def experiments_kept(experiments_of_the_twin):
    """Those of the resolutions that the folder of the twin's fits has."""
    return {key: found for key, found in experiments_of_the_twin.items() if key[1] in (1.0, 0.5)}


def test_the_emulated_twin_fulfils_what_geometry_decides(experiments_of_the_twin):
    table = hypotheses(experiments_of_the_twin)
    for statement in (
        "baseline harvest rises with every finer resolution",
        "stratified over baseline harvest falls with every finer resolution",
        "the harvest ratio falls with the share of conifer",
        "independent strata narrow the interval of GPP",
    ):
        assert verdict(table, statement) == "holds"


@pytest.fixture(scope="module")
def of_the_fits(fit_folder, experiments_kept):
    """Table of the fits that the folder holds, which were reduced in memory."""
    return hypotheses(experiments_kept, open_forecasts(fit_folder))


@pytest.mark.parametrize("kind", [str, Path])
def test_hypotheses_of_a_folder_are_those_of_the_fits_in_it(kind, fit_folder, of_the_fits):
    """Kept in zarr and in NetCDF, opened by name."""
    pd.testing.assert_frame_equal(hypotheses(kind(fit_folder)), of_the_fits)


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"wanted a folder with fits of regions, got .*nowhere"):
        hypotheses(tmp_path / "nowhere")

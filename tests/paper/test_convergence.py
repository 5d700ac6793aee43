"""Convergence of a fleet of fits: what a reduction keeps of it, the table, the maps."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from matplotlib import pyplot as plt
from numpy.testing import assert_allclose, assert_array_equal

from pm_dalec.paper import figures
from pm_dalec.paper.experiments import load_experiment, open_experiments, save_experiment
from pm_dalec.paper.reduction import Experiment
from pm_dalec.paper.tables.convergence import fleet_maps, table_fleet
from pm_dalec.paper.tables.layout import save_table
from pm_dalec.posterior.convergence import diagnose, unit_diagnostics
from pm_dalec.posterior.fit_file import save
from pm_dalec.testing.tiny import tiny_fit, tiny_region

STRATA = ("conifer", "heath")


@pytest.fixture(autouse=True)
def closed_figures():
    plt.switch_backend("agg")
    yield
    plt.close("all")


def experiment(
    rhat,
    *,
    resolution=0.5,
    ess=300.0,
    acceptance=0.2,
    proposals=1000,
    status="converged",
    sampled=0,
):
    """Experiment of pixels in a row, or of two strata of them, that knows its convergence only."""
    rhat = np.asarray(rhat, float)
    pixels = rhat.shape[-1]
    coords = {
        "pixel": np.arange(pixels),
        "lat": ("pixel", np.full(pixels, 55.0)),
        "lon": ("pixel", -4.0 + resolution * np.arange(pixels)),
    }
    space = ("stratum", "pixel")[-rhat.ndim :]
    if "stratum" in space:
        coords["stratum"] = list(STRATA)
    values = {
        "worst_rhat": rhat,
        "least_ess_bulk": ess,
        "acceptance": acceptance,
        "proposals": proposals,
        "status": np.asarray(status),
    }
    units = xr.Dataset(
        {name: (space, np.broadcast_to(value, rhat.shape)) for name, value in values.items()},
        coords,
    )
    approach = "stratified" if "stratum" in space else "baseline"
    units.attrs = {"approach": approach, "resolution": resolution, "sampled": sampled}
    empty = xr.Dataset()
    return Experiment(units, empty, empty, empty, empty, empty)


def fleet(*experiments):
    return {one.key: one for one in experiments}


# --- what a fit says


def test_a_fit_without_diagnostics_is_diagnosed_from_its_draws():
    fit = tiny_fit(tiny_region(pixels=2, strata=STRATA), draws=20)
    found, report = unit_diagnostics(fit), diagnose(fit)
    assert found["worst_rhat"].dims == ("stratum", "pixel")
    assert_array_equal(found["worst_rhat"], report["rhat"].max("parameter"))
    assert_array_equal(found["least_ess_bulk"], report["ess_bulk"].min("parameter"))
    assert (found["status"] == "unknown").all()
    assert found["acceptance"].isnull().all()


def with_groups(fit, **groups):
    for name, group in groups.items():
        fit[name] = xr.DataTree(xr.Dataset(group))
    return fit


def test_diagnostics_that_a_fit_carries_are_taken_as_they_are():
    rhat = [[1.01, 1.3], [1.04, np.nan]]
    fit = with_groups(
        tiny_fit(tiny_region(pixels=2)),
        diagnostics={
            "rhat": (("parameter", "pixel"), rhat),
            "ess_bulk": (("parameter", "pixel"), [[80.0, 9.0], [70.0, 8.0]]),
            "status": ("pixel", ["converged", "budget"]),
        },
        sample_stats={
            "status": ("pixel", ["another", "another"]),
            "acceptance": ("pixel", [0.2, 0.3]),
            "proposals": ("pixel", [500.0, 900.0]),
        },
    )
    found = unit_diagnostics(fit)
    assert_allclose(found["worst_rhat"], [1.04, 1.3])
    assert_allclose(found["least_ess_bulk"], [70, 8])
    assert list(found["status"].values) == ["converged", "budget"]
    assert_allclose(found["acceptance"], [0.2, 0.3])
    assert_allclose(found["proposals"], [500, 900])


def test_a_unit_without_draws_was_not_run_where_the_fit_does_not_tell():
    fit = tiny_fit(tiny_region(pixels=2), draws=20)
    draws = fit["posterior"].to_dataset()
    fit["posterior"].dataset = draws.where(draws["pixel"] == draws["pixel"][0])
    found = unit_diagnostics(fit)
    assert list(found["status"].values) == ["unknown", "not run"]
    assert list(found["worst_rhat"].isnull().values) == [False, True]


def test_one_chain_says_nothing_about_convergence():
    found = unit_diagnostics(tiny_fit(tiny_region(pixels=2), chains=1, draws=20))
    assert found["worst_rhat"].sizes == {"pixel": 2}
    assert found["worst_rhat"].isnull().all()
    assert found["least_ess_bulk"].isnull().all()


def test_a_reduction_keeps_the_convergence_of_its_units(experiments, fits, tmp_path):
    """On the disk too."""
    reduced = experiments["stratified", 0.25]
    again = load_experiment(save_experiment(reduced, tmp_path / "one.nc"))
    expected = fits["stratified", 0.25]["diagnostics"].to_dataset()
    assert_allclose(again.units["least_ess_bulk"], expected["ess_bulk"].min("parameter"))
    assert_array_equal(again.units["status"] == "not run", expected["acceptance"].isnull())
    assert again.units.attrs["sampled"] == 1
    assert experiments["stratified", 1.0].units.attrs["sampled"] == 0


def test_a_reduction_from_before_it_kept_them_is_made_anew(fits, tmp_path, monkeypatch):
    save(fits["baseline", 1.0], tmp_path / "fit.zarr")
    told = []
    monkeypatch.setattr("pm_dalec.paper.experiments.CONTENTS", "less")
    open_experiments(tmp_path, progress=told.append)
    monkeypatch.undo()
    open_experiments(tmp_path, progress=told.append)
    assert told == ["reducing fit"] * 2


# --- the table


def test_the_table_counts_and_averages_the_units_of_a_fit():
    """A unit without a start has no R-hat and is not below the limit."""
    one = experiment(
        [1.01, 1.02, 1.05, np.nan],
        ess=[400.0, 200.0, 90.0, np.nan],
        acceptance=[0.1, 0.2, 0.4, np.nan],
        proposals=[100.0, 300.0, 500.0, 0.0],
        status=["converged", "converged", "budget", "no start"],
    )
    table = table_fleet(fleet(one))
    assert len(table) == 1
    row = table.loc[0].to_dict()
    assert row == {
        "approach": "baseline",
        "resolution": 0.5,
        "stratum": "all",
        "units": 4,
        "rhat_limit": 1.05,
        "share_below_limit": 0.5,
        "median_worst_rhat": 1.02,
        "largest_worst_rhat": 1.05,
        "median_least_ess": 200.0,
        "smallest_least_ess": 90.0,
        "median_acceptance": 0.2,
        "median_proposals": 200,
        "converged": 2,
        "budget": 1,
        "no_start": 1,
        "searching": 0,
    }


def test_every_stratum_has_a_row_and_what_does_not_exist_is_not_counted():
    status = [["converged", "not run", "budget"], ["converged", "converged", "not run"]]
    rhat = [[1.01, np.nan, 1.2], [1.03, 1.02, np.nan]]
    table = table_fleet(fleet(experiment(rhat, status=status)))
    assert list(table["stratum"]) == ["all", "conifer", "heath"]
    assert list(table["units"]) == [4, 2, 2]
    assert list(table["share_below_limit"]) == [0.75, 0.5, 1.0]
    assert list(table["largest_worst_rhat"]) == [1.2, 1.2, 1.03]
    assert list(table["budget"]) == [1, 1, 0]


def test_a_stratum_that_is_nowhere_has_no_row():
    status = [["converged", "converged"], ["not run", "not run"]]
    table = table_fleet(fleet(experiment([[1.01, 1.02], [np.nan, np.nan]], status=status)))
    assert list(table["stratum"]) == ["all", "conifer"]


def test_the_fates_of_emulated_units_are_not_known(experiments):
    table = table_fleet(experiments)
    assert table[["converged", "budget", "no_start", "median_proposals"]].isnull().all(axis=None)
    rows = table.groupby(["approach", "resolution"]).size()
    assert (rows["baseline"] == 1).all()
    assert (rows["stratified"] == 5).all()


def test_experiments_without_convergence_have_no_table_and_no_maps(experiments):
    reduced = experiments["baseline", 1.0]
    units = reduced.units.drop_vars("worst_rhat")
    bare = {reduced.key: Experiment(units, *[xr.Dataset()] * 5)}
    for make in (table_fleet, fleet_maps):
        with pytest.raises(ValueError, match="wanted experiments with the convergence"):
            make(bare)


def test_the_table_is_written_in_full_and_laid_out_one_row_a_fit(tmp_path):
    table = table_fleet(fleet(experiment([1.01, 1.02]), experiment([1.5], resolution=1.0)))
    csv, markdown = save_table(table, tmp_path, "fleet", title="Convergence")
    pd.testing.assert_frame_equal(pd.read_csv(csv), table)
    row = markdown.read_text(encoding="utf-8").splitlines()[4]
    assert [cell.strip() for cell in row.split("|")[1:8]] == [
        *("baseline", "0.5", "all", "2", "1.05", "1", "1.015"),
    ]


# --- the maps


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (
            [("b", 1.0, 0), ("s", 1.0, 0), ("b", 0.5, 0), ("s", 0.5, 0)],
            (0.5, ["baseline", *STRATA]),
        ),
        ([("b", 0.5, 0), ("s", 0.5, 0), ("b", 0.05, 1)], (0.5, ["baseline", *STRATA])),
        ([("b", 0.5, 0), ("s", 0.5, 0), ("b", 0.25, 0)], (0.5, ["baseline", *STRATA])),
        ([("b", 0.25, 1), ("b", 0.05, 1)], (0.05, ["baseline"])),
        ([("s", 1.0, 0)], (1.0, list(STRATA))),
    ],
)
def test_maps_are_of_the_finest_complete_grid_of_both_approaches(given, shown):
    """Else of the finest there is; b and s are the approaches, 1 marks a sample of pixels."""
    rhat = {"b": [1.01, 1.02], "s": [[1.01, 1.02], [1.03, 1.04]]}
    found = fleet_maps(fleet(*(experiment(rhat[a], resolution=r, sampled=s) for a, r, s in given)))
    assert list(found) == shown[1]
    assert {part.attrs["resolution"] for part in found.values()} == {shown[0]}


def test_a_map_shows_each_unit_where_it_is_and_marks_what_did_not_converge():
    baseline = experiment([1.01, 1.2, np.nan], status=["converged", "budget", "no start"])
    absent = [["converged"] * 3, ["converged", "not run", "converged"]]
    strata = experiment([[1.0, 1.01, 1.02], [1.03, np.nan, 1.06]], status=absent)
    figure = figures.fleet_map(fleet(baseline, strata))
    panels = np.reshape(figure.axes[:9], (3, 3))
    assert [axes.get_ylabel() for axes in panels[:, 0]] == ["baseline", *STRATA]
    image = panels[2, 0].images[0].get_array()
    assert_allclose(image.filled(np.nan), [[1.03, np.nan, 1.06]])
    assert_allclose(panels[0, 2].images[0].get_array().compressed(), [20.0, 20.0, 20.0])
    marks = {
        (row, line.get_marker()): list(line.get_xdata())
        for row in range(3)
        for line in panels[row, 0].lines
    }
    assert marks == {(0, "X"): [-3.5], (0, "o"): [-3.0], (2, "X"): [-3.0]}
    assert not [line for line in panels[0, 1].lines if line.get_marker() == "X"]


def test_colour_bars_say_what_they_show_and_where_the_limit_is():
    figure = figures.fleet_map(fleet(experiment([1.01, 1.02, 1.03])))
    bars = figure.axes[3:]
    assert [bar.get_xlabel() for bar in bars] == [
        "worst rank $\\hat{R}$ of a parameter",
        "least bulk ESS of a parameter (draws)",
        "acceptance (%)",
    ]
    limit = bars[0].lines[-1].get_xdata()
    assert_allclose(limit, 1.05)
    assert bars[0].get_xlim()[1] > 1.05
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels == [
        "pixels of 0.50°",
        "$\\hat{R}$ of 1.05 or above",
        "masked, or no land of this kind",
    ]

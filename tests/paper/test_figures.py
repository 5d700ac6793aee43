"""Every figure of the paper on tiny fits: it is drawn, has its width, its letters and its legend."""

import runpy
import sys
from dataclasses import replace
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot as plt
from numpy.testing import assert_allclose

from pm_dalec import paper
from pm_dalec.landscape.twin import region
from pm_dalec.paper import figure_data, figures, items
from pm_dalec.paper.experiments import open_experiments
from pm_dalec.plots.style import BASELINE, STRATIFIED

SCRIPTS = sorted((Path(__file__).resolve().parents[2] / "paper_figures").glob("*.py"))
SCRIPTS = [script for script in SCRIPTS if not script.stem.startswith("sensitivity")]  # their room


FUTURES = ("fig09", "forecast")


@pytest.fixture(autouse=True)
def closed_figures():
    plt.switch_backend("agg")
    yield
    plt.close("all")


@pytest.fixture
def strata(landscape):
    return landscape.fields["stratum"]


@pytest.fixture
def drawn(monkeypatch):
    """Figures that were saved."""
    write, found = mpl.figure.Figure.savefig, []

    def savefig(figure, path, **options):
        found.append(figure)
        write(figure, path, **options)

    monkeypatch.setattr(mpl.figure.Figure, "savefig", savefig)
    return found


@pytest.fixture(scope="session")
def opened(fit_folder):
    """Reductions as a script opens them."""
    return open_experiments(fit_folder)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_a_script_writes_its_item(script, fit_folder, opened, tmp_path, monkeypatch, drawn):
    """And its figure is one or two columns wide, its text 7 or 8 points."""
    arguments = [str(script), "--fits", str(fit_folder), "--out", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", arguments)
    monkeypatch.setattr(paper, "open_experiments", lambda folder: opened)
    runpy.run_path(str(script), run_name="__main__")
    endings = {".csv", ".md"} if script.stem.startswith("table") else {".pdf", ".png"}
    assert {path.suffix for path in tmp_path.glob(f"{script.stem}.*")} == endings
    for figure in drawn:
        assert round(figure.get_figwidth() * 25.4) in (89, 183)
        texts = [text for text in figure.findobj(mpl.text.Text) if text.get_text().strip()]
        assert {text.get_fontsize() for text in texts} <= {7.0, 8.0}


def test_there_is_a_script_for_every_table_and_figure_of_the_paper():
    names = {
        item.name for item in items.ITEMS if item.name.startswith("table") or not item.is_table
    }
    assert {script.stem for script in SCRIPTS} == names


@pytest.fixture
def kept(monkeypatch):
    """What would have been written, by name."""
    found = {}
    monkeypatch.setattr(items, "save", lambda made, out, name: found.setdefault(name, [out / name]))
    return found


def test_everything_is_made_from_a_mapping_of_fits(experiments, landscape, tmp_path, kept):
    told = []
    made = items.make_all(experiments, tmp_path, landscape=landscape, progress=told.append)
    left_out = {name: reason for name, reason in made.items() if isinstance(reason, str)}
    futures = [item.name for item in items.ITEMS if item.name.startswith(FUTURES)]
    assert list(left_out) == ["coverage", *futures]  # no known truth, and no forecasts beside them
    assert "wanted experiments with a known truth" in left_out["coverage"]
    assert "run `pm-dalec paper`" in left_out["fig09_forecast"]
    assert list(kept) == [item.name for item in items.ITEMS if item.name not in left_out]
    assert len(told) == len(items.ITEMS) + len(left_out)


def test_what_cannot_be_made_is_told_and_the_rest_is_made(experiments, tmp_path, kept):
    alone = {("baseline", 1.0): experiments["baseline", 1.0]}
    made = items.make_all(alone, tmp_path)
    assert "wanted a land-cover map" in made["fig02_land_cover"]
    assert "wanted a baseline and a stratified fit" in made["fig05_harvest_ratio"]
    assert {"fig03_schematic", "fig04_series"} <= set(kept)


def test_a_figure_of_series_has_an_approach_a_column_and_a_line_a_resolution(experiments):
    figure = figures.fig04_series(experiments)
    panels = np.reshape(figure.axes, (4, 2))
    assert [axes.get_title() for axes in panels[0]] == ["baseline", "stratified"]
    assert all(len(axes.lines) >= 3 for axes in panels.flat)
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels == ["1.00° (3 pixels)", "0.50° (12 pixels)", "0.25° (16 pixels)"]


@pytest.mark.parametrize("make", [figures.figa2_leaf_area, figures.figa5_series_bands])
def test_bands_say_their_probability(make, experiments):
    labels = {text.get_text() for text in make(experiments).legends[0].get_texts()}
    assert {"50%", "90%", "95%"} <= labels


def test_the_baseline_is_blue_and_the_stratified_approach_orange(experiments):
    figure = figures.fig07_ensembles(experiments)
    colours = [line.get_color() for line in figure.axes[0].lines]
    assert colours == [BASELINE, STRATIFIED]


def test_a_map_of_changes_is_centred_on_zero(experiments):
    figure = figures.fig06_live_change(experiments)
    image = next(axes.images[0] for axes in figure.get_axes() if axes.images)
    assert_allclose(image.norm.vmin, -image.norm.vmax)


def test_observed_means_of_the_domain_combine_strata_by_area(experiments):
    stratified = experiments["stratified", 1.0]
    domain, strata = figure_data.observed_series(stratified, "cwood")
    areas = (stratified.units["area"] * stratified.units["area_fraction"]).sum("pixel")
    assert_allclose(
        domain["observed"].dropna("time"),
        strata["observed"].weighted(areas).mean("stratum").dropna("time"),
    )


def test_a_density_has_the_area_one():
    draws = np.random.default_rng(0).lognormal(size=500)
    for logarithmic in (False, True):
        curve = figure_data.density(draws, logarithmic=logarithmic)
        assert_allclose(np.trapezoid(curve, curve["value"]), 1.0, atol=0.02)


def test_fractions_of_a_map_are_those_of_the_region(landscape, fits, strata):
    units = fits["stratified", 0.5]["constant_data"]
    assert_allclose(region.fractions_of(strata, 0.5)["area_fraction"], units["area_fraction"])


def test_figures_say_how_many_of_the_units_that_they_show_have_not_converged(experiments):
    """And figures of converged fits say nothing."""
    good = {
        key: replace(e, units=e.units.assign(worst_rhat=e.units["worst_rhat"] * 0 + 1.01))
        for key, e in experiments.items()
    }
    poor = {
        key: replace(e, units=e.units.assign(worst_rhat=e.units["worst_rhat"] * 0 + 1.5))
        for key, e in experiments.items()
    }
    assert figures.fig04_series(good).get_suptitle() == ""
    told = figures.fig04_series(poor).get_suptitle()
    assert told.startswith("not converged: ")
    assert told.endswith(" units, worst R-hat 1.50")
    ends = good | {key: e for key, e in poor.items() if key[1] == min(r for _, r in poor)}
    assert figures.fig08_traits(ends).get_suptitle() != ""

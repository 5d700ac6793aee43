"""Figures show the numbers that they are given."""

import runpy
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr

from pm_dalec.plots.style import letter, record_of
from pm_dalec.sensitivity import keep_result, open_result
from pm_dalec.sensitivity.drawings import (
    contraction_figure,
    indices_figure,
    power_scaling_figure,
    waterfall_figure,
)
from pm_dalec.sensitivity.global_indices import sensitivity_indices
from pm_dalec.sensitivity.scaling import power_scaling
from pm_dalec.testing.tiny import tiny_fit, tiny_region, tiny_site

# Runs are short on purpose.
pytestmark = pytest.mark.filterwarnings(r"ignore:wanted \d+ draws of every chain")

SCRIPTS = Path(__file__).resolve().parents[2] / "paper_figures"
STEPS = ["base prior", "constrained prior", "+ lai", "+ cwood"]


@pytest.fixture(autouse=True)
def close():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def fit():
    tree = tiny_fit(tiny_site(), chains=4, draws=60)
    tree.attrs["constraints"] = "edinburgh2021"
    return tree


def gain(bits):
    bits = xr.DataArray(np.array(bits)[:, None], dims=("step", "quantity"))
    coords = {"step": STEPS, "quantity": ["gpp"]}
    found = xr.Dataset(
        {"bits": bits, "bits_error": bits * 0 + 0.1, "contraction": bits / 4}, coords
    )
    return found.assign_attrs(reference="constrained prior")


def ablated():
    rows = {"rule": ["no rules", "steady_wood"], "name": ["gpp", "leaf_lifespan"]}
    matrix = xr.DataArray(np.array([[0.5, 2.0], [0.1, 1.0]]), rows)
    bits = matrix.isel(name=0, drop=True)
    return xr.Dataset(
        {"shift": matrix, "width_ratio": matrix, "prior_bits": bits, "bits": bits},
        attrs={"pass_rate": 0.1},
    )


def test_a_waterfall_stands_on_what_came_before():
    figure = waterfall_figure(gain([0.5, 0.0, 2.0, 1.5]), pass_rate=2.0**-13)
    bars = [(bar.get_y(), bar.get_y() + bar.get_height()) for bar in figure.axes[0].patches]
    assert np.allclose(bars, [(0, 0.5), (0.5, 2.5), (2.5, 2.0)])
    assert [text.get_text() for text in figure.axes[0].texts] == ["+0.50", "+2.00", "-0.50"]
    assert "13.0 bits" in figure._supxlabel.get_text()


def test_what_rules_and_data_narrow_stands_side_by_side():
    figure = contraction_figure(gain([0.5, 0.0, 2.0, 1.5]))
    widths = [[bar.get_width() for bar in axes.patches] for axes in figure.axes]
    assert np.allclose(widths, [[0.125], [0.375]])
    titles = [axes.get_title() for axes in figure.axes]
    assert titles == ["constrained prior beside base prior", "posterior beside constrained prior"]
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["GPP"]


def test_a_waterfall_leaves_out_what_does_not_vary_and_goes_on_after_z():
    found = gain([0.5, 0.0, 2.0, 1.5])
    still = (found * np.nan).assign_coords(quantity=["harvest"])
    other = found.assign_coords(quantity=["residence_som"])  # none of the usual ones
    both = xr.concat([found, still, other], "quantity", combine_attrs="override")
    figure = waterfall_figure(both)
    titles = [axes.get_title() for axes in figure.axes if axes.axison]
    assert titles == ["GPP", record_of("residence_som").symbol]
    assert figure.axes[0].get_xticklabels()[1].get_text() == "+ LAI"
    letter(figure.axes[0], 27)
    assert figure.axes[0].get_title(loc="left") == "(ab)"


def test_constraints_have_a_column_that_is_grey_and_a_name(fit):
    found = power_scaling(fit, names=("gpp", "leaf_lifespan"))
    axes = power_scaling_figure(found).axes[0]
    shown = np.ma.filled(axes.images[0].get_array(), np.nan)
    assert np.isnan(shown[:, -1]).all()
    assert axes.get_xticklabels()[-1].get_text() == "hard constraints"
    assert [label.get_text() for label in axes.get_yticklabels()] == ["GPP", "$L_{fol}$"]


def test_bars_are_the_largest_shapley_effects(fit):
    found = sensitivity_indices(fit, names=("gpp",), orders=4, repeats=3)
    axes = indices_figure(found, largest=3).axes[0]
    widths = sorted((bar.get_width() for bar in axes.patches), reverse=True)
    assert np.allclose(widths, np.sort(found["shapley"].values.ravel())[::-1][:3])


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("information", lambda _: gain([0.5, 0.0, 2.0, 1.5])),
        ("contraction", lambda _: gain([0.5, 0.0, 2.0, 1.5])),
        ("indices", lambda fit: sensitivity_indices(fit, names=("gpp",), orders=4, repeats=3)),
        ("power_scaling", lambda fit: power_scaling(fit, names=("gpp", "leaf_lifespan"))),
        ("ablation", lambda _: ablated()),
    ],
)
def test_a_script_draws_what_a_study_kept(name, make, fit, tmp_path, monkeypatch):
    found, kept = make(fit), "information" if name == "contraction" else name
    keep_result(found, tmp_path, kept)
    xr.testing.assert_identical(open_result(tmp_path, kept), found)
    script = SCRIPTS / f"sensitivity_{name}.py"
    monkeypatch.setattr(
        sys, "argv", [str(script), "--fits", str(tmp_path), "--out", str(tmp_path / "out")]
    )
    runpy.run_path(str(script), run_name="__main__")
    assert {path.suffix for path in (tmp_path / "out").glob(f"{script.stem}.*")} == {".pdf", ".png"}


def test_a_result_that_was_not_kept_says_what_writes_it(tmp_path):
    with pytest.raises(FileNotFoundError, match="pm-dalec sensitivity"):
        open_result(tmp_path, "ablation")
    with pytest.raises(KeyError, match="no result 'effects'; there are ablation"):
        open_result(tmp_path, "effects")


def test_results_of_several_units_are_to_be_selected():
    region = tiny_fit(tiny_region(pixels=2), chains=4, draws=8)
    found = power_scaling(region, names=("leaf_lifespan",))
    with pytest.raises(ValueError, match="wanted results of one unit to draw, got pixel"):
        power_scaling_figure(found)

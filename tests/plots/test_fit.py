"""Figures of a fit: days as days of the year, a mark where it has not converged, what was left out."""

import numpy as np
import pytest
import xarray as xr
from matplotlib import pyplot as plt
from numpy.testing import assert_allclose

from pm_dalec.data.synthetic_sites import synthetic_site, truth_of
from pm_dalec.physics.numpy_run import run_numpy
from pm_dalec.physics.records import drivers_of
from pm_dalec.plots.fit import BOX, band_quantiles, fit_figure, parameter_figure
from pm_dalec.posterior.trajectory import observations_of, trajectories
from pm_dalec.tables.constants import DAYS_PER_YEAR, NOT_CONVERGED
from pm_dalec.tables.parameters import PARAMETERS, Theta
from pm_dalec.testing.tiny import tiny_fit, tiny_site

NOTE = "not converged: worst R-hat 1.50"


@pytest.fixture(autouse=True)
def closed_figures():
    plt.switch_backend("agg")
    yield
    plt.close("all")


def posterior(name, values, **attrs):
    return xr.Dataset({name: (("chain", "draw"), np.asarray(values, float))}, attrs=attrs)


def words_of(figure):
    return [text.get_text() for text in figure.texts]


def stairs_of(axes):
    (base,) = (patch for patch in axes.patches if hasattr(patch, "get_data"))
    return base.get_data()


def panel(name, values, **given):
    figure = parameter_figure(posterior(name, values), **given)
    return figure.axes[0]


def test_days_are_shown_as_days_of_the_year_with_the_truth_beside_them():
    axes = panel("leaf_fall_day", [[540.0, 541.0], [905.0, 1271.0]], truth={"leaf_fall_day": 540.0})
    assert axes.get_xlim() == (0.0, DAYS_PER_YEAR)
    assert "(day of year)" in axes.get_xlabel()
    line = axes.get_lines()[0]
    assert_allclose(line.get_xdata(), 174.75)
    bars = axes.containers[0]
    full = [bar.get_x() for bar in bars if bar.get_height() > 0]
    assert all(165 < left < 180 for left in full)
    assert_allclose(sum(bar.get_height() for bar in bars), 1.0)


@pytest.mark.parametrize("bounds", [(365.25, 730.5), (365.25, 1461.0)])
def test_the_prior_of_days_is_whole_whatever_the_years_of_their_box(monkeypatch, bounds):
    table = PARAMETERS.replace("leaf_fall_day", bounds=bounds)
    monkeypatch.setattr("pm_dalec.plots.fit.PARAMETERS", table)
    values, edges, _ = stairs_of(panel("leaf_fall_day", [[540.0, 541.0], [542.0, 543.0]]))
    assert_allclose(values.sum(), 1.0)
    first = sum(
        np.log((low + edges[1]) / low) for low in np.arange(bounds[0], bounds[1], DAYS_PER_YEAR)
    )
    assert_allclose(values[0], first / np.log(bounds[1] / bounds[0]))


def test_a_parameter_that_is_no_day_is_shown_over_its_bounds():
    axes = panel("leaf_lifespan", [[2.0, 3.0], [4.0, 5.0]])
    assert axes.get_xlim() == PARAMETERS["leaf_lifespan"].bounds


def test_figures_bear_the_note_of_what_they_show_and_nothing_without_one():
    marked = posterior("leaf_lifespan", [[2.0, 3.0], [4.0, 5.0]], **{NOT_CONVERGED: NOTE})
    assert words_of(parameter_figure(marked)) == [NOTE]
    assert words_of(parameter_figure(marked.drop_attrs())) == []
    fit = tiny_fit(draws=8)
    shown = trajectories(fit, quantiles=band_quantiles(), names=("gpp",))
    assert "not converged" in shown.attrs[NOT_CONVERGED]  # draws of chains that were never run
    assert words_of(fit_figure(shown, {})) == [shown.attrs[NOT_CONVERGED]]
    assert words_of(fit_figure(shown.drop_attrs(), {})) == []


def test_the_note_stands_inside_the_figure_and_on_nothing_else():
    fit = tiny_fit(draws=8)
    figure = fit_figure(trajectories(fit, quantiles=band_quantiles(), names=("gpp", "lai")), {})
    figure.canvas.draw()
    note = figure.texts[0].get_window_extent()
    assert figure.bbox.x0 <= note.x0 < note.x1 <= figure.bbox.x1
    assert figure.bbox.y0 <= note.y0
    for axes in figure.axes:
        assert not note.overlaps(axes.get_tightbbox())


def test_what_was_measured_but_not_assimilated_is_drawn_open():
    site = tiny_site(streams=("lai", "cwood", "gpp"))
    fit = tiny_fit(site)
    fit["observed_data"] = fit["observed_data"].to_dataset().drop_vars("gpp")
    names = ("lai", "gpp")
    all_of_them = observations_of(fit, names)
    assert {name: value.attrs["assimilated"] for name, (value, _) in all_of_them.items()} == {
        "lai": 1,
        "gpp": 0,
    }
    figure = fit_figure(trajectories(fit, quantiles=band_quantiles(), names=names), all_of_them)
    told = [text.get_text() for text in figure.legends[0].get_texts()]
    assert "observed, not assimilated" in told
    assert r"observed $\pm\,\sigma$" in told
    dots = figure.axes[1].get_lines()[-1]
    assert dots.get_markerfacecolor() == "white"
    assert_allclose(dots.get_ydata(), site["gpp"])


def test_a_fit_of_all_streams_has_no_open_symbols():
    site = tiny_site()
    fit = tiny_fit(site)
    found = observations_of(fit)
    assert all(value.attrs["assimilated"] == 1 for value, _ in found.values())


def test_the_prior_under_the_constraints_is_an_outline_beside_the_base_prior():
    drawn = posterior("leaf_lifespan", [[1.5, 2.0, 2.5, 3.0]])
    figure = parameter_figure(drawn, prior=posterior("leaf_lifespan", [[1.1, 7.9, 7.9, 7.9]]))
    words = [text.get_text() for text in figure.legends[0].get_texts()]
    assert words == [BOX, "posterior", "prior under the constraints"]
    heights = [
        patch.get_data().values for patch in figure.axes[0].patches if hasattr(patch, "get_data")
    ]
    assert len(heights) == 2
    assert heights[1][-1] == 0.75


def test_a_fit_alone_makes_its_figure_with_site_letters_and_how_well_it_fits():
    site = tiny_site(streams=("lai", "cwood", "gpp"))
    site["gpp_val"] = site["gpp"] + 1000.0
    fit = tiny_fit(site)
    figure = fit_figure(fit)
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["(a)", "(b)", "(c)", "(d)"]
    legend = figure.legends[0]
    assert legend.get_title().get_text() == site["site"].item()
    told = figure.axes[2].get_title(loc="right")
    seen, withheld = told.split("; ")
    assert seen.startswith("assimilated: RMSE")
    assert seen.endswith("noise added")
    assert "not assimilated: RMSE 1000 gC m$^{-2}$ d$^{-1}$, 0% in the 90% band" in withheld
    assert figure.axes[3].get_title(loc="right") == ""
    words = figure.axes[-1].get_xlabel()
    assert words == (
        "bands: 50 and 90 % of the model, without observation noise; NEE positive to the atmosphere"
    )


def test_no_bar_of_what_is_positive_reaches_below_zero():
    site = tiny_site(streams=("lai", "cwood"))
    site["lai_unc"] = site["lai_unc"] * 0 + 100.0
    axes = fit_figure(tiny_fit(site), names=("lai",)).axes[0]
    (bars,) = axes.containers[0].lines[2]
    assert min(end[1] for line in bars.get_segments() for end in line) == 0.0


@pytest.mark.parametrize(("sigmas", "share"), [(1.5, "100%"), (3.0, "0%")])
def test_the_share_in_the_band_counts_the_noise_that_observations_have(sigmas, share):
    site = tiny_site(streams=("lai", "cwood"))
    shown = trajectories(tiny_fit(site), quantiles=band_quantiles(), names=("lai",))
    shown = shown.map(lambda lai: 0 * lai + lai.sel(quantile=0.5))  # a band without width
    seen = shown["lai"].isel(quantile=0) + sigmas * site["lai_unc"]
    figure = fit_figure(shown, {"lai": (seen.assign_attrs(assimilated=1), site["lai_unc"])})
    words = figure.axes[0].get_title(loc="right")
    assert words.endswith(f" {share} in the 90% band, noise added")


def test_the_truth_of_a_synthetic_site_is_drawn_and_no_other():
    site = synthetic_site(0, years=3)
    fit = tiny_fit(site)
    axes = fit_figure(fit, names=("lai",)).axes[0]
    (line,) = [line for line in axes.get_lines() if line.get_label() == "truth"]
    true = run_numpy(*drivers_of(site), Theta(**truth_of(site))).fluxes.lai.ravel()
    assert_allclose(line.get_ydata(), true, rtol=1e-12)
    unknown = fit_figure(tiny_fit(tiny_site()), names=("lai",))
    assert "truth" not in [text.get_text() for text in unknown.legends[0].get_texts()]

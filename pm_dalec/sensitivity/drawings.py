"""Figures of what a posterior owes to what: power scaling, bits step by step, indices with errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np

from pm_dalec.plots.style import (
    BASELINE,
    DOUBLE_WIDTH,
    MASK,
    NOTE_SIZE,
    PRIOR,
    STRATIFIED,
    letter,
    note_below,
    record_of,
    style,
)
from pm_dalec.sensitivity.draws.expected import expect_result
from pm_dalec.sensitivity.draws.quantities import QUANTITIES, checked_quantities
from pm_dalec.sensitivity.draws.terms import BASE
from pm_dalec.sensitivity.information import ADDED
from pm_dalec.tables import dims
from pm_dalec.tables.numbers import number, whole_number
from pm_dalec.tables.parameters import PARAMETERS
from pm_dalec.tables.streams import STREAMS

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr
    from matplotlib.figure import Figure

TOLD = 0.05  # bits below which no number stands at a bar
LEAST_AXIS = 0.5  # bits that an axis reaches, so that noise looks small
PANELS = (
    *QUANTITIES,
    *("canopy_efficiency", "autotrophic_fraction", "wood_turnover_rate", "initial_som"),
)
"""Of a waterfall, unless others are named: quantities, and the parameters beside them."""


def power_scaling_figure(found: xr.Dataset) -> Figure:
    """Change of every mean per doubling of every factor, as a matrix; factors that have no power are grey.

    Parameters
    ----------
    found : Dataset
        From `power_scaling`, of one unit.

    Returns
    -------
    Figure
    """
    expect_result("found", found, "power_scaling", ("gradient", "sensitivity", "kind", "threshold"))
    _one_unit(found)
    values = found["gradient"].transpose("quantity", "factor").values
    others = found["factor"].values != BASE  # whose numbers are those of a coordinate
    limit = float(np.nanmax(abs(values[:, others]), initial=0.1))
    size = (DOUBLE_WIDTH, 1.2 + 0.16 * found.sizes["quantity"])
    with style():
        figure, axes = plt.subplots(layout="constrained", figsize=size)
        axes.set_facecolor(MASK)
        image = axes.imshow(values, cmap="RdBu_r", vmin=-limit, vmax=limit, aspect="auto")
        for (row, column), value in np.ndenumerate(
            found["sensitivity"].transpose("quantity", "factor")
        ):
            if value >= found.attrs["threshold"]:
                light = abs(values[row, column]) > 0.6 * limit
                colour = "white" if light else "black"
                axes.text(
                    column, row, f"{value:.2f}", ha="center", va="center", fontsize=6, color=colour
                )
        axes.set_yticks(range(found.sizes["quantity"]), map(words_of, found["quantity"].values))
        labels = [_factor_words(found, name) for name in map(str, found["factor"].values)]
        axes.set_xticks(range(len(labels)), labels, rotation=30, ha="right", rotation_mode="anchor")
        axes.grid(visible=False)
        bar = figure.colorbar(image, ax=axes, extend="both")
        bar.set_label("change of the mean per\ndoubling (posterior s.d.)")
        note_below(
            figure, "numbers: sensitivity of 0.05 and above; grey: no power scaling, or no spread"
        )
    return figure


def _factor_words(found, name):
    kind = str(found["kind"].sel(factor=name).values)
    return {
        "prior": "all prior factors",
        "likelihood": "all streams",
        "base": "base prior (natural units)",
    }.get(name, kind if name == "constraints" else words_of(name))


def waterfall_figure(
    gain: xr.Dataset, names: Sequence[str] | None = None, *, pass_rate: float | None = None
) -> Figure:
    """Bits that rules and streams add, one after the other: a panel a parameter or quantity.

    Parameters
    ----------
    gain : Dataset
        From `information_gain`.
    names : sequence of str, optional
        Panels; by default all quantities that vary, and four parameters.
    pass_rate : float, optional
        Share of the prior that meets all rules [1], as of `pm_dalec.edc_report`: the bits of the rules
        for all parameters together, which a note says.

    Returns
    -------
    Figure
    """
    names = _shown(gain, names, PANELS)
    if pass_rate is not None:
        number("pass_rate", pass_rate, above=0.0, most=1.0, advice="that of pm_dalec.edc_report")
    columns = min(4, len(names))
    rows = -(-len(names) // columns)
    size = (DOUBLE_WIDTH, 1.5 * rows + 0.7)
    with style():
        figure, panels = plt.subplots(
            rows, columns, squeeze=False, sharex=True, layout="constrained", figsize=size
        )
        for place, name in enumerate(names):
            axes = panels.flat[place]
            _waterfall(axes, gain.sel(quantity=name))
            letter(axes, place)
            axes.set_title(words_of(name), fontsize=NOTE_SIZE)
            axes.tick_params(labelbottom=place + columns >= len(names))
            if place % columns == 0:
                axes.set_ylabel("information (bit)")
        for axes in panels.flat[len(names) :]:
            axes.set_axis_off()
        if pass_rate:
            joint = -np.log2(pass_rate)
            note_below(figure, f"the rules give {joint:.1f} bits of all parameters together")
    return figure


def _shown(gain, names, usual):
    """Names of a gain that are drawn: those asked for, or the usual ones and quantities that vary."""
    expect_result("gain", gain, "information_gain", ("bits", "bits_error", "reference"))
    there = tuple(map(str, gain["quantity"].values))
    if names is None:
        known = [name for name in there if bool(gain["bits"].sel(quantity=name).notnull().all())]
        others = [name for name in known if name not in usual and name not in PARAMETERS]
        return [*(name for name in usual if name in known), *others] or known
    names = checked_quantities(names)
    if missing := [name for name in names if name not in there]:
        raise KeyError(f"no {missing[0]!r} in gain; there are {', '.join(there)}")
    return names


def _step_words(step):
    """Name of a step with the symbols of the streams that it adds, as "+ LAI"."""
    if ADDED not in step:
        return step
    return "".join(f" + {words_of(part.strip())}" for part in step.split(ADDED) if part).strip()


def _waterfall(axes, gain):
    """Bars of one quantity: what the rules gave over the base, then what each step changes."""
    steps, reference = list(map(str, gain["step"].values)), gain.attrs["reference"]
    bits, error = gain["bits"].values, gain["bits_error"].values
    at = steps.index(reference)
    base = float(bits[:at].max(initial=0.0))
    bars = [("rules", 0.0, base, float(error[:at].max(initial=0.0)), PRIOR)] if at else []
    for step in range(at + 1, len(steps)):
        before, after = bits[step - 1], bits[step]
        colour = BASELINE if after >= before else STRATIFIED
        bars.append((_step_words(steps[step]), base + before, base + after, error[step], colour))
    for place, (_, low, high, wrong, colour) in enumerate(bars):
        axes.bar(place, high - low, 0.7, bottom=low, color=colour)
        axes.errorbar(place, high, wrong, color="black", lw=0.8, capsize=2)
        if abs(high - low) >= TOLD:
            above = max(low, high) + wrong
            axes.annotate(
                f"{high - low:+.2f}",
                (place, above),
                (0, 1),
                textcoords="offset points",
                ha="center",
                va="bottom",
                fontsize=6,
            )
    for place, (_, _, high, *_) in enumerate(bars[:-1]):
        axes.plot([place - 0.35, place + 1.35], [high, high], color="black", lw=0.5)
    axes.set_xticks(range(len(bars)), [label for label, *_ in bars], rotation=30, ha="right")
    axes.margins(y=0.2)
    axes.set_ylim(0.0, max(LEAST_AXIS, axes.get_ylim()[1]))


def contraction_figure(gain: xr.Dataset, names: Sequence[str] | None = None) -> Figure:
    """How much narrower the rules make the base prior, and the data the constrained one.

    Parameters
    ----------
    gain : Dataset
        From `information_gain`, of parameters.
    names : sequence of str, optional
        Rows; by default all parameters that vary, in the order of their processes.

    Returns
    -------
    Figure
        Bars from 0, nothing learned, to 1, all. Below 0 the variance has grown. To the left what the rules
        do to the base prior, to the right what the data of the last step do to the constrained one.
    """
    names = _shown(gain, names, PARAMETERS)
    steps, at = list(map(str, gain["step"].values)), gain.attrs["reference"]
    first, last = steps[0], steps[-1]
    sides = [] if first == at else [(first, f"{at} beside {first}", PRIOR)]
    sides += [] if last == at else [(last, f"posterior beside {at}", BASELINE)]
    places = np.arange(len(names))[::-1]
    with style():
        figure, panels = plt.subplots(
            *(1, max(1, len(sides))),
            squeeze=False,
            sharex=True,
            sharey=True,
            layout="constrained",
            figsize=(DOUBLE_WIDTH, 0.8 + 0.15 * len(names)),
        )
        for axes, (step, words, colour) in zip(panels.flat, sides, strict=False):
            axes.barh(
                places, gain["contraction"].sel(step=step, quantity=list(names)), 0.7, color=colour
            )
            axes.axvline(0, color="black", lw=0.7)
            axes.set_title(words, fontsize=NOTE_SIZE)
            axes.set_xlabel("contraction (1 - ratio of variances)")
            axes.grid(visible=False, axis="y")
            letter(axes, sides.index((step, words, colour)))
        panels.flat[0].set_yticks(places, map(words_of, names))
        panels.flat[0].set_xlim(left=max(-1.0, panels.flat[0].get_xlim()[0]), right=1.0)
    return figure


def indices_figure(found: xr.Dataset, *, largest: int = 10) -> Figure:
    """Shapley effects, first and total indices of the parameters that matter most, with errors.

    Parameters
    ----------
    found : Dataset
        From `sensitivity_indices`, of one unit.
    largest : int
        Parameters of each output, those with the largest Shapley effects.

    Returns
    -------
    Figure
        A panel an output; outputs that do not vary have none. Bars are Shapley effects, which add up;
        dots first indices, open ones total indices; lines are two standard errors to either side.
    """
    expect_result("found", found, "sensitivity_indices", ("first", "total", "shapley", "explained"))
    whole_number("largest", largest, least=1, advice="10 are usual")
    _one_unit(found)
    outputs = [
        name
        for name in map(str, found["output"].values)
        if bool(found["first"].sel(output=name).notnull().all())
    ]
    columns = min(2, max(1, len(outputs)))
    rows = max(1, -(-len(outputs) // columns))
    size = (DOUBLE_WIDTH, 0.9 + rows * (0.45 + 0.14 * largest))
    with style():
        figure, panels = plt.subplots(
            rows, columns, squeeze=False, sharex=True, layout="constrained", figsize=size
        )
        for place, name in enumerate(outputs):
            axes = panels.flat[place]
            _bars(axes, found.sel(output=name), largest)
            letter(axes, place)
            share = float(found["explained"].sel(output=name))
            axes.set_title(f"{words_of(name)}: {share:.0%} explained", fontsize=NOTE_SIZE)
        for axes in panels.flat[len(outputs) :]:
            axes.set_axis_off()
        for axes in panels[-1]:
            axes.set_xlabel("share of the variance")
        if outputs:
            handles, labels = panels.flat[0].get_legend_handles_labels()
            figure.legend(handles, labels, ncols=3, loc="outside upper center", frameon=False)
    return figure


def _bars(axes, found, largest):
    """Indices of one output."""
    order = np.argsort(-found["shapley"].values)[:largest][::-1]
    part, places = found.isel(parameter=order), np.arange(len(order))
    line = {"color": "black", "lw": 0.7}
    axes.barh(places, part["shapley"], 0.7, color=BASELINE, alpha=0.7, label="Shapley effect")
    axes.errorbar(
        part["shapley"],
        places,
        xerr=2 * part["shapley_error"],
        fmt="none",
        ecolor="black",
        elinewidth=0.7,
    )
    marks = {"first": (0.18, STRATIFIED, STRATIFIED), "total": (-0.18, STRATIFIED, "white")}
    for name, (shift, edge, face) in marks.items():
        axes.errorbar(
            part[name],
            places + shift,
            xerr=2 * part[f"{name}_error"],
            fmt="o",
            ms=2.5,
            mfc=face,
            mec=edge,
            mew=0.7,
            ecolor=edge,
            elinewidth=0.7,
            label=name,
        )
    axes.axvline(0, **line)
    axes.set_yticks(places, map(words_of, map(str, part["parameter"].values)))
    axes.grid(visible=False, axis="y")


def words_of(name: str) -> str:
    """Symbol of a parameter, of a quantity or of what a stream observes, or the name where there is none."""
    observed = STREAMS[name].observes if name in STREAMS else name
    try:
        return record_of(str(observed)).symbol
    except KeyError:
        return str(name)


def _one_unit(found):
    """Refuse what is of several units."""
    space = dims.space_of(found)
    if space:
        raise ValueError(
            f"wanted results of one unit to draw, got {' and '.join(space)}; select a unit: "
            "found.isel(pixel=0)"
        )

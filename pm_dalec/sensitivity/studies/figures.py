"""Figures of a study: which variant or rule moves which number by how much."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import TwoSlopeNorm

from pm_dalec.plots.style import (
    DOUBLE_WIDTH,
    NOTE_SIZE,
    PRIOR,
    letter,
    note_below,
    record_of,
    style,
)
from pm_dalec.sensitivity.draws.expected import expect_result
from pm_dalec.sensitivity.draws.quantities import checked_quantities
from pm_dalec.sensitivity.studies.ablated import NO, RULE
from pm_dalec.sensitivity.studies.results import VARIANT
from pm_dalec.tables import dims
from pm_dalec.tables.parameters import PARAMETERS

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr
    from matplotlib.figure import Figure

SHOWN = (
    *("gpp", "reco", "nee", "harvest", "change_live", "change_dead", "lai", "mean_wood", "npp"),
    *(
        "residence_foliage",
        "residence_roots",
        "residence_wood",
        "residence_litter",
        "residence_som",
    ),
)
"""Quantities that figures and tables of a study show, unless others are asked for."""
LARGEST_SHIFT, LARGEST_RATIO = 2.0, 4.0  # where the colours end
ROW = 0.15  # inches
ROOMY = 10  # columns of a matrix, up to which a number in a note's letters fits into its cell


def effects_figure(effects: xr.Dataset, names: Sequence[str] = SHOWN, *, note: str = "") -> Figure:
    """Shift and width of quantities by variant, the median over units.

    Parameters
    ----------
    effects : Dataset
        From `effects`.
    names : sequence of str
        Of parameters and quantities; those that are there are shown.
    note : str
        Below the figure, such as which variants did not converge.

    Returns
    -------
    Figure
    """
    expect_result("effects", effects, "effects", ("shift", "width_ratio", VARIANT, "base"))
    moved = _of_units(effects)
    moved = moved.sel({VARIANT: [n for n in moved[VARIANT].values if n != effects.attrs["base"]]})
    names = _known(moved, names)
    rows = [str(name) for name in moved[VARIANT].values]
    with style():
        figure, panels = plt.subplots(
            1, 2, figsize=(DOUBLE_WIDTH, 1.5 + ROW * len(rows)), layout="constrained", sharey=True
        )
        _two_matrices(figure, panels, moved.sel(name=names), names, rows)
        note_below(figure, note)
    return figure


def ablation_figure(
    ablation: xr.Dataset, names: Sequence[str] = SHOWN, *, note: str = ""
) -> Figure:
    """Matrix of rules and quantities, matrix of rules and parameters, and the bits of each rule.

    Parameters
    ----------
    ablation : Dataset
        From `ablation`.
    names : sequence of str
        Quantities; those that are there are shown.
    note : str
        Below the figure, such as which variants did not converge.

    Returns
    -------
    Figure
        (a) shift of medians when a rule is left out, (b) ratio of widths, (c) the same ratio for
        parameters: above one, the rule informs it; (d) bits of the rules.
    """
    expect_result("ablation", ablation, "ablation", ("shift", "width_ratio", "bits", RULE))
    rows = [str(name) for name in ablation[RULE].values]
    names = _known(ablation, names)
    traits = [name for name in PARAMETERS if name in ablation["name"].values]
    with style():
        figure, panels = plt.subplots(
            2, 2, figsize=(DOUBLE_WIDTH, 2.6 + 2 * ROW * len(rows)), layout="constrained"
        )
        _two_matrices(figure, panels[0], ablation.sel(name=names), names, rows)
        _ratio_matrix(figure, panels[1, 0], ablation["width_ratio"].sel(name=traits), traits, rows)
        letter(panels[1, 0], 2)
        _bits(panels[1, 1], ablation, rows)
        letter(panels[1, 1], 3)
        panels[0, 1].tick_params(labelleft=False)
        panels[1, 1].tick_params(labelleft=False)
        note_below(figure, note)
    return figure


def _known(moved, names):
    """Names that are there and not unknown everywhere, as harvest is where nothing was felled."""
    there = [name for name in checked_quantities(names) if name in moved["name"].values]
    found = [name for name in there if moved["width_ratio"].sel(name=name).notnull().any()]
    if not found:
        raise ValueError(
            f"wanted names that vary in the study, got {', '.join(names) or 'none'}; leave names out"
        )
    return found


def _of_units(moved):
    """Median over the units of a region."""
    space = [name for name in moved.dims if name in dims.SPACE]
    return moved.median(space, keep_attrs=True) if space else moved


def _two_matrices(figure, panels, moved, names, rows):
    shift = moved["shift"].transpose(..., "name").values
    norm = TwoSlopeNorm(0.0, -LARGEST_SHIFT, LARGEST_SHIFT)
    _matrix(figure, panels[0], shift, norm, "RdBu_r", (names, rows), "shift of the median (sd)")
    _ratio_matrix(figure, panels[1], moved["width_ratio"], names, rows)
    for place, axes in enumerate(panels):
        letter(axes, place)


def _ratio_matrix(figure, axes, ratio, names, rows):
    """Ratios of widths, coloured by their logarithm."""
    values = ratio.transpose(..., "name").values
    most = np.log2(LARGEST_RATIO)
    norm = TwoSlopeNorm(0.0, -most, most)
    with np.errstate(divide="ignore", invalid="ignore"):
        logarithm = np.log2(values)
    words = "width of the 5-95 % interval: its ratio (colour: log$_2$)"
    _matrix(figure, axes, logarithm, norm, "PuOr_r", (names, rows), words, told=values)


def _matrix(figure, axes, values, norm, colours, labels, words, told=None):
    """Heat map with a number in every cell in which something moves."""
    names, rows = labels
    still = 0.0 if told is None else 1.0
    image = axes.imshow(values, cmap=colours, norm=norm, aspect="auto")
    numbers = values if told is None else told
    for (row, column), number in np.ndenumerate(numbers):
        if np.isfinite(number) and round(number, 1) != still and len(names) <= len(SHOWN):
            dark = abs(norm(values[row, column]) - 0.5) > 0.35
            axes.text(
                column,
                row,
                _short(number),
                ha="center",
                va="center",
                fontsize=NOTE_SIZE if len(names) <= ROOMY else NOTE_SIZE - 1,
                color="white" if dark else "black",
            )
    axes.set_xticks(range(len(names)), [record_of(name).symbol for name in names], rotation=90)
    axes.set_yticks(range(len(rows)), rows, fontsize=NOTE_SIZE)
    axes.tick_params(length=0)
    figure.colorbar(image, ax=axes, location="bottom", label=words, extend="both", shrink=0.8)


def _short(number):
    """A number as it fits into a cell: one place after the point, none from ten on."""
    return f"{round(number, 1) + 0.0:.1f}" if abs(number) < 9.95 else f"{number:.0f}"


def _bits(axes, ablation, rows):
    """Bits of each rule: alone in the prior, and beyond data and all other rules."""
    place = np.arange(len(rows))
    largest = 0.0
    for offset, (name, colour, words) in enumerate(
        (
            ("prior_bits", PRIOR, "alone, of the prior"),
            ("bits", "#009E73", "beyond data and other rules"),
        )
    ):
        values = ablation[name].values
        finite = np.where(np.isfinite(values), values, np.nan)
        axes.barh(place + 0.2 - 0.4 * offset, finite, 0.4, color=colour, label=words)
        largest = np.nanmax([largest, *finite])
        for row in np.flatnonzero(np.isinf(values)):
            axes.text(0, row, " none passed", va="center", fontsize=NOTE_SIZE)
    axes.set_yticks(place, rows, fontsize=NOTE_SIZE)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_xlabel(f"bits of the rule ({NO!r}: of all)")
    axes.legend(loc="best")

"""Drawn schematic of the two approaches (Fig. 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from pm_dalec.plots.style import APPROACHES, DOUBLE_WIDTH, MASK, STRATA, STRATUM_LABELS, style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

HEIGHT = 4.3  # inches; one unit of the drawing is one inch
ROW = {"data": 3.72, "mean": 2.84, "fit": 1.94, "pixel": 1.08, "domain": 0.3}
TALL = {"data": 0.46, "mean": 0.56, "fit": 0.46, "pixel": 0.56, "domain": 0.46}
WHOLE = 6.9
PAIRED = "strata added up by share,\ndraws paired at random"


def approaches_schematic() -> Figure:
    """Flow from observations to the domain's carbon budget, baseline beside stratified.

    Returns
    -------
    Figure
    """
    with style():
        figure, axes = plt.subplots(figsize=(DOUBLE_WIDTH, HEIGHT), layout="constrained")
        axes.set(xlim=(0, DOUBLE_WIDTH), ylim=(0, HEIGHT))
        axes.set_axis_off()
        _shared(axes)
        _baseline(axes, middle=1.55)
        _stratified(axes, centres=(3.55, 4.53, 5.51, 6.49))
    return figure


def _shared(axes):
    """Boxes that both approaches have in common."""
    _box(
        axes,
        0.5 * DOUBLE_WIDTH,
        "data",
        WHOLE,
        "products on their native grids: leaf area, biomass, soil carbon, tree-cover loss, fire\n"
        "land cover of each grid by mode; urban land and water masked",
        MASK,
    )
    _box(
        axes,
        0.5 * DOUBLE_WIDTH,
        "domain",
        WHOLE,
        "domain: pixels added up by area, rank by rank (their errors are correlated)\n"
        "median and intervals of GPP, respiration, harvest, living and dead carbon",
        MASK,
    )


def _baseline(axes, *, middle):
    colour = APPROACHES["baseline"]
    axes.text(middle, HEIGHT - 0.1, "baseline", color=colour, weight="bold", ha="center", va="top")
    _box(
        axes,
        middle,
        "mean",
        2.2,
        "one mean of all unmasked\ncells of the pixel",
        "white",
        edge=colour,
    )
    _box(
        axes,
        middle,
        "fit",
        2.2,
        "DALEC, 23 parameters,\none posterior a pixel",
        colour,
        text="white",
    )
    _box(axes, middle, "pixel", 2.2, "ensemble of the pixel", "white", edge=colour)
    for upper, lower in (("data", "mean"), ("mean", "fit"), ("fit", "pixel"), ("pixel", "domain")):
        _arrow(axes, upper, lower, colour, start=middle, end=middle)


def _stratified(axes, *, centres):
    colour = APPROACHES["stratified"]
    middle = sum(centres) / len(centres)
    axes.text(
        middle, HEIGHT - 0.1, "stratified", color=colour, weight="bold", ha="center", va="top"
    )
    for x, stratum in zip(centres, STRATA, strict=True):
        words = STRATUM_LABELS[stratum].replace(" ", "\n", 1)
        _box(axes, x, "mean", 0.88, f"mean of\n{words}", STRATA[stratum], alpha=0.55)
        _box(axes, x, "fit", 0.88, "DALEC, own\nposterior", colour, text="white")
        _arrow(axes, "data", "mean", colour, start=x, end=x)
        _arrow(axes, "mean", "fit", colour, start=x, end=x)
        _arrow(axes, "fit", "pixel", colour, start=x, end=middle + 0.45 * (x - middle))
    _box(axes, middle, "pixel", 2.6, f"ensemble of the pixel:\n{PAIRED}", "white", edge=colour)
    _arrow(axes, "pixel", "domain", colour, start=middle, end=middle)


def _box(axes, x, row, width, words, face, *, edge="black", text="black", alpha=1.0):
    height = TALL[row]
    axes.add_patch(
        FancyBboxPatch(
            (x - width / 2, ROW[row] - height / 2),
            width,
            height,
            facecolor=face,
            edgecolor=edge,
            lw=0.8,
            alpha=alpha,
            boxstyle="round,pad=0,rounding_size=0.06",
            zorder=3,
        )
    )
    axes.text(x, ROW[row], words, ha="center", va="center", color=text, fontsize=7, zorder=4)


def _arrow(axes, upper, lower, colour, *, start, end):
    """Arrow from the lower edge of one row to the upper edge of the next."""
    axes.add_patch(
        FancyArrowPatch(
            (start, ROW[upper] - TALL[upper] / 2),
            (end, ROW[lower] + TALL[lower] / 2),
            color=colour,
            lw=1,
            arrowstyle="-|>",
            mutation_scale=8,
            shrinkA=0,
            shrinkB=0.5,
            zorder=2,
        )
    )

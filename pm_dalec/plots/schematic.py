"""Drawn schematic of the two approaches (Fig. 3)."""

import matplotlib.pyplot as plt
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from pm_dalec.plots.style import (
    APPROACHES,
    DOUBLE_WIDTH,
    MASK,
    STRATA,
    STRATUM_LABELS,
    style,
)

HEIGHT = 4.3  # inches; one unit of the drawing is one inch
ROW = {"data": 3.72, "mean": 2.86, "fit": 1.86, "pixel": 0.98, "domain": 0.3}
BOX = 0.44
PAIRED = "strata added up by share,\ndraws paired at random"


def approaches_schematic():
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
    _box(axes, 0.5 * DOUBLE_WIDTH, ROW["data"], 5.0,
         "products on their native grids: leaf area, biomass, soil carbon, tree-cover loss, fire\n"
         "land cover of each grid by mode; urban land and water masked", MASK)  # fmt: skip
    _box(axes, 0.5 * DOUBLE_WIDTH, ROW["domain"], 5.0,
         "domain: pixels added up by area, rank by rank (errors correlated in space)\n"
         "median and intervals of GPP, respiration, harvest, living and dead carbon", MASK)  # fmt: skip


def _baseline(axes, *, middle):
    colour = APPROACHES["baseline"]
    axes.text(middle, HEIGHT - 0.1, "baseline", color=colour, weight="bold", ha="center", va="top")
    _box(axes, middle, ROW["mean"], 2.2, "one mean of all unmasked\ncells of the pixel", "white",
         edge=colour)  # fmt: skip
    _box(axes, middle, ROW["fit"], 2.2, "DALEC, 23 parameters,\none posterior a pixel", colour,
         text="white")  # fmt: skip
    _box(axes, middle, ROW["pixel"], 2.2, "ensemble of the pixel", "white", edge=colour)
    for upper, lower in (("data", "mean"), ("mean", "fit"), ("fit", "pixel"), ("pixel", "domain")):
        _arrow(axes, (middle, ROW[upper]), (middle, ROW[lower]), colour)


def _stratified(axes, *, centres):
    colour = APPROACHES["stratified"]
    middle = sum(centres) / len(centres)
    axes.text(middle, HEIGHT - 0.1, "stratified", color=colour, weight="bold", ha="center",
              va="top")  # fmt: skip
    for x, stratum in zip(centres, STRATA, strict=True):
        words = STRATUM_LABELS[stratum].replace(" ", "\n", 1)
        _box(axes, x, ROW["mean"], 0.88, f"mean of\n{words}", STRATA[stratum], alpha=0.55)
        _box(axes, x, ROW["fit"], 0.88, "DALEC, own\nposterior", colour, text="white")
        _arrow(axes, (x, ROW["data"]), (x, ROW["mean"]), colour)
        _arrow(axes, (x, ROW["mean"]), (x, ROW["fit"]), colour)
        _arrow(axes, (x, ROW["fit"]), (middle + 0.45 * (x - middle), ROW["pixel"]), colour)
    _box(axes, middle, ROW["pixel"], 2.6, f"ensemble of the pixel:\n{PAIRED}", "white", edge=colour)
    _arrow(axes, (middle, ROW["pixel"]), (middle, ROW["domain"]), colour)


def _box(axes, x, y, width, words, face, *, edge="black", text="black", alpha=1.0):
    lines = words.count("\n") + 1
    height = max(BOX, 0.135 * lines + 0.14)
    axes.add_patch(
        FancyBboxPatch(
            (x - width / 2, y - height / 2),
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
    axes.text(x, y, words, ha="center", va="center", color=text, fontsize=7, zorder=4)


def _arrow(axes, start, end, colour):
    """Arrow between the edges of two boxes, drawn from centre to centre behind them."""
    reach = BOX / 2 + 0.03
    axes.add_patch(
        FancyArrowPatch(
            (start[0], start[1] - reach),
            (end[0], end[1] + reach + 0.02),
            color=colour,
            lw=1,
            arrowstyle="-|>",
            mutation_scale=8,
            shrinkA=0,
            shrinkB=0,
            zorder=2,
        )
    )

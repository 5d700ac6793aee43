"""Maps of the convergence of every unit of a region, baseline and strata side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from pm_dalec.plots.mapping import common_extent, dress, map_extent, on_map
from pm_dalec.plots.style import BASELINE, DOUBLE_WIDTH, MASK, STRATIFIED, letter, style

if TYPE_CHECKING:
    from collections.abc import Mapping

    import xarray as xr
    from matplotlib.figure import Figure

# Dark is poor in every column: a large R-hat, a small sample, few accepted proposals
COLUMNS = {
    "worst_rhat": ("worst rank $\\hat{R}$ of a parameter", "viridis_r"),
    "least_ess_bulk": ("least bulk ESS of a parameter (draws)", "viridis"),
    "acceptance": ("acceptance (%)", "viridis"),
}
PERCENT = {"acceptance": 100}
MARK = {
    "linestyle": "",
    "markerfacecolor": "white",
    "markeredgecolor": "black",
    "markeredgewidth": 0.6,
}
ABOVE, UNSTARTED = MARK | {"marker": "X"}, MARK | {"marker": "o"}
SIDES, BELOW = 0.9, 0.9  # inches that tick labels, and colour bars and the legend, take
UNSTARTED_STATUSES = ("no start", "searching")
MIDDLE = 0.96  # share of the units whose values the colours tell apart


def convergence_maps(units: Mapping[str, xr.Dataset], *, rhat_limit: float) -> Figure:
    """One row the baseline or a stratum, one column a statistic.

    Parameters
    ----------
    units : mapping of str to Dataset
        By "baseline" or stratum: ``worst_rhat``, ``least_ess_bulk``, ``acceptance`` [1] and ``status``
        with dims (pixel), ``lat`` and ``lon``; ``resolution`` [degree] in the attributes.
    rhat_limit : float
        Units at or above it are marked.

    Returns
    -------
    Figure
    """
    first = next(iter(units.values()))
    resolution = first.attrs["resolution"]
    extent = common_extent({resolution: first})
    west, east, south, north = extent
    share = (north - south) / ((east - west) * np.cos(np.deg2rad(0.5 * (south + north))))
    width = (DOUBLE_WIDTH - SIDES) / len(COLUMNS)
    size = np.clip(0.5 * 72 * width * resolution / (east - west), 2, 6)
    with style():
        figure, panels = plt.subplots(
            len(units),
            len(COLUMNS),
            layout="constrained",
            squeeze=False,
            sharex=True,
            sharey=True,
            figsize=(DOUBLE_WIDTH, len(units) * (width * share + 0.22) + BELOW),
        )
        for column, name in zip(panels.T, COLUMNS, strict=True):
            _column(column, units, name, rhat_limit)
            for axes, part in zip(column, units.values(), strict=True):
                _mark(axes, part, rhat_limit if name == "worst_rhat" else np.inf, size)
                axes.set(xlim=extent[:2], ylim=extent[2:])
        _headings(panels, units)
        handles = _handles(units, rhat_limit)
        figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))
        # Tick labels take their size when first laid out: do it inside the style
        figure.draw_without_rendering()
    return figure


def _column(column, units, name, rhat_limit):
    """Maps of one statistic with their colour bar."""
    words, colours = COLUMNS[name]
    values = [PERCENT.get(name, 1) * part[name] for part in units.values()]
    low, high, extend = _limits(np.concatenate([one.to_numpy() for one in values]))
    if name == "worst_rhat":
        low, high = 1.0, max(high, rhat_limit + 0.2 * (rhat_limit - 1))
        extend = "max" if any((one > high).any() for one in values) else "neither"
    for axes, one, part in zip(column, values, units.values(), strict=True):
        grid = on_map(one, part.attrs["resolution"])
        axes.set_facecolor(MASK)
        image = axes.imshow(
            grid.transpose("lat", "lon"),
            origin="lower",
            cmap=colours,
            vmin=low,
            vmax=high,
            extent=map_extent(grid, part.attrs["resolution"]),
        )
        dress(axes, grid)
    bar = column[0].figure.colorbar(
        image,
        ax=list(column),
        location="bottom",
        label=words,
        extend=extend,
        aspect=22,
        shrink=0.9,
        fraction=0.2 / len(column),
        pad=0.03,
    )
    bar.locator = MaxNLocator(5, steps=[1, 2, 2.5, 5, 10])
    if name == "worst_rhat":
        bar.ax.axvline(rhat_limit, color="black", lw=1.5)


def _limits(values):
    """Ends of a colour scale, and on which sides values lie beyond them."""
    values = values[np.isfinite(values)]
    if not values.size:
        return 0.0, 1.0, "neither"
    low, high = np.quantile(values, [(1 - MIDDLE) / 2, (1 + MIDDLE) / 2])
    if np.isclose(low, high):
        return 0.95 * low, 1.05 * high + (high == 0), "neither"
    beyond = (values.min() < low, values.max() > high)
    names = {(True, True): "both", (True, False): "min", (False, True): "max"}
    return low, high, names.get(beyond, "neither")


def _mark(axes, part, limit, size):
    """Marks on units at or above the limit and on units without a start."""
    above = part["worst_rhat"].to_numpy() >= limit
    unstarted = part["status"].isin(UNSTARTED_STATUSES).to_numpy()
    for chosen, mark in ((above, ABOVE), (unstarted, UNSTARTED)):
        if chosen.any():
            axes.plot(part["lon"][chosen], part["lat"][chosen], markersize=size, **mark)


def _handles(units, rhat_limit):
    resolution = next(iter(units.values())).attrs["resolution"]
    handles = [
        Line2D([], [], linestyle="", label=f"pixels of {resolution:.2f}°"),
        Line2D([], [], markersize=5, label=f"$\\hat{{R}}$ of {rhat_limit:g} or above", **ABOVE),
        Patch(facecolor=MASK, label="masked, or no land of this kind"),
    ]
    if any(part["status"].isin(UNSTARTED_STATUSES).any() for part in units.values()):
        handles.insert(2, Line2D([], [], markersize=5, label="no feasible start", **UNSTARTED))
    return handles


def _headings(panels, units):
    for number, axes in enumerate(panels.flat):
        letter(axes, number)
    for axes, group in zip(panels[:, 0], units, strict=True):
        colour = BASELINE if group == "baseline" else STRATIFIED
        axes.set_ylabel(group, color=colour, fontweight="bold")

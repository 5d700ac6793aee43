"""Distributions: ensembles of the domain (Fig. 7), and traits of strata (Figs. 8, A6-A8)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from pm_dalec.plots.style import (
    APPROACHES,
    BASELINE,
    DOUBLE_WIDTH,
    FEWEST,
    RESOLUTIONS,
    STRATA,
    STRATUM_LABELS,
    label,
    letter,
    style,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import xarray as xr
    from matplotlib.figure import Figure

GROUP_WIDTH = 0.84


def domain_densities_figure(
    densities: Mapping[str, Mapping[str, xr.DataArray]], *, resolution: float, count: int
) -> Figure:
    """Ensembles of the domain, baseline and stratified (Figure 7).

    Parameters
    ----------
    densities : mapping of str to mapping of str to DataArray
        By quantity and approach, dims (value), the median in the attributes.
    resolution : float
        [degree].
    count : int
        Number of pixels.

    Returns
    -------
    Figure
    """
    columns = 3
    rows = -(-(len(densities) + 1) // columns)
    with style():
        figure, panels = plt.subplots(
            rows, columns, figsize=(DOUBLE_WIDTH, 1.75 * rows), layout="constrained"
        )
        for number, (name, curves) in enumerate(densities.items()):
            axes = panels.flat[number]
            for approach, curve in curves.items():
                colour = APPROACHES[approach]
                axes.fill_between(curve["value"], curve, color=colour, alpha=0.3, lw=0)
                axes.plot(curve["value"], curve, color=colour)
                height = np.interp(curve.attrs["median"], curve["value"], curve)
                axes.vlines(curve.attrs["median"], 0, height, color=colour, ls="--", lw=1)
            letter(axes, number)
            axes.set_xlabel(label(name))
            axes.xaxis.set_major_locator(MaxNLocator(4))
            axes.set_yticks([])
            axes.set_ylim(bottom=0)
            if number % columns == 0:
                axes.set_ylabel("density")
        for axes in panels.flat[len(densities) :]:
            axes.set_axis_off()
        handles = [Patch(facecolor=c, alpha=0.5, label=a) for a, c in APPROACHES.items()]
        handles.append(Line2D([], [], color="black", ls="--", lw=1, label="median"))
        pixels = f"{count} pixel{'s' if count != 1 else ''}"
        panels.flat[len(densities)].legend(
            handles=handles, loc="center", title=f"domain at {resolution:.2f}° ({pixels})"
        )
    return figure


def trait_violins(
    distributions: Mapping[tuple[str, str, float], xr.DataArray],
    names: Sequence[str],
    *,
    columns: int = 2,
) -> Figure:
    """Violins of unit medians by stratum and resolution, weighted by area (Figures 8, A6-A8).

    Parameters
    ----------
    distributions : mapping of tuple to DataArray
        By (name, group, resolution [degree]); see `trait_distributions`.
    names : sequence of str
        One panel each.
    columns : int

    Returns
    -------
    Figure
    """
    groups = ["baseline", *STRATA]
    resolutions = sorted({resolution for _, _, resolution in distributions}, reverse=True)
    rows = -(-len(names) // columns)
    with style():
        figure, panels = plt.subplots(
            rows,
            columns,
            figsize=(DOUBLE_WIDTH, 1.9 * rows + 0.4),
            layout="constrained",
            squeeze=False,
        )
        for number, name in enumerate(names):
            axes = panels.flat[number]
            for place, group in enumerate(groups):
                for step, resolution in enumerate(resolutions):
                    curve = distributions.get((name, group, resolution))
                    if curve is not None:
                        _violin(axes, curve, place, step, resolutions)
            letter(axes, number)
            axes.set_ylabel(label(name))
            axes.set_xticks(range(len(groups)), ["baseline", *_short(STRATA)])
            axes.get_xticklabels()[0].set_color(BASELINE)
            axes.axvline(0.5, color="black", lw=0.5)
            axes.set_ylim(bottom=max(0.0, axes.get_ylim()[0]))
        for axes in panels.flat[len(names) :]:
            axes.set_axis_off()
        handles = [Patch(facecolor=RESOLUTIONS[r], label=f"{r:.2f}°") for r in resolutions]
        handles.append(Line2D([], [], color="black", lw=1, label="area-weighted median"))
        figure.legend(handles=handles, ncols=len(handles), loc="outside lower center")
    return figure


def _short(strata):
    """First word of each stratum's label, which is enough under a violin."""
    return [STRATUM_LABELS[name].split()[0].removesuffix("ous") for name in strata]


def _violin(axes, curve, place, step, resolutions):
    """One half-opaque violin, or the units themselves where there are few."""
    width = GROUP_WIDTH / len(resolutions)
    middle = place + (step - (len(resolutions) - 1) / 2) * width
    colour = RESOLUTIONS[resolutions[step]]
    if curve.attrs["count"] < FEWEST or float(curve.max()) == 0:
        values = np.asarray(curve.attrs["values"])
        axes.plot(
            np.full(values.size, middle), values, "o", ms=2.2, mec="black", mew=0.3, color=colour
        )
    else:
        half = 0.46 * width * curve / curve.max()
        axes.fill_betweenx(curve["value"], middle - half, middle + half, color=colour, lw=0)
    axes.hlines(
        curve.attrs["median"], middle - 0.4 * width, middle + 0.4 * width, color="black", lw=1
    )

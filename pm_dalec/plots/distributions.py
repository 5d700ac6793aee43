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
PLACES = "#009E73"


def domain_densities_figure(
    densities: Mapping[str, Mapping[str, xr.DataArray]], *, resolution: float, count: int
) -> Figure:
    """Ensembles of the domain, baseline and stratified (Figure 7).

    Parameters
    ----------
    densities : mapping of str to mapping of str to DataArray
        By quantity and approach, dims (value), the median in the attributes. What is no approach is drawn
        as an outline.
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
                if approach not in APPROACHES:
                    axes.plot(curve["value"], curve, color="black", lw=1, ls=":")
                    continue
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
        others = {name for curves in densities.values() for name in curves} - set(APPROACHES)
        handles += [
            Line2D([], [], color="black", ls=":", lw=1, label=name) for name in sorted(others)
        ]
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


def spread_figure(spreads: Mapping[str, xr.Dataset], *, resolution: float) -> Figure:
    """Spread between places beside the uncertainty of one place: Figure 8 in another form.

    Parameters
    ----------
    spreads : mapping of str to Dataset
        By quantity, dims (group): ``median``, ``between_low``, ``between_high`` of the medians of units,
        ``within_low``, ``within_high`` of a typical posterior.
    resolution : float
        [degree].

    Returns
    -------
    Figure
    """
    kinds = {"between": (PLACES, 4.0, -0.16), "within": ("black", 1.2, 0.16)}
    columns = 2
    rows = -(-len(spreads) // columns)
    with style():
        figure, panels = plt.subplots(
            rows,
            columns,
            squeeze=False,
            layout="constrained",
            figsize=(DOUBLE_WIDTH, 1.7 * rows + 0.5),
        )
        for number, (name, found) in enumerate(spreads.items()):
            axes = panels.flat[number]
            groups = [str(group) for group in found["group"].values]
            for kind, (colour, width, shift) in kinds.items():
                places = np.arange(len(groups)) + shift
                axes.vlines(
                    places, found[f"{kind}_low"], found[f"{kind}_high"], color=colour, lw=width
                )
                axes.plot(places, found["median"], "_", color=colour, ms=7)
            axes.set_xticks(range(len(groups)), ["baseline", *_short(groups[1:])])
            axes.set_ylabel(label(name))
            axes.set_ylim(bottom=0)
            letter(axes, number)
        for axes in panels.flat[len(spreads) :]:
            axes.set_axis_off()
        words = ("medians of pixels, 5 to 95 %", "posterior of a typical pixel, 5 to 95 %")
        handles = [
            Line2D([], [], color=colour, lw=width, label=text)
            for (colour, width, _), text in zip(kinds.values(), words, strict=True)
        ]
        figure.legend(
            handles=handles, ncols=2, loc="outside lower center", title=f"at {resolution:.2f}°"
        )
    return figure

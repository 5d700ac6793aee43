"""Futures: living carbon to 2100 (Fig. 9), its change on a map, who is to blame for the spread, harvest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import CenteredNorm
from matplotlib.lines import Line2D

from pm_dalec.plots.mapping import dress, map_extent, map_shape, on_map
from pm_dalec.plots.style import (
    APPROACHES,
    BANDS,
    DOUBLE_WIDTH,
    MASK,
    PRETTY_UNITS,
    PRIOR,
    STRATA,
    STRATUM_LABELS,
    letter,
    style,
)
from pm_dalec.plots.timeseries import band_handles
from pm_dalec.tables import dims

if TYPE_CHECKING:
    from collections.abc import Mapping

    import xarray as xr
    from matplotlib.figure import Figure

YEAR = "year"
CALIBRATION = "#EFEFEF"
# Okabe and Ito, in the order of the effects; interactions are grey
EFFECTS = ("#0072B2", "#D55E00", "#009E73", "#E69F00", "#56B4E9", "#CC79A7", "#F0E442")
DASHES = ("-", "--", ":", "-.")


def _label(values):
    """Symbol and unit of an array, from its attributes."""
    units = values.attrs.get("units", "1")
    return f"{values.attrs.get('symbol', values.name)} ({PRETTY_UNITS.get(units, units)})"


def _bands(axes, quantiles, colour, *, zorder=2):
    """Bands of 95, 90 and 50 % and the median of yearly quantiles (quantile, year)."""
    for probability, opacity in BANDS:
        low, high = (
            quantiles.sel(quantile=(1 + side * probability) / 2, method="nearest")
            for side in (-1, 1)
        )
        years = quantiles[YEAR].values
        axes.fill_between(years, low, high, color=colour, alpha=opacity, lw=0, zorder=zorder)
    _middle(axes, quantiles, colour, zorder=zorder + 2)


def _middle(axes, quantiles, colour, *, ls="-", zorder=5):
    middle = quantiles.sel(quantile=0.5, method="nearest")
    axes.plot(middle[YEAR].values, middle, color=colour, lw=1.1, ls=ls, zorder=zorder)


def forecast_figure(
    domains: Mapping[str, xr.DataArray],
    strata: xr.DataArray,
    *,
    calibrated: int,
    others: Mapping[str, tuple[xr.DataArray, xr.DataArray]] | None = None,
) -> Figure:
    """Living carbon of the domain and of the strata, with bands (Figure 9).

    Parameters
    ----------
    domains : mapping of str to DataArray
        By approach: dims (quantile, year).
    strata : DataArray
        (quantile, year, stratum).
    calibrated : int
        Last year of the calibration.
    others : mapping of str to tuple of DataArray, optional
        Medians that are drawn beside them: stratified domain and strata under another scenario or
        management, by its words.

    Returns
    -------
    Figure
    """
    names = [str(name) for name in strata[dims.STRATUM].values]
    others = others or {}
    with style():
        figure, panels = plt.subplots(
            2, 3, sharex=True, layout="constrained", figsize=(DOUBLE_WIDTH, 4.6)
        )
        whole, overview, *each = panels.flat
        for approach, quantiles in domains.items():
            _bands(whole, quantiles, APPROACHES[approach])
            _middle(overview, quantiles, APPROACHES[approach])
        whole.set_title("domain")
        overview.set_title("medians")
        for axes, name in zip(each, names, strict=False):
            one = strata.sel({dims.STRATUM: name})
            _bands(axes, one, STRATA[name])
            _middle(overview, one, STRATA[name])
            _named(overview, one, name)
            axes.set_title(STRATUM_LABELS[name])
            for dash, (_, by_stratum) in zip(DASHES[1:], others.values(), strict=False):
                _middle(axes, by_stratum.sel({dims.STRATUM: name}), "black", ls=dash)
        for dash, (domain, _) in zip(DASHES[1:], others.values(), strict=False):
            _middle(whole, domain, "black", ls=dash)
        for number, axes in enumerate(panels.flat):
            letter(axes, number)
            axes.axvspan(float(strata[YEAR].min()), calibrated, color=CALIBRATION, lw=0, zorder=0)
            axes.margins(x=0.01)
            axes.set_ylim(bottom=0)
        for row in panels:
            row[0].set_ylabel(_label(strata))
        figure.legend(
            handles=_handles(domains, others), ncols=4, loc="outside lower center", fontsize=7
        )
    return figure


def _named(axes, quantiles, name):
    """Name of a stratum beside the end of its line."""
    middle = quantiles.sel(quantile=0.5, method="nearest")
    axes.annotate(
        name,
        (float(middle[YEAR][-1]), float(middle[-1])),
        xytext=(3, 0),
        textcoords="offset points",
        va="center",
        annotation_clip=False,
    )


def _handles(domains, others):
    """Legend of Figure 9; a band says its probability, and of what."""
    handles = [
        Line2D([], [], color=APPROACHES[name], lw=1.5, label=f"{name} domain") for name in domains
    ]
    handles += [
        Line2D([], [], color="black", lw=1.1, ls=dash, label=words)
        for dash, words in zip(DASHES[1:], others, strict=False)
    ]
    handles.append(Line2D([], [], color=CALIBRATION, lw=6, label="calibration"))
    bands = band_handles(PRIOR, "")[1:]
    for band in bands:
        band.set_label(f"{band.get_label()} of the draws")
    return [*handles, *bands]


def change_maps(changes: Mapping[str, xr.DataArray], *, resolution: float, words: str) -> Figure:
    """Maps of a change by approach, on one scale centred on zero.

    Parameters
    ----------
    changes : mapping of str to DataArray
        By approach, and ``stratified - baseline``: dims (pixel), with ``lat`` and ``lon``.
    resolution : float
        [degree].
    words : str
        What has changed and when, for the label.

    Returns
    -------
    Figure
    """
    limit = max(float(np.nanmax(np.abs(values))) for values in changes.values())
    grids = {name: on_map(values, resolution) for name, values in changes.items()}
    shape = max(map_shape(grid, resolution) for grid in grids.values())
    height = 0.95 * DOUBLE_WIDTH / len(changes) * shape
    with style():
        figure, panels = plt.subplots(
            1, len(changes), layout="constrained", figsize=(DOUBLE_WIDTH, height + 1.0)
        )
        for number, (axes, (name, grid)) in enumerate(
            zip(np.atleast_1d(panels), grids.items(), strict=True)
        ):
            axes.set_facecolor(MASK)
            image = axes.imshow(
                grid.transpose("lat", "lon").to_numpy(),
                origin="lower",
                extent=map_extent(grid, resolution),
                cmap="BrBG",
                norm=CenteredNorm(0, halfrange=limit),
                aspect="auto",
            )
            dress(axes, grid)
            letter(axes, number)
            axes.set_title(name, color=APPROACHES.get(name, "black"), fontweight="bold")
        units = PRETTY_UNITS["g m-2"]
        figure.colorbar(image, ax=panels, location="bottom", shrink=0.6, label=f"{words} ({units})")
    return figure


def blame_figure(fractions: xr.DataArray, variance: xr.DataArray) -> Figure:
    """Who is to blame for the spread: shares of the variance by year, and its square root.

    Parameters
    ----------
    fractions, variance : DataArray
        (effect, year), as from `partition`; interactions are drawn together.

    Returns
    -------
    Figure
    """
    effects = [str(name) for name in fractions["effect"].values]
    alone = [name for name in effects if " x " not in name]
    mixed = fractions.sel(effect=[name for name in effects if " x " in name]).sum("effect")
    with style():
        figure, (upper, lower) = plt.subplots(
            1, 2, layout="constrained", figsize=(DOUBLE_WIDTH, 3.0)
        )
        upper.stackplot(
            fractions[YEAR].values,
            [*(100 * fractions.sel(effect=name) for name in alone), 100 * mixed],
            labels=[*alone, "interactions"],
            colors=[*EFFECTS[: len(alone)], PRIOR],
            lw=0,
        )
        upper.set_ylim(0, 100)
        upper.set_ylabel("share of the variance (%)")
        for name, colour in zip(alone, EFFECTS, strict=False):
            spread = np.sqrt(variance.sel(effect=name))
            lower.plot(spread[YEAR].values, spread, color=colour)
        total = np.sqrt(variance.sum("effect"))
        lower.plot(total[YEAR].values, total, color="black", lw=1.4, label="all")
        lower.set_ylabel("standard deviation (gC m$^{-2}$)")
        lower.set_ylim(bottom=0)
        lower.legend(loc="upper left")
        for number, axes in enumerate((upper, lower)):
            letter(axes, number)
            axes.margins(x=0)
        figure.legend(
            *upper.get_legend_handles_labels(), ncols=4, loc="outside lower center", fontsize=7
        )
    return figure


def management_figure(live: xr.DataArray, harvest: xr.DataArray, *, calibrated: int) -> Figure:
    """Change of living carbon of the strata and harvest of the domain under every management.

    Parameters
    ----------
    live : DataArray
        Medians (management, year, stratum).
    harvest : DataArray
        Quantiles (management, quantile, year) of the domain.
    calibrated : int
        Last year of the calibration.

    Returns
    -------
    Figure
    """
    kinds = [str(name) for name in live["management"].values]
    with style():
        figure, (left, right) = plt.subplots(
            1, 2, layout="constrained", figsize=(DOUBLE_WIDTH, 3.2)
        )
        for number, kind in enumerate(kinds):
            dash = DASHES[number % len(DASHES)]
            for name in map(str, live[dims.STRATUM].values):
                one = live.sel({"management": kind, dims.STRATUM: name})
                left.plot(one[YEAR].values, one, color=STRATA[name], ls=dash)
            _middle(right, harvest.sel(management=kind), "black", ls=dash)
        left.set_ylabel(_label(live))
        right.set_ylabel(_label(harvest))
        left.axhline(0, color=PRIOR, lw=0.6, zorder=0)
        for number, axes in enumerate((left, right)):
            letter(axes, number)
            axes.axvspan(float(live[YEAR].min()), calibrated, color=CALIBRATION, lw=0, zorder=0)
            axes.margins(x=0.01)
        handles = [
            Line2D([], [], color="black", ls=DASHES[n % len(DASHES)], label=f"management: {kind}")
            for n, kind in enumerate(kinds)
        ]
        handles += [
            Line2D([], [], color=STRATA[name], label=STRATUM_LABELS[name])
            for name in map(str, live[dims.STRATUM].values)
        ]
        figure.legend(handles=handles, ncols=4, loc="outside lower center", fontsize=7)
    return figure


def gain_figure(gains: Mapping[str, xr.DataArray], *, year: int) -> Figure:
    """Gain of living carbon of domain and strata under several futures, with intervals.

    Parameters
    ----------
    gains : mapping of str to DataArray
        By the words of a future: quantiles of 5, 50 and 95 % of the draws, dims (quantile, group).
    year : int
        By which it is gained.

    Returns
    -------
    Figure
    """
    colours = (PRIOR, *EFFECTS)
    with style():
        figure, axes = plt.subplots(layout="constrained", figsize=(DOUBLE_WIDTH, 3.2))
        axes.axvline(0, color="black", lw=0.6)
        for number, (words, found) in enumerate(gains.items()):
            low, middle, high = found.transpose("quantile", "group").values
            places = np.arange(middle.size) + 0.24 * (number - (len(gains) - 1) / 2)
            axes.errorbar(
                middle,
                places,
                xerr=(middle - low, high - middle),
                fmt="o",
                color=colours[number],
                capsize=2,
                label=words,
            )
        groups = [str(name) for name in found["group"].values]
        axes.set_yticks(range(len(groups)), [STRATUM_LABELS.get(name, name) for name in groups])
        axes.invert_yaxis()
        axes.set_xlabel(f"{_label(found)} by {year}, median and 5 to 95 % of the draws")
        figure.legend(ncols=len(gains), loc="outside lower center")
    return figure

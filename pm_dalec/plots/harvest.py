"""Harvest: its ratio by resolution (Fig. 5), and what it does to living carbon (Fig. 6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import TwoSlopeNorm
from matplotlib.ticker import FixedFormatter, FixedLocator, NullLocator

from pm_dalec.plots.mapping import dress, map_extent, on_map
from pm_dalec.plots.style import (
    APPROACHES,
    BASELINE,
    DOUBLE_WIDTH,
    MASK,
    PRIOR,
    SINGLE_WIDTH,
    STRATIFIED,
    label,
    letter,
    style,
    unit,
)

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure


def harvest_ratio_figure(ratios: xr.Dataset, *, version: str) -> Figure:
    """Stratified over baseline harvest by resolution (Figure 5).

    Parameters
    ----------
    ratios : Dataset
        Dims (resolution): ``ratio``, ``theory``, ``paper`` [1].
    version : str
        Version of the paper that ``paper`` is from.

    Returns
    -------
    Figure
    """
    with style():
        figure, axes = plt.subplots(figsize=(SINGLE_WIDTH, 3.3), layout="constrained")
        width = ratios["resolution"].values
        axes.axhline(1, color=BASELINE, lw=1, ls="--", label="no difference")
        axes.plot(width, ratios["theory"], color=PRIOR, lw=1, label="theory (eqs. 5 and 12)")
        axes.plot(
            width, ratios["paper"], "s", mfc="white", mec="black", ms=5, label=f"paper, {version}"
        )
        axes.plot(width, ratios["ratio"], "o", color=STRATIFIED, ms=4.5, label="this experiment")
        axes.set_xscale("log")
        axes.invert_xaxis()
        axes.xaxis.set_major_locator(FixedLocator(width))
        axes.xaxis.set_major_formatter(FixedFormatter([f"{w:.2f}°" for w in width]))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.set_xlabel("resolution, coarse to fine")
        axes.set_ylabel("harvest, stratified / baseline")
        low, high = axes.get_ylim()
        axes.set_ylim(min(0.8, low), high + 0.1 * (high - low))
        figure.legend(ncols=2, loc="outside lower center")
    return figure


def harvest_interval_figure(ratios: xr.Dataset) -> Figure:
    """Stratified over baseline harvest by resolution with its interval, beside theory: Figure 5 in another form.

    Parameters
    ----------
    ratios : Dataset
        Dims (resolution): ``low``, ``median``, ``high``, ``theory`` [1]; ``probability`` of the interval
        in the attributes.

    Returns
    -------
    Figure
        On a logarithmic axis, on which twice and half are equally far from one.
    """
    with style():
        figure, axes = plt.subplots(figsize=(SINGLE_WIDTH, 3.0), layout="constrained")
        places = np.arange(ratios.sizes["resolution"])
        middle = ratios["median"].values
        reach = (middle - ratios["low"].values, ratios["high"].values - middle)
        words = f"median, {ratios.attrs['probability']:.0%} interval"
        axes.axhline(1, color=BASELINE, lw=1, ls="--", label="no difference")
        axes.errorbar(places, middle, reach, fmt="o", color=STRATIFIED, capsize=3, label=words)
        axes.plot(places, ratios["theory"], "_", color="black", ms=18, label="theory")
        axes.set_yscale("log")
        ticks = [tick for tick in (0.25, 0.5, 1, 2, 4, 8) if axes.get_ylim()[0] <= tick]
        axes.yaxis.set_major_locator(FixedLocator(ticks))
        axes.yaxis.set_major_formatter(FixedFormatter([f"{tick:g}" for tick in ticks]))
        axes.yaxis.set_minor_locator(NullLocator())
        axes.set_xticks(places, [f"{width:.2f}°" for width in ratios["resolution"].values])
        axes.set_xlim(-0.5, places.size - 0.5)
        axes.set_xlabel("resolution, coarse to fine")
        axes.set_ylabel("harvest, stratified / baseline")
        figure.legend(ncols=2, loc="outside lower center")
    return figure


def live_change_figure(maps: xr.Dataset, curve: xr.DataArray) -> Figure:
    """Maps of the change of living carbon, and what explains their difference (Figure 6).

    Parameters
    ----------
    maps : Dataset
        Dims (pixel), see `live_change_maps`.
    curve : DataArray
        Theory of the harvest ratio over ``conifer``.

    Returns
    -------
    Figure
    """
    with style():
        figure = plt.figure(figsize=(DOUBLE_WIDTH, 4.6), layout="constrained")
        left, right = figure.subfigures(1, 2, width_ratios=(1.12, 1))
        panels = left.subplots(2, 1, sharex=True)
        limit = _symmetric_limit(maps)
        for number, (axes, approach) in enumerate(zip(panels, APPROACHES, strict=True)):
            image = _map(axes, maps[approach], maps.attrs["resolution"], limit)
            letter(axes, number)
            axes.set_title(approach, color=APPROACHES[approach], fontweight="bold")
        left.colorbar(
            image,
            ax=panels,
            location="bottom",
            shrink=0.9,
            aspect=35,
            extend="both",
            label=f"{label('change_live')}, medians at {maps.attrs['resolution']:.2f}° "
            "(grey: masked or not calibrated)",
        )
        upper, lower = right.subplots(2, 1)
        _differences(upper, maps)
        _ratios(lower, maps, curve)
        for number, axes in enumerate((upper, lower), start=2):
            letter(axes, number)
    return figure


def _symmetric_limit(maps):
    both = np.abs(np.concatenate([maps[name].values for name in APPROACHES]))
    return float(np.nanquantile(both, 0.98)) or 1.0


def _map(axes, values, resolution, limit):
    grid = on_map(values, resolution)
    axes.set_facecolor(MASK)
    image = axes.imshow(
        grid.transpose("lat", "lon"),
        origin="lower",
        extent=map_extent(grid, resolution),
        cmap="BrBG",
        norm=TwoSlopeNorm(0.0, -limit, limit),
    )
    dress(axes, grid)
    return image


def _differences(axes, maps):
    axes.axhline(0, color=PRIOR, lw=0.5)
    axes.axvline(0, color=PRIOR, lw=0.5)
    axes.scatter(
        maps["harvest_difference"], maps["live_difference"], s=6, color="black", alpha=0.5, lw=0
    )
    reach = np.array([0.0, float(maps["harvest_difference"].max())])
    axes.plot(
        reach,
        -maps.attrs["days"] * reach,
        color=STRATIFIED,
        lw=1,
        label=f"$-${maps.attrs['days']:.0f} d $\\times$ difference of harvest",
    )
    axes.set_title(f"$R^2$ = {maps.attrs['explained']:.2f}", loc="right")
    axes.set_xlabel(f"harvest, stratified $-$ baseline ({unit('harvest')})")
    axes.set_ylabel(f"$\\Delta C_{{bio}}$, stratified $-$\nbaseline ({unit('change_live')})")
    low, high = axes.get_ylim()
    axes.set_ylim(low, high + 0.25 * (high - low))
    axes.legend(loc="upper right")


def _ratios(axes, maps, curve):
    axes.axhline(1, color=BASELINE, lw=1, ls="--")
    axes.scatter(maps["conifer"], maps["harvest_ratio"], s=6, color="black", alpha=0.5, lw=0)
    beta = maps.attrs["stock_ratio"]
    axes.plot(
        curve["conifer"],
        curve,
        color=STRATIFIED,
        lw=1,
        label=f"theory (eq. 6, $\\beta$ = {beta:.2f})",
    )
    axes.set_xlim(-0.02, 1.02)
    axes.set_xlabel("share of conifer in the pixel")
    axes.set_ylabel("harvest,\nstratified / baseline")
    axes.legend(loc="upper right")

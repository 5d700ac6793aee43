"""Series: medians by resolution (Fig. 4), bands (A5), against observations (A2, A3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
from matplotlib.dates import DateFormatter, YearLocator
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from pm_dalec.plots.style import (
    APPROACHES,
    BANDS,
    BASELINE,
    DOUBLE_WIDTH,
    OBSERVATIONS,
    PRIOR,
    RESOLUTIONS,
    STRATIFIED,
    STRATUM_LABELS,
    label,
    letter,
    style,
)
from pm_dalec.tables import dims

if TYPE_CHECKING:
    from collections.abc import Mapping

    import xarray as xr
    from matplotlib.figure import Figure

SHOWN = ("gpp", "reco", "change_live", "change_dead")
MARGIN = 0.01


def series_by_resolution(
    medians: Mapping[tuple[str, float], xr.Dataset], counts: Mapping[float, int]
) -> Figure:
    """Median series of both approaches, one colour a resolution (Figure 4).

    Parameters
    ----------
    medians : mapping of tuple to Dataset
        By (approach, resolution [degree]): `SHOWN` with dims (time).
    counts : mapping of float to int
        Number of pixels of each resolution, for the legend.

    Returns
    -------
    Figure
    """
    with style():
        figure, panels = _grid(1.35)
        for (approach, resolution), series in medians.items():
            column = panels[:, list(APPROACHES).index(approach)]
            for axes, name in zip(column, SHOWN, strict=True):
                axes.plot(
                    series[dims.TIME],
                    series[name],
                    color=RESOLUTIONS[resolution],
                    lw=0.9,
                    zorder=2 + resolution,
                )
        handles = [
            Line2D([], [], color=RESOLUTIONS[r], lw=1.5, label=resolution_label(r, count))
            for r, count in counts.items()
        ]
        figure.legend(
            handles=handles,
            ncols=len(handles),
            loc="outside lower center",
            title="medians at a resolution of",
        )
    return figure


def resolution_label(resolution, count):
    """Resolution and number of pixels in a legend."""
    return f"{resolution:.2f}° ({count} pixel{'s' if count != 1 else ''})"


def _grid(height):
    """Panels of `SHOWN` by approach, letters and labels in place."""
    figure, panels = plt.subplots(
        len(SHOWN),
        len(APPROACHES),
        sharex=True,
        sharey="row",
        layout="constrained",
        figsize=(DOUBLE_WIDTH, height * len(SHOWN) + 0.8),
    )
    for number, axes in enumerate(panels.flat):
        letter(axes, number)
        axes.margins(x=MARGIN)
        dated(axes)
    for axes, approach in zip(panels[0], APPROACHES, strict=True):
        axes.set_title(approach, color=APPROACHES[approach], fontweight="bold")
    for row, name in zip(panels, SHOWN, strict=True):
        row[0].set_ylabel(label(name))
        if name.startswith("change"):
            for axes in row:
                axes.axhline(0, color=PRIOR, lw=0.6, zorder=0)
    return figure, panels


def dated(axes):
    """A tick at the start of every year."""
    axes.xaxis.set_major_locator(YearLocator())
    axes.xaxis.set_major_formatter(DateFormatter("%Y"))


def series_with_bands(
    quantiles: Mapping[tuple[str, float], xr.Dataset], counts: Mapping[float, int]
) -> Figure:
    """Series of both approaches with bands, finest resolution in colour, coarsest in grey (A5).

    Parameters
    ----------
    quantiles : mapping of tuple to Dataset
        By (approach, resolution [degree]), two resolutions: `SHOWN` with dims (quantile, time).
    counts : mapping of float to int
        Number of pixels of each resolution, for the legend.

    Returns
    -------
    Figure
    """
    resolutions = sorted({resolution for _, resolution in quantiles}, reverse=True)
    with style():
        figure, panels = _grid(1.45)
        for (approach, resolution), series in quantiles.items():
            behind = resolution == resolutions[0] and len(resolutions) > 1
            colour = PRIOR if behind else APPROACHES[approach]
            column = panels[:, list(APPROACHES).index(approach)]
            for axes, name in zip(column, SHOWN, strict=True):
                fill_bands(axes, series[name], colour, zorder=1 if behind else 2)
                if behind:
                    _edges(axes, series[name], colour)
        handles = [*band_handles(PRIOR, resolution_label(resolutions[0], counts[resolutions[0]]))]
        if len(resolutions) > 1:
            fine = resolution_label(resolutions[-1], counts[resolutions[-1]])
            handles += band_handles(BASELINE, f"baseline, {fine}")
            handles += band_handles(STRATIFIED, f"stratified, {fine}")
        figure.legend(
            handles=handles, ncols=len(handles) // 4, loc="outside lower center", fontsize=7
        )
    return figure


def fill_bands(axes, quantiles, colour, *, zorder=2):
    """Bands of 95, 90 and 50 % and the median of a series with dims (quantile, time)."""
    times = quantiles[dims.TIME].values
    for probability, opacity in BANDS:
        low, high = (
            quantiles.sel(quantile=(1 + side * probability) / 2, method="nearest")
            for side in (-1, 1)
        )
        axes.fill_between(times, low, high, color=colour, alpha=opacity, lw=0, zorder=zorder)
    middle = quantiles.sel(quantile=0.5, method="nearest")
    axes.plot(times, middle, color=colour, lw=1.0, zorder=zorder + 2)


def _edges(axes, quantiles, colour):
    """Thin lines along the bands, so that they are seen through others in front of them."""
    for probability, _ in BANDS:
        for side in (-1, 1):
            edge = quantiles.sel(quantile=(1 + side * probability) / 2, method="nearest")
            axes.plot(quantiles[dims.TIME].values, edge, color=colour, lw=0.4, zorder=5)


def band_handles(colour, words):
    """Legend entries of a median and its bands, each with its probability."""
    handles = [Line2D([], [], color=colour, lw=1.2, label=f"median, {words}")]
    # A wider band lies under the narrower ones, whose colours add up
    seen = 0.0
    for probability, opacity in BANDS:
        seen = seen + opacity * (1 - seen)
        handles.append(Patch(facecolor=colour, alpha=seen, lw=0, label=f"{probability:.0%}"))
    return handles


def against_observations(
    name: str,
    domain: xr.DataArray,
    strata: xr.DataArray,
    observed: xr.Dataset,
    observed_strata: xr.Dataset,
    *,
    baseline: xr.DataArray | None = None,
) -> Figure:
    """Simulated series of domain and strata against the observations (Figures A2 and A3).

    Parameters
    ----------
    name : str
        The variable, for the label: ``lai`` or ``wood``.
    domain, strata : DataArray
        Stratified quantiles, dims (quantile, time) and (quantile, time, stratum).
    observed, observed_strata : Dataset
        ``observed`` and ``sigma``, dims (time) and (time, stratum).
    baseline : DataArray, optional
        Quantiles of the baseline's domain, whose median is drawn.

    Returns
    -------
    Figure
    """
    names = [str(stratum) for stratum in strata[dims.STRATUM].values]
    with style():
        size = (DOUBLE_WIDTH, 1.2 * (len(names) + 1) + 0.5)
        figure, panels = plt.subplots(
            len(names) + 1, 1, sharex=True, layout="constrained", figsize=size
        )
        rows = [
            (STRATUM_LABELS[s], strata.sel(stratum=s), observed_strata.sel(stratum=s))
            for s in names
        ]
        rows.append(("domain", domain, observed))
        for number, (axes, (title, series, seen)) in enumerate(zip(panels, rows, strict=True)):
            fill_bands(axes, series, STRATIFIED)
            _observations(axes, seen)
            letter(axes, number)
            axes.set_title(title)
            axes.set_ylabel(label(name))
            axes.margins(x=MARGIN)
            axes.set_ylim(bottom=0)
            dated(axes)
        handles = band_handles(STRATIFIED, "stratified")
        if baseline is not None:
            middle = baseline.sel(quantile=0.5, method="nearest")
            panels[-1].plot(baseline[dims.TIME], middle, color=BASELINE, lw=1, ls="--", zorder=5)
            handles.append(Line2D([], [], color=BASELINE, ls="--", label="median, baseline"))
        dots = {"color": OBSERVATIONS, "marker": "o", "ms": 2.5, "lw": 0.6, "ls": "none"}
        handles.append(Line2D([], [], **dots, label=r"observed $\pm\,\sigma$"))
        figure.legend(handles=handles, ncols=len(handles), loc="outside lower center")
    return figure


def _observations(axes, seen):
    some = seen["observed"].notnull().values
    part = seen.isel({dims.TIME: some})
    axes.errorbar(
        part[dims.TIME].values,
        part["observed"],
        part["sigma"],
        fmt="o",
        ms=1.8,
        lw=0.5,
        color=OBSERVATIONS,
        alpha=0.8,
        zorder=6,
    )

"""Maps of mean GPP by approach and resolution, with their distributions (Fig. A4)."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.lines import Line2D

from pm_dalec.plots.mapping import common_extent, dress, map_extent, on_map
from pm_dalec.plots.style import (
    APPROACHES,
    DOUBLE_WIDTH,
    FEWEST,
    MASK,
    RESOLUTIONS,
    label,
    letter,
    style,
)


def flux_maps(name, medians, densities):
    """Pixel medians of a flux, one row a resolution, one column an approach; distributions below.

    Parameters
    ----------
    name : str
        Quantity, for the labels.
    medians : mapping of tuple to DataArray
        By (approach, resolution [degree]): dims (pixel), with ``lat`` and ``lon``.
    densities : mapping of tuple to DataArray
        The same keys: density over pixels, dims (value), the ``values`` of the pixels in the
        attributes; few of them are drawn as ticks.

    Returns
    -------
    Figure
    """
    resolutions = sorted({resolution for _, resolution in medians}, reverse=True)
    everything = np.concatenate([values.values for values in medians.values()])
    limits = np.nanquantile(everything, [0.02, 0.98])
    extent = common_extent({r: medians["baseline", r] for r in resolutions})
    west, east, south, north = extent
    share = (north - south) / ((east - west) * np.cos(np.deg2rad(0.5 * (south + north))))
    height = 0.46 * DOUBLE_WIDTH * share
    with style():
        figure, panels = plt.subplots(
            len(resolutions) + 1,
            2,
            layout="constrained",
            figsize=(DOUBLE_WIDTH, (height + 0.25) * len(resolutions) + 2.3),
            height_ratios=[height] * len(resolutions) + [1.2],
        )
        for row, resolution in zip(panels, resolutions, strict=False):
            for axes, approach in zip(row, APPROACHES, strict=True):
                image = _map(axes, medians[approach, resolution], resolution, limits, extent)
            row[0].set_ylabel(f"{resolution:.2f}°")
        for axes, approach in zip(panels[-1], APPROACHES, strict=True):
            _densities(axes, densities, approach, resolutions)
            axes.set_xlabel(label(name))
        _headings(panels)
        figure.colorbar(
            image,
            ax=panels[:-1],
            location="bottom",
            shrink=0.5,
            aspect=40,
            extend="both",
            label=f"{label(name)}, mean over the period, pixel medians "
            "(grey: masked or not calibrated)",
        )
        handles = [Line2D([], [], color=RESOLUTIONS[r], label=f"{r:.2f}°") for r in resolutions]
        panels[-1, 1].legend(handles=handles, loc="upper left")
        # Tick labels take their size when first laid out: do it inside the style
        figure.draw_without_rendering()
    return figure


def _headings(panels):
    for number, axes in enumerate(panels.flat):
        letter(axes, number)
    for axes, approach in zip(panels[0], APPROACHES, strict=True):
        axes.set_title(approach, color=APPROACHES[approach], fontweight="bold")
    panels[-1, 0].set_ylabel("density")
    low = min(axes.get_xlim()[0] for axes in panels[-1])
    high = max(axes.get_xlim()[1] for axes in panels[-1])
    for axes in panels[-1]:
        axes.set(xlim=(low, high), yticks=[])
        axes.set_ylim(bottom=0)


def _map(axes, values, resolution, limits, extent):
    grid = on_map(values, resolution)
    axes.set_facecolor(MASK)
    image = axes.imshow(
        grid.transpose("lat", "lon"),
        origin="lower",
        extent=map_extent(grid, resolution),
        cmap="viridis",
        vmin=limits[0],
        vmax=limits[1],
    )
    dress(axes, grid)
    axes.set(xlim=extent[:2], ylim=extent[2:])
    return image


def _densities(axes, densities, approach, resolutions):
    for resolution in resolutions:
        curve = densities[approach, resolution]
        values, colour = curve.attrs["values"], RESOLUTIONS[resolution]
        if len(values) < FEWEST:
            for value in values:
                axes.axvline(value, ymax=0.08, color=colour, lw=1.5)
        else:
            axes.plot(curve["value"], curve, color=colour)

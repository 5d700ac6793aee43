"""Maps of the landscape: land cover (the paper's Fig. 2) and stratum fractions (Fig. A1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.patches import Patch

from pm_dalec.plots.mapping import (
    add_scale_bar,
    common_extent,
    dress,
    map_extent,
    map_shape,
    on_map,
)
from pm_dalec.plots.style import DOUBLE_WIDTH, MASK, style
from pm_dalec.tables import dims
from pm_dalec.tables.strata import MASKED, STRATA

if TYPE_CHECKING:
    from collections.abc import Mapping

    import xarray as xr
    from matplotlib.figure import Figure


def land_cover_map(strata: xr.DataArray, *, scale_bar: float = 50.0) -> Figure:
    """Map of the four strata and of masked land and sea.

    Parameters
    ----------
    strata : xarray.DataArray
        (lat, lon) position in `pm_dalec.STRATA`, or `MASKED`; lat and lon are cell
        centres [degree].
    scale_bar : float
        Length of the scale bar [km].

    Returns
    -------
    matplotlib.figure.Figure
    """
    strata = strata.transpose("lat", "lon").sortby("lat")
    share = map_shape(strata)
    codes = np.where(strata == MASKED, len(STRATA), strata)
    with style():
        figure, axes = plt.subplots(
            figsize=(DOUBLE_WIDTH, DOUBLE_WIDTH * 0.92 * share + 0.65), layout="constrained"
        )
        axes.imshow(
            codes,
            origin="lower",
            extent=map_extent(strata),
            cmap=ListedColormap([*(stratum.colour for stratum in STRATA), MASK]),
            norm=BoundaryNorm(np.arange(len(STRATA) + 2) - 0.5, len(STRATA) + 1),
        )
        dress(axes, strata)
        add_scale_bar(axes, strata, scale_bar)
        handles = [Patch(facecolor=s.colour, label=s.label) for s in STRATA]
        handles.append(Patch(facecolor=MASK, label="masked (urban, water, sea)"))
        figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))
        # Tick labels take their size when first laid out: do it inside the style
        figure.draw_without_rendering()
    return figure


def fraction_maps(regions: Mapping[float, xr.Dataset]) -> Figure:
    """Map the share of each stratum, one row a stratum, one column a resolution.

    Parameters
    ----------
    regions : mapping of float to xarray.Dataset
        Stratified units dataset of each resolution [degree], coarse first; needs
        ``area_fraction`` (stratum, pixel), ``lat`` and ``lon``.

    Returns
    -------
    matplotlib.figure.Figure
    """
    if not regions:
        raise ValueError(
            "wanted a stratified region for each resolution, got none; pass {0.5: units, ...}"
        )
    extent = common_extent(regions)
    west, east, south, north = extent
    share = (north - south) / ((east - west) * np.cos(np.deg2rad(0.5 * (south + north))))
    panel_height = (DOUBLE_WIDTH - 0.75) / len(regions) * share
    with style():
        figure, panels = plt.subplots(
            len(STRATA),
            len(regions),
            figsize=(DOUBLE_WIDTH, len(STRATA) * (panel_height + 0.06) + 0.85),
            layout="constrained",
            sharex=True,
            sharey=True,
            squeeze=False,
        )
        for column, (resolution, units) in zip(panels.T, regions.items(), strict=True):
            column[0].set_title(f"{resolution:.2f}°")
            for axes, stratum in zip(column, STRATA, strict=True):
                image = _fraction_panel(axes, units, stratum.name, resolution, extent)
        for axes, stratum in zip(panels[:, 0], STRATA, strict=True):
            axes.set_ylabel(stratum.label)
        figure.colorbar(
            image,
            ax=panels,
            location="bottom",
            label="share of unmasked area, $f$ [1] (grey: all masked)",
            shrink=0.5,
            aspect=40,
        )
        figure.draw_without_rendering()
    return figure


def _fraction_panel(axes, units, stratum, resolution, extent):
    shares = units["area_fraction"].sel({dims.STRATUM: stratum}, drop=True)
    grid = on_map(shares, resolution)
    axes.set_facecolor(MASK)
    image = axes.imshow(
        grid, origin="lower", extent=map_extent(grid, resolution), cmap="viridis", vmin=0, vmax=1
    )
    dress(axes, grid)
    axes.set(xlim=extent[:2], ylim=extent[2:])
    return image

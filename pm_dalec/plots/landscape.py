"""Maps of the landscape: land cover (the paper's Fig. 2) and stratum fractions (Fig. A1)."""

from importlib.resources import files

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from pm_dalec import dims
from pm_dalec.strata import MASKED, STRATA

STYLE = str(files("pm_dalec.plots") / "pm_dalec.mplstyle")
FULL_WIDTH = 183 / 25.4
"""Width of a figure over both columns [inch]."""

KILOMETRES_PER_DEGREE = 111.195
"""Length of a degree of latitude on the sphere [km]."""

MASK_COLOUR = "#D9D9D9"


def land_cover_map(strata, *, scale_bar=50.0):
    """Map of the four strata and of masked land and sea.

    Parameters
    ----------
    strata : xarray.DataArray
        (lat, lon) position in `pm_dalec.strata.STRATA`, or `MASKED`; lat and lon are cell
        centres [degree].
    scale_bar : float
        Length of the scale bar [km].

    Returns
    -------
    matplotlib.figure.Figure
    """
    strata = strata.transpose("lat", "lon").sortby("lat")
    share = _shape(strata)
    codes = np.where(strata == MASKED, len(STRATA), strata)
    with plt.style.context(STYLE):
        figure, axes = plt.subplots(
            figsize=(FULL_WIDTH, FULL_WIDTH * 0.92 * share + 0.65), layout="constrained"
        )
        axes.imshow(
            codes,
            origin="lower",
            extent=_extent(strata),
            cmap=ListedColormap([*(stratum.colour for stratum in STRATA), MASK_COLOUR]),
            norm=BoundaryNorm(np.arange(len(STRATA) + 2) - 0.5, len(STRATA) + 1),
        )
        _dress(axes, strata)
        _add_scale_bar(axes, strata, scale_bar)
        handles = [Patch(facecolor=s.colour, label=s.label) for s in STRATA]
        handles.append(Patch(facecolor=MASK_COLOUR, label="masked (urban, water, sea)"))
        figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))
        # Tick labels take their size when first laid out: do it inside the style
        figure.draw_without_rendering()
    return figure


def fraction_maps(regions):
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
    extent = _common_extent(regions)
    west, east, south, north = extent
    share = (north - south) / ((east - west) * np.cos(np.deg2rad(0.5 * (south + north))))
    panel_height = (FULL_WIDTH - 0.75) / len(regions) * share
    with plt.style.context(STYLE):
        figure, panels = plt.subplots(
            len(STRATA),
            len(regions),
            figsize=(FULL_WIDTH, len(STRATA) * (panel_height + 0.06) + 0.85),
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
    grid = _on_map(shares, resolution)
    axes.set_facecolor(MASK_COLOUR)
    image = axes.imshow(
        grid, origin="lower", extent=_extent(grid, resolution), cmap="viridis", vmin=0, vmax=1
    )
    _dress(axes, grid)
    axes.set(xlim=extent[:2], ylim=extent[2:])
    return image


def _on_map(values, resolution):
    """(pixel) -> (lat, lon) with every row and column between the outermost pixels."""
    flat = values.reset_coords(drop=True).assign_coords(lat=values["lat"], lon=values["lon"])
    grid = flat.set_index({dims.PIXEL: ("lat", "lon")}).unstack(dims.PIXEL)
    axes = {}
    for name in ("lat", "lon"):
        first, last = float(grid[name].min()), float(grid[name].max())
        axes[name] = first + resolution * np.arange(round((last - first) / resolution) + 1)
    return grid.reindex(axes, method="nearest", tolerance=resolution / 10)


def _extent(grid, resolution=None):
    """Outer edges west, east, south, north of a map of cell centres [degree]."""
    edges = []
    for name in ("lon", "lat"):
        centres = grid[name].to_numpy()
        step = resolution or (centres[-1] - centres[0]) / (centres.size - 1)
        edges += [centres[0] - step / 2, centres[-1] + step / 2]
    return edges


def _common_extent(regions):
    edges = np.array(
        [
            (
                float(units["lon"].min()) - resolution / 2,
                float(units["lon"].max()) + resolution / 2,
                float(units["lat"].min()) - resolution / 2,
                float(units["lat"].max()) + resolution / 2,
            )
            for resolution, units in regions.items()
        ]
    )
    return (edges[:, 0].min(), edges[:, 1].max(), edges[:, 2].min(), edges[:, 3].max())


def _shape(grid):
    """Height of a map over its width, in kilometres."""
    west, east, south, north = _extent(grid)
    return (north - south) / ((east - west) * np.cos(np.deg2rad(0.5 * (south + north))))


def _dress(axes, grid):
    """Equal scales in kilometres at the middle latitude, and labels in degrees."""
    middle = 0.5 * float(grid["lat"].min() + grid["lat"].max())
    axes.set_aspect(1 / np.cos(np.deg2rad(middle)))
    axes.xaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_locator(MaxNLocator(3, steps=[1, 2, 5, 10]))
    axes.xaxis.set_major_formatter(lambda degree, _: _degrees(degree, "EW"))
    axes.yaxis.set_major_formatter(lambda degree, _: _degrees(degree, "NS"))


def _degrees(value, letters):
    side = "" if abs(value) < 1e-9 else f" {letters[int(value < 0)]}"
    return f"{abs(round(value, 6)):g}°{side}"


def _add_scale_bar(axes, grid, length):
    west, _, south, north = _extent(grid)
    width = length / (KILOMETRES_PER_DEGREE * np.cos(np.deg2rad(0.5 * (south + north))))
    left, height = west + 0.25 * width, south + 0.06 * (north - south)
    axes.plot([left, left + width], [height, height], color="black", lw=2, solid_capstyle="butt")
    axes.text(
        left + width / 2,
        height + 0.025 * (north - south),
        f"{length:g} km",
        ha="center",
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.0},
    )

"""What all maps share: pixels on a grid, equal scales, labels in degrees, a scale bar."""

import numpy as np
from matplotlib.ticker import MaxNLocator

from pm_dalec.tables import dims

KILOMETRES_PER_DEGREE = 111.195
"""Length of a degree of latitude on the sphere [km]."""


def on_map(values, resolution):
    """(pixel) -> (lat, lon) with every row and column between the outermost pixels."""
    flat = values.reset_coords(drop=True).assign_coords(lat=values["lat"], lon=values["lon"])
    grid = flat.set_index({dims.PIXEL: ("lat", "lon")}).unstack(dims.PIXEL)
    axes = {}
    for name in ("lat", "lon"):
        first, last = float(grid[name].min()), float(grid[name].max())
        axes[name] = first + resolution * np.arange(round((last - first) / resolution) + 1)
    return grid.reindex(axes, method="nearest", tolerance=resolution / 10)


def map_extent(grid, resolution=None):
    """Outer edges west, east, south, north of a map of cell centres [degree]."""
    edges = []
    for name in ("lon", "lat"):
        centres = grid[name].to_numpy()
        step = resolution or (centres[-1] - centres[0]) / (centres.size - 1)
        edges += [centres[0] - step / 2, centres[-1] + step / 2]
    return edges


def map_shape(grid, resolution=None):
    """Height of a map over its width, in kilometres."""
    west, east, south, north = map_extent(grid, resolution)
    return (north - south) / ((east - west) * np.cos(np.deg2rad(0.5 * (south + north))))


def dress(axes, grid):
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


def add_scale_bar(axes, grid, length):
    """Put a scale bar of a length [km] into the lower left corner of a map."""
    west, _, south, north = map_extent(grid)
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


def common_extent(regions):
    """Outer edges west, east, south, north of regions by resolution [degree]."""
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

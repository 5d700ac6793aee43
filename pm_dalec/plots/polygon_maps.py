"""Maps of results on polygons: median, and width of the interval."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr
from matplotlib.patheffects import withStroke

from pm_dalec.plots.mapping import add_scale_bar, dress
from pm_dalec.plots.style import DOUBLE_WIDTH, MASK, label, letter, style

if TYPE_CHECKING:
    import folium
    import geopandas as gpd
    from matplotlib.figure import Figure

SIGNED = ("nee", "nbe", "change_live", "change_dead")
"""Quantities of either sign, whose maps are centred on zero where both occur."""
MOST_NAMES = 12
"""Polygons whose ids are written into the map, at most."""
LARGE = 0.1
"""Share of the width of the map above which an id stands inside its polygon [1]."""


def results_map(
    results: gpd.GeoDataFrame,
    name: str,
    *,
    interval: tuple[str, str, str] = ("q05", "q50", "q95"),
    scale_bar: float = 20.0,
) -> Figure:
    """Map the median of a quantity on polygons, and the width of its interval.

    Parameters
    ----------
    results : GeoDataFrame
        From `pm_dalec.results_as_polygons`; polygons without a result are grey.
    name : str
        Quantity, such as "nee".
    interval : tuple of str
        Ends of the columns with the lower bound, the median and the upper bound.
    scale_bar : float
        Length of the scale bar [km].

    Returns
    -------
    matplotlib.figure.Figure
    """
    low, median, high = (results[f"{name}_{end}"] for end in interval)
    table = results[["geometry"]].to_crs("EPSG:4326").assign(median=median, width=high - low)
    frame = _frame(table.total_bounds)
    levels = f"{_percent(interval[0])} to {_percent(interval[2])} %"
    words = (f"{label(name)}, median", f"{label(name)}, width of {levels}")
    with style():
        figure, panels = plt.subplots(
            1, 2, figsize=(DOUBLE_WIDTH, 0.62 * DOUBLE_WIDTH), layout="constrained", sharey=True
        )
        for number, (axes, column) in enumerate(zip(panels, ("median", "width"), strict=True)):
            _panel(axes, table, column, words[number], name="" if number else name)
            dress(axes, frame)
            if len(table) <= MOST_NAMES and not number:
                _name(axes, table)
            axes.set(xlim=_ends(frame["lon"]), ylim=_ends(frame["lat"]), xlabel="", ylabel="")
            letter(axes, number)
        add_scale_bar(panels[0], frame, scale_bar)
        figure.draw_without_rendering()
    return figure


def explore_map(
    results: gpd.GeoDataFrame,
    name: str,
    *,
    interval: tuple[str, str, str] = ("q05", "q50", "q95"),
    tiles: str | None = None,
) -> folium.Map:
    """Map of the median of a quantity to zoom in and point at: each polygon tells its numbers.

    Parameters
    ----------
    results : GeoDataFrame
        From `pm_dalec.results_as_polygons`; polygons without a result are grey.
    name : str
        Quantity, such as "nee".
    interval : tuple of str
        Ends of the columns with the lower bound, the median and the upper bound.
    tiles : str, optional
        Background of folium, such as "CartoDB positron", which is fetched from the net; none by default.

    Returns
    -------
    folium.Map
        A notebook shows it, ``save("map.html")`` writes it as a page. What shows it fetches Leaflet from the
        net, which folium does not bring along; without the net use `results_map`.

    Raises
    ------
    ImportError
        If folium is not installed.
    """
    columns = [f"{name}_{end}" for end in interval]
    shown = results[[*columns, "geometry"]].reset_index()
    units = results.attrs.get("units", {}).get(columns[1], "1")
    words = [f"{name}, {_percent(end)} % ({units})" for end in interval]
    numbers = shown[columns].to_numpy(dtype=float)[:, 1]
    known = numbers[np.isfinite(numbers)]
    shown[columns] = shown[columns].round(3)
    shown = shown.rename(columns=dict(zip(columns, words, strict=True)))
    vmin, vmax = _limits(known, signed=_is_signed(name, known))
    try:
        return shown.explore(
            column=words[1],
            cmap="RdBu_r" if _is_signed(name, known) else "viridis",
            vmin=vmin,
            vmax=vmax,
            tiles=tiles,
            tooltip=[column for column in shown.columns if column != "geometry"],
            style_kwds={"color": "black", "weight": 0.5, "fillOpacity": 0.8},
            missing_kwds={"color": MASK, "label": "no result"},
            legend_kwds={"caption": words[1]},
        )
    except ImportError as reason:
        raise ImportError(
            "wanted folium and mapclassify for an interactive map, got an environment without them; "
            "run: pip install 'pm_dalec[maps]', or draw it with pm_dalec.plots.results_map"
        ) from reason


def _is_signed(name, known):
    """Whether a map is centred on zero: else its colours would tell nothing."""
    return name in SIGNED and known.size > 0 and known.min() < 0 < known.max()


def _limits(known, *, signed):
    """Ends of the colours: symmetric ones of signed values, else those of the data."""
    largest = float(np.abs(known).max()) if known.size else 1.0
    return (-largest, largest) if signed else (None, None)


def _name(axes, table):
    """Put the id of each polygon into it where it is large enough, else below it."""
    west, _, east, _ = table.total_bounds
    halo = [withStroke(linewidth=1.5, foreground="white")]
    for name, shape in zip(table.index, table.geometry, strict=True):
        left, south, right, _ = shape.bounds
        inside = right - left > LARGE * (east - west)
        place = shape.representative_point().coords[0] if inside else ((left + right) / 2, south)
        axes.annotate(
            str(name),
            place,
            xytext=(0, 0 if inside else -2),
            textcoords="offset points",
            ha="center",
            va="center" if inside else "top",
            fontsize="small",
            path_effects=halo,
        )


def _percent(end):
    return f"{float(end.removeprefix('q').replace('_', '.')):g}"


def _frame(bounds):
    """Two by two cell centres whose outer edges hold all polygons with a margin."""
    west, south, east, north = bounds
    margin = 0.08 * max(east - west, north - south)
    below = south - margin - 0.15 * (north - south + 2 * margin)  # room for the scale bar
    edges = {"lat": (below, north + margin), "lon": (west - margin, east + margin)}
    return xr.Dataset(coords={n: [a + (b - a) / 4, b - (b - a) / 4] for n, (a, b) in edges.items()})


def _ends(centres):
    first, last = centres.values
    return first - (last - first) / 2, last + (last - first) / 2


def _panel(axes, table, column, words, *, name):
    values = table[column].to_numpy(dtype=float)
    known = values[np.isfinite(values)]
    signed = _is_signed(name, known)
    limits = _limits(known, signed=signed)
    table.plot(
        column=column,
        ax=axes,
        cmap="RdBu_r" if signed else "viridis",
        vmin=limits[0],
        vmax=limits[1],
        edgecolor="black",
        linewidth=0.4,
        legend=True,
        legend_kwds={"label": words, "orientation": "horizontal", "shrink": 0.8},
        missing_kwds={"color": MASK, "edgecolor": "black", "linewidth": 0.4},
    )

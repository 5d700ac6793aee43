"""Figures of fluxes, pools and leaf area against observations; only the numbers of a run are sent anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from bokeh.models import ColumnDataSource, CustomJSTickFormatter
from bokeh.plotting import figure

from pm_dalec.explore.markup import YOURS, title_of
from pm_dalec.explore.overlay import LEVELS
from pm_dalec.plots.style import BASELINE, OBSERVATIONS
from pm_dalec.posterior.trajectory import observations_of
from pm_dalec.tables.streams import WITHHELD
from pm_dalec.tables.variables import POOLS

if TYPE_CHECKING:
    from pm_dalec.explore.explorer import Explorer

WIDTH, HEIGHT = 316, 142  # px
LABELS = 46  # px to the left of the axis
TIME = "time"
BAND_NAMES = tuple(f"q{level:.0%}" for level in LEVELS)
THOUSANDS = "return Math.abs(tick) >= 1000 ? (tick / 1000) + ' k' : '' + tick"


class Figures:
    """A small figure for every variable, side by side.

    Parameters
    ----------
    explorer : Explorer
    """

    def __init__(self, explorer: Explorer) -> None:
        self._explorer, times = explorer, explorer.bench.times
        names = explorer.bench.shown
        self._run = ColumnDataSource({TIME: times, **self._series()})
        empty = np.full(times.size, np.nan)
        self._bands = {
            name: ColumnDataSource({TIME: times, **dict.fromkeys(BAND_NAMES, empty)})
            for name in names
        }
        seen = _observations(explorer, names)
        self.all = {name: self._figure(name, seen) for name in names}
        self.draw_fit()

    def _series(self):
        return {name: each[:, 0] for name, each in self._explorer.outlook.series.items()}

    def follow(self) -> None:
        """Draw the run at the sliders."""
        self._run.data = {TIME: self._explorer.bench.times, **self._series()}

    def draw_fit(self) -> None:
        """Draw the bands of the fit."""
        overlay, times = self._explorer.overlay, self._explorer.bench.times
        if overlay is None:
            return
        for name, source in self._bands.items():
            source.data = {TIME: times, **dict(zip(BAND_NAMES, overlay.bands[name], strict=True))}

    def _figure(self, name, seen):
        drawn = _empty_figure(name)
        lowest, low, middle, high, highest = BAND_NAMES
        band = {"x": TIME, "source": self._bands[name], "color": BASELINE}
        drawn.varea(y1=lowest, y2=highest, fill_alpha=0.25, **band)
        drawn.varea(y1=low, y2=high, fill_alpha=0.35, **band)
        drawn.line(y=middle, line_width=1, **band)
        for key in (name, f"{name}{WITHHELD}"):
            if key in seen:
                _draw_observations(drawn, *seen[key])
        drawn.line(TIME, name, source=self._run, color=YOURS, line_width=2)
        return drawn


def _empty_figure(name):
    """Figure of a variable with its name and unit, without a line."""
    drawn = figure(
        width=WIDTH,
        height=HEIGHT,
        x_axis_type="datetime",
        title=title_of(name),
        toolbar_location=None,
        tools="",
        name=f"figure-{name}",
        output_backend="canvas",
    )
    drawn.title.text_font_size, drawn.title.text_font_style = "11.5px", "bold"
    drawn.title.text_font = "system-ui, Arial, sans-serif"
    drawn.title.offset = -LABELS  # else long titles reach beyond the figure
    drawn.axis.major_label_text_font_size = "11px"
    drawn.axis.minor_tick_line_color = None
    drawn.yaxis.ticker.desired_num_ticks = 4
    drawn.xaxis.ticker.desired_num_ticks = 5
    if name in POOLS:
        drawn.yaxis.formatter = CustomJSTickFormatter(code=THOUSANDS)
    drawn.grid.grid_line_color = "#eeeeee"
    drawn.outline_line_color = None
    drawn.min_border_left = LABELS
    drawn.x_range.range_padding = 0.01
    drawn.background_fill_color = drawn.border_fill_color = None
    return drawn


def _observations(explorer, names):
    """Observations of the site by the variable that they observe, as figures of a fit have them."""
    bench = explorer.bench
    fit = xr.DataTree.from_dict(
        {
            "posterior": xr.Dataset(),  # nothing is sampled, what was observed stands by itself
            "constant_data": bench.units,
            "observed_data": bench.units[list(bench.evidence)],
        }
    )
    return observations_of(fit, names)


def _draw_observations(drawn, values, sigma):
    """Dots with their sigma; open ones of what is not assimilated."""
    kept = values.notnull().values
    times, value = values[TIME].values[kept], values.values[kept]
    full = bool(values.attrs.get("assimilated", 1)) and sigma is not None
    if full:
        half = sigma.values[kept]
        drawn.segment(times, value - half, times, value + half, color=OBSERVATIONS, line_alpha=0.45)
    fill = OBSERVATIONS if full else "white"
    size = 4 if value.size < 500 else 2
    drawn.scatter(times, value, size=size, line_color=OBSERVATIONS, fill_color=fill)

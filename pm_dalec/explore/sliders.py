"""Sliders of the parameters in groups by process, each below its prior and posterior."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import numpy as np
import panel as pn

from pm_dalec.explore.markup import STYLE, YOURS
from pm_dalec.explore.scales import BINS, STEPS
from pm_dalec.plots.style import BASELINE, PRIOR

if TYPE_CHECKING:
    from collections.abc import Callable

    from pm_dalec.explore.explorer import Explorer

WIDTH, HEIGHT = 300, 24  # px of a strip
LOOKS = {
    "prior": f"fill='{PRIOR}' fill-opacity='0.35'",
    "under rules": f"fill='none' stroke='{PRIOR}'",
    "posterior": f"fill='{BASELINE}' fill-opacity='0.55'",
}
PROCESSES = ("photosynthesis", "canopy", "roots", "wood", "soil")
ROW_STYLE = (
    STYLE
    + """
.line { display: flex; justify-content: space-between; gap: 8px; }
.line b { color: #222; font-weight: 600; }
.line .now { white-space: nowrap; font-variant-numeric: tabular-nums; }
.ends { display: flex; justify-content: space-between; font-size: 11px; color: #767676; }
svg { display: block; }
"""
)
SLIDER_STYLE = (
    ".noUi-target { height: 4px; } .noUi-handle { width: 14px !important; height: 14px !important; "
    "top: -6px !important; right: -7px !important; border-radius: 7px; }"
)


class ParameterSlider:
    """One parameter: its name and value, its densities, and the slider below.

    Parameters
    ----------
    name : str
    explorer : Explorer
    moved : callable
        Called with name and natural value when a person moves it.
    """

    def __init__(self, name: str, explorer: Explorer, moved: Callable[[str, float], None]) -> None:
        self.name, self._explorer = name, explorer
        self.scale = explorer.scales[name]
        self._strip = ""
        self._quiet = False
        self._pane = pn.pane.HTML("", width=WIDTH, margin=(4, 0, 0, 0), stylesheets=[ROW_STYLE])
        self.slider = pn.widgets.FloatSlider(
            start=0.0,
            end=1.0,
            step=1 / STEPS,
            show_value=False,
            tooltips=False,
            disabled=self.scale.fixed,
            width=WIDTH,
            margin=(2, 0, 6, 0),
            bar_color=YOURS,
            css_classes=[f"slider-{name}"],
            stylesheets=[SLIDER_STYLE],
        )
        self.redraw_densities()
        self.follow()
        self.slider.param.watch(lambda event: self._moved(event.new, moved), "value")
        self.view = pn.Column(self._pane, self.slider, margin=(0, 8))

    def _moved(self, place, moved):
        if not self._quiet:
            moved(self.name, float(self.scale.value(place)))

    def follow(self) -> None:
        """Show where the explorer is, and tell nobody."""
        place = float(np.clip(self.scale.place(self._explorer.theta[self.name]), 0, 1))
        self._quiet = True
        self.slider.value = place
        self._quiet = False
        self.say()

    def say(self) -> None:
        """Put the value at present above the strip."""
        value, parameter = self._explorer.theta[self.name], self.scale.parameter
        place = float(np.clip(self.scale.place(value), 0, 1)) * WIDTH
        low, high = (f"{end:.3g}" for end in self.scale.ends)
        scale = "log scale" if self.scale.logarithmic else ""
        now = "fixed at " * self.scale.fixed + self.scale.words(value)
        self._pane.object = (
            f"<div class='line' title='{parameter.name}'><b>{escape(_capital(parameter.meaning))}</b>"
            f"<span class='now yours'>{now}</span></div>"
            f"<svg width='{WIDTH}' height='{HEIGHT}' role='img' aria-label='densities of {parameter.name}'>"
            f"{self._strip}<path d='M{place:.1f} 0V{HEIGHT}' stroke='{YOURS}' stroke-width='2'/></svg>"
            f"<div class='ends'><span>{low}</span><span>{scale}</span><span>{high}</span></div>"
        )

    def redraw_densities(self) -> None:
        """Make the strip anew: the prior, and what a fit says; all of one scale, so that areas are equal."""
        bench, overlay = self._explorer.bench, self._explorer.overlay
        known = {}
        if self.name in bench.factors:
            known["prior"] = self.scale.prior(*bench.factors[self.name])
        if overlay is not None and not self.scale.fixed:
            if self.name in overlay.prior:
                known["under rules"] = self.scale.histogram(overlay.prior[self.name])
            known["posterior"] = self.scale.histogram(overlay.theta[self.name])
        most = max((shares.max() for shares in known.values()), default=1.0)
        drawn = (
            f"<path d='{_outline(shares / most)}' {LOOKS[name]}/>" for name, shares in known.items()
        )
        self._strip = f"<path d='M0 {HEIGHT}H{WIDTH}' stroke='#ccc'/>{''.join(drawn)}"


def groups_of(explorer: Explorer, moved: Callable[[str, float], None]) -> dict[str, dict]:
    """Sliders by process and name: from the leaf down to the soil, and in the order of the tables."""
    found: dict[str, dict] = {process: {} for process in PROCESSES}
    for name, parameter in explorer.bench.parameters.items():
        found.setdefault(parameter.process, {})[name] = ParameterSlider(name, explorer, moved)
    return {process: some for process, some in found.items() if some}


def _capital(words):
    return words[0].upper() + words[1:]


def _outline(heights):
    """Steps of a density whose heights [1] are shares of that of the strip."""
    tops = HEIGHT - 1 - (HEIGHT - 3) * heights
    edges = np.linspace(0, WIDTH, BINS + 1)
    pairs = zip(edges[:-1], edges[1:], tops, strict=True)
    steps = "".join(f"L{left:.1f} {top:.1f}L{right:.1f} {top:.1f}" for left, right, top in pairs)
    return f"M0 {HEIGHT - 1}{steps}L{WIDTH} {HEIGHT - 1}Z"

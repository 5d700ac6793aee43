"""The page: sliders, figures, score, lamps and a calibration, in a notebook or in a window of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import panel as pn
from bokeh.document import Document
from bokeh.models import UIElement
from jupyter_bokeh.widgets import BokehModel
from panel.io.notebook import patch_inline_stylesheets
from panel.io.resources import set_resource_mode

from pm_dalec.explore import markup
from pm_dalec.explore.figures import Figures
from pm_dalec.explore.sliders import groups_of
from pm_dalec.posterior.convergence import why_no_draws
from pm_dalec.tables import dims
from pm_dalec.tables.constants import DAYS_PER_YEAR

if TYPE_CHECKING:
    from pm_dalec.explore.explorer import Explorer

LEFT, MIDDLE, RIGHT = 350, 640, 344  # px
HEIGHT = 800  # px of the columns, which scroll by themselves
SECONDS = 30  # of a calibration, unless others are asked for
LOOK_EVERY = 300  # ms between two looks at a calibration
OPEN = ("photosynthesis", "canopy")  # groups that are unfolded at first


class Page:
    """View of an exploration; several may show the same site, each with an explorer of its own.

    Parameters
    ----------
    explorer : Explorer

    Attributes
    ----------
    view : panel.viewable.Viewable
        What is shown.
    """

    def __init__(self, explorer: Explorer) -> None:
        self.explorer, self._watch = explorer, None
        self.figures = Figures(explorer)
        self.groups = groups_of(explorer, self.move)
        self.sliders = {name: each for some in self.groups.values() for name, each in some.items()}
        self._key, self._slider_key = _html(), _html(LEFT - 30)
        self._score, self._lamps = _html(RIGHT - 24), _html(RIGHT - 24)
        self._make_controls()
        self.view = self._laid_out()
        self.refresh()
        self._name_fit()

    def __panel__(self):
        """View that Panel takes this page for."""
        return self.view

    def _repr_mimebundle_(self, include=None, exclude=None):
        """View in a notebook, with what a browser needs, from this machine alone."""
        pn.extension(inline=True)  # anew with every cell: a page that is reloaded has lost it
        return _as_widget(self.view)._repr_mimebundle_(include=include, exclude=exclude)

    def _make_controls(self):
        button = {"height": 30, "margin": (0, 6, 4, 0)}
        self.seconds = pn.widgets.IntInput(
            value=SECONDS, start=1, end=3600, width=70, height=30, margin=(0, 8, 4, 0)
        )
        self.start = pn.widgets.Button(label="Calibrate", color="primary", width=90, **button)
        self.stop = pn.widgets.Button(label="Stop", disabled=True, width=60, **button)
        self.progress = pn.indicators.Progress(
            value=0, max=100, width=RIGHT - 24, height=10, margin=(2, 0), bar_color="primary"
        )
        self.status = _html(RIGHT - 24)
        self.status.object = (
            "<p class='small'>The sampler tries to do what you do, some 30,000 times a second.</p>"
        )
        self.places = {
            "Elsewhere": pn.widgets.Button(label="Elsewhere", width=86, **button),
            "Best draw": pn.widgets.Button(label="Best draw", width=86, disabled=True, **button),
        }
        if self.explorer.truth is not None:
            self.places["Truth"] = pn.widgets.Button(label="Truth", width=70, **button)
        self.start.on_click(lambda event: self.calibrate())
        self.stop.on_click(lambda event: self.explorer.trial.stop())
        goals = {
            "Elsewhere": self.explorer.put_elsewhere,
            "Best draw": lambda: self.explorer.put(self.explorer.overlay.best),
            "Truth": lambda: self.explorer.put(self.explorer.truth),
        }
        for name, shown in self.places.items():
            shown.on_click(lambda event, go=goals[name]: self.jump(go))

    def _laid_out(self):
        cards = [
            pn.Card(
                *(each.view for each in some.values()),
                title=f"{process.capitalize()} ({len(some)})",
                collapsed=process not in OPEN,
                width=LEFT - 24,
                margin=(0, 0, 8, 2),
            )
            for process, some in self.groups.items()
        ]
        scrolls = {"max-height": f"{HEIGHT}px", "overflow-y": "auto", "overflow-x": "hidden"}
        left = pn.Column(self._slider_key, *cards, width=LEFT, styles=scrolls)
        grid = pn.GridBox(*map(pn.pane.Bokeh, self.figures.all.values()), ncols=2, margin=0)
        middle = pn.Column(self._key, grid, width=MIDDLE, styles=scrolls)
        calibration = [
            pn.Row(
                self.start,
                self.seconds,
                _html(56, "<p style='margin-top:6px'>seconds</p>"),
                self.stop,
                margin=0,
            ),
            self.progress,
            self.status,
        ]
        places = pn.Row(
            _html(44, "<p style='margin-top:6px'>Go to</p>"), *self.places.values(), margin=0
        )
        parts = (self._score, *calibration, places, pn.layout.Divider(margin=0), self._lamps)
        right = pn.Column(*parts, width=RIGHT, styles=scrolls)
        title = _html(text=markup.head(*_site_words(self.explorer.bench)), width=None)
        columns = pn.FlexBox(left, middle, right, gap="12px", flex_wrap="wrap", margin=0)
        return pn.Column(title, columns, margin=(4, 12))

    def move(self, name: str, value: float) -> None:
        """Give a parameter another value, as its slider does, and draw what it does."""
        self.explorer.move(name, value)
        with pn.io.hold():
            self.sliders[name].say()
            self.refresh()

    def jump(self, go) -> None:
        """Change many parameters at once, and draw what that does."""
        go()
        with pn.io.hold():
            for each in self.sliders.values():
                each.follow()
            self.refresh()

    def refresh(self) -> None:
        """Draw run, lamps and score as they are now."""
        self.figures.follow()
        self._lamps.object = markup.lamps(self.explorer.lamps)
        self._score.object = markup.score(self.explorer.score)

    def calibrate(self) -> None:
        """Begin a calibration, and look at it from time to time."""
        self.explorer.begin(float(self.seconds.value))
        self.start.disabled, self.stop.disabled = True, False
        self._watch = pn.state.add_periodic_callback(self.look, period=LOOK_EVERY)

    def look(self) -> None:
        """Show how far the calibration is, and what it gave when it is done."""
        trial = self.explorer.trial
        self.progress.value = int(100 * trial.share)
        self.status.object = f"<p class='small'>{trial.words}</p>"
        if not trial.done:
            return
        if self._watch is not None:
            self._watch.stop()
            self._watch = None
        self.start.disabled, self.stop.disabled = False, True
        self._finish(trial)

    def _finish(self, trial):
        """Lay the fit of a calibration that is done over the page, or say why there is none."""
        if trial.fault is not None:
            self.status.object = f"<p class='warn'>{trial.fault}</p>"
            return
        if not trial.fit["posterior"].sizes[dims.DRAW]:
            self.status.object = (
                f"<p class='warn'>No draws: {why_no_draws(trial.fit)}. Give it more seconds.</p>"
            )
            return
        self.explorer.take(trial.fit)
        self.progress.value = 100
        with pn.io.hold():
            self.figures.draw_fit()
            for each in self.sliders.values():
                each.redraw_densities()
                each.say()
            self.refresh()
            self._name_fit()

    def _name_fit(self):
        """Legends, and how far the fit may be trusted."""
        overlay = self.explorer.overlay
        self._key.object = markup.key(overlay is not None)
        self._slider_key.object = markup.slider_key(overlay is not None)
        self.places["Best draw"].disabled = overlay is None
        if overlay is None:
            return
        count = overlay.theta["initial_som"].size
        self.status.object = (
            f"<p class='warn'>{overlay.doubt[0].upper()}{overlay.doubt[1:]}. "
            f"Give it more seconds before you use its numbers.</p>"
            if overlay.doubt
            else f"<p><b class='sampler'>Converged</b>: {count:,} draws.</p>"
        )


def _html(width=None, text=""):
    """Text in the style of the page."""
    return pn.pane.HTML(text, width=width, margin=0, stylesheets=[markup.STYLE])


def _site_words(bench):
    """Name of a site, its period, and what was observed there."""
    units = bench.units
    site = str(units["site"].item()) if "site" in units else units.attrs.get("title", "a site")
    days = float(units["step_days"].sum())
    first, last = (str(np.asarray(bench.times)[place])[:7] for place in (0, -1))
    period = f"{first} to {last}, {days / DAYS_PER_YEAR:.0f} years in {bench.times.size} steps"
    counts = ", ".join(
        f"{markup.stream_words(name)} {each.count} times" for name, each in bench.evidence.items()
    )
    return site, period, f"observed: {counts}" if counts else "nothing observed"


def _as_widget(view):
    """Widget of Jupyter that shows a view.

    Panel's own channel to a notebook keeps back what was moved last until something else moves, and
    `panel.ipywidget` asks another machine for styles: here they are in the document.
    """
    document = Document()
    with set_resource_mode("inline"):
        root = view.get_root(doc=document)
    document.add_root(root)
    for model in root.select({"type": UIElement}):
        patch_inline_stylesheets(model, document)
    return BokehModel(root, combine_events=True)

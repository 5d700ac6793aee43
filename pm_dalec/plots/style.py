"""Colours, widths and labels that all figures share."""

from __future__ import annotations

from importlib.resources import files
from string import ascii_lowercase
from typing import TYPE_CHECKING

import matplotlib.pyplot as plt

from pm_dalec.data.storage import folder_to_write, whole
from pm_dalec.tables import strata
from pm_dalec.tables.numbers import path_of
from pm_dalec.tables.parameters import PARAMETERS
from pm_dalec.tables.summaries import QUANTITIES
from pm_dalec.tables.variables import VARIABLES

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.figure import Figure

BASELINE = "#0072B2"
STRATIFIED = "#D55E00"
OBSERVATIONS = "#000000"
PRIOR = "#7F7F7F"
APPROACHES = {"baseline": BASELINE, "stratified": STRATIFIED}
STRATA = {stratum.name: stratum.colour for stratum in strata.STRATA}
STRATUM_LABELS = {stratum.name: stratum.label for stratum in strata.STRATA}
MASK = "#D9D9D9"
# An ordered ramp, light for coarse and dark for fine, in no hue of the approaches
RESOLUTIONS = {1.0: "#C2A5CF", 0.5: "#9970AB", 0.25: "#762A83", 0.05: "#40004B"}
SINGLE_WIDTH = 89 / 25.4  # inches
DOUBLE_WIDTH = 183 / 25.4  # inches
NOTE_SIZE = 7  # points
FEWEST = 8  # values below which a density would show the kernel, not the values
BANDS = ((0.95, 0.15), (0.90, 0.25), (0.50, 0.40))  # probability, opacity

PRETTY_UNITS = {
    "g m-2": "gC m$^{-2}$",
    "g m-2 d-1": "gC m$^{-2}$ d$^{-1}$",
    "m2 m-2": "m$^{2}$ m$^{-2}$",
    "MJ m-2 d-1": "MJ m$^{-2}$ d$^{-1}$",
    "d-1": "d$^{-1}$",
    "degC": "°C",
    "degC-1": "°C$^{-1}$",
    "1": "",
}


def style():
    """Context in which a figure is drawn in the project's style."""
    plt.draw_if_interactive()  # loads the backend: a notebook's turns interactive on, to stay so
    return plt.style.context(files("pm_dalec.plots") / "pm_dalec.mplstyle")


def record_of(name):
    """Row of the tables that declares a variable, summary or parameter."""
    for table in (VARIABLES, QUANTITIES):
        if name in table:
            return table[name]
    return PARAMETERS[name]


def unit(name):
    """Unit of a variable, summary or parameter as on an axis; empty where it has none."""
    units = record_of(name).units
    return PRETTY_UNITS.get(units, units)


def label(name):
    """Axis label of a variable, summary or parameter: symbol and unit, from the tables."""
    symbol, units = record_of(name).symbol, unit(name)
    return f"{symbol} ({units})" if units else symbol


def letter(axes, number):
    """Put (a), (b), ... (z), (aa), ... above the left corner of a panel."""
    rounds, place = divmod(number, len(ascii_lowercase))
    before = ascii_lowercase[rounds - 1] if rounds else ""
    axes.set_title(f"({before}{ascii_lowercase[place]})", loc="left", fontweight="bold")


def note_below(figure, words):
    """Put a note into the lower right corner of a figure, where no legend is; nothing without words."""
    if words:
        figure.supxlabel(words, x=1.0, ha="right", fontsize=NOTE_SIZE, fontweight="bold")


def note_above(figure, words):
    """Put a note into the upper right corner of a figure, where no legend is; nothing without words."""
    if words:
        figure.suptitle(words, x=1.0, ha="right", fontsize=NOTE_SIZE, fontweight="bold")


def save_figure(figure: Figure, stem: str | Path) -> None:
    """Save a figure as PDF and PNG and close it.

    Parameters
    ----------
    figure : Figure
    stem : path
        Without suffix; its folder is made.
    """
    if not hasattr(figure, "savefig"):
        raise TypeError(
            f"wanted a Figure of matplotlib, got {type(figure).__name__}; give what a function of "
            "pm_dalec.plots returns"
        )
    stem = path_of("stem", stem)
    folder_to_write(stem.parent)
    with style():
        for suffix in (".pdf", ".png"):
            with whole(stem.with_name(stem.name + suffix)) as draft:
                figure.savefig(draft, format=suffix[1:])
    plt.close(figure)

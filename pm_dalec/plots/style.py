"""Colours, widths and labels that all figures share."""

from importlib.resources import files
from pathlib import Path

import matplotlib.pyplot as plt

from pm_dalec.parameters import PARAMETERS
from pm_dalec.variables import VARIABLES

BASELINE = "#0072B2"
STRATIFIED = "#D55E00"
OBSERVATIONS = "#000000"
PRIOR = "#7F7F7F"
STRATA = {"conifer": "#009E73", "broadleaf": "#E69F00", "heath": "#CC79A7", "arable": "#F0E442"}
RESOLUTIONS = ("#56B4E9", "#009E73", "#E69F00", "#D55E00")
SINGLE_WIDTH = 89 / 25.4  # inches
DOUBLE_WIDTH = 183 / 25.4  # inches
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
    return plt.style.context(files("pm_dalec.plots") / "pm_dalec.mplstyle")


def label(name):
    """Axis label of a variable or parameter: symbol and unit, from the tables."""
    record = VARIABLES[name] if name in VARIABLES else PARAMETERS[name]
    unit = PRETTY_UNITS.get(record.units, record.units)
    return f"{record.symbol} ({unit})" if unit else record.symbol


def save_figure(figure, stem):
    """Save a figure as PDF and PNG and close it.

    Parameters
    ----------
    figure : Figure
    stem : path
        Without suffix; its folder is made.
    """
    stem = Path(stem)
    stem.parent.mkdir(parents=True, exist_ok=True)
    with style():
        for suffix in (".pdf", ".png"):
            figure.savefig(stem.with_name(stem.name + suffix))
    plt.close(figure)

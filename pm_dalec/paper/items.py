"""The tables and figures of the paper: from a folder of fits to a folder of files.

The scripts in ``paper_figures/`` make one item each; `make_all` makes all of them.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib as mpl

from pm_dalec.paper import figures
from pm_dalec.paper.claims.verdicts import hypotheses
from pm_dalec.paper.experiments import experiments_of
from pm_dalec.paper.forecasts import figures as futures
from pm_dalec.paper.forecasts.runs import open_forecasts
from pm_dalec.paper.forecasts.series import table_order
from pm_dalec.paper.forecasts.spread import table_blame
from pm_dalec.paper.landscape_file import open_landscape
from pm_dalec.paper.tables import budget, fit, layout, parameters
from pm_dalec.paper.tables.convergence import table_fleet
from pm_dalec.paper.tables.interval_coverage import coverage
from pm_dalec.plots.style import save_figure

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Item:
    """One table or figure.

    Parameters
    ----------
    name : str
        Name of its files without ending.
    title : str
        What it is.
    make : callable
        (experiments, landscape, forecasts) -> Figure or DataFrame.
    is_table : bool
    """

    name: str
    title: str
    make: object
    is_table: bool = False


def _table(name, title, make):
    return Item(name, title, lambda experiments, *_: make(experiments), is_table=True)


def _figure(name, title, make):
    return Item(name, title, lambda experiments, *_: make(experiments))


def _future(name, title, make, *, is_table=False):
    return Item(name, title, lambda *given: make(given[-1]), is_table)


ITEMS = (
    _table("table1_fit", "Table 1. Fit of wood carbon and LAI", fit.table_1),
    _table("table2_budget", "Table 2. Carbon budget, median and 5-95 %", budget.table_2),
    _table("tableA1_parameters", "Table A1. Parameters", lambda _: parameters.table_a1()),
    _table("tableA2_strata", "Table A2. Fit of each stratum", fit.table_a2),
    _table("harvest", "Harvest against theory", budget.table_harvest),
    _table("widths", "Ratio of interval widths", budget.table_widths),
    _table("coverage", "Coverage of the truth by 90 % intervals", coverage),
    _table("fleet", "Convergence of the units of every fit", table_fleet),
    Item("hypotheses", "Hypotheses", lambda fits, _, later: hypotheses(fits, later), is_table=True),
    _future("forecast_order", "Order of the strata in 2100", table_order, is_table=True),
    _future("forecast_spread", "Spread of the forecasts by cause", table_blame, is_table=True),
    Item("fig02_land_cover", "Figure 2", lambda _, where, __: figures.fig02_land_cover(where)),
    _figure("fig03_schematic", "Figure 3", lambda _: figures.fig03_schematic()),
    _figure("fig04_series", "Figure 4", figures.fig04_series),
    _figure("fig05_harvest_ratio", "Figure 5", figures.fig05_harvest_ratio),
    _figure("fig05_harvest_interval", "Figure 5 with intervals", figures.fig05_harvest_interval),
    _figure("fig06_live_change", "Figure 6", figures.fig06_live_change),
    _figure("fig07_ensembles", "Figure 7", figures.fig07_ensembles),
    _figure(
        "fig07_correlated_strata",
        "Figure 7 with correlated strata",
        figures.fig07_correlated_strata,
    ),
    _figure("fig08_traits", "Figure 8", figures.fig08_traits),
    _figure("fig08_two_spreads", "Figure 8, spread and uncertainty", figures.fig08_two_spreads),
    _future("fig09_forecast", "Figure 9", futures.fig09_forecast),
    _future("fig09_gain_by_cause", "Figure 9 by cause", figures.fig09_gain_by_cause),
    _future("forecast_map", "Map of the gain by 2100", futures.forecast_map),
    _future("forecast_blame", "Causes of the spread", futures.forecast_blame),
    _future("forecast_management", "Futures by management", futures.forecast_management),
    Item(
        "figA1_fractions", "Figure A1", lambda fits, where, _: figures.figa1_fractions(fits, where)
    ),
    _figure("figA2_leaf_area", "Figure A2", figures.figa2_leaf_area),
    _figure("figA3_wood", "Figure A3", figures.figa3_wood),
    _figure("figA4_gpp_maps", "Figure A4", figures.figa4_gpp_maps),
    _figure("figA5_series_bands", "Figure A5", figures.figa5_series_bands),
    _figure("figA6_live_residence", "Figure A6", figures.figa6_live_residence),
    _figure("figA7_dead_residence", "Figure A7", figures.figa7_dead_residence),
    _figure("figA8_npp_shares", "Figure A8", figures.figa8_npp_shares),
    _figure("fleet_map", "Maps of convergence", figures.fleet_map),
)


def make_all(fits, out, *, landscape=None, draws=1000, seed=0, progress=None):
    """Make every table and figure that a set of fits allows.

    Parameters
    ----------
    fits : str, Path, or mapping of tuple to DataTree or Experiment
        Folder of fits (see `open_experiments`), or the fits by (approach, resolution [degree]).
    out : str or Path
        Folder to write to; made if it does not exist.
    landscape : Twin, DataArray or path, optional
        Stratum of every cell (lat, lon); ``landscape.nc`` in the folder of the fits by default.
    draws : int
        Draws of a unit that the reductions use.
    seed : int
        Of the pairing of strata.
    progress : callable, optional
        Called with a sentence.

    Returns
    -------
    dict of str to list of Path or str
        By name of the item: its files, or the sentence that says why it could not be made.
    """
    tell = progress or (lambda sentence: None)
    experiments = experiments_of(fits, draws=draws, seed=seed, progress=progress)
    if landscape is None and isinstance(fits, str | Path):
        landscape = fits
    where = open_landscape(landscape)
    forecasts = open_forecasts(fits) if isinstance(fits, str | Path) else {}
    made = {}
    with mpl.rc_context({"backend": "agg"}):
        for item in ITEMS:
            tell(f"{item.title}: {item.name}")
            try:
                made[item.name] = save(item.make(experiments, where, forecasts), out, item.name)
            except ValueError as reason:
                made[item.name] = str(reason)
                tell(f"{item.title} left out: {reason}")
    return made


def save(made: pd.DataFrame | Figure, out: str | Path, name: str) -> list[Path]:
    """Write a figure as PDF and PNG, or a table as CSV and Markdown.

    Parameters
    ----------
    made : Figure or DataFrame
    out : str or Path
        Folder.
    name : str
        Of an item in `ITEMS`.

    Returns
    -------
    list of Path
    """
    item = next(item for item in ITEMS if item.name == name)
    if item.is_table:
        return layout.save_table(made, out, name, title=item.title)
    save_figure(made, Path(out) / name)
    return [Path(out) / f"{name}{suffix}" for suffix in (".pdf", ".png")]


def arguments(description: str) -> argparse.Namespace:
    """Command line of a script in ``paper_figures/``: ``--fits`` and ``--out``.

    Returns
    -------
    argparse.Namespace
        With ``fits`` and ``out`` as paths.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument(
        "--fits",
        type=Path,
        required=True,
        help="folder with fits (*.nc, *.zarr) or stores, such as paper/fits of `pm-dalec paper --out paper`",
    )
    parser.add_argument("--out", type=Path, required=True, help="folder for PDF, PNG, CSV")
    mpl.use("agg")
    return parser.parse_args()

"""A model of PyMC that shows in a notebook what it is: its parameters, constraints and observations."""

from __future__ import annotations

from html import escape
from io import StringIO

import numpy as np
import pymc as pm
from rich.console import Console
from rich.table import Table as RichTable

from pm_dalec.constraints.prior_draws import factor_of
from pm_dalec.graph import notes
from pm_dalec.tables import dims
from pm_dalec.tables.constants import DAYS_PER_YEAR
from pm_dalec.tables.priors import FromData
from pm_dalec.tables.streams import STREAMS, operator_of
from pm_dalec.tables.table import html_table
from pm_dalec.tables.variables import VARIABLES

WIDTH = 140
"""Columns of a table in a plain prompt, which does not fold its rows."""


class Model(pm.Model):
    """`pm.Model` with a representation for notebooks, and a table that any prompt can show."""

    def table(self, **options: object) -> PrintedTable:
        """Table of the variables, as of `pymc.Model.table`, readable in a plain prompt, too.

        Parameters
        ----------
        **options
            Those of `pymc.Model.table`.
        """
        made = super().table(**options)
        made.__class__ = PrintedTable
        return made

    def _repr_html_(self) -> str:
        """Length of the run, parameters with priors, constraints, and streams with observations."""
        return "".join(
            (
                f"<p><b>DALEC</b> {escape(_run_words(self))}</p>",
                _parameters(self),
                _constraints(self),
                _streams(self),
            )
        )


class PrintedTable(RichTable):
    """Table of rich that prints itself where a prompt asks for its ``repr``."""

    def __repr__(self) -> str:
        """Table as text."""
        console = Console(file=StringIO(), width=WIDTH, force_jupyter=False)
        console.print(self)
        return console.file.getvalue().rstrip()


def _run_words(model):
    """How long the run is, of how many units, with which optimum."""
    time = np.asarray(model.coords[dims.TIME])
    days = float(np.sum(notes.of(model).units["step_days"].values))
    space = [f"{len(model.coords[name])} {name}" for name in dims.SPACE if name in model.coords]
    first = str(time[0])[:10] if time.dtype.kind == "M" else str(time[0])
    return (
        f"of {' x '.join(space) or 'one site'}: {time.size} steps from {first}, "
        f"{days / DAYS_PER_YEAR:.1f} years; stomatal optimum {notes.of(model).solver}"
    )


def _parameters(model):
    known = notes.of(model)
    header = ("parameter", "symbol", "meaning", "units", "least", "largest", "prior")
    rows = (
        (
            parameter.name,
            parameter.symbol,
            parameter.meaning,
            parameter.units,
            *parameter.bounds,
            _prior_words(parameter, known.units),
        )
        for parameter in known.parameters.values()
    )
    return html_table(header, rows, f"{len(known.parameters)} parameters")


def _prior_words(parameter, units):
    """Prior in words, with the numbers of a factor that comes from the data."""
    factor = getattr(parameter.prior, "factor", None)
    if not isinstance(factor, FromData):
        return parameter.prior
    mean, sigma, logarithmic = factor_of(parameter, units)
    if not np.isfinite(sigma).any():
        return "log-uniform"
    some = " (mean over units)" if np.size(mean) > 1 else ""
    between = "times or over" if logarithmic else "±"
    return f"log-uniform, times {np.nanmean(mean):.6g} {between} {np.nanmean(sigma):.6g}{some}"


def _constraints(model):
    """Constraints, folded away but for their number: they are many."""
    known = notes.of(model)
    if not known.rules:
        return "<p>no constraints</p>"
    rows = ((rule.name, rule.inequality, rule.level) for rule in known.rules.values())
    title = escape(f"{len(known.rules)} constraints: {known.constraints}")
    table = html_table(("constraint", "holds where", "level"), rows)
    return f"<details><summary>{title}</summary>{table}</details>"


def _streams(model):
    """Streams with their likelihood and the number of their observations."""
    rows = []
    for stream, likelihood in notes.of(model).likelihoods.items():
        seen = int(np.sum(model[f"{stream}_seen"].get_value() > 0))
        variable, words = VARIABLES[STREAMS[stream].observes], str(likelihood).capitalize()
        compared = operator_of(notes.of(model).units, stream)
        of = "" if compared is None else f", {compared} over a window of steps"
        of = of.replace("deviation over", "deviation from the mean of")
        rows.append((stream, variable.long_name + of, variable.units, words, seen))
    if not rows:
        return "<p>no observations: the constrained prior</p>"
    header = ("stream", "observes", "units", "likelihood", "observations")
    return html_table(header, rows, f"{len(rows)} observation streams")

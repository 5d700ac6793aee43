"""Tables 1 and A2: fit to the observations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from pm_dalec.paper import printed
from pm_dalec.paper.experiments import domain_ensemble
from pm_dalec.paper.tables.budget import MEDIANS, UNITS
from pm_dalec.paper.tables.layout import PAPER
from pm_dalec.posterior.aggregation import stratum_samples
from pm_dalec.posterior.metrics import fit_metrics, stratum_metrics
from pm_dalec.tables import dims
from pm_dalec.tables.strata import STRATA

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pm_dalec.paper.reduction import Experiment

METRIC_UNITS = {"rmse_percent": "%", "bias_percent": "%", "rmse_sigma": "1", "bias_sigma": "1"}


def _matched(experiment, stream):
    return [experiment.matched[f"{stream}_{part}"] for part in ("modelled", "observed", "sigma")]


def _streams(experiment):
    return [name for name in MEDIANS if f"{name}_modelled" in experiment.matched]


def _fit_rows(stream, row, experiment, metrics, median):
    """Rows of one stream of one experiment, in the order of the printed table."""
    first = {"stream": stream, **row, "resolution": experiment.resolution}
    values = {name: float(metrics[name]) for name in metrics} | {"median": float(median)}
    for metric in printed.FIT_ROWS:
        units = METRIC_UNITS.get(metric, UNITS[stream])
        yield {**first, "metric": metric, "units": units, "ours": values[metric]}


def table_1(experiments: Mapping[tuple[str, float], Experiment]) -> pd.DataFrame:
    """Fit of wood carbon and LAI of both approaches; strata are combined in the pixel.

    Parameters
    ----------
    experiments : mapping of tuple to Experiment

    Returns
    -------
    DataFrame
        Columns stream, approach, resolution, metric, units, ours and the paper's.
    """
    rows = []
    for experiment in experiments.values():
        for stream in _streams(experiment):
            metrics = fit_metrics(*_matched(experiment, stream), experiment.units)
            median = domain_ensemble(experiment, MEDIANS[stream]).median()
            row = {"approach": experiment.approach}
            rows.extend(_fit_rows(stream, row, experiment, metrics, median))
    for row in rows:
        row[PAPER] = _printed_fit(printed.TABLE_1, row, "approach")
    return pd.DataFrame(rows)


def table_a2(experiments: Mapping[tuple[str, float], Experiment]) -> pd.DataFrame:
    """Fit of wood carbon and LAI of each stratum; weights are area times share.

    Parameters
    ----------
    experiments : mapping of tuple to Experiment

    Returns
    -------
    DataFrame
        Columns stream, stratum, resolution, metric, units, ours and the paper's.
    """
    rows = []
    for experiment in experiments.values():
        if experiment.approach != "stratified":
            continue
        for stream in _streams(experiment):
            metrics = stratum_metrics(*_matched(experiment, stream), experiment.units)
            draws = experiment.budget[MEDIANS[stream]]
            medians = stratum_samples(draws, experiment.units).median("sample")
            for stratum in (s.name for s in STRATA):
                one = {dims.STRATUM: stratum}
                row = {"stratum": stratum}
                rows.extend(_fit_rows(stream, row, experiment, metrics.sel(one), medians.sel(one)))
    for row in rows:
        row[PAPER] = _printed_fit(printed.TABLE_A2, row, "stratum")
    return pd.DataFrame(rows)


def _printed_fit(table, row, column):
    found = table.get((row["stream"], row[column]), {}).get(row["metric"], {})
    return found.get(row["resolution"], np.nan)

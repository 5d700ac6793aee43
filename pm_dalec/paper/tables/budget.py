"""Table 2, widths and harvest: the carbon budget of the domain."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from pm_dalec.paper import printed
from pm_dalec.paper.experiments import domain_ensemble, pairs
from pm_dalec.paper.figure_data import harvest_ratios
from pm_dalec.paper.tables.layout import LEVELS, PAPER
from pm_dalec.posterior.metrics import interval_width, width_ratio
from pm_dalec.tables.summaries import BUDGET, QUANTITIES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pm_dalec.paper.reduction import Experiment

MEDIANS = {"cwood": "mean_wood", "lai": "lai"}
UNITS = {"cwood": "g m-2", "lai": "m2 m-2"}


def table_2(experiments: Mapping[tuple[str, float], Experiment]) -> pd.DataFrame:
    """Carbon budget of the domain: median and 5-95 % of both approaches.

    Parameters
    ----------
    experiments : mapping of tuple to Experiment

    Returns
    -------
    DataFrame
        Columns quantity, approach, resolution, statistic, units, ours and the paper's.
    """
    rows = []
    for name in BUDGET:
        for experiment in experiments.values():
            sample = domain_ensemble(experiment, name)
            paper = printed.TABLE_2[name, experiment.approach].get(experiment.resolution)
            paper = dict(zip(LEVELS, paper or (np.nan,) * 3, strict=True))
            rows.extend(
                {
                    "quantity": name,
                    "approach": experiment.approach,
                    "resolution": experiment.resolution,
                    "statistic": statistic,
                    "units": QUANTITIES[name].units,
                    "ours": float(np.quantile(sample, level)),
                    PAPER: paper[statistic],
                }
                for statistic, level in LEVELS.items()
            )
    return pd.DataFrame(rows)


def table_widths(experiments):
    """Stratified over baseline width of the 5-95 % interval under three rules of aggregation.

    Parameters
    ----------
    experiments : mapping of tuple to Experiment

    Returns
    -------
    DataFrame
        Columns quantity, resolution, rule, ours, the paper's and theory (TWIN, eq. 11), which holds
        for strata that are equally uncertain, so not for harvest.
    """
    rules = {
        "pixel first": {"order": "pixel_first"},
        "stratum first": {"order": "stratum_first"},
        "correlated strata": {"across_strata": "correlated"},
    }
    rows = []
    for name in BUDGET:
        for resolution, (baseline, stratified) in pairs(experiments).items():
            units = stratified.units
            theory = width_ratio(units["area_fraction"].to_numpy(), units["area"].to_numpy())
            expected = {"pixel first": theory, "correlated strata": 1.0}
            width = interval_width(domain_ensemble(baseline, name))
            for rule, arguments in rules.items():
                ratio = interval_width(domain_ensemble(stratified, name, **arguments)) / width
                row = {"quantity": name, "resolution": resolution, "rule": rule, "ours": ratio}
                row[PAPER] = _printed_width(name, resolution) if rule == "pixel first" else np.nan
                row["theory"] = expected.get(rule, np.nan) if name != "harvest" else np.nan
                rows.append(row)
    return pd.DataFrame(rows)


def table_harvest(experiments):
    """Harvest of both approaches beside theory (TWIN, eq. 5 and 12) and the paper.

    Parameters
    ----------
    experiments : mapping of tuple to Experiment

    Returns
    -------
    DataFrame
        One row a resolution [g m-2 d-1]; ``theory_baseline`` is the stratified harvest times eq. 5
        with the posterior's stocks, corrected by eq. 12; ratios and fragmentation [1].
    """
    found = harvest_ratios(experiments).to_dataframe().reset_index()
    found = found.rename(columns={"paper": f"ratio, {PAPER}", "theory": "theory_ratio"})
    for approach in printed.APPROACHES:
        rows = printed.TABLE_2["harvest", approach]
        found[f"{approach}, {PAPER}"] = [
            rows.get(resolution, (np.nan,))[0] for resolution in found["resolution"]
        ]
    return found


def _printed_width(name, resolution):
    rows = [printed.TABLE_2[name, approach].get(resolution) for approach in printed.APPROACHES]
    if None in rows:
        return np.nan
    (_, low, high), (_, lower, upper) = rows
    return (upper - lower) / (high - low)

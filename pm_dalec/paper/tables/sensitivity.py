"""Sensitivity of Table 2: what priors, constraints and uncertainties make of the domain's budget."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from pm_dalec.data.storage import folder_to_write
from pm_dalec.landscape.twin.twin import make_twin
from pm_dalec.paper.reduction import reduce_fit
from pm_dalec.paper.run import STOP, experiment_region, true_parameters
from pm_dalec.paper.tables.budget import table_2
from pm_dalec.paper.tables.layout import PAPER
from pm_dalec.sensitivity.studies.results import unconverged
from pm_dalec.sensitivity.studies.study import Study

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from pm_dalec.paper.reduction import Experiment

GAUSSIAN_WIDTH = 3.29  # of a 5-95 % interval in standard deviations
PRIORS = {"2020": {"priors": "edinburgh2020"}, "2023": {"priors": "edinburgh2023"}}
BUDGET_VARIANTS = {
    "as the paper": {},
    **{f"priors {name}": changes for name, changes in PRIORS.items()},
    "EDCs 2024": {"constraints": "edinburgh2024"},
    "no EDCs": {"constraints": None},
    "sigma by rule": {"sigma_rules": "edinburgh2021"},
    "sigma halved": {"sigma": {"lai": 0.5, "cwood": 0.5}},
    "sigma doubled": {"sigma": {"lai": 2.0, "cwood": 2.0}},
    "days in three years": {"days": "three_years"},
}
"""Priors, constraints and uncertainties of which the paper's Table 2 may be made."""


def budget_studies(
    models: Mapping[str, Callable],
    folder: Path,
    *,
    variants: Mapping[str, object] = BUDGET_VARIANTS,
    resolution: float = 1.0,
    seed: int = 1,
    proposals: int = 120_000,
    threads: int | None = None,
) -> tuple[dict[str, dict[tuple[str, float], Experiment]], list[str]]:
    """Experiments of the paper on the twin under variants of its choices; resumable.

    Parameters
    ----------
    models : mapping of str to callable
        ``build`` of the model of each approach.
    folder : Path
        One study an approach lies in it.
    variants : mapping
        As for `pm_dalec.sensitivity.Study`.
    resolution : float [degree]
    seed : int
        Of landscape, sampler and pairing of strata.
    proposals : int
        Budget of each chain.
    threads : int, optional

    Returns
    -------
    experiments : dict of str to dict
        By variant, as `table_2` takes them.
    doubtful : list of str
        Approaches and variants with units that did not converge.
    """
    folder, twin = folder_to_write(folder), make_twin(seed)
    truth = true_parameters(models["baseline"], twin, seed)
    region = experiment_region(twin, resolution, seed, truth)
    found, doubtful = {name: {} for name in variants}, []
    for approach, build in models.items():
        study = Study(build, region, variants)
        result = study.run(
            folder / f"{approach}_{resolution:g}",
            random_seed=seed,
            proposals=proposals,
            threads=threads,
            **STOP,
        )
        doubtful += [f"{approach}, {name}: {words}" for name, words in unconverged(result).items()]
        for name in variants:
            experiment = reduce_fit(study.fit(name), seed=seed)
            found[name][experiment.key] = experiment
    return found, doubtful


def table_2_sensitivity(
    experiments: Mapping[str, Mapping[tuple[str, float], Experiment]],
) -> pd.DataFrame:
    """Table 2 under every variant, beside the printed numbers.

    Parameters
    ----------
    experiments : mapping of str to mapping
        By variant, from `budget_studies`; the first is what the others are compared with.

    Returns
    -------
    DataFrame
        Rows of `table_2` with columns ``variant``, ``moved`` (from the first variant, in its units),
        ``moved_sd`` (over the standard deviation that the first one's 5-95 % interval has as a Gaussian)
        and ``off_sd`` (from the printed number, over the standard deviation of its printed interval).
    """
    parts = [table_2(part).assign(variant=name) for name, part in experiments.items()]
    keys = ["quantity", "approach", "resolution", "statistic"]
    first = parts[0].set_index(keys)["ours"]
    table = pd.concat(parts, ignore_index=True)
    table["moved"] = table["ours"] - table.join(first, on=keys, rsuffix="_first")["ours_first"]
    table["moved_sd"] = table["moved"] / _sd(parts[0], "ours", table)
    table["off_sd"] = (table["ours"] - table[PAPER]) / _sd(parts[0], PAPER, table)
    return table


def _sd(rows, column, like):
    """Standard deviation that an interval has as a Gaussian, for every row of another table."""
    keys = ["quantity", "approach", "resolution"]
    wide = rows.pivot_table(index=keys, columns="statistic", values=column, dropna=False)
    sd = (wide["95 %"] - wide["5 %"]) / GAUSSIAN_WIDTH
    return like.join(sd.rename("sd"), on=keys)["sd"]


def closest(table: pd.DataFrame) -> pd.DataFrame:
    """Variants by their distance from the printed medians.

    Parameters
    ----------
    table : DataFrame
        From `table_2_sensitivity`.

    Returns
    -------
    DataFrame
        By variant: root mean square of ``off_sd`` over all medians of both approaches, nearest first,
        and the worst quantity.
    """
    medians = table[table["statistic"] == "median"].dropna(subset=["off_sd"])
    found = medians.groupby("variant")["off_sd"].agg(
        rms=lambda off: float(np.sqrt((off**2).mean())), worst=lambda off: float(off.abs().max())
    )
    return found.sort_values("rms")

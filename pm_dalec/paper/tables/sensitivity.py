"""Sensitivity of Table 2: what priors, constraints and uncertainties make of the domain's budget."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from pm_dalec.data.storage import folder_to_write, whole
from pm_dalec.landscape.twin.twin import make_twin
from pm_dalec.paper.reduction import reduce_fit
from pm_dalec.paper.run import STOP, experiment_region, true_parameters
from pm_dalec.paper.tables.budget import table_2
from pm_dalec.paper.tables.layout import PAPER, save_table
from pm_dalec.sensitivity.studies.results import unconverged
from pm_dalec.sensitivity.studies.study import Study

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from pm_dalec.paper.reduction import Experiment

ANSWER = "plain_answer.md"
ANSWERED = (
    "change_live",
    "change_dead",
)  # the numbers of Table 2 that are farthest from the printed ones
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
    "1 K warmer": {"weather": {"tmin": 1.0, "tmax": 1.0}},
    "a tenth more light": {"weather": {"sw_rad": 1.1}},
}
"""Priors, constraints, uncertainties and weather of which the paper's Table 2 may be made."""


def budget_studies(
    models: Mapping[str, Callable],
    folder: Path,
    *,
    variants: Mapping[str, object] = BUDGET_VARIANTS,
    resolution: float = 1.0,
    seed: int = 1,
    proposals: int = 120_000,
    pilot: int = 60_000,
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
    pilot : int
        As for `pm_dalec.sensitivity.Study.run`.
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
            pilot=pilot,
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
    first = parts[0].set_index(keys)["ours"].rename("first")
    table = pd.concat(parts, ignore_index=True)
    table["moved"] = table["ours"] - table.join(first, on=keys)["first"]
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


def plain_answer(table: pd.DataFrame, quantity: str = "change_live") -> list[str]:
    """What makes a number of Table 2 ours and not the printed one, in sentences.

    Parameters
    ----------
    table : DataFrame
        From `table_2_sensitivity`.
    quantity : str

    Returns
    -------
    list of str
        One for each approach.
    """
    rows = table[(table["quantity"] == quantity)].dropna(subset=[PAPER])
    told = []
    for (approach, resolution), part in rows.groupby(["approach", "resolution"], sort=False):
        wide = part.pivot_table(index="variant", columns="statistic", values="ours", sort=False)
        printed = part.drop_duplicates("statistic").set_index("statistic")[PAPER]
        moved = part[part["statistic"] == "median"].set_index("variant")["moved"]
        first, off = wide.index[0], (wide["median"] - printed["median"]).abs()
        farthest, nearest = moved.abs().idxmax(), off.idxmin()
        inside = wide.index[wide["median"].between(printed["5 %"], printed["95 %"])]
        told.append(
            f"{quantity}, {approach}, {resolution:g} degree: {first!r} gives {_interval(wide.loc[first])}, "
            f"printed is {_interval(printed)} {part['units'].iloc[0]}. {farthest!r} moves the median most, "
            f"by {moved[farthest]:+.0f}; {nearest!r} comes nearest, with {_interval(wide.loc[nearest])}. "
            f"{len(inside)} of {len(wide)} variants have their median inside the printed interval."
        )
    return told


def _interval(row):
    return f"{row['median']:.0f} ({row['5 %']:.0f} to {row['95 %']:.0f})"


def write_budget_sensitivity(table: pd.DataFrame, doubtful: Sequence[str], out: Path) -> list[Path]:
    """Write the table, the order of the variants, and the plain answer.

    Parameters
    ----------
    table : DataFrame
        From `table_2_sensitivity`.
    doubtful : sequence of str
        Variants that did not converge, from `budget_studies`.
    out : Path

    Returns
    -------
    list of Path
    """
    out = folder_to_write(out)
    order = closest(table).reset_index()
    written = [
        *save_table(table, out, "table2_sensitivity", title="Table 2 under other choices"),
        *save_table(order, out, "table2_closest", title="Distance from the printed medians (sd)"),
    ]
    doubt = [f"Not converged: {words}." for words in doubtful]
    answers = [line for name in ANSWERED for line in plain_answer(table, name)]
    with whole(out / ANSWER) as draft:
        draft.write_text("\n\n".join((*answers, *doubt)) + "\n", encoding="utf-8")
    return [*written, out / ANSWER]

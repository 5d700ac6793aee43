"""Sensitivity of Table 2: what priors, constraints and uncertainties make of the domain's budget."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import pandas as pd

from pm_dalec.data.storage import folder_to_write
from pm_dalec.landscape.twin.twin import make_twin
from pm_dalec.paper.reduction import reduce_fit
from pm_dalec.paper.run import STOP, experiment_region, true_parameters
from pm_dalec.paper.tables.budget import table_2
from pm_dalec.paper.tables.layout import PAPER
from pm_dalec.paper.tables.rules import worth_of_rules
from pm_dalec.sensitivity.lands import unit_costs
from pm_dalec.sensitivity.studies.fleet import BUDGET, CORE_SECONDS, WALL_SECONDS
from pm_dalec.sensitivity.studies.results import (
    VARIANT,
    unconverged,
)
from pm_dalec.sensitivity.studies.study import Study

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
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
    "1 K warmer": {"weather": {"tmin": 1.0, "tmax": 1.0}},
    "a tenth more light": {"weather": {"sw_rad": 1.1}},
    "EDCs 2024, priors 2023": {"constraints": "edinburgh2024", **PRIORS["2023"]},
    "EDCs 2024, sigma by rule": {"constraints": "edinburgh2024", "sigma_rules": "edinburgh2021"},
    "priors 2023, sigma by rule": {**PRIORS["2023"], "sigma_rules": "edinburgh2021"},
}
"""Priors, constraints, uncertainties and weather, and pairs of them, of which Table 2 may be made."""
DOUBT = "not converged"
WITHIN, WITHOUT = "as the paper", "no EDCs"
"""Variants by which the worth of the constraints is told."""
COARSEST = 1.0  # degree, where all variants are calibrated
FINER = ("as the paper", "priors 2023", "EDCs 2024", "no EDCs", "sigma by rule", "1 K warmer")
"""One variant of each kind: those of finer grids, which have many times the units."""
PAYS = 8  # variants; a pilot costs about as much as calibrations of its unit under four of them


def budget_studies(
    models: Mapping[str, Callable],
    folder: Path,
    *,
    variants: Mapping[str, object] = BUDGET_VARIANTS,
    finer: Sequence[str] = FINER,
    resolutions: Sequence[float] = (1.0, 0.5),
    seed: int = 1,
    proposals: int = 120_000,
    pilot: int = BUDGET,
    threads: int | None = None,
) -> Iterator[tuple[dict[str, dict[tuple[str, float], Experiment]], pd.DataFrame]]:
    """Experiments of the paper on the twin under variants of its choices; resumable.

    Parameters
    ----------
    models : mapping of str to callable
        ``build`` of the model of each approach.
    folder : Path
        One study an approach and resolution lies in it.
    variants : mapping
        As for `pm_dalec.sensitivity.Study`.
    finer : sequence of str
        Of these variants, those that are calibrated below 1 degree.
    resolutions : sequence of float [degree]
    seed : int
        Of landscape, sampler and pairing of strata.
    proposals : int
        Budget of each chain.
    pilot : int
        As for `pm_dalec.sensitivity.Study.run`; there is none where there are fewer than eight variants.
    threads : int, optional

    Yields
    ------
    experiments : dict of str to dict
        By variant, as `table_2` takes them; of the studies done so far, coarse resolutions first.
    costs : DataFrame
        A row an approach and resolution: units, variants, how many calibrations converged, processor time
        and time of the clock [s], by variant in words what did not converge, and what `worth_of_rules` gives.
    """
    folder, twin = folder_to_write(folder), make_twin(seed)
    truth = true_parameters(models["baseline"], twin, seed)
    regions = {each: experiment_region(twin, each, seed, truth) for each in resolutions}
    found, costs = {name: {} for name in variants}, []
    for resolution, approach in product(resolutions, models):
        chosen = [name for name in variants if resolution >= COARSEST or name in finer]
        study = Study(models[approach], regions[resolution], {n: variants[n] for n in chosen})
        result = study.run(
            folder / f"{approach}_{resolution:g}",
            random_seed=seed,
            proposals=proposals,
            pilot=pilot if len(chosen) >= PAYS else 0,
            threads=threads,
            **STOP,
        )
        costs.append({"approach": approach, "resolution": resolution, **_cost(result)})
        if {WITHIN, WITHOUT} <= set(chosen):
            costs[-1] |= worth_of_rules(result, regions[resolution], within=WITHIN, without=WITHOUT)
        for name in chosen:
            experiment = reduce_fit(study.fit(name), seed=seed)
            found[name][experiment.key] = experiment
        yield found, pd.DataFrame(costs)


def _cost(result):
    """What the study of an approach at a resolution cost, and what of it has not converged."""
    units = unit_costs({"": result})
    return {
        "units": len(units),
        "variants": result.sizes[VARIANT],
        "calibrations": int(units["variants"].sum()),
        "converged": int(units["converged"].sum()),
        CORE_SECONDS: result.attrs[CORE_SECONDS],
        WALL_SECONDS: result.attrs[WALL_SECONDS],
        DOUBT: unconverged(result),
    }


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

"""Coverage of a known truth by posterior intervals, by quantity and stratum (TWIN, section 5.6)."""

import numpy as np
import pandas as pd

from pm_dalec.tables import dims
from pm_dalec.tables.constants import TRUTH
from pm_dalec.tables.summaries import QUANTITIES

LEVEL = 0.9
SHOWN = (
    "gpp",
    "reco",
    "nee",
    "harvest",
    "lai",
    "mean_wood",
    "change_live",
    "change_dead",
    "npp",
    "npp_wood",
    "residence_foliage",
    "residence_wood",
    "residence_som",
)


def coverage(experiments, *, quantities=SHOWN, level=LEVEL):
    """Share of units whose truth lies inside the central posterior interval.

    Parameters
    ----------
    experiments : mapping of tuple to Experiment
        Of a region with a truth, as `pm_dalec.landscape.twin.truth.add_truth` makes it.
    quantities : sequence of str
        Of `pm_dalec.tables.summaries.QUANTITIES`; those without a truth are left out.
    level : float
        Probability of the interval [1].

    Returns
    -------
    DataFrame
        One row an approach, resolution [degree], stratum and quantity: ``units``, ``inside`` [1],
        ``bias`` (posterior median minus truth, mean over units, in the quantity's units) and
        ``bias_sd`` (the same in posterior standard deviations). Units in which the quantity is
        known beforehand (no felling: no harvest) are not counted.

    Raises
    ------
    ValueError
        If no experiment has a truth.
    """
    rows = []
    for experiment in experiments.values():
        strata = (
            [str(name) for name in experiment.units[dims.STRATUM].values]
            if dims.STRATUM in experiment.units.dims
            else [None]
        )
        for name in quantities:
            if TRUTH + name not in experiment.units:
                continue
            for stratum in strata:
                rows.append(_row(experiment, name, stratum, level))
    found = [row for row in rows if row["units"] > 0]
    if not found:
        raise ValueError(
            "wanted experiments with a known truth (truth_gpp and so on among the units), got none; "
            "make the region with pm_dalec.landscape.twin.truth.add_truth"
        )
    return pd.DataFrame(found)


def _row(experiment, name, stratum, level):
    drawn, truth = experiment.budget[name], experiment.units[TRUTH + name]
    if stratum is not None:
        drawn, truth = (part.sel({dims.STRATUM: stratum}) for part in (drawn, truth))
    drawn, truth = drawn.transpose(dims.POOLED, dims.PIXEL).values, truth.values
    with np.errstate(all="ignore"):
        spread = drawn.std(axis=0)
        counted = np.isfinite(truth) & (spread > 0)
    drawn, truth, spread = drawn[:, counted], truth[counted], spread[counted]
    first = {
        "approach": experiment.approach,
        "resolution": experiment.resolution,
        "stratum": stratum or "all",
        "quantity": name,
        "units": int(counted.sum()),
    }
    if not counted.any():
        return first
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2], axis=0)
    apart = np.median(drawn, axis=0) - truth
    return first | {
        "inside": float(((truth >= low) & (truth <= high)).mean()),
        "bias": float(apart.mean()),
        "bias_sd": float((apart / spread).mean()),
        "unit_of_bias": QUANTITIES[name].units,
    }

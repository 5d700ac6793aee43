"""Convergence of a fleet of fits: R-hat, effective sample size, acceptance and fate of every unit.

A reduction keeps them (`unit_diagnostics`); the table "fleet" and the maps "fleet_map" are made from
reductions, like all others.
"""

import numpy as np
import pandas as pd

from pm_dalec.posterior.convergence import MEANINGS, NOT_RUN, RHAT_LIMIT, STATUSES, UNKNOWN
from pm_dalec.tables import dims


def table_fleet(experiments):
    """Convergence of every fit and, where it is stratified, of every stratum.

    Parameters
    ----------
    experiments : mapping of tuple to Experiment

    Returns
    -------
    DataFrame
        One row an approach, resolution [degree] and stratum ("all" first): ``units`` that were
        calibrated, share of them whose worst rank R-hat is below ``rhat_limit``, statistics over
        units of the worst R-hat, least bulk effective sample size, acceptance and ``proposals`` of
        each chain, and how many converged, used up the budget or found no start. NaN where a fit
        does not tell.

    Raises
    ------
    ValueError
        If no experiment knows the convergence of its units.
    """
    rows = []
    for experiment in _diagnosed(experiments):
        rows.append(_row(experiment, None))
        if dims.STRATUM in experiment.units.dims:
            rows += [_row(experiment, name) for name in experiment.units[dims.STRATUM].to_numpy()]
    return pd.DataFrame([row for row in rows if row["units"] > 0])


def _diagnosed(experiments):
    found = [e for e in experiments.values() if set(MEANINGS) <= set(e.units)]
    if not found:
        raise ValueError(
            "wanted experiments with the convergence of their units (worst_rhat and so on), got "
            "none; open the fits with pm_dalec.paper.open_experiments"
        )
    return found


def _row(experiment, stratum):
    units = experiment.units[list(MEANINGS)]
    if stratum is not None:
        units = units.sel({dims.STRATUM: stratum})
    status = units["status"].to_numpy()
    ran = status != NOT_RUN
    status = status[ran]
    rhat, ess, acceptance, proposals = (
        units[name].transpose(*units["status"].dims).to_numpy()[ran]
        for name in ("worst_rhat", "least_ess_bulk", "acceptance", "proposals")
    )
    told = (status != UNKNOWN).any()
    counts = {
        name.replace(" ", "_"): int((status == name).sum()) if told else np.nan for name in STATUSES
    }
    return {
        "approach": experiment.approach,
        "resolution": experiment.resolution,
        "stratum": "all" if stratum is None else str(stratum),
        "units": int(ran.sum()),
        "rhat_limit": RHAT_LIMIT,
        "share_below_limit": float((rhat < RHAT_LIMIT).mean()) if ran.any() else np.nan,
        "median_worst_rhat": _known(np.median, rhat),
        "largest_worst_rhat": _known(np.max, rhat),
        "median_least_ess": _known(np.median, ess),
        "smallest_least_ess": _known(np.min, ess),
        "median_acceptance": _known(np.median, acceptance),
        "median_proposals": _whole(_known(np.median, proposals)),
    } | counts


def _known(statistic, values):
    values = values[~np.isnan(values)]
    return float(statistic(values)) if values.size else np.nan


def _whole(number):
    return number if np.isnan(number) else round(number)


def fleet_maps(experiments):
    """Convergence by pixel of the baseline and of every stratum: what the maps "fleet_map" show.

    Parameters
    ----------
    experiments : mapping of tuple to Experiment
        Shown is the finest resolution whose grid is complete, of both approaches if possible, or the
        finest there is.

    Returns
    -------
    dict of str to Dataset
        By "baseline" or stratum: ``worst_rhat``, ``least_ess_bulk``, ``acceptance``, ``status`` with
        dims (pixel), ``lat`` and ``lon``; ``resolution`` [degree] in the attributes.
    """
    diagnosed = _diagnosed(experiments)
    approaches = {}
    for experiment in diagnosed:
        approaches.setdefault(experiment.resolution, []).append(experiment)

    def rank(resolution):
        some = approaches[resolution]
        complete = not any(e.units.attrs.get("sampled", 0) for e in some)
        return (complete, len(some), -resolution)

    found = {}
    for experiment in sorted(approaches[max(approaches, key=rank)], key=lambda e: e.approach):
        units = experiment.units[[*MEANINGS, "lat", "lon"]]
        units.attrs = {"resolution": experiment.resolution}
        if dims.STRATUM not in units.dims:
            found["baseline"] = units
            continue
        for name in units[dims.STRATUM].to_numpy():
            found[str(name)] = units.sel({dims.STRATUM: name}, drop=True)
    return found

"""Convergence of a fit: rank R-hat, bulk and tail effective sample size of every parameter.

R-hat compares the four quarters of the chains, so that a limit asks for the same accuracy whatever their
number (`chain_statistics.quarters`). Beside it stand that of every chain by itself, and that between two
halves which share neither starts nor likeness, where a fit was made so.

Day parameters act modulo 365.25 and are turned to their circular mean first, so that the same day in
another year is no other value.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from pm_dalec.posterior.chain_statistics import (
    chain_statistics,
    comparable,
    halves_rhat,
    rhat_of_each,
)
from pm_dalec.posterior.runs import expect_fit
from pm_dalec.tables import dims
from pm_dalec.tables.numbers import number
from pm_dalec.tables.parameters import PARAMETERS


def diagnose(fit: xr.DataTree) -> xr.Dataset:
    """Convergence statistics of every sampled parameter.

    Parameters
    ----------
    fit : DataTree
        With ``posterior``; at least two chains.

    Returns
    -------
    Dataset
        ``rhat`` [1] among the quarters of the chains, ``rhat_each`` [1] among the chains themselves,
        ``ess_bulk``, ``ess_tail`` [1], with dims (parameter[, stratum][, pixel]); of a fit that was made
        with ``halves=True`` also ``rhat_halves`` [1] between the two, which share nothing. Of four chains
        the first two are one, and what ArviZ gives. Parameters that were fixed are left out. Of a model
        without DALEC all variables are in it, the elements of a vector one by one.

    Raises
    ------
    ValueError
        If there are fewer than two chains or four draws.
    """
    expect_fit(fit)
    posterior = fit["posterior"].to_dataset()
    chains, draws = posterior.sizes[dims.CHAIN], posterior.sizes[dims.DRAW]
    if not draws:
        raise ValueError(
            f"wanted at least 2 chains of 4 draws, got {chains} of 0: {why_no_draws(fit)}"
        )
    if chains < 2 or draws < 4:
        raise ValueError(
            f"wanted at least 2 chains of 4 draws, got {chains} of {draws}; R-hat compares chains: "
            "calibrate with chains=4 and more proposals"
        )
    names, found = [], []
    for name, values in _judged(posterior):
        if np.ptp(values) == 0:
            continue
        names.append(name)
        values = comparable(name, values)
        apart = [halves_rhat(values)] if fit.attrs.get("halves") else []
        judged = chain_statistics(values)
        found.append((*judged, rhat_of_each(values, judged[0]), *apart))
    space = dims.space_of(posterior)
    labels = ("rhat", "ess_bulk", "ess_tail", "rhat_each", "rhat_halves")
    out = {
        label: ((dims.PARAMETER, *space), np.stack(statistics))
        for label, statistics in zip(labels, zip(*found, strict=True), strict=False)
    }
    coords = {dims.PARAMETER: names} | {d: posterior[d] for d in space if d in posterior.coords}
    return xr.Dataset(out, coords=coords)


def _judged(posterior):
    """Names and values (chain, draw, ...) of what is looked at."""
    parameters = [name for name in PARAMETERS if name in posterior]
    for name in parameters or posterior.data_vars:
        values = posterior[name].transpose(dims.CHAIN, dims.DRAW, ...).values
        if parameters:
            yield name, values
            continue
        for place in np.ndindex(*values.shape[2:]):
            yield name + (str(list(place)) if place else ""), values[(..., *place)]


def has_converged(report: xr.Dataset, *, rhat: float = 1.01, ess: float = 400) -> bool:
    """Whether a fit may be used.

    Parameters
    ----------
    report : Dataset
        From `diagnose`.
    rhat, ess : float
        Largest R-hat and smallest bulk ESS that count as converged. Of the tail, from which 5 to 95 %
        intervals are read, half as many effective draws are asked for.
    """
    _check_report(report, rhat, ess)
    enough = report["ess_bulk"].min() > ess and report["ess_tail"].min() > ess / TAIL_FOR_BULK
    return bool(report["rhat"].max() < rhat and enough)


def verdict(report: xr.Dataset, *, rhat: float = 1.01, ess: float = 400) -> str:
    """One sentence on whether a fit may be used.

    Parameters
    ----------
    report : Dataset
        From `diagnose`.
    rhat, ess : float
        As in `has_converged`.
    """
    _check_report(report, rhat, ess)
    worst, least = float(report["rhat"].max()), float(report["ess_bulk"].min())
    tail = float(report["ess_tail"].min())
    by_name = report["rhat"].max([d for d in report["rhat"].dims if d != "parameter"])
    name = str(by_name["parameter"].values[int(by_name.argmax("parameter"))])
    if has_converged(report, rhat=rhat, ess=ess):
        return (
            f"converged: worst R-hat {worst:.3f} ({name}), smallest bulk ESS {least:.0f}, tail {tail:.0f}"
            f"{_between_halves(report)}"
        )
    return (
        f"not converged: worst R-hat {worst:.3f} ({name}), smallest bulk ESS {least:.0f} and tail ESS "
        f"{tail:.0f}{_between_halves(report)}; wanted below {rhat}, above {ess:g} and above "
        f"{ess / TAIL_FOR_BULK:g}, so run longer (more seconds or proposals{GOES_ON}) before you use the numbers"
    )


def _between_halves(report):
    """Words on the R-hat of chains that share nothing, where there are such."""
    if "rhat_halves" not in report:
        return ""
    return f", R-hat between halves that share nothing {float(report['rhat_halves'].max()):.3f}"


def _check_report(report, rhat, ess):
    if not isinstance(report, xr.Dataset) or not {"rhat", "ess_bulk"} <= set(report.variables):
        raise TypeError(
            f"wanted a report with rhat and ess_bulk, got {type(report).__name__}; make one with "
            "pm_dalec.diagnose(fit)"
        )
    number("rhat", rhat, above=1.0, advice="R-hat of chains that agree is 1: 1.01 is usual")
    number("ess", ess, least=0.0, advice="400 effective draws are usual")


def doubt(fit: xr.DataTree) -> str:
    """Note that figures of a fit bear: empty where it has converged, by the targets it was made with.

    Parameters
    ----------
    fit : DataTree
        Of a site or of many units; without targets of its own they are R-hat 1.01 and ESS 400.
    """
    rhat, ess = fit.attrs.get("target_rhat", 1.01), fit.attrs.get("target_ess", 400)
    draws = fit["posterior"]["initial_som"]
    if dims.space_of(draws):
        return doubt_of_units([unit_diagnostics(fit)], rhat=rhat)
    if draws.sizes[dims.CHAIN] < 2 or draws.sizes[dims.DRAW] < 4:
        return "not converged, or too few draws to tell"
    report = diagnose(fit)
    if has_converged(report, rhat=rhat, ess=ess):
        return ""
    worst, least = float(report["rhat"].max()), float(report["ess_bulk"].min())
    if worst < rhat:
        tail = float(report["ess_tail"].min())
        return f"not converged: smallest bulk ESS {least:.0f}, tail {tail:.0f}"
    return f"not converged: worst R-hat {_told(worst)}"


def doubt_of_units(units, *, rhat):
    """Note that figures of many units bear: empty where all of them have converged.

    Parameters
    ----------
    units : iterable of Dataset
        ``worst_rhat`` and ``status``, as from `unit_diagnostics`.
    rhat : float
        R-hat below which a unit counts as converged.
    """
    worst, poor = [], []
    for part in units:
        values = part["worst_rhat"].transpose(*part["status"].dims).to_numpy()
        status = part["status"].to_numpy()
        known = (status != NOT_RUN) & ~((status == UNKNOWN) & np.isnan(values))
        worst.append(values[known])
        poor.append(~(values[known] < rhat))
    worst, poor = (np.concatenate(found) if found else np.zeros(0) for found in (worst, poor))
    if not poor.any():
        return ""
    words = f"not converged: {poor.sum():.0f} of {poor.size} units"
    above = worst[~np.isnan(worst)]
    return f"{words}, worst R-hat {_told(above.max())}" if above.size else words


def _told(rhat):
    """R-hat with as many digits as tell it from its limit."""
    return f"{rhat:.3f}" if rhat < 1.1 else f"{rhat:.2f}"


GOES_ON = "; resume=True goes on from a checkpoint"
"""How a call with a checkpoint goes on; the command line says it in its own words."""

TAIL_FOR_BULK = 2.0
"""Effective draws of the bulk that are asked for one of the tail [1]."""

RHAT_LIMIT = 1.05
"""Worst rank R-hat below which a unit counts as converged [1]."""

WITHOUT_START = {
    "no start": "no state found in which all constraints hold",
    "searching": "stopped before a state was found in which all constraints hold; resume it",
}
"""Statuses of units that have no draws, and why."""


def only_tuned(made: float) -> str:
    """Words for a run whose draws had not begun after so many proposals of each chain."""
    return (
        f"its budget ended with the tuning, {made:,.0f} proposals of each chain; resume it with more "
        "proposals or seconds"
    )


def why_no_draws(fit: xr.DataTree) -> str:
    """Words for why a fit has no draws, and what to do about it.

    Parameters
    ----------
    fit : DataTree
        From `calibrate`; one without ``sample_stats`` does not say.
    """
    if "sample_stats" not in fit.children or "status" not in fit["sample_stats"]:
        return "the fit does not say why; calibrate its model"
    found = fit["sample_stats"].to_dataset()
    statuses = np.unique(found["status"].values)
    reasons = {"budget": only_tuned(float(found["proposals"].max()))} | WITHOUT_START
    return "; ".join(reasons[name] for name in statuses if name in reasons) or "no unit was run"


STATUSES = ("converged", "budget", *WITHOUT_START)
NOT_RUN, UNKNOWN = "not run", "unknown"
MEANINGS = {
    "worst_rhat": "largest rank R-hat of the parameters of a unit",
    "least_ess_bulk": "smallest bulk effective sample size of the parameters of a unit",
    "acceptance": "accepted share of the proposals of a unit",
    "proposals": "proposals of each chain of a unit",
    "status": "how the calibration of a unit ended",
}


def unit_diagnostics(fit):
    """What a fit says about the convergence of its units.

    Parameters
    ----------
    fit : DataTree
        Statistics are those of the groups ``diagnostics`` and ``sample_stats``; R-hat and effective
        sample size are computed from the draws of a fit without ``diagnostics``.

    Returns
    -------
    Dataset
        Dims ([stratum,] pixel): ``worst_rhat``, ``least_ess_bulk``, ``acceptance``, ``proposals``
        [1], NaN where nothing is known; ``status``, "unknown" where a fit does not tell and "not
        run" where there is no unit.
    """
    report = _report(fit)
    known = [report] + [
        fit[name].to_dataset() for name in ("diagnostics", "sample_stats") if name in fit.children
    ]
    draws = fit["posterior"]["initial_som"]
    alive = draws.notnull().all(dims.SAMPLE) & (draws.sizes[dims.DRAW] > 0)
    found = {
        "worst_rhat": report["rhat"].max(dims.PARAMETER),
        "least_ess_bulk": report["ess_bulk"].min(dims.PARAMETER),
        "acceptance": _first(known, "acceptance", xr.full_like(alive, np.nan, float)),
        "proposals": _first(known, "proposals", xr.full_like(alive, np.nan, float)),
        "status": _first(known, "status", xr.where(alive, UNKNOWN, NOT_RUN)),
    }
    for name, values in found.items():
        values.attrs = {"long_name": MEANINGS[name]} | ({} if name == "status" else {"units": "1"})
    return xr.Dataset(found).reset_coords(drop=True)


def _first(datasets, name, otherwise):
    return next((part[name].copy() for part in datasets if name in part), otherwise)


def _report(fit):
    """R-hat and bulk ESS by parameter and unit; NaN where the draws do not allow them."""
    if "diagnostics" in fit.children:
        return fit["diagnostics"].to_dataset()
    draws = fit["posterior"]["initial_som"].reset_coords(drop=True)
    if draws.sizes[dims.CHAIN] < 2 or draws.sizes[dims.DRAW] < 4:
        nothing = (draws.sum(dims.SAMPLE) * np.nan).expand_dims(dims.PARAMETER)
        return xr.Dataset({"rhat": nothing, "ess_bulk": nothing})
    return diagnose(fit)


def unit_report(fit: xr.DataTree, *, rhat: float = 1.05) -> pd.DataFrame:
    """Table of the units that did not converge or never began, with the reason.

    Parameters
    ----------
    fit : DataTree
        From `calibrate_region`.
    rhat : float
        Largest R-hat that counts as converged.

    Returns
    -------
    pandas.DataFrame
        Columns unit, status, worst_rhat, parameter, proposals, reason; empty where all is well.
    """
    report = fit["diagnostics"].to_dataset()
    space = list(dims.space_of(report))
    worst = report["rhat"].max("parameter")
    rows = []
    for place in np.ndindex(*worst.transpose(*space).shape):
        where = dict(zip(space, place, strict=True))
        status = str(report["status"].isel(where).values)
        value = float(worst.isel(where))
        if status == "not run" or (status not in WITHOUT_START and value < rhat):
            continue
        label = ", ".join(f"{name} {report[name].values[at]}" for name, at in where.items())
        if status in WITHOUT_START:
            name, reason = "", WITHOUT_START[status]
        else:
            column = report["rhat"].isel(where)
            name = str(column["parameter"].values[int(column.argmax("parameter"))])
            reason = f"R-hat of {name} is {value:.3f} after the whole budget"
        rows.append((label, status, value, name, float(report["proposals"].isel(where)), reason))
    columns = ("unit", "status", "worst_rhat", "parameter", "proposals", "reason")
    return pd.DataFrame(rows, columns=columns)


def converged_share(fit, *, rhat=1.05):
    """Share of the sampled units whose worst rank R-hat is below a limit [1]."""
    report = fit["diagnostics"].to_dataset()
    worst = report["rhat"].max("parameter").values
    ran = report["status"].values != "not run"
    return float((worst[ran] < rhat).mean())

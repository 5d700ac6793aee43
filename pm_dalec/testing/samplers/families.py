"""Families of samplers on the posterior of one site, side by side: lanes, SMC and NUTS.

NUTS needs constraints in the soft form, which is another posterior. So there are two comparisons: of SMC,
and of NUTS re-weighted to the hard constraints, with the lanes under these; and of NUTS with the lanes
under the soft ones. Lanes of another seed tell how far apart draws are by chance.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from pm_dalec.constraints.forms import Soft
from pm_dalec.graph import PAPER
from pm_dalec.posterior.chain_statistics import circular_mean
from pm_dalec.posterior.convergence import diagnose
from pm_dalec.sampling.calibration import calibrate
from pm_dalec.sampling.families.nuts import calibrate_nuts
from pm_dalec.sampling.families.smc import calibrate_smc
from pm_dalec.sensitivity.reweighting import reweight
from pm_dalec.tables import dims
from pm_dalec.tables.constants import DAYS_PER_YEAR, SAMPLER_VERSION
from pm_dalec.tables.parameters import PARAMETERS

if TYPE_CHECKING:
    from collections.abc import Callable

    import pymc as pm
    import xarray as xr

MEDIAN_LIMIT, WIDTH_LIMIT = 0.1, 0.05  # of a standard deviation of the reference; relative
SOFT = Soft("edinburgh2021", 0.05)
LANES = {
    "chains": 16,
    "draws": 1000,
    "ess": 2000,
    "proposals": 1_500_000,
    "groups": (),
}
"""Of the reference: its medians have an error of .03 sd."""
QUANTILES = (0.05, 0.5, 0.95)
PLACES = {"median": ".2f", "width": ".1%", "rhat": ".3f", "ess": ".0f", "core_seconds": ".0f"}


class Summary(NamedTuple):
    """Medians, standard deviations and widths of 90 % intervals by parameter, arrays (parameter,)."""

    median: np.ndarray
    sd: np.ndarray
    width: np.ndarray


def summarised(
    posterior: xr.Dataset, centres: dict[str, float], weight: np.ndarray | None = None
) -> Summary:
    """Summary of the parameters of a site, days as distances from a centre.

    Parameters
    ----------
    posterior : Dataset
    centres : dict of str to float
        By parameter that is sampled; days are circular about it.
    weight : array (chain, draw), optional
    """
    rows = []
    weights = None if weight is None else weight.ravel()
    for name, centre in centres.items():
        values = posterior[name].transpose(*dims.SAMPLE).values.ravel()
        if PARAMETERS[name].circular:
            half = DAYS_PER_YEAR / 2
            values = np.mod(values - centre + half, DAYS_PER_YEAR) - half
        method = "linear" if weights is None else "inverted_cdf"
        low, median, high = np.quantile(values, QUANTILES, weights=weights, method=method)
        mean = np.average(values, weights=weights)
        sd = np.sqrt(np.average((values - mean) ** 2, weights=weights))
        rows.append((median, sd, high - low))
    return Summary(*np.array(rows).T)


def centres_of(posterior: xr.Dataset) -> dict[str, float]:
    """Circular means of the days and zeros of other parameters that are sampled, by name."""
    found = {}
    for name in PARAMETERS:
        values = posterior[name].values
        if np.ptp(values) > 0:
            circular = PARAMETERS[name].circular
            found[name] = float(circular_mean(values, axes=(0, 1))) if circular else 0.0
    return found


def apart(one: Summary, reference: Summary, names: list[str]) -> dict[str, object]:
    """Largest differences of medians and of widths, and the parameters that have them.

    Parameters
    ----------
    one, reference : Summary
    names : list of str

    Returns
    -------
    dict
        ``median`` in standard deviations of the reference, ``width`` relative, ``within`` the share of the
        parameters within both limits, ``of_median`` and ``of_width`` the parameters.
    """
    medians = np.abs(one.median - reference.median) / reference.sd
    widths = np.abs(one.width / reference.width - 1)
    within = (medians < MEDIAN_LIMIT) & (widths < WIDTH_LIMIT)
    return {
        "median": float(medians.max()),
        "of_median": names[int(medians.argmax())],
        "width": float(widths.max()),
        "of_width": names[int(widths.argmax())],
        "within": f"{within.sum()} of {len(names)}",
    }


def compare_families(
    build: Callable[..., pm.Model],
    site: xr.Dataset,
    *,
    seed: int = 1,
    progress: Callable[[str], None] | None = None,
    lanes: dict[str, float] | None = None,
    smc: dict[str, int] | None = None,
    nuts: dict[str, float] | None = None,
) -> pd.DataFrame:
    """Sample the posterior of a site by every family and compare with the lanes.

    Parameters
    ----------
    build : callable
        Gives the model of a site and choices: ``models.baseline.build``.
    site : Dataset
        Units dataset of one site.
    seed : int
    progress : callable, optional
        Called with a sentence.
    lanes, smc, nuts : dict, optional
        Arguments of `pm_dalec.calibrate`, `pm_dalec.sampling.calibrate_smc` and ``calibrate_nuts``.

    Returns
    -------
    DataFrame
        A row a family and form of the constraints; see `apart` for the differences from the reference of
        the same form. ``runs`` are evaluations of the model, ``gradients`` those with a gradient,
        ``core_seconds`` of one thread with compilation; also ``divergences``, ``khat``, ``kept`` by the
        hard constraints, ``log_evidence`` and ``evidence_error``.
    """
    tell = progress or (lambda words: None)
    rows, references = [], {}
    for (form, family), sample in _asked(build, site, seed, (lanes, smc, nuts)).items():
        tell(f"{family}, {form} constraints")
        began = time.process_time()
        fit = sample()
        spent = time.process_time() - began
        posterior = fit["posterior"].to_dataset()
        first = form not in references
        if first:
            centres = centres_of(posterior)
            references[form] = summarised(posterior, centres), centres
        reference, centres = references[form]
        row = {"constraints": form, "family": family} | _numbers(fit) | {"core_seconds": spent}
        apart_by = apart(summarised(posterior, centres), reference, list(centres))
        rows.append(row if first else row | apart_by)
        if family == "nuts":
            tell("nuts, re-weighted to hard constraints")
            rows.append(_reweighted(fit, *references["hard"]))
    return pd.DataFrame(rows).set_index(["constraints", "family"])


def _asked(build, site, seed, given):
    """Calls that give the fits that are compared, by form of the constraints and family."""
    hard, soft = build(site, PAPER), build(site, PAPER.replace(constraints=SOFT))
    lanes, smc, nuts = (arguments or {} for arguments in given)
    quiet = {"progress": False, "threads": 1}
    lanes, smc, nuts = LANES | lanes | quiet, smc | quiet, nuts | {"progress": False}
    return {
        ("hard", "lanes"): lambda: calibrate(hard, random_seed=seed, **lanes),
        ("hard", "lanes, other seed"): lambda: calibrate(hard, random_seed=seed + 1, **lanes),
        ("hard", "smc"): lambda: calibrate_smc(hard, random_seed=seed, **smc),
        ("soft", "lanes"): lambda: calibrate(soft, random_seed=seed, **lanes),
        ("soft", "nuts"): lambda: calibrate_nuts(soft, random_seed=seed, **nuts),
    }


def _numbers(fit):
    """What a fit says of itself."""
    report, known = diagnose(fit), fit["sample_stats"].to_dataset()
    chains = fit["posterior"].sizes[dims.CHAIN]
    made = float(known["proposals"]) * float(known["run_share"]) * chains
    searched = float(known["search_proposals"]) * chains
    nuts = "diverging" in known
    found = {
        "status": str(known["status"].values),
        "rhat": float(report["rhat"].max()),
        "ess": float(report["ess_bulk"].min()),
        "runs": round(searched if nuts else made + searched),
    }
    if nuts:
        found |= {"gradients": round(made), "divergences": int(known["diverging"].sum())}
    if "log_evidence" in known:
        found |= {
            "log_evidence": float(known["log_evidence"]),
            "evidence_error": float(known["log_evidence_error"]),
            "log_constrained_share": float(known["log_constrained_share"]),
        }
    return found


def _reweighted(fit, reference, centres):
    """Row of draws under soft constraints, weighted to the hard ones where the weights allow."""
    weights = reweight(fit, PAPER)
    decision = str(weights["decision"].values)
    row = {
        "constraints": "hard",
        "family": "nuts, re-weighted",
        "status": decision,
        "ess": float(weights["ess"]),
        "khat": float(weights["khat"]),
        "kept": float(weights["kept"]),
    }
    weight = weights["weight"].transpose(*dims.SAMPLE).values
    if np.isnan(weight).any():
        return row
    found = summarised(fit["posterior"].to_dataset(), centres, weight)
    return row | apart(found, reference, list(centres))


def families_section(table: pd.DataFrame, site: str) -> str:
    """Section of a page on the families of samplers.

    Parameters
    ----------
    table : DataFrame
        From `compare_families`.
    site : str
        Name of the site.
    """
    columns = [name for name in table if name in COLUMNS]
    shown = table[columns].copy()
    for name in columns:
        shown[name] = [_told(value, PLACES.get(name, "")) for value in shown[name]]
    shown = shown.reset_index().rename(columns={name: COLUMNS.get(name, name) for name in columns})
    return f"""
## {site}

{shown.to_markdown(index=False, disable_numparse=True)}
"""


COLUMNS = {
    "status": "status",
    "rhat": "R-hat",
    "ess": "ESS",
    "median": "medians apart (sd)",
    "of_median": "worst of",
    "width": "widths apart",
    "of_width": "worst of ",
    "within": "within limits",
    "divergences": "divergences",
    "khat": "k-hat",
    "kept": "kept",
    "runs": "runs",
    "gradients": "gradients",
    "core_seconds": "core-seconds",
    "log_evidence": "log evidence",
    "evidence_error": "its error",
    "log_constrained_share": "log share of the prior",
}
PLACES |= {"khat": ".2f", "kept": ".0%", "runs": ",.0f", "gradients": ",.0f", "divergences": ".0f"}
PLACES |= {"log_evidence": ".2f", "evidence_error": ".2f", "log_constrained_share": ".2f"}


def _told(value, places):
    """Number with its places, empty where there is none."""
    if isinstance(value, str):
        return value
    return "" if pd.isna(value) else format(value, places)


def _usual(sample, *names):
    """What a sampler does by default, in words."""
    given = ", ".join(f"{name}={sample.__kwdefaults__[name]}" for name in names)
    return f"`{sample.__name__}({given})`"


TITLE = f"""# Families of samplers

Made by `pm-dalec bench --families --site SITE --steps MONTHS --page FILE`; every number is measured, version
{SAMPLER_VERSION} of the sampler. Three families sample the same posterior: the lanes, tempered SMC
(`pm_dalec.sampling.calibrate_smc`) and NUTS (`calibrate_nuts`). NUTS needs a gradient and therefore constraints in the
soft form, over a margin of {SOFT.scale:g}: it is compared with the lanes under these, and its draws, re-weighted to the
hard constraints, with the lanes under those. Re-weighting is allowed where k-hat is below 0.7.
Lanes are {LANES["chains"]} chains that go on to an ESS of {LANES["ess"]:,}; the others are
{_usual(calibrate_smc, "runs", "particles", "proposals")} and {_usual(calibrate_nuts, "chains", "draws", "tune")}.

Medians are compared in standard deviations of the reference (limit {MEDIAN_LIMIT:g}), widths of 90 % intervals relatively
(limit {WIDTH_LIMIT:.0%}), each by the worst of the parameters; the lanes of another seed tell what chance does. Runs
and gradients are evaluations of the model in all chains, searches and second looks included; of a site its first months are
taken, for NUTS takes minutes a year; core-seconds are those of one thread, compilation included.
The evidence is that of the data given prior and constraints; beside it the share of the prior that meets them.
"""

"""Verdict on a sampler: its draws of a target against what is known of it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from pm_dalec.posterior.convergence import diagnose
from pm_dalec.sampling.calibration import calibrate

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pymc as pm
    import xarray as xr

MEAN_LIMIT, QUANTILE_LIMIT = 0.05, 0.1  # of a reference standard deviation
SETTINGS = {"chains": 16, "draws": 2000, "rhat": 1.01, "ess": 8000, "proposals": 1_000_000}
"""More draws than a posterior needs: the 5 % quantile of a normal then has an error of .02 sd."""


class Reference(NamedTuple):
    """What is known of one parameter: mean, standard deviation, and quantiles of 5 and 95 %."""

    mean: float
    sd: float
    q05: float
    q95: float


class Target(NamedTuple):
    """A density, and what is known of it.

    Parameters
    ----------
    build : callable
        Gives the model of PyMC.
    references : dict of str to Reference
        By variable; those of an element of a vector as ``beta[1]``.
    first : int
        Number of the first element of a vector in these names.
    """

    build: Callable[[], pm.Model]
    references: dict[str, Reference]
    first: int = 0


def drawn_of(posterior: xr.Dataset, name: str, first: int = 0) -> np.ndarray:
    """Draws (chain, draw) of a variable, or of an element of one by a name such as ``beta[1]``."""
    if name in posterior:
        return posterior[name].values
    base, places = name[:-1].split("[")
    return posterior[base].values[(..., *(int(place) - first for place in places.split(",")))]


def compared(posterior: xr.Dataset, target: Target) -> tuple[float, float]:
    """Worst differences of means, and of quantiles of 5 and 95 %, in reference standard deviations.

    Parameters
    ----------
    posterior : Dataset
    target : Target
    """
    means, quantiles = [], []
    for name, known in target.references.items():
        drawn = drawn_of(posterior, name, target.first)
        means.append(abs(drawn.mean() - known.mean) / known.sd)
        apart = np.quantile(drawn, [0.05, 0.95]) - [known.q05, known.q95]
        quantiles.append(np.abs(apart).max() / known.sd)
    return float(max(means)), float(max(quantiles))


def judge_targets(
    targets: Mapping[str, Target],
    *,
    seed: int = 1,
    threads: int | None = None,
    progress: Callable[[str], None] | None = None,
    **settings: float,
) -> pd.DataFrame:
    """Sample targets with the default sampler and compare with what is known of them.

    Parameters
    ----------
    targets : mapping of str to Target
        From `foreign_targets`, and others.
    seed : int
    threads : int, optional
    progress : callable, optional
        Called with a sentence.
    **settings
        Of `pm_dalec.calibrate`, in place of `SETTINGS`.

    Returns
    -------
    DataFrame
        A row a target: ``parameters``, ``mean`` and ``quantile`` (worst differences in reference sd),
        ``rhat``, ``ess`` (worst), ``runs`` of the density, core ``seconds`` with compilation, ``status``
        and ``verdict``: agrees, differs, or the alarm where it says itself that it has not converged.
    """
    rows = {}
    for name, target in targets.items():
        began = time.process_time()
        given = SETTINGS | settings
        fit = calibrate(target.build(), random_seed=seed, threads=threads, progress=False, **given)
        seconds = time.process_time() - began
        rows[name] = _row(fit, target) | {"seconds": seconds}
        if progress is not None:
            progress(f"{name}: {rows[name]['verdict']}")
    return pd.DataFrame.from_dict(rows, orient="index")


def _row(fit, target):
    report, found = diagnose(fit), fit["sample_stats"].to_dataset()
    mean, quantile = compared(fit["posterior"].to_dataset(), target)
    chains = fit["posterior"].sizes["chain"]
    share, made = float(found["run_share"]), float(found["proposals"])
    status = str(found["status"].values)
    close = mean < MEAN_LIMIT and quantile < QUANTILE_LIMIT
    return {
        "parameters": report.sizes["parameter"],
        "mean": mean,
        "quantile": quantile,
        "rhat": float(report["rhat"].max()),
        "ess": float(report["ess_bulk"].min()),
        "runs": round(share * made * chains),
        "status": status,
        "verdict": _verdict(close, status == "converged"),
    }


def _verdict(close, converged):
    """Whether the draws agree, and whether the sampler knew."""
    if converged:
        return "agrees" if close else "differs, unnoticed"
    return "agrees, not yet converged" if close else "differs, and says so"

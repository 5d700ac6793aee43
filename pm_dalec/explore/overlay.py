"""What a fit lays over the view: bands of its draws, their densities, their score and its verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pm_dalec.posterior.convergence import doubt, why_no_draws
from pm_dalec.posterior.runs import evenly, expect_fit, theta_of
from pm_dalec.sampling.identity import ATTRIBUTE, identity_of, refuse_another
from pm_dalec.tables import dims
from pm_dalec.tables.parameters import Theta

if TYPE_CHECKING:
    import xarray as xr

    from pm_dalec.explore.workbench import Outlook, Workbench

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
"""Quantiles of the bands [1]."""

MOST_RUN = 400  # draws that are run again; a daily site takes a second


class Overlay(NamedTuple):
    """A fit, ready to be drawn.

    Parameters
    ----------
    bands : dict of str to array (level, time)
        Quantiles `LEVELS` of the variables shown.
    draws : Outlook
        Of some draws, the best among them.
    theta, prior : dict of str to array (draw,)
        All draws of the posterior, and those of the prior under the rules; the latter may be empty.
    best : dict of str to float
        Best draw.
    doubt : str
        Why the fit should not be used yet; empty where it has converged.
    """

    bands: dict[str, np.ndarray]
    draws: Outlook
    theta: dict[str, np.ndarray]
    prior: dict[str, np.ndarray]
    best: dict[str, float]
    doubt: str


def overlay_of(bench: Workbench, fit: xr.DataTree) -> Overlay:
    """Fit of the model of a workbench.

    Parameters
    ----------
    bench : Workbench
    fit : DataTree

    Raises
    ------
    ValueError
        If it has no draws, or is of another model.
    """
    expect_fit(fit)
    if ATTRIBUTE in fit.attrs:
        refuse_another(identity_of(bench.model), fit.attrs[ATTRIBUTE], where="fit", what="a fit")
    posterior = fit["posterior"].to_dataset()
    if not posterior["initial_som"].size:
        raise ValueError(f"wanted a fit with draws, got none: {why_no_draws(fit)}")
    theta = _flat(posterior)
    rows = bench.rows(theta)
    rows = rows[np.union1d(evenly(len(rows), MOST_RUN), _best_of(fit))]
    draws = bench.look(rows)
    best = rows[int(np.argmax(draws.log_posterior))]
    bands = {name: np.quantile(series, LEVELS, axis=-1) for name, series in draws.series.items()}
    prior = _flat(fit["prior"].to_dataset()) if "prior" in fit.children else {}
    at_best = dict(zip(Theta._fields, map(float, best), strict=True))
    return Overlay(bands, draws, theta, prior, at_best, doubt(fit))


def _flat(draws):
    """Parameters of all draws, chain by chain."""
    return {name: np.ravel(v) for name, v in theta_of(draws)._asdict().items()}


def _best_of(fit):
    """Place of the best draw of all chains, as an array; empty where the fit does not say."""
    if "sample_stats" not in fit.children or "lp" not in fit["sample_stats"]:
        return np.zeros(0, int)
    return np.atleast_1d(np.argmax(fit["sample_stats"]["lp"].transpose(*dims.SAMPLE).values))

"""Whether ranks of truths are uniform: tests, coverage, and their distribution with its envelope."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from arviz_stats.base import array_stats
from arviz_stats.ecdf_utils import compute_ecdf, ecdf_pit

from pm_dalec.plots.style import BASELINE, DOUBLE_WIDTH, PRIOR, STRATIFIED, record_of, style
from pm_dalec.tables.parameters import Theta
from pm_dalec.testing.samplers.simulation import FLUXES, LIKELIHOOD, RANKED

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from pm_dalec.tables.kinds import Array

ENVELOPE = 0.95  # chance that the whole distribution of uniform ranks stays inside
SIMULATED = 1000  # of the envelope
COLUMNS = 6


def transformed(fits: pd.DataFrame) -> dict[str, Array]:
    """Probability-integral transforms of the truths by quantity, with ties spread at random.

    Parameters
    ----------
    fits : DataFrame
        From `ranks_in`; fits without draws are left out.
    """
    rng = np.random.default_rng(0)
    names = [name for name in (*Theta._fields, *FLUXES, LIKELIHOOD) if name in fits]
    drawn = fits.dropna(subset=names)
    return {
        name: (drawn[name].to_numpy() + rng.uniform(size=len(drawn))) / (RANKED + 1)
        for name in names
    }


def uniformity(fits: pd.DataFrame) -> pd.DataFrame:
    """Table of every quantity: tests of uniform ranks, and how often central intervals hold the truth.

    Parameters
    ----------
    fits : DataFrame
        From `ranks_in`.

    Returns
    -------
    DataFrame
        A row a quantity: ``mean`` (.5 if uniform), ``variance`` (1 if uniform, relative to 1/12),
        ``in50`` and ``in90`` (share of truths in the central 50 and 90 %), ``p`` of the test of pointwise
        order statistics combined by Cauchy's law (ArviZ's ``pot_c``), ``inside`` whether the whole
        distribution stays in its envelope of 95 %.
    """
    rows = {}
    for name, values in transformed(fits).items():
        _, ecdf, low, high = _enveloped(values)
        distance = np.abs(values - 0.5)
        rows[name] = {
            "mean": values.mean(),
            "variance": values.var() * 12,
            "in50": (distance < 0.25).mean(),
            "in90": (distance < 0.45).mean(),
            "p": float(array_stats.uniformity_test(values, method="pot_c")[0]),
            "inside": bool(((ecdf >= low) & (ecdf <= high)).all()),
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def _enveloped(values):
    """Places, distribution, and simultaneous bounds of it (Säilynoja et al. 2022)."""
    places, low, high = _envelope(len(values))
    return places, compute_ecdf(values, places), low, high


@cache
def _envelope(count):
    """Places, and bounds of the distribution of so many uniform values."""
    rng = np.random.default_rng(1)
    places, _, low, high = ecdf_pit(np.arange(count) / count, ENVELOPE, SIMULATED, rng=rng)
    return places, low, high


def rank_figure(fits: pd.DataFrame) -> Figure:
    """Distribution of the ranks of every quantity, less that of uniform ones, with its envelope.

    Parameters
    ----------
    fits : DataFrame
        From `ranks_in`.
    """
    found = transformed(fits)
    rows = -(-len(found) // COLUMNS)
    with style():
        figure, panels = plt.subplots(
            rows,
            COLUMNS,
            sharex=True,
            sharey=True,
            layout="constrained",
            figsize=(DOUBLE_WIDTH, 1.1 * rows),
        )
        for axes, (name, values) in zip(panels.flat, found.items(), strict=False):
            places, ecdf, low, high = _enveloped(values)
            outside = bool(((ecdf < low) | (ecdf > high)).any())
            axes.fill_between(places, low - places, high - places, color=PRIOR, alpha=0.3, lw=0)
            axes.plot(places, ecdf - places, color=STRATIFIED if outside else BASELINE, lw=0.8)
            axes.set_title("log-likelihood" if name == LIKELIHOOD else record_of(name).symbol)
        for axes in panels.flat[len(found) :]:
            axes.set_visible(False)
        count = len(next(iter(found.values())))
        figure.supxlabel(f"rank of the truth among {RANKED} draws, scaled; {count} fits")
        figure.supylabel("distribution less uniform")
    return figure

"""Figures of one fit: against its observations, and its parameters against prior and truth."""

from __future__ import annotations

from statistics import NormalDist
from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from pm_dalec.plots.style import (
    BANDS,
    BASELINE,
    DOUBLE_WIDTH,
    NOTE_SIZE,
    OBSERVATIONS,
    PRIOR,
    STRATIFIED,
    label,
    letter,
    note_below,
    style,
    unit,
)
from pm_dalec.posterior import trajectory
from pm_dalec.posterior.trajectory import observations_of, trajectories, true_series
from pm_dalec.tables import dims
from pm_dalec.tables.constants import DAYS_PER_YEAR, NOT_CONVERGED
from pm_dalec.tables.numbers import names_of, whole_number
from pm_dalec.tables.parameters import PARAMETERS
from pm_dalec.tables.priors import DAY
from pm_dalec.tables.streams import WITHHELD
from pm_dalec.tables.variables import POOLS, VARIABLES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.figure import Figure

SHOWN = BANDS[1:]
"""Bands of a fit: 95 % would hardly differ from 90 %."""
WIDEST = SHOWN[0][0]
FEW_DRAWS = 60  # of each chain, for the bands of a fit
BOX = "log-uniform box (no factors, no rules)"
VARIABLES_SHOWN = ("lai", "wood", "gpp", "nee")
SIGNED = ("nee", "nbe")  # streams that may be below zero


def band_quantiles():
    """Quantiles that the bands and the median need."""
    edges = [0.5]
    for probability, _ in SHOWN:
        edges += [(1 - probability) / 2, (1 + probability) / 2]
    return sorted(edges)


def draw_bands(axes, times, quantiles, *, colour=BASELINE):
    """Put the bands and the median of a series on axes.

    Parameters
    ----------
    axes : matplotlib Axes
    times : array of datetime64
    quantiles : DataArray
        With a dimension ``quantile`` that holds `band_quantiles`.
    """
    for probability, opacity in SHOWN:
        low, high = _edges(quantiles, probability)
        axes.fill_between(
            times, low, high, color=colour, alpha=opacity, lw=0, label=f"{probability:.0%}"
        )
    axes.plot(times, _quantile(quantiles, 0.5), color=colour, lw=1, label="median")


def _quantile(quantiles, probability):
    return quantiles.sel(quantile=probability, method="nearest", drop=True)


def _edges(quantiles, probability):
    return [_quantile(quantiles, (1 + side * probability) / 2) for side in (-1, 1)]


def fit_figure(
    simulated: xr.Dataset | xr.DataTree,
    observed: Mapping[str, tuple[xr.DataArray, xr.DataArray | None]] | None = None,
    *,
    names: Sequence[str] = VARIABLES_SHOWN,
    truth: Mapping[str, xr.DataArray] | None = None,
) -> Figure:
    """Fit against observations: one panel a variable, bands of 50 and 90 %.

    Bands are of the model, without the noise of an observation. Above each panel stand, for its
    observations, the RMSE of the median and the share of them inside the band of 90 % once it is widened
    by their sigma, which is near 90 % where model and sigma are right; stocks are compared at the start
    of the step.

    Parameters
    ----------
    simulated : DataTree or Dataset
        A fit; or quantiles by ``quantile`` and ``time``, see `band_quantiles`. The attribute
        ``not_converged`` of these, where it is, stands in the figure.
    observed : mapping of str to tuple of DataArray, optional
        For a variable of ``simulated``: observation and its one-sigma uncertainty, by default those of the
        fit. One whose attribute ``assimilated`` is 0 is drawn with open symbols, as are those that a file
        withholds, under the name of the variable with ``_val``.
    names : sequence of str
        Variables of a fit to draw.
    truth : mapping of str to DataArray, optional
        True series in ``time`` by variable; by default those of a fit whose site has a known truth.

    Returns
    -------
    Figure
    """
    names = names_of("names", names)
    if isinstance(simulated, xr.DataTree):
        observed = observations_of(simulated, names) if observed is None else observed
        truth = true_series(simulated, names) if truth is None else truth
        how = {"draws": FEW_DRAWS, "quantiles": band_quantiles()}
        simulated = trajectories(simulated, names=names, **how)
    trajectory.expect_bands(simulated, observed)
    observed = observed or {}
    with style():
        size = (DOUBLE_WIDTH, 1.5 * len(simulated) + 0.4)
        figure, panels = plt.subplots(
            len(simulated), 1, sharex=True, squeeze=False, layout="constrained", figsize=size
        )
        for number, (axes, name) in enumerate(zip(panels[:, 0], simulated, strict=True)):
            draw_bands(axes, simulated[dims.TIME].values, simulated[name])
            if name in (truth or {}):
                times = truth[name][dims.TIME].values
                axes.plot(times, truth[name], color=STRATIFIED, lw=0.8, ls="--", label="truth")
            found = [observed[key] for key in (name, f"{name}{WITHHELD}") if key in observed]
            for values, sigma in found:
                _draw_observations(axes, values, sigma, positive=name not in SIGNED)
            letter(axes, number)
            axes.set_title(_agreements(simulated[name], found), loc="right", fontsize=NOTE_SIZE)
            axes.set_ylabel(label(name))
            axes.margins(x=0.01)
        figure.align_ylabels(panels[:, 0])
        _name_all(figure, panels[:, 0], simulated, observed)
        note_below(figure, simulated.attrs.get(NOT_CONVERGED))
    return figure


def _name_all(figure, panels, simulated, observed):
    """Put the legend of all panels, the name of the site and what the bands are on a figure."""
    named = {}
    for axes in panels:
        handles, labels = axes.get_legend_handles_labels()
        named |= dict(zip(labels, handles, strict=True))
    sites = [
        str(values["site"].item()) for values, _ in observed.values() if "site" in values.coords
    ]
    figure.legend(
        named.values(),
        named,
        ncols=len(named),
        title=sites[0] if sites else None,
        title_fontproperties={"weight": "bold"},
        loc="outside upper center",
        frameon=False,
    )
    words = "bands: 50 and 90 % of the model, without observation noise"
    signed = [VARIABLES[name].symbol for name in simulated if name in SIGNED]
    words += f"; {' and '.join(signed)} positive to the atmosphere" if signed else ""
    panels[-1].set_xlabel(words)


def _agreements(simulated, found):
    """Words for how well the median and the widest band of a variable meet its observations."""
    if simulated.name in POOLS:
        simulated = simulated.shift({dims.TIME: 1})  # a stock is observed at the start of the step
    words = []
    for values, sigma in found:
        error = _quantile(simulated, 0.5) - values
        seen = error.notnull()
        if values.attrs.get("averaged") or not bool(seen.any()):
            continue
        inside = _inside(simulated, values, sigma).where(seen).mean().item()
        rmse = float(np.sqrt((error**2).mean()))
        kind = "assimilated" if values.attrs.get("assimilated", 1) else "not assimilated"
        noise = "no sigma known" if sigma is None else "noise added"
        share = f"{inside:.0%} in the {WIDEST:.0%} band, {noise}"
        rounded = float(f"{rmse:.3g}")
        words.append(f"{kind}: RMSE {rounded:g} {unit(simulated.name)}, {share}")
    return "; ".join(words)


def _inside(simulated, values, sigma):
    """Whether observations lie inside the widest band, each side of which their noise makes wider."""
    middle = _quantile(simulated, 0.5)
    noise = 0.0 if sigma is None else NormalDist().inv_cdf((1 + WIDEST) / 2) * sigma
    reach = [np.hypot(edge - middle, noise) for edge in _edges(simulated, WIDEST)]
    return (values >= middle - reach[0]) & (values <= middle + reach[1])


def _draw_observations(axes, value, sigma, *, positive):
    """Put observations on axes: full dots with their sigma, or open ones that were not assimilated.

    Means over windows of steps are lines over these, with a band of their sigma.
    """
    if value.attrs.get("averaged"):
        _draw_means(axes, value, sigma)
        return
    if value.attrs.get("assimilated", 1):
        if positive:  # no error bar reaches below zero
            sigma = [np.fmin(sigma, value.clip(min=0.0)), sigma]
        how = {"ms": 2, "lw": 0.6, "color": OBSERVATIONS, "zorder": 3}
        axes.errorbar(
            value[dims.TIME].values,
            value,
            sigma,
            fmt="o",
            capsize=0,
            label=r"observed $\pm\,\sigma$",
            **how,
        )
        return
    axes.plot(
        value[dims.TIME].values,
        value,
        "o",
        ms=2.2,
        mfc="white",
        mec=OBSERVATIONS,
        mew=0.5,
        label="observed, not assimilated",
        zorder=3,
    )


def _draw_means(axes, value, sigma):
    """Put means on axes: a line over the steps of each, and its sigma as a band."""
    start = value[dims.TIME].values
    edges = np.append(start, start[-1] + (start[-1] - start[max(start.size - 2, 0)]))
    sides = np.repeat(edges, 2)[1:-1]  # both ends of every step
    low, middle, high = (np.repeat(each, 2) for each in (value - sigma, value, value + sigma))
    word = "" if value.attrs.get("assimilated", 1) else ", not assimilated"
    axes.fill_between(sides, low, high, alpha=0.2, color=OBSERVATIONS, lw=0, zorder=2.5)
    axes.plot(
        sides,
        middle,
        color=OBSERVATIONS,
        lw=0.9,
        zorder=3,
        label=rf"observed mean $\pm\,\sigma${word}",
    )


def parameter_figure(
    posterior: xr.Dataset,
    *,
    prior: xr.Dataset | None = None,
    truth: Mapping[str, float] | None = None,
    columns: int = 6,
) -> Figure:
    """Posterior of every parameter over its bounds, with both priors and the truth.

    Days are days of the year, whatever year of its box the sampler was in.

    Parameters
    ----------
    posterior : Dataset
        Dims (chain, draw). The attribute ``not_converged``, where it is, stands in the figure.
    prior : Dataset, optional
        Draws of the prior under the constraints, as in the group ``prior`` of a fit: what the posterior is
        to be compared with. The grey box is log-uniform: neither constraints nor Gaussian factors are in it.
    truth : mapping of str to float, optional
        Values to mark, in the units of the table.
    columns : int

    Returns
    -------
    Figure
    """
    names = trajectory.expect_draws("posterior", posterior, ())
    whole_number("columns", columns, least=1, advice="6 are usual")
    if prior is not None:
        trajectory.expect_draws("prior", prior, names)
    trajectory.expect_truth(truth)
    rows = -(-len(names) // columns)
    with style():
        figure, panels = plt.subplots(
            *(rows, columns),
            squeeze=False,
            layout="constrained",
            figsize=(DOUBLE_WIDTH, 1.25 * rows + 0.3),
        )
        for axes, name in zip(panels.ravel(), names, strict=False):
            known = None if prior is None else prior[name].values.ravel()
            draws = posterior[name].values.ravel()
            _parameter_panel(axes, name, draws, known, (truth or {}).get(name))
        for axes in panels.ravel()[len(names) :]:
            axes.set_axis_off()
        for axes in panels.ravel()[: len(names) : columns]:
            axes.set_ylabel("share of draws")
        handles, labels = panels.ravel()[0].get_legend_handles_labels()
        figure.legend(handles, labels, ncols=4, loc="outside upper center", frameon=False)
        note_below(figure, posterior.attrs.get(NOT_CONVERGED))
    return figure


def _parameter_panel(axes, name, draws, known, true_value):
    parameter = PARAMETERS[name]
    lower, upper = parameter.bounds
    lower, upper = min(lower, draws.min()), max(upper, draws.max())
    spread = upper / lower > 20
    edges = np.geomspace(lower, upper, 41) if spread else np.linspace(lower, upper, 41)
    base = np.diff(np.log(edges)) / np.log(upper / lower)
    if parameter.circular:
        edges = np.linspace(0.0, DAYS_PER_YEAR, 41)
        base = _prior_of_days(edges, lower, upper)
    shown = parameter.shown(draws)
    weights = np.full(draws.size, 1 / draws.size)
    axes.stairs(base, edges, color=PRIOR, fill=True, alpha=0.35, lw=0, label=BOX)
    axes.hist(shown, edges, weights=weights, color=BASELINE, alpha=0.7, label="posterior")
    if known is not None:
        heights, _ = np.histogram(parameter.shown(known), edges)
        words = "prior under the constraints"
        axes.stairs(heights / known.size, edges, color=PRIOR, lw=0.9, label=words)
    if true_value is not None:
        axes.axvline(parameter.shown(true_value), color=STRATIFIED, lw=1.2, label="truth")
    if spread:
        axes.set_xscale("log")
        plain = upper / lower < 100 and lower >= 0.01  # one power of ten would be the only label
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 3) if plain else (1,), numticks=4))
        if plain:
            axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlim(edges[0], edges[-1])
    axes.set_yticks([])
    axes.set_xlabel(f"{parameter.symbol} ({DAY})" if parameter.circular else label(name))


def _prior_of_days(edges, lower, upper):
    """Share of the log-uniform prior between days of the year, all years of its box together [1]."""
    years = np.arange(np.floor(lower / DAYS_PER_YEAR), np.ceil(upper / DAYS_PER_YEAR))
    days = np.clip(edges + DAYS_PER_YEAR * years[:, None], lower, upper)
    return np.diff(np.log(days), axis=1).sum(axis=0) / np.log(upper / lower)

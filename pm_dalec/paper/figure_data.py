"""Labelled data behind the figures of the paper: statistics that a figure shows are made here."""

import numpy as np
import xarray as xr
from scipy.stats import gaussian_kde

from pm_dalec.paper import printed
from pm_dalec.paper.claims.statistics import finest
from pm_dalec.paper.experiments import domain_ensemble, pairs, pixel_medians
from pm_dalec.paper.fragmentation import variance_ratio
from pm_dalec.paper.theory import harvest_ratio, pixel_harvest_ratio
from pm_dalec.posterior.metrics import (
    area_mean,
    determination,
    recombined,
    stratum_areas,
    weighted_quantile,
)
from pm_dalec.tables import dims
from pm_dalec.tables.summaries import QUANTITIES

DENSITY_POINTS = 256
KERNEL_RANGE = 0.002  # tail probability that is cut from either end of a density
POSITIVE = ("gpp", "reco", "harvest")


def pixel_count(experiment):
    """Number of pixels with at least one unit."""
    live = np.isfinite(experiment.budget["gpp"]).all("sample")
    return int(live.any([d for d in live.dims if d != dims.PIXEL]).sum())


def observed_series(experiment, stream):
    """Observations of a stream and their sigma as means over the domain and over strata.

    Parameters
    ----------
    experiment : Experiment
    stream : {"lai", "cwood"}

    Returns
    -------
    tuple of Dataset
        ``observed``, ``sigma`` with dims (time) of the domain, strata combined in the pixel, and
        with dims (time, stratum); the latter is None for the baseline. NaN where nothing was seen.
    """
    names = ("modelled", "observed", "sigma")
    matched = [experiment.matched[f"{stream}_{name}"] for name in names]
    units = experiment.units
    if dims.STRATUM not in matched[0].dims:
        means = [area_mean(part, units["area"]) for part in matched[1:]]
        return xr.Dataset(dict(zip(names[1:], means, strict=True))), None
    combined = recombined(*matched, units["area_fraction"])
    means = [area_mean(part, units["area"]) for part in combined[1:]]
    domain = xr.Dataset(dict(zip(names[1:], means, strict=True)))
    weight = stratum_areas(units)
    strata = [area_mean(part, weight) for part in matched[1:]]
    return domain, xr.Dataset(dict(zip(names[1:], strata, strict=True)))


def harvest_ratios(experiments):
    """Stratified over baseline harvest by resolution, with theory and the paper (Figure 5).

    Parameters
    ----------
    experiments : mapping of tuple to Experiment

    Returns
    -------
    Dataset
        Dims (resolution), coarse first: ``baseline``, ``stratified`` [g m-2 d-1]; ``ratio``
        of the medians, ``theory`` (TWIN, eq. 5 with the posterior's stocks, corrected by eq. 12),
        ``paper``, ``fragmentation`` [1]; ``theory_baseline`` [g m-2 d-1].
    """
    rows = {}
    for resolution, both in pairs(experiments).items():
        rows[resolution] = _harvest_row(*both) | {
            "paper": printed.HARVEST_RATIO.get(resolution, np.nan)
        }
    names = list(next(iter(rows.values()))) if rows else []
    return xr.Dataset(
        {name: ("resolution", [row[name] for row in rows.values()]) for name in names},
        coords={"resolution": list(rows)},
    )


def _harvest_row(baseline, stratified):
    medians = [float(domain_ensemble(e, "harvest").median()) for e in (baseline, stratified)]
    theory, fragmentation = harvest_theory(baseline, stratified)
    return {
        "baseline": medians[0],
        "stratified": medians[1],
        "ratio": medians[1] / medians[0],
        "theory": theory,
        "theory_baseline": medians[1] / theory,
        "fragmentation": fragmentation,
    }


def harvest_theory(baseline, stratified):
    """Stratified over baseline harvest as theory has it (TWIN, eq. 5 and 12), and the fragmentation.

    Parameters
    ----------
    baseline, stratified : Experiment
        Of the same pixels.

    Returns
    -------
    tuple of float
        Ratio and fragmentation [1].
    """
    units = stratified.units
    area, fraction = units["area"].to_numpy(), units["area_fraction"].sel(stratum="conifer")
    conifer, others, mean = _stocks(stratified)
    fragmentation = variance_ratio(fraction.to_numpy(), area)
    expected = harvest_ratio(
        float(np.average(fraction, weights=area)),
        fragmentation=fragmentation,
        stock_ratio=others / conifer,
    )
    # Eq. 12: each approach uses the stock of its own posterior. Medians of strata are added up, as
    # the median of a sum of skewed draws is larger than the sum of their medians.
    theory = mean / float(domain_ensemble(baseline, "stock").median()) / expected
    return theory, fragmentation


def _stocks(stratified):
    """Harvestable stock of conifer, of the other strata and of all: means of medians [g m-2]."""
    medians = stratified.budget["stock"].median("sample")
    areas = stratum_areas(stratified.units)
    inside = xr.where(areas["stratum"] == "conifer", areas, 0.0)
    return tuple(
        float(medians.weighted(weight.fillna(0.0)).mean())
        for weight in (inside, areas - inside, areas)
    )


def live_change_maps(experiments):
    """Pixels of the finest resolution: what Figure 6 shows.

    Parameters
    ----------
    experiments : mapping of tuple to Experiment

    Returns
    -------
    Dataset
        Dims (pixel): ``baseline``, ``stratified`` change of living carbon [g m-2];
        ``live_difference`` [g m-2], ``harvest_difference`` [g m-2 d-1]; ``conifer``,
        ``harvest_ratio`` [1], NaN where nothing was felled. Attributes: ``resolution`` [degree],
        ``days`` [d], R squared as ``explained``, ``stock_ratio`` (beta of TWIN, eq. 6).
    """
    both = pairs(experiments)
    pair = finest(both)
    baseline, stratified = (pixel_medians(experiment, "change_live") for experiment in pair)
    harvest = [pixel_medians(experiment, "harvest") for experiment in pair]
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = (harvest[1] / harvest[0]).where((harvest[0] > 0) & (harvest[1] > 0))
    conifer, others, _ = _stocks(pair[1])
    found = xr.Dataset(
        {
            "baseline": baseline,
            "stratified": stratified,
            "live_difference": stratified - baseline,
            "harvest_difference": harvest[1] - harvest[0],
            "conifer": pair[1].units["area_fraction"].sel(stratum="conifer", drop=True),
            "harvest_ratio": ratio,
        }
    )
    found.attrs = {
        "resolution": pair[0].resolution,
        "days": float(pair[0].units["days"]),
        "explained": determination(found["live_difference"], found["harvest_difference"]),
        "stock_ratio": others / conifer,
    }
    return found


def density(values, weights=None, *, logarithmic=False, margin=3.0):
    """Kernel density of values that stand for draws or areas.

    Parameters
    ----------
    values, weights : array_like
        Any shape, the same.
    logarithmic : bool
        Smooth the logarithms; the density is still per unit of the value.
    margin : float
        How far the density goes beyond the values, in standard deviations of the kernel.

    Returns
    -------
    DataArray
        Dims (value), over the range of the values; zeros if they do not vary.
    """
    values = np.ravel(values)
    weights = np.ones(values.size) if weights is None else np.ravel(weights)
    kept = np.isfinite(values) & (weights > 0) & (values > 0 if logarithmic else True)
    values, weights = values[kept], weights[kept]
    if values.size < 2 or np.ptp(values) == 0:
        return xr.DataArray(np.zeros(values[:1].size), {"value": values[:1]}, "value")
    scale = np.log(values) if logarithmic else values
    kernel = gaussian_kde(scale, weights=weights)
    beyond = margin * np.sqrt(kernel.covariance[0, 0])
    places = np.linspace(scale.min() - beyond, scale.max() + beyond, DENSITY_POINTS)
    heights = kernel(places)
    if logarithmic:
        places = np.exp(places)
        heights = heights / places
    return xr.DataArray(heights, {"value": places}, "value")


def domain_densities(experiments, names, *, pairings=None):
    """Densities and medians of domain ensembles at the finest resolution (Figure 7).

    Parameters
    ----------
    experiments : mapping of tuple to Experiment
    names : sequence of str
        Quantities.
    pairings : mapping of str to str, optional
        Further curves of the stratified approach by label: how draws of strata are paired, as
        ``across_strata`` of `domain_ensemble`.

    Returns
    -------
    dict of str to dict of str to DataArray
        By quantity and approach or label; the median in the attributes.
    """
    pair = finest(pairs(experiments))
    found = {}
    for name in names:
        drawn = {each.approach: domain_ensemble(each, name) for each in pair}
        for label, across in (pairings or {}).items():
            drawn[label] = domain_ensemble(pair[1], name, across_strata=across)
        found[name] = {label: _domain_density(sample, name) for label, sample in drawn.items()}
    return found


def _domain_density(sample, name):
    """Density of an ensemble of the domain without its utmost tails, the median in the attributes."""
    low, high = np.quantile(sample, [KERNEL_RANGE, 1 - KERNEL_RANGE])
    inside = sample.where((sample >= low) & (sample <= high))
    curve = density(inside, logarithmic=name in POSITIVE)
    return curve.assign_attrs(median=float(sample.median()))


def trait_values(experiment, name):
    """Unit medians of a summary or parameter, (stratum, pixel) or (pixel)."""
    if name in QUANTITIES:
        return experiment.budget[name].median("sample")
    return experiment.traits[name]


def trait_distributions(experiments, names):
    """Distributions of unit medians weighted by area, for violins (Figures 8, A6-A8).

    Parameters
    ----------
    experiments : mapping of tuple to Experiment
    names : sequence of str
        Quantities or parameters.

    Returns
    -------
    dict of tuple to DataArray
        By (name, group, resolution), where a group is a stratum or ``"baseline"``: densities with
        ``median``, ``count`` and the ``values`` themselves in the attributes.
    """
    found = {}
    for (approach, resolution), experiment in experiments.items():
        for name in names:
            values = trait_values(experiment, name)
            if approach == "baseline":
                groups = {"baseline": (values, experiment.units["area"])}
            else:
                areas = stratum_areas(experiment.units)
                groups = {
                    str(s): (values.sel(stratum=s), areas.sel(stratum=s))
                    for s in values["stratum"].to_numpy()
                }
            for group, (some, area) in groups.items():
                found[name, group, resolution] = _weighted_density(some, area)
    return found


def _weighted_density(values, area):
    values, area = values.to_numpy(), area.to_numpy()
    kept = np.isfinite(values) & (area > 0)
    curve = density(values[kept], area[kept], logarithmic=True, margin=0.5)
    middle = weighted_quantile(values[kept], area[kept], 0.5)
    return curve.assign_attrs(median=float(middle), count=int(kept.sum()), values=values[kept])


def conifer_curve(stock_ratio, points=101):
    """Harvest ratio of a pixel over its conifer share (TWIN, eq. 6).

    Parameters
    ----------
    stock_ratio : float
        Stock outside conifer over that inside [1].
    points : int

    Returns
    -------
    DataArray
        Dims (conifer).
    """
    share = np.linspace(0, 1, points)
    ratio = pixel_harvest_ratio(share, stock_ratio=stock_ratio)
    return xr.DataArray(ratio, {"conifer": share}, "conifer")

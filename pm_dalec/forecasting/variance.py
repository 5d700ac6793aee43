"""Who is to blame for the spread: an exact analysis of variance of a balanced set of forecasts.

Hawkins and Sutton (2009) compare the variances of scenario, model and internal variability; Yip et al.
(2011) make it exact: the variance of a full array is the sum of those of its effects and their interactions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
import xarray as xr

from pm_dalec.posterior.ensembles import summarise
from pm_dalec.tables import dims
from pm_dalec.tables.numbers import real_numbers

RANK = "rank"
PAIRING = "pairing"
INDEPENDENT, CORRELATED = "independent", "correlated"
SHOWN = (2030, 2050, 2100)


def partition(values: xr.DataArray, effects: Mapping[str, str] | Sequence[str]) -> xr.Dataset:
    """Variance of an array by effect, with all interactions.

    Parameters
    ----------
    values : DataArray
        Balanced: a finite value for every combination of the effects.
    effects : mapping of str to str, or sequence of str
        Dimensions, and what they are called in the result.

    Returns
    -------
    Dataset
        ``variance`` (effect, ...) and ``fraction`` of the whole, which add up to one. Interactions are
        named by their effects with an x between them. An effect of one level has no variance.
    """
    names = dict(effects) if isinstance(effects, Mapping) else {name: name for name in effects}
    missing = [name for name in names if name not in values.dims]
    if missing:
        raise ValueError(
            f"wanted an array with the dimensions {', '.join(names)}, got {values.dims} without "
            f"{missing[0]!r} (argument values); leave the effect out"
        )
    advice = "select the units and times that all of them have"
    numbers = real_numbers(f"{values.name!r}", values.data, advice=advice, gaps=True)
    values = values.copy(data=np.ascontiguousarray(numbers))
    if not bool(np.isfinite(values).all()):
        raise ValueError(
            f"wanted a finite value for every combination of {', '.join(names)}, got "
            f"{int((~np.isfinite(values)).sum())} that are none (argument values); select the units "
            "and times that all of them have"
        )
    parts, found = {(): values.mean(list(names))}, {}
    for order in range(1, len(names) + 1):
        for chosen in combinations(names, order):
            others = [name for name in names if name not in chosen]
            part = values.mean(others)
            for known, smaller in parts.items():
                if set(known) < set(chosen):
                    part = part - smaller
            parts[chosen] = part
            found[" x ".join(names[name] for name in chosen)] = (part**2).mean(list(chosen))
    variance = xr.concat(list(found.values()), xr.Variable("effect", list(found)))
    total = variance.sum("effect")
    fraction = (variance / total.where(total > 0)).rename("fraction")
    units = {"units": "1"}
    return xr.Dataset({"variance": variance.drop_attrs(), "fraction": fraction.assign_attrs(units)})


def ensembles_by_pairing(tree: xr.DataTree, name: str) -> xr.DataArray:
    """Ensemble of the domain of a forecast, under either pairing of the strata.

    Parameters
    ----------
    tree : DataTree
        From `forecast`.
    name : str
        Output.

    Returns
    -------
    DataArray
        (pairing, scenario, management, rank, year). A fit without strata has the same twice. With
        strata that are correlated the ensemble is the sum of theirs, rank by rank.
    """
    independent = tree["domain_ranks"][name]
    linked = independent
    if "strata_ranks" in tree:
        carbon = tree["carbon"].to_dataset()
        area = carbon["area"] if "area" in carbon else xr.ones_like(carbon[dims.PIXEL], float)
        share = (carbon["area_fraction"] * area).sum(dims.PIXEL) / area.sum()
        linked = (tree["strata_ranks"][name].fillna(0.0) * share).sum(dims.STRATUM)
        linked = linked.transpose(*independent.dims).assign_attrs(independent.attrs)
    pairing = xr.Variable(PAIRING, [INDEPENDENT, CORRELATED])
    return xr.concat([independent, linked], pairing, coords="minimal", compat="override")


def together(arrays: Mapping[str, xr.DataArray], effect: str) -> xr.DataArray:
    """Ensembles of several forecasts as one array with a dimension more.

    Parameters
    ----------
    arrays : mapping of str to DataArray
        By level of the effect: approach, solver, reference or another fit.
    effect : str
        Name of the new dimension.
    """
    levels = xr.Variable(effect, list(arrays))
    return xr.concat(
        list(arrays.values()), levels, join="inner", coords="minimal", compat="override"
    )


def order_probability(tree: xr.DataTree, name: str, year: int, *, seed: int = 0) -> xr.Dataset:
    """How sure the order of the strata is in a year, their draws paired as independent.

    Parameters
    ----------
    tree : DataTree
        Stratified forecast.
    name : str
        Output.
    year : int
    seed : int
        Of the pairing.

    Returns
    -------
    Dataset
        ``median`` (..., stratum); ``larger`` (..., stratum, other), the probability that a stratum has
        more than another; ``place_probability`` (..., stratum, place), that it is first, second and so on; the
        likeliest order in words and its probability.
    """
    if "strata_ranks" not in tree:
        raise ValueError(
            "wanted a forecast of strata, got one without them (argument tree); use a stratified fit"
        )
    values = _in_year(tree, "strata_ranks", name, year).dropna(dims.STRATUM, how="all")
    if not values.sizes[dims.STRATUM]:
        raise ValueError(
            f"wanted draws of {name!r} of some stratum in {year}, got none (argument tree); choose another year"
        )
    strata = values[dims.STRATUM].values.tolist()
    other = values.rename({dims.STRATUM: "other", RANK: "paired"})
    larger = ((values > other) + 0.5 * (values == other)).mean([RANK, "paired"])
    shuffled = _paired(values, np.random.default_rng(seed))
    places = 1 + (shuffled.rename({dims.STRATUM: "other"}) > shuffled).sum("other")
    numbers = xr.DataArray(np.arange(len(strata)) + 1, dims="place", name="place")
    place = (places == numbers).mean("pair").assign_coords(place=numbers)
    orders = _orders(places, strata)
    return xr.Dataset(
        {"median": values.median(RANK), "larger": larger, "place_probability": place, **orders}
    )


def _in_year(tree, group, name, year):
    """Draws of an output in a year, as numbers."""
    where = f"(group {group} of the forecast)"
    if group not in tree.children or name not in tree[group].data_vars:
        raise ValueError(
            f"wanted {name!r} of a forecast, got none {where}; forecast it with names=({name!r},)"
        )
    values = tree[group][name]
    wanted = [RANK, "year", *([dims.STRATUM] if group == "strata_ranks" else [])]
    if not set(wanted) <= set(values.dims) or not {"year", *wanted[2:]} <= set(values.indexes):
        raise ValueError(
            f"wanted {name!r} with labelled dims {', '.join(wanted)}, got {values.dims} {where}; give what "
            "pm_dalec.forecast returns"
        )
    if year not in values.indexes["year"]:
        there = values["year"].to_numpy()
        raise ValueError(
            f"wanted a year from {there.min()} to {there.max()}, got {year!r} {where}; choose another, or run on "
            "for longer"
        )
    advice = "NaN is for strata that are not there"
    numbers = real_numbers(f"{name!r} {where}", values.data, advice=advice, gaps=True)
    return values.copy(data=numbers).sel(year=year)


PAIRS = 200


def _paired(values, rng):
    """Draws of the strata paired at random, many times over (..., pair, stratum)."""
    ranks = values.sizes[RANK]
    chosen = np.stack(
        [
            np.concatenate([rng.permutation(ranks) for _ in range(PAIRS)])
            for _ in range(values.sizes[dims.STRATUM])
        ]
    )
    index = xr.DataArray(chosen, dims=(dims.STRATUM, "pair"))
    every = xr.DataArray(np.arange(values.sizes[dims.STRATUM]), dims=dims.STRATUM)
    return values.isel({RANK: index, dims.STRATUM: every}).drop_vars(RANK, errors="ignore")


def _orders(places, strata):
    """The likeliest order of the strata, and its probability."""
    lead = [name for name in places.dims if name not in (dims.STRATUM, "pair")]
    ordered = places.transpose(*lead, "pair", dims.STRATUM)
    words = np.empty(ordered.shape[: len(lead)], dtype=object)
    probability = np.empty(words.shape)
    for at in np.ndindex(*words.shape):
        found, counts = np.unique(ordered.values[at], axis=0, return_counts=True)
        best = found[counts.argmax()]
        words[at] = " > ".join(np.array(strata)[np.argsort(best)])
        probability[at] = counts.max() / counts.sum()
    return {"order": (lead, words.astype(str)), "order_probability": (lead, probability)}


def difference_of_domains(
    baseline: xr.DataTree, stratified: xr.DataTree, name: str, year: int
) -> xr.Dataset:
    """Baseline against stratified domain, beside the spread of the strata.

    Parameters
    ----------
    baseline, stratified : DataTree
        Forecasts of the same scenarios and managements.
    name : str
    year : int

    Returns
    -------
    Dataset
        ``baseline`` and ``stratified`` medians of the domain, ``spread`` between the largest and the
        smallest median of a stratum, and ``share``, the absolute difference over the spread [1].
    """
    medians = [
        summarise(
            _in_year(tree, "domain_ranks", name, year).rename({RANK: dims.POOLED}), [0.5]
        ).isel({dims.QUANTILE: 0}, drop=True)
        for tree in (baseline, stratified)
    ]
    strata = _in_year(stratified, "strata_ranks", name, year).median(RANK)
    spread = strata.max(dims.STRATUM) - strata.min(dims.STRATUM)
    share = abs(medians[0] - medians[1]) / spread
    return xr.Dataset(
        {"baseline": medians[0], "stratified": medians[1], "spread": spread, "share": share}
    )

"""From one posterior to another without sampling again, where that is honest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from pm_dalec.constraints.forms import Soft, holds
from pm_dalec.constraints.prior_draws import draw_prior, factor_of, log_factor
from pm_dalec.errors.likelihood import GAUSSIAN, likelihood_of
from pm_dalec.graph.verbs import rules_of
from pm_dalec.posterior.groups.observed import observed_data
from pm_dalec.posterior.groups.priors import parameters_of
from pm_dalec.posterior.runs import expect_fit
from pm_dalec.sensitivity.draws.expected import expect_choices, expect_site
from pm_dalec.sensitivity.draws.terms import constraint_term, likelihood_terms, margins_of
from pm_dalec.sensitivity.draws.units import choices_of, gathered, parts_of
from pm_dalec.sensitivity.draws.weights import LARGEST_KHAT, effective_share, smoothed
from pm_dalec.tables import dims
from pm_dalec.tables.parameters import Theta
from pm_dalec.tables.priors import Fixed
from pm_dalec.tables.table import Table
from pm_dalec.tables.variables import DRIVERS

if TYPE_CHECKING:
    from pm_dalec.graph.choices import Choices

REWEIGHTED, REFIT = "reweighted", "refit needed"
SMALLEST_ESS = 100.0
"""Effective draws that weights must leave for a mean and a 90 % interval."""
TRIED = 1000  # draws of the prior, and as many shuffled ones, in which looser rules are looked for


def reweight(fit: xr.DataTree, to: Choices, *, land: xr.Dataset | None = None) -> xr.Dataset:
    """Weights that turn the draws of a fit into those under other choices or uncertainties.

    Parameters
    ----------
    fit : DataTree
        Of a site or a region; each unit is judged by itself.
    to : Choices
        Priors, constraints, streams and likelihoods of the target.
    land : Dataset, optional
        Units dataset of the target: other observations and uncertainties, the same weather. That of the
        fit by default.

    Returns
    -------
    Dataset
        ``weight`` (chain, draw), adding up to 1 in each unit: give it to ``weighted`` of xarray, as
        ``pmd.budget(fit)["gpp"].weighted(found["weight"]).mean(("chain", "draw"))``. By unit: ``decision``,
        "reweighted" or "refit needed"; ``reason``; ``khat`` of the weights, NaN where they are equal, as
        after dropping alone; ``ess``, the effective draws that are left; ``kept``, the share of the draws
        inside the bounds and constraints of the target. The weight is NaN where a refit is needed.

    Notes
    -----
    Narrower bounds and more or tighter rules drop draws, which is exact. Other Gaussian factors, sigmas,
    streams and soft constraints are importance weights, smoothed by Pareto's tail: they are used where its
    shape k-hat is below 0.7 (Vehtari et al. 2024) and at least 100 effective draws are left. Wider bounds,
    fewer or looser hard rules, another stomatal solver, other weather, and parameters that were fixed
    need a refit: the fit has no draws there.
    """
    expect_choices("to", to)
    if land is not None:
        _expect_same_kind(fit, land)
    found = {
        tuple(place.values()): _of_unit(part, to, _selected(land, place))
        for place, part in parts_of(fit)
    }
    return gathered(fit, found, {"largest_khat": LARGEST_KHAT, "smallest_ess": SMALLEST_ESS})


def _expect_same_kind(fit, land):
    """Refuse a land that lacks what the units of a fit have."""
    expect_site(land)
    expect_fit(fit, "constant_data")
    units = fit["constant_data"].to_dataset()
    missing = [name for name in (*DRIVERS, "lat") if name not in land.variables]
    other = [
        name
        for name in (dims.TIME, *dims.space_of(units))
        if land.sizes.get(name) != units.sizes.get(name)
    ]
    if missing or other:
        came = f"none of {missing[0]!r}" if missing else f"{dict(land.sizes)}"
        raise ValueError(
            f"wanted land as the units dataset of the fit with other observations, got {came}; change a copy "
            "of fit['constant_data'].to_dataset()"
        )


def _selected(land, place):
    return None if land is None else land.isel(place, missing_dims="ignore")


def _of_unit(part, to, land):
    """Weights of one unit, with the decision and its reason."""
    before, units = choices_of(part), part["constant_data"].to_dataset()
    land = units if land is None else land
    to = to.replace(streams=to.names_in(land))
    refusal = _outside(before, to, units, land) or _loosened(part, before, to)
    if refusal:
        return _answer(part, None, refusal)
    target = targeted(part, to, land)
    ratio = _prior_ratio(part, target, before, to) + _data_ratio(part, target, before, to)
    return _answer(part, ratio + _rules_ratio(part, before, to), "")


def _answer(part, ratio, reason):
    """Dataset of a unit from the logarithm of the ratio of target and fit, or the reason for none."""
    like = xr.zeros_like(part["posterior"]["initial_som"]).drop_attrs().reset_coords(drop=True)
    khat, ess, kept, weight = np.nan, 0.0, np.nan, like + np.nan
    if ratio is not None:
        ratio = ratio.transpose(*dims.SAMPLE).values
        kept = float(np.isfinite(ratio).mean())
        drawn = part["posterior"].to_dataset().transpose(*dims.SAMPLE)
        weights = smoothed(
            ratio, float(np.median([effective_share(v.values) for v in drawn.values()]))
        )
        khat, ess = weights.khat, weights.ess
        reason = _refusal(khat, ess, kept)
        if not reason:
            weight = like.copy(data=weights.weight)
    decision = REFIT if reason else REWEIGHTED
    told = reason or _praise(khat, ess, kept)
    numbers = {"khat": khat, "ess": ess, "kept": kept, "decision": decision, "reason": told}
    return xr.Dataset({"weight": weight, **numbers})


def _refusal(khat, ess, kept):
    """Why weights may not be used; empty where they may."""
    if kept == 0:
        return "no draw of the fit lies inside the bounds and constraints of the target"
    if khat >= LARGEST_KHAT:
        return f"k-hat {khat:.2f} is not below {LARGEST_KHAT}"
    if ess < SMALLEST_ESS:
        return f"{ess:.0f} effective draws are left, wanted {SMALLEST_ESS:.0f}"
    return ""


def _praise(khat, ess, kept):
    dropped = "" if kept == 1 else f"{1 - kept:.1%} of the draws dropped, "
    shape = "equal weights" if np.isnan(khat) else f"k-hat {khat:.2f}"
    return f"{dropped}{shape}, {ess:.0f} effective draws"


def _outside(before, to, units, land):
    """Why the target lies where the fit has no draws, as far as its choices tell; empty where it does not."""
    if before.solver != to.solver:
        return f"another stomatal solver: {to.solver}, the fit has {before.solver}"
    for name in (*DRIVERS, "lat"):
        if not np.array_equal(units[name].values, land[name].values):
            return f"other weather: {name!r} differs"
    for name, new in to.parameters.items():
        old = before.parameters[name]
        fixed = [isinstance(parameter.prior, Fixed) for parameter in (old, new)]
        if any(fixed) and old.prior != new.prior:
            return f"{name} is fixed in the fit or in the target"
        if not any(fixed) and not (
            old.bounds[0] <= new.bounds[0] and new.bounds[1] <= old.bounds[1]
        ):
            return f"wider bounds of {name}: {new.bounds}, the fit has {old.bounds}"
    return ""


def targeted(part, to, land):
    """Fit of a unit with the observations and error models of the target."""
    data = land.copy()
    asked = {name: model for name, model in to.likelihoods.items() if name in to.streams}
    for name, model in to.replace(likelihoods=asked).streams_in(land).items():
        data[name] = data[name].assign_attrs(likelihood=str(model))
    target = xr.DataTree.from_dict(
        {"posterior": part["posterior"].to_dataset(), "constant_data": data}
    )
    target["observed_data"] = xr.DataTree(
        observed_data(part["posterior"].to_dataset(), data, to.streams)
    )
    target.attrs = dict(part.attrs)
    return target


def _prior_ratio(part, target, before, to):
    """Logarithm of the prior of the target over that of the fit, -inf outside its bounds."""
    posterior, total = part["posterior"].to_dataset(), 0.0
    units, land = (tree["constant_data"].to_dataset() for tree in (part, target))
    for name, parameter in to.parameters.items():
        if isinstance(parameter.prior, Fixed):
            continue
        values = posterior[name].drop_attrs()
        total = total + _factor(values, parameter, land)
        total = total - _factor(values, before.parameters[name], units)
        low, high = parameter.bounds
        total = total.where((values >= low) & (values <= high), -np.inf)
    return total


def _factor(values, parameter, units):
    """Logarithm of the Gaussian factor of a parameter; 0 where there is none."""
    mean, sigma, logarithmic = factor_of(parameter, units)
    if not np.isfinite(sigma):
        return xr.zeros_like(values)
    return log_factor(values, mean, sigma, np, logarithmic=logarithmic)


def _data_ratio(part, target, before, to):
    """Logarithm of the likelihood of the target over that of the fit; streams that are alike cancel."""
    units, land = (tree["constant_data"].to_dataset() for tree in (part, target))
    alike = [
        name for name in before.streams if name in to.streams and _same_stream(name, units, land)
    ]
    if set(alike) == set(before.streams) == set(to.streams):
        return 0.0
    old, new = likelihood_terms(part), likelihood_terms(target)
    total = 0.0
    for sign, terms in ((1.0, new), (-1.0, old)):
        total = total + sum(sign * values for name, values in terms.items() if name not in alike)
    return total


def _same_stream(name, units, land):
    models = [likelihood_of(data[name].attrs.get("likelihood", GAUSSIAN)) for data in (units, land)]
    pairs = [(units[key], land[key]) for key in (name, f"{name}_unc")]
    return models[0] == models[1] and all(
        np.array_equal(one.values, other.values, equal_nan=True) for one, other in pairs
    )


def _rules_ratio(part, before, to):
    """Logarithm of the potential of the target over that of the fit, whose draws meet hard rules."""
    if words_of(before.constraints) == words_of(to.constraints):
        return 0.0
    if isinstance(before.constraints, Soft):
        return constraint_term(part, to.constraints) - constraint_term(part, before.constraints)
    return constraint_term(part, to.constraints)


def words_of(constraints):
    """What constraints are, such that equal ones have equal words."""
    scale = constraints.scale if isinstance(constraints, Soft) else None
    return scale, {name: rule.inequality for name, rule in rules_of(constraints).items()}


def _loosened(part, before, to):
    """Why the target reaches beyond the hard rules of the fit; empty where it does not."""
    old, new = rules_of(before.constraints), rules_of(to.constraints)
    if not old or isinstance(before.constraints, Soft):
        return ""
    if isinstance(to.constraints, Soft):
        return "the constraints of the fit are hard, and soft ones reach beyond them"
    missing = [name for name in old if name not in new]
    if missing:
        return f"looser constraints: the target has no rule {missing[0]}"
    changed = [name for name in old if old[name].inequality != new[name].inequality]
    looser = _not_implied(
        part, *(Table("constraint", (rules[name] for name in changed)) for rules in (old, new))
    )
    return (
        f"looser constraints: {looser} holds in places where that of the fit does not"
        if looser
        else ""
    )


def _not_implied(part, old, new):
    """Name of a rule whose new form holds somewhere where the old one fails; empty if none was found.

    Looked for in draws of the prior, and in draws of the fit with every parameter shuffled by itself.
    """
    if not old:
        return ""
    tried = _scattered(part, np.random.default_rng(0))
    before, after = margins_of(tried, old), margins_of(tried, new)
    for name in old:
        if bool((holds(after[name]) & ~holds(before[name])).any()):
            return name
    return ""


def _scattered(part, rng):
    """Parameters that the constraints of a fit do not hold back, in the form of a fit."""
    units = part["constant_data"].to_dataset()
    table = parameters_of(part["posterior"].to_dataset())
    free = draw_prior(units, TRIED, parameters=table, rng=rng)
    drawn = {
        name: rng.choice(values.values.ravel(), TRIED)
        for name, values in part["posterior"].to_dataset().items()
    }
    both = {
        name: (dims.SAMPLE, np.stack([getattr(free, name), drawn[name]])) for name in Theta._fields
    }
    tree = xr.DataTree.from_dict({"posterior": xr.Dataset(both), "constant_data": units})
    tree.attrs = dict(part.attrs)
    return tree

"""A fit under other choices: reweighted where that is honest in every unit, sampled anew where it is not."""

from __future__ import annotations

from inspect import signature
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from pm_dalec.graph import notes
from pm_dalec.posterior.groups.complete import with_groups
from pm_dalec.posterior.groups.priors import attributes_of
from pm_dalec.sampling.bank.weights import resampled
from pm_dalec.sampling.calibration import calibrate
from pm_dalec.sampling.identity import ATTRIBUTE, identity_of
from pm_dalec.sampling.region_store import expect_build
from pm_dalec.sensitivity.draws.units import CONSTRAINTS
from pm_dalec.sensitivity.reweighting import REFIT, REWEIGHTED, reweight, targeted
from pm_dalec.tables import dims
from pm_dalec.tables.numbers import seed_of

if TYPE_CHECKING:
    from collections.abc import Callable

    import pymc as pm

    from pm_dalec.graph.choices import Choices

DECIDED = "reweighting"
"""Attribute of a fit that says whether it was reweighted or refitted, and why."""


def fit_under(
    build: Callable[[xr.Dataset, Choices], pm.Model],
    fit: xr.DataTree,
    to: Choices,
    *,
    land: xr.Dataset | None = None,
    random_seed: int = 0,
    **budget: object,
) -> xr.DataTree:
    """Fit under other choices: the reweighted one where that is honest in every unit, else a new one.

    Parameters
    ----------
    build : callable
        Of the model, such as ``pm_dalec.models.baseline.build``.
    fit, to, land
        As in `reweight`.
    random_seed : int
        Of the resampling, and of a refit.
    **budget
        Of `pm_dalec.calibrate`, for a refit.

    Returns
    -------
    DataTree
        Its attribute ``reweighting`` says which it is, and why. Draws of a reweighted fit are repeated by
        their weights and put in random order: R-hat says nothing of them, see that of the first fit.
    """
    expect_build(build)
    signature(calibrate).bind(
        None, random_seed=random_seed, **budget
    )  # also where there is no refit
    rng = np.random.default_rng(seed_of(random_seed))
    found = reweight(fit, to, land=land)
    land = fit["constant_data"].to_dataset() if land is None else land
    model = build(land, to)
    refused = found["decision"].values == REFIT
    if refused.any():
        again = calibrate(model, random_seed=random_seed, **budget)
        words = "refitted", np.unique(found["reason"].values[refused])
    else:
        again = _resampled(fit, found["weight"], to, land, rng)
        again.attrs |= {
            CONSTRAINTS: notes.of(model).constraints,
            ATTRIBUTE: identity_of(model).as_json(),
        }
        again = with_groups(again)
        words = REWEIGHTED, np.unique(found["reason"].values)
    again.attrs[DECIDED] = f"{words[0]}: {'; '.join(words[1])}"
    return again


def _resampled(fit, weight, to, land, rng):
    """Fit whose draws are repeated by their weights, unit by unit, with the observations of the target."""
    posterior = fit["posterior"].to_dataset()
    order = (*dims.SAMPLE, *dims.space_of(posterior))
    size = posterior.sizes[dims.CHAIN] * posterior.sizes[dims.DRAW]
    chances = weight.transpose(*order).values.reshape(size, -1)
    places = np.stack([_systematic(column, rng) for column in chances.T], axis=1)
    drawn = {}
    for name, values in posterior.items():
        ordered = values.transpose(*order).values
        taken = np.take_along_axis(ordered.reshape(size, -1), places, axis=0)
        known = attributes_of(to.parameters[name])
        drawn[name] = (order, taken.reshape(ordered.shape), known)
    again = targeted(fit, to.replace(streams=to.names_in(land)), land)
    again["posterior"] = xr.DataTree(xr.Dataset(drawn, posterior.coords, posterior.attrs))
    return again


def _systematic(weight, rng):
    """Places of draws, each as often as its weight says, in random order; the first where it is NaN."""
    if not np.isfinite(weight).all():
        return np.zeros(weight.size, int)
    return rng.permutation(resampled(weight, weight.size, rng))

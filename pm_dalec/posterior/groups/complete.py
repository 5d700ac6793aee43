"""Groups of a fit that its draws and its data decide: which of them it has, and how they are added."""

from __future__ import annotations

from typing import TYPE_CHECKING

import xarray as xr

from pm_dalec.posterior.groups.likelihoods import log_density
from pm_dalec.posterior.groups.observed import modelled, observed_data
from pm_dalec.posterior.groups.predictive import predictive
from pm_dalec.posterior.groups.priors import log_prior
from pm_dalec.posterior.runs import expect_fit
from pm_dalec.tables import dims
from pm_dalec.tables.numbers import names_of

if TYPE_CHECKING:
    from collections.abc import Sequence

SAMPLED, PREDICTED = "prior", "prior_predictive"
OF_STREAMS = ("log_likelihood", "posterior_predictive", PREDICTED)
GROUPS = ("log_likelihood", "log_prior", SAMPLED, "posterior_predictive", PREDICTED)
MADE = {*GROUPS} - {SAMPLED}  # of the other groups
LARGEST = 10_000_000  # values of a group that is made without being asked for: 80 MB


def checked_groups(groups: Sequence[str] | None) -> tuple[str, ...] | None:
    """Names of groups, or the sentence that says which there are; None for the usual ones.

    ``prior_predictive`` is made of ``prior``, which is therefore wanted with it.
    """
    if groups is None:
        return None
    groups = names_of("groups", groups)
    for name in groups:
        if name not in GROUPS:
            raise ValueError(
                f"wanted groups out of {', '.join(GROUPS)}, got {name!r} in groups; the others are in "
                "every fit"
            )
    return (*groups, SAMPLED) if PREDICTED in groups and SAMPLED not in groups else groups


def usual_groups(draws: xr.Dataset, observed: xr.Dataset) -> tuple[str, ...]:
    """Groups that a fit has unless others are asked for: all that are not too large.

    Parameters
    ----------
    draws : Dataset
        Of the posterior. Without draws there are none; the prior of a region is sampled when it is asked
        for.
    observed : Dataset
        From `observed_data`.
    """
    one = draws["initial_som"]
    sample = one.sizes[dims.CHAIN] * one.sizes[dims.DRAW]
    seen = sum(values.size for values in observed.data_vars.values())
    sizes = dict.fromkeys(GROUPS, seen * sample)
    sizes |= {"log_prior": one.size * len(draws.data_vars), SAMPLED: 0}
    if dims.space_of(one):
        del sizes[SAMPLED]
    return tuple(name for name, size in sizes.items() if sample and size <= LARGEST)


def without_reason(fit: xr.DataTree, groups: Sequence[str]) -> dict[str, str]:
    """Groups that a fit cannot have, and why not.

    Parameters
    ----------
    fit : DataTree
    groups : sequence of str
        That are asked for.
    """
    if not fit["posterior"].sizes[dims.DRAW]:
        return dict.fromkeys(
            groups, "a fit without draws; resume it with more proposals or seconds"
        )
    found = {}
    if not fit["observed_data"].data_vars:
        why = "a fit without observations; leave it out"
        found |= {name: why for name in groups if name in OF_STREAMS}
    if SAMPLED not in fit.children:
        why = f"a fit without {SAMPLED!r}; calibrate its model with groups=('{SAMPLED}',), which samples it"
        found |= {name: why for name in groups if name in (SAMPLED, PREDICTED)}
    return found


def possible_groups(
    groups: Sequence[str] | None, drawn: bool, prior: xr.Dataset | None
) -> tuple[str, ...] | None:
    """Groups that are asked for, without those that a fit without draws, or without a prior, cannot have."""
    if groups is None:
        return None
    lacking = (SAMPLED, PREDICTED) if prior is None else ()
    return tuple(name for name in groups if drawn and name not in lacking)


def groups_to_make(
    groups: Sequence[str] | None, observed: Sequence[object]
) -> tuple[str, ...] | None:
    """Names of groups, refused where a model without observations cannot have them."""
    found = checked_groups(groups)
    of_streams = [name for name in found or () if name in OF_STREAMS]
    if of_streams and not observed:
        raise ValueError(
            f"wanted the group {of_streams[0]!r} of a model with observations, got one without any in "
            "groups; leave it out"
        )
    return found


def with_groups(fit: xr.DataTree, groups: Sequence[str] | None = None) -> xr.DataTree:
    """Fit with the groups by which ArviZ judges it.

    Parameters
    ----------
    fit : DataTree
        Also a part of one: a unit of a region, ``fit.sel(pixel=7)``, or fewer draws.
    groups : sequence of str, optional
        Out of ``log_likelihood`` (by stream, for `arviz.loo`), ``log_prior`` (by parameter, for
        `arviz.psense`), ``posterior_predictive`` and ``prior_predictive`` (by stream, with the noise of
        the likelihood); those below ten million values by default. ``prior`` stays where the fit has it;
        only `pm_dalec.calibrate` samples it.

    Returns
    -------
    DataTree
        Another one, with these groups and ``observed_data`` made anew, so that all of them are about
        the same observations.

    Raises
    ------
    ValueError
        If a group is asked for by name that this fit cannot have.
    """
    expect_fit(fit, "posterior", "observed_data", "constant_data")
    groups = checked_groups(groups)
    for name, why in without_reason(fit, groups or ()).items():
        raise ValueError(f"wanted the group {name!r}, got {why}")
    parts = {name: node.to_dataset() for name, node in fit.children.items() if name not in MADE}
    draws, units = parts["posterior"], parts["constant_data"]
    parts["observed_data"] = observed_data(draws, units, parts["observed_data"])
    again = xr.DataTree.from_dict(parts | groups_of(parts, fit.attrs, groups))
    again.attrs = dict(fit.attrs)
    return again


def groups_of(
    parts: dict[str, xr.Dataset], attributes: dict[str, object], groups: Sequence[str] | None
) -> dict[str, xr.Dataset]:
    """Groups that the draws and the data of a fit decide.

    Parameters
    ----------
    parts : dict of str to Dataset
        ``posterior``, ``constant_data``, ``observed_data`` and, where there is one, ``prior``.
    attributes : dict
        Of the fit: its solver and its seed.
    groups : sequence of str, optional
        As in `with_groups`.

    Returns
    -------
    dict of str to Dataset
        Those of ``groups`` that these parts allow.
    """
    draws, units, observed = (parts[n] for n in ("posterior", "constant_data", "observed_data"))
    groups = usual_groups(draws, observed) if groups is None else groups
    solver, seed = attributes.get("solver", "converged"), int(attributes.get("seed", 0))
    found = {"log_prior": log_prior(draws, units)} if "log_prior" in groups else {}
    if observed and {"log_likelihood", "posterior_predictive"} & set(groups):
        said = modelled(draws, units, observed, solver)
        if "log_likelihood" in groups:
            found["log_likelihood"] = log_density(observed, said)
        if "posterior_predictive" in groups:
            found["posterior_predictive"] = predictive(observed, said, seed, "posterior")
    if observed and PREDICTED in groups and SAMPLED in parts:
        draws = parts[SAMPLED]
        observed = observed_data(draws, units, observed)
        said = modelled(draws, units, observed, solver)
        found[PREDICTED] = predictive(observed, said, seed, SAMPLED)
    return found

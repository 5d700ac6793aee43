"""Units of a fit, each as the fit of a site, and the choices that it was made with."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from pm_dalec.constraints import forms
from pm_dalec.constraints.sets import EDCS
from pm_dalec.errors.likelihood import GAUSSIAN
from pm_dalec.graph.choices import Choices
from pm_dalec.posterior.groups.complete import with_groups
from pm_dalec.posterior.groups.priors import parameters_of
from pm_dalec.posterior.runs import expect_fit
from pm_dalec.sampling.identity import ATTRIBUTE, constraints_part
from pm_dalec.tables import dims
from pm_dalec.tables.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pm_dalec.constraints.rules import Constraint

CONSTRAINTS = "constraints"
"""Attribute of a fit with their name, and what they are called as a factor."""

SOFTLY = ", soft over "


def parts_of(fit: xr.DataTree) -> Iterator[tuple[dict[str, int], xr.DataTree]]:
    """Units of a fit, each as the fit of a site: weights of one unit must not blend into another.

    Parameters
    ----------
    fit : DataTree

    Yields
    ------
    place : dict of str to int
        Along the dimensions of the units; empty for a site.
    part : DataTree
        Units without draws are left out.
    """
    expect_fit(fit, "constant_data", "observed_data")
    draws = fit["posterior"].to_dataset()
    space = dims.space_of(draws)
    if not space:
        yield {}, fit
        return
    for at in np.ndindex(*(draws.sizes[name] for name in space)):
        place = dict(zip(space, at, strict=True))
        if bool(draws["initial_som"].isel(place).notnull().all()):
            yield place, with_groups(fit.isel(place), groups=())


def gathered(
    fit: xr.DataTree, found: dict[tuple[int, ...], xr.Dataset], attrs: dict[str, object]
) -> xr.Dataset:
    """One dataset of what was found by unit, with the labels of the units; NaN where there is none.

    Parameters
    ----------
    fit : DataTree
    found : dict of tuple of int to Dataset
        By place along the dimensions of the units.
    attrs : dict
    """
    draws = fit["posterior"].to_dataset()
    space = dims.space_of(draws)
    labelled = [
        part.expand_dims({name: [draws[name].values[n]] for name, n in zip(space, at, strict=True)})
        for at, part in found.items()
    ]
    whole = xr.combine_by_coords(labelled) if space else labelled[0]
    return whole.assign_attrs(attrs)


def choices_of(part: xr.DataTree) -> Choices:
    """Choices that the fit of a unit was made with, from what it says about them.

    Parameters
    ----------
    part : DataTree

    Returns
    -------
    Choices
    """
    units = part["constant_data"].to_dataset()
    streams = tuple(part["observed_data"].data_vars)
    return Choices(
        parameters_of(part["posterior"].to_dataset()),
        constraints_of(part),
        streams,
        part.attrs.get("solver", "converged"),
        {name: units[name].attrs.get("likelihood", GAUSSIAN) for name in streams},
    )


def constraints_of(fit: xr.DataTree) -> str | forms.Soft | Table[Constraint] | None:
    """Constraints that a fit was made under.

    Parameters
    ----------
    fit : DataTree

    Raises
    ------
    ValueError
        If they were rules of one's own: a fit keeps their names, not what they compute.
    """
    said = str(fit.attrs.get(CONSTRAINTS, None))
    if SOFTLY in said:
        name, scale = said.split(SOFTLY)
        return forms.Soft(_named(name, fit), float(scale))
    return _named(said, fit)


def _named(said, fit):
    """Set of constraints of this name, or the table of the rules that are listed in it."""
    if said == str(None):
        return None
    if said in EDCS:
        return said
    names, kept = said.split(", "), json.loads(fit.attrs.get(ATTRIBUTE, "{}"))
    digest = kept.get(CONSTRAINTS, (None,))[0]
    for rules in EDCS.values():
        if set(names) <= set(rules):
            table = Table("constraint", (rules[name] for name in names))
            if constraints_part(fit.attrs[CONSTRAINTS], table).digest == digest:
                return table
    raise ValueError(
        f"wanted a fit under rules of pm_dalec.constraints.EDCS, got {said!r}; of rules of one's own a "
        "fit keeps the names alone: calibrate the variants instead"
    )

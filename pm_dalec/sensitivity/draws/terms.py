"""Terms of the posterior density of one unit under its draws."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from pm_dalec.constraints import forms
from pm_dalec.constraints.case import case_of
from pm_dalec.constraints.prior_draws import factor_of, log_factor
from pm_dalec.errors.densities import log_density
from pm_dalec.errors.likelihood import GAUSSIAN, likelihood_of
from pm_dalec.graph.verbs import rules_of
from pm_dalec.physics.records import drivers_of
from pm_dalec.posterior.groups.observed import modelled, observed_data
from pm_dalec.posterior.groups.priors import parameters_of
from pm_dalec.posterior.runs import in_parts, run_of, theta_of
from pm_dalec.tables import dims
from pm_dalec.tables.priors import Fixed

if TYPE_CHECKING:
    from pm_dalec.constraints.rules import Constraint
    from pm_dalec.tables.kinds import Array
    from pm_dalec.tables.table import Table

BASE = "base"
RUNS = 30  # series of a run, all of which rules may look at


def prior_terms(part: xr.DataTree) -> xr.Dataset:
    """Logarithm of every Gaussian factor of the prior, and of the log-uniform base, under every draw.

    Parameters
    ----------
    part : DataTree

    Returns
    -------
    Dataset
        Dims (chain, draw): one variable for each parameter that has a factor (also one from the data),
        without normalisation, and ``base``, the density of the log-uniform priors of all parameters in
        natural units.
    """
    posterior, units = part["posterior"].to_dataset(), part["constant_data"].to_dataset()
    found, base = {}, 0.0
    for name, parameter in parameters_of(posterior).items():
        if isinstance(parameter.prior, Fixed):
            continue
        values = posterior[name].drop_attrs()
        base = base - np.log(values)
        mean, sigma, logarithmic = factor_of(parameter, units)
        if np.isfinite(sigma):
            found[name] = log_factor(values, mean, sigma, np, logarithmic=logarithmic)
    return xr.Dataset(found | {BASE: base})


def likelihood_terms(part: xr.DataTree) -> xr.Dataset:
    """Log-likelihood of every stream under every draw, all of its observations together.

    Parameters
    ----------
    part : DataTree

    Returns
    -------
    Dataset
        Dims (chain, draw), one variable a stream.

    Notes
    -----
    The group ``log_likelihood`` has each observation given the others, which with correlated errors does
    not add up to this.
    """
    posterior, units = part["posterior"].to_dataset(), part["constant_data"].to_dataset()
    streams = tuple(part["observed_data"].data_vars)
    independent = not any(
        likelihood_of(units[name].attrs.get("likelihood", GAUSSIAN)).correlation for name in streams
    )
    if independent and "log_likelihood" in part.children:
        known = part["log_likelihood"].to_dataset()
        return xr.Dataset({name: known[name].sum(_behind(known[name])) for name in streams})
    observed, found = observed_data(posterior, units, streams), {}
    for name, says in modelled(posterior, units, observed, part.attrs["solver"]).items():
        seen, said = observed[name], np.moveaxis(says.values, -1, 0)
        likelihood = likelihood_of(seen.attrs["likelihood"])
        value, scale = (each.values[:, None, None] for each in (seen, seen[f"{name}_scale"]))
        terms = log_density(likelihood, value, said, scale, np.ones(said.shape), np)
        found[name] = says.isel({says.dims[-1]: 0}, drop=True).copy(data=terms.sum(axis=0))
    return xr.Dataset(found)


def _behind(values):
    return [name for name in values.dims if name not in dims.SAMPLE]


def margins_of(part: xr.DataTree, rules: Table[Constraint]) -> xr.Dataset:
    """Margin of every rule under every draw [1].

    Parameters
    ----------
    part : DataTree
    rules : Table of Constraint

    Returns
    -------
    Dataset
        Dims (chain, draw), one variable a rule.
    """
    posterior, units = part["posterior"].to_dataset(), part["constant_data"].to_dataset()
    drivers, _ = drivers_of(units)
    found: dict[str, list[Array]] = {name: [] for name in rules}
    for drawn in in_parts(posterior, units, RUNS):
        run = run_of(drawn, units, part.attrs.get("solver", "converged"))
        case = case_of(run, drivers, theta_of(drawn))
        with np.errstate(all="ignore"):
            values = forms.margins(rules, case, np)
        shape = run.missing.shape
        for name, value in values.items():
            found[name].append(np.broadcast_to(value, shape))
    like = posterior["initial_som"].drop_attrs()
    return xr.Dataset(
        {name: like.copy(data=np.concatenate(values, axis=1)) for name, values in found.items()}
    )


def constraint_term(
    part: xr.DataTree, constraints: str | forms.Soft | Table[Constraint] | None
) -> xr.DataArray:
    """Logarithm of the potential of constraints under every draw: 0, -inf, or what the soft form gives.

    Parameters
    ----------
    part : DataTree
    constraints : str, Soft, Table of Constraint or None
        As in `pm_dalec.Choices`.

    Returns
    -------
    DataArray (chain, draw)
    """
    rules = rules_of(constraints)
    like = xr.zeros_like(part["posterior"]["initial_som"]).drop_attrs()
    if not rules:
        return like
    values = [margin.values for margin in margins_of(part, rules).values()]
    if isinstance(constraints, forms.Soft):
        return like.copy(data=forms.soft(values, np, scale=constraints.scale))
    return like.copy(data=forms.hard(values, np))

"""Ablation of the constraints (Bloom and Williams, 2015): what each rule does to what is learned."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from pm_dalec.constraints.forms import Soft, holds
from pm_dalec.constraints.prior_draws import draw_prior, judge
from pm_dalec.constraints.sets import EDCS
from pm_dalec.graph.choices import PAPER, Choices
from pm_dalec.posterior.runs import evenly, expect_fit
from pm_dalec.sampling.cluster.blocks import present
from pm_dalec.sensitivity.draws.expected import expect_choices
from pm_dalec.sensitivity.draws.terms import constraint_term
from pm_dalec.sensitivity.studies.kept import keep_result
from pm_dalec.sensitivity.studies.results import VARIANT, effects
from pm_dalec.sensitivity.studies.study import Study
from pm_dalec.tables import dims
from pm_dalec.tables.numbers import names_of, seed_of, whole_number
from pm_dalec.tables.parameters import Theta
from pm_dalec.tables.table import Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pymc as pm

    from pm_dalec.constraints.rules import Constraint
    from pm_dalec.tables.kinds import Era

RULE, ALL, NO = "rule", "all rules", "no rules"
JUDGED = 1000  # draws of a unit that are judged
FEWEST = 20  # draws that meet the other rules, below which no rate is told


def ablation(
    build: Callable[..., pm.Model],
    land: xr.Dataset | xr.DataTree,
    folder: str | Path,
    *,
    choices: Choices = PAPER,
    rules: Sequence[str] | None = None,
    prior_draws: int = 20_000,
    **settings: object,
) -> xr.Dataset:
    """Refit with every rule left out by itself, with none, and with all: what a rule does.

    Parameters
    ----------
    build, land
        As for `Study`.
    folder : path
        Of the study; resumable. The result is kept there too, see `open_result`.
    choices : Choices
        Their constraints are taken apart.
    rules : sequence of str, optional
        To leave out by themselves; all by default.
    prior_draws : int
        Draws of the prior that pass rates are counted of.
    **settings
        Of `Study.run`.

    Returns
    -------
    Dataset
        By ``rule`` ("no rules" stands for all of them at once) and ``name`` of a parameter or quantity,
        the median over units: ``shift`` [1], of the median when the rule is left out, in posterior
        standard deviations with all rules; ``width_ratio`` [1], of the 5-95 % intervals without the
        rule over with all: above 1, the rule informs that name; ``median`` and ``width`` without it. By
        rule: ``prior_pass`` [1], share of prior draws that meet it; ``prior_bits``, -log2 of it;
        ``pass_given_others`` [1] of prior draws that meet all others, NaN where these are fewer than 20;
        ``posterior_pass`` [1], of the posterior without the rule, and ``bits``. Attribute
        ``pass_rate`` [1] of all rules together.
    """
    expect_choices("choices", choices)
    table = _table(choices.constraints)
    names = tuple(table) if rules is None else tuple(table.only(*names_of("rules", rules)))
    whole_number("prior_draws", prior_draws, least=1, advice="20000 are usual")
    variants = {ALL: {}, NO: {"constraints": None}, **{n: {"without": [n]} for n in names}}
    study = Study(build, land, variants, choices=choices)
    result = study.run(folder, **settings)
    found = _moved(result)
    rates = _prior_rates(study.fit(ALL), table, choices, prior_draws, settings.get("random_seed"))
    passed = {name: float(_judged(study.fit(name), table.only(name)).mean()) for name in names}
    passed[NO] = float(_judged(study.fit(NO), table).mean())
    order = [str(name) for name in found[RULE].values]
    found["posterior_pass"] = (RULE, [passed[name] for name in order])
    for name, values in rates.items():
        found[name] = (RULE, [values[one] for one in order])
    with np.errstate(divide="ignore"):
        found["prior_bits"] = 0.0 - np.log2(found["prior_pass"])  # 0, not -0, for one
        found["bits"] = 0.0 - np.log2(found["posterior_pass"])
    found = found.assign_attrs(pass_rate=rates["prior_pass"][NO])
    keep_result(found, folder, "ablation")
    return found


def ablation_of(study: Study, folder: str | Path, **settings: object) -> xr.Dataset:
    """Ablation of the constraints of the first variant of a study.

    Parameters
    ----------
    study : Study
    folder : path
        Where that of the study, with the same settings, fits that both need are done once; ``study.nc`` is
        that of whichever was run last.
    **settings
        Of `Study.run`.
    """
    name = next(iter(study.variants))
    return ablation(
        study.build,
        study.variants[name].land(study.land),
        folder,
        choices=study.choices[name],
        **settings,
    )


def _table(constraints):
    """Rules of a choice, in the hard form."""
    rules = constraints.rules if isinstance(constraints, Soft) else constraints
    table = rules if isinstance(rules, Table) else EDCS[rules]
    if not table:
        raise ValueError(
            "wanted choices with constraints to take apart, got none; choose "
            "constraints='edinburgh2021'"
        )
    return table


def _moved(result):
    """Shifts and widths of a study of rules, by rule; the median over units."""
    moved = effects(result, ALL)
    quantiles = result["quantiles"].to_dataset().to_dataarray("name")
    moved["median"] = quantiles.sel(quantile=0.5, drop=True)
    moved["width"] = quantiles.sel(quantile=0.95, drop=True) - quantiles.sel(
        quantile=0.05, drop=True
    )
    space = [name for name in moved.dims if name in dims.SPACE]
    moved = moved.median(space) if space else moved
    others = [name for name in moved[VARIANT].values if name != ALL]
    return moved.sel({VARIANT: others}).rename({VARIANT: RULE}).transpose(RULE, ...)


def _sites(fit):
    """Every unit of a fit as a site, with its draws as a parameter set."""
    units, posterior = fit["constant_data"].to_dataset(), fit["posterior"].to_dataset()
    space = dims.space_of(posterior)
    shape = tuple(posterior.sizes[name] for name in space)
    for place in present(units):
        where = dict(zip(space, np.unravel_index(place, shape), strict=True)) if space else {}
        inside = {name: at for name, at in where.items() if name in units.dims}
        draws = posterior.isel(where)[list(Theta._fields)].stack({dims.POOLED: dims.SAMPLE})
        draws = draws.isel({dims.POOLED: evenly(draws.sizes[dims.POOLED], JUDGED)})
        theta = Theta(*(draws[name].values for name in Theta._fields))
        if np.isfinite(theta.initial_som).all() and theta.initial_som.size:
            yield units.isel(inside), theta


def _judged(fit, rules):
    """Whether draws of a fit meet rules, of all units together."""
    solver = str(fit.attrs.get("solver", "converged"))
    found = [
        np.all([holds(m) for m in judge(site, theta, constraints=rules, solver=solver).values()], 0)
        for site, theta in _sites(fit)
    ]
    return np.concatenate(found) if found else np.array([np.nan])


def _prior_rates(fit, table, choices, count, seed):
    """Pass rates of prior draws by rule, alone and among those that meet all others."""
    rng, sites = np.random.default_rng(seed_of(seed or 0)), [site for site, _ in _sites(fit)]
    met = []
    for site in sites:
        theta = draw_prior(
            site, max(1, count // len(sites)), parameters=choices.parameters, rng=rng
        )
        found = judge(site, theta, constraints=table, solver=choices.solver)
        met.append(np.stack([holds(found[name]) for name in table]))
    met = np.concatenate(met, axis=1)
    alone = {name: float(row.mean()) for name, row in zip(table, met, strict=True)}
    given = {}
    for place, name in enumerate(table):
        others = np.delete(met, place, axis=0).all(axis=0)
        given[name] = float(met[place, others].mean()) if others.sum() >= FEWEST else np.nan
    every = float(met.all(axis=0).mean())
    return {"prior_pass": alone | {NO: every}, "pass_given_others": given | {NO: every}}


def tightened(fit: xr.DataTree, constraints: Era | Table[Constraint]) -> xr.DataTree:
    """Fit under more rules, without a refit: draws that fail them are dropped, which is exact.

    Relaxing a rule needs a refit: a fit knows nothing of where the rule held it back.

    Parameters
    ----------
    fit : DataTree
        Of one unit: of a region ``fit.sel(pixel=7)``.
    constraints : str or Table of Constraint
        Rules that hold as well.

    Returns
    -------
    DataTree
        With one chain of the draws that are left; their share is the attribute ``kept`` of the root.
    """
    expect_fit(fit, "posterior", "constant_data")
    posterior = fit["posterior"].to_dataset()
    if dims.space_of(posterior):
        raise ValueError(
            f"wanted the fit of one unit, got {dict(posterior.sizes)}; choose one with fit.sel(pixel=...): "
            "of each, other draws are left"
        )
    table = _table(Choices(constraints=constraints).constraints)
    pooled = posterior.stack({dims.POOLED: dims.SAMPLE}, create_index=False)
    kept = np.isfinite(constraint_term(fit, table).stack({dims.POOLED: dims.SAMPLE}).values)
    if not kept.any():
        raise ValueError(
            f"wanted draws that meet {', '.join(table)}, got none of {kept.size}; refit under these rules"
        )
    left = pooled.isel({dims.POOLED: kept}).drop_vars(dims.SAMPLE, errors="ignore")
    left = left.rename({dims.POOLED: dims.DRAW}).expand_dims({dims.CHAIN: [0]})
    parts = {
        name: fit[name].to_dataset()
        for name in ("constant_data", "observed_data")
        if name in fit.children
    }
    found = xr.DataTree.from_dict(
        {"posterior": left.assign_coords({dims.DRAW: np.arange(int(kept.sum()))})} | parts
    )
    more = f"{fit.attrs.get('constraints', 'None')}, tightened by {', '.join(table)}"
    found.attrs = {**fit.attrs, "constraints": more, "kept": float(kept.mean())}
    found.attrs.pop("identity", None)
    return found

"""Results of a study: what is kept of each fit, all of them as one tree, and how far variants move it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from pm_dalec.data.formats import trees
from pm_dalec.posterior.budgets import budget
from pm_dalec.posterior.chain_statistics import circular_mean, comparable
from pm_dalec.posterior.convergence import NOT_RUN, diagnose, unit_diagnostics
from pm_dalec.posterior.runs import evenly
from pm_dalec.sampling.bank.bank_unit import FULL
from pm_dalec.sensitivity.draws.expected import expect_result
from pm_dalec.tables import dims
from pm_dalec.tables.constants import DAYS_PER_YEAR
from pm_dalec.tables.numbers import path_of, text_of
from pm_dalec.tables.parameters import PARAMETERS

if TYPE_CHECKING:
    from pathlib import Path

VARIANT, NAME = "variant", "name"
LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
LOW, MIDDLE, HIGH = LEVELS[0], LEVELS[2], LEVELS[-1]
CONVERGED = "converged"
WORDS = {"budget": "not converged after the whole budget"}
DRAWS = 1000  # of a unit, that quantities are computed of
STUDY = "study.nc"
GROUPS = ("quantiles", "mean", "sd", "convergence", "units")


def summary_of(fit: xr.DataTree) -> xr.DataTree:
    """What a study keeps of a fit: quantiles and moments of parameters and quantities, convergence.

    Parameters
    ----------
    fit : DataTree
        Units without draws are NaN.

    Returns
    -------
    DataTree
        Groups ``quantiles`` (quantile[, stratum][, pixel]), ``mean`` and ``sd`` of every parameter and
        every quantity of `pm_dalec.budget`; ``convergence`` (parameter, ...) with rhat, ess_bulk and
        ess_tail; ``units`` with status, worst_rhat, least_ess_bulk, acceptance, proposals, and where
        there was a bank ``route`` ("bank" or "full") and ``khat``.
    """
    draws = _drawn(fit)
    quantiles = {
        name: values.quantile(LEVELS, dims.SAMPLE).astype(float) for name, values in draws.items()
    }
    units = unit_diagnostics(fit)
    groups = {
        "quantiles": xr.Dataset(quantiles),
        "mean": xr.Dataset({name: values.mean(dims.SAMPLE) for name, values in draws.items()}),
        "sd": xr.Dataset({name: values.std(dims.SAMPLE) for name, values in draws.items()}),
        "convergence": _convergence(fit),
        "units": units.assign(_routes(fit, units["status"])),
    }
    for name, values in draws.items():
        for part in ("quantiles", "mean", "sd"):
            groups[part][name].attrs["units"] = values.attrs.get("units", "1")
    return xr.DataTree.from_dict(
        {name: part.reset_coords(drop=True) for name, part in groups.items()}
    )


def _routes(fit, status):
    """How units came to their draws: "full" where there was no bank."""
    known = "sample_stats" in fit.children
    held = fit["sample_stats"].to_dataset() if known else xr.Dataset()
    unknown = xr.where(status == NOT_RUN, NOT_RUN, FULL)
    khat = xr.full_like(status, np.nan, float)
    return {"route": held.get("route", unknown), "khat": held.get("khat", khat)}


def routes_in(routes: xr.DataArray) -> str:
    """How units came to their draws, in words: the route of one, how many took which of several.

    Parameters
    ----------
    routes : DataArray
    """
    values = [str(one) for one in routes.values.ravel() if one and one != NOT_RUN]
    if len(values) == 1:
        return values[0]
    return " ".join(f"{values.count(one)} {one}" for one in dict.fromkeys(sorted(values)))


def _drawn(fit):
    """Draws of parameters and quantities by name; days around their circular mean."""
    posterior = fit["posterior"].to_dataset()
    space, found = dims.space_of(posterior), {}
    for name in (name for name in PARAMETERS if name in posterior):
        values = posterior[name].transpose(*dims.SAMPLE, *space)
        if PARAMETERS[name].circular and values.size:
            middle = circular_mean(values.values, axes=(0, 1))
            values = values.copy(data=comparable(name, values.values) + middle)
        found[name] = values
    few, thin = max(1, DRAWS // max(1, posterior.sizes[dims.CHAIN])), fit.copy()
    thin["posterior"] = xr.DataTree(
        posterior.isel({dims.DRAW: evenly(posterior.sizes[dims.DRAW], few)})
        if posterior.sizes[dims.DRAW]
        else _nothing(posterior)
    )
    return found | dict(budget(thin).data_vars)


def _nothing(posterior):
    """One draw of NaN for every chain: of a fit that found no start."""
    return posterior.reindex({dims.DRAW: [0]})


def _convergence(fit):
    """R-hat and ESS of all parameters; NaN for those that were fixed, and where there are too few draws."""
    names, draws = list(PARAMETERS), fit["posterior"]["initial_som"]
    if "diagnostics" in fit.children:
        report = fit["diagnostics"].to_dataset()
    elif draws.sizes[dims.CHAIN] > 1 and draws.sizes[dims.DRAW] > 3:
        report = diagnose(fit)
    else:
        nothing = draws.sum(dims.SAMPLE).expand_dims({dims.PARAMETER: names}) * np.nan
        report = xr.Dataset(dict.fromkeys(("rhat", "ess_bulk", "ess_tail"), nothing))
    return report[["rhat", "ess_bulk", "ess_tail"]].reindex({dims.PARAMETER: names})


def joined(summaries: dict[str, xr.DataTree], told: dict[str, dict[str, object]]) -> xr.DataTree:
    """Summaries of all variants as one tree.

    Parameters
    ----------
    summaries : dict of str to DataTree
        By variant.
    told : dict of str to dict
        By variant, what the root says of it: words and numbers.

    Returns
    -------
    DataTree
        Every variable with dimension ``variant`` in front.
    """
    names = xr.DataArray(list(summaries), dims=VARIANT, name=VARIANT)
    keys = list(next(iter(told.values())))
    root = xr.Dataset(
        {key: (VARIANT, [told[name][key] for name in summaries]) for key in keys},
        coords={VARIANT: names},
    )
    groups = {
        group: xr.concat(
            [part[group].to_dataset() for part in summaries.values()],
            names,
            join="outer",
            combine_attrs="override",
        )
        for group in GROUPS
    }
    return xr.DataTree.from_dict({"/": root} | groups)


def open_study(folder: str | Path) -> xr.DataTree:
    """Result of a study from the folder that it was run in.

    Parameters
    ----------
    folder : str or Path

    Returns
    -------
    DataTree
        As from `Study.run`.
    """
    return trees.read_tree(
        path_of("folder", folder) / STUDY,
        what="a study",
        group="quantiles",
        writer="`pm-dalec sensitivity`",
    )


def expect_study(study: object, *more: str) -> None:
    """Refuse what is not the result of a study.

    Parameters
    ----------
    study : DataTree
    *more : str
        Attributes that it must have.
    """
    expect_result("study", study, "Study.run", (VARIANT, *GROUPS, *more), xr.DataTree)


def unconverged(study: xr.DataTree) -> dict[str, str]:
    """Variants with units that failed or did not converge, and how many of which.

    Parameters
    ----------
    study : DataTree

    Returns
    -------
    dict of str to str
    """
    found, status = {}, study["units"]["status"]
    for name in status[VARIANT].values:
        values = status.sel(variant=name).values.ravel()
        values = values[values != "not run"]
        others = {
            str(one): int((values == one).sum()) for one in np.unique(values) if one != CONVERGED
        }
        if others:
            told = ", ".join(f"{count} {WORDS.get(one, one)}" for one, count in others.items())
            found[str(name)] = f"of {values.size} units {told}" if values.size > 1 else told
    return found


def effects(study: xr.DataTree, base: str | None = None) -> xr.Dataset:
    """How far each variant moves each parameter and quantity, in posterior standard deviations.

    Parameters
    ----------
    study : DataTree
        From `Study.run` or `open_study`.
    base : str, optional
        Variant that the others are compared with; the first by default.

    Returns
    -------
    Dataset
        Dims (variant, name[, stratum][, pixel]): ``shift`` [1], difference of the medians over the
        standard deviation of the base; ``width_ratio`` [1], of the 5 to 95 % intervals.
    """
    expect_study(study)
    names = [str(name) for name in study[VARIANT].values]
    base = names[0] if base is None else text_of("base", base)
    if base not in names:
        raise KeyError(f"no variant {base!r}; there are {', '.join(names)}")
    quantiles = study["quantiles"].to_dataset().to_dataarray(NAME)
    sd = study["sd"].to_dataset().to_dataarray(NAME).sel({VARIANT: base}, drop=True)
    middle = quantiles.sel(quantile=MIDDLE, drop=True)
    moved = middle - middle.sel({VARIANT: base}, drop=True)
    days = xr.DataArray(
        [name in PARAMETERS and PARAMETERS[name].circular for name in map(str, moved[NAME].values)],
        coords={NAME: moved[NAME]},
    )
    half = DAYS_PER_YEAR / 2
    moved = moved.where(~days, np.mod(moved + half, DAYS_PER_YEAR) - half)
    width = quantiles.sel(quantile=HIGH, drop=True) - quantiles.sel(quantile=LOW, drop=True)
    with np.errstate(all="ignore"):
        found = {
            "shift": (moved / sd.where(sd > 0)).transpose(VARIANT, NAME, ...),
            "width_ratio": (width / width.sel({VARIANT: base}, drop=True).where(sd > 0)).transpose(
                VARIANT, NAME, ...
            ),
        }
    return xr.Dataset(found, attrs={"base": base})

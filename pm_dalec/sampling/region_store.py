"""Calibration of a whole region into a store: resumable, with every failed unit named.

A store is a folder: ``fit.zarr`` when the region is done (see `pm_dalec.save`), ``state/`` with the
states of its units until then. A run that was killed goes on where it was; what was finished is not done
again.
"""

from __future__ import annotations

from operator import ge, le
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from pm_dalec.graph import notes
from pm_dalec.posterior import fit_file
from pm_dalec.posterior.convergence import diagnose, why_no_draws
from pm_dalec.posterior.groups.complete import GROUPS, SAMPLED, checked_groups, with_groups
from pm_dalec.sampling.bank.bank_file import opened, said_of
from pm_dalec.sampling.calibration import FEWEST_CHAINS, calibrate, check_budget, checked_chains
from pm_dalec.sampling.checkpoints import MANIFEST, STATES
from pm_dalec.sampling.cluster.blocks import present
from pm_dalec.sampling.cluster.client import check_client
from pm_dalec.sampling.cluster.store import close
from pm_dalec.sampling.identity import ATTRIBUTE, identity_of, refuse_another
from pm_dalec.sampling.state import Settings
from pm_dalec.tables import dims
from pm_dalec.tables.numbers import flag, seed_of

if TYPE_CHECKING:
    from collections.abc import Callable

    import pymc as pm
    from distributed import Client

FIT = fit_file.FIT_OF_STORE
NO_BANK = "none"
TARGETS = {
    "rhat": ("target_rhat", ge),
    "ess": ("target_ess", le),
    "proposals": ("proposals_per_chain", le),
}
"""Attribute of a fit by target, and how a target compares with it where the fit is good enough."""


def calibrate_region(
    build: Callable[..., pm.Model],
    land: xr.DataTree | xr.Dataset | None,
    *,
    store: str | Path,
    chains: int = 8,
    progress: bool = True,
    client: Client | str | None = None,
    **settings: object,
) -> xr.DataTree:
    """Calibrate every unit of a region and keep the fit in a store.

    Parameters
    ----------
    build : callable
        ``build`` of a model in `models/`, given the land.
    land : DataTree
        Region; the model says at which of its two averages a DALEC lives. A dataset of pixels serves
        a model that wants no strata, and a site is a region of one unit. None reads a finished store as it is.
    store : path
        Folder; made when absent. A finished store of the same model, seed, chains and draws is read, not
        calibrated again. With stricter targets or a larger budget its units go on where they were; with
        others it is read as it is, for it holds no less than was asked. Groups that it lacks are added.
    chains : int
        Of each unit.
    progress : bool
    client : distributed.Client or str, optional
        Workers of a cluster instead of threads: a client of Dask, the address of its scheduler, or
        "local" for processes of this machine, as many as ``threads``. The fit is the same, bit for bit;
        see docs/clusters.md.
    **settings
        Of `pm_dalec.calibrate`: draws, rhat, ess, proposals, seconds, random_seed, threads, groups,
        bank.

    Returns
    -------
    DataTree
        As from `calibrate`, with R-hat and ESS of every parameter and unit in ``diagnostics``. Units
        without a start are NaN and listed by `unit_report`.
    """
    settings["bank"] = opened(settings.get("bank"))
    check_region_run(build, chains, progress, client, **settings)
    store = Path(store)
    done, states = store / FIT, store / STATES
    if land is None:
        return fit_file.load(done)
    model = build(land)
    units = notes.of(model).units
    if (seed := settings.get("random_seed", 0)) is not None:
        settings["random_seed"] = seed_of(seed)
    if done.exists():
        fit = _same(fit_file.load(done), model, done)
        lacking = _lacking(fit, settings.get("groups"))
        if _is_as_asked(fit, done, chains=chains, **settings) and SAMPLED not in lacking:
            return _with_more_groups(fit, lacking, done)
        if lacking:
            settings["groups"] = _groups_with(fit, lacking)
        _expect_states(states, done)
    asked = {"chains": chains, "progress": progress} | settings
    fit = _calibrated(client, (build, land, model), store, asked)
    if fit.attrs.get("interrupted"):
        raise KeyboardInterrupt(f"finished units are kept in '{states}'; call again to go on")
    _expect_draws(fit, states)
    _complete(fit, units)
    fit_file.save(fit, done)
    close(store)
    return fit


def _same(fit, model, done):
    """Fit of the store, refused where it is of another model."""
    held = fit.attrs.get(ATTRIBUTE, "")
    refuse_another(identity_of(model), held, where=done, what="the fit")
    return fit


def _expect_draws(fit, states):
    """Refuse a fit in which no unit has a draw; its states are kept."""
    if not fit["posterior"].sizes[dims.DRAW]:
        raise ValueError(
            f"wanted draws of the units of the region, got none: {why_no_draws(fit)} (states in "
            f"'{states}'); call calibrate_region again, it goes on where they are"
        )


def _lacking(fit, groups):
    """Groups that are asked for by name and are not in a fit."""
    return tuple(name for name in checked_groups(groups) or () if name not in fit.children)


def _with_more_groups(fit, lacking, done):
    """Fit with the groups that it lacks, kept in its place."""
    if not lacking:
        return fit
    fit = with_groups(fit, _groups_with(fit, lacking))
    fit_file.save(fit, done)
    return fit


def _groups_with(fit, more):
    """Groups that a fit has, and more."""
    return tuple(dict.fromkeys((*(name for name in GROUPS if name in fit.children), *more)))


def _calibrated(client, made, store, asked):
    """Fit by threads, or by a cluster, which is imported where it is asked for."""
    model, states = made[-1], store / STATES
    places, resume = present(notes.of(model).units), (states / MANIFEST).exists()
    if client is None:
        return calibrate(model, only=places, checkpoint=states, resume=resume, scouts=0, **asked)
    if asked.pop("seconds", None) is not None:
        raise ValueError(
            "wanted no seconds= with client=, for results would depend on the machines; give proposals"
        )
    from pm_dalec.sampling.cluster.region import calibrate_by

    return calibrate_by(client, *made, store=store, places=places, resume=resume, **asked)


def _complete(fit, units):
    """Add to a fit the convergence of its units, and what they are."""
    fit["diagnostics"] = xr.DataTree(_diagnostics(fit))
    fit.attrs |= {
        "approach": "stratified" if dims.STRATUM in units.dims else "baseline",
        "resolution": float(units.attrs.get("resolution_degree", np.nan)),
    }


def is_finished(store, *, chains=8, **settings):
    """Whether a store holds a fit that is as good as asked.

    Parameters
    ----------
    store, chains, settings
        As for `calibrate_region`.

    Raises
    ------
    ValueError
        If the fit is of another seed, or of other numbers of chains or draws.
    """
    done = Path(store) / FIT
    if not done.exists():
        return False
    fit = fit_file.load(done)
    lacking = _lacking(fit, settings.get("groups"))
    return _is_as_asked(fit, done, chains=chains, **settings) and not lacking


def _expect_states(states, done):
    """See that the units of a fit can go on."""
    if not (states / MANIFEST).exists():
        raise ValueError(
            f"wanted the states of the units in '{states}', got none, so that the fit in '{done}' cannot "
            "go on to stricter targets or a larger budget; ask for those that it has, or use another "
            "folder"
        )


def _is_as_asked(fit, done, *, chains, **settings):
    """Whether the attributes of a fit are those of this run, and its targets no less strict."""
    held = fit.attrs
    asked = {"chains": chains, "asked_draws": settings.get("draws", Settings.draws)}
    seed = settings.get("random_seed", 0)
    if seed is not None:
        asked["seed"] = seed_of(seed)
    asked |= {"bank": NO_BANK} | said_of(opened(settings.get("bank")))
    held = {"bank": NO_BANK, "bank_moves": 1} | held
    differing = [
        f"{name.removeprefix('asked_')}: here {value}, there {held[name]}"
        for name, value in asked.items()
        if name in held and held[name] != value
    ]
    if differing:
        raise ValueError(
            f"wanted a fit of this run, got that of another ({done}): {'; '.join(differing)}; use the "
            "same numbers, or another folder"
        )
    wanted = {name: settings.get(name, getattr(Settings, name)) for name in TARGETS}
    if _ended_by_time(fit) and (settings.get("seconds") or np.inf) > held["seconds"]:
        return False
    return all(
        no_better(wanted[name], held[key])
        for name, (key, no_better) in TARGETS.items()
        if key in held
    )


def _ended_by_time(fit):
    """Whether a unit had proposals left when the time was over."""
    if "seconds" not in fit.attrs:
        return False
    statistics = fit["sample_stats"]
    short = (statistics["proposals"] < fit.attrs["proposals_per_chain"]).values
    left = np.isin(statistics["status"].values, ("budget", "searching"))
    return bool((short & left).any())


def check_region_run(build, chains, progress, client=None, **settings):
    """Refuse wrong arguments of `calibrate_region`, before anything is built.

    Parameters
    ----------
    build, chains, progress, client, **settings
        As for `calibrate_region`.
    """
    checked_chains(chains, least=FEWEST_CHAINS)
    check_client(client)
    flag("progress", progress)
    expect_build(build)
    _check_settings(**settings)


def expect_build(build):
    """Refuse what makes no model.

    Parameters
    ----------
    build : callable
    """
    if not callable(build) or isinstance(build, type):
        raise TypeError(
            f"wanted build as a function that makes a model of a land, got {type(build).__name__}; give "
            "models.baseline.build"
        )


def _check_settings(
    *,
    draws=Settings.draws,
    rhat=Settings.rhat,
    ess=Settings.ess,
    proposals=Settings.proposals,
    random_seed=0,
    threads=None,
    seconds=None,
    groups=None,
    bank=None,
):
    """Refuse wrong settings, of a region that is done as well."""
    Settings(draws, rhat, ess, proposals)
    seed_of(random_seed)
    check_budget(threads, seconds)
    checked_groups(groups)
    opened(bank)


def _diagnostics(fit):
    """R-hat and ESS of every parameter and unit, with the acceptance and status of the unit."""
    report = diagnose(fit)
    statistics = fit["sample_stats"].to_dataset()
    return report.assign({name: statistics[name] for name in ("acceptance", "status", "proposals")})

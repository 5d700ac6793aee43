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
from pm_dalec.posterior.convergence import diagnose
from pm_dalec.posterior.groups.complete import checked_groups
from pm_dalec.sampling.calibration import FEWEST_CHAINS, calibrate, check_budget, checked_chains
from pm_dalec.sampling.checkpoints import MANIFEST
from pm_dalec.sampling.identity import ATTRIBUTE, identity_of, refuse_another
from pm_dalec.sampling.state import Settings
from pm_dalec.tables import dims
from pm_dalec.tables.numbers import flag, seed_of

if TYPE_CHECKING:
    from collections.abc import Callable

    import pymc as pm

FIT = "fit.zarr"
TARGETS = {
    "rhat": ("target_rhat", ge),
    "ess": ("target_ess", le),
    "proposals": ("proposals_per_chain", le),
}
"""Attribute of a fit by target, and how a target compares with it where the fit is good enough."""


def present(units):
    """Flat places ([stratum,] pixel) of the units that exist.

    Parameters
    ----------
    units : Dataset
        A stratum with ``area_fraction`` zero in a pixel is no unit; a site is one.
    """
    if not dims.space_of(units):
        return np.arange(1)
    if dims.STRATUM not in units.dims:
        return np.arange(units.sizes[dims.PIXEL])
    share = units["area_fraction"].transpose(*dims.SPACE).values
    return np.flatnonzero(share.ravel() > 0)


def calibrate_region(
    build: Callable[..., pm.Model],
    land: xr.DataTree | xr.Dataset | None,
    *,
    store: str | Path,
    chains: int = 8,
    progress: bool = True,
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
        others it is read as it is, for it holds no less than was asked.
    chains : int
        Of each unit.
    progress : bool
    **settings
        Of `pm_dalec.calibrate`: draws, rhat, ess, proposals, random_seed, threads, groups.

    Returns
    -------
    DataTree
        As from `calibrate`, with R-hat and ESS of every parameter and unit in ``diagnostics``. Units
        without a start are NaN and listed by `unit_report`.
    """
    _check(build, chains, progress, **settings)
    store = Path(store)
    done, states = store / FIT, store / "state"
    if land is None:
        return fit_file.load(done)
    model = build(land)
    units = notes.of(model).units
    if settings.get("random_seed", 0) is not None:
        settings["random_seed"] = seed_of(settings.get("random_seed", 0))
    if done.exists():
        fit = fit_file.load(done)
        held = fit.attrs.get(ATTRIBUTE, "")
        refuse_another(identity_of(model), held, where=done, what="the fit")
        if _is_as_asked(fit.attrs, done, chains=chains, **settings):
            return fit
        _expect_states(states, done)
    fit = calibrate(
        model,
        chains=chains,
        progress=progress,
        only=present(units),
        checkpoint=states,
        resume=(states / MANIFEST).exists(),
        **settings,
    )
    if fit.attrs.get("interrupted"):
        raise KeyboardInterrupt(f"finished units are kept in '{states}'; call again to go on")
    _complete(fit, units)
    fit_file.save(fit, done)
    return fit


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
    return done.exists() and _is_as_asked(
        fit_file.load(done).attrs, done, chains=chains, **settings
    )


def _expect_states(states, done):
    """See that the units of a fit can go on."""
    if not (states / MANIFEST).exists():
        raise ValueError(
            f"wanted the states of the units in '{states}', got none, so that the fit in '{done}' cannot "
            "go on to stricter targets or a larger budget; ask for those that it has, or use another "
            "folder"
        )


def _is_as_asked(held, done, *, chains, **settings):
    """Whether the attributes of a fit are those of this run, and its targets no less strict."""
    asked = {"chains": chains, "asked_draws": settings.get("draws", Settings.draws)}
    seed = settings.get("random_seed", 0)
    if seed is not None:
        asked["seed"] = seed_of(seed)
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
    return all(
        no_better(wanted[name], held[key])
        for name, (key, no_better) in TARGETS.items()
        if key in held
    )


def _check(build, chains, progress, **settings):
    checked_chains(chains, least=FEWEST_CHAINS)
    flag("progress", progress)
    if not callable(build):
        raise TypeError(
            f"wanted build as a function that makes a model of a land, got {type(build).__name__}; give "
            "models.baseline.build"
        )
    _check_settings(**settings)


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
):
    """Refuse wrong settings, of a region that is done as well."""
    Settings(draws, rhat, ess, proposals)
    seed_of(random_seed)
    check_budget(threads, seconds)
    checked_groups(groups)


def _diagnostics(fit):
    """R-hat and ESS of every parameter and unit, with the acceptance and status of the unit."""
    report = diagnose(fit)
    statistics = fit["sample_stats"].to_dataset()
    return report.assign({name: statistics[name] for name in ("acceptance", "status", "proposals")})

"""Calibration of a whole region into a store: resumable, with every failed unit named.

A store is a folder: ``fit.zarr`` when the region is done (see `pm_dalec.save`), ``state/`` with the
states of its units until then. A run that was killed goes on where it was; what was finished is not done
again.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from pm_dalec.graph import notes
from pm_dalec.posterior import fit_file
from pm_dalec.posterior.convergence import diagnose
from pm_dalec.sampling.calibration import FEWEST_CHAINS, calibrate, checked_chains
from pm_dalec.sampling.checkpoints import MANIFEST
from pm_dalec.sampling.identity import ATTRIBUTE, identity_of, refuse_another
from pm_dalec.tables import dims
from pm_dalec.tables.streams import observed_in

if TYPE_CHECKING:
    from collections.abc import Callable

    import pymc as pm

FIT = "fit.zarr"


def present(units):
    """Flat places ([stratum,] pixel) of the units that exist.

    Parameters
    ----------
    units : Dataset
        A stratum with ``area_fraction`` zero in a pixel is no unit.
    """
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
        a model that wants no strata. None reads a finished store as it is.
    store : path
        Folder; made when absent. A finished store of the same model is read, not calibrated again.
    chains : int
        Of each unit.
    progress : bool
    **settings
        Of `pm_dalec.calibrate`: draws, rhat, ess, proposals, random_seed, threads.

    Returns
    -------
    DataTree
        As from `calibrate`, with all that the units hold in ``constant_data`` and R-hat and ESS of every
        parameter and unit in ``diagnostics``. Units without a start are NaN and listed by
        `unit_report`.
    """
    checked_chains(chains, least=FEWEST_CHAINS)
    store = Path(store)
    done, states = store / FIT, store / "state"
    if land is None:
        return fit_file.load(done)
    model = build(land)
    units = notes.of(model).units
    if done.exists():
        fit = fit_file.load(done)
        held = fit.attrs.get(ATTRIBUTE, "")
        refuse_another(identity_of(model), held, where=done, what="the fit")
        return fit
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
    fit["constant_data"] = xr.DataTree(units.drop_vars(observed_in(units)))
    fit["diagnostics"] = xr.DataTree(_diagnostics(fit))
    fit.attrs |= {
        "approach": "stratified" if dims.STRATUM in units.dims else "baseline",
        "resolution": float(units.attrs.get("resolution_degree", np.nan)),
    }
    fit_file.save(fit, done)
    return fit


def _diagnostics(fit):
    """R-hat and ESS of every parameter and unit, with the acceptance and status of the unit."""
    report = diagnose(fit)
    statistics = fit["sample_stats"].to_dataset()
    return report.assign({name: statistics[name] for name in ("acceptance", "status", "proposals")})

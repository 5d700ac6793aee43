"""Forecasts: every draw of a fit goes on from its state at the end of the calibration."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from pm_dalec.forecasting.assembly import Axes, assembled
from pm_dalec.forecasting.continuation import Plan
from pm_dalec.forecasting.management import check_strata, strata_of
from pm_dalec.forecasting.management_text import managements_of
from pm_dalec.forecasting.outputs import NAMES, checked_names
from pm_dalec.forecasting.parts import IDENTITY, finish, finished, identity_of, opened_parts
from pm_dalec.forecasting.pixels import Request, Work, by_threads, by_workers
from pm_dalec.forecasting.scenarios import described, scenarios_of
from pm_dalec.physics.step import SOLVERS
from pm_dalec.posterior.ensembles import QUANTILES, RANKS, checked_quantiles
from pm_dalec.posterior.fit_file import open_fit
from pm_dalec.posterior.runs import evenly, expect_fit, units_to_run
from pm_dalec.sampling.cluster.client import check_client
from pm_dalec.tables import dims
from pm_dalec.tables.numbers import LARGEST_SEED, whole_number
from pm_dalec.tables.parameters import Theta
from pm_dalec.tables.variables import DRIVERS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from distributed import Client

    from pm_dalec.forecasting.management import Management

YEAR, STEP = "year", "step"
NEEDED = (*DRIVERS, "area", "area_fraction")


def forecast(
    fit: xr.DataTree | str | Path,
    scenarios: Mapping[str, xr.Dataset] | Sequence[str] = ("ssp245",),
    *,
    management: Management | str | Sequence[Management | str] | Mapping[str, Sequence] = ("none",),
    names: Sequence[str] = NAMES,
    every: str = YEAR,
    quantiles: Sequence[float] = QUANTILES,
    reference: tuple[int, int] | None = None,
    land: xr.Dataset | None = None,
    draws: int | None = None,
    solver: str | None = None,
    seed: int = 0,
    store: str | Path | None = None,
    threads: int | None = None,
    progress: Callable[[str], None] | None = None,
    client: Client | str | None = None,
) -> xr.DataTree:
    """Continue every draw of a fit through scenarios, under managements.

    Parameters
    ----------
    fit : DataTree or path
        Of a site or of the units of a region. Of a path, the draws of a pixel are read when it is run.
    scenarios : mapping of str to Dataset, or sequence of str
        Drivers that begin where the calibration ends, by name; or names of synthetic scenarios:
        ``control``, ``ssp126``, ``ssp245``, ``ssp370``, ``ssp585``, the latter with ``-co2`` or
        ``-climate`` for one of the two alone.
    management : Management, str, or several
        Texts as for `management_from`; ``none`` is the paper's.
    names : sequence of str
        Pools, fluxes and diagnostics of `pm_dalec.VARIABLES`, and ``live``, ``dead``,
        ``change_live``, ``change_dead`` since the end of the calibration, ``harvested`` since then.
    every : {"year", "step"}
        Pools are those at its end, fluxes means over it.
    quantiles : sequence of float
    reference : tuple of int, optional
        First and last year whose climatology synthetic scenarios move; the last observed year (the
        paper's 2019) by default.
    land : Dataset, optional
        Units with drivers and areas, where the fit does not hold them.
    draws : int, optional
        Use about this many draws a chain, evenly spaced; all by default.
    solver : {"converged", "truncated"}, optional
        That of the fit by default.
    seed : int
        Of the pairing of strata.
    store : path, optional
        Folder with ``forecast.nc``. A finished one is read, a killed one goes on.
    threads : int, optional
        All processors by default.
    progress : callable, optional
        Called with a sentence.
    client : distributed.Client or str, optional
        Workers of a cluster instead of threads, as for `pm_dalec.calibrate_region`; with ``store``, and a
        fit that is a path, on a disk that they see. The numbers are the same, bit for bit.

    Returns
    -------
    DataTree
        Quantiles, dims (scenario, management, quantile, year[, space]): ``domain``, ``strata``,
        ``pixels``, ``units``; a hundred ``rank`` values of the ensembles of domain and strata in
        ``domain_ranks``, ``strata_ranks``; ``carbon`` with areas and the balance of every draw;
        ``drivers`` with temperature and CO2 of the scenarios, and clipped values.
    """
    seed = _checked_run(seed, threads, client, store)
    source = None if isinstance(fit, xr.DataTree) else fit
    fit = fit if source is None else open_fit(source)
    expect_fit(fit)
    names = checked_names(names)
    solver = _checked_solver(fit.attrs.get("solver", "converged") if solver is None else solver)
    work = _work(fit, land, scenarios, management, reference, draws)
    plan, axes = _planned(work, names, every, quantiles)
    settings = _settings(work, axes, every=every, solver=solver, seed=seed)
    identity = _identity(fit, work, settings)
    done = finished(store, identity)
    if done is not None:
        return done
    with opened_parts(store, identity) as parts:
        how = Request(work, plan, solver, seed), parts, threads, progress or (lambda words: None)
        made = by_threads(*how) if client is None else by_workers(*how, client, source)
        tree = xr.DataTree.from_dict(assembled(made, axes, work.observed, work.present))
        tree["drivers"] = xr.DataTree(described(work.scenarios))
        tree.attrs = _attributes(fit, work, settings) | {IDENTITY: identity.as_json()}
    if store is not None:
        finish(tree, store)
    return tree


def _checked_run(seed, threads, client, store):
    """Seed of the pairing, where it and how the forecast is run are what they may be."""
    check_client(client)
    if client is not None and store is None:
        raise ValueError(
            "wanted store= with client=, got none; name a folder that client and workers see"
        )
    if threads is not None:
        whole_number("threads", threads, least=1, advice="leave it out for all processors")
    return whole_number("seed", seed, least=0, most=LARGEST_SEED, advice="it pairs draws")


def _settings(work, axes, **others):
    """What decides the numbers of a forecast besides its data."""
    return {
        "names": axes.names,
        "quantiles": axes.quantiles,
        "management": work.managements,
        "scenario names": axes.scenarios,
        "draws a unit": work.draws,
        **others,
    }


def _work(fit, land, scenarios, management, reference, draws):
    """Draws and drivers, checked."""
    observed = units_to_run(fit, land)
    if "time_bnds" not in observed.variables:
        observed = units_to_run(fit, observed)
    posterior = fit["posterior"].to_dataset()
    if draws is not None:
        whole_number("draws", draws, least=1, advice="leave it out for all draws")
        posterior = posterior.isel({dims.DRAW: evenly(posterior.sizes[dims.DRAW], draws)})
    space = dims.space_of(posterior)
    finite = _finite(posterior, space)
    share = _shares(observed, space, finite.shape)
    present = finite & (share > 0)
    if not present.any():
        raise ValueError(
            "wanted a fit with draws, got none in any unit; see unit_report of pm_dalec.posterior"
        )
    inside = np.where(present, share, 0.0)
    managements = managements_of(management)
    for action in (action for one in managements.values() for action in one.plantings):
        check_strata((action.source, action.target), strata_of(observed))
    return Work(
        posterior,
        present,
        inside / np.maximum(inside.sum(axis=0), np.finfo(float).tiny),
        observed,
        scenarios_of(scenarios, observed, reference=reference),
        managements,
        int(((share > 0) & ~finite).sum()),
    )


def _finite(posterior, space):
    """Whether all draws of a unit are numbers (stratum, pixel); one parameter in memory at a time."""
    each = (
        np.isfinite(posterior[name]).all(dims.SAMPLE).transpose(*space) for name in Theta._fields
    )
    found = np.all([one.values for one in each], axis=0)
    for place, name in enumerate(dims.SPACE):
        found = found if name in space else np.expand_dims(found, place)
    return found


def _shares(observed, space, shape):
    """Shares of the units in the area of their pixel (stratum, pixel)."""
    if dims.STRATUM not in space:
        return np.ones(shape)
    if "area_fraction" not in observed:
        raise ValueError(
            "wanted the shares of the strata, got a fit without 'area_fraction'; pass land= with it, or "
            "calibrate with pm_dalec.calibrate_region"
        )
    return observed["area_fraction"].transpose(*dims.SPACE).to_numpy()


def _planned(work, names, every, quantiles):
    """Plan of the runs, and the labels of what comes out."""
    if not isinstance(every, str) or every not in (YEAR, STEP):
        raise ValueError(f"wanted every='year' or every='step', got every={every!r}; choose one")
    future = next(iter(work.scenarios.values()))
    times = work.observed.indexes[dims.TIME].append(future.indexes[dims.TIME])
    calibrated = work.observed.sizes[dims.TIME]
    years = times.year.to_numpy()
    first = np.arange(len(times))
    if every == YEAR:
        first = np.flatnonzero(np.diff(years, prepend=years[0] - 1))
        if calibrated not in first:
            raise ValueError(
                "wanted a calibration that ends with a year, got one that ends on "
                f"{str(work.observed['time_bnds'].values[-1, 1])[:10]}; pass every='step'"
            )
    wanted = checked_quantiles(quantiles)
    if not wanted:
        raise ValueError(
            "wanted at least one quantile, got none; write quantiles=(0.05, 0.5, 0.95)"
        )
    levels = np.unique([*wanted, *RANKS])
    days = np.concatenate([part["step_days"].to_numpy() for part in (work.observed, future)])
    plantings = tuple(action for one in work.managements.values() for action in one.plantings)
    plan = Plan(names, levels, first, years[first], days, calibrated, plantings)
    labels = (YEAR, years[first]) if every == YEAR else (dims.TIME, times[first])
    axes = Axes(list(work.scenarios), list(work.managements), names, wanted, labels, levels)
    return plan, axes


def _checked_solver(solver):
    if not isinstance(solver, str) or solver not in SOLVERS:
        raise ValueError(
            f"wanted a solver out of {', '.join(SOLVERS)}, got solver={solver!r}; leave it out for that of the "
            "fit"
        )
    return solver


def _identity(fit, work, settings):
    held = [name for name in NEEDED if name in work.observed.variables]
    datasets = {"calibration": work.observed[held]}
    datasets |= {f"scenario {name}": d[list(DRIVERS)] for name, d in work.scenarios.items()}
    return identity_of(fit["posterior"].to_dataset(), datasets, settings)


def _attributes(fit, work, settings):
    """Attributes of a forecast: nothing that differs from run to run."""
    known = {name: fit.attrs[name] for name in ("approach", "resolution") if name in fit.attrs}
    plain = {name: str(settings[name]) for name in ("every", "solver")}
    end = str(work.observed["time_bnds"].values[-1, 1])[:10]
    return {
        **known,
        **plain,
        "pairing_seed": settings["seed"],
        "draws": work.draws,
        "calibration_end": end,
        "missing_units": work.missing,
        "note": "no limitation by nutrients, no effect of age, no drought mortality",
    }

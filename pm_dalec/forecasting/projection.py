"""Forecasts: every draw of a fit goes on from its state at the end of the calibration."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import xarray as xr

from pm_dalec.forecasting.assembly import RANKS, Axes, assembled
from pm_dalec.forecasting.continuation import Land, Plan, continued
from pm_dalec.forecasting.management import check_strata, disturbed, strata_of
from pm_dalec.forecasting.management_text import managements_of
from pm_dalec.forecasting.outputs import NAMES, checked_names, fluxes_for
from pm_dalec.forecasting.parts import IDENTITY, finish, finished, identity_of, opened_parts
from pm_dalec.forecasting.scenarios import described, scenarios_of
from pm_dalec.physics.records import Drivers, drivers_at, drivers_of
from pm_dalec.physics.step import SOLVERS
from pm_dalec.posterior.compiled import AT_ONCE, compiled_dalec
from pm_dalec.posterior.ensembles import QUANTILES, checked_quantiles, pixel_ids
from pm_dalec.posterior.pairing import paired_strata
from pm_dalec.posterior.runs import evenly, expect_fit, theta_of, units_to_run
from pm_dalec.tables import dims
from pm_dalec.tables.numbers import LARGEST_SEED, whole_number
from pm_dalec.tables.variables import DRIVERS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from pm_dalec.forecasting.management import Management

YEAR, STEP = "year", "step"
NEEDED = (*DRIVERS, "area", "area_fraction")


class Work(NamedTuple):
    """All that is run: the draws, and what they are run with.

    Parameters
    ----------
    rows : array (stratum, pixel, draw, parameter)
        Strata and pixels of length one where a fit has none.
    present : array (stratum, pixel) of bool
    shares : array (stratum, pixel)
        Of the area, those of absent units given to the others [1].
    observed : Dataset
        Units with the drivers of the calibration.
    scenarios : dict of str to Dataset
    managements : dict of str to Management
    missing : int
        Units that should have draws and have none.
    """

    rows: np.ndarray
    present: np.ndarray
    shares: np.ndarray
    observed: xr.Dataset
    scenarios: dict
    managements: dict
    missing: int


def forecast(
    fit: xr.DataTree,
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
) -> xr.DataTree:
    """Continue every draw of a fit through scenarios, under managements.

    Parameters
    ----------
    fit : DataTree
        Of a site or of the units of a region.
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

    Returns
    -------
    DataTree
        Quantiles, dims (scenario, management, quantile, year[, space]): ``domain``, ``strata``,
        ``pixels``, ``units``; a hundred ``rank`` values of the ensembles of domain and strata in
        ``domain_ranks``, ``strata_ranks``; ``carbon`` with areas and the balance of every draw;
        ``drivers`` with temperature and CO2 of the scenarios, and clipped values.
    """
    expect_fit(fit)
    names, advice = checked_names(names), "it pairs draws"
    seed = whole_number("seed", seed, least=0, most=LARGEST_SEED, advice=advice)
    solver = _checked_solver(fit.attrs.get("solver", "converged") if solver is None else solver)
    if threads is not None:
        whole_number("threads", threads, least=1, advice="leave it out for all processors")
    work = _work(fit, land, scenarios, management, reference, draws)
    plan, axes = _planned(work, names, every, quantiles)
    settings = _settings(work, axes, every=every, solver=solver, seed=seed)
    identity = _identity(fit, work, settings)
    done = finished(store, identity)
    if done is not None:
        return done
    with opened_parts(store, identity) as parts:
        made = _run(work, plan, solver, seed, parts, threads, progress or (lambda words: None))
        tree = xr.DataTree.from_dict(assembled(made, axes, work.observed, work.present))
        tree["drivers"] = xr.DataTree(described(work.scenarios))
        tree.attrs = _attributes(fit, work, settings) | {IDENTITY: identity.as_json()}
    if store is not None:
        finish(tree, store)
    return tree


def _settings(work, axes, **others):
    """What decides the numbers of a forecast besides its data."""
    return {
        "names": axes.names,
        "quantiles": axes.quantiles,
        "management": work.managements,
        "scenario names": axes.scenarios,
        "draws a unit": work.rows.shape[2],
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
    rows = np.stack(np.broadcast_arrays(*theta_of(posterior)), axis=-1)
    rows = rows.reshape(-1, *rows.shape[2:])
    for place, name in enumerate(dims.SPACE):
        rows = rows if name in space else np.expand_dims(rows, 1 + place)
    rows = np.ascontiguousarray(np.moveaxis(rows, 0, 2))
    finite = np.isfinite(rows).all((2, 3))
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
        rows,
        present,
        inside / np.maximum(inside.sum(axis=0), np.finfo(float).tiny),
        observed,
        scenarios_of(scenarios, observed, reference=reference),
        managements,
        int(((share > 0) & ~finite).sum()),
    )


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


def _run(work, plan, solver, seed, parts, threads, tell):
    """All parts: one scenario and management after the other, their pixels in threads."""
    longest = np.diff(np.append(plan.first, len(plan.days))).max()
    steps = int(max(longest, min(AT_ONCE, len(plan.days))))
    run = compiled_dalec(steps, fluxes_for(plan.names), solver)
    orders, made = _orders(work, seed), {}
    pixels = np.flatnonzero(work.present.any(axis=0)).tolist()
    with ThreadPoolExecutor(threads or os.cpu_count()) as pool:
        for number_of_scenario, (scenario, future) in enumerate(work.scenarios.items()):
            for number_of_management, (name, management) in enumerate(work.managements.items()):
                tell(f"{scenario}, {name}: {len(pixels)} pixels, {work.rows.shape[2]} draws a unit")
                drivers = _joined(work, disturbed(management, future, work.observed))
                chosen = plan._replace(plantings=management.plantings)
                here = number_of_scenario, number_of_management
                one = partial(_part, work, drivers, orders, chosen, run, parts)
                made |= dict(pool.map(one, [(*here, pixel) for pixel in pixels]))
    return made


def _part(work, drivers, orders, plan, run, parts, key):
    """One part, from the disk where it is there."""
    found = parts.read(key)
    if found is None:
        found = continued(_land(work, drivers, orders, key[-1]), plan, run)
        parts.write(key, found)
    return key, found


def _joined(work, future):
    """Drivers of calibration and scenario, one behind the other, and the latitude."""
    space = dims.space_of(work.observed)
    return [drivers_of(part, space) for part in (work.observed, future)]


def _land(work, drivers, orders, pixel):
    """The units of one pixel."""
    strata = np.flatnonzero(work.present[:, pixel])
    space, names = dims.space_of(work.observed), strata_of(work.observed)
    found = []
    for stratum in strata:
        place = tuple({dims.STRATUM: stratum, dims.PIXEL: pixel}[name] for name in space)
        pairs = zip(*(drivers_at(part, place) for part, _ in drivers), strict=True)
        found.append(Drivers(*map(np.concatenate, pairs)))
    latitude = np.asarray(drivers[0][1])
    return Land(
        rows=work.rows[strata, pixel],
        drivers=found,
        latitude=float(latitude[pixel] if latitude.ndim else latitude),
        shares=work.shares[strata, pixel],
        orders=orders[:, strata, pixel].T,
        strata=tuple(names[stratum] for stratum in strata) if names else (),
    )


def _orders(work, seed):
    """Draws of every unit that belong to each draw of its pixel (A2), (draw, stratum, pixel)."""
    strata, pixels, draws, _ = work.rows.shape
    same = np.broadcast_to(np.arange(draws)[:, None, None], (draws, strata, pixels))
    if dims.STRATUM not in dims.space_of(work.observed):
        return same
    labelled = xr.DataArray(same, dims=("sample", *dims.SPACE))
    if dims.PIXEL in work.observed.coords:
        labelled = labelled.assign_coords({dims.PIXEL: work.observed[dims.PIXEL]})
    return paired_strata(same, pixel_ids(labelled), seed)


def _attributes(fit, work, settings):
    """Attributes of a forecast: nothing that differs from run to run."""
    known = {name: fit.attrs[name] for name in ("approach", "resolution") if name in fit.attrs}
    plain = {name: str(settings[name]) for name in ("every", "solver")}
    end = str(work.observed["time_bnds"].values[-1, 1])[:10]
    return {
        **known,
        **plain,
        "pairing_seed": settings["seed"],
        "draws": work.rows.shape[2],
        "calibration_end": end,
        "missing_units": work.missing,
        "note": "no limitation by nutrients, no effect of age, no drought mortality",
    }

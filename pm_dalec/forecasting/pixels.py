"""The pixels of a forecast, each by itself: in threads, or in blocks by the workers of a cluster."""

from __future__ import annotations

import os
import pickle
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import xarray as xr

from pm_dalec.data import storage
from pm_dalec.forecasting.continuation import Kept, Land, Plan, continued
from pm_dalec.forecasting.management import disturbed, strata_of
from pm_dalec.forecasting.outputs import fluxes_for
from pm_dalec.forecasting.parts import Parts
from pm_dalec.physics.records import Drivers, drivers_at, drivers_of
from pm_dalec.posterior import fit_file
from pm_dalec.posterior.compiled import AT_ONCE, compiled_dalec
from pm_dalec.posterior.ensembles import pixel_ids
from pm_dalec.posterior.pairing import paired_strata
from pm_dalec.posterior.runs import theta_of
from pm_dalec.sampling.calibration import COMPILING
from pm_dalec.sampling.cluster.client import done_by
from pm_dalec.sampling.cluster.tasks import Tasks, versions_here
from pm_dalec.tables import dims

if TYPE_CHECKING:
    from collections.abc import Callable

    from distributed import Client

DRAWS, REQUEST = "draws.zarr", "request.pickle"
BLOCK = 16  # pixels of a task: some seconds of work


class Work(NamedTuple):
    """All that is run: the draws, and what they are run with.

    Parameters
    ----------
    posterior : Dataset
        Draws that are used, in memory or on the disk.
    present : array (stratum, pixel) of bool
        Strata and pixels of length one where a fit has none.
    shares : array (stratum, pixel)
        Of the area, those of absent units given to the others [1].
    observed : Dataset
        Units with the drivers of the calibration.
    scenarios : dict of str to Dataset
    managements : dict of str to Management
    missing : int
        Units that should have draws and have none.
    """

    posterior: xr.Dataset
    present: np.ndarray
    shares: np.ndarray
    observed: xr.Dataset
    scenarios: dict
    managements: dict
    missing: int

    @property
    def draws(self) -> int:
        """Draws of a unit, all chains together."""
        return int(np.prod([self.posterior.sizes[name] for name in dims.SAMPLE]))


class Request(NamedTuple):
    """What every pixel needs to know.

    Parameters
    ----------
    work : Work
    plan : Plan
    solver : {"converged", "truncated"}
    seed : int
        Of the pairing of strata.
    """

    work: Work
    plan: Plan
    solver: str
    seed: int

    def drivers(self, scenario: int, management: int) -> list:
        """Drivers of calibration and scenario, one behind the other, and the latitudes.

        Parameters
        ----------
        scenario, management : int
            Their numbers.
        """
        work = self.work
        future = list(work.scenarios.values())[scenario]
        chosen = list(work.managements.values())[management]
        space = dims.space_of(work.observed)
        both = (work.observed, disturbed(chosen, future, work.observed))
        return [drivers_of(part, space) for part in both]

    def made(self, key: tuple[int, ...], drivers: list) -> Kept:
        """What is kept of a pixel.

        Parameters
        ----------
        key : tuple of int
            Numbers of scenario, management and pixel.
        drivers : list
            From `drivers`.
        """
        plan, (_, management, pixel) = self.plan, key
        longest = np.diff(np.append(plan.first, len(plan.days))).max()
        steps = int(max(longest, min(AT_ONCE, len(plan.days))))
        with COMPILING:
            run = compiled_dalec(steps, fluxes_for(plan.names), self.solver)
        chosen = list(self.work.managements.values())[management]
        land = _land(self.work, drivers, pixel, self.seed)
        return continued(land, plan._replace(plantings=chosen.plantings), run)


def by_threads(
    request: Request, parts: Parts, threads: int | None, tell: Callable[[str], object]
) -> dict[tuple[int, ...], Kept]:
    """All parts: one scenario and management after the other, their pixels in threads.

    Parameters
    ----------
    request : Request
    parts : Parts
    threads : int, optional
        All processors by default.
    tell : callable
        Called with a sentence.
    """
    work, made = request.work, {}
    pixels = np.flatnonzero(work.present.any(axis=0)).tolist()
    with ThreadPoolExecutor(threads or os.cpu_count()) as pool:
        for scenario, its_name in enumerate(work.scenarios):
            for management, name in enumerate(work.managements):
                tell(f"{its_name}, {name}: {len(pixels)} pixels, {work.draws} draws a unit")
                drivers = request.drivers(scenario, management)
                one = partial(_part, request, drivers, parts)
                keys = [(scenario, management, pixel) for pixel in pixels]
                made |= zip(keys, pool.map(one, keys), strict=True)
    return made


def _part(request, drivers, parts, key):
    """One part, from the disk where it is there."""
    found = parts.read(key)
    if found is None:
        found = request.made(key, drivers)
        parts.write(key, found)
    return found


def by_workers(
    request: Request,
    parts: Parts,
    threads: int | None,
    tell: Callable[[str], object],
    client: Client | str,
    source: str | Path | None,
) -> dict[tuple[int, ...], Kept]:
    """All parts by the workers of a cluster, which read the draws of their pixels.

    Parameters
    ----------
    request, parts, threads, tell
        As for `by_threads`; threads are processes of client="local".
    client : Client or str
    source : path, optional
        Of the fit; without one the draws are written beside the parts.
    """
    work, folder = request.work, Path(parts.folder).resolve()
    pixels = np.flatnonzero(work.present.any(axis=0)).tolist()
    pairs = np.ndindex(len(work.scenarios), len(work.managements))
    blocks = [
        [(*pair, pixel) for pixel in pixels[first : first + BLOCK]]
        for pair in pairs
        for first in range(0, len(pixels), BLOCK)
    ]
    if source is None:
        source = fit_file.save(xr.DataTree.from_dict({"posterior": work.posterior}), folder / DRAWS)
    lean = request._replace(work=work._replace(posterior=work.posterior[list(dims.SAMPLE)]))
    with storage.whole(folder / REQUEST) as draft:
        draft.write_bytes(pickle.dumps((Path(source).resolve(), lean)))

    def found(number):
        return blocks[number] if all(map(parts.holds, blocks[number])) else None

    tasks = Tasks(
        call=lambda number: (make_parts, folder, blocks[number]),
        found=found,
        note=lambda number, reason: None,
        versions=versions_here(),
    )
    what = f"blocks of pixels of {len(pixels)}"
    done_by(
        client, tasks, len(blocks), workers=threads or os.cpu_count() or 1, tell=tell, what=what
    )
    return {key: parts.read(key) for block in blocks for key in block}


def make_parts(folder: Path, keys: list[tuple[int, ...]]) -> None:
    """Make parts of a forecast, as a task does.

    Parameters
    ----------
    folder : Path
        Of the parts, with the request.
    keys : list of tuple of int
        Numbers of scenario, management and pixel; of one scenario and management.
    """
    path, parts = folder / REQUEST, Parts(folder)
    changed = path.stat().st_mtime_ns
    drivers = _drivers_in(path, changed, *keys[0][:-1])
    for key in keys:
        _part(_request_in(path, changed), drivers, parts, key)


@lru_cache(maxsize=1)
def _request_in(path, changed):
    """Request of a file, with the draws that it names; read once in a process."""
    source, request = pickle.loads(path.read_bytes())
    posterior = fit_file.open_fit(source)["posterior"].to_dataset()
    posterior = posterior.sel({name: request.work.posterior[name] for name in dims.SAMPLE})
    return request._replace(work=request.work._replace(posterior=posterior))


@lru_cache(maxsize=1)
def _drivers_in(path, changed, scenario, management):
    return _request_in(path, changed).drivers(scenario, management)


def _land(work, drivers, pixel, seed):
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
        rows=_rows(work.posterior, pixel)[strata],
        drivers=found,
        latitude=float(latitude[pixel] if latitude.ndim else latitude),
        shares=work.shares[strata, pixel],
        orders=_orders(work, pixel, seed)[strata],
        strata=tuple(names[stratum] for stratum in strata) if names else (),
    )


def _rows(posterior, pixel):
    """Draws of the units of a pixel (stratum, draw, parameter)."""
    here = posterior.isel({dims.PIXEL: pixel}) if dims.PIXEL in posterior.dims else posterior
    rows = np.stack(theta_of(here), axis=-1)
    rows = rows if dims.STRATUM in here.dims else rows[:, :, np.newaxis]
    return np.moveaxis(rows.reshape(-1, *rows.shape[2:]), 0, 1)


def _orders(work, pixel, seed):
    """Draws of every unit that belong to each draw of its pixel (A2), (stratum, draw)."""
    strata, pixels = work.present.shape
    same = np.broadcast_to(np.arange(work.draws)[:, None, None], (work.draws, strata, 1))
    if dims.STRATUM in dims.space_of(work.observed):
        labelled = xr.DataArray(np.zeros(pixels), dims=dims.PIXEL)
        if dims.PIXEL in work.observed.coords:
            labelled = labelled.assign_coords({dims.PIXEL: work.observed[dims.PIXEL]})
        same = paired_strata(same, pixel_ids(labelled)[[pixel]], seed)
    return same[..., 0].T

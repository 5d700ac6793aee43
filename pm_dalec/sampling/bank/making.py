"""How a draw bank is made: pilots are chosen, calibrated on their wide targets, and pooled."""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
from threadpoolctl import threadpool_limits

from pm_dalec.graph import notes
from pm_dalec.posterior.chain_statistics import chain_statistics
from pm_dalec.sampling import checkpoints
from pm_dalec.sampling.bank.bank_file import DrawBank, bounds_of, checked_path, save_bank
from pm_dalec.sampling.bank.by_workers import Pilots, advance_pilots
from pm_dalec.sampling.bank.pilots import chosen_pilots
from pm_dalec.sampling.bank.pooling import LANES, share_of_pilots
from pm_dalec.sampling.bank.wide_target import Width, log_densities, wide_target
from pm_dalec.sampling.calibration import (
    FEWEST_CHAINS,
    SCOUTS,
    Job,
    check_budget,
    checked_chains,
)
from pm_dalec.sampling.checkpoints import MANIFEST
from pm_dalec.sampling.cluster.blocks import present
from pm_dalec.sampling.cluster.client import check_client
from pm_dalec.sampling.identity import identities, run_identity
from pm_dalec.sampling.progress import Progress, stopped_by_interrupt
from pm_dalec.sampling.state import Settings
from pm_dalec.sampling.target import bound_to, check_dalec
from pm_dalec.tables.numbers import flag, seed_of, whole_number

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pymc as pm
    import xarray as xr
    from distributed import Client

WORST_RHAT = 1.05  # of a pilot: the draws of one that has not converged spoil those of the others
EACH = "each"


def make_bank(
    build: Callable[..., pm.Model],
    land: xr.DataTree | xr.Dataset,
    *,
    path: str | Path,
    pilots: int | str = 12,
    power: float = Width.power,
    slack: float = Width.slack,
    chains: int = 16,
    draws: int = 250,
    rhat: float = 1.01,
    ess: float = 1000,
    proposals: int = 1_000_000,
    scouts: int = SCOUTS,
    random_seed: int | np.random.Generator | np.random.SeedSequence | None = 0,
    threads: int | None = None,
    progress: bool = True,
    client: Client | str | None = None,
) -> DrawBank:
    """Make the draw bank of a region, and keep it in a file.

    Parameters
    ----------
    build : callable
        ``build`` of a model in `models/`, given the land.
    land : DataTree or Dataset
        Region; the model says at which of its averages a DALEC lives.
    path : path
        Of the bank, ends in ``.nc``. States of pilots stand in a folder beside it, so that a run that
        was killed goes on where it was, and one with more pilots, stricter targets, a larger budget or
        scouts, too.
    pilots : int or "each"
        Of each class at most: of each stratum, or of the pixels of a model without strata. With "each"
        every unit is a pilot by itself, and its draws are for that unit alone, under other choices;
        the bank is empty where none has converged.
    power, slack : float
        How much wider than its posterior a pilot samples: power of the likelihood, and logarithmic
        margin by which a constraint may fail for a factor of e in density.
    chains, draws, rhat, ess, proposals, random_seed, threads, progress
        Of each pilot, as for `pm_dalec.calibrate`.
    scouts : int
        Of each pilot: lanes that look for other parts of its wide target once the chains have converged,
        for what pilots miss all units miss that take their draws over. 0 sends none.
    client : distributed.Client or str, optional
        Workers of a cluster for the pilots, as for `pm_dalec.calibrate_region`; the bank is the same,
        bit for bit.

    Returns
    -------
    DrawBank
        Its ``classes`` say R-hat and ESS of every pilot. Pilots that have not converged are left out
        with a warning, and units of a class without pilots begin by themselves.
    """
    check_client(client)
    path, folder = checked_path(path), checked_path(path).with_suffix(".pilots")
    settings, width = Settings(draws, rhat, ess, proposals, scouts=scouts), Width(power, slack)
    chains = checked_chains(chains, least=FEWEST_CHAINS)
    _check_pilots(pilots)
    threads, seed, model = check_budget(threads, None), seed_of(random_seed), build(land)
    chosen = _chosen(model, pilots)
    made = {"chains": chains, "draws": draws, "seed": seed, "width": width}
    identity = run_identity(model, made)
    with _at_work(folder, identity, progress) as (store, shown, stop):
        if client is not None:
            asked = Pilots(build, land, width, settings, chains, seed)
            places = [place for group in chosen.values() for place in group]
            advance_pilots(client, asked, folder, places, workers=threads, tell=shown.message)
        target = wide_target(model, width)
        job = Job(target, settings, chains, seed, threads, store, shown, stop=stop)
        classes = _classes(job, model, chosen)
    _expect_some(classes, pilots)
    bank = DrawBank(classes, target.rows, bounds_of(target.transforms), identity.as_json())
    save_bank(bank, path)
    return bank


@contextmanager
def _at_work(folder, identity, progress):
    """States of pilots that nobody else writes to, their progress, and the event that stops them."""
    with (
        checkpoints.open_store(folder, (folder / MANIFEST).exists(), identity) as store,
        Progress(flag("progress", progress)) as shown,
        stopped_by_interrupt() as stop,
        threadpool_limits(1, "blas"),
    ):
        yield store, shown, stop


def _check_pilots(pilots):
    if pilots != EACH:
        advice = f"12 of each class are usual; {EACH!r} makes every unit one by itself"
        whole_number("pilots", pilots, least=1, advice=advice)


def _chosen(model, pilots):
    """Places of pilots by class; by number of the unit where each is one by itself."""
    check_dalec(model, "make_bank")
    units = notes.of(model).units
    if pilots == EACH:
        numbers = identities(model)
        return {str(numbers[place]): [int(place)] for place in present(units)}
    return chosen_pilots(model, units, present(units), pilots)


def _classes(job, model, chosen):
    """Share of every class, from the places of its pilots."""
    numbers, places = identities(model), [place for group in chosen.values() for place in group]
    job.shown.begin(len(places), job.settings)
    found = job.run(numbers, places)
    if job.stop.is_set():
        raise KeyboardInterrupt("the states of the pilots are kept; call again to go on")
    classes = {}
    for name, group in chosen.items():
        good = [place for place in group if found[place][1].worst_rhat < WORST_RHAT]
        if len(good) < len(group):
            worst = max(found[place][1].worst_rhat for place in group)
            warnings.warn(
                f"wanted pilots of {name!r} below R-hat {WORST_RHAT}, left out {len(group) - len(good)} "
                f"of {len(group)}, the worst of {worst:.3f}; give more proposals, and call again",
                stacklevel=3,
            )
        if good:
            classes[name] = _share(job.target, numbers, good, found)
    return classes


def _expect_some(classes, pilots):
    """Refuse a bank without draws, where units were to take over those of others."""
    if not classes and pilots != EACH:
        raise ValueError(
            "wanted at least one pilot that has converged, got none; give more proposals, and call "
            "again: their states are kept"
        )


def _share(target, numbers, places, found):
    """Pool the draws of the pilots of a class."""
    draws = [found[place][0][..., :-1] for place in places]
    size = draws[0].shape[-1]
    positions = np.concatenate([each.reshape(-1, size) for each in draws])
    origins = np.repeat(np.arange(len(places)), [each[..., 0].size for each in draws])
    columns = [log_densities(bound_to(target, LANES, place), positions) for place in places]
    bulk = [chain_statistics(each.swapaxes(0, 1))[1] for each in draws]
    worth = np.array(
        [np.minimum(b / e[..., 0].size, 1.0) for b, e in zip(bulk, draws, strict=True)]
    )
    states = [found[place][1] for place in places]
    known = {
        "worth": worth,
        "pilots": numbers[places],
        "rhat": np.array([state.worst_rhat for state in states]),
        "ess": np.array([state.least_ess for state in states]),
        "proposals": np.array([(s.proposed + s.searched) * s.logp.size for s in states]),
    }
    return share_of_pilots(positions, origins, np.stack(columns, axis=1), known)

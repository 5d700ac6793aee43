"""A finished calibration as a labelled fit: an `xarray.DataTree` that ArviZ reads."""

from __future__ import annotations

import time
import warnings
from dataclasses import replace
from importlib.metadata import version
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from pm_dalec.graph import notes
from pm_dalec.lanes.cut import lane_dimensions
from pm_dalec.posterior import runs
from pm_dalec.posterior.convergence import WITHOUT_START, doubt, only_tuned
from pm_dalec.posterior.groups.complete import groups_of, possible_groups
from pm_dalec.posterior.groups.observed import observed_data
from pm_dalec.posterior.groups.priors import attributes_of
from pm_dalec.sampling.identity import ATTRIBUTE, identity_of
from pm_dalec.sampling.state import Settings
from pm_dalec.sampling.target import natural
from pm_dalec.tables import dims
from pm_dalec.tables.constants import NOT_CONVERGED

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pymc as pm

    from pm_dalec.sampling.calibration import Job
    from pm_dalec.sampling.target import Target
    from pm_dalec.tables.kinds import Array

NOT_RUN = "not run"
PRIOR = Settings(draws=100, rhat=1.05, ess=400, proposals=60_000)  # some seconds for a monthly site
PRIOR_CHAINS = 16
PRIOR_SECONDS = 20.0
PRIOR_IDENTITY = 10**15  # added to that of a unit: its prior has random streams of its own


def as_fit(
    model: pm.Model,
    target: Target,
    units: dict[int, tuple],
    chains: int,
    attributes: dict[str, object],
    prior: xr.Dataset | None = None,
    groups: Sequence[str] | None = (),
) -> xr.DataTree:
    """Fit of a model from the draws of its units.

    Parameters
    ----------
    model : pm.Model
    target : Target
    units : dict of int to tuple
        By flat place: draws (draw, chain, parameter + 1) in the unit interval, and the state.
    chains : int
    attributes : dict
    prior : Dataset, optional
        From `prior_draws`.
    groups : sequence of str, optional
        Beside the others, as in `pm_dalec.with_groups`; those that this fit cannot have are left out.

    Returns
    -------
    DataTree
        Groups ``posterior``, ``sample_stats``, ``constant_data`` (the dataset that the model was built
        of), ``observed_data`` (its streams, observed steps alone) and, where it was drawn, ``prior``.
    """
    known = notes.of(model)
    posterior, logp = labelled_draws(model, target, units, chains)
    data = known.units.drop_encoding()
    parts = {
        "posterior": posterior,
        "sample_stats": statistics_of(logp, units, posterior),
        "constant_data": data,
        "observed_data": observed_data(posterior, data, known.likelihoods),
        **({} if prior is None else {"prior": prior}),
    }
    attributes = {
        **attributes,
        "solver": known.solver,
        "constraints": known.constraints,
        ATTRIBUTE: identity_of(model).as_json(),
        **{f"{name}_version": version(name) for name in ("pm_dalec", "pymc", "pytensor", "numpy")},
    }
    groups = possible_groups(groups, bool(posterior.sizes[dims.DRAW]), prior)
    tree = xr.DataTree.from_dict(parts | groups_of(parts, attributes, groups))
    tree.attrs = attributes
    one = not dims.space_of(posterior) and posterior.sizes[dims.DRAW]
    if one and (note := doubt(tree)):
        tree["posterior"].attrs[NOT_CONVERGED] = note  # which its figures bear
    return tree


def labelled_draws(model, target, units, chains):
    """Draws of all units with their labels, and their log-probabilities.

    Parameters
    ----------
    model, target, units, chains
        As in `as_fit`.

    Returns
    -------
    posterior : Dataset
        All parameters in natural units, dims (chain, draw[, stratum][, pixel]); NaN in units that have
        no draw, where others have some.
    logp : array (chain, draw[, stratum][, pixel])
    """
    known, space = notes.of(model), lane_dimensions(model)
    shape = tuple(len(model.coords[name]) for name in space)
    drawn = _side_by_side(units, chains, shape, len(target.rows) + 1)
    coords = {name: list(model.coords[name]) for name in space}
    coords |= {dims.CHAIN: np.arange(chains), dims.DRAW: np.arange(drawn.shape[1])}
    found = natural(target, drawn[..., :-1])
    for name, value in known.fixed.items():
        found[name] = np.where(np.isnan(drawn[..., -1]), np.nan, value)
    parameters = {
        name: ((*dims.SAMPLE, *space), values, attributes_of(known.parameters[name]))
        for name, values in found.items()
    }
    return xr.Dataset(parameters, coords=coords), drawn[..., -1]


def _side_by_side(units, chains, shape, size):
    """Draws of all units, (chain, draw, [stratum,] [pixel,] parameter + 1); NaN where there are none.

    A unit that has fewer draws than another repeats some of them.
    """
    longest = max((len(drawn) for drawn, _ in units.values()), default=0)
    whole = np.full((chains, longest, int(np.prod(shape, dtype=int)), size), np.nan)
    for place, (drawn, state) in units.items():
        if len(drawn):
            chosen = np.linspace(0, len(drawn) - 1, longest).round().astype(int)
            whole[:, :, place] = drawn[chosen].swapaxes(0, 1)
    return whole.reshape(*whole.shape[:2], *shape, size)


def warn_of_few_draws(units: dict[int, tuple], wanted: int) -> None:
    """Say that some units have fewer draws than were asked for, and why.

    Parameters
    ----------
    units : dict
        As in `as_fit`.
    wanted : int
        Draws of each chain.
    """
    counts = np.array([len(drawn) for drawn, _ in units.values()])
    if (counts >= wanted).all():
        return
    phases = {state.phase: state.proposed for drawn, state in units.values() if not len(drawn)}
    why = [WITHOUT_START.get(phase, only_tuned(phases[phase])) for phase in sorted(phases)]
    if counts.any():
        least = f"{counts.min()}" if counts.min() else f"none, or {counts[counts > 0].min()},"
        why.append(
            "the others ended by their budget: give more seconds or proposals, or want fewer"
        )
    else:
        least = "none"
    several = f" in {(counts < wanted).sum()} of {counts.size} units" if counts.size > 1 else ""
    why = (
        why
        if counts.size > 1 or not counts.any()
        else [why[-1].replace("the others ended by their", "it ended by its")]
    )
    warnings.warn(
        f"wanted {wanted} draws of every chain, got {least}{several}; {'; '.join(why)}",
        stacklevel=3,
    )


def prior_draws(
    model: pm.Model,
    job: Job,
    numbers: Array,
    places: Array,
    units: dict[int, tuple],
    *,
    limited: bool,
) -> xr.Dataset | None:
    """Draws of the prior under the constraints: the same target, with nothing observed.

    The draws of a model without streams are those of its prior already.

    Parameters
    ----------
    model : pm.Model
    job : Job
        Of the posterior.
    numbers, places : array of int
        Identities of all units, and the places of those that are sampled.
    units : dict
        What the job gave for them.
    limited : bool
        End after `PRIOR_SECONDS`.

    Returns
    -------
    Dataset or None
        As from `labelled_draws`; None where there are no draws in time.
    """
    if not model.observed_RVs:
        draws, _ = labelled_draws(model, job.target, units, job.chains)
        return draws.isel({dims.DRAW: runs.evenly(draws.sizes[dims.DRAW], PRIOR.draws)})
    job.shown.message("sampling the prior under the constraints")
    deadline = time.monotonic() + PRIOR_SECONDS if limited else np.inf
    found = _unseen(job, model, len(places), deadline).run(numbers + PRIOR_IDENTITY, places)
    known = {place: unit for place, unit in found.items() if np.isfinite(unit[1].worst_rhat)}
    if not known:
        why = "no draws of the prior: sample models.constrained_prior instead"
        job.shown.message(why) if limited else warnings.warn(why, stacklevel=4)
        return None
    draws, _ = labelled_draws(model, job.target, known, PRIOR_CHAINS)
    states = [state for _, state in known.values()]
    draws.attrs = {
        "rhat": max(state.worst_rhat for state in states),
        "ess_bulk": min(state.least_ess for state in states),
        "constraints": notes.of(model).constraints,
    }
    return draws


def _unseen(job, model, count, deadline):
    """Job of a model in which nothing was observed, for so many units."""
    limit = deadline - time.monotonic() if np.isfinite(deadline) else None
    masks = [model[f"{variable.name}_seen"] for variable in model.observed_RVs]
    return replace(
        job,
        settings=PRIOR,
        chains=PRIOR_CHAINS,
        store=None,
        shown=job.shown.following("prior", count, PRIOR, limit),
        deadline=deadline,
        instead={mask.name: np.zeros_like(mask.get_value()) for mask in masks},
        bank=None,
    )


NUMBERS = {
    "proposals": lambda drawn, state: state.proposed,
    "search_proposals": lambda drawn, state: state.searched,
    "acceptance": lambda drawn, state: np.mean(state.accepted) / max(1, state.in_round),
    "run_share": lambda drawn, state: np.mean(state.evaluated) / max(1, state.in_round),
    "rhat": lambda drawn, state: state.worst_rhat,
    "ess_bulk": lambda drawn, state: state.least_ess,
    "ess_tail": lambda drawn, state: state.least_tail,
    "thinning": lambda drawn, state: state.thinning,
    "draws": lambda drawn, state: len(drawn),
}
"""What is known of a unit from its draws and its state; ``draws`` are those that are not repeated."""


OF_A_BANK = {
    "khat": lambda drawn, state: state.khat,
    "weight_ess": lambda drawn, state: state.weight_ess,
    "apart": lambda drawn, state: state.apart,
    "drift": lambda drawn, state: state.drift,
    "bank_runs": lambda drawn, state: state.carried,
}
"""What is known beside of a unit that had a draw bank."""


def _routes(units, shape):
    """How units came to their draws, where there was a bank; no variable where there was none."""
    if not any(state.route for _, state in units.values()):
        return {}
    count = int(np.prod(shape, dtype=int))
    routes = np.full(count, NOT_RUN, dtype="<U10")
    numbers = {name: np.full(count, np.nan) for name in OF_A_BANK}
    for place, (drawn, state) in units.items():
        routes[place] = state.route or NOT_RUN
        for name, number in OF_A_BANK.items():
            numbers[name][place] = number(drawn, state)
    return {"route": routes.reshape(shape)} | {n: v.reshape(shape) for n, v in numbers.items()}


def _parts(units, shape):
    """What is known of parts of the posterior of each unit; no variable that none has anything to say of."""
    count = int(np.prod(shape, dtype=int))
    looked, leaping = np.full(count, NOT_RUN, dtype="<U12"), np.zeros(count, bool)
    for place, (_, state) in units.items():
        looked[place], leaping[place] = state.looked or NOT_RUN, state.leaping
    found = {"looked": (looked, looked != NOT_RUN), "leaping": (leaping, leaping)}
    return {name: values.reshape(shape) for name, (values, said) in found.items() if said.any()}


def statistics_of(logp, units, posterior):
    """Sampler statistics of every unit.

    Parameters
    ----------
    logp : array (chain, draw[, stratum][, pixel])
    units : dict
        As in `as_fit`.
    posterior : Dataset
        For its coordinates.
    """
    space = dims.space_of(posterior)
    shape, lanes = logp.shape[2:], (logp.shape[0], *logp.shape[2:])
    count = int(np.prod(shape, dtype=int))
    status = np.full(count, NOT_RUN, dtype="<U10")
    numbers = {name: np.full(count, np.nan) for name in NUMBERS}
    rates = np.full((logp.shape[0], count), np.nan)
    for place, (drawn, state) in units.items():
        status[place] = state.phase
        rates[:, place] = np.broadcast_to(state.accepted, len(rates)) / max(1, state.in_round)
        for name, number in NUMBERS.items():
            numbers[name][place] = number(drawn, state)
    rates = np.broadcast_to(rates.reshape(lanes)[:, np.newaxis], logp.shape)
    return xr.Dataset(
        {
            "lp": ((*dims.SAMPLE, *space), logp),
            "acceptance_rate": ((*dims.SAMPLE, *space), rates, {"long_name": RATE}),
            "status": (space, status.reshape(shape)),
            **{name: (space, values.reshape(shape)) for name, values in numbers.items()},
            **{name: (space, values) for name, values in _routes(units, shape).items()},
            **{name: (space, values) for name, values in _parts(units, shape).items()},
        },
        coords=posterior.coords,
    )


RATE = "share of the proposals of this chain that were taken, in the round that its draws are of"


def warn_of_interrupt(checkpoint):
    """Say that a fit holds what was there when it was interrupted, and how to go on."""
    how = (
        f"go on with checkpoint={str(checkpoint)!r}, resume=True"
        if checkpoint is not None
        else "pass checkpoint= to be able to go on another time"
    )
    warnings.warn(f"interrupted: the fit holds the draws until then; {how}", stacklevel=3)

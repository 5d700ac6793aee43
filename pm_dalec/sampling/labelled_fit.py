"""A finished calibration as a labelled fit: an `xarray.DataTree` that ArviZ reads."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from pm_dalec.errors.likelihood import LOGNORMAL, Likelihood
from pm_dalec.errors.scales import ABSOLUTE, FACTOR, KIND
from pm_dalec.graph import notes
from pm_dalec.lanes.cut import lane_dimensions
from pm_dalec.posterior.convergence import doubt
from pm_dalec.posterior.likelihoods import log_likelihood
from pm_dalec.sampling.identity import ATTRIBUTE, identity_of
from pm_dalec.sampling.target import natural
from pm_dalec.tables import dims
from pm_dalec.tables.constants import NOT_CONVERGED
from pm_dalec.tables.streams import STREAMS
from pm_dalec.tables.variables import DRIVERS, VARIABLES

if TYPE_CHECKING:
    import pymc as pm

    from pm_dalec.sampling.target import Target

NOT_RUN = "not run"
LARGEST_LIKELIHOOD = 5_000_000  # values a stream; `posterior.log_likelihood` makes larger ones


def as_fit(
    model: pm.Model,
    target: Target,
    units: dict[int, tuple],
    chains: int,
    attributes: dict[str, object],
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

    Returns
    -------
    DataTree
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
        name: ((*dims.SAMPLE, *space), values, _labels(known.parameters[name], "meaning"))
        for name, values in found.items()
    }
    tree = xr.DataTree.from_dict(
        {
            "posterior": xr.Dataset(parameters, coords=coords),
            "sample_stats": _statistics(drawn[..., -1], units, shape, space, coords),
            "constant_data": constant_data(model),
            "observed_data": observed_data(model),
        }
    )
    tree.attrs = {
        **attributes,
        "solver": known.solver,
        "constraints": known.constraints,
        ATTRIBUTE: identity_of(model).as_json(),
        **{f"{name}_version": version(name) for name in ("pm_dalec", "pymc", "pytensor", "numpy")},
    }
    tree["posterior"].attrs |= {} if space else _note(tree)
    values = tree["posterior/initial_som"].size * len(model.coords[dims.TIME])
    if model.observed_RVs and values < LARGEST_LIKELIHOOD:
        tree["log_likelihood"] = xr.DataTree(log_likelihood(tree))
    return tree


def _note(tree):
    """Attribute of draws that have not converged, which their figures bear."""
    note = doubt(tree)
    return {NOT_CONVERGED: note} if note else {}


def _side_by_side(units, chains, shape, size):
    """Draws of all units, (chain, draw, [stratum,] [pixel,] parameter + 1); NaN where there are none."""
    longest = max((len(drawn) for drawn, _ in units.values()), default=0)
    whole = np.full((chains, max(longest, 1), int(np.prod(shape, dtype=int)), size), np.nan)
    for place, (drawn, state) in units.items():
        if len(drawn):
            chosen = np.linspace(0, len(drawn) - 1, longest).round().astype(int)
            whole[:, :, place] = drawn[chosen].swapaxes(0, 1)
    return whole.reshape(*whole.shape[:2], *shape, size)


def _labels(record, words):
    return {"units": record.units, "long_name": getattr(record, words)}


def _statistics(logp, units, shape, space, coords):
    """Sampler statistics of every unit."""
    count = int(np.prod(shape, dtype=int))
    status = np.full(count, NOT_RUN, dtype="<U10")
    numbers = {
        name: np.full(count, np.nan)
        for name in (
            "proposals",
            "search_proposals",
            "acceptance",
            "run_share",
            "rhat",
            "ess_bulk",
            "ess_tail",
            "thinning",
        )
    }
    for place, (_, state) in units.items():
        status[place] = state.phase
        numbers["proposals"][place] = state.proposed
        numbers["search_proposals"][place] = state.searched
        numbers["acceptance"][place] = np.mean(state.accepted) / max(1, state.in_round)
        numbers["run_share"][place] = np.mean(state.evaluated) / max(1, state.in_round)
        numbers["rhat"][place] = state.worst_rhat
        numbers["ess_bulk"][place] = state.least_ess
        numbers["ess_tail"][place] = state.least_tail
        numbers["thinning"][place] = state.thinning
    return xr.Dataset(
        {
            "lp": ((*dims.SAMPLE, *space), logp),
            "status": (space, status.reshape(shape)),
            **{name: (space, values.reshape(shape)) for name, values in numbers.items()},
        },
        coords=coords,
    )


def _held(model, name):
    """Data of a model as a labelled array."""
    where = model.named_vars_to_dims.get(name) or ()
    coords = {d: np.asarray(model.coords[d]) for d in where}
    return xr.DataArray(model[name].get_value(), dims=where, coords=coords)


def constant_data(model):
    """Drivers and latitude of a model as a dataset."""
    found = {
        name: _held(model, name).assign_attrs(_labels(VARIABLES[name], "long_name"))
        for name in DRIVERS
        if name in model.named_vars
    }
    return xr.Dataset(found, coords={"lat": _held(model, "lat")} if "lat" in model else {})


def observed_data(model):
    """Observations of a model with their uncertainties; NaN where nothing was seen."""
    found = {}
    for stream, record in STREAMS.items():
        if f"{stream}_data" not in model.named_vars:
            continue
        seen = _held(model, f"{stream}_seen") > 0
        units = VARIABLES[record.observes].units
        likelihood = notes.of(model).likelihoods.get(stream, Likelihood())
        kind, unit = (FACTOR, "1") if likelihood.kind == LOGNORMAL else (ABSOLUTE, units)
        found[stream] = (
            _held(model, f"{stream}_data")
            .where(seen)
            .assign_attrs(units=units, likelihood=str(likelihood))
        )
        found[f"{stream}_unc"] = (
            _held(model, f"{stream}_sigma").where(seen).assign_attrs({"units": unit, KIND: kind})
        )
    return xr.Dataset(found)

"""Parity with reference files: forward runs, constraints and likelihoods, recomputed and compared.

A file has one group per set of drivers. What is in a group tells its kind: pools and fluxes (forward),
``edc_pass`` (edc) or ``log_likelihood_stream`` (likelihood). The parameter vectors are in the order of
`Parameter.number`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import xarray as xr

from pm_dalec.constraints import forms
from pm_dalec.constraints.prior_draws import gaussian_log_factor
from pm_dalec.data.formats import trees
from pm_dalec.physics import records
from pm_dalec.physics.observation_operators import misfit, seen_by
from pm_dalec.tables.numbers import number, path_of
from pm_dalec.tables.parameters import PARAMETERS, Theta
from pm_dalec.tables.streams import STREAMS
from pm_dalec.tables.variables import DRIVERS
from pm_dalec.testing.comparison import Line, relative_error
from pm_dalec.testing.constraint_parity import flag_lines, margins_of
from pm_dalec.testing.forward_parity import forward_lines
from pm_dalec.testing.reference_file import from_reference
from pm_dalec.testing.runners import RUNNERS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STREAM_NAMES = {
    "LAI": "lai",
    "Cwood_stock": "cwood",
    "GPP": "gpp",
    "NEE": "nee",
    "NBE": "nbe",
    "Reco": "reco",
    "Cfol_stock": "cfol",
    "Croots_stock": "croots",
    "Csom_stock": "csom",
}


def groups_of(path):
    """Names of the groups of a reference file that hold parameter vectors and drivers."""
    trees.contents(path, what="a reference file", writer="the reference code")
    with xr.open_datatree(path, engine="h5netcdf", decode_timedelta=False) as tree:
        named = [name.lstrip("/") for name in tree.groups]
        found = [name for name in named if name and "driver_run_day" in tree[name].variables]
    if not found:
        raise ValueError(
            f"wanted a reference file with a group per driver set, got none in {path}; the schema is "
            "that of the files in reference/ (driver_*, parameter, outputs)"
        )
    return found


def parity(path: str | Path, *, runner: str = "numpy", rtol: float = 1e-6) -> Iterator[Line]:
    """Recompute a reference file and compare.

    Parameters
    ----------
    path : str or path
    runner : {"numpy", "pytensor", "jax", "lanes"}
    rtol : float
        Relative tolerance, beside the absolute floor of 1e-9 of the largest value of a series.

    Yields
    ------
    Line
        One per group and quantity.
    """
    if not isinstance(runner, str) or runner not in RUNNERS:
        raise ValueError(f"wanted a runner out of {', '.join(RUNNERS)}, got {runner!r}; choose one")
    number("rtol", rtol, above=0.0, advice="1e-6 is usual")
    path = path_of("path", path)
    for name in groups_of(path):
        with xr.open_dataset(path, group=name, engine="h5netcdf", decode_timedelta=False) as held:
            group = held.load()
        case = _case(path, name, group)
        execute = RUNNERS[runner]
        known = False
        if "flux_GPP" in group or "pool_wood" in group:
            known = True
            yield from forward_lines(name, group, case, execute, rtol)
        if "edc_pass" in group and "edc_margin" in group:
            known = True
            yield from flag_lines(name, group, case, execute)
        if "log_likelihood_stream" in group:
            known = True
            yield from _likelihood(name, group, case, execute, rtol)
        if not known:
            raise ValueError(
                f"wanted forward runs, edc_pass or log_likelihood_stream in a group, got none in "
                f"{name!r} of {path}; leave this file out"
            )


class _Case(NamedTuple):
    """Inputs of a group."""

    units: xr.Dataset
    drivers: records.Drivers
    latitude: float
    theta: Theta


def _case(path, name, group):
    units = from_reference(path, name)
    drivers = records.Drivers(*(units[driver].values for driver in DRIVERS))
    numbers = {int(number): place for place, number in enumerate(group["parameter_index"].values)}
    vectors = group["parameter"].transpose(..., "parameter_index").values
    theta = Theta(*(vectors[:, numbers[PARAMETERS[name].number]] for name in Theta._fields))
    return _Case(units, drivers, float(units["lat"]), theta)


def _likelihood(name, group, case, execute, rtol):
    ours = execute(case.drivers, case.latitude, case.theta, "truncated")
    streams = [str(value) for value in group["stream"].values]
    parts = np.stack([stream_log_likelihood(ours, case.units, STREAM_NAMES[s]) for s in streams])
    counts = np.array([np.isfinite(case.units[STREAM_NAMES[s]].values).sum() for s in streams])
    with np.errstate(all="ignore"):
        holds = np.stack([forms.holds(m) for m in _spread_out(margins_of(case, ours), parts)])
    barrier = np.where(holds.all(axis=0), 0.0, -np.inf)
    for position, variant in enumerate(str(value) for value in group["variant"].values):
        scaled = parts / counts[:, None] if variant == "divided_by_n" else parts
        label = f"{name} {variant}"
        at = group.isel(variant=position)
        for index, stream in enumerate(streams):
            theirs = at["log_likelihood_stream"].isel(stream=index).values
            yield _scalars(
                label, f"log_likelihood {STREAM_NAMES[stream]}", scaled[index], theirs, rtol
            )
        total = scaled.sum(axis=0)
        yield _scalars(label, "log_likelihood", total, at["log_likelihood_obs"].values, rtol)
        if "log_likelihood_obs_with_edc" in at:
            theirs = at["log_likelihood_obs_with_edc"].values
            yield _scalars(label, "log_likelihood with constraints", total + barrier, theirs, rtol)
    for index, place in enumerate(group["prior_parameter"].values.astype(int)):
        parameter = next(p for p in PARAMETERS.values() if p.number == place)
        value = getattr(case.theta, parameter.name)
        mean = float(group["prior_mean"].values[index])
        sigma = float(group["prior_uncertainty"].values[index])
        theirs = group["log_prior_term"].isel(prior=index).values
        ours_term = gaussian_log_factor(value, mean, sigma)
        yield _scalars(name, f"log_prior {parameter.name}", ours_term, theirs, rtol)


def _spread_out(margins, parts):
    return [np.broadcast_to(margin, parts.shape[1:]) for margin in margins.values()]


def stream_log_likelihood(trajectory, units, stream):
    """Log-likelihood of a stream as CARDAMOM counts it: no normalisation, -inf for negative LAI.

    Parameters
    ----------
    trajectory : Trajectory
        Arrays (time, sample).
    units : Dataset
        Site.
    stream : str
        Name in `pm_dalec.STREAMS`.

    Returns
    -------
    array (sample)
    """
    STREAMS[stream]
    modelled = seen_by(stream, trajectory)
    observed = units[stream].values[:, None]
    with np.errstate(all="ignore"):
        total = -0.5 * misfit(modelled, observed, units[f"{stream}_unc"].values[:, None]).sum(0)
    if stream == "lai":
        negative = (modelled < 0) & np.isfinite(observed)
        total = np.where(negative.any(axis=0), -np.inf, total)
    return np.where(np.isnan(total), -np.inf, total)


def _scalars(group, quantity, ours, theirs, rtol):
    """Compare one number a sample, each its own series."""
    error = relative_error(ours[:, None], theirs[:, None], rtol)[:, 0]
    worst = int(np.argmax(error))
    return Line(group, quantity, float(error[worst]), f"sample {worst}", bool(error[worst] <= rtol))

"""The verbs of a DALEC model in PyMC: each puts one thing into the current `pm.Model`.

A model file in `models/` says in a dozen lines what is fitted; these verbs do it. Shapes follow the
dataset: no pixel dimension for a site, ``(pixel)`` for a baseline region, ``(stratum, pixel)`` for a
stratified one, always behind ``time``.
"""

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from pm_dalec.constraints import forms, sets
from pm_dalec.constraints.case import Case, windows
from pm_dalec.data.checks import check_units
from pm_dalec.graph.likelihoods import add_stream
from pm_dalec.graph.priors import add_prior
from pm_dalec.physics import records
from pm_dalec.physics.observation_operators import fluxes_for, seen_by
from pm_dalec.physics.pytensor_run import run_pytensor
from pm_dalec.tables import dims
from pm_dalec.tables.parameters import Theta
from pm_dalec.tables.priors import Fixed
from pm_dalec.tables.streams import STREAMS
from pm_dalec.tables.variables import DRIVERS


def coords_of(units):
    """Coordinates of a model of these units, for `pm.Model(coords=...)`.

    Parameters
    ----------
    units : Dataset
        Site or region; checked here, so that a fault is named before any graph is built.
    """
    check_units(units)
    names = (dims.TIME, *dims.space_of(units))
    known = {name: units[name].values if name in units.coords else None for name in names}
    coords = {
        name: np.arange(units.sizes[name]) if values is None else values
        for name, values in known.items()
    }
    return {**coords, dims.BOUND: np.arange(units.sizes[dims.TIME] + 1)}


def add_drivers(units):
    """Put the drivers into the model as `pm.Data`, so that one graph can be refilled.

    Returns
    -------
    tuple
        Drivers, tensors with time in front, and the latitude [degrees_north].
    """
    held = []
    for name in DRIVERS:
        array = units[name].transpose(
            *(d for d in (dims.TIME, *dims.SPACE) if d in units[name].dims)
        )
        held.append(pm.Data(name, np.asarray(array.values, float), dims=array.dims))
    latitude = pm.Data("lat", np.asarray(units["lat"].values, float), dims=units["lat"].dims)
    return records.Drivers(*held), latitude


def add_parameters(table, units):
    """Put all parameters of a table into the model with their priors.

    Parameters
    ----------
    table : Table of Parameter
    units : Dataset

    Returns
    -------
    Theta
        Tensors in natural units.
    """
    space = dims.space_of(units)
    fixed = {n: float(p.prior.value) for n, p in table.items() if isinstance(p.prior, Fixed)}
    pm.modelcontext(None).fixed_parameters = fixed  # part of a fit, though not sampled
    return Theta(*(add_prior(table[name], units, space) for name in Theta._fields))


def add_dalec(drivers, latitude, theta, *, streams=(), solver="converged", constrained=True):
    """Run DALEC inside the model as a scan.

    Parameters
    ----------
    drivers : Drivers
    latitude : tensor [degrees_north]
    theta : Theta
    streams : sequence of str
        Observation streams whose model quantity is needed.
    solver : {"converged", "truncated"}
    constrained : bool
        Whether constraints will look at the fluxes.

    Returns
    -------
    Trajectory
        Pools (N + 1) and the needed fluxes (N), time in front.
    """
    watched = sets.WATCHED if constrained else ()
    wanted = tuple(dict.fromkeys((*watched, *fluxes_for(streams))))
    return run_pytensor(drivers, latitude, theta, solver=solver, wanted=wanted)


def add_constraints(table, trajectory, drivers, theta, units, *, form=forms.hard):
    """Put ecological constraints into the model as potentials.

    PyMC's predictive functions ignore potentials: for the constrained prior, sample
    `models/constrained_prior.py`.

    Parameters
    ----------
    table : Table of Constraint
    trajectory : Trajectory
    drivers : Drivers
    theta : Theta
    units : Dataset
        Its ``step_days`` decide which steps belong to which year, when the graph is built.
    form : callable
        `constraints.hard` (default) or `constraints.soft`.
    """
    if not table:
        return
    days = np.asarray(units["step_days"].values, float)
    mean_temperature = ((drivers.tmin + drivers.tmax) / 2).mean(axis=0)
    shape = (len(days), *([1] * (trajectory.pools.wood.ndim - 1)))
    case = Case(
        theta,
        mean_temperature,
        trajectory.pools,
        trajectory.fluxes,
        pt.as_tensor(days.reshape(shape)),
        windows(days),
    )
    shortfall = score = 0.0
    for level in ("parameter", "trajectory"):
        part = table.select(level=level)
        if not part:
            continue
        found = forms.margins(part, case, pt)
        value = form(found.values(), pt)
        pm.Potential(f"{level}_constraints", value, dims=dims.space_of(units) or None)
        shortfall = shortfall + forms.shortfall(found.values(), pt)
        score = score + forms.start_score(found.values(), pt)
    # no variables of the model: the search for a start looks at them, and nothing else does
    model = pm.modelcontext(None)
    model.constraint_shortfall, model.constraint_score = shortfall, score


def add_observations(streams, trajectory, units):
    """Put Gaussian likelihoods of observation streams into the model.

    Parameters
    ----------
    streams : sequence of str
        Names in `pm_dalec.tables.streams.STREAMS`; each must be in ``units`` with its uncertainty.
    trajectory : Trajectory
    units : Dataset
    """
    for stream in streams:
        STREAMS[stream]
        if stream not in units:
            present = [name for name in STREAMS if name in units]
            raise ValueError(
                f"wanted observations of {stream!r} in the dataset, got only {present}; "
                f"add {stream!r} and {stream + '_unc'!r}, or leave the stream out"
            )
        where = (dims.TIME, *dims.space_of(units))
        add_stream(stream, seen_by(stream, trajectory), units.transpose(..., *where), where)


def describe(*, solver, constraints):
    """Note on the current model what a fit must know to be run again."""
    model = pm.modelcontext(None)
    model.dalec_solver, model.constraint_set = solver, constraints


def streams_in(units):
    """Streams that the paper assimilates and that this dataset holds: LAI and wood."""
    return tuple(name for name, stream in STREAMS.items() if stream.default and name in units)

"""The verbs of a DALEC model in PyMC: each puts one thing into the current `pm.Model`.

A model file in `models/` says in a dozen lines what is fitted; these verbs do it. Shapes follow the
units: no spatial dimension for a site, ``(pixel)`` for pixels, ``(stratum, pixel)`` for their strata,
always behind ``time``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pymc as pm
import pytensor.tensor as pt
import xarray as xr

from pm_dalec.constraints import forms
from pm_dalec.constraints.case import Case, windows
from pm_dalec.constraints.sets import EDCS, WATCHED
from pm_dalec.data.checks import check_units
from pm_dalec.graph import notes
from pm_dalec.graph.priors import add_prior
from pm_dalec.physics.observation_operators import fluxes_for
from pm_dalec.physics.pytensor_run import run_pytensor
from pm_dalec.physics.records import Drivers, Fluxes, Pools
from pm_dalec.tables import dims
from pm_dalec.tables.parameters import Theta
from pm_dalec.tables.table import Table
from pm_dalec.tables.variables import DRIVERS

if TYPE_CHECKING:
    import numpy.typing as npt

    from pm_dalec.constraints.forms import Soft
    from pm_dalec.constraints.rules import Constraint
    from pm_dalec.graph.choices import Choices
    from pm_dalec.tables.kinds import Era
    from pm_dalec.tables.priors import Parameter


class Weather(NamedTuple):
    """Drivers in the model, and the units that they belong to."""

    drivers: Drivers  # tensors, time in front
    latitude: object  # degrees_north
    units: xr.Dataset


class Carbon(NamedTuple):
    """A run of DALEC in the model: N + 1 pools and N fluxes along time, under its weather."""

    pools: Pools
    fluxes: Fluxes
    weather: Weather


def coords_of(units: xr.Dataset) -> dict[str, npt.NDArray[np.generic] | None]:
    """Coordinates of a model of these units, for `pm.Model(coords=...)`.

    Parameters
    ----------
    units : Dataset
        Checked here, so that a fault is named before any graph is built.
    """
    check_units(units)
    names = (dims.TIME, *dims.space_of(units))
    known = {name: units[name].values if name in units.coords else None for name in names}
    coords = {
        name: np.arange(units.sizes[name]) if values is None else values
        for name, values in known.items()
    }
    return {**coords, dims.BOUND: np.arange(units.sizes[dims.TIME] + 1)}


def add_drivers(units: xr.Dataset) -> Weather:
    """Put the drivers into the model as `pm.Data`, so that one graph can be refilled.

    Parameters
    ----------
    units : Dataset

    Returns
    -------
    Weather
    """
    held = []
    for name in DRIVERS:
        array = units[name].transpose(
            *(d for d in (dims.TIME, *dims.SPACE) if d in units[name].dims)
        )
        held.append(pm.Data(name, np.asarray(array.values, float), dims=array.dims))
    latitude = pm.Data("lat", np.asarray(units["lat"].values, float), dims=units["lat"].dims)
    notes.attach(units=units)
    return Weather(Drivers(*held), latitude, units)


def add_parameters(table: Table[Parameter], units: xr.Dataset) -> Theta:
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
    notes.attach(parameters=table)
    return Theta(*(add_prior(table[name], units, space) for name in Theta._fields))


def add_dalec(weather: Weather, theta: Theta, choices: Choices) -> Carbon:
    """Run DALEC inside the model as a scan.

    Parameters
    ----------
    weather : Weather
    theta : Theta
    choices : Choices
        The streams and constraints decide which fluxes are needed.

    Returns
    -------
    Carbon
        The other fluxes are None, and what only they need is not computed.
    """
    watched = WATCHED if rules_of(choices.constraints) else ()
    wanted = tuple(dict.fromkeys((*watched, *fluxes_for(choices.names_in(weather.units)))))
    run = run_pytensor(
        weather.drivers, weather.latitude, theta, solver=choices.solver, wanted=wanted
    )
    notes.attach(solver=choices.solver)
    return Carbon(run.pools, run.fluxes, weather)


def rules_of(constraints):
    """Table of the rules that are meant by a name, None, a soft form, or a table."""
    if isinstance(constraints, forms.Soft):
        constraints = constraints.rules
    return constraints if isinstance(constraints, Table) else EDCS[constraints]


def add_constraints(
    constraints: Era | Soft | Table[Constraint], carbon: Carbon, theta: Theta
) -> None:
    """Put ecological constraints into the model as potentials.

    PyMC's predictive functions ignore potentials: for the constrained prior, sample
    `models.constrained_prior`.

    Parameters
    ----------
    constraints : str, None, Soft or Table of Constraint
        As in `Choices`.
    carbon : Carbon
        The ``step_days`` of its units decide which steps belong to which year, when the graph is built.
    theta : Theta
    """
    table = rules_of(constraints)
    softness = constraints.scale if isinstance(constraints, forms.Soft) else None
    notes.attach(constraints=_name_of(constraints), rules=table, softness=softness)
    if not table:
        return
    case, space = _case(carbon, theta), dims.space_of(carbon.weather.units)
    shortfall = score = 0.0
    for level in ("parameter", "trajectory"):
        part = table.select(level=level)
        if not part:
            continue
        margins = forms.margins(part, case, pt).values()
        if isinstance(constraints, forms.Soft):
            value = forms.soft(margins, pt, scale=constraints.scale)
        else:
            value = forms.hard(margins, pt)
        pm.Potential(f"{level}_constraints", value, dims=space or None)
        shortfall = shortfall + forms.shortfall(margins, pt)
        score = score + forms.start_score(margins, pt)
    notes.attach(shortfall=shortfall, score=score)


def _case(carbon, theta):
    """What the rules look at."""
    drivers = carbon.weather.drivers
    days = np.asarray(carbon.weather.units["step_days"].values, float)
    return Case(
        theta,
        ((drivers.tmin + drivers.tmax) / 2).mean(axis=0),
        carbon.pools,
        carbon.fluxes,
        pt.as_tensor(days.reshape((len(days), *([1] * (carbon.pools.wood.ndim - 1))))),
        windows(days),
    )


def _name_of(constraints):
    if isinstance(constraints, forms.Soft):
        return f"{_name_of(constraints.rules)}, soft over {constraints.scale:g}"
    return ", ".join(constraints) if isinstance(constraints, Table) else str(constraints)

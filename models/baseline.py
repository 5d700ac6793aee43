"""Baseline: one DALEC for each pixel (or site), whatever grows in it.

LAI, wood and the initial soil carbon constrain 23 parameters a pixel under the ecological
constraints (Milodowski et al. 2023, section 2.4). Every pixel is independent of the others.
"""

import pymc as pm

from pm_dalec.constraints.sets import EDCS
from pm_dalec.graph.verbs import (
    add_constraints,
    add_dalec,
    add_drivers,
    add_observations,
    add_parameters,
    coords_of,
    describe,
    streams_in,
)
from pm_dalec.tables.parameters import PARAMETERS


def build(
    units, *, parameters=PARAMETERS, constraints="edinburgh2021", streams=None, solver="converged"
):
    """Model of a site or of the pixels of a region.

    Parameters
    ----------
    units : Dataset
        Drivers and observations, dims (time) or (time, pixel).
    parameters : Table of Parameter
        With their priors; see `pm_dalec.tables.parameters.PRIOR_SETS`.
    constraints : {"edinburgh2021", "edinburgh2024", None}
        Set of ecological constraints.
    streams : sequence of str, optional
        Observation streams to assimilate; LAI and wood, where present, by default.
    solver : {"converged", "truncated"}
        Stomatal optimum: exact, or CARDAMOM's search.

    Returns
    -------
    pm.Model
    """
    streams = streams_in(units) if streams is None else streams
    with pm.Model(coords=coords_of(units)) as model:
        drivers, latitude = add_drivers(units)
        theta = add_parameters(parameters, units)
        trajectory = add_dalec(drivers, latitude, theta, streams=streams, solver=solver)
        add_constraints(EDCS[constraints], trajectory, drivers, theta, units)
        add_observations(streams, trajectory, units)
        describe(solver=solver, constraints=constraints)
    return model

"""Constrained prior: the ecological constraints and the priors, without observations.

About one draw in ten thousand of the log-uniform prior meets the constraints: they are the larger part
of the prior. Predictive functions of PyMC ignore potentials, so this prior is a model that is sampled.
"""

from pm_dalec.models import baseline
from pm_dalec.tables.parameters import PARAMETERS


def build(units, *, parameters=PARAMETERS, constraints="edinburgh2021", solver="converged"):
    """Model of a site or region without any likelihood.

    Parameters
    ----------
    units : Dataset
        Drivers, dims (time) or (time, pixel); observations in it are not looked at, but the prior of
        the initial soil carbon is.
    parameters : Table of Parameter
    constraints : {"edinburgh2021", "edinburgh2024", None}
    solver : {"converged", "truncated"}

    Returns
    -------
    pm.Model
    """
    return baseline.build(
        units, parameters=parameters, constraints=constraints, streams=(), solver=solver
    )

"""Runners of a finished forward run by name: arrays in, arrays out, whatever computes them."""

from functools import cache

import numpy as np

from pm_dalec import dalec, run
from pm_dalec.parameters import Theta
from pm_dalec.variables import DRIVERS


def with_numpy(drivers, latitude, theta, solver):
    """Trajectory by `run.run_numpy`."""
    return run.run_numpy(drivers, latitude, theta, solver=solver)


def with_jax(drivers, latitude, theta, solver):
    """Trajectory by `run.run_jax` in float64."""
    try:
        import jax
    except ImportError:
        raise ImportError(
            "wanted JAX for the runner 'jax', got no such package in this environment; install it "
            "with pip install 'pm_dalec[jax]', or use another runner"
        ) from None
    with jax.enable_x64(True):
        return as_arrays(_jitted(solver)(drivers, latitude, theta))


@cache
def _jitted(solver):
    import jax

    return jax.jit(
        lambda drivers, latitude, theta: run.run_jax(drivers, latitude, theta, solver=solver)
    )


def with_pytensor(drivers, latitude, theta, solver):
    """Trajectory by `run.run_pytensor`, compiled once for each solver."""
    flat = _compiled(solver)(*(np.asarray(d, float) for d in drivers), float(latitude),
                             *(np.asarray(value, float) for value in theta))  # fmt: skip
    count = len(dalec.Pools._fields)
    return run.Trajectory(dalec.Pools(*flat[:count]), dalec.Fluxes(*flat[count:]))


@cache
def _compiled(solver):
    import pytensor
    import pytensor.tensor as pt

    drivers = dalec.Drivers(*(pt.vector(name) for name in DRIVERS))
    latitude = pt.scalar("latitude")
    theta = Theta(*(pt.vector(name) for name in Theta._fields))
    trajectory = run.run_pytensor(drivers, latitude, theta, solver=solver)
    return pytensor.function([*drivers, latitude, *theta], [*trajectory.pools, *trajectory.fluxes])


def as_arrays(trajectory):
    """Trajectory whose fields are NumPy arrays."""
    return run.Trajectory(
        dalec.Pools(*map(np.asarray, trajectory.pools)),
        dalec.Fluxes(*map(np.asarray, trajectory.fluxes)),
    )


RUNNERS = {"numpy": with_numpy, "pytensor": with_pytensor, "jax": with_jax}

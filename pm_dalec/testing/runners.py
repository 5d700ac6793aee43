"""Runners of a finished forward run by name: arrays in, arrays out, whatever computes them."""

from functools import cache

import numpy as np

from pm_dalec.physics import jax_run, numpy_run, pytensor_run, records
from pm_dalec.tables.parameters import Theta
from pm_dalec.tables.variables import DRIVERS


def with_numpy(drivers, latitude, theta, solver):
    """Trajectory by `run.run_numpy`."""
    return numpy_run.run_numpy(drivers, latitude, theta, solver=solver)


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
        lambda drivers, latitude, theta: jax_run.run_jax(drivers, latitude, theta, solver=solver)
    )


def with_pytensor(drivers, latitude, theta, solver):
    """Trajectory by `run.run_pytensor`, compiled once for each solver."""
    flat = _compiled(solver)(
        *(np.asarray(d, float) for d in drivers),
        float(latitude),
        *(np.asarray(value, float) for value in theta),
    )
    count = len(records.Pools._fields)
    return records.Trajectory(records.Pools(*flat[:count]), records.Fluxes(*flat[count:]))


@cache
def _compiled(solver):
    """Function of the whole scan as it is written: nothing rewritten, nothing fused, no compiler."""
    import pytensor
    import pytensor.tensor as pt
    from pytensor.compile.mode import Mode

    drivers = records.Drivers(*(pt.vector(name) for name in DRIVERS))
    latitude = pt.scalar("latitude")
    theta = Theta(*(pt.vector(name) for name in Theta._fields))
    # the flags reach the inside of the scan, which has a mode of its own
    with pytensor.config.change_flags(mode="FAST_COMPILE", cxx=""):
        trajectory = pytensor_run.run_pytensor(drivers, latitude, theta, solver=solver)
        return pytensor.function(
            [*drivers, latitude, *theta],
            [*trajectory.pools, *trajectory.fluxes],
            mode=Mode(linker="py", optimizer=None),
        )


def with_lanes(drivers, latitude, theta, solver):
    """Trajectory by the compiled lanes: the machine code that calibration runs."""
    import pymc as pm

    from pm_dalec.lanes.backends import lane_function

    count, steps = len(theta[0]), len(drivers.doy)
    with pm.Model(coords={"pixel": np.arange(count), "time": np.arange(steps)}) as model:
        held = records.Drivers(
            *(
                pm.Data(name, np.asarray(values, float), dims="time")
                for name, values in zip(DRIVERS, drivers, strict=True)
            )
        )
        place = pm.Data("lat", float(latitude))
        free = Theta(*(pm.Flat(name, dims="pixel") for name in Theta._fields))
        trajectory = pytensor_run.run_pytensor(held, place, free, solver=solver)
    series = [*trajectory.pools, *trajectory.fluxes]
    compiled = lane_function(model, series)
    found = compiled(np.stack([np.asarray(value, float) for value in theta], axis=1))
    return records.Trajectory(
        records.Pools(*found[: len(records.Pools._fields)]),
        records.Fluxes(*found[len(records.Pools._fields) :]),
    )


def as_arrays(trajectory):
    """Trajectory whose fields are NumPy arrays."""
    return records.Trajectory(
        records.Pools(*map(np.asarray, trajectory.pools)),
        records.Fluxes(*map(np.asarray, trajectory.fluxes)),
    )


RUNNERS = {
    "numpy": with_numpy,
    "pytensor": with_pytensor,
    "jax": with_jax,
    "lanes": with_lanes,
}

"""DALEC repeated over time with `jax.lax.scan`."""

from pm_dalec.physics import records, step
from pm_dalec.physics.records import (
    Drivers,
    Fluxes,
    Forcing,
    Pools,
    Trajectory,
    aligned,
    batch_ndim,
    dalec_theta,
)
from pm_dalec.tables.kinds import Array, Solver
from pm_dalec.tables.parameters import Theta


def run_jax(
    drivers: Drivers, latitude: Array, theta: Theta, *, solver: Solver = "converged"
) -> Trajectory:
    """Run DALEC with `jax.lax.scan`; arguments and result as for `run_numpy`.

    Precision is that of the input arrays; call `jax.config.update("jax_enable_x64", True)` for
    float64.
    """
    import jax
    import jax.numpy as jnp

    theta = dalec_theta(theta, jnp.asarray)
    drivers = aligned(records.Drivers(*map(jnp.asarray, drivers)), batch_ndim(theta), jnp)
    forcing = step.prepare(drivers, jnp.asarray(latitude), theta, jnp)
    shape = jnp.broadcast_shapes(
        *(value.shape for value in theta),
        *(value.shape[1:] for value in drivers),
        jnp.shape(latitude),
    )
    start = records.Pools(*(jnp.broadcast_to(pool, shape) for pool in step.initial_pools(theta)))

    def body(pools: Pools, now: Forcing) -> tuple[Pools, tuple[Pools, Fluxes]]:
        after, flux = step.step(pools, now, theta, jnp, solver=solver)
        return after, (after, records.Fluxes(*(jnp.broadcast_to(value, shape) for value in flux)))

    _, (states, fluxes) = jax.lax.scan(body, start, forcing)
    pools = records.Pools(
        *(jnp.concatenate([first[None], rest]) for first, rest in zip(start, states, strict=True))
    )
    return Trajectory(pools, fluxes)

"""Runners: NumPy, PyTensor and JAX repeat `dalec.step`, and nothing else.

Drivers carry time in front. Parameters may have any shape; the axes of the drivers behind time are
aligned with the LAST axes of the parameters, so that ``(time, pixel)`` drivers serve parameters of
shape ``(draw, pixel)``.
"""

from typing import NamedTuple

import numpy as np

from pm_dalec import dalec


class Trajectory(NamedTuple):
    """A run of DALEC.

    ``pools`` holds N + 1 values along time, the state before the first step in front; ``fluxes`` N.
    """

    pools: dalec.Pools
    fluxes: dalec.Fluxes


def aligned(drivers, batch_ndim, xp):
    """Drivers with axes of length one put behind time until they broadcast with the parameters.

    Parameters
    ----------
    drivers : Drivers
    batch_ndim : int
        Number of axes of the parameters.
    xp : module
    """

    def widen(array):
        missing = batch_ndim - (array.ndim - 1)
        return xp.expand_dims(array, tuple(range(1, 1 + missing))) if missing > 0 else array

    return dalec.Drivers(*(widen(array) for array in drivers))


def batch_ndim(theta):
    """Largest number of axes among the parameters."""
    return max(getattr(value, "ndim", 0) for value in theta)


def run_numpy(drivers, latitude, theta, *, solver="converged"):
    """Run DALEC with NumPy over any batch of parameters.

    Parameters
    ----------
    drivers : Drivers
        Arrays of shape (time, ...).
    latitude : float or array [degrees_north]
    theta : Theta
        Arrays of any common batch shape.
    solver : {"converged", "truncated"}

    Returns
    -------
    Trajectory
        Arrays of shape (time + 1, ...) and (time, ...).
    """
    theta = dalec_theta(theta, np.asarray)
    drivers = aligned(dalec.Drivers(*map(np.asarray, drivers)), batch_ndim(theta), np)
    with np.errstate(all="ignore"):  # NaN and infinities are part of the reference's behaviour
        forcing = dalec.prepare(drivers, np.asarray(latitude), theta, np)
        states, fluxes = [dalec.initial_pools(theta)], []
        for now in _each_step(forcing, len(drivers.doy)):
            after, flux = dalec.step(states[-1], now, theta, np, solver=solver)
            states.append(after)
            fluxes.append(flux)
    shape = np.broadcast_shapes(*(value.shape for value in states[-1]))
    return Trajectory(
        dalec.Pools(*(_stacked(series, shape) for series in zip(*states, strict=True))),
        dalec.Fluxes(*(_stacked(series, shape) for series in zip(*fluxes, strict=True))),
    )


def run_jax(drivers, latitude, theta, *, solver="converged"):
    """Run DALEC with `jax.lax.scan`; arguments and result as for `run_numpy`.

    Precision is that of the input arrays; call `jax.config.update("jax_enable_x64", True)` for
    float64.
    """
    import jax
    import jax.numpy as jnp

    theta = dalec_theta(theta, jnp.asarray)
    drivers = aligned(dalec.Drivers(*map(jnp.asarray, drivers)), batch_ndim(theta), jnp)
    forcing = dalec.prepare(drivers, jnp.asarray(latitude), theta, jnp)
    shape = jnp.broadcast_shapes(
        *(value.shape for value in theta), *(value.shape[1:] for value in drivers),
        jnp.shape(latitude),
    )  # fmt: skip
    start = dalec.Pools(*(jnp.broadcast_to(pool, shape) for pool in dalec.initial_pools(theta)))

    def body(pools, now):
        after, flux = dalec.step(pools, now, theta, jnp, solver=solver)
        return after, (after, dalec.Fluxes(*(jnp.broadcast_to(value, shape) for value in flux)))

    _, (states, fluxes) = jax.lax.scan(body, start, forcing)
    pools = dalec.Pools(
        *(jnp.concatenate([first[None], rest]) for first, rest in zip(start, states, strict=True))
    )
    return Trajectory(pools, fluxes)


def run_pytensor(drivers, latitude, theta, *, solver="converged", wanted=dalec.Fluxes._fields):
    """Run DALEC as a `pytensor.scan`; arguments and result as for `run_numpy`, symbolic.

    Parameters
    ----------
    drivers : Drivers
        Tensors of shape (time, ...).
    latitude : tensor [degrees_north]
    theta : Theta
        Tensors of any common batch shape.
    solver : {"converged", "truncated"}
    wanted : sequence of str
        Fluxes to return; the others are None, and what only they need is not computed.

    Returns
    -------
    Trajectory
    """
    import pytensor
    import pytensor.tensor as pt

    theta = dalec_theta(theta, pt.as_tensor)
    drivers = aligned(
        dalec.Drivers(*map(pt.as_tensor, drivers)), batch_ndim(theta), _PyTensorShapes
    )
    forcing = dalec.prepare(drivers, pt.as_tensor(latitude), theta, pt)
    sequences, rebuild = _flattened(forcing)
    start = pt.broadcast_arrays(*dalec.initial_pools(theta), *(leaf[0] for leaf in sequences))
    start = dalec.Pools(*start[: len(dalec.Pools._fields)])

    def body(*flat):
        now, rest = rebuild(flat[: len(sequences)]), flat[len(sequences) :]
        pools = dalec.Pools(*rest[: len(start)])
        local = iter(rest[len(start) :])
        here = type(theta)(*(next(local) for _ in theta))
        after, flux = dalec.step(pools, now, here, pt, solver=solver)
        like = pools[0]
        kept = (getattr(flux, name) for name in wanted)
        return [*after, *(value + pt.zeros_like(like) for value in kept)]

    outputs = pytensor.scan(
        body,
        sequences=list(sequences),
        outputs_info=[*start, *([None] * len(wanted))],
        non_sequences=list(theta),
        strict=True,
        return_updates=False,
    )
    states, fluxes = outputs[: len(start)], outputs[len(start) :]
    pools = dalec.Pools(*(_with_start(state) for state in states))
    empty = dalec.Fluxes(*([None] * len(dalec.Fluxes._fields)))
    return Trajectory(pools, empty._replace(**dict(zip(wanted, fluxes, strict=True))))


def dalec_theta(theta, convert):
    """Parameters with every field converted by ``convert``."""
    return type(theta)(*(convert(value) for value in theta))


def _each_step(forcing, count):
    """Forcing of one step after the other."""

    def part(value, index):
        if isinstance(value, tuple):
            return type(value)(*(part(field, index) for field in value))
        return value[index]

    return (part(forcing, index) for index in range(count))


def _stacked(series, shape):
    return np.stack([np.broadcast_to(value, shape) for value in series])


class _PyTensorShapes:
    """The one array function that PyTensor spells differently."""

    @staticmethod
    def expand_dims(array, axis):
        """Tensor with axes of length one at these places."""
        import pytensor.tensor as pt

        return pt.expand_dims(array, axis)


def _flattened(forcing):
    """Leaves of a nested forcing, and the function that nests them again."""
    leaves = []

    def walk(value):
        if isinstance(value, tuple):
            return type(value)(*(walk(field) for field in value))
        leaves.append(value)
        return len(leaves) - 1

    places = walk(forcing)

    def rebuild(flat):
        def put(value):
            if isinstance(value, tuple):
                return type(value)(*(put(field) for field in value))
            return flat[value]

        return put(places)

    return leaves, rebuild


def _with_start(state):
    """Trajectory of a state with its initial value in front.

    A scan keeps both in one buffer and hands out the part behind the start; this is the buffer.
    """
    return state.owner.inputs[0]

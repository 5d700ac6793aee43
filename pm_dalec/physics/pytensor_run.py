"""DALEC repeated over time as a `pytensor.scan`."""

import functools
from collections.abc import Callable, Sequence
from typing import Any

from pm_dalec.physics import records, step
from pm_dalec.physics.records import (
    Drivers,
    Forcing,
    Pools,
    Trajectory,
    aligned,
    batch_ndim,
    dalec_theta,
)
from pm_dalec.tables.kinds import Array, Solver
from pm_dalec.tables.parameters import Theta


def run_pytensor(
    drivers: Drivers,
    latitude: Array,
    theta: Theta,
    *,
    solver: Solver = "converged",
    wanted: Sequence[str] = records.Fluxes._fields,
) -> Trajectory:
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
        records.Drivers(*map(pt.as_tensor, drivers)), batch_ndim(theta), _PyTensorShapes
    )
    forcing = step.prepare(drivers, pt.as_tensor(latitude), theta, pt)
    sequences, rebuild = _flattened(forcing)
    start = _spread(step.initial_pools(theta), drivers, pt.as_tensor(latitude), theta)

    def body(*flat: Array) -> list[Array]:
        now, rest = rebuild(flat[: len(sequences)]), flat[len(sequences) :]
        pools = records.Pools(*rest[: len(start)])
        here = type(theta)(*rest[len(start) :])
        after, flux = step.step(pools, now, here, pt, solver=solver)
        kept = (getattr(flux, name) for name in wanted)
        return [*after, *(value + pt.zeros_like(pools[0]) for value in kept)]

    outputs = pytensor.scan(
        body,
        sequences=list(sequences),
        outputs_info=[*start, *([None] * len(wanted))],
        non_sequences=list(theta),
        n_steps=drivers.tmin.shape[0],
        strict=True,
        return_updates=False,
    )
    pools = records.Pools(*(_with_start(state) for state in outputs[: len(start)]))
    known = dict(zip(wanted, outputs[len(start) :], strict=True))
    return Trajectory(pools, records.Fluxes(**dict.fromkeys(records.Fluxes._fields) | known))


def _spread(pools: Pools, drivers: Drivers, latitude: Array, theta: Theta) -> list[Array]:
    """Pools in the shape of all that a step looks at.

    What a step looks at follows from the drivers and the parameters, and has their shape. It is told from
    them, so that PyTensor need not go through all that is computed of them for each pool.
    """
    import pytensor.tensor as pt

    given = (*(driver[0] for driver in drivers), latitude, *theta)
    place = functools.reduce(pt.second, given)
    return [pt.second(place, pool) for pool in pools]


class _PyTensorShapes:
    """The one array function that PyTensor spells differently."""

    @staticmethod
    def expand_dims(array: Array, axis: int | tuple[int, ...]) -> Array:
        """Tensor with axes of length one at these places."""
        import pytensor.tensor as pt

        return pt.expand_dims(array, axis)


def _flattened(
    forcing: Forcing,
) -> tuple[list[Array], Callable[[Sequence[Array]], Forcing]]:
    """Leaves of a nested forcing, and the function that nests them again."""
    leaves = []

    def walk(value: Any) -> Any:
        if isinstance(value, tuple):
            return type(value)(*(walk(field) for field in value))
        leaves.append(value)
        return len(leaves) - 1

    places = walk(forcing)

    def rebuild(flat: Sequence[Array]) -> Any:
        def put(value: Any) -> Any:
            if isinstance(value, tuple):
                return type(value)(*(put(field) for field in value))
            return flat[value]

        return put(places)

    return leaves, rebuild


def _with_start(state: Array) -> Array:
    """Trajectory of a state with its initial value in front.

    A scan keeps both in one buffer and hands out the part behind the start; this is the buffer.
    """
    return state.owner.inputs[0]

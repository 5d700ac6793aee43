"""DALEC repeated over time as a `pytensor.scan`."""

from pm_dalec.physics import records, step
from pm_dalec.physics.records import Trajectory, aligned, batch_ndim, dalec_theta


def run_pytensor(drivers, latitude, theta, *, solver="converged", wanted=records.Fluxes._fields):
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
    start = pt.broadcast_arrays(*step.initial_pools(theta), *(leaf[0] for leaf in sequences))
    start = records.Pools(*start[: len(records.Pools._fields)])

    def body(*flat):
        now, rest = rebuild(flat[: len(sequences)]), flat[len(sequences) :]
        pools = records.Pools(*rest[: len(start)])
        local = iter(rest[len(start) :])
        here = type(theta)(*(next(local) for _ in theta))
        after, flux = step.step(pools, now, here, pt, solver=solver)
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
    pools = records.Pools(*(_with_start(state) for state in states))
    empty = records.Fluxes(*([None] * len(records.Fluxes._fields)))
    return Trajectory(pools, empty._replace(**dict(zip(wanted, fluxes, strict=True))))


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

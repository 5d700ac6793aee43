"""Log-density of a site with its gradient, through JAX, on the whole line.

PyTensor's own gradient of a scan cannot be compiled by JAX, and takes minutes otherwise: here the density
is carried to JAX as it is, and JAX differentiates it.
"""

from contextlib import contextmanager

import numpy as np
from pytensor.scalar import basic
from pytensor.tensor.elemwise import Elemwise

from pm_dalec.lanes.cut import density_terms, lane_graph
from pm_dalec.lanes.from_data import FromData
from pm_dalec.lanes.jax_backend import in_jax


def log_density_of(model):
    """Log-density of the model of one unit as a function of JAX.

    Parameters
    ----------
    model : pm.Model
        Its free variables are numbers in the unit interval.

    Returns
    -------
    callable
        positions (parameter,) in the unit interval -> log-density.
    """
    graph = lane_graph(model, [sum(term.sum() for term in density_terms(model))], ())
    cut = [*graph.lane_data, *graph.shared_data]
    values = map(np.asarray, FromData(cut, graph.data)())
    given = {position: np.zeros(()) for position in graph.positions}
    given |= dict(zip(cut, values, strict=True))
    given |= {copy: own.get_value() for copy, own in graph.data.items() if copy not in given}
    with no_change_no_force():
        function, data = in_jax(graph.results, given), list(given.values())[len(graph.positions) :]
    return lambda positions: function(*positions, *data)[0]


STEEP = (basic.Sqrt, basic.TrueDiv, basic.Reciprocal, basic.Log, basic.Log1p, basic.Pow)
"""Operations whose slope may be infinite where their result is not."""


@contextmanager
def no_change_no_force():
    """Let what changes no result get no gradient, however steep it is there.

    Where leaves vanish a branch is left out whose slope is infinite: zero times infinity is NaN, and one
    month of it spoils the gradient of all parameters.
    """
    from pytensor.link.jax.dispatch import jax_funcify

    usual = jax_funcify.dispatch(Elemwise)

    def carried(op, node=None, **given):
        function = usual(op, node=node, **given)
        return _quiet(function) if isinstance(op.scalar_op, STEEP) else function

    jax_funcify.register(Elemwise, carried)
    try:
        yield
    finally:
        jax_funcify.register(Elemwise, usual)


def _quiet(function):
    """Elementwise function of JAX whose gradient is zero wherever that of its result is."""
    import jax

    def backward(back, force):
        parts = back(force)
        none = jax.dtypes.float0  # of what is no real number
        return tuple(p if p.dtype == none else jax.numpy.where(force == 0, 0.0, p) for p in parts)

    quiet = jax.custom_vjp(function)
    quiet.defvjp(lambda *values: jax.vjp(function, *values), backward)
    return lambda *values: quiet(*jax.numpy.broadcast_arrays(*values))


def potential_of(model):
    """Minus log-density on the whole line, where a gradient meets no wall.

    Parameters
    ----------
    model : pm.Model
        As for `log_density_of`.

    Returns
    -------
    callable
        logits (parameter,) of the positions -> minus the log-density of the logits. Where a part of the
        gradient is not finite, that part is zero.

    Notes
    -----
    A step of NUTS keeps volume and can be turned back whatever the force is, and the density decides what
    is taken: a wrong force costs acceptance and changes no target.
    """
    import jax

    density = log_density_of(model)

    def exact(logits):
        jacobian = -(jax.nn.softplus(logits) + jax.nn.softplus(-logits)).sum()
        return -(density(jax.nn.sigmoid(logits)) + jacobian)

    def with_force(logits):
        value, slope = jax.value_and_grad(exact)(logits)
        return value, jax.numpy.where(jax.numpy.isfinite(slope), slope, 0.0)

    potential = jax.custom_vjp(exact)
    potential.defvjp(with_force, lambda force, change: (change * force,))
    return potential

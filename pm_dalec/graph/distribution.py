"""A distribution of numbers that is made of functions, as `pymc.CustomDist` is, and quicker to add."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pymc as pm
import pytensor.tensor as pt
from pymc.distributions.distribution import _support_point
from pymc.distributions.shape_utils import rv_size_is_none
from pymc.logprob.abstract import _logprob
from pytensor import config
from pytensor.tensor.random.op import RandomVariable
from pytensor.tensor.utils import safe_signature

if TYPE_CHECKING:
    from collections.abc import Callable


class Functions(NamedTuple):
    """What a distribution is made of; parameters are those that it is given, in their order."""

    logp: Callable  # value, *parameters: log-densities
    random: Callable  # *parameters, rng, size: draws
    support_point: Callable | None = None  # variable, size, *parameters; zeros by default


class FunctionsRV(RandomVariable):
    """Random variable that carries its functions."""

    __props__ = (*RandomVariable.__props__, "functions")

    def __init__(self, functions, name, signature, dtype, inplace=False):
        self.functions = functions
        self._print_name = (name, f"\\operatorname{{{name}}}")
        super().__init__(name=name, signature=signature, dtype=dtype, inplace=inplace)

    def __str__(self):
        """Name without the functions."""
        return f"{self.name}_rv"

    def rng_fn(self, rng, *args):
        """Draws; the last argument is the size."""
        return self.functions.random(*args[:-1], rng=rng, size=args[-1])


@_logprob.register(FunctionsRV)
def _logp(op, values, rng, size, *parameters, **kwargs):
    return op.functions.logp(values[0], *parameters)


@_support_point.register(FunctionsRV)
def _middle(op, variable, rng, size, *parameters):
    if op.functions.support_point is None:
        return pt.zeros_like(variable) if rv_size_is_none(size) else pt.zeros(size)
    return op.functions.support_point(variable, size, *parameters)


def _variable(*parameters, functions, label, size=None, rng=None):
    """Random variable of one size."""
    op = FunctionsRV(
        functions,
        name=f"CustomDist_{label}",  # as the variables of `pymc.CustomDist` are printed
        signature=safe_signature([0] * len(parameters), [0]),
        dtype=config.floatX,
    )
    rng = pt.random.shared_rng(seed=None) if rng is None else rng
    return op(*parameters, size=size, rng=rng, return_next_rng=True)[1]


_variable.ndim_supp = 0  # of a number


class FunctionsDist(pm.Distribution):
    """Distribution of numbers: ``FunctionsDist(name, *parameters, functions=..., dims=...)``.

    Notes
    -----
    `pymc.CustomDist` learns from a first variable without a size that it is one of numbers. The shape
    of that variable is inferred from its parameters, for an observed one from the whole run of the
    model: more than a third of the time of building a region. Here it is said beforehand.
    """

    rv_type = FunctionsRV
    rv_op = staticmethod(_variable)

    def __new__(cls, name, *parameters, functions, **options):
        """Variable in the current model."""
        return super().__new__(cls, name, *parameters, functions=functions, label=name, **options)

    @classmethod
    def dist(cls, *parameters, functions, label, **options):
        """Variable outside a model."""
        tensors = [pt.as_tensor(parameter) for parameter in parameters]
        return super().dist(tensors, functions=functions, label=label, **options)

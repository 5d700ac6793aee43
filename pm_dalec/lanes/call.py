"""Calls a compiled lane function by its address from other compiled code.

The address is an ordinary argument, so that kernels around it are compiled once for all models.
"""

from typing import NamedTuple

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from pm_dalec.lanes.kept_code import kernel


@intrinsic
def _invoke(typing_context, address, rows, stride, first, last, context, out):
    """Call ``void f(double *rows, i64 stride, i64 first, i64 last, i64 *context, double *out)``."""
    signature = types.void(
        types.int64, types.intp, types.int64, types.int64, types.int64, types.intp, types.intp
    )

    def lower(codegen_context, builder, signature, arguments):
        word, pointer = ir.IntType(64), ir.IntType(8).as_pointer()
        kinds = [pointer, word, word, word, pointer, pointer]
        function = ir.FunctionType(ir.VoidType(), kinds).as_pointer()
        target = builder.inttoptr(arguments[0], function)
        values = [
            builder.inttoptr(value, kind) if kind is pointer else value
            for value, kind in zip(arguments[1:], kinds, strict=True)
        ]
        builder.call(target, values)
        return codegen_context.get_dummy_value()

    return signature, lower


class Call(NamedTuple):
    """A compiled lane function, joined to the data of its lanes and to room for its results.

    Parameters
    ----------
    address : int
        Of a compiled lane function; zero stands for a function that is not there.
    context : array of int64
        Addresses that it needs; private to one thread.
    out : array (block, result, width)
    """

    address: int
    context: np.ndarray
    out: np.ndarray


NO_CALL = Call(0, np.zeros(0, np.int64), np.zeros((0, 0, 0)))


@kernel()
def evaluate(call, rows, first, last):
    """Evaluate blocks ``first`` to ``last`` of lanes into ``call.out``.

    Parameters
    ----------
    call : Call
    rows : array (parameter, padded lane)
    first, last : int
        Blocks; ``last`` is not evaluated.
    """
    _invoke(
        call.address,
        rows.ctypes.data,
        rows.shape[1],
        first,
        last,
        call.context.ctypes.data,
        call.out.ctypes.data,
    )

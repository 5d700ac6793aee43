"""Graphs of any model in the operations that lanes have code for."""

import numpy as np
import pytensor.tensor as pt
from pytensor.compile.builders import OpFromGraph
from pytensor.compile.rewriting import inline_ofg_node
from pytensor.graph.basic import Constant
from pytensor.graph.fg import FunctionGraph
from pytensor.graph.replace import clone_replace
from pytensor.graph.rewriting.basic import dfs_rewriter, node_rewriter
from pytensor.graph.traversal import toposort
from pytensor.tensor.blockwise import Blockwise
from pytensor.tensor.elemwise import Elemwise
from pytensor.tensor.extra_ops import CumOp
from pytensor.tensor.math import Dot

SMALL = ("int8", "uint8", "int16", "uint16", "int32", "uint32")


@node_rewriter([Dot])
def _dot(fgraph, node):
    """Product of vectors and matrices as a sum of products."""
    return [_summed(*node.inputs)]


@node_rewriter([Blockwise])
def _stacked_dot(fgraph, node):
    """Product of stacks of matrices likewise."""
    if not isinstance(node.op.core_op, Dot):
        return None
    left, right = node.inputs
    return [(left[..., :, :, None] * right[..., None, :, :]).sum(axis=-2)]


def _summed(left, right):
    """Sum of products over the last axis of one and the first of the other."""
    if left.ndim == 1 and right.ndim == 1:
        return (left * right).sum()
    if right.ndim == 1:
        return (left * right[None, :]).sum(axis=1)
    if left.ndim == 1:
        return (left[:, None] * right).sum(axis=0)
    return (left[:, :, None] * right[None, :, :]).sum(axis=1)


@node_rewriter([OpFromGraph])
def _inlined(fgraph, node):
    """Operation that is a graph of others as that graph."""
    return inline_ofg_node(node)


@node_rewriter([CumOp])
def _running_sum(fgraph, node):
    """Running sum, as of an ordered vector, as a sum of what is not later."""
    (values,), axis = node.inputs, node.op.axis
    length = None if axis is None else values.type.shape[axis]
    if length is None or node.op.mode != "add":
        return None
    axis %= values.type.ndim
    weights = np.tril(np.ones((length, length)))
    weights = weights.reshape(length, length, *[1] * (values.type.ndim - axis - 1))
    return [(weights * pt.expand_dims(values, axis)).sum(axis=axis + 1)]


def _widened(results):
    """Same results with whole numbers as numbers of 64 bits where they are computed with.

    PyMC keeps small ones in 8 bits: the width of ``Uniform(-100, 100)`` is negative in them.
    """
    small = {
        variable: pt.constant(np.asarray(variable.data, float))
        for node in toposort(results)
        if isinstance(node.op, Elemwise)
        for variable in node.inputs
        if isinstance(variable, Constant) and variable.type.dtype in SMALL
    }
    return clone_replace(list(results), small, rebuild_strict=False)


def lowered(results):
    """Same results by operations that lanes have code for, where there are such.

    Products of matrices become sums of products, and operations made of graphs those graphs.

    Parameters
    ----------
    results : sequence of Variable

    Returns
    -------
    list of Variable
    """
    graph = FunctionGraph(outputs=_widened(results), clone=False)
    for rewriter in (_inlined, _dot, _stacked_dot, _running_sum):
        dfs_rewriter(rewriter).rewrite(graph)
    return list(graph.outputs)

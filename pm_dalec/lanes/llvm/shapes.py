"""Shapes, constants and the lane axis of every variable of a graph, before any code is written.

The lane compiler replaces the last axis of a graph by a vector register. That is possible where no
operation mixes lanes: the lane axis stays last, is never reduced, sliced or moved. :func:`survey`
walks a graph once, checks this, folds what is constant and gives each variable its static shape.
"""

from __future__ import annotations

import numpy as np
from pytensor.compile.builders import OpFromGraph
from pytensor.compile.ops import DeepCopyOp, ViewOp
from pytensor.graph.basic import Constant
from pytensor.graph.traversal import toposort
from pytensor.raise_op import CheckAndRaise
from pytensor.scan.op import Scan
from pytensor.tensor.basic import (
    Alloc,
    AllocEmpty,
    Join,
    MakeVector,
    ScalarFromTensor,
    TensorFromScalar,
)
from pytensor.tensor.elemwise import CAReduce, DimShuffle, Elemwise
from pytensor.tensor.shape import Reshape, Shape, Shape_i, SpecifyShape
from pytensor.tensor.subtensor import (
    AdvancedSubtensor,
    IncSubtensor,
    Subtensor,
    indices_from_subtensor,
)

from pm_dalec.lanes.from_data import performed
from pm_dalec.lanes.llvm.facts import Known, of_value, refuse
from pm_dalec.lanes.llvm.scan_parts import scan_parts


def _fold(node, known, tail):
    """Values of a node whose inputs are all constant."""
    with np.errstate(all="ignore"):
        found = performed(node, [known[variable].value for variable in node.inputs])
    return [of_value(value, tail) for value in found]


def _broadcast(node, inputs):
    lane = any(item.lane for item in inputs)
    shape = np.broadcast_shapes(*(item.shape for item in inputs))
    if lane:
        for item in inputs:
            if not item.lane and not item.flat:
                refuse(node, "meets a constant that differs between lanes")
    even = not lane and all(item.flat for item in inputs)
    return [Known(shape, lane, even=even, tail=inputs[0].tail)] * len(node.outputs)


def _lane_axes(item):
    """Axes at the end of a variable that are its lanes, if it has any."""
    ndim = len(item.shape)
    return range(ndim - item.tail, ndim)


def _dimshuffle(node, inputs):
    (item,), order = inputs, node.op.new_order
    shape = tuple(1 if axis == "x" else item.shape[axis] for axis in order)
    lanes = _lane_axes(item)
    kept = tuple(order[len(order) - item.tail :]) == tuple(lanes)
    if item.lane and not kept:
        refuse(node, "moves the lane dimension away from the end")
    return [Known(shape, item.lane, even=item.even and kept, tail=item.tail)]


def _reduced_axes(op, ndim):
    return tuple(range(ndim)) if op.axis is None else tuple(op.axis)


def _reduce(node, inputs):
    (item,) = inputs
    ndim = len(item.shape)
    axes = _reduced_axes(node.op, ndim)
    meets_lanes = any(axis in axes for axis in _lane_axes(item))
    if item.lane and meets_lanes:
        refuse(node, "reduces over the lane dimension")
    shape = tuple(size for axis, size in enumerate(item.shape) if axis not in axes)
    return [Known(shape, item.lane, even=item.even and not meets_lanes, tail=item.tail)]


def constant_indices(node, known, first, entries):
    """Indices of a subtensor as slices, integers and integer arrays."""
    flat = []
    for variable in node.inputs[first:]:
        value = known[variable].value
        if value is None:
            refuse(node, "takes an index that is known only when it runs")
        flat.append(value if np.ndim(value) else int(value))
    return tuple(indices_from_subtensor(flat, entries))


def _takes_all_lanes(item, indices):
    return all(
        axis >= len(indices)
        or (
            isinstance(indices[axis], slice)
            and indices[axis].indices(item.shape[axis]) == (0, item.shape[axis], 1)
        )
        for axis in _lane_axes(item)
    )


def _subtensor(node, known, inputs):
    item = inputs[0]
    indices = constant_indices(node, known, 1, node.op.idx_list)
    whole = _takes_all_lanes(item, indices)
    if item.lane and not whole:
        refuse(node, "picks single lanes")
    shape = np.broadcast_to(np.int8(0), item.shape)[indices].shape
    return [Known(shape, item.lane, even=item.even and whole, tail=item.tail)]


def _inc_subtensor(node, known, inputs):
    target, part = inputs[0], inputs[1]
    indices = constant_indices(node, known, 2, node.op.idx_list)
    lane = target.lane or part.lane
    if lane and not _takes_all_lanes(target, indices):
        refuse(node, "writes to single lanes")
    if lane and not (target.lane or target.flat):
        refuse(node, "writes lanes into a variable without them")
    return [Known(target.shape, lane, tail=target.tail)]


def _alloc(node, known, inputs, tail):
    empty = isinstance(node.op, AllocEmpty)
    sizes = node.inputs if empty else node.inputs[1:]
    shape = []
    for size in sizes:
        if known[size].value is None:
            refuse(node, "has a size that is known only when it runs")
        shape.append(int(known[size].value))
    shape = tuple(shape)
    if empty:
        return [Known(shape, False, even=len(shape) >= tail, tail=tail)]
    item = inputs[0]
    even = (item.flat or not item.shape) and not item.lane and len(shape) >= tail
    return [Known(shape, item.lane, even=even, tail=tail)]


def _join(node, inputs):
    axis = node.op.axis
    lane = any(item.lane for item in inputs)
    if lane and axis in _lane_axes(inputs[0]):
        refuse(node, "joins lanes")
    shape = list(inputs[0].shape)
    shape[axis] = sum(item.shape[axis] for item in inputs)
    even = not lane and all(item.flat for item in inputs) and axis not in _lane_axes(inputs[0])
    return [Known(tuple(shape), lane, even=even, tail=inputs[0].tail)]


def _reshape(node, known, inputs):
    item, size = inputs[0], known[node.inputs[1]].value
    if size is None:
        refuse(node, "has a shape that is known only when it runs")
    shape = np.empty(item.shape, dtype=np.int8).reshape(size).shape
    lanes = [item.shape[axis] for axis in _lane_axes(item)]
    kept = list(shape[len(shape) - item.tail :]) == lanes and len(shape) >= item.tail
    if item.lane and not kept:
        refuse(node, "folds the lane dimension into others")
    return [Known(shape, item.lane, even=item.even and kept, tail=item.tail)]


def _scan(node, known, memo, tail):
    parts = scan_parts(node, known)
    starts, wanted = _starts(parts, known)
    facts = _fixed_point(wanted, _inputs_of_step(parts, known), starts, tail)
    memo[node] = facts
    found = {}
    for buffer, _, _, result, outer in parts.states:
        item = known[buffer]
        found[outer] = Known(item.shape, item.lane or facts[result].lane, tail=tail)
    for start, _, result, outer in parts.carried:
        found[outer] = Known(known[start].shape, facts[result].lane, tail=tail)
    for result, outer in parts.traces:
        item = facts[result]
        even = item.flat and len(item.shape) >= tail
        found[outer] = Known((parts.steps, *item.shape), item.lane, even=even, tail=tail)
    return [found[output] for output in node.outputs]


def _inputs_of_step(parts, known):
    """Facts of what a step of a scan is given from outside: an element of each sequence, constants."""
    inner = {}
    for outer, inside in parts.sequences:
        item = known[outer]
        value = None if item.value is None else item.value[:1][0]
        same = value is not None and bool((item.value == value).all())
        even = item.even and len(item.shape) > item.tail
        inner[inside] = Known(item.shape[1:], item.lane, value if same else None, even, item.tail)
    for outer, inside in parts.constants:
        inner[inside] = known[outer]
    return inner


def _starts(parts, known):
    """Facts of the states of a scan before its first step, and the inner results to be surveyed.

    Returns
    -------
    tuple
        dict of inner input to ``Known``, and a list of inner outputs with those of states in front, each
        with the inner inputs that it becomes.
    """
    starts, wanted = {}, []
    for buffer, insides, _, result, _ in parts.states:
        item = known[buffer]
        starts |= dict.fromkeys(insides, item._replace(shape=item.shape[1:], value=None))
        wanted.append((result, insides))
    for start, inside, result, _ in parts.carried:
        starts[inside] = known[start]._replace(value=None)
        wanted.append((result, [inside]))
    return starts, wanted + [(result, []) for result, _ in parts.traces]


def _fixed_point(wanted, inner, starts, tail):
    """Facts inside a scan: a state may become different between lanes only through the loop itself."""
    while True:
        facts = survey([result for result, _ in wanted], inner | starts, tail)
        grown = [
            inside
            for result, insides in wanted
            for inside in insides
            if facts[result].lane and not starts[inside].lane
        ]
        if not grown:
            return facts
        starts = starts | {inside: starts[inside]._replace(lane=True) for inside in grown}


def _one_node(node, known, memo, tail):
    inputs = [known[variable] for variable in node.inputs]
    op = node.op
    if isinstance(op, Elemwise):
        return _broadcast(node, inputs)
    if isinstance(op, DimShuffle):
        return _dimshuffle(node, inputs)
    if isinstance(op, CAReduce):
        return _reduce(node, inputs)
    if isinstance(op, Subtensor | AdvancedSubtensor):
        return _subtensor(node, known, inputs)
    if isinstance(op, IncSubtensor):
        return _inc_subtensor(node, known, inputs)
    if isinstance(op, Alloc | AllocEmpty):
        return _alloc(node, known, inputs, tail)
    if isinstance(op, Join):
        return _join(node, inputs)
    if isinstance(op, MakeVector):
        return [Known((len(inputs),), any(item.lane for item in inputs), tail=tail)]
    if isinstance(op, Reshape):
        return _reshape(node, known, inputs)
    if isinstance(
        op, SpecifyShape | CheckAndRaise | TensorFromScalar | ScalarFromTensor | ViewOp | DeepCopyOp
    ):
        return [inputs[0]]
    if isinstance(op, Scan):
        return _scan(node, known, memo, tail)
    refuse(node, "the lane compiler has no code for")
    return None


def survey(outputs, known, tail=1, memo=None):
    """Facts of all variables that outputs depend on.

    Parameters
    ----------
    outputs : list of Variable
    known : dict
        ``Known`` of the inputs of the graph.
    tail : int
        Number of axes that together are the lanes.
    memo : dict, optional
        Filled with the facts inside each scan node.

    Returns
    -------
    dict
        Variable to ``Known``.
    """
    known, memo = dict(known), {} if memo is None else memo
    for node in toposort(outputs, blockers=list(known)):
        if isinstance(node.op, OpFromGraph):
            refuse(node, "the lane compiler has no code for")
        for variable in node.inputs:
            if variable not in known:
                if not isinstance(variable, Constant):
                    refuse(node, f"needs the unknown input {variable}")
                known[variable] = of_value(variable.data, tail)
        if isinstance(node.op, Shape):
            found = [of_value(np.array(known[node.inputs[0]].shape), tail)]
        elif isinstance(node.op, Shape_i):
            found = [of_value(known[node.inputs[0]].shape[node.op.i], tail)]
        elif all(known[variable].value is not None for variable in node.inputs) and not isinstance(
            node.op, Scan | AllocEmpty
        ):
            found = _fold(node, known, tail)
        else:
            found = _one_node(node, known, memo, tail)
        known.update(zip(node.outputs, found, strict=True))
    for variable in outputs:
        if variable not in known and isinstance(variable, Constant):
            known[variable] = of_value(variable.data, tail)
    return known

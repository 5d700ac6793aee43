"""Code for operations that move numbers and compute none: views and copies."""

from __future__ import annotations

import math

import numpy as np
from pytensor.compile.ops import DeepCopyOp, ViewOp
from pytensor.raise_op import CheckAndRaise
from pytensor.tensor.basic import (
    Alloc,
    AllocEmpty,
    Join,
    MakeVector,
    ScalarFromTensor,
    TensorFromScalar,
)
from pytensor.tensor.elemwise import DimShuffle
from pytensor.tensor.shape import Reshape, SpecifyShape
from pytensor.tensor.subtensor import AdvancedSubtensor, IncSubtensor, Subtensor

from pm_dalec.lanes.llvm.facts import UnsupportedGraph
from pm_dalec.lanes.llvm.memory import UNDEFINED, Literal, Memory, is_truth_field, sliced
from pm_dalec.lanes.llvm.scalars import aligned, emit_switch
from pm_dalec.lanes.llvm.shapes import constant_indices


def emit_checked(program, node):
    """Same variable under another name; minus infinity where a check of PyMC fails."""
    field = program.field(node.inputs[0])
    conditions = node.inputs[1:]
    can_fail = getattr(node.op, "can_be_replaced_by_ninf", False)
    if isinstance(node.op, CheckAndRaise) and can_fail and conditions:
        space = program.facts[node.outputs[0]].space
        checks = [program.register(program.writer.read(program.field(v), [])) for v in conditions]
        memory = program.writer.allocate(space, lane=program.facts[node.outputs[0]].lane)
        with program.writer.loops(space) as index:
            value = program.writer.read(field, index)
            for check in checks:
                value = emit_switch(*aligned([check, value, -math.inf]))
            program.writer.store(memory, index, value)
        field = memory
    program.fields[node.outputs[0]] = field


def emit_dimshuffle(program, node):
    """View with axes moved, added or dropped."""
    field = program.field(node.inputs[0])
    if isinstance(field, Memory):
        order = node.op.new_order
        space = program.facts[node.outputs[0]].space
        order = order[: len(space)]
        strides = tuple(
            0 if axis == "x" or axis >= len(field.strides) else field.strides[axis]
            for axis in order
        )
        field = field._replace(strides=strides, space=space)
    program.fields[node.outputs[0]] = field


def emit_subtensor(program, node):
    """View of part of a variable."""
    field = program.field(node.inputs[0])
    if isinstance(field, Memory):
        indices = constant_indices(node, program.facts, 1, node.op.idx_list)
        field = sliced(field, indices, program.writer)
    program.fields[node.outputs[0]] = field


def emit_gather(program, node):
    """Copy of the points that constant index arrays pick."""
    source, known = program.field(node.inputs[0]), program.facts[node.inputs[0]]
    indices = constant_indices(node, program.facts, 1, node.op.idx_list)
    picked = np.arange(math.prod(known.space)).reshape(known.space)[indices[: len(known.space)]]
    space = program.facts[node.outputs[0]].space
    memory = program.writer.allocate(space, lane=known.lane, truth=is_truth_field(source))
    for place in np.ndindex(*picked.shape):
        index = [int(i) for i in np.unravel_index(picked[place], known.space)]
        program.writer.store(memory, list(place), program.writer.read(source, index))
    program.fields[node.outputs[0]] = memory


def emit_set_subtensor(program, node):
    """Copy of a variable with part of it set or incremented."""
    target, part = node.inputs[:2]
    known = program.facts[node.outputs[0]]
    memory = program.writer.allocate(known.space, lane=known.lane)
    if program.fields.get(target) is not UNDEFINED:
        program.writer.copy(program.field(target), known.space, memory)
    indices = constant_indices(node, program.facts, 2, node.op.idx_list)
    view = sliced(memory, indices, program.writer)
    missing = len(view.space) - len(program.facts[part].space)
    with program.writer.loops(view.space) as index:
        value = program.register(program.writer.read(program.field(part), index[missing:]))
        if not node.op.set_instead_of_inc:
            value = value + program.writer.load(view, index)
        program.writer.store(view, index, value)
    program.fields[node.outputs[0]] = memory


def emit_alloc(program, node):
    """Variable repeated along new axes."""
    field, known = program.field(node.inputs[0]), program.facts[node.outputs[0]]
    if isinstance(field, Memory):
        missing = len(known.space) - len(field.space)
        strides = tuple(
            0 if size == 1 else stride
            for size, stride in zip(field.space, field.strides, strict=True)
        )
        field = field._replace(strides=(0,) * missing + strides, space=known.space)
    elif isinstance(field, Literal):
        field = Literal(np.broadcast_to(field.values, known.space))
    program.fields[node.outputs[0]] = field


def emit_undefined(program, node):
    """Variable whose numbers are all written later."""
    program.fields[node.outputs[0]] = UNDEFINED


def emit_join(program, node):
    """Variables one after the other along an axis."""
    known = program.facts[node.outputs[0]]
    truth = node.outputs[0].type.dtype == "bool"
    memory = program.writer.allocate(known.space, lane=known.lane, truth=truth)
    start = 0
    for variable in node.inputs:
        size = program.facts[variable].shape[node.op.axis]
        part = (slice(None),) * node.op.axis + (slice(start, start + size),)
        view = sliced(memory, part, program.writer)
        program.writer.copy(program.field(variable), view.space, view)
        start += size
    program.fields[node.outputs[0]] = memory


def emit_make_vector(program, node):
    """Vector of scalars."""
    lane = program.facts[node.outputs[0]].lane
    memory = program.writer.allocate((len(node.inputs),), lane=lane)
    for place, variable in enumerate(node.inputs):
        program.writer.store(memory, [place], program.writer.read(program.field(variable), []))
    program.fields[node.outputs[0]] = memory


def emit_reshape(program, node):
    """Variable with other leading axes."""
    field, known = program.field(node.inputs[0]), program.facts[node.outputs[0]]
    if isinstance(field, Memory):
        inner = program.facts[node.inputs[0]].space
        memory = program.writer.allocate(inner, lane=field.lane, truth=field.truth)
        program.writer.copy(field, inner, memory)
        strides = tuple(math.prod(known.space[axis + 1 :]) for axis in range(len(known.space)))
        field = memory._replace(strides=strides, space=known.space)
    program.fields[node.outputs[0]] = field


EMITTERS = (
    (DimShuffle, emit_dimshuffle),
    (Subtensor, emit_subtensor),
    (AdvancedSubtensor, emit_gather),
    (IncSubtensor, emit_set_subtensor),
    (AllocEmpty, emit_undefined),
    (Alloc, emit_alloc),
    (Join, emit_join),
    (MakeVector, emit_make_vector),
    (Reshape, emit_reshape),
    (
        (SpecifyShape, CheckAndRaise, TensorFromScalar, ScalarFromTensor, ViewOp, DeepCopyOp),
        emit_checked,
    ),
)


def emit_view(program, node):
    """Code for one operation that is neither element-wise, nor a reduction, nor a scan."""
    for kinds, emit in EMITTERS:
        if isinstance(node.op, kinds):
            emit(program, node)
            return
    raise UnsupportedGraph(
        f"wanted operations with code for lanes; got {node.op}; use another back end"
    )

"""Code for a whole graph: fused loops, views instead of copies, and scans as loops over time.

The graph of one block of lanes is written as straight-line vector instructions where variables have
no axis besides lanes, and as loops elsewhere. Element-wise operations over the same index space, and
reductions of them, share one loop. Facts about the variables come from `shapes`.
"""

from __future__ import annotations

import math
from collections import defaultdict

import numpy as np
from pytensor.graph.traversal import toposort
from pytensor.scalar import basic as scalar
from pytensor.scan.op import Scan
from pytensor.tensor.elemwise import CAReduce, Elemwise

from pm_dalec.lanes.llvm.facts import UnsupportedGraph
from pm_dalec.lanes.llvm.memory import Cell, Literal
from pm_dalec.lanes.llvm.registers import Register, constant
from pm_dalec.lanes.llvm.scalars import EMIT, aligned, as_truth, emit_cast
from pm_dalec.lanes.llvm.scan import emit_scan
from pm_dalec.lanes.llvm.views import emit_view

IDENTITY = {
    scalar.Add: 0.0,
    scalar.Mul: 1.0,
    scalar.Maximum: -math.inf,
    scalar.Minimum: math.inf,
    scalar.AND: True,
    scalar.OR: False,
}


def emit_scalar(op, operands, builder):
    """Result of a scalar operation on registers and Python numbers."""
    operands = aligned(operands)
    if isinstance(op, scalar.Cast):
        return [emit_cast(operands[0], op.o_type.dtype)]
    if isinstance(op, scalar.Composite):
        values = dict(zip(op.fgraph.inputs, operands, strict=True))
        for node in op.fgraph.toposort():
            parts = [values[v] if v in values else v.data.item() for v in node.inputs]
            values.update(zip(node.outputs, emit_scalar(node.op, parts, builder), strict=True))
        return [values[variable] for variable in op.fgraph.outputs]
    emit = EMIT.get(type(op))
    if emit is None:
        raise UnsupportedGraph(
            f"wanted scalar operations with code for lanes; got {op}; "
            "write it with exp, log and arithmetic, or use another back end"
        )
    if any(isinstance(operand, Register) for operand in operands):
        return [emit(*operands)]
    node = op.make_node(*(scalar.as_scalar(operand) for operand in operands))
    storage = [[None]]
    op.perform(node, [variable.data for variable in node.inputs], storage)
    return [np.asarray(storage[0][0]).item()]


class Program:
    """Emits the nodes of one graph (the outer one, or the inside of a scan).

    Parameters
    ----------
    writer : Writer
    facts : dict
        Variable to ``Known``.
    inner_facts : dict
        Scan node to the facts inside it.
    fields : dict
        Variable to field, of the inputs of the graph.
    """

    def __init__(self, writer, facts, inner_facts, fields):
        self.writer = writer
        self.facts = facts
        self.inner_facts = inner_facts
        self.fields = dict(fields)
        self.clients = defaultdict(list)
        self.outputs = set()

    def run(self, outputs):
        """Emit everything that outputs need; their fields are in ``self.fields`` then."""
        blockers = [v for v, known in self.facts.items() if known.value is not None]
        nodes = list(toposort(outputs, blockers=[*self.fields, *blockers]))
        self.outputs = set(outputs)
        for node in nodes:
            for variable in node.inputs:
                self.clients[variable].append(node)
        pending = nodes
        while pending:
            waiting = []
            for node in pending:
                if self._is_ready(node) and not self._loop_space(node):
                    self._emit_node(node)
                else:
                    waiting.append(node)
            pending = waiting
            group = self._next_group(pending)
            self._emit_group(group)
            pending = [node for node in pending if node not in set(group)]

    def field(self, variable):
        """Field of a variable whose code is written, or of a constant."""
        if variable in self.fields:
            return self.fields[variable]
        known = self.facts[variable]
        if known.value is None:
            return None
        repeated = len(known.shape) - len(known.space)
        return Literal(np.asarray(known.value[(..., *[0] * repeated)]))

    def _is_ready(self, node):
        return all(self.field(variable) is not None for variable in node.inputs)

    def _loop_space(self, node):
        """Index space of a node that needs a loop, None for other nodes."""
        if isinstance(node.op, Elemwise):
            space = self.facts[node.outputs[0]].space
        elif isinstance(node.op, CAReduce):
            space = self.facts[node.inputs[0]].space
        else:
            return None
        return space if math.prod(space) > 1 else None

    def _next_group(self, pending):
        """Nodes that share the next loop: same space, inputs at hand or made in the loop."""
        space, group, made = None, [], set()
        for node in pending:
            own = self._loop_space(node)
            if own is None or (space is not None and own != space):
                continue
            if all(v in made or self.field(v) is not None for v in node.inputs):
                space = own
                group.append(node)
                if isinstance(node.op, Elemwise):
                    made.update(node.outputs)
        return group

    def _emit_group(self, group):
        if not group:
            return
        space = self._loop_space(group[0])
        members = set(group)
        kept = {}
        for node in group:
            for variable in node.outputs:
                outside = any(client not in members for client in self.clients[variable])
                if isinstance(node.op, CAReduce):
                    kept[variable] = self._accumulator(node)
                elif outside or variable in self.outputs:
                    truth = variable.type.dtype == "bool"
                    lane = self.facts[variable].lane
                    kept[variable] = self.writer.allocate(space, lane=lane, truth=truth)
        with self.writer.loops(space) as index:
            local = {}
            for node in group:
                if isinstance(node.op, CAReduce):
                    self._accumulate(node, kept[node.outputs[0]], index, local)
                    continue
                results = self._elementwise(node, index, local)
                for variable, register in zip(node.outputs, results, strict=True):
                    local[variable] = register
                    if variable in kept:
                        self.writer.store(kept[variable], index, register)
        for variable, memory in kept.items():
            self.fields[variable] = memory if memory.space else self.as_cell(memory)

    def as_cell(self, memory):
        """Register with the content of memory that has no axis but lanes."""
        return Cell(self.writer.load(memory, []))

    def _elementwise(self, node, index, local):
        operands = [
            local[v] if v in local else self.writer.read(self.field(v), index) for v in node.inputs
        ]
        results = emit_scalar(node.op.scalar_op, operands, self.writer.builder)
        return [self.register(value) for value in results]

    def register(self, value):
        """Register with a value that may be a Python number."""
        if isinstance(value, Register):
            return value
        kind = self.writer.kind(False)
        if isinstance(value, bool):
            return as_truth(Register(self.writer.builder, constant(float(value), kind)))
        return Register(self.writer.builder, constant(float(value), kind))

    def _kept_axes(self, node):
        ndim = len(self.facts[node.inputs[0]].shape)
        axes = range(ndim) if node.op.axis is None else node.op.axis
        space = self.facts[node.inputs[0]].space
        return [axis for axis in range(len(space)) if axis not in axes]

    def _accumulator(self, node):
        known = self.facts[node.inputs[0]]
        space = tuple(known.space[axis] for axis in self._kept_axes(node))
        truth = node.outputs[0].type.dtype == "bool"
        memory = self.writer.allocate(space, lane=known.lane, truth=truth)
        with self.writer.loops(space) as index:
            self.writer.store(memory, index, IDENTITY[type(node.op.scalar_op)])
        return memory

    def _accumulate(self, node, memory, index, local):
        variable = node.inputs[0]
        value = (
            local[variable] if variable in local else self.writer.read(self.field(variable), index)
        )
        place = [index[axis] for axis in self._kept_axes(node)]
        so_far = self.writer.load(memory, place)
        (result,) = emit_scalar(node.op.scalar_op, [so_far, value], self.writer.builder)
        self.writer.store(memory, place, result)

    def _emit_node(self, node):
        if isinstance(node.op, Elemwise):
            self._single(node)
        elif isinstance(node.op, CAReduce):
            self._reduce_single(node)
        elif isinstance(node.op, Scan):
            emit_scan(self, node)
        else:
            emit_view(self, node)

    def _single(self, node):
        results = self._elementwise(node, [0] * len(self.facts[node.outputs[0]].space), {})
        for variable, register in zip(node.outputs, results, strict=True):
            self.fields[variable] = Cell(register)

    def _reduce_single(self, node):
        self.fields[node.outputs[0]] = Cell(
            self.register(
                self.writer.read(
                    self.field(node.inputs[0]), [0] * len(self.facts[node.inputs[0]].space)
                )
            )
        )

"""One LLVM module of a graph, and the layout of what it reads and writes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from llvmlite import ir

from pm_dalec.lanes.llvm.memory import Cell, Memory, Writer
from pm_dalec.lanes.llvm.program import Program
from pm_dalec.lanes.llvm.registers import DOUBLE, INT64, Register

FUNCTION_NAME = "evaluate"
_POINTER = ir.PointerType()


class Slot(NamedTuple):
    """Place of one array in packed memory; the offset counts vectors (or numbers) of a block."""

    offset: int
    shape: tuple


class Layout(NamedTuple):
    """Sizes and places of everything that a compiled function reads and writes.

    Parameters
    ----------
    width : int
        Lanes in a block.
    lane_slots, shared_slots, result_slots : tuple of Slot
        Of data that differ between lanes, of data that do not, of results.
    lane_size, shared_size, result_size : int
        Sums of the slots' elements.
    scratch_size : int
        Numbers of working memory.
    """

    width: int
    lane_slots: tuple
    shared_slots: tuple
    result_slots: tuple
    lane_size: int
    shared_size: int
    result_size: int
    scratch_size: int


def slots(shapes):
    """Consecutive places for arrays of the shapes given, and their total size."""
    places, offset = [], 0
    for shape in shapes:
        size = 1
        for length in shape:
            size *= length
        places.append(Slot(offset, tuple(shape)))
        offset += size
    return tuple(places), offset


def _strides(shape):
    strides, stride = [], 1
    for length in reversed(shape):
        strides.insert(0, stride)
        stride *= length
    return tuple(strides)


def emit_module(graph, width):
    """Text of the LLVM module of a graph, and its layout.

    Parameters
    ----------
    graph : LaneGraph
    width : int
        Lanes in a vector register.

    Returns
    -------
    tuple
        str and Layout.
    """
    layout = _layout(graph, width)
    module = ir.Module(name="lanes")
    function = _declared(module)
    positions, stride, first, last, context, results = function.args
    builder = ir.IRBuilder(function.append_basic_block("entry"))
    lanes, shared, scratch = (
        builder.load(builder.gep(context, [INT64(place)], source_etype=_POINTER), typ=_POINTER)
        for place in range(3)
    )
    writer = Writer(builder, width, scratch)
    with writer.loop(builder.sub(last, first)) as block:
        block = builder.add(block, first)
        fields = _position_fields(writer, graph, positions, stride, block)
        fields |= _data_fields(writer, graph.lane_data, layout, lanes, block)
        fields |= _shared_fields(writer, graph.shared_data, layout, shared)
        program = Program(writer, graph.facts, graph.inner_facts, fields)
        program.run(graph.results)
        _write_results(program, graph.results, layout, results, block)
    builder.ret_void()
    return str(module), layout._replace(scratch_size=writer.used + width)


def _layout(graph, width):
    """Layout of a graph; its working memory is known only when the code is written."""
    lane_slots, lane_size = slots([graph.facts[v].space for v in graph.lane_data])
    shared_slots, shared_size = slots([graph.facts[v].space for v in graph.shared_data])
    result_slots, result_size = slots([graph.facts[v].space for v in graph.results])
    return Layout(
        width=width,
        lane_slots=lane_slots,
        shared_slots=shared_slots,
        result_slots=result_slots,
        lane_size=lane_size,
        shared_size=shared_size,
        result_size=result_size,
        scratch_size=0,
    )


def _declared(module):
    """The function ``evaluate`` of a module, still without code."""
    kind = ir.FunctionType(ir.VoidType(), [_POINTER, INT64, INT64, INT64, _POINTER, _POINTER])
    function = ir.Function(module, kind, FUNCTION_NAME)
    function.attributes.add("nounwind")
    positions, _, _, _, context, results = function.args
    for pointer in (positions, context, results):
        pointer.add_attribute("noalias")
    return function


def _position_fields(writer, graph, positions, stride, block):
    """Fields of the value variables, read from the rows of the positions."""
    lane, row, fields = writer.builder.mul(block, INT64(writer.width)), 0, {}
    for variable in graph.positions:
        space = graph.facts[variable].space
        fields[variable], row = _position_field(writer, positions, stride, lane, row, space)
    return fields


def _position_field(writer, positions, stride, lane, row, space):
    """Field of one value variable, and the first row after it."""
    registers = []
    for place in np.ndindex(*space):
        start = writer.sum(lane, writer.product(stride, row))
        pointer = writer.builder.gep(positions, [start], source_etype=DOUBLE)
        memory = Memory(pointer, 0, (), (), lane=True, truth=False)
        registers.append((place, writer.load(memory, [])))
        row += 1
    if not space:
        return Cell(registers[0][1]), row
    memory = writer.allocate(space, lane=True)
    for place, register in registers:
        writer.store(memory, list(place), register)
    return memory, row


def _data_fields(writer, variables, layout, pointer, block):
    """Fields of the data that differ between lanes."""
    builder = writer.builder
    base = builder.mul(block, INT64(layout.lane_size * writer.width))
    fields = {}
    for variable, slot in zip(variables, layout.lane_slots, strict=True):
        place = builder.add(base, INT64(slot.offset * writer.width))
        start = builder.gep(pointer, [place], source_etype=DOUBLE)
        truth = variable.type.dtype == "bool"
        memory = Memory(start, 0, _strides(slot.shape), slot.shape, lane=True, truth=truth)
        fields[variable] = memory if slot.shape else Cell(_loaded(writer, memory))
    return fields


def _shared_fields(writer, variables, layout, pointer):
    """Fields of the data that all lanes share."""
    fields = {}
    for variable, slot in zip(variables, layout.shared_slots, strict=True):
        start = writer.builder.gep(pointer, [INT64(slot.offset)], source_etype=DOUBLE)
        truth = variable.type.dtype == "bool"
        fields[variable] = Memory(
            start, 0, _strides(slot.shape), slot.shape, lane=False, truth=truth
        )
    return fields


def _write_results(program, variables, layout, pointer, block):
    """Copy the results of a block to where the caller reads them."""
    writer = program.writer
    base = writer.builder.mul(block, INT64(layout.result_size * writer.width))
    for variable, slot in zip(variables, layout.result_slots, strict=True):
        place = writer.builder.add(base, INT64(slot.offset * writer.width))
        start = writer.builder.gep(pointer, [place], source_etype=DOUBLE)
        memory = Memory(start, 0, _strides(slot.shape), slot.shape, lane=True, truth=False)
        writer.copy(program.field(variable), slot.shape, memory)


def _loaded(writer, memory):
    register = writer.load(memory, [])
    return register if isinstance(register, Register) else Register(writer.builder, register)

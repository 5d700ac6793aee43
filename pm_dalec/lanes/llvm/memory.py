"""Where the lane compiler keeps a variable, and how it is read and written.

A field holds one variable for a block of lanes: a constant, a register, or memory with one vector
(or one number, where all lanes share it) for each point of the variable's index space.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import NamedTuple

import numpy as np
from llvmlite import ir

from pm_dalec.lanes.llvm.registers import DOUBLE, INT64, Register, constant, splat
from pm_dalec.lanes.llvm.scalars import as_double, as_truth, is_truth


class Cell(NamedTuple):
    """A register that stands for all points of the index space."""

    register: Register


class Literal(NamedTuple):
    """A constant array over the index space."""

    values: np.ndarray


class Memory(NamedTuple):
    """Part of a buffer; offset and strides count numbers, or vectors where ``lane`` is true."""

    pointer: object
    offset: object
    strides: tuple
    space: tuple
    lane: bool
    truth: bool


def total(*terms):
    """Sum of Python integers and registers of integers (LLVM values)."""
    fixed = sum(term for term in terms if isinstance(term, int))
    moving = [term for term in terms if not isinstance(term, int)]
    return fixed, moving


class Writer:
    """Appends instructions that move numbers between registers and memory.

    Parameters
    ----------
    builder : llvmlite.ir.IRBuilder
    width : int
        Number of lanes in a vector register.
    scratch : llvmlite.ir.Value
        Pointer to working memory, private to the call, aligned to 64 bytes.
    """

    def __init__(self, builder, width, scratch):
        self.builder = builder
        self.width = width
        self.scratch = scratch
        self.used = 0

    def kind(self, lane):
        """LLVM type of a number: a vector where lanes differ."""
        return ir.VectorType(DOUBLE, self.width) if lane else DOUBLE

    def integer(self, value):
        """LLVM integer from a Python one (LLVM integers pass through)."""
        return INT64(value) if isinstance(value, int) else value

    def sum(self, *terms):
        """Sum of integers, folded where they are known."""
        fixed, moving = total(*terms)
        if not moving:
            return fixed
        value = moving[0]
        for term in moving[1:]:
            value = self.builder.add(value, term)
        return self.builder.add(value, INT64(fixed)) if fixed else value

    def product(self, index, stride):
        """Product of an index and a known stride."""
        if isinstance(index, int):
            return index * stride
        if stride == 0:
            return 0
        return index if stride == 1 else self.builder.mul(index, INT64(stride))

    def allocate(self, space, *, lane, truth=False):
        """Working memory for a variable."""
        size = self.width if lane else 1
        offset = -(-self.used // self.width) * self.width
        count = int(np.prod(space, dtype=int))
        self.used = offset + count * size
        strides = tuple(int(np.prod(space[axis + 1 :], dtype=int)) for axis in range(len(space)))
        pointer = self.builder.gep(self.scratch, [INT64(offset)], source_etype=DOUBLE)
        return Memory(pointer, 0, strides, tuple(space), lane, truth)

    def _address(self, memory, index):
        place = self.sum(
            memory.offset,
            *(self.product(i, stride) for i, stride in zip(index, memory.strides, strict=True)),
        )
        kind = self.kind(memory.lane)
        return self.builder.gep(memory.pointer, [self.integer(place)], source_etype=kind)

    def load(self, memory, index):
        """Register with the number at a point."""
        kind = self.kind(memory.lane)
        place = self._address(memory, index)
        register = Register(self.builder, self.builder.load(place, typ=kind, align=8))
        return as_truth(register) if memory.truth else register

    def store(self, memory, index, operand):
        """Write a register or number to a point."""
        kind = self.kind(memory.lane)
        operand = as_double(operand)
        if not isinstance(operand, Register):
            value = constant(operand, kind)
        elif memory.lane and not isinstance(operand.value.type, ir.VectorType):
            value = splat(self.builder, operand.value, self.width)
        else:
            value = operand.value
        self.builder.store(value, self._address(memory, index), align=8)

    def read(self, field, index):
        """Number at a point: a register, or a Python number where it is constant."""
        if isinstance(field, Cell):
            return field.register
        if isinstance(field, Memory):
            index = [0 if size == 1 else i for i, size in zip(index, field.space, strict=False)]
            return self.load(field, index)
        return self._read_literal(field.values, list(index))

    def _read_literal(self, values, index):
        index = [0 if size == 1 else i for i, size in zip(index, values.shape, strict=False)]
        first = values.flat[0]
        if (values == first).all() or (np.isnan(first) and np.isnan(values).all()):
            return first.item()
        if all(isinstance(i, int) for i in index):
            return values[tuple(index)].item()
        table = self._table(np.asarray(values, dtype=float))
        strides = [stride // 8 for stride in np.zeros(values.shape).strides]
        memory = Memory(table, 0, tuple(strides), values.shape, False, values.dtype == bool)
        return self.load(memory, index)

    def _table(self, values):
        numbers = [DOUBLE(number) for number in values.ravel().tolist()]
        kind = ir.ArrayType(DOUBLE, len(numbers))
        name = self.builder.module.get_unique_name("table")
        table = ir.GlobalVariable(self.builder.module, kind, name)
        table.initializer, table.global_constant = ir.Constant(kind, numbers), True
        table.linkage = "internal"
        return table

    @contextmanager
    def loop(self, count):
        """Loop over 0 .. count - 1 (at least one pass); gives the index."""
        builder = self.builder
        before = builder.block
        body = builder.append_basic_block("loop")
        after = builder.append_basic_block("after")
        builder.branch(body)
        builder.position_at_end(body)
        index = builder.phi(INT64)
        index.add_incoming(INT64(0), before)
        yield index
        following = builder.add(index, INT64(1))
        index.add_incoming(following, builder.block)
        more = builder.icmp_signed("<", following, self.integer(count))
        builder.cbranch(more, body, after)
        builder.position_at_end(after)

    @contextmanager
    def loops(self, space):
        """Nested loops over an index space; axes of length one take no loop."""
        if not space:
            yield []
        elif space[0] == 1:
            with self.loops(space[1:]) as inner:
                yield [0, *inner]
        else:
            with self.loop(space[0]) as index, self.loops(space[1:]) as inner:
                yield [index, *inner]

    def copy(self, field, space, memory):
        """Write a field, broadcast over an index space, to memory."""
        with self.loops(space) as index:
            self.store(memory, index, self.read(field, index))

    def materialised(self, field, space, *, lane):
        """Field as memory."""
        if isinstance(field, Memory):
            return field
        truth = isinstance(field, Cell) and is_truth(field.register)
        truth = truth or (isinstance(field, Literal) and field.values.dtype == bool)
        memory = self.allocate(space, lane=lane, truth=truth)
        self.copy(field, space, memory)
        return memory


UNDEFINED = Literal(np.zeros(()))
"""Field of a variable whose numbers do not matter."""


def sliced(memory, indices, writer):
    """View of memory under slices and integers of its leading axes."""
    offset, strides, space = memory.offset, [], []
    for axis, (stride, size) in enumerate(zip(memory.strides, memory.space, strict=True)):
        index = indices[axis] if axis < len(indices) else slice(None)
        if isinstance(index, slice):
            start, _, step = index.indices(size)
            offset = writer.sum(offset, start * stride)
            strides.append(stride * step)
            space.append(len(range(*index.indices(size))))
        else:
            offset = writer.sum(offset, (int(index) % size) * stride)
    return memory._replace(offset=offset, strides=tuple(strides), space=tuple(space))


def at_step(memory, step, writer):
    """View of memory at one index of its first axis."""
    offset = writer.sum(memory.offset, writer.product(step, memory.strides[0]))
    return memory._replace(offset=offset, strides=memory.strides[1:], space=memory.space[1:])


def is_truth_field(field):
    """Whether a field holds truth values."""
    if isinstance(field, Memory):
        return field.truth
    return isinstance(field, Cell) and is_truth(field.register)

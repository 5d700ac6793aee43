# ruff: noqa: D105  (operators mean what they always mean)
"""Arithmetic on LLVM values: one expression emits scalar or vector instructions.

A :class:`Register` wraps a value of an LLVM builder, a double or a vector of doubles, and gives it
Python's operators. Formulae written with registers serve Numba's scalar functions
(`elementary`) and the explicit vectors of the lane compiler
alike; there is one text of each formula.

Additions and products carry the flag ``contract`` (a product and a sum may be rounded once), the
only liberty taken: NaN, infinities, signed zeros and the order of operations are kept.
"""

from __future__ import annotations

from llvmlite import ir

DOUBLE = ir.DoubleType()
INT64 = ir.IntType(64)
BOOL = ir.IntType(1)
_CONTRACT = ("contract",)


def widened(element, like):
    """LLVM type with the element type given and the width of another type."""
    if isinstance(like, ir.VectorType):
        return ir.VectorType(element, like.count)
    return element


def constant(value, kind):
    """LLVM constant of a scalar or vector type, equal in all its elements."""
    if isinstance(kind, ir.VectorType):
        return ir.Constant(kind, [ir.Constant(kind.element, value)] * kind.count)
    return ir.Constant(kind, value)


def splat(builder, value, width):
    """Vector of a given width that repeats a scalar LLVM value."""
    kind = ir.VectorType(value.type, width)
    index = ir.IntType(32)
    first = builder.insert_element(ir.Constant(kind, ir.Undefined), value, index(0))
    mask = ir.Constant(ir.VectorType(index, width), [index(0)] * width)
    return builder.shuffle_vector(first, ir.Constant(kind, ir.Undefined), mask)


def intrinsic(builder, name, *arguments):
    """Call of an LLVM intrinsic that maps values of one type to the same type."""
    kind = arguments[0].type
    if isinstance(kind, ir.VectorType):
        name = f"{name}.v{kind.count}{kind.element.intrinsic_name}"
    else:
        name = f"{name}.{kind.intrinsic_name}"
    function = builder.module.globals.get(name)
    if function is None:
        signature = ir.FunctionType(kind, [kind] * len(arguments))
        function = ir.Function(builder.module, signature, name)
    return builder.call(function, arguments)


class Register:
    """A number, or a vector of numbers, inside a function being emitted.

    Parameters
    ----------
    builder : llvmlite.ir.IRBuilder
        Where instructions are appended.
    value : llvmlite.ir.Value
        Double, 64-bit integer or truth value, or a vector of them.
    """

    __slots__ = ("builder", "value")

    def __init__(self, builder, value):
        self.builder = builder
        self.value = value

    def like(self, other):
        """Register of the same type from a Python number (registers pass through)."""
        if isinstance(other, Register):
            return other
        return Register(self.builder, constant(other, self.value.type))

    def _emit(self, operation, other, flags):
        value = getattr(self.builder, operation)(self.value, self.like(other).value, flags=flags)
        return Register(self.builder, value)

    def __add__(self, other):
        return self._emit("fadd", other, _CONTRACT)

    def __sub__(self, other):
        return self._emit("fsub", other, _CONTRACT)

    def __mul__(self, other):
        return self._emit("fmul", other, _CONTRACT)

    def __truediv__(self, other):
        return self._emit("fdiv", other, ())

    def __radd__(self, other):
        return self.like(other) + self

    def __rsub__(self, other):
        return self.like(other) - self

    def __rmul__(self, other):
        return self.like(other) * self

    def __rtruediv__(self, other):
        return self.like(other) / self

    def __neg__(self):
        return Register(self.builder, self.builder.fneg(self.value))

    def __abs__(self):
        return Register(self.builder, intrinsic(self.builder, "llvm.fabs", self.value))

    def compare(self, relation, other):
        """Truth of an ordered comparison (false when either side is NaN)."""
        other = self.like(other).value
        return Register(self.builder, self.builder.fcmp_ordered(relation, self.value, other))

    def where(self, condition, otherwise):
        """Choose this value where the condition holds, the other elsewhere."""
        otherwise = self.like(otherwise).value
        return Register(self.builder, self.builder.select(condition.value, self.value, otherwise))

    def bits(self):
        """Bit pattern as a 64-bit integer."""
        kind = widened(INT64, self.value.type)
        return Register(self.builder, self.builder.bitcast(self.value, kind))

    def from_bits(self):
        """Double with this bit pattern."""
        kind = widened(DOUBLE, self.value.type)
        return Register(self.builder, self.builder.bitcast(self.value, kind))

    def integer(self, operation, other):
        """Apply an integer instruction (``add``, ``sub``, ``and_``, ``shl``, ``lshr`` ...)."""
        value = getattr(self.builder, operation)(self.value, self.like(other).value)
        return Register(self.builder, value)


def polynomial(x, coefficients):
    """Polynomial by Estrin's scheme, lowest power first: short chains of dependent operations."""
    terms = [x.like(value) for value in coefficients]
    power = x
    while len(terms) > 1:
        pairs = zip(terms[0::2], terms[1::2], strict=False)
        odd_one = terms[-1:] if len(terms) % 2 else []
        terms = [low + high * power for low, high in pairs] + odd_one
        power = power * power
    return terms[0]

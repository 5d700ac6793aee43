"""How each scalar operation of a PyTensor graph becomes instructions on registers.

An entry of :data:`EMIT` takes the operands of one operation, registers or Python numbers (at least one
register), and gives a register. Truth values are single bits; everything else is a double, integers
included, whose arithmetic is exact below 2^53.
"""

from __future__ import annotations

import math

from llvmlite import ir
from pytensor.scalar import basic as scalar, math as special

from pm_dalec.lanes.llvm import elementary
from pm_dalec.lanes.llvm.registers import (
    BOOL,
    DOUBLE,
    Register,
    constant,
    intrinsic,
    splat,
    widened,
)


def is_truth(operand):
    """Whether an operand is a truth value."""
    if isinstance(operand, Register):
        kind = operand.value.type
        return (kind.element if isinstance(kind, ir.VectorType) else kind) == BOOL
    return isinstance(operand, bool)


def as_double(operand):
    """Operand as a number: true is one."""
    if not isinstance(operand, Register):
        return float(operand)
    if not is_truth(operand):
        return operand
    kind = widened(DOUBLE, operand.value.type)
    return Register(operand.builder, operand.builder.uitofp(operand.value, kind))


def as_truth(operand):
    """Operand as a truth value: all but zero is true, NaN included."""
    if not isinstance(operand, Register):
        return bool(operand)
    if is_truth(operand):
        return operand
    zero = constant(0.0, operand.value.type)
    value = operand.builder.fcmp_unordered("!=", operand.value, zero)
    return Register(operand.builder, value)


def aligned(operands):
    """Operands with scalar registers repeated to the width of the vector registers, if any."""
    widths = [
        operand.value.type.count
        for operand in operands
        if isinstance(operand, Register) and isinstance(operand.value.type, ir.VectorType)
    ]
    if not widths:
        return list(operands)

    def widen(operand):
        if not isinstance(operand, Register) or isinstance(operand.value.type, ir.VectorType):
            return operand
        return Register(operand.builder, splat(operand.builder, operand.value, widths[0]))

    return [widen(operand) for operand in operands]


def _numbers(function):
    """Operation on numbers."""

    def emit(*operands):
        operands = [as_double(operand) for operand in operands]
        register = next(operand for operand in operands if isinstance(operand, Register))
        return function(*(register.like(operand) for operand in operands))

    return emit


def _truths(operation):
    """Operation on truth values, an integer instruction on single bits."""

    def emit(*operands):
        operands = [as_truth(operand) for operand in operands]
        total = next(operand for operand in operands if isinstance(operand, Register))
        rest = [operand for operand in operands if operand is not total]
        for operand in rest:
            total = total.integer(operation, total.like(operand))
        return total

    return emit


def _library(name):
    """Call of the C library, one lane after the other: slow, for rare operations."""

    def call(*operands):
        builder, kind = operands[0].builder, operands[0].value.type
        values = [operand.value for operand in operands]
        function = builder.module.globals.get(name)
        if function is None:
            signature = ir.FunctionType(DOUBLE, [DOUBLE] * len(values))
            function = ir.Function(builder.module, signature, name)
        if not isinstance(kind, ir.VectorType):
            return Register(builder, builder.call(function, values))
        result = ir.Constant(kind, ir.Undefined)
        for lane in range(kind.count):
            place = ir.IntType(32)(lane)
            parts = [builder.extract_element(value, place) for value in values]
            result = builder.insert_element(result, builder.call(function, parts), place)
        return Register(builder, result)

    return _numbers(call)


def _intrinsic(name):
    """LLVM intrinsic of one number."""
    return _numbers(lambda x: Register(x.builder, intrinsic(x.builder, name, x.value)))


def _nary(function):
    """Left-associative operation on any number of operands, in their order."""

    def emit(*operands):
        total = operands[0]
        for operand in operands[1:]:
            total = function(total, operand)
        return total

    return _numbers(emit)


def _compare(relation):
    if relation == "!=":
        return _numbers(
            lambda x, y: Register(x.builder, x.builder.fcmp_unordered("!=", x.value, y.value))
        )
    return _numbers(lambda x, y: x.compare(relation, y))


def _is_nan(x):
    return Register(x.builder, x.builder.fcmp_unordered("uno", x.value, x.value))


def _extreme(relation):
    """Larger or smaller of two numbers; NaN when either is NaN."""

    def emit(x, y):
        if isinstance(y.value, ir.Constant):
            x, y = y, x
        if isinstance(x.value, ir.Constant):
            return x.where(x.compare(relation, y), y)
        first = x.compare(relation, y).integer("or_", _is_nan(x))
        return x.where(first, y)

    return _numbers(emit)


def emit_switch(condition, chosen, otherwise):
    """Value where a condition holds, another elsewhere."""
    condition = as_truth(condition)
    if not isinstance(condition, Register):
        return chosen if condition else otherwise
    builder = condition.builder
    if is_truth(chosen) and is_truth(otherwise):
        kind = condition.value.type
    else:
        chosen, otherwise = as_double(chosen), as_double(otherwise)
        kind = widened(DOUBLE, condition.value.type)
    values = [
        side.value if isinstance(side, Register) else constant(side, kind)
        for side in (chosen, otherwise)
    ]
    return Register(builder, builder.select(condition.value, *values))


def emit_quotient(x, y):
    """Quotient; reciprocals may be shared, hoisted out of loops and taken of constants.

    The result can differ from the correctly rounded one by one unit in the last place.
    """
    return Register(x.builder, x.builder.fdiv(x.value, y.value, flags=("arcp", "contract")))


def _integer_power(x, exponent):
    result = None
    while exponent:
        if exponent % 2:
            result = x if result is None else result * x
        x, exponent = x * x if exponent > 1 else x, exponent // 2
    return result


def emit_power(x, exponent):
    """Power; constant exponents are unrolled or go through exp and log."""
    if isinstance(exponent, Register) or not isinstance(x, Register):
        return _library("pow")(x, exponent)
    x, exponent = as_double(x), float(exponent)
    if exponent == 0.5:
        return _intrinsic("llvm.sqrt")(x)
    if exponent == int(exponent) and 0 < abs(exponent) <= 16:
        power = _integer_power(x, abs(int(exponent)))
        return power if exponent > 0 else 1.0 / power
    return elementary.emit_exp(exponent * elementary.emit_log(x))


def emit_cast(operand, dtype):
    """Change of type; integers are doubles without a fraction."""
    if dtype == "bool":
        return as_truth(operand)
    operand = as_double(operand)
    if dtype.startswith("float"):
        return operand
    return _intrinsic("llvm.trunc")(operand)


def _sign(x):
    signed = x.like(1.0).where(x.compare(">", 0.0), x)
    return x.like(-1.0).where(x.compare("<", 0.0), signed)


def _clip(x, low, high):
    x = low.where(x.compare("<", low), x)
    return high.where(x.compare(">", high), x)


def _floor_division(x, y):
    quotient = x / y
    return Register(x.builder, intrinsic(x.builder, "llvm.floor", quotient.value))


def _softplus(x):
    """log(1 + exp(x)) without overflow."""
    positive = x.where(x.compare(">", 0.0), 0.0)
    value = positive + elementary.emit_log1p(elementary.emit_exp(-abs(x)))
    return value.where(x.compare("==", x), x)


def _log1mexp(x):
    """log(1 - exp(x)) for negative x."""
    near = elementary.emit_log(-elementary.emit_expm1(x))
    far = elementary.emit_log1p(-elementary.emit_exp(x))
    return far.where(x.compare("<", -math.log(2.0)), near)


def _invert(operand):
    operand = as_truth(operand)
    return operand.integer("xor", operand.like(True))


EMIT = {
    scalar.Add: _nary(lambda x, y: x + y),
    scalar.Mul: _nary(lambda x, y: x * y),
    scalar.Sub: _nary(lambda x, y: x - y),
    scalar.TrueDiv: _numbers(emit_quotient),
    scalar.IntDiv: _numbers(_floor_division),
    scalar.Mod: _numbers(lambda x, y: x - y * _floor_division(x, y)),
    scalar.Neg: _numbers(lambda x: -x),
    scalar.Abs: _numbers(abs),
    scalar.Sign: _numbers(_sign),
    scalar.Sqr: _numbers(lambda x: x * x),
    scalar.Reciprocal: _numbers(lambda x: emit_quotient(x.like(1.0), x)),
    scalar.Pow: emit_power,
    scalar.Sqrt: _intrinsic("llvm.sqrt"),
    scalar.Floor: _intrinsic("llvm.floor"),
    scalar.Ceil: _intrinsic("llvm.ceil"),
    scalar.Trunc: _intrinsic("llvm.trunc"),
    scalar.RoundHalfToEven: _intrinsic("llvm.rint"),
    scalar.Maximum: _extreme(">"),
    scalar.Minimum: _extreme("<"),
    scalar.Clip: _numbers(_clip),
    scalar.Second: lambda x, y: y,
    scalar.Identity: lambda x: x,
    scalar.Switch: emit_switch,
    scalar.LT: _compare("<"),
    scalar.GT: _compare(">"),
    scalar.LE: _compare("<="),
    scalar.GE: _compare(">="),
    scalar.EQ: _compare("=="),
    scalar.NEQ: _compare("!="),
    scalar.IsNan: _numbers(_is_nan),
    scalar.IsInf: _numbers(lambda x: abs(x).compare("==", math.inf)),
    scalar.AND: _truths("and_"),
    scalar.OR: _truths("or_"),
    scalar.XOR: _truths("xor"),
    scalar.Invert: _invert,
    scalar.Exp: _numbers(elementary.emit_exp),
    scalar.Expm1: _numbers(elementary.emit_expm1),
    scalar.Log: _numbers(elementary.emit_log),
    scalar.Log1p: _numbers(elementary.emit_log1p),
    scalar.Sin: _numbers(elementary.emit_sin),
    scalar.Cos: _numbers(elementary.emit_cos),
    scalar.Log2: _library("log2"),
    scalar.Log10: _library("log10"),
    scalar.Exp2: _library("exp2"),
    scalar.Tan: _library("tan"),
    scalar.Tanh: _library("tanh"),
    scalar.ArcSin: _library("asin"),
    scalar.ArcCos: _library("acos"),
    scalar.ArcTan: _library("atan"),
    scalar.ArcTan2: _library("atan2"),
    special.Erf: _library("erf"),
    special.Erfc: _library("erfc"),
    special.GammaLn: _library("lgamma"),
    special.Sigmoid: _numbers(lambda x: 1.0 / (1.0 + elementary.emit_exp(-x))),
    special.Softplus: _numbers(_softplus),
    special.Log1mexp: _numbers(_log1mexp),
}

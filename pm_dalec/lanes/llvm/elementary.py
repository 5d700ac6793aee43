"""Elementary functions without branches, so that a compiler can vectorise loops over them.

Numba calls the scalar functions of the C library, and a call stops LLVM's loop vectoriser. The
functions here are emitted in place as straight-line arithmetic: range reduction by adding and
subtracting a large number, polynomials by Estrin's scheme, powers of two assembled as bit patterns.
They agree with the exact values to about 1e-15 (relative) and keep NaN, infinities, signed zeros,
overflow and subnormal results.

Use them inside ``numba.njit`` functions::

    @numba.njit
    def decay(time, rate, out):
        for index in range(len(time)):
            out[index] = vector_math.exp(-rate * time[index])

``emit_exp`` and its companions append the same instructions to any LLVM function; the lane compiler
uses them on explicit vectors.

Notes
-----
Polynomials are near-minimax (Chebyshev) fits computed with 50 digits: of (exp(r) - 1 - r) / r^2 on
|r| <= ln(2)/2 (absolute error 1.3e-17 in exp), of (2 atanh(s)/s - 2)/s^2 in s^2 up to
((sqrt 2 - 1)/(sqrt 2 + 1))^2 (5e-18) and of (sin(r) - r)/r^3 in r^2 up to (pi/2)^2 (9e-19).
``sin`` and ``cos`` subtract pi in three parts; they are meant for arguments below 1e7 rad and give
NaN beyond.
"""

from __future__ import annotations

import math

from numba import types
from numba.extending import intrinsic

from pm_dalec.lanes.llvm.registers import Register, polynomial

# Adding and subtracting 1.5 * 2^52 rounds to an integer, whose low bits then stand in the mantissa.
_ROUNDER = 6755399441055744.0
_LOG2_E = 1.4426950408889634
# ln 2 in two parts: the first has 32 bits, so that its product with an exponent is exact.
_LN2_HIGH = 0.6931471803691238
_LN2_LOW = 1.9082149292705877e-10
# pi in three parts, the first two of 30 bits.
_PI_HIGH = 3.141592651605606
_PI_MIDDLE = 1.9841871583270443e-09
_PI_LOW = 1.034036596358821e-18
# Largest angle [rad] whose half turns multiply the parts of pi exactly.
_LARGEST_ANGLE = 1e7
# Below this, exp(x) - 1 is x; above it, half of x is still a normal number.
_TINY = 2.0**-1000
_SMALLEST_NORMAL = 2.2250738585072014e-308
# Distance of the bit patterns of 1 and sqrt(1/2), and the latter pattern itself.
_SQRT_HALF_BITS = 0x3FE6A09E667F3BCD
_ONE_MINUS_SQRT_HALF_BITS = 0x3FF0000000000000 - _SQRT_HALF_BITS
_MANTISSA_BITS = 0x000FFFFFFFFFFFFF
_EXPONENT_BIAS = 1023
# 2^52 as a bit pattern; an integer below 2^52 in its mantissa reads as 2^52 + integer.
_TWO_52 = 4503599627370496.0
_TWO_52_BITS = 0x4330000000000000

_EXP = (
    0.5000000000000001,
    0.16666666666666669,
    0.04166666666662413,
    0.008333333333330062,
    0.0013888888917213717,
    0.00019841269863053618,
    2.4801521295954376e-05,
    2.7557268459997064e-06,
    2.7620088445409746e-07,
    2.510038549551032e-08,
)
_LOG = (
    0.666666666666667,
    0.3999999999989889,
    0.28571428626253836,
    0.22222211089379496,
    0.1818289243253687,
    0.15331611722055008,
    0.14617807153417325,
)
_SIN = (
    -0.16666666666666666,
    0.008333333333333316,
    -0.00019841269841254966,
    2.7557319219160833e-06,
    -2.505210761669045e-08,
    1.6058977292642743e-10,
    -7.643969663988074e-13,
    2.7314368769379893e-15,
)


def _rounded(x):
    """Nearest integer of a small number, as a double and as bits (low end of the mantissa)."""
    shifted = x + _ROUNDER
    return shifted - _ROUNDER, shifted.bits()


def _reduced_by_ln2(x):
    """Bits of how often ln 2 fits in x, and what is left."""
    count, bits = _rounded(x * _LOG2_E)
    return bits, (x - count * _LN2_HIGH) - count * _LN2_LOW


def emit_exp(x):
    """Exponential; a second factor lets overflow and subnormal results round once."""
    x = x.like(-746.0).where(x.compare("<", -746.0), x)
    x = x.like(710.0).where(x.compare(">", 710.0), x)
    bits, rest = _reduced_by_ln2(x)
    mantissa = 1.0 + (rest + rest * rest * polynomial(rest, _EXP))
    low = x.compare("<", -708.0)
    bias = bits.like(_EXPONENT_BIAS + 99).where(low, bits.like(_EXPONENT_BIAS - 1))
    factor = x.like(2.0**-99).where(low, 2.0)
    return mantissa * bits.integer("add", bias).integer("shl", 52).from_bits() * factor


def emit_expm1(x):
    """exp(x) - 1 without cancellation near zero."""
    argument = x
    x = x.like(-50.0).where(x.compare("<", -50.0), x)
    x = x.like(710.0).where(x.compare(">", 710.0), x)
    bits, rest = _reduced_by_ln2(x)
    # Half the power of two: 2^1024 is none.
    half = bits.integer("add", _EXPONENT_BIAS - 1).integer("shl", 52).from_bits()
    series = rest + rest * rest * polynomial(rest, _EXP)
    value = (half * series + (half - 0.5)) * 2.0
    return argument.where(abs(argument).compare("<", _TINY), value)


def _split(x):
    """Exponent k (a double, and biased bits) and mantissa in [sqrt(1/2), sqrt 2) of a number."""
    shifted = x.bits().integer("add", _ONE_MINUS_SQRT_HALF_BITS)
    biased = shifted.integer("lshr", 52)
    exponent = biased.integer("or_", _TWO_52_BITS).from_bits() - (_TWO_52 + _EXPONENT_BIAS)
    mantissa = shifted.integer("and_", _MANTISSA_BITS).integer("add", _SQRT_HALF_BITS)
    return exponent, biased, mantissa.from_bits()


def _log_of_parts(exponent, excess, lost):
    """Sum exponent ln 2 + log(1 + excess + lost), where ``lost`` is tiny."""
    ratio = excess / (2.0 + excess)
    square = ratio * ratio
    half_square = 0.5 * excess * excess
    series = half_square + square * polynomial(square, _LOG)
    low = ratio * series + exponent * _LN2_LOW
    if lost is not None:
        # 1/(1 + excess) = (1 - ratio)/(1 + ratio), to one per cent
        low = low + lost * (1.0 - 2.0 * ratio + 2.0 * square)
    return exponent * _LN2_HIGH - ((half_square - low) - excess)


def _log_edges(x, value):
    """Logarithm at zero, below zero, at infinity and at NaN."""
    value = value.where(x.compare("<", math.inf), x)
    edge = x.like(math.nan).where(x.compare("<", 0.0), -math.inf)
    return edge.where(x.compare("<=", 0.0), value)


def emit_log(x):
    """Natural logarithm."""
    subnormal = x.compare("<", _SMALLEST_NORMAL)
    scaled = (x * 2.0**54).where(subnormal, x)
    exponent, _, mantissa = _split(scaled)
    exponent = (exponent - 54.0).where(subnormal, exponent)
    return _log_edges(x, _log_of_parts(exponent, mantissa - 1.0, None))


def emit_log1p(x):
    """log(1 + x) without cancellation near zero."""
    total = 1.0 + x
    # What rounding 1 + x has lost (Knuth's two-sum), scaled like the mantissa.
    part = total - 1.0
    lost = (1.0 - (total - part)) + (x - part)
    exponent, biased, mantissa = _split(total)
    inverse = biased.like(2 * _EXPONENT_BIAS).integer("sub", biased).integer("shl", 52)
    value = _log_of_parts(exponent, mantissa - 1.0, lost * inverse.from_bits())
    return x.where(x.compare("==", 0.0), _log_edges(total, value))


def _sine_of_rest(rest, count_bits):
    """sin(rest), negated when the number of half turns is odd."""
    square = rest * rest
    value = rest + rest * square * polynomial(square, _SIN)
    sign = count_bits.integer("shl", 63)
    return value.bits().integer("xor", sign).from_bits()


def _angle(x):
    """Angle [rad] within the range that can be reduced, NaN outside."""
    return x.where(abs(x).compare("<=", _LARGEST_ANGLE), math.nan)


def _reduced_by_pi(x, count):
    """Argument minus a number of half turns."""
    return ((x - count * _PI_HIGH) - count * _PI_MIDDLE) - count * _PI_LOW


def emit_sin(x):
    """Sine of an angle [rad]."""
    x = _angle(x)
    count, bits = _rounded(x * (1.0 / math.pi))
    value = _sine_of_rest(_reduced_by_pi(x, count), bits)
    return x.where(x.compare("==", 0.0), value)


def emit_cos(x):
    """Cosine of an angle [rad]: minus the sine of the angle less a quarter turn."""
    x = _angle(x)
    count, bits = _rounded(x * (1.0 / math.pi) - 0.5)
    return -_sine_of_rest(_reduced_by_pi(x, count + 0.5), bits)


def _numba_function(emit, summary):
    """Numba function of one double that emits the given instructions in place."""

    def function(typing_context, x):
        def code(context, builder, signature, arguments):
            value = context.cast(builder, arguments[0], signature.args[0], types.float64)
            return emit(Register(builder, value)).value

        return types.float64(types.float64), code

    function.__name__ = emit.__name__.removeprefix("emit_")
    function.__doc__ = summary
    return intrinsic(function)


exp = _numba_function(emit_exp, "Exponential of a double, inside a Numba function.")
expm1 = _numba_function(emit_expm1, "exp(x) - 1 of a double, inside a Numba function.")
log = _numba_function(emit_log, "Natural logarithm of a double, inside a Numba function.")
log1p = _numba_function(emit_log1p, "log(1 + x) of a double, inside a Numba function.")
sin = _numba_function(emit_sin, "Sine of an angle [rad], inside a Numba function.")
cos = _numba_function(emit_cos, "Cosine of an angle [rad], inside a Numba function.")

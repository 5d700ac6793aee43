"""CARDAMOM's search for the stomatal optimum, which it ends after eight passes; for parity.

Inverse quadratic interpolation, secant and bisection in a bracket (MODEL, section 6, steps 1 to 5). The exact
root is `converged`.
"""

from typing import NamedTuple

from pm_dalec.physics.stomata import (
    BRACKET_CONDUCTANCE,
    LEAST_CONDUCTANCE,
    WATER_PRICE,
    Leaves,
    price_less_gain,
)
from pm_dalec.tables.kinds import Array, ArrayModule

SEARCH_PASSES = 8


class _Search(NamedTuple):
    """State of the bracketing search: three points with their shortfalls, and two step lengths."""

    older: Array
    best: Array
    other: Array
    f_older: Array
    f_best: Array
    f_other: Array
    step: Array
    last: Array
    done: Array


def _search_pass(
    state: _Search, leaves: Leaves, tolerance: Array, enough: Array, xp: ArrayModule
) -> _Search:
    """One pass of the search (MODEL, section 6, steps 1 to 5); frozen where it is done."""
    a, b, c, fa, fb, fc, d, e, done = state
    same = fb * fc > 0
    c, fc = xp.where(same, a, c), xp.where(same, fa, fc)
    d, e = xp.where(same, b - a, d), xp.where(same, b - a, e)
    swap = xp.abs(fc) < xp.abs(fb)
    a, b, c = xp.where(swap, b, a), xp.where(swap, c, b), xp.where(swap, b, c)
    fa, fb, fc = xp.where(swap, fb, fa), xp.where(swap, fc, fb), xp.where(swap, fb, fc)
    narrow = 6e-8 * xp.abs(b) + tolerance / 2
    half = (c - b) / 2
    finished = done | (xp.abs(half) <= narrow) | (xp.abs(fb) < enough)
    d, e = _interpolated(a, b, c, fa, fb, fc, d, e, narrow, half, xp)
    forced = b + xp.where(half >= 0, narrow, -narrow)
    moved = xp.where(xp.abs(d) > narrow, b + d, forced)
    f_moved = price_less_gain(moved, leaves, xp)
    fresh = _Search(b, moved, c, fb, f_moved, fc, d, e, finished)
    held = _Search(a, b, c, fa, fb, fc, d, e, finished)
    kept = [xp.where(finished, old, new) for old, new in zip(held[:-1], fresh[:-1], strict=True)]
    frozen = [xp.where(done, old, new) for old, new in zip(state[:-1], kept, strict=True)]
    return _Search._make((*frozen, finished))


def _interpolated(
    a: Array,
    b: Array,
    c: Array,
    fa: Array,
    fb: Array,
    fc: Array,
    d: Array,
    e: Array,
    narrow: Array,
    half: Array,
    xp: ArrayModule,
) -> tuple[Array, Array]:
    """Next step of the search: inverse quadratic, secant or bisection."""
    ratio = fb / fa
    outer, inner = fa / fc, fb / fc
    secant = xp.abs(a - c) <= 0
    p = xp.where(
        secant,
        2 * half * ratio,
        ratio * (2 * half * outer * (outer - inner) - (b - a) * (inner - 1)),
    )
    q = xp.where(secant, 1 - ratio, (outer - 1) * (inner - 1) * (ratio - 1))
    q = xp.where(p > 0, -q, q)
    p = xp.abs(p)
    limit = xp.minimum(3 * half * q - xp.abs(narrow * q), xp.abs(e * q))
    trusted = (xp.abs(e) >= narrow) & (xp.abs(fa) > xp.abs(fb)) & (2 * p < limit)
    return xp.where(trusted, p / q, half), xp.where(trusted, d, half)


def truncated(leaves: Leaves, xp: ArrayModule) -> Array:
    """Stomatal conductance as CARDAMOM's search leaves it after at most eight passes [mmol m-2 s-1].

    Most searches stop far from the root: the tolerance is 10 mmol m-2 s-1 per unit of leaf area.
    """
    least, most = LEAST_CONDUCTANCE * leaves.lai, leaves.potential
    tolerance, enough = 10 * leaves.lai, 0.1 * WATER_PRICE * leaves.daylight_fraction
    at_most = price_less_gain(most, leaves, xp)
    at_bracket = price_less_gain(BRACKET_CONDUCTANCE, leaves, xp)
    at_least = price_less_gain(least, leaves, xp)
    nothing = at_most * 0.0
    first_good = xp.abs(at_least) < enough
    second_good = xp.abs(at_most) < enough
    start = xp.where(first_good, least, most)
    f_start = xp.where(first_good, at_least, at_most)
    state = _Search(
        least,
        start,
        start,
        at_least,
        f_start,
        f_start,
        nothing,
        nothing,
        first_good | second_good,
    )
    for _ in range(SEARCH_PASSES):
        state = _search_pass(state, leaves, tolerance, enough, xp)
    end = xp.where(at_most > 0, least, most)
    return xp.where(at_most * at_bracket > 0, end, state.best)

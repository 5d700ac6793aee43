"""What the lane compiler knows of a variable before it writes code."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class UnsupportedGraph(NotImplementedError):
    """The graph holds an operation that the lane compiler has no code for."""


class Known(NamedTuple):
    """What is known of a variable.

    Parameters
    ----------
    shape : tuple of int
        All axes; the last ``tail`` are lanes where ``lane`` is true.
    lane : bool
        Whether the variable differs between lanes.
    value : numpy.ndarray or None
        Its value, where it is constant.
    even : bool
        Whether a variable without lanes is the same along its last ``tail`` axes.
    tail : int
        Number of axes that together are the lanes: none for a site, two for strata of pixels.
    """

    shape: tuple
    lane: bool
    value: np.ndarray | None = None
    even: bool = False
    tail: int = 1

    @property
    def flat(self):
        """Whether the variable has no lanes and fits beside any that has."""
        ones = len(self.shape) >= self.tail and all(
            size == 1 for size in self.shape[len(self.shape) - self.tail :]
        )
        return not self.lane and (self.even or ones)

    @property
    def space(self):
        """Axes over which a loop must run: without lanes, or what only repeats itself there."""
        if self.lane or self.flat:
            return self.shape[: len(self.shape) - self.tail]
        return self.shape


def of_value(value, tail=1):
    """Known facts of a constant."""
    value = np.asarray(value)
    even = value.ndim >= tail and value.size > 0
    if even:
        first = value[(..., *[slice(0, 1)] * tail)]
        even = np.array_equal(
            value, np.broadcast_to(first, value.shape), equal_nan=value.dtype.kind == "f"
        )
    return Known(value.shape, False, value, even, tail)


def refuse(node, reason):
    """Raise because of a node that cannot become code for lanes."""
    raise UnsupportedGraph(
        f"wanted operations that keep lanes apart; got {node.op} that {reason}, "
        f"in the graph of '{node.outputs[0].name or node.outputs[0]}'; "
        "keep the lane dimension last in every variable, and hand over what differs between "
        "lanes as pm.Data with that dimension"
    )

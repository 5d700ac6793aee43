"""Kinds of arguments, as types: what a function of the physics takes, for readers, editors and mypy."""

from typing import Any, Literal

type Array = Any
"""Array (or number) of the module in hand: NumPy, PyTensor or JAX."""

type ArrayModule = Any
"""``numpy``, ``pytensor.tensor``, ``jax.numpy``, or what has the functions of theirs that are used."""

type Solver = Literal["converged", "truncated"]
"""Stomatal optimum: the exact root, or CARDAMOM's search."""

type Era = Literal["edinburgh2021", "edinburgh2024"] | None
"""Set of ecological constraints; None for none."""

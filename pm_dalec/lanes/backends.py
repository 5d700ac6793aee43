"""Evaluate a PyMC model for many lanes in one compiled call.

A lane is one chain of one pixel. A model whose free variables all have ``pixel`` as their last
dimension is a stack of independent models; here the stack becomes vector instructions::

    density = lane_logp(model)
    density(positions)              # (lane, parameter) -> (lane,) log-probability
    chains = density.bind(units)    # the data of chosen pixels, one lane each
    chains(positions)

The graph is PyMC's own. It is lowered to LLVM directly (the back end llvm): element-wise
operations become straight-line code on registers of several lanes, scans become loops over time around
it, and what depends on data alone is computed once a set of data. A compiled function serves any number
of lanes and any data of the same shapes, and is kept on disk.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pymc as pm

from pm_dalec.lanes.cut import check_lanes, density_terms, lane_dimensions, lane_graph
from pm_dalec.lanes.function import WIDTH, LaneFunction

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytensor.graph.basic import Variable

    from pm_dalec.lanes.jax_backend import JaxLanes

WIDTHS = (1, 2, 4, 8, 16, 32)  # lanes in a block of vector instructions
BACKENDS = ("auto", "llvm", "jax", "jax-gpu")


def lane_logp(
    model: pm.Model,
    *,
    dimensions: tuple[str, ...] | None = None,
    width: int = WIDTH,
    backend: str = "llvm",
    dtype: str = "float64",
    lanes: int | None = None,
) -> LaneFunction | JaxLanes:
    """Log-probability of a model for each lane.

    Parameters
    ----------
    model : pymc.Model
        Every free variable and every term has the lane dimensions last. A model without any is one
        unit, and its lanes share all data.
    dimensions : tuple of str, optional
        Lane dimensions; stratum and pixel by default, where the model has them.
    width : int
        Lanes in a block of vector instructions.
    backend : {"llvm", "jax", "jax-gpu", "auto"}
        ``auto`` compiles for all that are installed, measures them with ``lanes`` lanes and takes the
        fastest; what it measured is in ``speeds`` of the result (lanes per second by back end).
        Samplers need ``llvm``.
    dtype : {"float64", "float32"}
        float32 through JAX only.
    lanes : int, optional
        Number of lanes for which ``auto`` chooses; that of the units by default.

    Returns
    -------
    LaneFunction or JaxLanes
        With ``bind``, ``names`` and ``backend``.
    """
    if not isinstance(backend, str) or backend not in BACKENDS:
        raise ValueError(f"wanted a back end out of {BACKENDS}, got {backend!r}; choose one")
    if not isinstance(model, pm.Model):
        raise TypeError(
            f"wanted a model (pm.Model), got {type(model).__name__}; make one with "
            "models.baseline.build(land)"
        )
    if not isinstance(width, int) or width not in WIDTHS:
        raise ValueError(f"wanted width out of {WIDTHS}, got {width!r}; 8 is usual")
    dimensions = lane_dimensions(model) if dimensions is None else tuple(dimensions)
    check_lanes(model, dimensions)
    total = 0.0
    for term in density_terms(model):
        leading = tuple(range(term.ndim - len(dimensions)))
        total = total + (term.sum(axis=leading) if leading else term)
    graph = lane_graph(model, [total], dimensions)
    if backend == "auto":
        return _fastest(model, graph, width, dtype, lanes)
    if backend == "llvm":
        if not isinstance(dtype, str) or dtype != "float64":
            raise ValueError(
                f"wanted float64 for the back end 'llvm', got {dtype}; use backend='jax'"
            )
        return LaneFunction(graph, width)
    from pm_dalec.lanes.jax_backend import JaxLanes

    return JaxLanes(model, graph, backend, dtype)


def _fastest(model, graph, width, dtype, lanes):
    """The back end that is measured to be fastest on this machine for a number of lanes."""
    from pm_dalec.lanes.jax_backend import JaxLanes, calls_per_second

    made = {"llvm": LaneFunction(graph, width)} if dtype == "float64" else {}
    for backend in ("jax", "jax-gpu") if graph.tail == 1 else ():
        try:
            made[backend] = JaxLanes(model, graph, backend, dtype)
        except (ImportError, ValueError):
            continue
    if not made:
        raise ValueError(
            f"wanted a back end for {dtype}, got none on this machine; install pm_dalec[jax]"
        )
    speeds = {}
    for backend, function in made.items():
        count = int(np.prod(function.units, dtype=int))
        units = np.arange(lanes or count) % count
        bound = function.bind(units) if graph.tail else function.bind(lanes=len(units))
        positions = np.full((len(units), len(function.names)), 0.5)
        speeds[backend] = len(units) * calls_per_second(partial(bound, positions))
    fastest = made[max(speeds, key=speeds.get)]
    fastest.speeds = speeds
    return fastest


def lane_function(
    model: pm.Model,
    variables: Sequence[Variable],
    *,
    dimensions: tuple[str, ...] | None = None,
    width: int = WIDTH,
) -> LaneFunction:
    """Variables of a model (deterministics, potentials) for each lane.

    Parameters
    ----------
    model : pymc.Model
    variables : sequence of Variable
        With the lane dimensions last.
    dimensions : tuple of str, optional
    width : int

    Returns
    -------
    LaneFunction
    """
    dimensions = lane_dimensions(model) if dimensions is None else tuple(dimensions)
    results = model.replace_rvs_by_values(list(variables))
    return LaneFunction(lane_graph(model, results, dimensions), width)

"""The graph that lanes evaluate: a PyMC model's terms, cut free from what depends on data alone.

Free variables become rows of a (parameter, lane) matrix. What depends on `pm.Data` but on no free
variable is computed once for each set of data, outside the compiled function.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pymc as pm
from pytensor.compile.sharedvalue import SharedVariable
from pytensor.graph.basic import Constant
from pytensor.graph.fg import FunctionGraph
from pytensor.graph.rewriting.basic import MergeOptimizer
from pytensor.graph.traversal import ancestors, toposort
from pytensor.tensor.shape import Shape, Shape_i

from pm_dalec.lanes.from_data import FromData
from pm_dalec.lanes.llvm.facts import Known, of_value
from pm_dalec.lanes.llvm.shapes import survey
from pm_dalec.tables.dims import PIXEL, STRATUM


class LaneGraph(NamedTuple):
    """A graph ready for the lane compiler.

    Parameters
    ----------
    names : tuple of str
        One for each row of the positions.
    positions : tuple of Variable
        The model's value variables; each fills one row, or as many as its leading axes hold.
    lane_data, shared_data : tuple of Variable
        What is computed from the data alone, with and without lanes.
    data : dict
        Input of the graph to the model's shared variable.
    results : tuple of Variable
    facts, inner_facts : dict
        What is known of the variables, also of those inside scans.
    tail : int
        Number of axes that together are the lanes.
    lengths : tuple of Variable
        The model's lengths of these axes, which change with its data.
    """

    names: tuple
    positions: tuple
    lane_data: tuple
    shared_data: tuple
    data: dict
    results: tuple
    facts: dict
    inner_facts: dict
    tail: int
    lengths: tuple


def checked_positions(positions, lanes, names, dtype=float):
    """Positions as an array (lane, parameter), or the sentence that says what was wanted."""
    positions = np.asarray(positions, dtype)
    wanted = (lanes, len(names))
    if positions.shape != wanted:
        raise ValueError(
            f"positions have shape {positions.shape}, wanted {wanted} (lane, parameter), "
            "in a call of a lane function; give one row a lane, in the order of its names"
        )
    return positions


def density_terms(model, also=()):
    """Terms of the log-probability of a model, element by element, as functions of its values.

    The same as ``model.logp(sum=False)``, but from one graph: PyMC rewrites the graphs of random
    variables and not those of potentials, which leaves a scan that both need in two versions.

    Parameters
    ----------
    model : pymc.Model
    also : sequence of Variable
        Others of the model's graph, given behind the terms as functions of its values.
    """
    terms = []
    for variable in (*model.free_RVs, *model.observed_RVs):
        value = model.rvs_to_values[variable]
        transform = model.rvs_to_transforms.get(variable)
        if transform is None:
            terms.append(pm.logp(variable, value, warn_rvs=False))
            continue
        inputs = variable.owner.inputs
        term = pm.logp(variable, transform.backward(value, *inputs), warn_rvs=False)
        jacobian = transform.log_jac_det(value, *inputs)
        if jacobian.type.ndim != term.type.ndim:
            return [*model.logp(sum=False), *model.replace_rvs_by_values(list(also))]
        terms.append(term + jacobian)
    return model.replace_rvs_by_values([*terms, *model.potentials, *also])


def lane_graph(model, results, lane_dimensions=("pixel",)):
    """Prepare results of a model for the lane compiler.

    Parameters
    ----------
    model : pymc.Model
    results : list of Variable
        Of the model's value variables and data; the lane dimensions last.
    lane_dimensions : tuple of str

    Returns
    -------
    LaneGraph
    """
    shapes = [_value_shape(model, value) for value in model.value_vars]
    names = [name for names in row_names(model, lane_dimensions).values() for name in names]
    shared = [v for v in ancestors(results) if isinstance(v, SharedVariable)]
    positions, shared_copies, results = _merged(model.value_vars, shared, results)
    data = dict(zip(shared_copies, shared, strict=True))
    inputs = dict(zip(positions, shapes, strict=True))
    return _cut(model, results, tuple(names), inputs, data, tuple(lane_dimensions))


def row_names(model, lane_dimensions):
    """Names of the rows of positions that each free variable of a model fills.

    Parameters
    ----------
    model : pymc.Model
    lane_dimensions : tuple of str

    Returns
    -------
    dict of str to list of str
        By name of the variable, in the order of the rows.
    """
    found = {}
    for value in model.value_vars:
        name, shape = model.values_to_rvs[value].name, _value_shape(model, value)
        places = np.ndindex(*shape[: len(shape) - len(lane_dimensions)])
        found[name] = [name + (str(list(place)) if place else "") for place in places]
    return found


def _value_shape(model, value):
    """Shape of a value variable, from the dimensions of its random variable, or its own."""
    dims = model.named_vars_to_dims.get(model.values_to_rvs[value].name) or ()
    if len(dims) < value.type.ndim:  # declared with shape=, or drawn as a vector
        static = value.type.shape
        return model.initial_point()[value.name].shape if None in static else static
    return tuple(len(model.coords[dim]) for dim in dims)


def _merged(positions, shared, results):
    """Copy of a graph in which equal parts occur once."""
    graph = FunctionGraph([*positions, *shared], list(results), clone=True)
    MergeOptimizer().rewrite(graph)
    inputs = graph.inputs
    return inputs[: len(positions)], inputs[len(positions) :], list(graph.outputs)


def _cut(model, results, names, positions, data, lane_dimensions):
    """Separate what depends on data alone."""
    tail = len(lane_dimensions)
    lengths = set(model.dim_lengths.values())
    moving = {copy: original for copy, original in data.items() if original not in lengths}
    frontier = _frontier(results, positions)
    touched = _reached(results, moving)
    lane = _reached(results, [*positions, *_with_lanes(model, moving, lane_dimensions)])
    known = {v: Known(shape, True, tail=tail) for v, shape in positions.items()}
    for variable, value in zip(frontier, FromData(frontier, data)(), strict=True):
        if variable in touched:
            known[variable] = Known(value.shape, variable in lane, tail=tail)
        else:
            known[variable] = of_value(value, tail)
    inner = {}
    facts = survey(results, known, tail, inner)
    read = [v for v in frontier if known[v].value is None]
    return LaneGraph(
        names=names,
        positions=tuple(positions),
        lane_data=tuple(v for v in read if v in lane),
        shared_data=tuple(v for v in read if v not in lane),
        data=data,
        results=tuple(results),
        facts=facts,
        inner_facts=inner,
        tail=tail,
        lengths=tuple(model.dim_lengths[name] for name in lane_dimensions),
    )


def _frontier(results, positions):
    """Where results stop to depend on positions: the variables to be computed from data, in order."""
    varying, found = set(positions), {}
    for node in toposort(results):
        if any(v in varying for v in node.inputs):
            varying.update(node.outputs)
            found |= {
                v: None for v in node.inputs if v not in varying and not isinstance(v, Constant)
            }
    return found | {v: None for v in results if v not in varying and not isinstance(v, Constant)}


def _reached(results, sources):
    """Variables whose values depend on sources; shapes do not count."""
    found = set(sources)
    for node in toposort(results):
        if isinstance(node.op, Shape | Shape_i):
            continue
        if any(v in found for v in node.inputs):
            found.update(node.outputs)
    return found


def _with_lanes(model, data, lane_dimensions):
    """Data of a graph that have a lane dimension in the model."""
    dims = model.named_vars_to_dims
    return [
        copy
        for copy, original in data.items()
        if set(dims.get(original.name) or ()) & set(lane_dimensions)
    ]


def lane_dimensions(model):
    """Dimensions of a model whose elements are independent units, in the project's order."""
    return tuple(name for name in (STRATUM, PIXEL) if name in model.coords)


def check_lanes(model: pm.Model, dimensions: tuple[str, ...]) -> None:
    """Raise where a term of the model belongs to no single lane."""
    wanted = tuple(dimensions)
    for variable in (*model.free_RVs, *model.observed_RVs, *model.potentials):
        dims = tuple(model.named_vars_to_dims.get(variable.name) or ())
        if dims[len(dims) - len(wanted) :] != wanted:
            raise ValueError(
                f"'{variable.name}' has dims {dims}, wanted {wanted} at the end: its log "
                f"probability belongs to no single unit, so units cannot be sampled "
                f"independently (in model '{model.name or 'unnamed'}'); declare it with dims=(..., "
                + ", ".join(map(repr, wanted))
                + ")"
            )

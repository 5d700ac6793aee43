"""Fit of any model: its draws by name, with what follows from them, as ArviZ reads them."""

from importlib.metadata import version

import numpy as np
import pytensor
import xarray as xr
from pytensor.graph.replace import vectorize_graph

from pm_dalec.sampling.labelled_fit import statistics_of
from pm_dalec.tables import dims


def fit_of_any(model, drawn, state, attributes):
    """Fit of any model.

    Parameters
    ----------
    model : pm.Model
        In the unit cube.
    drawn : array (draw, chain, parameter + 1)
    state : UnitState
    attributes : dict

    Returns
    -------
    DataTree
        Groups ``posterior``, with deterministics, and ``sample_stats``, as of a fit of DALEC.
    """
    posterior = labelled(model, drawn[..., :-1])
    known = posterior[[dims.CHAIN, dims.DRAW]]
    found = statistics_of(drawn[..., -1].T, {0: (drawn, state)}, known)
    tree = xr.DataTree.from_dict({"posterior": posterior, "sample_stats": found})
    versions = {f"{name}_version": version(name) for name in ("pm_dalec", "pymc", "pytensor")}
    tree.attrs = attributes | versions
    return tree


def labelled(model, draws):
    """Free variables and deterministics of a model under draws in the unit cube.

    Parameters
    ----------
    model : pm.Model
        In the unit cube.
    draws : array (draw, chain, parameter)

    Returns
    -------
    Dataset
        Dims (chain, draw, ...), those of the model where it names them.
    """
    natural = {variable.name: variable for variable in model.unobserved_value_vars}
    wanted = {variable.name: natural[variable.name] for variable in model.unobserved_RVs}
    count, chains = draws.shape[:2]
    positions = _by_variable(model, draws.swapaxes(0, 1).reshape(-1, draws.shape[-1]))
    if count:
        values = _computed(model, list(wanted.values()), positions)
    else:
        shapes = model.eval_rv_shapes()
        values = [np.empty((0, *shapes.get(name, ()))) for name in wanted]
    found = {}
    for name, value in zip(wanted, values, strict=True):
        own = model.named_vars_to_dims.get(name)
        own = own or [f"{name}_dim_{axis}" for axis in range(value.ndim - 1)]
        found[name] = ((*dims.SAMPLE, *own), value.reshape(chains, count, *value.shape[1:]))
    used = {name for own, _ in found.values() for name in own}
    coords = {dims.CHAIN: np.arange(chains), dims.DRAW: np.arange(count)}
    coords |= {name: list(labels) for name, labels in model.coords.items() if name in used}
    return xr.Dataset(found, coords=coords)


def _by_variable(model, rows):
    """Rows (draw, parameter) as an array (draw, ...) for each value variable."""
    shapes = model.eval_rv_shapes()
    shapes = [shapes[value.name] for value in model.value_vars]
    ends = np.cumsum([int(np.prod(shape, dtype=int)) for shape in shapes])
    parts = np.split(rows, ends[:-1], axis=1)
    return [part.reshape(-1, *shape) for part, shape in zip(parts, shapes, strict=True)]


def _computed(model, wanted, positions):
    """Values (draw, ...) of variables of a model at many positions."""
    batches = [
        pytensor.tensor.tensor(shape=(None, *value.type.shape), dtype=value.dtype)
        for value in model.value_vars
    ]
    graphs = vectorize_graph(wanted, dict(zip(model.value_vars, batches, strict=True)))
    function = pytensor.function(batches, graphs, mode="FAST_COMPILE", on_unused_input="ignore")
    count = len(positions[0])
    return [
        value if value.ndim > one.type.ndim else np.broadcast_to(value, (count, *value.shape))
        for value, one in zip(function(*positions), wanted, strict=True)
    ]

"""Evaluate a PyMC model for many lanes in one compiled call.

A lane is one chain of one pixel. A model whose free variables all have ``pixel`` as their last
dimension is a stack of independent models; here the stack becomes vector instructions::

    density = lane_logp(model)
    density(positions)              # (lane, parameter) -> (lane,) log-probability
    chains = density.bind(units)    # the data of chosen pixels, one lane each
    chains(positions)

The graph is PyMC's own. It is lowered to LLVM directly (`pm_dalec.lane_program`): element-wise
operations become straight-line code on registers of several lanes, scans become loops over time around
it, and what depends on data alone is computed once a set of data. A compiled function serves any number
of lanes and any data of the same shapes, and is kept on disk.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import numpy as np

from pm_dalec.lane_call import Call
from pm_dalec.lane_graph import FromData, checked_positions, density_terms, lane_graph, lengths_now
from pm_dalec.lane_machine import Loaded, emit_module, object_code
from pm_dalec.tables.dims import PIXEL, STRATUM

WIDTH = 8  # lanes in a block; LLVM splits it into what the processor has
_ALIGNMENT = 64  # bytes


def aligned_zeros(size):
    """Zeros whose memory starts at a multiple of 64 bytes."""
    raw = np.zeros(size * 8 + _ALIGNMENT, dtype=np.uint8)
    start = -raw.ctypes.data % _ALIGNMENT
    return raw[start : start + size * 8].view(np.float64)


class LaneData(NamedTuple):
    """Data of a set of lanes, packed block by block for a compiled function."""

    lanes: int
    blocks: int
    units: np.ndarray
    varying: np.ndarray
    shared: np.ndarray


class LaneFunction:
    """Results of a model, compiled for many lanes.

    Parameters
    ----------
    graph : LaneGraph
    width : int
        Lanes in a block.

    Attributes
    ----------
    names : tuple of str
        Names of the rows of the positions.
    address : int
        Address of the compiled function, for other compiled code.
    from_cache : bool
        Whether the machine code was found on disk.
    """

    def __init__(self, graph, width=WIDTH):
        text, self.layout = emit_module(graph, width)
        code, self.from_cache = object_code(text)
        self.machine = Loaded(code)
        self._from_data = FromData([*graph.lane_data, *graph.shared_data], graph.data)
        self._varying_count = len(graph.lane_data)
        self._tail = graph.tail
        self._lengths = graph.lengths
        self.names = graph.names
        self.address = self.machine.address
        self.width = width
        self.backend = "llvm"

    def pack(self, units):
        """Pack the model's data as they are now.

        Parameters
        ----------
        units : array of int
            Unit (pixel, or stratum and pixel counted together) of each lane.

        Returns
        -------
        LaneData
        """
        values = [np.asarray(value, dtype=float) for value in self._from_data()]
        varying, shared = values[: self._varying_count], values[self._varying_count :]
        units = np.asarray(units)
        lanes = len(units)
        blocks = -(-lanes // self.width)
        units = np.concatenate([units, np.repeat(units[-1:], blocks * self.width - lanes)])
        packed = aligned_zeros(blocks * self.layout.lane_size * self.width)
        view = packed.reshape(blocks, self.layout.lane_size, self.width)
        for value, slot in zip(varying, self.layout.lane_slots, strict=True):
            rows = self._by_unit(value, len(slot.shape))[:, units]
            rows = rows.reshape(-1, blocks, self.width).transpose(1, 0, 2)
            view[:, slot.offset : slot.offset + rows.shape[1]] = rows
        common = aligned_zeros(max(self.layout.shared_size, 1))
        for value, slot in zip(shared, self.layout.shared_slots, strict=True):
            part = value[(..., *[0] * (value.ndim - len(slot.shape)))]
            common[slot.offset : slot.offset + part.size] = part.ravel()
        return LaneData(lanes, blocks, units[:lanes], packed, common)

    @property
    def units(self):
        """Lengths of the lane dimensions in the model as it is now."""
        return lengths_now(self._lengths)

    def _by_unit(self, value, leading):
        """Data with one column a unit."""
        shape = (*value.shape[:leading], *self.units)
        return np.broadcast_to(value, shape).reshape(-1, int(np.prod(self.units, dtype=int)))

    def bind(self, units=None, *, lanes=None):
        """Join the function to data.

        Parameters
        ----------
        units : array of int, optional
            Unit of each lane. By default one lane a unit, in their order.
        lanes : int, optional
            Number of lanes of a model of one site, instead of ``units``.

        Returns
        -------
        BoundLanes
        """
        if units is None:
            single = np.zeros(lanes or 1, dtype=int)
            units = np.arange(int(np.prod(self.units))) if self._tail else single
        return BoundLanes(self, self.pack(units))

    def __call__(self, positions):
        """Results for one lane a unit (any number for a site), with the data as they are now."""
        return self.bind(lanes=len(positions))(positions)


class BoundLanes:
    """A compiled function together with the data of its lanes.

    Attributes
    ----------
    lanes : int
    padded : int
        Number of lanes that are computed: whole blocks.
    address : int
        Address of the compiled function.
    context : numpy.ndarray
        Addresses that the function needs; private to one thread.
    """

    def __init__(self, function, data):
        self.function = function
        self.data = data
        self.lanes = data.lanes
        self.padded = data.blocks * function.width
        self.address = function.address
        self._scratch = aligned_zeros(function.layout.scratch_size)
        pointers = [data.varying.ctypes.data, data.shared.ctypes.data, self._scratch.ctypes.data]
        self.context = np.array(pointers, dtype=np.int64)

    def call(self):
        """What compiled samplers call, with room for the results; lives as long as this object."""
        layout = self.function.layout
        out = np.empty((self.data.blocks, layout.result_size, layout.width))
        return Call(self.address, self.context, out)

    def another(self):
        """Same function and data with working memory of its own, for another thread."""
        return BoundLanes(self.function, self.data)

    def results(self, rows):
        """Packed results for positions of shape (parameter, padded lane)."""
        layout = self.function.layout
        out = np.empty((self.data.blocks, layout.result_size, layout.width))
        self.function.machine.call(
            rows.ctypes.data,
            rows.shape[1],
            0,
            self.data.blocks,
            self.context.ctypes.data,
            out.ctypes.data,
        )
        return out

    def __call__(self, positions):
        """Results of all lanes.

        Parameters
        ----------
        positions : array (lane, parameter)

        Returns
        -------
        numpy.ndarray or tuple of numpy.ndarray
            Each result with the lane axis last.
        """
        positions = checked_positions(positions, self.lanes, self.function.names)
        rows = np.empty((positions.shape[1], self.padded))
        rows[:, : self.lanes] = positions.T
        rows[:, self.lanes :] = positions[-1][:, None]
        out = self.results(rows).transpose(1, 0, 2).reshape(-1, self.padded)[:, : self.lanes]
        parts = []
        for slot in self.function.layout.result_slots:
            size = int(np.prod(slot.shape, dtype=int))
            part = out[slot.offset : slot.offset + size]
            parts.append(part.reshape(*slot.shape, self.lanes))
        return parts[0] if len(parts) == 1 else tuple(parts)


def lane_dimensions(model):
    """Dimensions of a model whose elements are independent units, in the project's order."""
    return tuple(name for name in (STRATUM, PIXEL) if name in model.coords)


BACKENDS = ("auto", "llvm", "jax", "jax-gpu")


def lane_logp(model, *, dimensions=None, width=WIDTH, backend="llvm", dtype="float64", lanes=None):
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
    if backend not in BACKENDS:
        raise ValueError(f"wanted a back end out of {BACKENDS}, got {backend!r}; choose one")
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
        if dtype != "float64":
            raise ValueError(
                f"wanted float64 for the back end 'llvm', got {dtype}; use backend='jax'"
            )
        return LaneFunction(graph, width)
    from pm_dalec.lane_jax import JaxLanes

    return JaxLanes(model, graph, backend, dtype)


def _fastest(model, graph, width, dtype, lanes):
    """The back end that is measured to be fastest on this machine for a number of lanes."""
    from pm_dalec.lane_jax import JaxLanes, calls_per_second

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


def lane_function(model, variables, *, dimensions=None, width=WIDTH):
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


def check_lanes(model, dimensions):
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

"""A compiled graph bound to data: one call evaluates many lanes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pm_dalec.lanes.call import Call
from pm_dalec.lanes.cut import checked_positions
from pm_dalec.lanes.from_data import FromData, lengths_now
from pm_dalec.lanes.llvm.machine_code import Loaded, object_code
from pm_dalec.lanes.llvm.module import emit_module

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

    def pack(self, units, instead=None):
        """Pack the model's data as they are now.

        Parameters
        ----------
        units : array of int
            Unit (pixel, or stratum and pixel counted together) of each lane.
        instead : dict of str to array, optional
            Data by the name of the model's variable, in place of those that it has.

        Returns
        -------
        LaneData
        """
        values = [np.asarray(value, dtype=float) for value in self._from_data(instead)]
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

    def bind(self, units=None, *, lanes=None, instead=None):
        """Join the function to data.

        Parameters
        ----------
        units : array of int, optional
            Unit of each lane. By default one lane a unit, in their order.
        lanes : int, optional
            Number of lanes of a model of one site, instead of ``units``.
        instead : dict of str to array, optional
            As for `pack`.

        Returns
        -------
        BoundLanes
        """
        if units is None:
            single = np.zeros(lanes or 1, dtype=int)
            units = np.arange(int(np.prod(self.units))) if self._tail else single
        return BoundLanes(self, self.pack(units, instead))

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

    def alike(self, lanes):
        """Same function, with the data of the first lane for so many lanes."""
        function, data = self.function, self.data
        blocks, size = -(-lanes // function.width), function.layout.lane_size
        packed = aligned_zeros(blocks * size * function.width)
        first = data.varying.reshape(data.blocks, size, function.width)[:1, :, :1]
        packed.reshape(blocks, size, function.width)[:] = first
        units = np.repeat(data.units[:1], lanes)
        return BoundLanes(function, LaneData(lanes, blocks, units, packed, data.shared))

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

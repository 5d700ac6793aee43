"""Lanes through JAX: the same graph of a PyMC model, compiled by XLA for a processor or a GPU.

The default back end, llvm, gives machine code with an address, which the samplers call from inside their
own; XLA gives a Python function. It serves for evaluation of many lanes at once, for float32, and for a
GPU.
"""

import time
import warnings

import numpy as np
import pytensor
import pytensor.tensor as pt
from pytensor.graph.fg import FunctionGraph
from pytensor.graph.replace import clone_replace

from pm_dalec.lanes.cut import checked_positions, lane_dimensions
from pm_dalec.lanes.from_data import FromData, lengths_now

DEVICES = {"jax": "cpu", "jax-gpu": "gpu"}
LEFT_TO_XLA = (
    "stabilize",
    "specialize",
    "fusion",
    "inplace",
    "local_mul_canonizer",
    "local_add_canonizer",
    "local_greedy_distributor",
    "local_exp_over_1_plus_exp",
)
CHUNK_SECONDS = 0.5  # of one measurement of speed


class JaxLanes:
    """Results of a model for each lane, compiled by XLA for a number of lanes when they are bound.

    Parameters
    ----------
    model : pymc.Model
    graph : LaneGraph
    backend : {"jax", "jax-gpu"}
    dtype : {"float64", "float32"}
        float32 is faster, everything in it is single; its error is in `pm-dalec bench --backend jax`.
    """

    def __init__(self, model, graph, backend="jax", dtype="float64"):
        if dtype not in ("float64", "float32"):
            raise ValueError(
                f"wanted dtype float64 or float32, got {dtype!r} (lanes through JAX); choose one"
            )
        self.backend, self.dtype, self.device = backend, dtype, _device(backend)
        self.names = graph.names
        self._graph = graph
        self._dims = dict(model.named_vars_to_dims)
        self._space = lane_dimensions(model)
        self._from_data = FromData([*graph.lane_data, *graph.shared_data], graph.data)

    @property
    def units(self):
        """Lengths of the lane dimensions in the model as it is now."""
        return lengths_now(self._graph.lengths)

    def bind(self, units=None, *, lanes=None):
        """Compile for some lanes and join to their data.

        Parameters
        ----------
        units : array of int, optional
            Unit of each lane; by default one lane a unit.
        lanes : int, optional
            Number of lanes of a model of one site, instead of ``units``.

        Returns
        -------
        callable
            positions (lane, parameter) -> array (lane,), or a tuple of arrays.
        """
        tail = self._graph.tail
        if tail > 1:
            raise ValueError(
                f"wanted a model with one lane dimension, got {list(self._space)} (lanes through JAX); "
                "stack strata and pixels, or use the default back end"
            )
        if tail == 0:
            raise ValueError(
                "wanted a model with a pixel dimension, got that of one site (lanes through JAX); "
                "use units.expand_dims('pixel'), or the default back end"
            )
        units = np.arange(self.units[0]) if units is None else np.asarray(units)
        return _BoundJax(self, units)

    def arrays(self, units):
        """Data of the lanes, in the order of the graph's inputs behind the positions."""
        graph, count = self._graph, self.units[0]
        values = [np.asarray(value) for value in self._from_data()]
        varying = values[: len(graph.lane_data)]
        # of length one along the lanes where all have the same
        varying = [np.broadcast_to(v, (*v.shape[:-1], count))[..., units] for v in varying]
        rest = []
        for copy in self.rest:
            original = graph.data[copy]
            value = original.get_value()
            lane = set(self._dims.get(original.name) or ()) & set(self._space)
            rest.append(value[..., units] if lane else value)
        return [*varying, *values[len(graph.lane_data) :], *rest]

    @property
    def rest(self):
        """Data that the graph needs as such, for a shape or where they are constant."""
        known = {*self._graph.lane_data, *self._graph.shared_data}
        return [copy for copy in self._graph.data if copy not in known]

    def compiled(self, given):
        """Function of arrays of fixed shapes."""
        graph = self._graph
        inputs = [*graph.positions, *graph.lane_data, *graph.shared_data, *self.rest]
        return in_jax(graph.results, dict(zip(inputs, given, strict=True)))


def in_jax(results, given):
    """Variables as a compiled function of JAX.

    Parameters
    ----------
    results : sequence of Variable
    given : dict of Variable to array
        Inputs, and arrays of the shapes and kinds that they will have.

    Returns
    -------
    callable
        Of arrays in the order of the inputs; gives a tuple of arrays.
    """
    import jax
    from pytensor.compile.mode import get_mode
    from pytensor.link.jax.dispatch import jax_funcify

    fixed = {
        variable: pt.tensor(f"input_{place}", dtype=str(array.dtype), shape=array.shape)
        for place, (variable, array) in enumerate(given.items())
    }
    with pytensor.config.change_flags(traceback__limit=0):
        outputs = clone_replace(list(results), fixed, rebuild_strict=False)
        function = FunctionGraph(list(fixed.values()), outputs, clone=True)
        get_mode("JAX").excluding(*LEFT_TO_XLA).optimizer.rewrite(function)
    return jax.jit(jax_funcify(function))


class _BoundJax:
    """A compiled function together with the data of its lanes, on their device."""

    def __init__(self, function, units):
        import jax

        self.function, self.lanes = function, len(units)
        shape = (self.lanes,)
        given = [np.zeros(shape) for _ in function.names] + function.arrays(units)
        with self.precision():
            self._compiled = function.compiled(given)
            data = [self._cast(array) for array in given[len(function.names) :]]
            self._data = jax.device_put(data, function.device)
        if function.dtype == "float32":
            self._trace_quietly()

    def _trace_quietly(self):
        """Run once, so that casts to double that the graph asks for by name are told here, and ignored."""
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Explicitly requested dtype", UserWarning)
            self(np.zeros((self.lanes, len(self.function.names))))

    def precision(self):
        """Context in which the function computes: without double precision all constants are single, too."""
        import jax

        return jax.enable_x64(self.function.dtype == "float64")

    def _cast(self, array):
        return array.astype(self.function.dtype) if array.dtype == np.float64 else array

    def __call__(self, positions):
        """Results of all lanes from positions (lane, parameter)."""
        import jax

        function = self.function
        positions = checked_positions(positions, self.lanes, function.names, function.dtype)
        with self.precision(), jax.default_device(self.function.device):
            out = self._compiled(*positions.T, *self._data)
        parts = tuple(np.asarray(part) for part in out)
        return parts[0] if len(parts) == 1 else parts


def _device(backend):
    """JAX device of a back end, or the sentence that says what is missing."""
    try:
        import jax
    except ImportError:
        raise ImportError(
            f"wanted JAX for the back end {backend!r}, got no such package; install it with "
            "pip install 'pm_dalec[jax]'"
        ) from None
    try:
        return jax.devices(DEVICES[backend])[0]
    except RuntimeError:
        raise ValueError(
            f"wanted a {DEVICES[backend]} for the back end {backend!r}, got "
            f"{jax.default_backend()} only (JAX on this machine); use 'jax' or 'llvm'"
        ) from None


def calls_per_second(call, seconds=CHUNK_SECONDS):
    """Measured rate of a call that has been made once before, without its compilation."""
    call()
    count, started = 0, time.perf_counter()
    while time.perf_counter() - started < seconds:
        call()
        count += 1
    return count / (time.perf_counter() - started)

"""What of a graph is decided by its data, and is computed again when they change."""

from __future__ import annotations

from threading import Lock

import numpy as np
from pytensor.compile.sharedvalue import SharedVariable
from pytensor.graph.basic import Constant
from pytensor.graph.traversal import toposort
from pytensor.tensor.elemwise import Elemwise


def lengths_now(lengths):
    """Lengths of lane dimensions as the model's data are now, tuple of int.

    Parameters
    ----------
    lengths : tuple of Variable
        Of a `LaneGraph`.
    """
    return tuple(
        int(length.get_value() if isinstance(length, SharedVariable) else length.data)
        for length in lengths
    )


def performed(node, values):
    """Outputs of a node from the values of its inputs, without compiling.

    Small integers are widened where a number comes out: NumPy takes the logarithm of one of 8 bits in 16.

    Parameters
    ----------
    node : Apply
    values : list of array

    Returns
    -------
    list of array
    """
    if isinstance(node.op, Elemwise) and node.outputs[0].type.dtype.startswith("float"):
        values = [np.float64(v) if np.asarray(v).dtype.kind in "iu" else v for v in values]
    storage = [[None] for _ in node.outputs]
    node.op.perform(node, values, storage)
    return [cell[0] for cell in storage]


class FromData:
    """Computes what depends on data alone, operation by operation, without compiling.

    Parameters
    ----------
    variables : list of Variable
    data : dict
        Input of the graph to the model's shared variable.
    """

    def __init__(self, variables, data):
        self.variables = list(variables)
        self.data = data
        self.nodes = list(toposort(self.variables, blockers=list(data)))
        self._seen, self._values = None, None
        self._lock = Lock()

    def __call__(self, instead=None):
        """Values of the variables with the data as they are now; kept until data are set anew.

        Parameters
        ----------
        instead : dict of str to array, optional
            Data by the name of the model's variable, in place of those that it has.
        """
        arrays = [
            instead[original.name]
            if instead and original.name in instead
            else original.get_value(borrow=True)
            for original in self.data.values()
        ]
        with self._lock:
            same = self._seen is not None and all(
                now is before for now, before in zip(arrays, self._seen, strict=True)
            )
            if not same:
                self._values = self._compute(arrays)
                self._seen = arrays
            return self._values

    def _compute(self, arrays):
        values = dict(zip(self.data, arrays, strict=True))

        def value(variable):
            return variable.data if isinstance(variable, Constant) else values[variable]

        with np.errstate(all="ignore"):
            for node in self.nodes:
                found = performed(node, [value(variable) for variable in node.inputs])
                values.update(zip(node.outputs, found, strict=True))
        return [np.asarray(value(variable)) for variable in self.variables]

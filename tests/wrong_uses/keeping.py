"""Changes of one array among the arguments of a function: kept otherwise, turned, of other labels, of wrong numbers."""

from importlib.util import find_spec

import numpy as np
import xarray as xr

from .perturbations import EQUAL, OTHER, WRONG

DASK = find_spec("dask") is not None


def as_array(array):
    """Numbers of an argument as NumPy has them."""
    return np.asarray(array.values if isinstance(array, xr.DataArray) else array)


def _locked(numbers):
    held = numbers.copy()
    held.flags.writeable = False
    return held


def _strided(numbers):
    held = np.repeat(numbers, 2, axis=-1)
    return held[..., ::2]


def _lazy(numbers):
    import dask.array as da

    return da.from_array(numbers, chunks=tuple(max(1, -(-size // 2)) for size in numbers.shape))


def _one(value):
    """One number changed."""

    def change(numbers):
        changed = numbers.astype(float)
        changed.ravel()[changed.size // 2] = value
        return changed

    return change


KEPT = {
    "big-endian": (lambda numbers: numbers.astype(numbers.dtype.newbyteorder(">")), EQUAL),
    "read-only": (_locked, EQUAL),
    "strided": (_strided, EQUAL),
    "Fortran": (np.asfortranarray, EQUAL),
    "objects": (lambda numbers: numbers.astype(object), EQUAL),
    "masked": (lambda numbers: np.ma.masked_array(numbers, np.zeros(numbers.shape, bool)), EQUAL),
    "long double": (lambda numbers: numbers.astype(np.longdouble), EQUAL),
    **({"dask": (_lazy, EQUAL)} if DASK else {}),
    "float32": (lambda numbers: numbers.astype(np.float32), OTHER),
    "complex": (lambda numbers: numbers.astype(complex), WRONG),
    "words": (lambda numbers: np.full(numbers.shape, "warm"), WRONG),
    "bool": (lambda numbers: numbers > np.nanmean(numbers), WRONG),
    "durations": (lambda numbers: np.nan_to_num(numbers.astype(float)).astype("m8[s]"), WRONG),
}
NUMBERS = {
    "one NaN": (_one(np.nan), OTHER),
    "all NaN": (lambda numbers: np.full(numbers.shape, np.nan), OTHER),
    "infinity": (_one(np.inf), WRONG),
    "-9999": (_one(-9999.0), WRONG),
    "1e20": (_one(1e20), WRONG),
    "all negative": (lambda numbers: -numbers.astype(float), OTHER),
    "all zero": (lambda numbers: 0.0 * numbers.astype(float), OTHER),
}


def relabelled(array, dim):
    """With the labels of a dimension moved on by one."""
    labels = array[dim].to_numpy()
    moved = np.roll(labels, 1) if labels.dtype.kind in "OUM" else labels + 1
    return array.assign_coords({dim: moved})


TURNED = {  # of an array with labels along a dimension
    "in another order": (lambda array, dim: array.isel({dim: slice(None, None, -1)}), OTHER),
    "dimensions exchanged": (lambda array, dim: array.transpose(*array.dims[::-1]), EQUAL),
    "without labels": (lambda array, dim: array.drop_vars(dim), OTHER),
    "other labels": (relabelled, OTHER),
    "one fewer": (lambda array, dim: array.isel({dim: slice(1, None)}), OTHER),
    "one twice": (lambda array, dim: array.isel({dim: [0, 0, *range(1, array.sizes[dim])]}), OTHER),
    "a dimension more": (lambda array, dim: array.expand_dims("member"), OTHER),
    "another name": (lambda array, dim: array.rename({dim: "place"}), OTHER),
}


def in_one_order(result):
    """Labelled result with its dimensions in the order of their names: which comes first is no number."""
    if isinstance(result, xr.DataTree):
        return {node.path: in_one_order(node.to_dataset(inherit=False)) for node in result.subtree}
    if isinstance(result, xr.Dataset):
        return {
            str(name): in_one_order(result[name].variable)
            for name in sorted(result.variables, key=str)
        }
    if isinstance(result, xr.DataArray):
        return in_one_order(result.rename("the result").to_dataset())
    if isinstance(result, xr.Variable):
        return result.transpose(*sorted(result.dims, key=str))
    return result


def held_at(given, place):
    """Array at a place of arguments."""
    argument, variable = place
    return given[argument] if variable is None else given[argument][variable]


def with_numbers(given, place, numbers):
    """Arguments with other numbers at a place; None where xarray does not take them."""
    argument, variable = place
    held = held_at(given, place)
    try:
        made = held.copy(data=numbers) if isinstance(held, xr.DataArray) else numbers
    except (TypeError, ValueError):
        return None
    return _with(given, argument, variable, made)


def _with(given, argument, variable, made):
    if variable is None:
        return {**given, argument: made}
    try:
        return {**given, argument: given[argument].assign({variable: made})}
    except (TypeError, ValueError):
        return None


def turned(given, place, how, dim):
    """Arguments of which one is turned along a dimension: the whole dataset where it is one."""
    argument, _ = place
    whole = given[argument]
    if dim not in whole.coords or dim not in held_at(given, place).dims:
        return None
    if isinstance(whole, xr.Dataset) and how == "dimensions exchanged":
        return {**given, argument: whole.transpose(*list(whole.dims)[::-1])}
    try:
        return {**given, argument: TURNED[how][0](whole, dim)}
    except (TypeError, ValueError):
        return None


def labels(call):
    """All changes of a call: place, how and along which dimension."""
    found = [(place, how, None) for place in call.places for how in (*KEPT, *NUMBERS)]
    arguments = {}
    for place in call.places:
        arguments.setdefault(place[0], place)
    for place in arguments.values():
        held = held_at(call.given, place)
        found += [(place, how, dim) for dim in held.dims for how in TURNED]
    return found


def change(call, label):
    """Arguments that are changed, and what may come of it; None where there is no such change."""
    place, how, dim = label
    if how in TURNED:
        made = turned(call.given, place, how, dim)
        return None if made is None else (made, TURNED[how][1])
    make, kind = (KEPT | NUMBERS)[how]
    numbers = as_array(held_at(call.given, place))
    if numbers.dtype.kind not in "fiu":
        return None
    try:
        made = make(numbers)
    except (TypeError, ValueError):
        return None
    made = with_numbers(call.given, place, made)
    return None if made is None else (made, kind)
